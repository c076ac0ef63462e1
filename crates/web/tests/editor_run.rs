//! Running what is in the editor, as its scripts ask for it.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use http_body_util::BodyExt as _;
use rouage_model::{ConnectionId, ModuleError, ScenarioId, Value, json};
use rouage_sdk::{App, Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};
use rouage_store::connections::{self, NewConnection};
use rouage_store::hooks::HookSettings;
use support::{Answer, Server};
use tower::ServiceExt as _;

/// The second bundle is held back by a filter.
const FLOW: &str = r#"{"name":"Orders","flow":[
    {"id":1,"module":"util:BasicTrigger","version":1,"parameters":{"values":[
        {"spec":[{"name":"order","value":"<b>A-1</b>"}]},{"spec":[{"name":"order","value":"A-2"}]}]},"mapper":{}},
    {"id":2,"module":"util:ComposeTransformer","version":1,"mapper":{"value":"Order {{1.order}}"},
     "filter":{"name":"Only A-1","conditions":[[{"a":"{{1.order}}","o":"text:contain","b":"A-1"}]]}}]}"#;

struct Plain(Spec);

#[async_trait]
impl Module for Plain {
    fn spec(&self) -> &Spec {
        &self.0
    }

    async fn run(&self, _: &Call<'_>) -> Result<Outcome, ModuleError> {
        Ok(Outcome::Bundles(Vec::new()))
    }
}

fn apps() -> Vec<App> {
    let hook = Field::new("hook", "Webhook", FieldKind::Hook("gateway-webhook")).required();
    let spec = Spec::new("test:Hook", 1, "Hook", Kind::InstantTrigger, Effect::Pure).parameters(vec![hook]);
    let account = Field::new("account", "Account", FieldKind::Connection(&["test"])).required();
    let with_account = Spec::new("test:Account", 1, "Account", Kind::Action, Effect::Pure).parameters(vec![account]);
    let modules: Vec<Arc<dyn Module>> = vec![Arc::new(Plain(spec)), Arc::new(Plain(with_account))];
    let (color, icon) = ("#000000", "test");
    vec![App { name: "test", label: "Test", color, icon, synonyms: &[], modules, connections: Vec::new() }]
}

async fn post(server: &Server, path: &str, cookie: &str, body: &str) -> Answer {
    let headers = [("cookie", cookie), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    server.send("POST", path, &headers, body).await
}

fn read(answer: &Answer) -> Value {
    json::parse(answer.body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

async fn run(server: &Server, cookie: &str, id: ScenarioId, body: &str) -> Value {
    let answer = post(server, &format!("/scenarios/{id}/run-draft"), cookie, body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    read(&answer)
}

/// How the run stands when it is over.
async fn ended(server: &Server, cookie: &str, execution: &Value) -> Value {
    let path = format!("/executions/{}/state", execution.as_text().unwrap());
    let over = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let state = read(&server.get(&path, cookie).await);
            if state.field("isFinal").as_bool() == Some(true) {
                return state;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    over.await.unwrap()
}

async fn keep(server: &Server, cookie: &str, id: ScenarioId, root: &str, links: &str) {
    let path = format!("/scenarios/{id}/draft");
    let revision = read(&server.get(&path, cookie).await).field("revision").as_i64().unwrap();
    let body = format!(r#"{{"revision":{revision},"root":{root},"links":{links},"tab":"a"}}"#);
    let kept = post(server, &path, cookie, &body).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
}

#[tokio::test]
async fn a_run_is_shown_with_bubbles_log_and_bundles() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    keep(&server, &cookie, id, &FLOW.replace("Order {{", "The order {{"), "{}").await;
    let begun = run(&server, &cookie, id, r#"{"how":"once"}"#).await;
    let state = ended(&server, &cookie, begun.field("execution")).await;
    assert_eq!((state.field("status").as_text(), state.field("isDraft").as_bool()), (Some("success"), Some(true)));
    let mark = state.field("modules").field("2");
    let counts = ["operations", "errors", "heldBack", "letThrough"].map(|name| mark.field(name).as_i64().unwrap());
    assert_eq!(counts, [1, 0, 1, 1]);
    let log = state.field("log").as_array().unwrap();
    let of_two = log.iter().find(|line| line.field("module").as_i64() == Some(2)).unwrap();
    assert!(of_two.field("text").as_text().unwrap().contains("gave 1 bundle"), "{of_two:?}");
    assert_eq!(state.field("error"), &Value::Null);

    let run_id = begun.field("execution").as_text().unwrap();
    let piece = server.get(&format!("/executions/{run_id}/modules/2"), &cookie).await;
    assert_eq!(piece.status, 200, "{}", piece.body);
    assert!(
        piece.body.contains("The order &#60;b&#62;A-1&#60;/b&#62;") && piece.body.contains("held back"),
        "{}",
        piece.body
    );
    assert!(!piece.body.contains("<html"), "it is a piece of a page");
    for nothing in [format!("/executions/{run_id}/modules/9"), format!("/executions/{}/state", "0".repeat(32))] {
        assert_eq!(server.get(&nothing, &cookie).await.status, 404, "{nothing}");
    }
    let runs = read(&server.get(&format!("/scenarios/{id}/runs.json"), &cookie).await);
    let row = &runs.field("runs").as_array().unwrap()[0];
    assert_eq!((row.field("id").as_text(), row.field("isDraft").as_bool()), (Some(run_id), Some(true)));
    let again = run(&server, &cookie, id, &format!(r#"{{"how":"replay","execution":"{run_id}"}}"#)).await;
    assert_eq!(ended(&server, &cookie, again.field("execution")).await.field("operations").as_i64(), Some(2));
}

#[tokio::test]
async fn a_module_runs_alone_with_typed_values() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(FLOW).await;
    let values = |module: i64| format!("/scenarios/{id}/draft/modules/{module}/values");
    let wanted = read(&server.get(&values(2), &cookie).await);
    let field = &wanted.field("fields").as_array().unwrap()[0];
    assert_eq!((field.field("module").as_i64(), field.field("field").as_text()), (Some(1), Some("order")));
    assert_eq!(server.get(&values(9), &cookie).await.status, 404);

    let alone = |kind: &str, text: &str| {
        format!(
            r#"{{"how":"module","module":2,"values":[{{"module":1,"field":"order","kind":"{kind}","text":"{text}"}}]}}"#
        )
    };
    let begun = run(&server, &cookie, id, &alone("number", "7")).await;
    let state = ended(&server, &cookie, begun.field("execution")).await;
    assert_eq!((state.field("status").as_text(), state.field("isSingle").as_bool()), (Some("success"), Some(true)));
    let shown: Vec<_> = state.field("modules").as_collection().unwrap().keys().map(ToString::to_string).collect();
    assert_eq!(shown, ["2"], "what was written down is no module of the scenario");
    let refused = post(&server, &format!("/scenarios/{id}/run-draft"), &cookie, &alone("number", "seven")).await;
    assert_eq!(refused.status, 422);
    assert!(read(&refused).field("problem").as_text().unwrap().contains("is not a number"), "{}", refused.body);
}

#[tokio::test]
async fn a_run_of_another_scenario_is_not_replayed() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let (id, other) = (server.scenario(FLOW).await, server.scenario(FLOW).await);
    let begun = run(&server, &cookie, other, r#"{"how":"once"}"#).await;
    ended(&server, &cookie, begun.field("execution")).await;
    let replay = format!(r#"{{"how":"replay","execution":"{}"}}"#, begun.field("execution").as_text().unwrap());
    let refused = post(&server, &format!("/scenarios/{id}/run-draft"), &cookie, &replay).await;
    assert_eq!(refused.status, 404, "{}", refused.body);
    let ran = read(&server.get(&format!("/scenarios/{other}/runs.json"), &cookie).await);
    assert_eq!(ran.field("runs").as_array().unwrap().len(), 1);
}

/// The run does not begin, and the module whose account it is is told.
#[tokio::test]
async fn a_run_whose_account_is_gone_names_the_module() {
    let server = Server::with_apps(apps(), |_| {}).await;
    let cookie = server.owner().await;
    let flow = r#"{"name":"Accounts","flow":[
        {"id":1,"module":"util:BasicTrigger","version":1,"parameters":{"values":[{"spec":[]}]},"mapper":{}},
        {"id":4,"module":"test:Account","version":1,"parameters":{"account":null},"mapper":{}}]}"#;
    let id = server.scenario(flow).await;
    let account = account(&server).await;
    keep(&server, &cookie, id, flow, &format!(r#"{{"4.account":{account}}}"#)).await;
    let with = run(&server, &cookie, id, r#"{"how":"once"}"#).await;
    assert_eq!(ended(&server, &cookie, with.field("execution")).await.field("status").as_text(), Some("success"));
    let mut tx = server.store.begin().await.unwrap();
    connections::delete(&mut tx, server.team, account).await.unwrap();
    tx.commit().await.unwrap();
    let answer = post(&server, &format!("/scenarios/{id}/run-draft"), &cookie, r#"{"how":"once"}"#).await;
    let state = match answer.status.as_u16() {
        200 => ended(&server, &cookie, read(&answer).field("execution")).await,
        _ => panic!("{}", answer.body),
    };
    let error = state.field("error");
    assert_eq!(
        (state.field("status").as_text(), error.field("module").as_i64()),
        (Some("error"), Some(4)),
        "{state:?}"
    );
    assert!(error.field("what").as_text().is_some_and(|what| !what.contains("did not end well")), "{error:?}");
}

async fn account(server: &Server) -> ConnectionId {
    let (data, secret) = (Value::empty_collection(), Value::text("secret"));
    let new = NewConnection { kind: "test".into(), name: "Shop".into(), data, secret };
    let mut tx = server.store.begin().await.unwrap();
    let id = connections::create(&mut tx, server.team, new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[tokio::test]
async fn a_run_that_waits_for_a_request_tells_where_to_send_it() {
    let server = Server::with_apps(apps(), |_| {}).await;
    let cookie = server.owner().await;
    let id = server.scenario(r#"{"name":"New","flow":[]}"#).await;
    let path = format!("/scenarios/{id}/run-draft");
    let empty = post(&server, &path, &cookie, r#"{"how":"once"}"#).await;
    assert_eq!(empty.status, 422, "{}", empty.body);
    let flow = r#"{"name":"New","flow":[{"id":1,"module":"test:Hook","version":1,"parameters":{"hook":null}},
        {"id":2,"module":"util:ComposeTransformer","version":1,"mapper":{"value":"{{1.text}}"}}]}"#;
    let hook = server.hook(&HookSettings::default(), false).await;
    keep(&server, &cookie, id, flow, &format!(r#"{{"1.hook":{}}}"#, hook.id)).await;
    let why = read(&server.get(&format!("/scenarios/{id}/draft/modules/1/values"), &cookie).await);
    assert!(why.field("why").as_text().unwrap().contains("use Run once"), "{why:?}");
    let waiting = run(&server, &cookie, id, r#"{"how":"once"}"#).await;
    let url = waiting.field("url").as_text().unwrap();
    assert!(url.ends_with(&format!("/hook/{}", hook.token)) && waiting.field("listening").as_bool() == Some(true));
    let runs = read(&server.get(&format!("/scenarios/{id}/runs.json"), &cookie).await);
    assert_eq!(runs.field("listening").field("url").as_text(), Some(url));
    let sent = server
        .send("POST", &format!("/hook/{}", hook.token), &[("content-type", "application/json")], r#"{"text":"hi"}"#)
        .await;
    assert_eq!((sent.status.as_u16(), sent.body.as_str()), (200, "Accepted"));
    let runs = read(&server.get(&format!("/scenarios/{id}/runs.json"), &cookie).await);
    assert_eq!(runs.field("listening"), &Value::Null);
    let first = &runs.field("runs").as_array().unwrap()[0];
    assert_eq!(ended(&server, &cookie, first.field("id")).await.field("isDraft").as_bool(), Some(true));
    // The request can be used again.
    let request = runs.field("requests").as_array().unwrap()[0].field("id").as_text().unwrap().to_owned();
    let again = run(&server, &cookie, id, &format!(r#"{{"how":"delivery","delivery":"{request}"}}"#)).await;
    assert_eq!(ended(&server, &cookie, again.field("execution")).await.field("status").as_text(), Some("success"));
    // A wait that is stopped takes nothing.
    run(&server, &cookie, id, r#"{"how":"once"}"#).await;
    assert_eq!(run(&server, &cookie, id, r#"{"how":"stop"}"#).await.field("waited").as_bool(), Some(true));
    let sent =
        server.send("POST", &format!("/hook/{}", hook.token), &[("content-type", "application/json")], "{}").await;
    assert_eq!(sent.status.as_u16(), 410);
}

/// Else orders of the next day would run a draft that nobody looks at.
#[tokio::test]
async fn a_wait_ends_soon_after_the_last_editor_was_closed() {
    let server = Server::with_apps(apps(), |_| {}).await;
    let cookie = server.owner().await;
    let flow = r#"{"name":"New","flow":[{"id":1,"module":"test:Hook","version":1,"parameters":{"hook":null}}]}"#;
    let id = server.scenario(flow).await;
    let hook = server.hook(&HookSettings::default(), false).await;
    keep(&server, &cookie, id, flow, &format!(r#"{{"1.hook":{}}}"#, hook.id)).await;
    let path = format!("/live?fresh=editor:{id}:a");
    let request = axum::http::Request::builder().uri(path).header("cookie", &cookie).body(Body::empty()).unwrap();
    let mut stream = server.router.clone().oneshot(request).await.unwrap().into_body();
    stream.frame().await.unwrap().unwrap();
    run(&server, &cookie, id, r#"{"how":"once"}"#).await;
    let waits = async || {
        let runs = read(&server.get(&format!("/scenarios/{id}/runs.json"), &cookie).await);
        runs.field("listening").as_collection().is_some()
    };
    drop(stream);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(waits().await, "a page that is loaded again goes on waiting");
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        while waits().await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    ended.await.unwrap();
}
