//! Files: as handles through a run, and as bytes where something needs them.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::time::Duration;

use rouage_model::execution::Status;
use rouage_model::journal::Event;
use rouage_model::{Buffer, Collection, Content, Value};
use rouage_store::{NewDelivery, blobs};
use support::World;
use support::files::{Peer, download, process};

const MEGABYTE: usize = 1024 * 1024;

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
    let Value::Buffer(Buffer { content: Content::Inline(bytes), .. }) = &calls[1].1 else {
        panic!("{:?}", calls[1].1.type_name())
    };
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
async fn bytes_that_a_module_gives_are_stored_and_not_written_down() {
    let (world, peer) = (World::new(), Peer::start().await);
    for (limit, is_stored) in [(100 * MEGABYTE, true), (MEGABYTE / 2, false)] {
        let (process, _) = process(&world, &peer, limit as u64).await;
        let flow = r#"{"id":2,"module":"file:Make","version":1,"mapper":{}}"#;
        let scenario = process.scenario(flow, "{}").await;
        let execution = process.send(&scenario, "x").await;
        // What a write gave is not lost when its file cannot be stored.
        process.until(execution, Status::Success).await;
        let events = process.events(execution).await;
        let Some(Event::Returned { bundles, .. }) = events.iter().find(|event| event.name() == "returned") else {
            panic!("{events:?}")
        };
        assert_eq!(bundles[0].has_stored_file(), is_stored);
        assert_eq!(bundles[0].field("data").type_name(), "buffer");
        process.runtime.stop(Duration::from_secs(5)).await;
    }
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
