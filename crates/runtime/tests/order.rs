//! Sequential scenarios: one run at a time, in order of arrival.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use rouage_model::execution::Status;
use rouage_model::{ErrorKind, ModuleError};
use rouage_runtime::Decision;
use support::{Play, Process, Scenario, World, killed};

const WRITE: &str = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}}"#;
const SEQUENTIAL: &str = r#"{"sequential":true}"#;

/// Sends so many, one after the other, while the first one hangs.
async fn send_many(world: &World, process: &Process, scenario: &Scenario, count: usize) -> Vec<String> {
    process.script.play("test:Write", Play::Hang);
    let mut texts = Vec::new();
    for number in 0..count {
        texts.push(format!("{number:03}"));
        process.send(scenario, &texts[number]).await;
        world.advance_millis(1);
        if number == 0 {
            process.script.hangs.notified().await;
        }
    }
    texts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_requests_keep_their_order_although_there_is_room_for_two() {
    let world = World::new();
    let process = world.process_with(|parts| parts.workers = 1).await;
    let scenario = process.scenario(WRITE, SEQUENTIAL).await;
    let sent = send_many(&world, &process, &scenario, 50).await;
    process.script.go_on.notify_one();
    process.until_effects(50).await;
    assert_eq!(process.script.effects(), sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_lane_keeps_in_memory_keep_their_order_too() {
    let world = World::new();
    let process = world.process_with(|parts| parts.queue_limit = 0).await;
    let scenario = process.scenario(WRITE, SEQUENTIAL).await;
    let sent = send_many(&world, &process, &scenario, 100).await;
    process.script.go_on.notify_one();
    process.until_effects(100).await;
    assert_eq!(process.script.effects(), sent);
}

#[test]
fn what_waits_in_the_database_is_not_overtaken_by_what_is_accepted_now() {
    let world = World::new();
    let (scenario, sent) = killed(async {
        let process = world.process_with(|parts| parts.queue_limit = 0).await;
        let scenario = process.scenario(WRITE, SEQUENTIAL).await;
        let sent = send_many(&world, &process, &scenario, 80).await;
        (scenario, sent)
    });
    killed(async {
        // The first one was under way: it is looked for, and did not happen.
        let settled = |script: &support::Script| script.settle(Ok(rouage_sdk::Settled::DidNotHappen));
        let process = world.process_scripted(settled, |parts| parts.queue_limit = 0).await;
        process.send(&scenario, "later").await;
        process.until_effects(81).await;
        let effects = process.script.effects();
        assert_eq!(effects[..80], sent);
        assert_eq!(effects[80], "later");
    });
}

#[tokio::test]
async fn a_run_that_waits_for_a_retry_holds_up_those_behind_it() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, SEQUENTIAL).await;
    let busy = ModuleError::new(ErrorKind::RateLimitError, "slow down").retry_after(Some(90));
    process.script.play("test:Write", Play::Fail(busy));
    let first = process.send(&scenario, "one").await;
    process.until(first, Status::Waiting).await;
    let mut later = Vec::new();
    for text in ["two", "three"] {
        world.advance_millis(1);
        later.push(process.send(&scenario, text).await);
    }
    for execution in &later {
        process.until(*execution, Status::Waiting).await;
    }
    assert!(process.script.effects().is_empty());
    world.advance(90);
    process.until_over(later[1]).await;
    assert_eq!(process.script.effects(), ["one", "two", "three"]);
}

#[test]
fn runs_that_are_stopped_leave_the_line_at_once_and_hold_up_nobody() {
    let world = World::new();
    let (scenario, first) = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(WRITE, SEQUENTIAL).await;
        process.script.play("test:Write", Play::DoAndHang);
        let first = process.send(&scenario, "one").await;
        process.script.hangs.notified().await;
        (scenario, first)
    });
    killed(async {
        let process = world.process().await;
        process.until(first, Status::InDoubt).await;
        let mut later = Vec::new();
        for text in ["two", "three"] {
            world.advance_millis(1);
            later.push(process.send(&scenario, text).await);
        }
        for execution in &later {
            process.until(*execution, Status::Waiting).await;
        }
        process.control.stop(process.team, later[0]).await.unwrap();
        process.until(later[0], Status::Stopped).await;
        assert_eq!(process.execution(first).await.status, Status::InDoubt);
        process.control.stop(process.team, first).await.unwrap();
        let stopped = process.until(first, Status::Stopped).await;
        assert!(stopped.error.unwrap().contains("may have happened"));
        assert_eq!(process.until_over(later[1]).await.status, Status::Success);
        assert_eq!(process.script.effects(), ["three"]);
    });
}

#[test]
fn a_run_in_doubt_holds_up_those_behind_it_until_it_is_decided() {
    let world = World::new();
    let (scenario, first) = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(WRITE, SEQUENTIAL).await;
        process.script.play("test:Write", Play::DoAndHang);
        let first = process.send(&scenario, "one").await;
        process.script.hangs.notified().await;
        (scenario, first)
    });
    killed(async {
        let process = world.process().await;
        process.until(first, Status::InDoubt).await;
        world.advance_millis(1);
        let second = process.send(&scenario, "two").await;
        process.until(second, Status::Waiting).await;
        process.control.decide(process.team, first, Decision::Skip).await.unwrap();
        assert_eq!(process.until_over(second).await.status, Status::Success);
        assert_eq!(process.script.effects(), ["two"]);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_does_not_take_the_room_of_other_scenarios() {
    let world = World::new();
    let process = world.process().await;
    let lane = process.scenario(WRITE, SEQUENTIAL).await;
    let read = r#"{"id":2,"module":"test:Read","version":1,"mapper":{}}"#;
    let other = process.scenario(read, "{}").await;
    let sent = send_many(&world, &process, &lane, 20).await;
    for _ in 0..5 {
        let execution = process.send(&other, "other").await;
        assert_eq!(process.until_over(execution).await.status, Status::Success);
    }
    assert!(process.script.effects().is_empty());
    process.script.go_on.notify_one();
    process.until_effects(20).await;
    assert_eq!(process.script.effects(), sent);
}

/// A run that has begun and waits, and then the clock is set back an hour.
async fn one_that_waits_before_the_clock_is_set_back(world: &World, process: &Process, scenario: &Scenario) {
    let busy = ModuleError::new(ErrorKind::RateLimitError, "slow down").retry_after(Some(90));
    process.script.play("test:Write", Play::Fail(busy));
    let first = process.send(scenario, "one").await;
    process.until(first, Status::Waiting).await;
    world.advance(-3_600);
}

#[test]
fn a_run_that_has_begun_is_not_overtaken_when_the_clock_is_set_back() {
    let world = World::new();
    let scenario = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(WRITE, SEQUENTIAL).await;
        one_that_waits_before_the_clock_is_set_back(&world, &process, &scenario).await;
        scenario
    });
    killed(async {
        let process = world.process().await;
        let second = process.send(&scenario, "two").await;
        process.until(second, Status::Waiting).await;
        assert!(process.script.effects().is_empty());
        world.advance(3_690);
        process.until_over(second).await;
        assert_eq!(process.script.effects(), ["one", "two"]);
    });
}

#[tokio::test]
async fn the_order_holds_among_those_that_arrive_after_the_clock_was_set_back() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, SEQUENTIAL).await;
    let before = process.send(&scenario, "before").await;
    process.until_over(before).await;
    world.advance(-3_600);
    let busy = ModuleError::new(ErrorKind::RateLimitError, "slow down").retry_after(Some(90));
    process.script.play("test:Write", Play::Fail(busy));
    let first = process.send(&scenario, "one").await;
    process.until(first, Status::Waiting).await;
    world.advance_millis(1);
    let second = process.send(&scenario, "two").await;
    process.until(second, Status::Waiting).await;
    world.advance(90);
    process.until_over(second).await;
    assert_eq!(process.script.effects(), ["before", "one", "two"]);
}
