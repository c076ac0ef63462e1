//! What the editor asks about mapped texts and filters, over HTTP.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::time::Duration;

use axum::http::StatusCode;
use rouage_model::{ScenarioId, Value, json};
use rouage_runtime::RunOnce;
use rouage_store::{drafts, executions};
use support::Server;

const FLOW: &str = r#"{"name":"Orders","flow":[
    {"id":1,"module":"util:BasicTrigger","version":1,"parameters":{"values":[
        {"spec":[{"name":"city","value":"Paris"},{"name":"First name","value":"Ada"},{"name":"total","value":12}]},
        {"spec":[{"name":"city","value":"Lyon"},{"name":"First name","value":"Éloïse"},{"name":"total","value":3}]}]}},
    {"id":2,"module":"util:ComposeTransformer","version":1,"mapper":{"value":"{{1.`First name`}}"},
        "filter":{"name":"Big","conditions":[[{"a":"{{1.total}}","o":"number:greater","b":"5"}]]}}]}"#;

async fn ran(server: &Server, file: &str) -> ScenarioId {
    let id = server.scenario(file).await;
    let control = server.runtime.control();
    let RunOnce::Started(run) = control.run_once(server.team, id, None, &Value::Undefined).await.unwrap() else {
        panic!("it must start")
    };
    let over = tokio::time::timeout(Duration::from_secs(20), async {
        while !executions::find(&server.store, server.team, run).await.unwrap().unwrap().status.is_final() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    over.await.unwrap();
    id
}

async fn ask(server: &Server, cookie: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let headers = [("cookie", cookie), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    let answer = server.send("POST", path, &headers, body).await;
    (answer.status, json::parse(answer.body.as_bytes()).unwrap_or_default())
}

#[tokio::test]
async fn items_are_told_once_and_then_only_that_they_are_the_same() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let path = format!("/scenarios/{}/items", ran(&server, FLOW).await);
    let answer = server.get(&path, &cookie).await;
    assert_eq!(answer.status, StatusCode::OK);
    let items = json::parse(answer.body.as_bytes()).unwrap();
    let module = items.field("modules").field("1");
    assert_eq!(module.field("from").as_text(), Some("run"));
    assert_eq!(module.field("bundles").as_i64(), Some(2));
    let first = &module.field("items").as_array().unwrap()[1];
    assert_eq!(first.field("path").as_text(), Some("1.`First name`"));
    assert_eq!(first.field("sample").as_text(), Some("Éloïse"));
    assert_eq!(json::to_string(items.field("visible")), r#"{"1":[],"2":[1]}"#);
    assert_eq!(items.field("confidential").as_bool(), Some(false));
    let again = [("cookie", cookie.as_str()), ("if-none-match", answer.header("etag"))];
    assert_eq!(server.send("GET", &path, &again, "").await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(server.get("/scenarios/99/items", &cookie).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get(&path, "").await.status, StatusCode::SEE_OTHER, "nobody else is told");
}

#[tokio::test]
async fn previews_and_filters_are_answered_as_the_scripts_expect_them() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = ran(&server, FLOW).await;
    let preview = format!("/scenarios/{id}/preview");
    let body = r#"{"module":"2","field":"value","type":"text","text":"{{upper(1.city)}}"}"#;
    let (status, answer) = ask(&server, &cookie, &preview, body).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        json::to_string(&answer),
        r#"{"text":"LYON","type":"text","warnings":[],"error":null,"known":true,"offer":null}"#
    );
    let (_, broken) = ask(&server, &cookie, &preview, r#"{"module":2,"type":"text","text":"{{1.city +}}"}"#).await;
    assert_eq!(broken.field("error").field("at").as_i64(), Some(10));
    let filter =
        r#"{"module":2,"filter":{"name":"","conditions":[[{"a":"{{1.total}}","o":"number:greater","b":"5"}]]}}"#;
    let (_, tested) = ask(&server, &cookie, &format!("/scenarios/{id}/filter-test"), filter).await;
    let bundles = tested.field("bundles").as_array().unwrap();
    let passed: Vec<_> = bundles.iter().map(|bundle| bundle.field("passed").as_bool().unwrap()).collect();
    assert_eq!(passed, [true, false]);
    let condition = bundles[1].field("groups").as_array().unwrap()[0].as_array().unwrap()[0].clone();
    let expected = r#"{"passed":false,"left":"3","type":"number","operator":"number:greater","right":"5","note":"3 is not greater than “5”, as numbers."}"#;
    assert_eq!(json::to_string(&condition), expected);
    assert_eq!(bundles[0].field("label").as_text(), Some("Bundle 1: Paris, Ada, 12"));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_in_a_sentence() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let path = format!("/scenarios/{}/preview", server.scenario(FLOW).await);
    for body in ["", "{", r#"{"module":"x"}"#, "[]"] {
        let (status, answer) = ask(&server, &cookie, &path, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(answer.field("problem").as_text().is_some_and(|text| text.ends_with('.')), "{body}: {answer:?}");
    }
    let foreign = server.send("POST", &path, &[("cookie", &cookie), ("sec-fetch-site", "cross-site")], "{}").await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_language_is_told_from_its_tables() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let answer = server.get("/editor/functions.json", &cookie).await;
    assert_eq!(answer.status, StatusCode::OK);
    let language = json::parse(answer.body.as_bytes()).unwrap();
    assert_eq!(language.field("functions").as_array().unwrap().len(), rouage_expr::functions().len());
    let groups: std::collections::BTreeSet<_> = language
        .field("comparisons")
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.field("group").clone())
        .map(|group| json::to_string(&group))
        .collect();
    assert_eq!(groups.len(), 8);
}

async fn rename(server: &Server, id: ScenarioId, name: &str) {
    let draft = drafts::find(&server.store, server.team, id).await.unwrap().unwrap();
    let mut root = draft.blueprint.root().as_collection().unwrap().clone();
    root.insert("name", name);
    let edited = draft.blueprint.edited(root.into()).unwrap();
    let mut tx = server.store.begin().await.unwrap();
    drafts::save(&mut tx, server.team, id, draft.revision, (&edited, &draft.links), None).await.unwrap();
    tx.commit().await.unwrap();
}

/// A draft of 300 modules with data everywhere stays quick; see the report for
/// the figures. The bound is ten times what a debug build needs here.
#[tokio::test]
async fn a_large_draft_stays_quick() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let fields: Vec<String> = (0..40).map(|at| format!(r#"{{"name":"field {at}","value":"value {at}"}}"#)).collect();
    let mut flow = vec![format!(
        r#"{{"id":1,"module":"util:BasicTrigger","version":1,"parameters":{{"values":[{{"spec":[{}]}}]}}}}"#,
        fields.join(",")
    )];
    flow.extend((2..=300).map(|id| {
        format!(
            r#"{{"id":{id},"module":"util:SetVariables","version":1,"mapper":{{"scope":"execution","variables":[
            {{"name":"a","value":"{{{{1.`field 3`}}}} {id}"}},{{"name":"b","value":"{{{{{}.a}}}}"}}]}}}}"#,
            if id == 2 { "1.`field 1`+1".to_owned() } else { (id - 1).to_string() }
        )
        .replace("1.`field 1`+1.a", "1.`field 1`")
    }));
    let id = ran(&server, &format!(r#"{{"name":"Large","flow":[{}]}}"#, flow.join(","))).await;
    let mut times: Vec<(&str, Vec<Duration>)> = Vec::new();
    let start = std::time::Instant::now();
    let first = server.get(&format!("/scenarios/{id}/items"), &cookie).await;
    let cold = start.elapsed();
    assert!(first.body.contains("299.a"), "{}", &first.body[..200]);
    for (what, path, body) in [
        ("items", format!("/scenarios/{id}/items"), String::new()),
        (
            "preview",
            format!("/scenarios/{id}/preview"),
            r#"{"module":300,"type":"text","text":"{{299.b}} {{upper(1.`field 7`)}}"}"#.to_owned(),
        ),
        (
            "filter",
            format!("/scenarios/{id}/filter-test"),
            r#"{"module":300,"filter":{"conditions":[[{"a":"{{299.b}}","o":"text:contain","b":"x"}]]}}"#.to_owned(),
        ),
    ] {
        let mut taken = Vec::new();
        for _ in 0..20 {
            let start = std::time::Instant::now();
            let status = if body.is_empty() {
                server.get(&path, &cookie).await.status
            } else {
                ask(&server, &cookie, &path, &body).await.0
            };
            taken.push(start.elapsed());
            assert_eq!(status, StatusCode::OK);
        }
        taken.sort_unstable();
        times.push((what, taken));
    }
    let mut after_change = Vec::new();
    for at in 0..8 {
        rename(&server, id, &format!("Large {at}")).await;
        let start = std::time::Instant::now();
        server.get(&format!("/scenarios/{id}/items"), &cookie).await;
        after_change.push(start.elapsed());
    }
    println!("the first items: {cold:?}, {} bytes; after a change: {after_change:?}", first.body.len());
    for (what, taken) in times {
        println!("{what}: median {:?}, p95 {:?}, longest {:?}", taken[10], taken[18], taken[19]);
        assert!(taken[10] < Duration::from_millis(500), "{what}: {taken:?}");
    }
}
