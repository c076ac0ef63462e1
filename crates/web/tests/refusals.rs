//! A form that is refused comes back: 422, what was typed, and the reason where
//! it belongs.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use support::{Answer, Server};

const FLOW: &str = r#"{"name":"Refused","flow":[
    {"id":1,"module":"gateway:CustomWebHook","version":1},
    {"id":2,"module":"util:SetVariable2","version":1,"mapper":{"name":"x","value":"{{1.order}}","scope":"roundtrip"}}]}"#;

/// The page came back with these parts, and with one field marked.
#[track_caller]
fn marked(answer: &Answer, parts: &[&str]) {
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(answer.body.contains("aria-label=\"Main\""), "it is a whole page: {}", answer.body);
    assert!(!answer.body.contains("That could not be done"), "{}", answer.body);
    let described = answer.body.contains(r#" aria-invalid="true" aria-describedby="problem-0" autofocus"#);
    assert!(described && answer.body.contains(r#"<small class="bad-text" id="problem-0">"#), "{}", answer.body);
    for part in parts {
        assert!(answer.body.contains(part), "{part}: {}", answer.body);
    }
}

#[tokio::test]
async fn settings_of_a_scenario_keep_what_was_typed() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let scenario = server.scenario(FLOW).await;
    let path = |what: &str| format!("/scenarios/{scenario}/{what}");
    let retention = server.post(&path("retention"), &cookie, "days=-3&runs=12&megabytes=-1").await;
    marked(&retention, &[r#"name="days" min="0" max="36500" value="-3" aria-invalid="true""#, r#"value="12""#]);
    let second = r#"value="-1" aria-invalid="true" aria-describedby="problem-1">"#;
    assert!(retention.body.contains(second), "both are told: {}", retention.body);
    let back = format!(r#"name="back" value="/scenarios/{scenario}/settings""#);
    assert!(retention.body.contains(&back), "a form that comes back comes back to a page: {}", retention.body);
    let options = server.post(&path("options"), &cookie, "version=1&dlq=1&roundtrips=0&maxErrors=7").await;
    marked(&options, &[r#"name="dlq" value="1" checked"#, r#"value="0" required aria-invalid"#, r#"value="7""#]);
    assert!(!options.body.contains(r#"name="sequential" value="1" checked"#), "{}", options.body);
    let late = server.post(&path("options"), &cookie, "version=0&roundtrips=2&maxErrors=7").await;
    assert_eq!(late.status, 422);
    assert!(late.body.contains(r#"role="alert" tabindex="-1" autofocus"#), "{}", late.body);
    marked(&server.post(&path("rename"), &cookie, "name=").await, &["Enter a name."]);
    assert_eq!(server.post("/scenarios/999/retention", &cookie, "days=-3").await.status, 404);
}

#[tokio::test]
async fn settings_of_the_server_keep_what_was_typed() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let retention = server.post("/settings/retention", &cookie, "days=&runs=2&megabytes=9").await;
    marked(&retention, &["Fill it in", r#"value="2""#, r#"value="9""#]);
    let limits = server.post("/incomplete/limits", &cookie, "items=many&megabytes=5").await;
    marked(&limits, &[r#"<details class="card limits" open>"#, r#"value="many""#, r#"value="5""#]);
    let nothing = server.post("/incomplete/selected", &cookie, "action=retry&status=all&q=x").await;
    assert_eq!(nothing.status, 422);
}

#[tokio::test]
async fn a_data_store_keeps_what_was_typed() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let created = server.post("/datastores", &cookie, "name=Customers&structure=&megabytes=0").await;
    marked(&created, &[r#"value="Customers""#, r#"value="0" required aria-invalid"#]);
    let id = server.post("/datastores", &cookie, "name=Customers&structure=&megabytes=1").await;
    let path = id.header("location").split('?').next().unwrap().to_owned();
    let saved = server.post(&format!("{path}/settings"), &cookie, "name=&structure=&megabytes=many").await;
    marked(&saved, &["Enter a name.", r#"value="many""#, r#"<h1>Customers</h1>"#]);
}

#[tokio::test]
async fn a_module_that_is_run_alone_keeps_what_was_typed() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let scenario = server.scenario(FLOW).await;
    let path = format!("/scenarios/{scenario}/modules/2/run");
    let bad = server.post(&path, &cookie, "v.1.order=x%3Cb%3E&k.1.order=number").await;
    marked(&bad, &[r#"value="x&#60;b&#62;" aria-invalid"#, r#"<option value="number" selected>"#, "is not a number"]);
}

#[tokio::test]
async fn a_webhook_keeps_what_was_typed() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    marked(&server.post("/webhooks", &cookie, "name=").await, &["Enter a name."]);
    let made = server.post("/webhooks", &cookie, "name=Orders").await;
    let path = made.header("location").split('?').next().unwrap().to_owned();
    let form = "headers=1&ips=nowhere&structure=%7B&response_status=99&response_body=kept";
    let saved = server.post(&format!("{path}/settings"), &cookie, form).await;
    marked(
        &saved,
        &["name=\"headers\" value=\"1\" checked", ">nowhere</textarea>", ">kept</textarea>", "value=\"99\""],
    );
    assert!(saved.body.contains(r#"aria-describedby="problem-2""#), "all three are told: {}", saved.body);
    assert!(saved.body.contains("<details open><summary>Advanced"), "{}", saved.body);
    let long = "x".repeat(600);
    let key = server.post(&format!("{path}/keys"), &cookie, &format!("name=shop&key={long}")).await;
    marked(&key, &["value=\"shop\"", "at most 512"]);
    marked(&server.post(&format!("{path}/rename"), &cookie, "name=").await, &["Enter a name."]);
}

#[tokio::test]
async fn a_folder_keeps_what_was_typed() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    server.scenario(FLOW).await;
    let made = server.post("/folders", &cookie, "name=Shop").await;
    let folder = made.header("location").split(['=', '&']).nth(1).unwrap().to_owned();
    let twice = server.post("/folders", &cookie, "name=Shop").await;
    marked(&twice, &[r#"<details class="add" open>"#, r#"value="Shop" aria-invalid"#]);
    let renamed = server.post(&format!("/folders/{folder}/rename"), &cookie, "name=").await;
    marked(&renamed, &["Enter a name.", r#"id="folder-rename""#]);
}
