//! The history as people see it: lists, files, one run, replay, one module
//! alone, and how long all of it is kept.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use std::time::Duration;

use rouage_model::{ExecutionId, ScenarioId, Value};
use rouage_runtime::RunOnce;
use rouage_store::executions;
use support::Server;

/// Two bundles; the second is held back by a filter.
const FLOW: &str = r#"{"name":"Orders","flow":[
    {"id":1,"module":"util:BasicTrigger","version":1,"parameters":{"values":[
        {"spec":[{"name":"order","value":"<b>A-1</b>"}]},{"spec":[{"name":"order","value":"A-2"}]}]},"mapper":{}},
    {"id":2,"module":"util:ComposeTransformer","version":1,"mapper":{"value":"Order {{1.order}}"},
     "filter":{"name":"Only A-1","conditions":[[{"a":"{{1.order}}","o":"text:contain","b":"A-1"}]]}},
    {"id":3,"module":"scenario-service:NameExecution","version":2,"mapper":{"executionName":"=Run of {{1.order}}"}}]}"#;

async fn run(server: &Server, scenario: ScenarioId) -> ExecutionId {
    let control = server.runtime.control();
    let RunOnce::Started(run) = control.run_once(server.team, scenario, None, &Value::Undefined).await.unwrap() else {
        panic!("it must start")
    };
    until_over(server, run).await;
    run
}

async fn until_over(server: &Server, run: ExecutionId) {
    let over = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let found = executions::find(&server.store, server.team, run).await.unwrap().unwrap();
            if found.status.is_final() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    over.await.unwrap();
}

fn link<'a>(body: &'a str, rel: &str) -> Option<&'a str> {
    let at = body.find(&format!("rel=\"{rel}\" href=\""))? + rel.len() + 13;
    Some(body[at..].split('"').next().unwrap())
}

#[tokio::test]
async fn the_list_goes_on_from_a_key_and_ends() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    assert!(server.get("/executions", &cookie).await.body.contains("Nothing has run yet"));
    let scenario = server.scenario(FLOW).await;
    for _ in 0..35 {
        run(&server, scenario).await;
    }
    for path in ["/executions".to_owned(), format!("/scenarios/{scenario}/history")] {
        let first = server.get(&path, &cookie).await.body;
        assert_eq!(first.matches("<a class=\"run\"").count(), 30);
        let next = link(&first, "next").unwrap().replace("&#38;", "&").replace("&amp;", "&");
        let second = server.get(&format!("{path}{next}"), &cookie).await.body;
        assert_eq!(second.matches("<a class=\"run\"").count(), 5);
        assert!(link(&second, "next").is_none() && second.contains("Newest"));
    }
}

#[tokio::test]
async fn the_list_is_filtered_and_becomes_a_file() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let scenario = server.scenario(FLOW).await;
    let execution = run(&server, scenario).await;
    let count = async |query: &str| {
        let page = server.get(&format!("/executions?{query}"), &cookie).await;
        assert_eq!(page.status, 200, "{query}");
        page.body.matches("<a class=\"run\"").count()
    };
    for query in
        ["", "status=success", "origin=manual", "q=run+of", &format!("q={execution}"), "checks=hide", "from=2020-01-01"]
    {
        assert_eq!(count(query).await, 1, "{query}");
    }
    for query in ["status=error", "origin=webhook", "q=nowhere", "to=2020-01-01"] {
        assert_eq!(count(query).await, 0, "{query}");
    }
    let page = server.get("/executions", &cookie).await.body;
    assert!(page.contains("=Run of &#60;b&#62;A-1&#60;/b&#62;") || page.contains("=Run of A-2"), "{page}");
    let file = server.get(&format!("/scenarios/{scenario}/history.csv?status=success"), &cookie).await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 2);
    // What would be a formula is none.
    assert!(lines[1].starts_with("Success,") && lines[1].contains(",'=Run of"), "{}", lines[1]);
    assert!(lines[1].contains(&format!("http://rouage.test/executions/{execution}")));
    assert_eq!(server.get("/executions.csv?q=nowhere", &cookie).await.body.lines().count(), 1);
}

#[tokio::test]
async fn a_run_shows_bundles_filters_and_its_log() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let scenario = server.scenario(FLOW).await;
    let execution = run(&server, scenario).await;
    let page = server.get(&format!("/executions/{execution}"), &cookie).await.body;
    for text in [
        "Order &#60;b&#62;A-1&#60;/b&#62;",
        "Only A-1: ",
        "<code>A-2</code> contains <code>A-1</code>",
        "Initialisation.",
        "Operation 1: ",
        "gave 2 bundles.",
        "Finalisation. The run ended: Success.",
    ] {
        assert!(page.contains(text), "{text} is missing: {page}");
    }
    assert!(!page.contains("<b>A-1</b>"));
    let replayed = server.post(&format!("/executions/{execution}/replay"), &cookie, "").await;
    let to = replayed.header("location").to_owned();
    assert!(to.ends_with("?notice=replayed"), "{to}");
    let id: ExecutionId = to.trim_start_matches("/executions/").split('?').next().unwrap().parse().unwrap();
    until_over(&server, id).await;
    let page = server.get(&to, &cookie).await.body;
    assert!(page.contains("Replay of") && page.contains(&format!("href=\"/executions/{execution}\"")));
    assert!(server.get("/executions", &cookie).await.body.contains("Source run"));
    // The diagram of the scenario tells what the last run did.
    let diagram = server.get(&format!("/scenarios/{scenario}"), &cookie).await.body;
    assert!(diagram.contains("The bubbles show what") && diagram.contains("1 of 2 passed"), "{diagram}");
}

#[tokio::test]
async fn a_run_of_ten_thousand_operations_is_paged() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let flow = r#"{"name":"Many","flow":[
        {"id":1,"module":"builtin:BasicRepeater","version":1,"mapper":{"start":"1","repeats":"9999","step":"1"}},
        {"id":2,"module":"util:ComposeTransformer","version":1,"mapper":{"value":"{{1.i}}"}}]}"#;
    let execution = run(&server, server.scenario(flow).await).await;
    let begun = std::time::Instant::now();
    let page = server.get(&format!("/executions/{execution}?module=2&from=9980&line=9800"), &cookie).await.body;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(page.len() < 500_000, "{} bytes", page.len());
    assert!(page.contains("Operation 10000</b>") && page.contains("Lines 9801 to 10000 of"), "{page}");
}

#[tokio::test]
async fn a_module_is_run_alone_from_a_form() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let scenario = server.scenario(FLOW).await;
    run(&server, scenario).await;
    let path = format!("/scenarios/{scenario}/modules/2/run");
    assert!(server.get(&format!("/scenarios/{scenario}"), &cookie).await.body.contains(&path));
    let form = server.get(&path, &cookie).await.body;
    assert!(form.contains("name=\"v.1.order\" value=\"&#60;b&#62;A-1"), "{form}");
    let done = server.post(&path, &cookie, "v.1.order=from+a+form&k.1.order=text").await;
    let to = done.header("location").to_owned();
    let id: ExecutionId = to.trim_start_matches("/executions/").parse().unwrap();
    until_over(&server, id).await;
    let page = server.get(&to, &cookie).await.body;
    assert!(page.contains("Order from a form") && page.contains("Only one module was run here"), "{page}");
    assert!(!page.contains("/replay\""));
    let bad = server.post(&path, &cookie, "v.1.order=x&k.1.order=number").await;
    assert_eq!(bad.status, 422);
    assert_eq!(server.get(&format!("/scenarios/{scenario}/modules/9/run"), &cookie).await.status, 404);
}

#[tokio::test]
async fn the_history_is_kept_as_the_forms_say() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let scenario = server.scenario(FLOW).await;
    for _ in 0..3 {
        run(&server, scenario).await;
    }
    let saved = server.post("/settings/retention", &cookie, "days=7&runs=2&megabytes=0").await;
    assert_eq!(saved.header("location"), "/settings?notice=saved");
    let settings = server.get(&format!("/scenarios/{scenario}/settings"), &cookie).await.body;
    assert!(settings.contains("The server says: 7 days, 2 runs, any size."), "{settings}");
    assert_eq!(server.post("/settings/retention", &cookie, "days=&runs=2&megabytes=0").await.status, 422);
    let path = format!("/scenarios/{scenario}/retention");
    assert_eq!(server.post(&path, &cookie, "days=-3").await.status, 422);
    assert_eq!(server.post(&path, &cookie, "days=&runs=1&megabytes=").await.status, 303);
    server.runtime.control().keep_history_within_limits().await.unwrap();
    assert_eq!(server.get("/executions", &cookie).await.body.matches("<a class=\"run\"").count(), 1);
    assert!(server.get("/settings", &cookie).await.body.contains("The database takes"));
}

#[tokio::test]
async fn an_error_is_told_in_words_and_its_type_stands_only_in_the_raw_text() {
    const EMPTY: &str = r#"{"name":"Orders","flow":[
        {"id":1,"module":"util:BasicTrigger","version":1,"parameters":{"values":[{"spec":[]}]},"mapper":{}},
        {"id":2,"module":"util:FunctionSleep","version":1,"mapper":{"duration":"{{1.nothing}}"}}]}"#;
    let server = Server::start().await;
    let cookie = server.owner().await;
    let scenario = server.scenario(EMPTY).await;
    let execution = run(&server, scenario).await;
    let told = "A field that the module needs was empty.";
    let list = server.get("/executions", &cookie).await.body;
    assert!(list.contains(&format!("{told} “Delay” is empty.")) && !list.contains("ValidationError"), "{list}");
    let page = server.get(&format!("/executions/{execution}"), &cookie).await.body;
    let (before, raw) = page.split_once("<pre>BundleValidationError: ").unwrap();
    assert!(
        before.contains(told) && before.contains("“Delay” is empty.") && before.contains("fill in the field"),
        "{page}"
    );
    assert!(raw.starts_with("Validation failed for 1 parameter(s).\nMissing value of required parameter"), "{raw}");
    assert!(!raw.contains("BundleValidationError"), "the log says it in words too: {raw}");
}
