//! A process is killed at every barrier, and the next one on the same file
//! takes the runs up again.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use rouage_model::execution::Status;
use rouage_model::{Collection, ErrorKind, ExecutionId, ModuleError, Value};
use rouage_runtime::Decision;
use rouage_sdk::Settled;
use rouage_store::mails;
use support::{Play, Process, World, killed, page};

const WRITE: &str = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}},
    {"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"then {{2.text}}"}}"#;

/// A run that is killed while its write hangs; nothing or all of it was done.
fn kill_in_a_write(world: &World, play: Play) -> ExecutionId {
    killed(async {
        let process = world.process().await;
        let scenario = process.scenario(WRITE, "{}").await;
        process.script.play("test:Write", play);
        let execution = process.send(&scenario, "an order").await;
        process.script.hangs.notified().await;
        assert_eq!(process.event_names(execution).await, ["started", "called"]);
        execution
    })
}

/// What the next process makes of it when its check says this.
fn settle_as(play: Play, settled: Settled) -> (Status, Vec<String>) {
    let world = World::new();
    let execution = kill_in_a_write(&world, play);
    killed(async {
        let process = world.process_scripted(|script| script.settle(Ok(settled)), |_| {}).await;
        let ended = process.until_over_or_in_doubt(execution).await;
        (ended.status, process.script.effects())
    })
}

#[test]
fn a_write_that_happened_is_not_made_again() {
    let found = Collection::from_iter([("text", "found")]);
    let (status, effects) = settle_as(Play::DoAndHang, Settled::Happened(vec![found.into()]));
    assert_eq!((status, effects), (Status::Success, vec!["then found".to_owned()]));
}

#[test]
fn a_write_that_did_not_happen_is_made_once() {
    let (status, effects) = settle_as(Play::Hang, Settled::DidNotHappen);
    assert_eq!((status, effects), (Status::Success, vec!["an order".to_owned(), "then an order".to_owned()]));
}

fn in_doubt(world: &World) -> ExecutionId {
    let execution = kill_in_a_write(world, Play::DoAndHang);
    killed(async {
        let process = world.process().await;
        process.until(execution, Status::InDoubt).await;
        assert!(process.script.effects().is_empty());
    });
    execution
}

fn decide(decision: Decision) -> (Status, Vec<String>, Vec<&'static str>) {
    let world = World::new();
    let execution = in_doubt(&world);
    killed(async {
        let process = world.process().await;
        // A restart does not decide for the person.
        assert_eq!(process.execution(execution).await.status, Status::InDoubt);
        process.control.decide(process.team, execution, decision.clone()).await.unwrap();
        let ended = process.until_over(execution).await;
        assert!(process.control.decide(process.team, execution, decision).await.is_err());
        (ended.status, process.script.effects(), process.event_names(execution).await)
    })
}

#[test]
fn a_person_may_have_a_write_in_doubt_made_again() {
    let (status, effects, events) = decide(Decision::Retry);
    assert_eq!((status, effects), (Status::Success, vec!["an order".to_owned(), "then an order".to_owned()]));
    assert_eq!(events, ["started", "called", "retrying", "called", "returned", "returned", "finished"]);
}

#[test]
fn a_person_may_skip_a_write_in_doubt() {
    let (status, effects, events) = decide(Decision::Skip);
    assert_eq!((status, effects), (Status::Success, vec![]));
    assert_eq!(events, ["started", "called", "returned", "finished"]);
}

#[test]
fn a_person_may_mark_a_write_in_doubt_as_done() {
    let (status, effects, events) = decide(Decision::MarkAsDone(Value::empty_collection()));
    assert_eq!((status, effects), (Status::Success, vec!["then ".to_owned()]));
    assert_eq!(events, ["started", "called", "returned", "returned", "finished"]);
}

#[test]
fn a_run_that_waits_for_no_decision_goes_on_as_it_was() {
    let world = World::new();
    killed(async {
        let process = world.process().await;
        let scenario = process.scenario(WRITE, "{}").await;
        let down = ModuleError::new(ErrorKind::ConnectionError, "down");
        process.script.play("test:Write", Play::Fail(down));
        let execution = process.send(&scenario, "an order").await;
        process.until(execution, Status::Waiting).await;
        assert!(process.control.decide(process.team, execution, Decision::Skip).await.is_err());
        process.until(execution, Status::Waiting).await;
        assert!(process.script.effects().is_empty());
        world.advance(60);
        assert_eq!(process.until_over(execution).await.status, Status::Success);
    });
}

#[test]
fn a_write_in_doubt_that_cannot_be_resumed_is_not_forgotten() {
    let world = World::new();
    let execution = kill_in_a_write(&world, Play::DoAndHang);
    killed(async {
        let process = world.process_with(|parts| parts.registry = rouage_sdk::Registry::default()).await;
        let ended = process.until_over(execution).await;
        assert!(ended.error.unwrap().ends_with("what module 2 was about to do may have happened"));
    });
}

/// Sends ten orders, kills at the play, and gives what the next process did.
fn twice(modules: &str, module: &'static str, play: Play) -> (Vec<String>, Vec<String>, Vec<String>) {
    let world = World::new();
    let (first, executions) = killed(async {
        let process = world.process_with(|parts| parts.workers = 1).await;
        let scenario = process.scenario(modules, "{}").await;
        process.script.play(module, play);
        let mut executions = Vec::new();
        for number in 0..10 {
            executions.push(process.send(&scenario, &number.to_string()).await);
        }
        process.script.hangs.notified().await;
        (process.script.effects(), executions)
    });
    killed(async {
        let process = world.process().await;
        for execution in executions {
            assert_eq!(process.until_over(execution).await.status, Status::Success);
        }
        let mails = mails::list(&process.store, process.team, None, page()).await.unwrap();
        let mut subjects: Vec<_> = mails.items.into_iter().map(|mail| mail.subject).collect();
        subjects.sort();
        (first, process.script.effects(), subjects)
    })
}

fn numbers() -> Vec<String> {
    (0..10).map(|number| number.to_string()).collect()
}

#[test]
fn staged_effects_are_made_once_wherever_the_process_ends() {
    let mail = r#"{"id":2,"module":"test:Mail","version":1,"mapper":{"text":"{{1.text}}"}},
        {"id":3,"module":"test:Read","version":1,"mapper":{}}"#;
    for (module, play) in [("test:Mail", Play::Hang), ("test:Mail", Play::DoAndHang), ("test:Read", Play::Hang)] {
        let (_, _, mails) = twice(mail, module, play);
        assert_eq!(mails, numbers());
    }
}

#[test]
fn accepted_requests_all_run_after_a_crash() {
    let read = r#"{"id":2,"module":"test:Read","version":1,"mapper":{}},
        {"id":3,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}}"#;
    let (first, second, _) = twice(read, "test:Read", Play::Hang);
    let mut all: Vec<_> = first.into_iter().chain(second).collect();
    all.sort();
    assert_eq!(all, numbers());
}

#[test]
fn an_idempotent_call_keeps_its_key_over_a_crash() {
    let world = World::new();
    let modules = r#"{"id":2,"module":"test:Idempotent","version":1,"mapper":{"text":"{{1.text}}"}}"#;
    let (execution, key) = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(modules, "{}").await;
        process.script.play("test:Idempotent", Play::DoAndHang);
        let execution = process.send(&scenario, "an order").await;
        process.script.hangs.notified().await;
        (execution, process.script.keys())
    });
    killed(async {
        let process = world.process().await;
        assert_eq!(process.until_over(execution).await.status, Status::Success);
        assert_eq!(process.script.keys(), key);
    });
}

#[test]
fn a_delayed_retry_and_a_sleep_keep_their_time_over_a_restart() {
    let world = World::new();
    let sleep = r#"{"id":2,"module":"util:FunctionSleep","version":1,"mapper":{"duration":"120"}},
        {"id":3,"module":"test:Read","version":1,"mapper":{"text":"read"}}"#;
    let execution = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(sleep, "{}").await;
        let execution = process.send(&scenario, "an order").await;
        process.until(execution, Status::Waiting).await;
        execution
    });
    killed(async {
        let process: Process = world.process().await;
        let down = ModuleError::new(ErrorKind::ConnectionError, "down");
        process.script.play("test:Read", Play::Fail(down));
        assert!(process.script.calls().is_empty());
        world.advance(120);
        process.until_calls(1).await;
        process.until(execution, Status::Waiting).await;
    });
    world.advance(59);
    killed(async {
        let process = world.process().await;
        assert_eq!(process.execution(execution).await.status, Status::Waiting);
        world.advance(1);
        assert_eq!(process.until_over(execution).await.status, Status::Success);
        assert_eq!(process.script.calls(), [("test:Read".to_owned(), Value::text("read"))]);
    });
}

#[test]
fn a_run_is_handed_back_when_the_process_ends_in_good_order() {
    let world = World::new();
    let (running, waiting) = killed(async {
        let process = world.process_with(|parts| parts.workers = 1).await;
        let scenario = process.scenario(WRITE, "{}").await;
        process.script.play("test:Write", Play::Hang);
        let running = process.send(&scenario, "one").await;
        process.script.hangs.notified().await;
        let waiting = process.send(&scenario, "two").await;
        let script = process.script.clone();
        let stopping = tokio::spawn(process.runtime.stop(std::time::Duration::from_millis(50)));
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        script.go_on.notify_one();
        stopping.await.unwrap();
        // The write that was under way is kept; what follows is for the next.
        assert_eq!(script.effects(), ["one"]);
        (running, waiting)
    });
    killed(async {
        let process = world.process().await;
        for execution in [running, waiting] {
            let ended = process.until_over(execution).await;
            assert_eq!((ended.status, ended.takeovers), (Status::Success, 0));
        }
        let mut effects = process.script.effects();
        effects.sort();
        assert_eq!(effects, ["then one", "then two", "two"]);
    });
}
