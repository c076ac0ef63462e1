//! Run with sample data, from the editor: like a run, and nothing happens.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

#[allow(unused_imports, reason = "other tests need all of it")]
mod support;

use rouage_model::{Value, json};
use rouage_store::executions::{self, Filter};
use support::{Answer, Server};

const FLOW: &str = r#"{"name":"Orders","flow":[{"id":1,"module":"gateway:CustomWebHook","version":1,"parameters":{"hook":7},
    "metadata":{"interface":[{"name":"email","type":"text"},{"name":"total","type":"number"}]}},
    {"id":2,"module":"no:Such","version":3,"mapper":{"to":"{{1.email}}","note":"{{1.nothing}}"},
        "filter":{"name":"Large","conditions":[[{"a":"{{1.total}}","o":"number:greater","b":"0"}]]}},
    {"id":3,"module":"util:ComposeTransformer","version":1,"mapper":{"value":"{{1.email}} / {{2.id}}"},
        "filter":{"name":"Never","conditions":[[{"a":"{{1.total}}","o":"number:greater","b":"100"}]]}}]}"#;

async fn post(server: &Server, path: &str, cookie: &str, body: &str) -> Answer {
    let headers = [("cookie", cookie), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    server.send("POST", path, &headers, body).await
}

fn read(answer: &Answer) -> Value {
    json::parse(answer.body.as_bytes()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_is_answered_like_a_run_and_leaves_none() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    let path = format!("/scenarios/{id}/rehearse");
    let answer = post(&server, &path, &cookie, "{}").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = read(&answer);
    assert_eq!(answer.field("isFinal").as_bool(), Some(true));
    assert_eq!(answer.field("modules").field("2").field("operations").as_i64(), Some(1));
    assert_eq!(answer.field("modules").field("3").field("heldBack").as_i64(), Some(1));
    let rehearsal = answer.field("rehearsal");
    assert_eq!(rehearsal.field("origin").as_text(), Some("made-up"));
    assert_eq!(rehearsal.field("sample").as_text(), Some(r#"{"email":"sample@example.com","total":1}"#));
    let told = &rehearsal.field("modules").as_array().unwrap()[0];
    assert!(told.field("would").as_text().unwrap().starts_with("Would call no:Such."), "{told:?}");
    let log = answer.field("log").as_array().unwrap().iter().map(|line| line.field("text").as_text().unwrap());
    let log = log.collect::<Vec<_>>().join("\n");
    assert!(log.starts_with("Rehearsal: nothing is sent or stored."), "{log}");
    assert!(!log.contains("Commit:"), "{log}");
    let piece = answer.field("pieces").field("2").as_text().unwrap();
    assert!(piece.contains("sample@example.com") && piece.contains("Large"), "{piece}");

    // With data of a person; as a text, as it stands in a form.
    let given = post(&server, &path, &cookie, r#"{"sample":"[{\"email\":\"a@b.c\",\"total\":200}]"}"#).await;
    let given = read(&given);
    assert_eq!(given.field("rehearsal").field("origin").as_text(), Some("given"));
    assert_eq!(given.field("modules").field("3").field("operations").as_i64(), Some(1));
    for refused in [r#"{"sample":"{"}"#, r#"{"sample":5}"#, "{"] {
        let answer = post(&server, &path, &cookie, refused).await;
        assert_eq!(answer.status, 422, "{refused}");
        assert!(!read(&answer).field("problem").as_text().unwrap().is_empty());
    }
    let filter = Filter { scenario: Some(id), ..Filter::default() };
    assert!(executions::list(&server.store, server.team, &filter, None, 10).await.unwrap().items.is_empty());
    assert_eq!(post(&server, "/scenarios/999/rehearse", &cookie, "{}").await.status, 404);
    let empty = server.scenario(r#"{"name":"Empty","flow":[]}"#).await;
    assert_eq!(post(&server, &format!("/scenarios/{empty}/rehearse"), &cookie, "{}").await.status, 422);
}

/// The blueprints of this tree, and the shared collection where it is.
fn blueprints() -> Vec<std::path::PathBuf> {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("ROUAGE_SHARED").map_or_else(|| top.join("../shared"), Into::into);
    let folders = [top.join("tests/testdata/blueprints"), shared.join("blueprints")];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let paths = files.map(|file| file.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect()
}

/// The document with every key, order and digit, without its layout and its
/// way of writing letters.
fn content(text: &str) -> String {
    json::to_string(&json::parse(text.as_bytes()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn real_blueprints_are_imported_opened_rehearsed_and_given_back() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let files = blueprints();
    assert!(files.len() >= 7, "{}", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.json\"\r\n\r\n{text}\r\n--b--\r\n"
        );
        let headers = [
            ("cookie", cookie.as_str()),
            ("content-type", "multipart/form-data; boundary=b"),
            ("sec-fetch-site", "same-origin"),
        ];
        let setup = server.send("POST", "/import", &headers, &body).await.header("location").to_owned();
        let path = setup.split("/setup").next().unwrap();
        for page in ["/setup", "/edit"] {
            assert_eq!(server.get(&format!("{path}{page}"), &cookie).await.status, 200, "{name}{page}");
        }
        let answer = post(&server, &format!("{path}/rehearse"), &cookie, "{}").await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let exported = server.get(&format!("{path}/export"), &cookie).await.body;
        assert_eq!(content(&exported), content(&text), "{name}");
        // An edit and its undo, as a browser sends them.
        let draft = read(&server.get(&format!("{path}/draft"), &cookie).await);
        let mut edited = draft.field("root").as_collection().unwrap().clone();
        edited.insert("name", "Another name");
        let mut revision = draft.field("revision").clone();
        for root in [Value::from(edited), draft.field("root").clone()] {
            let sent =
                [("revision", revision), ("root", root), ("links", draft.field("links").clone()), ("tab", "t".into())];
            let sent = Value::from(rouage_model::Collection::from_iter(sent));
            let kept = post(&server, &format!("{path}/draft"), &cookie, &json::to_string(&sent)).await;
            assert_eq!(kept.status, 200, "{name}: {}", kept.body);
            revision = read(&kept).field("revision").clone();
        }
        let undone = server.get(&format!("{path}/export?draft=1"), &cookie).await.body;
        assert_eq!(undone, exported, "{name}");
    }
}
