//! The editor's page and what its scripts ask for: drafts that are kept, two
//! tabs, publishing, versions, names that are only text.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use rouage_model::{ScenarioId, Value, json};
use support::{Answer, Server};
use tower::ServiceExt as _;

const FLOW: &str = r#"{"name":"Orders","flow":[{"id":1,"module":"gateway:CustomWebHook","mapper":{"n":12345678901234567890}},{"id":2,"module":"no:Such"}],"zone":"eu"}"#;

async fn post(server: &Server, path: &str, cookie: &str, body: &str) -> Answer {
    let headers = [("cookie", cookie), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    server.send("POST", path, &headers, body).await
}

fn read(answer: &Answer) -> Value {
    json::parse(answer.body.as_bytes()).unwrap()
}

fn problem(answer: &Answer) -> String {
    read(answer).field("problem").as_text().unwrap().to_owned()
}

async fn draft(server: &Server, cookie: &str, id: ScenarioId) -> Value {
    let answer = server.get(&format!("/scenarios/{id}/draft"), cookie).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    read(&answer)
}

async fn keep(server: &Server, cookie: &str, id: ScenarioId, revision: i64, root: &str) -> Answer {
    let body = format!(r#"{{"revision":{revision},"root":{root},"links":{{}},"tab":"a"}}"#);
    post(server, &format!("/scenarios/{id}/draft"), cookie, &body).await
}

#[tokio::test]
async fn a_draft_is_kept_apart_from_what_is_live_until_it_is_published() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    let first = draft(&server, &cookie, id).await;
    assert_eq!((first.field("revision").as_i64(), first.field("isChanged").as_bool()), (Some(0), Some(false)));
    // The browser rounds numbers and moves keys; what was not touched stays as it was.
    let edited = r#"{"zone":"eu","name":"Orders","flow":[{"mapper":{"n":12345678901234567000},"id":1,"module":"gateway:CustomWebHook"},{"id":2,"module":"no:Such","mapper":{"to":"{{1.n}}"}}]}"#;
    let kept = keep(&server, &cookie, id, 0, edited).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    let kept = read(&kept);
    assert_eq!(kept.field("isChanged").as_bool(), Some(true));
    assert_eq!(kept.field("report").as_array().unwrap().len(), 2);
    assert!(kept.field("scenario").field("sentence").as_text().unwrap().contains("it goes to"), "{kept:?}");
    let export =
        |query: &'static str| server.get(Box::leak(format!("/scenarios/{id}/export{query}").into_boxed_str()), &cookie);
    let (live, drafted) = (export("").await.body, export("?draft=1").await.body);
    assert!(
        !live.contains("{{1.n}}") && drafted.contains("{{1.n}}") && drafted.contains("12345678901234567890"),
        "{drafted}"
    );
    let changes = read(&server.get(&format!("/scenarios/{id}/edit/changes"), &cookie).await);
    let change = &changes.field("changes").as_array().unwrap()[0];
    assert_eq!((change.field("kind").as_text(), change.field("module").as_i64()), (Some("changed"), Some(2)));

    let revision = kept.field("revision").as_i64().unwrap();
    let body = format!(r#"{{"revision":{revision},"note":"With the number"}}"#);
    let published = post(&server, &format!("/scenarios/{id}/publish"), &cookie, &body).await;
    assert_eq!(read(&published).field("version").as_i64(), Some(2), "{}", published.body);
    assert!(export("").await.body.contains("{{1.n}}"));
    let list = server.get(&format!("/scenarios/{id}/versions"), &cookie).await;
    assert!(list.body.contains("With the number") && list.body.contains("by Ada"), "{}", list.body);
}

#[tokio::test]
async fn the_second_of_two_tabs_is_told_and_overwrites_nothing() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    assert_eq!(keep(&server, &cookie, id, 0, r#"{"name":"A","flow":[]}"#).await.status, 200);
    let late = keep(&server, &cookie, id, 0, r#"{"name":"B","flow":[]}"#).await;
    assert_eq!(late.status, 409);
    let told = read(&late);
    assert_eq!((told.field("revision").as_i64(), told.field("by").as_text()), (Some(1), Some("Ada")));
    assert!(told.field("at").as_text().unwrap().starts_with("20"), "{told:?}");
    for path in ["draft/discard", "publish"] {
        let answer = post(&server, &format!("/scenarios/{id}/{path}"), &cookie, r#"{"revision":0}"#).await;
        assert_eq!(answer.status, 409, "{path}");
    }
    assert_eq!(draft(&server, &cookie, id).await.field("root").field("name").as_text(), Some("A"));
    // Who has seen the other one may put theirs in its place.
    assert_eq!(keep(&server, &cookie, id, 1, r#"{"name":"B","flow":[]}"#).await.status, 200);
    let discarded = post(&server, &format!("/scenarios/{id}/draft/discard"), &cookie, r#"{"revision":2}"#).await;
    let back = read(&discarded);
    assert_eq!(
        (back.field("isChanged").as_bool(), back.field("root").field("name").as_text()),
        (Some(false), Some("Orders"))
    );
}

/// Not as if somebody else had changed it.
#[tokio::test]
async fn nothing_new_to_publish_is_said_as_that() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    let refused = post(&server, &format!("/scenarios/{id}/publish"), &cookie, r#"{"revision":0}"#).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(!refused.body.contains("elsewhere"), "{}", refused.body);
}

/// An answer that got lost makes the same save come twice.
#[tokio::test]
async fn the_same_save_twice_does_not_collide_with_itself() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    let first = keep(&server, &cookie, id, 0, r#"{"name":"A","flow":[]}"#).await;
    let second = keep(&server, &cookie, id, 0, r#"{"name":"A","flow":[]}"#).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200), "{}", second.body);
    assert_eq!(read(&first).field("revision"), read(&second).field("revision"));
}

#[tokio::test]
async fn what_is_no_draft_is_refused_in_a_sentence() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    let path = format!("/scenarios/{id}/draft");
    for (body, status, text) in [
        ("{", 400, "cannot be read"),
        (r#"{"revision":0,"root":{"x":1},"links":{}}"#, 422, "`flow`"),
        (r#"{"revision":0,"root":[],"links":{}}"#, 422, "not a blueprint"),
        (r#"{"root":{"flow":[]},"links":{}}"#, 422, "revision"),
        (r#"{"revision":-1,"root":{"flow":[]},"links":{}}"#, 422, "revision"),
        (r#"{"revision":0,"root":{"flow":[]}}"#, 422, "links"),
    ] {
        let answer = post(&server, &path, &cookie, body).await;
        assert_eq!(answer.status, status, "{body}");
        assert!(problem(&answer).contains(text), "{body}: {}", answer.body);
    }
    let missing =
        post(&server, "/scenarios/99/draft", &cookie, r#"{"revision":0,"root":{"flow":[]},"links":{}}"#).await;
    assert_eq!(missing.status, 404);
    assert!(problem(&missing).contains("does not exist"));
    let foreign = [("cookie", cookie.as_str()), ("content-type", "application/json"), ("sec-fetch-site", "cross-site")];
    assert_eq!(server.send("POST", &path, &foreign, "{}").await.status, 403);
    assert_eq!(draft(&server, &cookie, id).await.field("revision").as_i64(), Some(0));
}

#[tokio::test]
async fn names_in_the_editor_are_only_text() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server
        .scenario(r#"{"name":"</script><script>alert(1)</script>","flow":[{"id":1,"module":"a:</script><img src=x>","metadata":{"designer":{"name":"<!--<script>"}}}]}"#)
        .await;
    let page = server.get(&format!("/scenarios/{id}/edit"), &cookie).await;
    assert_eq!(page.status, 200);
    assert!(
        !page.body.contains("<script>alert") && !page.body.contains("<img") && !page.body.contains("<!--<"),
        "{}",
        page.body
    );
    let start = page.body.find(r#"id="boot">"#).unwrap() + r#"id="boot">"#.len();
    let boot = &page.body[start..start + page.body[start..].find("</script>").unwrap()];
    let boot = json::parse(boot.as_bytes()).unwrap();
    assert_eq!(boot.field("scenario").field("name").as_text(), Some("</script><script>alert(1)</script>"));
    assert!(!page.body.contains(" style="), "the policy forbids style attributes");
}

#[tokio::test]
async fn an_empty_scenario_is_made_and_every_page_of_it_works() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let made = server.post("/scenarios", &cookie, "name=My+first").await;
    let edit = made.header("location").to_owned();
    assert!(edit.ends_with("/edit"), "{edit}");
    let scenario = edit.trim_end_matches("/edit");
    for page in [
        "/edit",
        "",
        "/history",
        "/settings",
        "/setup",
        "/versions",
        "/versions/1",
        "/versions/compare",
        "/schedule",
        "/draft",
    ] {
        let answer = server.get(&format!("{scenario}{page}"), &cookie).await;
        assert_eq!(answer.status, 200, "{page}");
    }
    assert!(server.get(&edit, &cookie).await.body.contains("My first"));
    let refused = post(&server, &format!("{scenario}/edit/switch"), &cookie, r#"{"on":true}"#).await;
    assert_eq!(refused.status, 422);
    assert!(!read(&refused).field("problems").as_array().unwrap().is_empty(), "{}", refused.body);
    let guided = server.post("/scenarios", &cookie, "guide=1").await;
    assert!(guided.header("location").ends_with("/edit?guide=1"));
    let long = server.post("/scenarios", &cookie, &format!("name={}", "x".repeat(121))).await;
    assert_eq!(long.status, 422);
}

#[tokio::test]
async fn the_name_and_the_switch_answer_with_the_bar() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    let path = format!("/scenarios/{id}/edit/rename");
    let renamed = read(&post(&server, &path, &cookie, r#"{"name":" New name "}"#).await);
    assert_eq!(renamed.field("scenario").field("name").as_text(), Some("New name"));
    for name in ["", "   "] {
        assert_eq!(post(&server, &path, &cookie, &format!(r#"{{"name":"{name}"}}"#)).await.status, 422);
    }
    let off = read(&post(&server, &format!("/scenarios/{id}/edit/switch"), &cookie, r#"{"on":false}"#).await);
    assert_eq!(off.field("scenario").field("isOn").as_bool(), Some(false));
}

#[tokio::test]
async fn an_old_version_becomes_the_draft_and_a_draft_is_asked_about() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(r#"{"name":"Old","flow":[{"id":1,"module":"a:A"}]}"#).await;
    keep(&server, &cookie, id, 0, r#"{"name":"New","flow":[{"id":1,"module":"a:A"},{"id":2,"module":"b:B"}]}"#).await;
    post(&server, &format!("/scenarios/{id}/publish"), &cookie, r#"{"revision":1,"note":"<b>note</b>"}"#).await;
    let list = server.get(&format!("/scenarios/{id}/versions"), &cookie).await.body;
    assert!(list.contains("&#60;b&#62;note") || list.contains("&lt;b&gt;note"), "{list}");
    let compare = server.get(&format!("/scenarios/{id}/versions/compare?a=1&b=2"), &cookie).await;
    assert!(compare.body.contains("was-added") && compare.body.contains("Called “New”"), "{}", compare.body);
    for missing in ["/versions/9", "/versions/-1", "/versions/0", "/versions/compare?a=9", "/versions/compare?a=-1"] {
        let answer = server.get(&format!("/scenarios/{id}{missing}"), &cookie).await;
        assert_eq!(answer.status, 404, "{missing}");
    }
    let restore = format!("/scenarios/{id}/versions/1/restore");
    let restored = server.post(&restore, &cookie, "").await;
    assert!(restored.header("location").ends_with("/edit?restored=1"), "{}", restored.body);
    let now = draft(&server, &cookie, id).await;
    assert_eq!(
        (now.field("root").field("name").as_text(), now.field("isChanged").as_bool()),
        (Some("Old"), Some(true))
    );
    let asked = server.post(&restore, &cookie, "").await;
    assert_eq!(asked.status, 200);
    assert!(asked.body.contains("in the place of the draft?"), "{}", asked.body);
    assert_eq!(server.post(&format!("{restore}?sure=1"), &cookie, "").await.status, 303);
}

/// What a restore replaced can be taken back, also where the version that was
/// restored is the live one and there is no draft any more.
#[tokio::test]
async fn the_draft_that_a_restore_replaced_can_be_taken_back() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    let back = format!("/scenarios/{id}/draft/take-back");
    assert_eq!(server.post(&back, &cookie, "").await.status, 404);
    keep(&server, &cookie, id, 0, r#"{"name":"Mine","flow":[{"id":1,"module":"a:A"}]}"#).await;
    let name = async || draft(&server, &cookie, id).await.field("root").field("name").as_text().map(str::to_owned);
    let restored = server.post(&format!("/scenarios/{id}/versions/1/restore?sure=1"), &cookie, "").await;
    assert!(restored.header("location").ends_with("/edit?restored=1"), "{}", restored.header("location"));
    assert_ne!(name().await.as_deref(), Some("Mine"));
    let before = read(&server.get(&format!("/scenarios/{id}/draft/replaced"), &cookie).await);
    assert_eq!(before.field("root").field("name").as_text(), Some("Mine"));
    let versions = server.get(&format!("/scenarios/{id}/versions"), &cookie).await.body;
    assert!(versions.contains(&back), "{versions}");
    assert_eq!(server.post(&back, &cookie, "").await.status, 303);
    assert_eq!(name().await.as_deref(), Some("Mine"));
    // Publishing ends it.
    let revision = draft(&server, &cookie, id).await.field("revision").as_i64().unwrap();
    let body = format!(r#"{{"revision":{revision},"note":""}}"#);
    assert_eq!(post(&server, &format!("/scenarios/{id}/publish"), &cookie, &body).await.status, 200);
    assert_eq!(server.post(&back, &cookie, "").await.status, 404);
}

/// The empty canvas that a scenario begins with is no version of anybody's.
#[tokio::test]
async fn the_first_version_that_is_published_is_version_1() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let made = server.post("/scenarios", &cookie, "name=Mine").await;
    let path = made.header("location").trim_end_matches("/edit").to_owned();
    let id: ScenarioId = ScenarioId(path.rsplit('/').next().unwrap().parse().unwrap());
    let versions = server.get(&format!("{path}/versions"), &cookie).await.body;
    assert!(!versions.contains("version-number"), "{versions}");
    for (revision, expected) in [(0, 1), (2, 2)] {
        let name = format!(r#"{{"name":"Mine","flow":[{{"id":{expected},"module":"a:A"}}]}}"#);
        keep(&server, &cookie, id, revision, &name).await;
        let body = format!(r#"{{"revision":{},"note":"note {expected}"}}"#, revision + 1);
        let answer = post(&server, &format!("{path}/publish"), &cookie, &body).await;
        assert_eq!(read(&answer).field("version").as_i64(), Some(expected), "{}", answer.body);
    }
    let versions = server.get(&format!("{path}/versions"), &cookie).await.body;
    assert_eq!(versions.matches("version-number").count(), 2, "{versions}");
    assert!(versions.contains("note 1"));
}

#[tokio::test]
async fn a_scenario_of_a_thousand_modules_opens() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let modules: Vec<String> =
        (1..=1000).map(|id| format!(r#"{{"id":{id},"module":"no:Such","mapper":{{"a":"{{{{1.x}}}}"}}}}"#)).collect();
    let id = server.scenario(&format!(r#"{{"name":"Large","flow":[{}]}}"#, modules.join(","))).await;
    let page = server.get(&format!("/scenarios/{id}/edit"), &cookie).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(r#"data-key="1000""#) && page.body.contains("And 800 more"));
    assert_eq!(server.get(&format!("/scenarios/{id}/versions/compare"), &cookie).await.status, 200);
}

/// One open stream of the editor.
struct Ear(Body, String);

impl Ear {
    async fn open(server: &Server, cookie: &str, id: ScenarioId, tab: &str) -> Self {
        Self::of(server, cookie, &format!("editor:{id}:{tab}")).await
    }

    async fn of(server: &Server, cookie: &str, topics: &str) -> Self {
        let path = format!("/live?fresh={topics}");
        let request = axum::http::Request::builder().uri(path).header("cookie", cookie).body(Body::empty()).unwrap();
        Self(server.router.clone().oneshot(request).await.unwrap().into_body(), String::new())
    }

    /// The data of the next event of this name that fits.
    async fn hear(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            while let Some((event, rest)) = self.1.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.1 = rest;
                let line = |start: &str| event.lines().find_map(|line| line.strip_prefix(start)).map(str::trim);
                let news = line("data:").and_then(|data| json::parse(data.as_bytes()).ok());
                let Some(news) = news.filter(|news| news.field("event").as_text() == Some(name)) else { continue };
                if fits(news.field("data")) {
                    return news.field("data").clone();
                }
            }
            let frame = tokio::time::timeout(Duration::from_secs(10), self.0.frame()).await;
            let frame = frame.expect("the event comes").expect("the stream goes on").unwrap();
            self.1.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn tabs_hear_of_each_other_and_of_what_the_other_kept() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    let others = |people: &Value| people.as_array().map_or(0, <[Value]>::len);
    let mut one = Ear::open(&server, &cookie, id, "b").await;
    one.hear("people", |people| others(people) == 0).await;
    let mut two = Ear::open(&server, &cookie, id, "a").await;
    let people = one.hear("people", |people| others(people) == 1).await;
    let person = &people.as_array().unwrap()[0];
    assert_eq!((person.field("name").as_text(), person.field("isYou").as_bool()), (Some("Ada"), Some(true)));
    two.hear("people", |people| others(people) == 1).await;

    keep(&server, &cookie, id, 0, r#"{"name":"A","flow":[]}"#).await;
    let news = one.hear("draft", |draft| draft.field("revision").as_i64() == Some(1)).await;
    assert_eq!((news.field("by").as_text(), news.field("tab").as_text()), (Some("Ada"), Some("a")));
    post(&server, &format!("/scenarios/{id}/edit/rename"), &cookie, r#"{"name":"Other"}"#).await;
    one.hear("scenario", |_| true).await;

    drop(two);
    one.hear("people", |people| others(people) == 0).await;
    assert_eq!(server.post("/logout", &cookie, "").await.status, 303);
}

/// A browser has one stream for all its tabs.
#[tokio::test]
async fn one_stream_serves_several_editors_and_pages() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let (one, two) = (server.scenario(FLOW).await, server.scenario(FLOW).await);
    let mut ear = Ear::of(&server, &cookie, &format!("editor:{one}:a,editor:{two}:b,scenario:{two},scenario:99")).await;
    keep(&server, &cookie, one, 0, r#"{"name":"A","flow":[]}"#).await;
    ear.hear("draft", |draft| draft.field("revision").as_i64() == Some(1)).await;
    keep(&server, &cookie, two, 0, r#"{"name":"B","flow":[]}"#).await;
    ear.hear("draft", |draft| draft.field("revision").as_i64() == Some(1)).await;
    post(&server, &format!("/scenarios/{two}/edit/rename"), &cookie, r#"{"name":"Other"}"#).await;
    ear.hear("changed", |_| true).await;
}

/// Where a browser cannot share a stream, pages ask.
#[tokio::test]
async fn who_asks_instead_of_listening_is_told_and_is_there() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    keep(&server, &cookie, id, 0, r#"{"name":"A","flow":[]}"#).await;
    let answer = server.get(&format!("/live?once=1&fresh=editor:{id}:a,scenario:{id}"), &cookie).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let told = json::parse(answer.body.as_bytes()).unwrap();
    let names = told.as_array().unwrap().iter().map(|news| news.field("event").as_text().unwrap().to_owned());
    assert_eq!(names.collect::<Vec<_>>(), ["people", "draft", "scenario", "changed"]);
    let mut other = Ear::open(&server, &cookie, id, "b").await;
    other.hear("people", |people| people.as_array().map_or(0, <[Value]>::len) == 1).await;
}
