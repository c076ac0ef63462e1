//! What a target can do to a run: refuse, be slow, break off, lie.

use std::time::{Duration, Instant};

use rouage_test_support::http::Answer as Scripted;
use serde_json::json;

use super::{World, ask, scenario, told_once, wire};
use crate::support::{Place, Store, eventually};

fn refusal(status: u16, retry_after: &str) -> Scripted {
    let headers = vec![("retry-after".to_owned(), retry_after.to_owned())];
    Scripted::Response { status, headers, body: "not now".into() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f25_retry_after_is_waited_for_and_blocks_nobody_else() {
    let world = World::new(&[]).await;
    let other = World::new(&[]).await;
    let _servers = (world.place.start().await, other.place.start().await);
    let soon = "Thu, 01 Jan 1970 00:00:00 GMT";
    for (key, retry_after) in [("seconds", "2"), ("date", soon)] {
        world.auditor.target.answer(refusal(429, retry_after));
        let start = Instant::now();
        world.send(key).await;
        eventually("it is told", async || (world.told(key) == 1).then_some(())).await;
        let least = if key == "seconds" { 2 } else { 0 };
        assert!(start.elapsed() >= Duration::from_secs(least), "{key}: {:?}", start.elapsed());
    }
    // An absurd wait is no reason to stop: others go on meanwhile.
    world.auditor.target.answer(refusal(429, "99999999999999999999"));
    world.send("absurd").await;
    eventually("it waits", async || (world.place.executions("waiting").await.len() == 1).then_some(())).await;
    for number in 0..5 {
        world.send(&format!("k{number}")).await;
    }
    eventually("the others are told", async || (world.told("k4") == 1).then_some(())).await;
    let waiting = world.place.executions("waiting").await;
    let journal = world.place.journal(&waiting[0]).await;
    let retrying = journal.iter().find(|event| event["event"] == "retrying").expect("it says until when");
    let moment = |name: &str| -> jiff::Timestamp {
        let moment = &retrying[name];
        moment["$date"].as_str().or(moment.as_str()).unwrap().parse().unwrap()
    };
    let (at, until) = (moment("at"), moment("until"));
    assert!(until.duration_since(at) <= jiff::SignedDuration::from_hours(24), "{at} to {until}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f26_three_failures_and_then_it_succeeds_and_the_history_shows_each() {
    let world = World::new(&[]).await;
    (0..3).for_each(|_| world.auditor.target.answer(refusal(503, "1")));
    let _server = world.place.start().await;
    world.send("k1").await;
    world.judge(&told_once()).await;
    let runs = world.place.executions("success").await;
    let journal = world.place.journal(&runs[0]).await;
    let tries = journal.iter().filter(|event| event["event"] == "retrying").count();
    assert_eq!((tries, world.told("k1")), (3, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f27_no_answer_ends_with_a_time_out_in_doubt_for_writes_and_repeated_for_reads() {
    let both = |target: &str| scenario("Both", &json!({"dlq": true}), &[ask(3, target), super::tell(2, target)]);
    let world = World::with(&Store::Sqlite, &["--module-timeout", "1"], both).await;
    world.auditor.target.answer(Scripted::text(200, "asked"));
    world.auditor.target.answer(Scripted::Hang);
    let server = world.place.start().await;
    world.send("k1").await;
    world.place.idle().await;
    assert_eq!((world.told("k1"), world.place.executions("warning").await.len()), (1, 1));
    let browser = crate::support::Browser::open(&server).await;
    let items = crate::incompletes::listed(&browser).await;
    let page = browser.get(&format!("/incomplete/{}", items[0])).await.expect(200).text();
    assert!(page.contains("nobody can tell whether it went through"), "{page}");
    // A read that gives no answer does no harm when it is made again.
    world.auditor.target.answer(Scripted::Hang);
    world.send("k2").await;
    eventually("it waits for its next try", async || {
        let page = browser.get("/incomplete").await.text();
        (page.contains("ModuleTimeoutError") || crate::incompletes::listed(&browser).await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(world.told("k2"), 0);
}

/// A place with a scenario that asks this address, sent one request; the
/// reason that its run gives.
async fn asked(address: std::net::SocketAddr, flags: &[&str]) -> String {
    let mut all = vec!["--allow-net", "127.0.0.1"];
    all.extend(flags);
    let place = Place::new(&all);
    let blueprint = scenario("Ask", &json!({"dlq": true}), &[ask(2, &format!("http://{address}"))]);
    let hook = place.import_text("ask", &blueprint).await;
    let _server = place.start().await;
    hook.post(b"{}").await.expect(200);
    place.idle().await;
    let runs = place.all_executions().await;
    let journal = place.journal(&runs[0]).await;
    let wrong = journal.iter().find(|event| ["parked", "failed"].contains(&event["event"].as_str().unwrap()));
    wrong.unwrap_or_else(|| panic!("it was taken as whole: {journal:?}"))["error"].to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f28_half_an_answer_is_an_error_and_not_taken_as_whole() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
    let gzip =
        [format!("{head}Content-Encoding: gzip\r\n\r\n").into_bytes(), vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b]];
    let answers = [
        ("short body", format!("{head}Content-Length: 100\r\n\r\nhalf").into_bytes()),
        ("bad chunk", format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf\r\n").into_bytes()),
        ("cut chunk", format!("{head}Transfer-Encoding: chunked\r\n\r\n64\r\nhalf").into_bytes()),
        ("truncated gzip", gzip.concat()),
        ("no head", b"HTTP/1.1 200".to_vec()),
    ];
    for (name, bytes) in answers {
        let reason = asked(wire::answers(bytes).await, &[]).await;
        println!("{name}: {reason}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f29_a_slow_drip_ends_with_the_time_of_the_module() {
    let start = Instant::now();
    let reason = asked(wire::drips().await, &["--module-timeout", "1"]).await;
    assert!(reason.contains("Timeout"), "{reason}");
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f30_a_name_that_does_not_resolve_is_a_quick_error_and_holds_up_nobody() {
    let names = |_: &str| scenario("Ask", &json!({"dlq": true}), &[ask(2, "http://{{1.key}}.invalid")]);
    let world = World::with(&Store::Sqlite, &["--workers", "2"], names).await;
    let _server = world.place.start().await;
    let start = Instant::now();
    for number in 0..10 {
        world.send(&format!("nobody{number}")).await;
    }
    world.place.idle().await;
    assert!(start.elapsed() < Duration::from_secs(40), "{:?}", start.elapsed());
    let runs = world.place.executions("warning").await;
    assert_eq!(runs.len(), 10);
    let journal = world.place.journal(&runs[0]).await;
    let parked = journal.iter().find(|event| event["event"] == "parked").unwrap();
    assert!(parked["error"].to_string().contains("ConnectionError"), "{parked}");
}
