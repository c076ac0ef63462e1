//! Many requests, large ones, and too little of everything.

use std::time::Duration;

use rouage_test_support::auditor::{Answer, Promise, REQUEST};
use rouage_test_support::http::Answer as Scripted;
use serde_json::json;
use tokio::process::Command;

use super::{World, ask, body, scenario, tell, told_once};
use crate::support::{Place, Store, eventually, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f09_an_end_in_good_order_during_fifty_runs_loses_nothing() {
    let world = World::new(&["--workers", "20"]).await;
    world.auditor.target.usually(Scripted::Late(Duration::from_millis(150)));
    let server = world.place.start().await;
    for number in 0..50 {
        assert_eq!(world.send(&format!("k{number}")).await, Answer::Accepted);
    }
    let start = std::time::Instant::now();
    assert_eq!(server.terminate().await.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    let _server = world.place.start().await;
    world.judge(&Promise { accepted: 50, ..told_once() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f11_a_run_that_brings_the_process_down_is_set_aside_and_others_run() {
    let asks = |target: &str| scenario("Ask", &json!({}), &[ask(2, target)]);
    let world = World::with(&Store::Sqlite, &[], asks).await;
    let harmless = world.place.import_text("taker", include_str!("../blueprints/taker.json")).await;
    // The process ends wherever this run is when its module has answered.
    world.place.break_at("answer-read", &[], async |_| _ = world.send("poison").await).await;
    let mut ends = 1;
    while !world.place.executions("running").await.is_empty() {
        assert!(ends < 12, "it is never set aside");
        let started = tokio::time::timeout(
            Duration::from_secs(8),
            world.place.break_at("answer-read", &[], async |_| {
                tokio::time::sleep(Duration::from_secs(3)).await;
            }),
        );
        // Dropped, and with it killed, when nothing ends it any more.
        if started.await.is_err() {
            break;
        }
        ends += 1;
    }
    let server = world.place.start().await;
    // Its scenario is switched off, as others of its runs would do the same.
    assert_eq!(world.send("again").await, Answer::Refused(410));
    harmless.post(b"{}").await.expect(200);
    world.place.idle().await;
    let errors = world.place.executions("error").await;
    println!("set aside after {ends} ends: {errors:?}");
    assert_eq!((errors.len(), world.place.executions("success").await.len()), (1, 1));
    request("GET", &server.url("/health"), &[], b"").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f32_the_same_request_three_times_at_once_is_three_runs_as_in_make() {
    let world = World::new(&[]).await;
    let _server = world.place.start().await;
    let answers = tokio::join!(world.send("k1"), world.send("k1"), world.send("k1"));
    assert_eq!(answers, (Answer::Accepted, Answer::Accepted, Answer::Accepted));
    world.judge(&Promise { accepted: 3, ..told_once() }).await;
    assert_eq!((world.told("k1"), world.place.executions("success").await.len()), (3, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f33_a_sequential_scenario_keeps_the_order_over_a_kill() {
    let only = |target: &str| scenario("Tell", &json!({"sequential": true}), &[tell(2, target)]);
    let world = World::with(&Store::Sqlite, &[], only).await;
    world.auditor.target.usually(Scripted::Late(Duration::from_millis(5)));
    let mut server = world.place.start().await;
    for number in 0..120 {
        if number == 60 {
            server.kill().await;
            server = world.place.start().await;
        }
        world.send(&format!("k{number}")).await;
    }
    // What the kill cut off holds up those behind it until a person decides.
    let ended = async |status| world.place.executions(status).await.len();
    eventually("it is over or held up", async || {
        (ended("in-doubt").await > 0 || ended("success").await == 120).then_some(())
    })
    .await;
    let browser = crate::support::Browser::open(&server).await;
    let doubts = world.place.executions("in-doubt").await;
    assert!(doubts.len() <= 1, "{doubts:?}");
    for line in doubts {
        let id = line.split(' ').next().unwrap();
        browser.post(&format!("/executions/{id}/decide"), &[("decision", "done")]).await.expect(303);
    }
    let promise = Promise { in_order: true, accepted: 119, ..told_once() };
    world.place.idle().await;
    let mut verdict = world.auditor.judge(&world.place.history().await, &promise);
    // The one that was marked as done may not have been told.
    verdict.violations.retain(|violation| !violation.what.contains(&format!("without its {REQUEST}")));
    verdict.violations.retain(|violation| !violation.what.contains(&format!("has no {REQUEST}")));
    verdict.expect_kept();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f34_thousands_that_wait_take_little_memory() {
    let only = |target: &str| scenario("Tell", &json!({"sequential": true}), &[tell(2, target)]);
    let world = World::with(&Store::Sqlite, &["--webhook-queue", "0"], only).await;
    let server = world.place.start().await;
    // The first holds up all others.
    world.auditor.target.answer(Scripted::Late(Duration::from_secs(20)));
    world.send("first").await;
    let before = server.peak_memory();
    let start = std::time::Instant::now();
    let mut sent = 0;
    while start.elapsed() < Duration::from_secs(5) && sent < 2_000 {
        let batch: Vec<String> = (0..20).map(|number| format!("k{}", sent + number)).collect();
        futures(&world, &batch).await;
        sent += batch.len();
    }
    let grown = server.peak_memory() - before;
    println!("{sent} wait in {grown} MiB more");
    assert!(grown < 60, "{sent} requests took {grown} MiB");
    request("GET", &server.url("/login"), &[], b"").await.expect(200);
}

/// Sends these at once.
async fn futures(world: &World, keys: &[String]) {
    let url = format!("http://{}{}", world.hook.hook.address, world.hook.hook.target);
    let mut senders = tokio::task::JoinSet::new();
    for key in keys {
        let (auditor, url, key) = (world.auditor.clone(), url.clone(), key.clone());
        senders.spawn(async move { auditor.send(&url, ("", &key), &body(&key)).await });
    }
    while let Some(answer) = senders.join_next().await {
        assert_eq!(answer.unwrap(), Answer::Accepted);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f35_huge_bodies_are_refused_and_long_lists_run_within_bounds() {
    let place = Place::new(&["--webhook-rate", "0"]);
    let hook = place.import_text("taker", include_str!("../blueprints/taker.json")).await;
    let server = place.start().await;
    let before = server.peak_memory();
    for _ in 0..3 {
        // The server may close before it has all of it.
        if let Ok(answer) = hook.try_post(&vec![b'1'; 100_000_000]).await {
            assert_eq!(answer.status, 413, "{}", answer.text());
        }
    }
    assert!(server.peak_memory() - before < 50, "100 MB were taken in: {} MiB more", server.peak_memory() - before);
    let list = format!("{{\"value\":[{}]}}", vec!["1"; 200_000].join(","));
    hook.post(list.as_bytes()).await.expect(200);
    let field = format!("{{\"value\":\"{}\"}}", "x".repeat(4_500_000));
    hook.post(field.as_bytes()).await.expect(200);
    place.idle().await;
    assert_eq!(place.executions("success").await.len(), 2);
    assert!(server.peak_memory() - before < 400, "{} MiB more", server.peak_memory() - before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f46_without_free_file_handles_it_refuses_and_recovers() {
    let world = World::new(&[]).await;
    let server = world.place.start().await;
    assert_eq!(world.send("before").await, Answer::Accepted);
    world.place.idle().await;
    let id = server.id().to_string();
    let open = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count();
    let limit = async |limit: &str| {
        let status = Command::new("prlimit").args(["--pid", &id, &format!("--nofile={limit}:")]).status().await;
        assert!(status.unwrap().success());
    };
    limit(&(open + 4).to_string()).await;
    // Connections that stay open take what is left.
    let mut held = Vec::new();
    for _ in 0..30 {
        held.push(tokio::net::TcpStream::connect(server.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(held);
    limit("1024").await;
    eventually("it takes requests again", async || (world.send("after").await == Answer::Accepted).then_some(())).await;
    world.judge(&Promise { accepted: 2, ..told_once() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f47_a_log_that_cannot_be_written_stops_no_run() {
    let world = World::new(&[]).await;
    let command = world.place.command(&["serve", "--log", "debug", "--listen", &world.hook.hook.address.to_string()]);
    let command = command.as_std();
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$@\" 2>/dev/full", "sh"]).arg(command.get_program()).args(command.get_args());
    shell.current_dir(env!("CARGO_MANIFEST_DIR")).kill_on_drop(true);
    let _server = world.place.start_as(shell).await;
    for number in 0..20 {
        assert_eq!(world.send(&format!("k{number}")).await, Answer::Accepted);
    }
    world.judge(&Promise { accepted: 20, ..told_once() }).await;
}
