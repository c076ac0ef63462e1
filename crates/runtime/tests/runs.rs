//! Runs from their acceptance to their end, with everything that may go wrong
//! in a module.

mod support;

use rouage_model::execution::{IncompleteReason, Status};
use rouage_model::journal::Event;
use rouage_model::{ErrorKind, ModuleError, ModuleId, Value};
use rouage_sdk::Settled;
use rouage_store::{incompletes, mails, scenarios};
use support::{Play, World, page};

const WRITE: &str = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}}"#;
const READ: &str = r#"{"id":2,"module":"test:Read","version":1,"mapper":{"text":"{{1.text}}"}}"#;
const IDEMPOTENT: &str = r#"{"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"then {{2.text}}"}}"#;
const MAIL: &str = r#"{"id":4,"module":"test:Mail","version":1,"mapper":{"text":"mail {{3.text}}"}}"#;

fn down() -> ModuleError {
    ModuleError::new(ErrorKind::ConnectionError, "the other side is down")
}

#[tokio::test]
async fn an_accepted_request_runs_to_its_end_and_its_history_is_what_happened() {
    let (world, flow) = (World::new(), format!("{WRITE},{IDEMPOTENT},{MAIL}"));
    let process = world.process().await;
    let scenario = process.scenario(&flow, "{}").await;
    let execution = process.send(&scenario, "an order").await;
    let ended = process.until_over(execution).await;
    assert_eq!((ended.status, ended.operations, ended.error), (Status::Success, 4, None));
    assert_eq!(process.script.effects(), ["an order", "then an order"]);
    let sent = mails::list(&process.store, process.team, None, page()).await.unwrap();
    assert_eq!(sent.items[0].subject, "mail then an order");

    let history = process.control.history(process.team, execution).await.unwrap().unwrap();
    assert_eq!(history.problem, None);
    let calls = history.trace.operations.iter().skip(1).map(|operation| operation.input.field("text").clone());
    let live: Vec<Value> = process.script.calls().into_iter().map(|(_, input)| input).collect();
    assert_eq!(calls.collect::<Vec<_>>(), live);
    let modules: Vec<_> = history.trace.operations.iter().map(|operation| operation.module).collect();
    assert_eq!(modules, [1, 2, 3, 4].map(ModuleId));
    let expected = ["started", "called", "returned", "returned", "returned", "finished"];
    assert_eq!(process.event_names(execution).await, expected);
}

#[tokio::test]
async fn the_answer_of_a_write_is_kept_before_its_guard_falls() {
    // A pure module asks for nothing to be written before it.
    let pure = r#"{"id":3,"module":"test:Pure","version":1,"mapper":{}}"#;
    let (world, flow) = (World::new(), format!("{WRITE},{pure}"));
    let process = world.process().await;
    let scenario = process.scenario(&flow, "{}").await;
    process.script.play("test:Write", Play::Hang);
    process.script.play("test:Pure", Play::Hang);
    let execution = process.send(&scenario, "an order").await;
    process.script.hangs.notified().await;
    assert!(process.script.is_guarded());
    assert_eq!(process.event_names(execution).await, ["started", "called"]);
    process.script.go_on.notify_one();
    process.script.hangs.notified().await;
    assert!(!process.script.is_guarded());
    assert_eq!(process.event_names(execution).await, ["started", "called", "returned"]);
    process.script.go_on.notify_one();
    assert_eq!(process.until_over(execution).await.status, Status::Success);
}

#[tokio::test]
async fn retry_after_is_waited_for_and_then_the_call_is_made_again() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    let busy = ModuleError::new(ErrorKind::RateLimitError, "slow down").retry_after(Some(90));
    process.script.play("test:Write", Play::Fail(busy));
    let execution = process.send(&scenario, "an order").await;
    let waiting = process.until(execution, Status::Waiting).await;
    let now = rouage_model::Clock::now(world.clock.as_ref());
    assert_eq!(waiting.wake_at.unwrap().duration_since(now).as_secs(), 90);
    assert!(process.script.effects().is_empty());
    world.advance(90);
    assert_eq!(process.until_over(execution).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["an order"]);
    let expected = ["started", "called", "retrying", "called", "returned", "finished"];
    assert_eq!(process.event_names(execution).await, expected);
}

#[tokio::test]
async fn a_target_that_is_down_is_tried_by_the_table_until_it_ends() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(READ, "{}").await;
    for _ in 0..9 {
        process.script.play("test:Read", Play::Fail(down()));
    }
    let execution = process.send(&scenario, "an order").await;
    for minutes in [1, 2, 5, 10, 60, 180, 720, 1440] {
        let waiting = process.until(execution, Status::Waiting).await;
        let now = rouage_model::Clock::now(world.clock.as_ref());
        assert_eq!(waiting.wake_at.unwrap().duration_since(now).as_mins(), minutes);
        world.advance(minutes * 60);
        let tried = process.script.calls().len();
        process.until_calls(tried + 1).await;
    }
    let ended = process.until_over(execution).await;
    assert_eq!((ended.status, process.script.calls().len()), (Status::Error, 9));
    assert_eq!(ended.error.unwrap(), "ConnectionError: the other side is down");
}

#[tokio::test]
async fn a_write_that_may_have_happened_is_not_repeated() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, r#"{"dlq":true}"#).await;
    process.script.play("test:Write", Play::DoAndFail(down().maybe_applied()));
    let execution = process.send(&scenario, "an order").await;
    assert_eq!(process.until_over(execution).await.status, Status::Warning);
    assert_eq!(process.script.effects(), ["an order"]);
    let parked =
        incompletes::list(&process.store, process.team, &incompletes::Filter::default(), page()).await.unwrap();
    assert_eq!(parked.items[0].reason, IncompleteReason::MayHaveHappened);
}

#[tokio::test]
async fn a_write_that_may_have_happened_is_settled_by_its_check() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(&format!("{WRITE},{IDEMPOTENT}"), "{}").await;
    process.script.play("test:Write", Play::DoAndFail(down().maybe_applied()));
    let bundle = rouage_model::Collection::from_iter([("text", "found")]);
    process.script.settle(Ok(Settled::Happened(vec![bundle.into()])));
    let execution = process.send(&scenario, "an order").await;
    assert_eq!(process.until_over(execution).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["an order", "then found"]);

    process.script.play("test:Write", Play::Fail(down().maybe_applied()));
    process.script.settle(Ok(Settled::DidNotHappen));
    let execution = process.send(&scenario, "another").await;
    process.until(execution, Status::Waiting).await;
    world.advance(60);
    assert_eq!(process.until_over(execution).await.status, Status::Success);
    assert_eq!(process.script.effects()[2..], ["another", "then another"]);
}

#[tokio::test]
async fn a_read_that_gave_no_answer_is_repeated() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(READ, "{}").await;
    process.script.play("test:Read", Play::Fail(down().maybe_applied()));
    let execution = process.send(&scenario, "an order").await;
    process.until(execution, Status::Waiting).await;
    world.advance(60);
    assert_eq!(process.until_over(execution).await.status, Status::Success);
}

#[tokio::test]
async fn a_module_that_gives_no_answer_is_ended() {
    let world = World::new();
    // The fence behind the module's own time is five seconds after it.
    let process = world.process_with(|parts| parts.module_timeout = std::time::Duration::ZERO).await;
    let scenario = process.scenario(WRITE, "{}").await;
    process.script.play("test:Write", Play::DoAndHang);
    let execution = process.send(&scenario, "an order").await;
    let ended = process.until_over(execution).await;
    assert_eq!(ended.error.unwrap(), "ModuleTimeoutError: the module gave no answer within 5 seconds");
    let events = process.events(execution).await;
    let maybe = events.iter().any(|event| match event {
        Event::Failed { error, .. } => error.certainty == rouage_model::Certainty::MaybeApplied,
        _ => false,
    });
    assert!(maybe && process.script.effects() == ["an order"]);
}

#[tokio::test]
async fn a_module_that_breaks_down_ends_one_run_with_a_reason() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    process.script.play("test:Write", Play::Panic);
    let broken = process.send(&scenario, "one").await;
    let ended = process.until_over(broken).await;
    assert_eq!(ended.status, Status::Error);
    assert!(ended.error.unwrap().contains("the module broke down"));
    let next = process.send(&scenario, "two").await;
    assert_eq!(process.until_over(next).await.status, Status::Success);
}

#[tokio::test]
async fn a_waiting_a_sleeping_and_a_running_execution_are_stopped() {
    let world = World::new();
    let process = world.process().await;
    let waits = process.scenario(READ, "{}").await;
    process.script.play("test:Read", Play::Fail(down()));
    let waiting = process.send(&waits, "an order").await;
    let sleeps = process
        .scenario(
            &format!(r#"{{"id":9,"module":"util:FunctionSleep","version":1,"mapper":{{"duration":"300"}}}},{WRITE}"#),
            "{}",
        )
        .await;
    let sleeping = process.send(&sleeps, "an order").await;
    for execution in [waiting, sleeping] {
        process.until(execution, Status::Waiting).await;
        process.control.stop(process.team, execution).await.unwrap();
        assert_eq!(process.until_over(execution).await.status, Status::Stopped);
    }
    let runs = process.scenario(&format!("{WRITE},{IDEMPOTENT}"), "{}").await;
    process.script.play("test:Write", Play::Hang);
    let running = process.send(&runs, "an order").await;
    process.script.hangs.notified().await;
    process.control.stop(process.team, running).await.unwrap();
    process.script.go_on.notify_one();
    let stopped = process.until_over(running).await;
    assert_eq!((stopped.status, stopped.error.as_deref()), (Status::Stopped, Some("stopped by hand")));
    // The answer that was under way is kept, and nothing came after it.
    assert_eq!(process.event_names(running).await, ["started", "called", "returned", "finished"]);
    assert_eq!(process.script.effects(), ["an order"]);
    assert!(process.control.stop(process.team, running).await.is_err());
}

#[tokio::test]
async fn errors_in_a_row_switch_a_scenario_off_and_say_why() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, r#"{"maxErrors":2}"#).await;
    let refused = || Play::Fail(ModuleError::data("no such column"));
    process.script.play("test:Write", refused());
    process.until_over(process.send(&scenario, "one").await).await;
    assert!(process.control.hook(&scenario.token).unwrap().scenario.as_ref().unwrap().enabled);
    process.script.play("test:Write", refused());
    process.until_over(process.send(&scenario, "two").await).await;
    let off = process.until_off(&scenario).await;
    let problem = off.problem.unwrap();
    let last = "The last one: The module could not use the data. no such column.";
    assert!(
        problem.starts_with(&format!("Switched off because 2 runs in a row ended with an error. {last} ")),
        "{problem}"
    );
    assert!(problem.ends_with("then switch the scenario on again."));
}

#[tokio::test]
async fn a_rollback_that_the_user_wants_does_not_count() {
    let world = World::new();
    let process = world.process().await;
    let write = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"x"},
        "onerror":[{"id":3,"module":"builtin:Rollback","version":1}]}"#;
    let scenario = process.scenario(write, r#"{"maxErrors":1}"#).await;
    process.script.play("test:Write", Play::Fail(ModuleError::data("bad")));
    let execution = process.send(&scenario, "an order").await;
    assert_eq!(process.until_over(execution).await.status, Status::Error);
    let (store, team) = (process.store.clone(), process.team);
    process.runtime.stop(std::time::Duration::from_secs(5)).await;
    let after = scenarios::find(&store, team, scenario.id).await.unwrap().unwrap();
    assert_eq!((after.enabled, after.consecutive_errors), (true, 0));
}

#[tokio::test]
async fn a_refused_account_switches_a_scenario_off_at_once() {
    for settings in ["{}", r#"{"dlq":true}"#] {
        let world = World::new();
        let process = world.process().await;
        let scenario = process.scenario(WRITE, settings).await;
        let refused = ModuleError::new(ErrorKind::AccountValidationError, "the password is wrong");
        process.script.play("test:Write", Play::Fail(refused));
        process.send(&scenario, "an order").await;
        let off = process.until_off(&scenario).await;
        assert!(off.problem.unwrap().starts_with("Switched off because the account of module 2 was refused. Renew it"));
    }
}

#[tokio::test]
async fn a_scenario_that_is_tried_out_gets_no_problem() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(WRITE, r#"{"maxErrors":1}"#).await;
    process.script.play("test:Write", Play::Fail(ModuleError::data("bad")));
    let execution = process.run_by_hand(&scenario).await;
    process.until_over(execution).await;
    // The run is over before the scenario is looked at: let the runtime end.
    let (store, team) = (process.store.clone(), process.team);
    process.runtime.stop(std::time::Duration::from_secs(5)).await;
    assert_eq!(scenarios::find(&store, team, scenario.id).await.unwrap().unwrap().problem, None);
}
