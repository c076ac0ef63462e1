//! A node that was paused beyond its lease changes nothing any more.

mod support;

use rouage_model::execution::Status;
use rouage_sdk::Settled;
use support::{Play, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_lease_went_to_another_writes_nothing_more() {
    let world = World::new();
    let modules = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}},
        {"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"then {{2.text}}"}}"#;
    let paused = world.process().await;
    let scenario = paused.scenario(modules, "{}").await;
    paused.script.play("test:Write", Play::DoAndHang);
    let execution = paused.send(&scenario, "an order").await;
    paused.script.hangs.notified().await;

    let found = rouage_model::Collection::from_iter([("text", "found")]);
    let settled = Ok(Settled::Happened(vec![found.into()]));
    let other = world.process_scripted(|script| script.settle(settled), |_| {}).await;
    assert_eq!(other.until_over(execution).await.status, Status::Success);
    let written = other.events(execution).await;

    paused.script.go_on.notify_one();
    let script = paused.script.clone();
    paused.runtime.stop(std::time::Duration::from_secs(10)).await;
    assert_eq!(other.events(execution).await, written);
    // Not a call more: what came after the write is the other's.
    assert_eq!(script.effects(), ["an order"]);
    assert_eq!(other.script.effects(), ["then found"]);
    assert_eq!(other.execution(execution).await.takeovers, 1);
}
