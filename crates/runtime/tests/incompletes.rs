//! Incomplete executions: stored, retried by themselves and by a person,
//! decided, edited, and in the way of a sequential scenario.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::time::Duration;

use rouage_model::execution::{IncompleteReason, IncompleteStatus, Origin, Status};
use rouage_model::{Collection, ErrorKind, ExecutionId, IncompleteId, ModuleError, Value};
use rouage_runtime::{Decision, Edited};
use rouage_sdk::Settled;
use rouage_store::incompletes::{self, Begun, Filter, Incomplete, Limits};
use rouage_store::{executions, notices, scenarios};
use support::{Play, Process, Scenario, World, killed, page};

const WRITE: &str = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"},
    "filter":{"name":"all","conditions":[[{"a":"{{1.text}}","o":"exist"}]]}}"#;
const THEN: &str = r#"{"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"then {{2.text}}"}}"#;
const DLQ: &str = r#"{"dlq":true}"#;

fn flow() -> String {
    format!("{WRITE},{THEN}")
}

fn bad() -> ModuleError {
    ModuleError::data("refused")
}

fn down() -> ModuleError {
    ModuleError::new(ErrorKind::ConnectionError, "down")
}

async fn items(process: &Process) -> Vec<Incomplete> {
    incompletes::list(&process.store, process.team, &Filter::default(), page()).await.unwrap().items
}

async fn item(process: &Process, id: IncompleteId) -> Incomplete {
    incompletes::find(&process.store, process.team, id).await.unwrap().unwrap()
}

/// Waits until the item stands so.
async fn until_item(process: &Process, id: IncompleteId, is_so: impl Fn(&Incomplete) -> bool) -> Incomplete {
    for _ in 0..2_000 {
        let found = item(process, id).await;
        if is_so(&found) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never got there: {:#?}", item(process, id).await);
}

async fn until_status(process: &Process, id: IncompleteId, status: IncompleteStatus) -> Incomplete {
    until_item(process, id, |found| found.status == status).await
}

/// Sends something at which a module fails, and gives what was stored.
async fn store_one(process: &Process, scenario: &Scenario, module: &'static str, error: ModuleError) -> Incomplete {
    process.script.play(module, Play::Fail(error));
    let execution = process.send(scenario, "an order").await;
    let ended = process.until_over(execution).await;
    assert_eq!(ended.status, Status::Warning);
    let why = ended.error.unwrap_or_default();
    assert!(why.starts_with("A bundle was set aside at module "), "a warning says why: {why}");
    items(process).await.into_iter().find(|item| item.execution == execution).unwrap()
}

async fn retry(process: &Process, id: IncompleteId) -> ExecutionId {
    match process.control.retry_incomplete(process.team, id).await.unwrap() {
        Begun::Run(execution) => execution,
        Begun::Waits => panic!("there is room"),
    }
}

fn minutes_until(world: &World, item: &Incomplete) -> Option<i64> {
    let now = rouage_model::Clock::now(world.clock.as_ref());
    item.retry_at.map(|at| at.duration_since(now).as_mins())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_goes_on_at_the_failed_module_and_resolves_the_item() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(&flow(), DLQ).await;
    let stored = store_one(&process, &scenario, "test:Write", bad()).await;
    assert_eq!((stored.status, stored.retry_at), (IncompleteStatus::Unresolved, None));
    let run = retry(&process, stored.id).await;
    let ended = process.until_over(run).await;
    assert_eq!((ended.status, ended.origin, ended.operations), (Status::Success, Origin::Retry, 2));
    assert_eq!(process.script.effects(), ["an order", "then an order"]);
    let found = item(&process, stored.id).await;
    assert_eq!((found.status, found.attempts, found.retried_by), (IncompleteStatus::Resolved, 1, Some(run)));
    let history = process.control.history(process.team, run).await.unwrap().unwrap();
    assert_eq!(history.problem, None);
    let inputs: Vec<_> =
        history.trace.operations.iter().map(|operation| operation.input.field("text").clone()).collect();
    assert_eq!(inputs, [Value::text("an order"), Value::text("then an order")]);
    assert!(process.control.retry_incomplete(process.team, stored.id).await.is_err(), "it is resolved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_module_failing_again_leaves_the_item_and_makes_no_other() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(&flow(), DLQ).await;
    let stored = store_one(&process, &scenario, "test:Write", bad()).await;
    process.script.play("test:Write", Play::Fail(ModuleError::data("refused again")));
    let run = retry(&process, stored.id).await;
    assert_eq!(process.until_over(run).await.status, Status::Warning);
    let found = items(&process).await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].status, found[0].attempts), (IncompleteStatus::Unresolved, 1));
    assert_eq!(found[0].error.message.as_ref(), "refused again");
    let run = retry(&process, stored.id).await;
    assert_eq!(process.until_over(run).await.status, Status::Success);
    assert_eq!(item(&process, stored.id).await.status, IncompleteStatus::Resolved);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_23_a_later_module_failing_makes_a_new_item_and_resolves_the_old_one() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(&flow(), DLQ).await;
    let first = store_one(&process, &scenario, "test:Write", bad()).await;
    process.script.play("test:Idempotent", Play::Fail(bad()));
    let run = retry(&process, first.id).await;
    process.until_over(run).await;
    assert_eq!(item(&process, first.id).await.status, IncompleteStatus::Resolved);
    let second = items(&process).await.remove(0);
    assert_eq!((second.execution, second.module.0, second.status), (run, 3, IncompleteStatus::Unresolved));
    // The retry of a retry: the write before it is not made again.
    let again = retry(&process, second.id).await;
    assert_eq!(process.until_over(again).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["an order", "then an order"]);
    assert_eq!(item(&process, second.id).await.status, IncompleteStatus::Resolved);
    let history = process.control.history(process.team, again).await.unwrap().unwrap();
    assert_eq!((history.problem, history.trace.operations.len()), (None, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_34_a_retry_takes_the_old_blueprint() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(&flow(), DLQ).await;
    let stored = store_one(&process, &scenario, "test:Write", bad()).await;
    let current = scenarios::find(&process.store, process.team, scenario.id).await.unwrap().unwrap();
    let text = rouage_model::json::to_string(current.blueprint.document()).replace("then", "now");
    let blueprint = rouage_model::Blueprint::parse(text.as_bytes()).unwrap();
    let mut tx = process.store.begin().await.unwrap();
    scenarios::update_blueprint(&mut tx, process.team, scenario.id, current.version, &blueprint, &Value::Undefined)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let run = retry(&process, stored.id).await;
    process.until_over(run).await;
    assert_eq!(process.script.effects(), ["an order", "then an order"]);
}

#[test]
fn a_retry_survives_the_end_of_its_process() {
    let world = World::new();
    let (stored, run) = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(&flow(), DLQ).await;
        let stored = store_one(&process, &scenario, "test:Write", bad()).await;
        process.script.play("test:Idempotent", Play::Hang);
        let run = retry(&process, stored.id).await;
        process.script.hangs.notified().await;
        assert_eq!(process.script.effects(), ["an order"]);
        (stored, run)
    });
    killed(async {
        let process = world.process().await;
        assert_eq!(process.until_over(run).await.status, Status::Success);
        assert_eq!(process.script.effects(), ["then an order"]);
        assert_eq!(item(&process, stored.id).await.status, IncompleteStatus::Resolved);
    });
}

#[test]
fn a_process_that_ends_in_an_error_route_stores_the_bundle_once() {
    let world = World::new();
    let broken = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"},
        "onerror":[{"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"told of {{2.error.type}}"}},
        {"id":4,"module":"builtin:Break","version":1,"mapper":{"retry":true,"count":1,"interval":5}}]}"#;
    let run = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(broken, DLQ).await;
        process.script.play("test:Write", Play::Fail(bad()));
        process.script.play("test:Idempotent", Play::DoAndHang);
        let run = process.send(&scenario, "an order").await;
        process.script.hangs.notified().await;
        assert!(items(&process).await.is_empty());
        run
    });
    killed(async {
        let process = world.process().await;
        assert_eq!(process.until_over(run).await.status, Status::Warning);
        assert_eq!(process.script.calls().len(), 1, "the module that failed is not called again");
        let stored = items(&process).await;
        assert_eq!(stored.len(), 1);
        world.advance(5 * 60);
        until_status(&process, stored[0].id, IncompleteStatus::Resolved).await;
        assert_eq!(process.script.effects(), ["told of DataError", "an order"]);
    });
}

#[test]
fn an_effect_in_doubt_inside_a_retry_waits_for_a_person() {
    let world = World::new();
    let (stored, run) = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(&flow(), DLQ).await;
        let stored = store_one(&process, &scenario, "test:Write", bad()).await;
        process.script.play("test:Write", Play::DoAndHang);
        let run = retry(&process, stored.id).await;
        process.script.hangs.notified().await;
        (stored, run)
    });
    killed(async {
        let process = world.process_scripted(|script| script.settle(Ok(Settled::Unknown)), |_| {}).await;
        process.until(run, Status::InDoubt).await;
        assert_eq!(item(&process, stored.id).await.status, IncompleteStatus::InProgress);
        let output = Collection::from_iter([("text", "as typed")]).into();
        process.control.decide(process.team, run, Decision::MarkAsDone(output)).await.unwrap();
        assert_eq!(process.until_over(run).await.status, Status::Success);
        assert_eq!(process.script.effects(), ["then as typed"]);
        assert_eq!(item(&process, stored.id).await.status, IncompleteStatus::Resolved);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_got_further_and_broke_down_is_not_repeated_blindly() {
    let world = World::new();
    let process = world.process().await;
    let rollback = r#"{"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"then {{2.text}}"},
        "onerror":[{"id":4,"module":"builtin:Rollback","version":1}]}"#;
    let scenario = process.scenario(&format!("{WRITE},{rollback}"), DLQ).await;
    let stored = store_one(&process, &scenario, "test:Write", bad()).await;
    process.script.play("test:Idempotent", Play::Fail(bad()));
    let run = retry(&process, stored.id).await;
    assert_eq!(process.until_over(run).await.status, Status::Error);
    let found = item(&process, stored.id).await;
    assert_eq!((found.status, found.reason), (IncompleteStatus::Unresolved, IncompleteReason::MayHaveHappened));
    let output = Collection::from_iter([("text", "an order")]).into();
    let begun = process.control.settle_incomplete(process.team, stored.id, Decision::MarkAsDone(output)).await.unwrap();
    let Begun::Run(run) = begun else { panic!() };
    assert_eq!(process.until_over(run).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["an order", "then an order"], "the write was made once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_is_stopped_leaves_the_item_open() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(&flow(), DLQ).await;
    let stored = store_one(&process, &scenario, "test:Write", bad()).await;
    process.script.play("test:Write", Play::Hang);
    let run = retry(&process, stored.id).await;
    process.script.hangs.notified().await;
    process.control.stop(process.team, run).await.unwrap();
    process.script.go_on.notify_one();
    assert_eq!(process.until_over(run).await.status, Status::Stopped);
    assert_eq!(item(&process, stored.id).await.status, IncompleteStatus::Unresolved);
}

#[test]
fn a_retry_in_doubt_that_is_stopped_is_not_repeated_blindly() {
    let world = World::new();
    let (stored, run) = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(&flow(), DLQ).await;
        let stored = store_one(&process, &scenario, "test:Write", bad()).await;
        process.script.play("test:Write", Play::DoAndHang);
        let run = retry(&process, stored.id).await;
        process.script.hangs.notified().await;
        (stored, run)
    });
    killed(async {
        let process = world.process().await;
        process.until(run, Status::InDoubt).await;
        process.control.stop(process.team, run).await.unwrap();
        process.until(run, Status::Stopped).await;
        let found = item(&process, stored.id).await;
        assert_eq!((found.status, found.reason), (IncompleteStatus::Unresolved, IncompleteReason::MayHaveHappened));
    });
}

#[test]
fn a_retry_that_is_given_up_after_an_effect_is_not_repeated_blindly() {
    let world = World::new();
    let read = r#"{"id":3,"module":"test:Read","version":1,"mapper":{"text":"then"}}"#;
    let (stored, run) = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(&format!("{WRITE},{read}"), DLQ).await;
        let stored = store_one(&process, &scenario, "test:Write", bad()).await;
        process.script.play("test:Read", Play::Hang);
        let run = retry(&process, stored.id).await;
        process.script.hangs.notified().await;
        assert_eq!(process.script.effects(), ["an order"]);
        (stored, run)
    });
    for _ in 0..3 {
        killed(async {
            let process = world.process_scripted(|script| script.play("test:Read", Play::Hang), |_| {}).await;
            process.script.hangs.notified().await;
        });
    }
    killed(async {
        let process = world.process().await;
        let ended = process.until_over(run).await;
        assert!(ended.error.unwrap().starts_with("set aside"));
        let found = item(&process, stored.id).await;
        assert_eq!((found.status, found.reason), (IncompleteStatus::Unresolved, IncompleteReason::MayHaveHappened));
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_happened_is_skipped_marked_as_done_or_made_again() {
    let world = World::new();
    let process = world.process().await;
    // The second route is what the bundle still has before it.
    let routes = r#"{"id":9,"module":"builtin:BasicRouter","version":1,"routes":[{"flow":[
        {"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}},
        {"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"then {{2.text}}"}}]},
        {"flow":[{"id":4,"module":"test:Idempotent","version":1,"mapper":{"text":"later {{1.text}}"}}]}]}"#;
    let scenario = process.scenario(routes, DLQ).await;
    let expected = [
        (Decision::Skip, vec!["later an order"]),
        (Decision::MarkAsDone(Value::empty_collection()), vec!["then ", "later an order"]),
        (Decision::Retry, vec!["an order", "then an order", "later an order"]),
    ];
    for (decision, effects) in expected {
        let stored = store_one(&process, &scenario, "test:Write", down().maybe_applied()).await;
        assert_eq!((stored.reason, stored.retry_at), (IncompleteReason::MayHaveHappened, None));
        let before = process.script.effects().len();
        let begun = process.control.settle_incomplete(process.team, stored.id, decision).await.unwrap();
        let Begun::Run(run) = begun else { panic!() };
        assert_eq!(process.until_over(run).await.status, Status::Success);
        assert_eq!(process.script.effects()[before..], effects);
        assert_eq!(item(&process, stored.id).await.status, IncompleteStatus::Resolved);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_22_a_target_that_is_down_is_stored_at_once_and_tried_by_the_table_of_the_store() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, DLQ).await;
    let stored = store_one(&process, &scenario, "test:Write", down()).await;
    for (tries, minutes) in [1, 10, 10, 30, 30, 30, 180, 180].into_iter().enumerate() {
        let pending = until_status(&process, stored.id, IncompleteStatus::Pending).await;
        assert_eq!((minutes_until(&world, &pending), pending.automatic as usize), (Some(minutes), tries));
        process.script.play("test:Write", Play::Fail(down()));
        world.advance(minutes * 60);
        let tried = u32::try_from(tries).unwrap() + 1;
        until_item(&process, stored.id, |found| found.automatic == tried && found.retried_by.is_some()).await;
        until_item(&process, stored.id, |found| found.status != IncompleteStatus::InProgress).await;
    }
    let left = item(&process, stored.id).await;
    assert_eq!((left.status, left.attempts, left.retry_at), (IncompleteStatus::Unresolved, 8, None));
    assert_eq!(items(&process).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_bundles_go_on_while_one_waits_for_its_retry() {
    let world = World::new();
    let process = world.process().await;
    let iterated = r#"{"id":5,"module":"builtin:BasicFeeder","version":1,"mapper":{"array":"{{split(1.text; \",\")}}"}},
        {"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{5.value}}"}}"#;
    let scenario = process.scenario(iterated, DLQ).await;
    process.script.play("test:Write", Play::Fail(down()));
    let execution = process.send(&scenario, "a,b").await;
    assert_eq!(process.until_over(execution).await.status, Status::Warning);
    assert_eq!(process.script.effects(), ["b"]);
    world.advance(60);
    process.until_effects(2).await;
    assert_eq!(process.script.effects(), ["b", "a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_error_route_a_target_that_is_down_is_not_waited_for() {
    let world = World::new();
    let process = world.process().await;
    let resume = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"},
        "onerror":[{"id":3,"module":"builtin:Resume","version":1,"mapper":{"text":"instead"}}]},
        {"id":4,"module":"test:Idempotent","version":1,"mapper":{"text":"then {{2.text}}"}}"#;
    for settings in ["{}", DLQ] {
        let scenario = process.scenario(resume, settings).await;
        process.script.play("test:Write", Play::Fail(down()));
        let execution = process.send(&scenario, "an order").await;
        assert_eq!(process.until_over(execution).await.status, Status::Success);
    }
    assert_eq!(process.script.effects(), ["then instead", "then instead"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_21_a_break_is_completed_as_often_as_it_says_whatever_the_error() {
    let world = World::new();
    let process = world.process().await;
    let broken = |options: &str| {
        format!(
            r#"{{"id":2,"module":"test:Write","version":1,"mapper":{{"text":"{{{{1.text}}}}"}},
            "onerror":[{{"id":3,"module":"builtin:Break","version":1,"mapper":{options}}}]}}"#
        )
    };
    let scenario = process.scenario(&broken(r#"{"retry":true,"count":2,"interval":7}"#), DLQ).await;
    let stored = store_one(&process, &scenario, "test:Write", bad()).await;
    for tries in 1..=2 {
        let pending = until_status(&process, stored.id, IncompleteStatus::Pending).await;
        assert_eq!(minutes_until(&world, &pending), Some(7));
        process.script.play("test:Write", Play::Fail(bad()));
        world.advance(7 * 60);
        until_item(&process, stored.id, |found| found.automatic == tries).await;
        until_item(&process, stored.id, |found| found.status != IncompleteStatus::InProgress).await;
    }
    assert_eq!(item(&process, stored.id).await.status, IncompleteStatus::Unresolved);
    // A Break that does not complete by itself waits for a person, also when
    // the type of the error would be tried again.
    let scenario = process.scenario(&broken(r#"{"retry":false}"#), DLQ).await;
    let stored = store_one(&process, &scenario, "test:Write", down()).await;
    assert_eq!((stored.status, stored.retry_at), (IncompleteStatus::Unresolved, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn automatic_retries_wait_until_the_scenario_is_on_and_retry_after_is_honoured() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, DLQ).await;
    let busy = ModuleError::new(ErrorKind::RateLimitError, "busy").retry_after(Some(7 * 60));
    let stored = store_one(&process, &scenario, "test:Write", busy).await;
    assert_eq!(minutes_until(&world, &stored), Some(7));
    process.set_enabled(&scenario, false).await;
    world.advance(7 * 60);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(item(&process, stored.id).await.status, IncompleteStatus::Pending);
    process.set_enabled(&scenario, true).await;
    until_status(&process, stored.id, IncompleteStatus::Resolved).await;
    assert_eq!(process.script.effects(), ["an order"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_all_takes_three_at_a_time_until_all_are_done() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, DLQ).await;
    for _ in 0..5 {
        store_one(&process, &scenario, "test:Write", bad()).await;
    }
    let ids: Vec<_> = items(&process).await.iter().map(|item| item.id).collect();
    (0..3).for_each(|_| process.script.play("test:Write", Play::Hang));
    process.control.retry_incompletes(process.team, &ids).await.unwrap();
    process.until_calls(5 + 2).await;
    let counts = executions::counts(&process.store, process.team, scenario.id).await.unwrap();
    assert_eq!(counts.active(), 3);
    for _ in 0..200 {
        process.script.go_on.notify_one();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for id in ids {
        until_status(&process, id, IncompleteStatus::Resolved).await;
    }
    assert_eq!(process.script.effects().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trap_24_a_sequential_scenario_waits_for_its_incomplete_executions() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, r#"{"dlq":true,"sequential":true}"#).await;
    let stored = store_one(&process, &scenario, "test:Write", bad()).await;
    world.advance(1);
    let mut waiting = Vec::new();
    for text in ["b", "c", "d"] {
        waiting.push(process.send(&scenario, text).await);
        world.advance(1);
    }
    for run in &waiting {
        process.until(*run, Status::Waiting).await;
    }
    assert_eq!(process.control.holding_up(process.team, scenario.id).await.unwrap(), 1);
    assert!(process.script.effects().is_empty());
    // The retry is not held up, and may fail.
    process.script.play("test:Write", Play::Fail(bad()));
    let run = retry(&process, stored.id).await;
    process.until_over(run).await;
    assert!(process.script.effects().is_empty());
    retry(&process, stored.id).await;
    for run in waiting {
        assert_eq!(process.until_over(run).await.status, Status::Success);
    }
    assert_eq!(process.script.effects(), ["an order", "b", "c", "d"]);
    assert_eq!(process.control.holding_up(process.team, scenario.id).await.unwrap(), 0);
}

#[test]
fn runs_that_wait_for_an_incomplete_execution_survive_a_restart_and_go_on_when_it_is_deleted() {
    let world = World::new();
    let (stored, waiting) = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(WRITE, r#"{"dlq":true,"sequential":true}"#).await;
        let stored = store_one(&process, &scenario, "test:Write", bad()).await;
        world.advance(1);
        let waiting = process.send(&scenario, "b").await;
        process.until(waiting, Status::Waiting).await;
        (stored, waiting)
    });
    killed(async {
        let process = world.process().await;
        world.advance(11 * 60);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(process.execution(waiting).await.status, Status::Waiting, "it looked again and still waits");
        let mut tx = process.store.begin().await.unwrap();
        incompletes::delete(&mut tx, process.team, stored.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(process.until_over(waiting).await.status, Status::Success);
        assert_eq!(process.script.effects(), ["b"]);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequential_run_that_stored_something_goes_on_past_it() {
    let world = World::new();
    let process = world.process().await;
    let slow = r#"{"id":5,"module":"builtin:BasicFeeder","version":1,"mapper":{"array":"{{split(1.text; \",\")}}"}},
        {"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{5.value}}"}},
        {"id":6,"module":"util:FunctionSleep","version":1,"mapper":{"duration":30}}"#;
    let scenario = process.scenario(slow, r#"{"dlq":true,"sequential":true}"#).await;
    process.script.play("test:Write", Play::Fail(down()));
    let run = process.send(&scenario, "a,b").await;
    process.until(run, Status::Waiting).await;
    // Its own retry is due before it ends, and must not run beside it.
    world.advance(60);
    assert_eq!(process.until_over(run).await.status, Status::Warning);
    let stored = items(&process).await.remove(0);
    let retried = until_item(&process, stored.id, |found| found.automatic == 1).await;
    process.until_effects(2).await;
    process.until(retried.retried_by.unwrap(), Status::Waiting).await;
    world.advance(30);
    until_status(&process, stored.id, IncompleteStatus::Resolved).await;
    assert_eq!(process.script.effects(), ["b", "a"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edited_module_runs_in_a_copy_and_the_scenario_stays() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(&flow(), DLQ).await;
    let stored = store_one(&process, &scenario, "test:Write", bad()).await;
    let opened = process.control.open_incomplete(process.team, stored.id).await.unwrap().unwrap();
    let remainder = opened.remainder.unwrap();
    assert_eq!(remainder.input.unwrap().field("text"), &Value::text("an order"));
    assert_eq!(remainder.bundles[0].1.field("text"), &Value::text("an order"));
    let edit =
        |mapping: &str| Edited { parameters: Collection::new(), mapper: Collection::from_iter([("text", mapping)]) };
    let refused = process.control.run_edited(process.team, stored.id, edit("{{upper(1.text}}")).await;
    assert!(refused.is_err(), "it is no expression");
    let begun = process.control.run_edited(process.team, stored.id, edit("{{upper(1.text)}}")).await.unwrap();
    let Begun::Run(run) = begun else { panic!() };
    let ended = process.until_over(run).await;
    assert_eq!(ended.status, Status::Success);
    assert!(ended.version.0 < 0, "a variant");
    assert_eq!(process.script.effects(), ["AN ORDER", "then AN ORDER"]);
    assert_eq!(item(&process, stored.id).await.status, IncompleteStatus::Resolved);
    let current = scenarios::find(&process.store, process.team, scenario.id).await.unwrap().unwrap();
    assert_eq!(current.version.0, 1);
    let history = process.control.history(process.team, run).await.unwrap().unwrap();
    assert_eq!((history.problem, history.trace.operations.len()), (None, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mapping_that_failed_is_mended_by_an_edit() {
    let world = World::new();
    let process = world.process().await;
    let wrong = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{parseDate(1.text; \"YYYY\")}}"}}"#;
    let scenario = process.scenario(&format!("{wrong},{THEN}"), DLQ).await;
    let run = process.send(&scenario, "an order").await;
    assert_eq!(process.until_over(run).await.status, Status::Warning);
    let stored = items(&process).await.remove(0);
    let edited = Edited { parameters: Collection::new(), mapper: Collection::from_iter([("text", "{{1.text}}")]) };
    // As it is it fails again, at the same place.
    let again = retry(&process, stored.id).await;
    process.until_over(again).await;
    assert_eq!(
        (items(&process).await.len(), item(&process, stored.id).await.status),
        (1, IncompleteStatus::Unresolved)
    );
    let begun = process.control.run_edited(process.team, stored.id, edited).await.unwrap();
    let Begun::Run(run) = begun else { panic!() };
    assert_eq!(process.until_over(run).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["an order", "then an order"]);
}

async fn allow(process: &Process, items: u64) {
    let mut tx = process.store.begin().await.unwrap();
    incompletes::set_limits(&mut tx, Limits { items, bytes: 0 }).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_store_switches_the_scenario_off_and_loses_nothing_silently() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, DLQ).await;
    allow(&process, 1).await;
    store_one(&process, &scenario, "test:Write", bad()).await;
    process.script.play("test:Write", Play::Fail(bad()));
    let run = process.send(&scenario, "b").await;
    let ended = process.until_over(run).await;
    assert_eq!(ended.status, Status::Error);
    assert!(ended.error.unwrap().contains("could not be kept as an incomplete execution"));
    let off = process.until_off(&scenario).await;
    assert!(off.problem.unwrap().contains("its store of incomplete executions is full"));
    let notice = notices::unread(&process.store, process.team, 5).await.unwrap().remove(0);
    assert!(notice.text.contains("“Test”: Switched off because"), "{}", notice.text);
    assert_eq!(items(&process).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_data_loss_a_full_store_costs_the_bundle_and_the_run_says_so() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, r#"{"dlq":true,"dataloss":true}"#).await;
    allow(&process, 1).await;
    store_one(&process, &scenario, "test:Write", bad()).await;
    process.script.play("test:Write", Play::Fail(bad()));
    let run = process.send(&scenario, "b").await;
    assert_eq!(process.until_over(run).await.status, Status::Warning);
    let history = process.control.history(process.team, run).await.unwrap().unwrap();
    let error = history.trace.operations[1].error.clone().unwrap();
    assert!(error.message.starts_with("Lost: the store of incomplete executions is full"), "{}", error.message);
    assert_eq!(items(&process).await.len(), 1);
    let current = scenarios::find(&process.store, process.team, scenario.id).await.unwrap().unwrap();
    assert!(current.enabled);
}

/// The run works for a minute at its first item and may take half of that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_interrupted_run_had_left_is_done_once_although_a_part_of_it_fails() {
    let world = World::new();
    let process = world.process_with(|parts| parts.limits.run_time = Duration::from_secs(30)).await;
    let each = r#"{"id":5,"module":"builtin:BasicFeeder","version":1,"mapper":{"array":"{{split(1.text; \",\")}}"}},
        {"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{5.value}}"}}"#;
    let scenario = process.scenario(each, DLQ).await;
    process.script.play("test:Write", Play::Hang);
    let run = process.send(&scenario, "a,b,c").await;
    process.script.hangs.notified().await;
    world.advance(60);
    process.script.go_on.notify_one();
    assert_eq!(process.until_over(run).await.status, Status::Warning);
    let whole = items(&process).await.remove(0);
    assert_eq!((whole.error.kind, process.script.effects()), (ErrorKind::ExecutionInterruptedError, vec!["a".into()]));
    // The first of the rest fails, the other one does not.
    process.script.play("test:Write", Play::Fail(bad()));
    let rest = retry(&process, whole.id).await;
    assert_eq!(process.until_over(rest).await.status, Status::Warning);
    assert_eq!(process.script.effects(), ["a", "c"]);
    assert_eq!(item(&process, whole.id).await.status, IncompleteStatus::Resolved);
    let failed = items(&process).await.remove(0);
    assert_eq!((failed.execution, failed.status), (rest, IncompleteStatus::Unresolved));
    let last = retry(&process, failed.id).await;
    assert_eq!(process.until_over(last).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["a", "c", "b"]);
}
