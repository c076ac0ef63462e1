//! The webhook entry and the import, over the real runtime and store.

mod support;

use rouage_store::hooks::{ApiKey, DefaultResponse, HookSettings};
use rouage_store::{PageRequest, deliveries, executions, hooks, scenarios};
use support::{Answer, Server};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn call(server: &Server, hook: &hooks::Hook, headers: &[(&str, &str)], body: &str) -> Answer {
    server.send("POST", &format!("/hook/{}?source=test", hook.token), headers, body).await
}

#[tokio::test]
async fn what_is_no_webhook_looks_all_the_same() {
    let server = Server::start().await;
    let hook = server.hook(&HookSettings::default(), false).await;
    let token = &hook.token;
    let expected = server.send("POST", "/hook/zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", &[JSON], "{}").await;
    assert_eq!(expected.status, 404);
    for path in [
        format!("/hook/{}", token.to_uppercase()),
        format!("/hook/{}", &token[..31]),
        format!("/hook/{token}/"),
        format!("/hook/{token}/x"),
        "/hook/".to_owned(),
        "/hook".to_owned(),
    ] {
        let answer = server.send("POST", &path, &[JSON], "{}").await;
        assert_eq!((answer.status, &answer.body), (expected.status, &expected.body), "{path}");
    }
}

#[tokio::test]
async fn the_first_request_is_learned_and_not_run() {
    let server = Server::start().await;
    let hook = server.hook(&HookSettings::default(), true).await;
    let answer = call(&server, &hook, &[JSON], r#"{"order":{"id":7},"items":[{"price":1.5}]}"#).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "Accepted"));
    assert_eq!(answer.header("content-security-policy"), "sandbox");
    let learned = hooks::find(&server.store, server.team, hook.id).await.unwrap().unwrap();
    assert!(!learned.learning);
    let text = rouage_model::json::to_string(&learned.interface);
    assert!(text.contains(r#""name":"order","type":"collection","spec":[{"name":"id","type":"number"}]"#), "{text}");
    server.runtime.control().refresh().await;
    let nobody = call(&server, &hook, &[JSON], "{}").await;
    assert_eq!(
        (nobody.status.as_u16(), nobody.body.as_str()),
        (410, "There is no scenario listening for this webhook.")
    );
}

#[tokio::test]
async fn a_request_is_stored_before_it_is_answered() {
    let server = Server::start().await;
    let file = r#"{"name":"x","flow":[{"id":1,"module":"gateway:CustomWebHook","version":1,"parameters":{"hook":1}}]}"#;
    let scenario = server.scenario(file).await;
    let hook = server.hook(&HookSettings::default(), false).await;
    server.attach(hook.id, scenario, true).await;
    let answer = call(&server, &hook, &[JSON], r#"{"a":1}"#).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "Accepted"));
    let filter = executions::Filter { scenario: Some(scenario), ..executions::Filter::default() };
    let runs = executions::list(&server.store, server.team, &filter, None, 50).await.unwrap();
    assert_eq!(runs.items.len(), 1);
    let log = deliveries::list(&server.store, server.team, hook.id, PageRequest::default()).await.unwrap();
    assert_eq!(log.items[0].execution, Some(runs.items[0].id));
    let cookie = server.owner().await;
    let page = server.get(&format!("/executions/{}", runs.items[0].id), &cookie).await;
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn broken_bodies_and_misfits_are_refused_with_a_reason_and_logged() {
    let server = Server::start().await;
    let structure = rouage_model::json::parse(br#"[{"name":"id","type":"number","required":true}]"#).unwrap();
    let settings = HookSettings { structure: Some(structure), ..HookSettings::default() };
    let hook = server.hook(&settings, true).await;
    let broken = call(&server, &hook, &[JSON], "{\n\"a\":").await;
    assert_eq!(broken.status, 400);
    assert!(broken.body.contains("line 2"), "{}", broken.body);
    let misfit = call(&server, &hook, &[JSON], r#"{"id":"x"}"#).await;
    assert!(misfit.status == 400 && misfit.body.contains("Invalid number in parameter 'id'"), "{}", misfit.body);
    let log = deliveries::list(&server.store, server.team, hook.id, PageRequest::default()).await.unwrap();
    assert_eq!(log.total, 2);
    assert!(log.items.iter().all(|row| row.execution.is_none() && row.reason.is_some()));
    assert_eq!(call(&server, &hook, &[JSON], r#"{"id":"7"}"#).await.status, 200);
}

#[tokio::test]
async fn keys_addresses_sizes_and_rates_are_checked() {
    let server = Server::with(|parts| {
        parts.limits.rate = 4;
        parts.limits.body = 100;
    })
    .await;
    let settings = HookSettings { api_keys: vec![ApiKey::new("shop", "sesame")], ..HookSettings::default() };
    let hook = server.hook(&settings, true).await;
    let missing = call(&server, &hook, &[JSON], "{}").await;
    let wrong = call(&server, &hook, &[JSON, ("x-make-apikey", "nope")], "{}").await;
    assert_eq!((missing.status.as_u16(), missing.body.as_str()), (401, "Unauthorized"));
    assert_eq!((wrong.status, wrong.body), (missing.status, missing.body));
    let key = ("x-make-apikey", "sesame");
    assert_eq!(call(&server, &hook, &[JSON, key], &format!("\"{}\"", "x".repeat(200))).await.status, 413);
    assert_eq!(call(&server, &hook, &[JSON, key], "{}").await.status, 200);
    let often = call(&server, &hook, &[JSON, key], "{}").await;
    assert_eq!((often.status.as_u16(), often.body.as_str()), (429, "Too many requests"));
    let wait: u32 = often.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&wait));

    let elsewhere = HookSettings { ips: vec!["203.0.113.0/24".into()], ..HookSettings::default() };
    let closed = server.hook(&elsewhere, true).await;
    assert_eq!(call(&server, &closed, &[JSON], "{}").await.status, 403);
}

#[tokio::test]
async fn an_own_default_answer_is_given() {
    let server = Server::start().await;
    let response = DefaultResponse { status: 202, body: "thanks".into(), headers: vec![("X-A".into(), "1".into())] };
    let hook = server.hook(&HookSettings { default_response: Some(response), ..HookSettings::default() }, true).await;
    let answer = call(&server, &hook, &[JSON], "{}").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str(), answer.header("x-a")), (202, "thanks", "1"));
}

async fn import(server: &Server, cookie: &str, content: &str) -> Answer {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"Orders.blueprint.json\"\r\n\r\n{content}\r\n--b--\r\n"
    );
    let headers =
        [("cookie", cookie), ("content-type", "multipart/form-data; boundary=b"), ("sec-fetch-site", "same-origin")];
    server.send("POST", "/import", &headers, &body).await
}

#[tokio::test]
async fn an_import_keeps_everything_and_reports_on_every_module() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let file =
        r#"{"flow":[{"id":3,"module":"slack:CreateMessage","version":4,"unknownKey":[1.5]}],"metadata":{"x":null}}"#;
    let answer = import(&server, &cookie, file).await;
    assert_eq!(answer.status, 303);
    let page = server.get(answer.header("location"), &cookie).await;
    assert!(
        page.body.contains("Orders") && page.body.contains("Not available") && page.body.contains("Slack"),
        "{}",
        page.body
    );
    let all = scenarios::list(&server.store, server.team, None, PageRequest::default()).await.unwrap();
    assert!(!all.items[0].enabled);
    let export = server.get(&format!("/scenarios/{}/export", all.items[0].id), &cookie).await;
    assert!(export.header("content-disposition").starts_with("attachment"));
    let same = rouage_model::json::parse(export.body.as_bytes()).unwrap();
    assert_eq!(rouage_model::json::to_string(&same), file);
}

#[tokio::test]
async fn what_cannot_be_imported_says_where_it_is_broken() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let broken = import(&server, &cookie, "{\"flow\":[\n{\"id\":1,}]}").await;
    assert!(broken.status == 422 && broken.body.contains("line 2, column"), "{}", broken.body);
    let other = import(&server, &cookie, "[]").await;
    assert!(other.status == 422 && other.body.contains("not a blueprint"), "{}", other.body);
    assert_eq!(import(&server, &cookie, "").await.status, 422);
    assert_eq!(scenarios::list(&server.store, server.team, None, PageRequest::default()).await.unwrap().total, 0);
}

#[tokio::test]
async fn a_reload_of_the_page_with_a_new_key_makes_no_second_one() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let hook = server.hook(&HookSettings::default(), false).await;
    let place = format!("/webhooks/{}", hook.id);
    let page = server.get(&place, &cookie).await;
    let (_, rest) = page.body.split_once("name=\"once\" value=\"").unwrap();
    let form = format!("name=Shop&once={}", rest.split('"').next().unwrap());
    let first = server.post(&format!("{place}/keys"), &cookie, &form).await;
    assert!(first.status == 200 && first.body.contains("id=\"new-key\""), "{}", first.body);
    let again = server.post(&format!("{place}/keys"), &cookie, &form).await;
    assert_eq!((again.status.as_u16(), again.header("location")), (303, place.as_str()));
    let stored = hooks::find(&server.store, server.team, hook.id).await.unwrap().unwrap();
    assert_eq!(stored.settings.api_keys.len(), 1);
}
