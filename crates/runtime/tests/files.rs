//! Files: as handles through a run, never as a whole in memory, and as bytes
//! where something needs them.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rouage_model::execution::Status;
use rouage_model::journal::Event;
use rouage_model::{Buffer, Collection, Content, Value};
use rouage_sdk::guard::{Guard, Policy};
use rouage_sdk::{Registry, http};
use rouage_store::{NewDelivery, blobs};
use support::files::{BLOCK, Peer};
use support::{Process, Script, World};

const MEGABYTE: usize = 1024 * 1024;

/// A process that may talk to the peer, and whose files have a limit.
async fn process(world: &World, peer: &Peer, limit: u64) -> (Process, Arc<Script>) {
    let script = Arc::new(Script::default());
    let apps = vec![support::files::app(), support::scripted(&script)];
    let policy = Policy::parse(&[peer.address.clone()]).unwrap();
    let process = world.process_with(|parts| {
        parts.registry = Registry::new(apps);
        parts.http = http::Client::new(Guard::new(policy));
        parts.module_timeout = Duration::from_secs(120);
        parts.limits.file_bytes = limit;
    });
    (process.await, script)
}

fn download(peer: &Peer, bytes: usize) -> String {
    format!(
        r#"{{"id":2,"module":"file:Download","version":1,"mapper":{{"url":"http://{}/{bytes}"}}}}"#,
        peer.address
    )
}

fn upload(peer: &Peer) -> String {
    format!(
        r#"{{"id":3,"module":"file:Upload","version":1,"mapper":{{"url":"http://{}/","data":"{{{{2.data}}}}"}}}}"#,
        peer.address
    )
}

/// A number of `/proc/self/status`, in bytes.
fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes_go_through_a_run_and_not_through_the_memory() {
    let (world, peer) = (World::new(), Peer::start().await);
    let (process, _) = process(&world, &peer, 100 * MEGABYTE as u64).await;
    let flow = format!("{},{}", download(&peer, 100 * MEGABYTE), upload(&peer));
    let scenario = process.scenario(&flow, "{}").await;
    // Once with little, so that what is made at the first use is not counted.
    let little = process.scenario(&format!("{},{}", download(&peer, MEGABYTE), upload(&peer)), "{}").await;
    process.until(process.send(&little, "x").await, Status::Success).await;
    let before = memory("VmRSS");
    let execution = process.send(&scenario, "x").await;
    let ended = tokio::time::timeout(Duration::from_secs(300), async {
        loop {
            let found = process.execution(execution).await;
            if found.status.is_final() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let ended = ended.await.unwrap();
    let grown = memory("VmHWM").saturating_sub(before);
    assert_eq!((ended.status, ended.error), (Status::Success, None));
    assert!(grown < 30 * MEGABYTE, "the memory grew by {grown} bytes");
    let sum: u64 = BLOCK.iter().map(|byte| u64::from(*byte)).sum();
    let total = 101 * MEGABYTE as u64;
    let received = (peer.received.0.load(Ordering::SeqCst), peer.received.1.load(Ordering::SeqCst));
    assert_eq!(received, (total, total / BLOCK.len() as u64 * sum));
    // The journal has the handle alone.
    let length: usize = process.events(execution).await.iter().map(|event| event.encode().len()).sum();
    assert!(length < 4_000, "the journal has {length} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expressions_and_modules_read_what_they_need() {
    let (world, peer) = (World::new(), Peer::start().await);
    let (process, script) = process(&world, &peer, 100 * MEGABYTE as u64).await;
    let text = "{{length(2.data)}} {{substring(toString(2.data); 0; 3)}} {{length(base64(2.data))}}";
    let flow = format!(
        r#"{},{{"id":3,"module":"test:Pure","version":1,"mapper":{{"text":"{text}"}}}},
            {{"id":4,"module":"test:Pure","version":1,"mapper":{{"text":"{{{{2.data}}}}"}}}}"#,
        download(&peer, 600_000)
    );
    let scenario = process.scenario(&flow, "{}").await;
    let execution = process.send(&scenario, "x").await;
    process.until(execution, Status::Success).await;
    let calls = script.calls();
    assert_eq!(calls[0].1, Value::from("600000 012 800000"));
    // A module that does not say that it takes files is given the bytes.
    let Value::Buffer(Buffer { content: Content::Inline(bytes), .. }) = &calls[1].1 else { panic!("{:?}", calls[1].1.type_name()) };
    assert_eq!((bytes.len(), &bytes[..3]), (600_000, &b"012"[..]));
    // The history computes the same again.
    let history = process.control.history(process.team, execution).await.unwrap().unwrap();
    assert_eq!(history.problem, None);
    assert_eq!(history.trace.operations[2].input.field("text"), &calls[0].1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_beyond_the_limit_fails_the_run_and_is_not_kept() {
    let (world, peer) = (World::new(), Peer::start().await);
    let (process, _) = process(&world, &peer, MEGABYTE as u64).await;
    let scenario = process.scenario(&download(&peer, MEGABYTE + 1), "{}").await;
    let execution = process.send(&scenario, "x").await;
    process.until(execution, Status::Error).await;
    let failed = process.events(execution).await.into_iter().find_map(|event| match event {
        Event::Failed { error, .. } => Some(error.kind.to_string()),
        _ => None,
    });
    assert_eq!(failed.as_deref(), Some("MaxFileSizeExceededError"));
    assert_eq!(blobs::usage(&process.store).await.unwrap(), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_a_webhook_brings_is_stored_with_the_request() {
    let (world, peer) = (World::new(), Peer::start().await);
    let (process, script) = process(&world, &peer, 100 * MEGABYTE as u64).await;
    let flow = r#"{"id":2,"module":"test:Pure","version":1,"mapper":{"text":"{{length(1.file.data)}}"}}"#;
    let scenario = process.scenario(flow, "{}").await;
    let file = Collection::from_iter([("name", Value::from("a.bin")), ("data", Value::buffer(vec![7; MEGABYTE]))]);
    let bundle: Value = Collection::from_iter([("file", file)]).into();
    let hook = process.control.hook(&scenario.token).unwrap();
    let delivery = NewDelivery {
        received_at: rouage_model::Clock::now(world.clock.as_ref()),
        method: "POST".into(),
        query: String::new(),
        headers: Vec::new(),
        ip: "127.0.0.1".into(),
        size: MEGABYTE as u64,
        content_type: "multipart/form-data".into(),
    };
    let delivered = process.control.deliver(&hook, delivery, vec![bundle], None).await.unwrap();
    let execution = delivered.execution.unwrap();
    process.until(execution, Status::Success).await;
    assert_eq!(script.calls()[0].1, Value::from(MEGABYTE));
    let Event::Started { bundles: Some(bundles), .. } = &process.events(execution).await[0] else { panic!() };
    assert!(bundles[0].has_stored_file());
    assert_eq!(blobs::usage(&process.store).await.unwrap(), (1, MEGABYTE as u64));
}
