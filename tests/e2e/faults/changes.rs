//! Somebody changes, publishes or deletes what is at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rouage_test_support::auditor::{Answer, Promise};
use rouage_test_support::http::Answer as Scripted;
use serde_json::{Value as Json, json};

use super::{World, body, told_once};
use crate::support::{Browser, eventually};

/// Publishes the scenario with another text in its request.
async fn publish(browser: &Browser, scenario: i64, note: &str) {
    let draft = browser.get(&format!("/scenarios/{scenario}/draft")).await.expect(200).json();
    let mut root = draft["root"].clone();
    root["flow"][1]["mapper"]["headers"] = json!([{"name": "X-Note", "value": note}]);
    let kept = json!({"revision": draft["revision"], "root": root, "links": draft["links"], "tab": "t"});
    let kept = browser.post_json(&format!("/scenarios/{scenario}/draft"), &kept.to_string()).await.expect(200).json();
    let publish = json!({"revision": kept["revision"], "note": note}).to_string();
    browser.post_json(&format!("/scenarios/{scenario}/publish"), &publish).await.expect(200);
}

fn notes(world: &World) -> Vec<(String, String)> {
    let requests = world.auditor.target.requests().into_iter().filter(|request| request.method == "POST");
    let told = |request: rouage_test_support::http::Recorded| {
        let note = request.header("x-note").unwrap_or_default().to_owned();
        Some((request.json()["key"].as_str()?.to_owned(), note))
    };
    requests.filter_map(told).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f41_runs_end_on_their_version_and_those_of_a_deleted_scenario_are_listed() {
    let world = World::new(&["--workers", "1"]).await;
    let server = world.place.start().await;
    let browser = Browser::open(&server).await;
    world.auditor.target.answer(Scripted::Late(Duration::from_secs(2)));
    // The first is in its call, the second waits for the one worker.
    world.send("k1").await;
    eventually("it is in its call", async || (world.told("k1") == 1).then_some(())).await;
    world.send("k2").await;
    publish(&browser, world.hook.scenario, "new").await;
    world.send("k3").await;
    world.judge(&Promise { accepted: 3, ..told_once() }).await;
    let seen = notes(&world);
    for wanted in [("k1", ""), ("k2", ""), ("k3", "new")] {
        assert!(seen.contains(&(wanted.0.to_owned(), wanted.1.to_owned())), "{wanted:?} in {seen:?}");
    }
    world.auditor.target.answer(Scripted::Late(Duration::from_secs(1)));
    world.send("k4").await;
    eventually("it is in its call", async || (world.told("k4") == 1).then_some(())).await;
    world.send("k5").await;
    browser.post(&format!("/scenarios/{}/delete", world.hook.scenario), &[]).await.expect(303);
    assert_eq!(world.send("k6").await, Answer::Refused(410));
    world.place.idle().await;
    // Those that it cut off are listed as stopped, with a reason or an end.
    let all = world.place.all_executions().await;
    assert_eq!(all.len(), 5, "{all:?}");
    assert_eq!(world.told("k5"), 0);
    assert!(all.iter().filter(|line| line.contains("stopped")).count() >= 1, "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f42_publishing_during_a_storm_of_requests_loses_none_and_runs_none_twice() {
    let world = Arc::new(World::new(&["--webhook-queue", "0"]).await);
    let server = world.place.start().await;
    let browser = Browser::open(&server).await;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..2 {
        let (world, is_over) = (world.clone(), is_over.clone());
        senders.spawn(async move {
            let mut number = 0;
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(world.send(&format!("s{sender}-{number}")).await, Answer::Accepted);
                number += 1;
            }
            number
        });
    }
    for version in 0..5 {
        publish(&browser, world.hook.scenario, &format!("v{version}")).await;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    is_over.store(true, Ordering::Relaxed);
    let mut accepted = 0;
    while let Some(sent) = senders.join_next().await {
        accepted += sent.unwrap();
    }
    world.judge(&Promise { accepted, ..told_once() }).await;
    let versions: std::collections::BTreeSet<String> = notes(&world).into_iter().map(|(_, note)| note).collect();
    assert!(versions.len() > 2, "{accepted} requests saw the versions {versions:?} only");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f45_the_second_of_two_browsers_is_told_and_overwrites_nothing() {
    let world = World::new(&[]).await;
    let server = world.place.start().await;
    let (one, other) = (Browser::open(&server).await, Browser::sign_in(&server).await);
    let path = format!("/scenarios/{}/draft", world.hook.scenario);
    let draft = one.get(&path).await.expect(200).json();
    let change = |name: &str| -> String {
        let mut root = draft["root"].clone();
        root["name"] = Json::from(name);
        json!({"revision": draft["revision"], "root": root, "links": draft["links"], "tab": name}).to_string()
    };
    one.post_json(&path, &change("mine")).await.expect(200);
    let told = other.post_json(&path, &change("yours")).await.expect(409).json();
    assert!(told["problem"].as_str().is_some_and(|text| !text.is_empty()), "{told}");
    assert_eq!(one.get(&path).await.json()["root"]["name"], "mine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f43_a_deleted_account_is_a_clear_error_and_nothing_is_done() {
    use rouage_test_support::smtp::FakeSmtp;

    use crate::support::Place;

    let smtp = FakeSmtp::start().await;
    let place = Place::new(&["--allow-net", "127.0.0.1"]);
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    let (host, port) = (smtp.address().ip().to_string(), smtp.address().port().to_string());
    let fields = [("host", host.as_str()), ("port", port.as_str()), ("security", "none"), ("from", "shop@example.org")];
    let account = browser.connect("smtp", &fields).await;
    assert!(server.terminate().await.success());
    let mail = json!({"id": 2, "module": "email:ActionSendEmail", "version": 7, "parameters": {"account": 1},
        "mapper": {"to": ["sales@example.org"], "subject": "Order {{1.key}}", "text": "."}});
    let file = place.file("mail.json", super::scenario("Mail", &json!({"dlq": true}), &[mail]).as_bytes());
    let hook = place.import(&file, &[&format!("2.account={account}")]).await;
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    hook.post(&body("k1")).await.expect(200);
    place.idle().await;
    assert_eq!((place.executions("success").await.len(), smtp.messages().len()), (1, 1));
    browser.post(&format!("/connections/{account}/rename"), &[("name", "Renamed")]).await.expect(303);
    hook.post(&body("k2")).await.expect(200);
    place.idle().await;
    assert_eq!((place.executions("success").await.len(), smtp.messages().len()), (2, 2), "a name is only a name");
    browser.post(&format!("/connections/{account}/delete"), &[]).await.expect(303);
    let answer = hook.post(&body("k3")).await;
    place.idle().await;
    let errors = place.executions("error").await;
    println!("{}: {errors:?}", answer.status);
    assert_eq!(smtp.messages().len(), 2);
    if answer.status == 200 {
        let is_told = errors.iter().any(|line| line.contains("connection") || line.contains("account"));
        assert!(is_told || !crate::incompletes::listed(&browser).await.is_empty(), "{errors:?}");
    }
}
