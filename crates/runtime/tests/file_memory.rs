//! A large file goes through a run and not through the memory. Alone in its
//! program, as it measures the memory of all of it.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use rouage_model::execution::Status;
use support::World;
use support::files::{BLOCK, Peer, download, process, upload};

const MEGABYTE: usize = 1024 * 1024;

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
