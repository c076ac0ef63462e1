//! Scenarios that answer their caller (`make-semantics.md` §1.4 and §1.5,
//! decisions D44 and D45).

use crate::support::{Answer, Browser, Imported, Place, Running};

struct World {
    // The folder lives as long as the server.
    place: Place,
    scenario: Imported,
    server: Running,
}

impl World {
    async fn new(flags: &[&str]) -> Self {
        let place = Place::new(flags);
        let scenario = place.import_text("answers", include_str!("blueprints/answers.json")).await;
        let server = place.start().await;
        Self { place, scenario, server }
    }

    async fn post(&self, body: &str) -> Answer {
        self.scenario.post(body.as_bytes()).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_headers_and_body_are_the_scenario_s() {
    let world = World::new(&[]).await;
    let answer = world.post(r#"{"status":201,"body":"Merci, Éloïse","order":7}"#).await.expect(201);
    assert_eq!(answer.text(), "<p>Merci, Éloïse</p>");
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("x-order"), Some("7"));
    assert_eq!(answer.header("content-security-policy"), Some("sandbox"), "its scripts are not ours");
    assert_eq!(world.place.executions("success").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_run_is_a_500_that_tells_nothing() {
    let world = World::new(&[]).await;
    let answer = world.post(r#"{"status":200,"json":"{broken","body":"x"}"#).await.expect(500);
    assert_eq!(answer.text(), "Scenario failed to complete.");
    let failed = world.place.executions("error").await;
    assert_eq!(failed.len(), 1);
    let history = format!("{:?}", world.place.journal(&failed[0]).await);
    assert!(history.contains("Source is not valid JSON"), "{history}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_does_not_answer_is_accepted() {
    let world = World::new(&[]).await;
    let answer = world.post(r#"{"status":201,"silent":true}"#).await.expect(200);
    assert_eq!(answer.text(), "Accepted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_does_not_wait_for_ever() {
    use rouage_test_support::http::{Answer as Scripted, Peer};
    let peer = Peer::start().await;
    peer.answer(Scripted::Hang);
    let slow = include_str!("blueprints/answers.json")
        .replace(r#""json:ParseJSON", "version": 1"#, r#""http:ActionSendData", "version": 3"#)
        .replace(
            r#"{"json": "{{ifempty(1.json; \"{}\")}}"}"#,
            &format!(r#"{{"url": "{}/", "method": "get"}}"#, peer.url()),
        );
    let place = Place::new(&["--allow-net", &peer.address().to_string(), "--response-timeout", "1"]);
    let scenario = place.import_text("slow", &slow).await;
    let _server = place.start().await;
    let answer = scenario.post(br#"{"status":201}"#).await.expect(200);
    assert_eq!(answer.text(), "Accepted");
    assert_eq!(peer.requests().len(), 1, "the run was on its way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_own_default_answer_replaces_accepted() {
    let world = World::new(&[]).await;
    let browser = Browser::open(&world.server).await;
    let form = [("response_status", "202"), ("response_type", "application/json"), ("response_body", "{\"ok\":1}")];
    browser.post("/webhooks/1/settings", &form).await.expect(303);
    let answer = world.post(r#"{"status":201,"silent":true}"#).await.expect(202);
    assert_eq!((answer.text().as_str(), answer.header("content-type")), ("{\"ok\":1}", Some("application/json")));
}

/// Without a Webhook response the request would wait in the queue; a caller
/// who waits for the answer is told at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scenario_that_may_start_no_more_runs_this_minute_says_so() {
    let world = World::new(&[]).await;
    let browser = Browser::open(&world.server).await;
    let schedule = [("kind", "immediately"), ("maximum", "1"), ("timezone", "UTC"), ("missed", "once")];
    browser.post("/scenarios/1/schedule", &schedule).await.expect(303);
    world.post(r#"{"status":201,"body":"one"}"#).await.expect(201);
    let answer = world.post(r#"{"status":201,"body":"two"}"#).await.expect(429);
    assert_eq!(answer.text(), "Too many requests");
}
