//! The life of a run after it began: stopped, replayed, run alone, cut at a
//! limit, set aside, without its bundles, and gone from the history.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::time::Duration;

use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::{ErrorKind, ModuleError, ModuleId, Value};
use rouage_runtime::{ControlError, RunOnce};
use rouage_store::retention::{self, Own};
use rouage_store::{Lineage, executions, scenarios};
use support::{Play, Process, World, killed};

const WRITE: &str = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}}"#;
const READ: &str = r#"{"id":2,"module":"test:Read","version":1,"mapper":{"text":"{{1.text}}"}}"#;
const SLEEP: &str = r#"{"id":2,"module":"util:FunctionSleep","version":1,"mapper":{"duration":"300"}}"#;

/// Runs until it ends, but no longer than stopping may take.
async fn stopped(process: &Process, execution: rouage_model::ExecutionId) -> executions::Execution {
    let asked = std::time::Instant::now();
    process.control.stop(process.team, execution).await.unwrap();
    let ended = process.until_over(execution).await;
    assert!(asked.elapsed() < Duration::from_secs(1), "it took {:?}", asked.elapsed());
    assert_eq!(ended.status, Status::Stopped);
    assert!(process.control.stop(process.team, execution).await.is_err());
    ended
}

fn down() -> ModuleError {
    ModuleError::new(ErrorKind::ConnectionError, "the other side is down")
}

#[tokio::test]
async fn a_sleeping_run_stops_at_once() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(SLEEP, "{}").await;
    let execution = process.send(&scenario, "x").await;
    process.until(execution, Status::Waiting).await;
    stopped(&process, execution).await;
    assert_eq!(process.event_names(execution).await, ["started", "sleeping", "finished"]);
}

#[tokio::test]
async fn a_run_that_waits_for_a_retry_stops_at_once() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    process.script.play("test:Write", Play::Fail(down().retry_after(Some(90))));
    let execution = process.send(&scenario, "x").await;
    process.until(execution, Status::Waiting).await;
    stopped(&process, execution).await;
    assert!(process.script.effects().is_empty());
}

#[tokio::test]
async fn a_run_that_waits_in_a_lane_stops_while_another_runs() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, r#"{"sequential":true}"#).await;
    process.script.play("test:Write", Play::Hang);
    let first = process.send(&scenario, "first").await;
    process.script.hangs.notified().await;
    let second = process.send(&scenario, "second").await;
    stopped(&process, second).await;
    process.script.go_on.notify_one();
    assert_eq!(process.until_over(first).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["first"]);
}

#[tokio::test]
async fn a_queued_run_stops_while_all_workers_are_busy() {
    let world = World::new();
    let process = world.process_with(|parts| parts.workers = 1).await;
    let scenario = process.scenario(WRITE, "{}").await;
    process.script.play("test:Write", Play::Hang);
    let first = process.send(&scenario, "first").await;
    process.script.hangs.notified().await;
    // One waits for the worker in memory, the others in the store.
    let mut others = Vec::new();
    for _ in 0..5 {
        others.push(process.send(&scenario, "other").await);
    }
    // Nor does one that somebody asks for overtake them.
    let by_hand = process.run_by_hand(&scenario).await;
    assert_eq!(process.execution(by_hand).await.status, Status::Queued);
    others.push(by_hand);
    for other in others {
        stopped(&process, other).await;
    }
    process.script.go_on.notify_one();
    assert_eq!(process.until_over(first).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["first"]);
}

#[tokio::test]
async fn a_run_that_reads_is_cut_and_one_that_writes_ends_after_its_answer() {
    let world = World::new();
    let process = world.process().await;
    let reading = process.scenario(READ, "{}").await;
    process.script.play("test:Read", Play::Hang);
    let execution = process.send(&reading, "x").await;
    process.script.hangs.notified().await;
    stopped(&process, execution).await;

    let then = r#"{"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"then {{2.text}}"}}"#;
    let writing = process.scenario(&format!("{WRITE},{then}"), "{}").await;
    process.script.play("test:Write", Play::Hang);
    let execution = process.send(&writing, "an order").await;
    process.script.hangs.notified().await;
    process.control.stop(process.team, execution).await.unwrap();
    process.script.go_on.notify_one();
    let ended = process.until_over(execution).await;
    assert_eq!((ended.status, ended.error.as_deref()), (Status::Stopped, Some("stopped by hand")));
    assert_eq!(process.script.effects(), ["an order"]);
    assert_eq!(process.event_names(execution).await, ["started", "called", "returned", "finished"]);
}

#[tokio::test]
async fn a_replay_runs_todays_scenario_with_the_data_of_an_old_run() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    let source = process.send(&scenario, "an order").await;
    process.until_over(source).await;
    let current = scenarios::find(&process.store, process.team, scenario.id).await.unwrap().unwrap();
    let edited = WRITE.replace("{{1.text}}", "edited {{1.text}}");
    let blueprint = format!(r#"{{"name":"Test","flow":[{{"id":1,"module":"test:Hook","version":1}},{edited}]}}"#);
    let blueprint = rouage_model::Blueprint::parse(blueprint.as_bytes()).unwrap();
    let mut tx = process.store.begin().await.unwrap();
    let version = current.version;
    scenarios::update_blueprint(&mut tx, process.team, scenario.id, version, &blueprint, &current.links).await.unwrap();
    tx.commit().await.unwrap();
    let replay = process.control.replay(process.team, source).await.unwrap();
    let ended = process.until_over(replay).await;
    assert_eq!(
        (ended.status, ended.origin, ended.lineage),
        (Status::Success, Origin::Replay, Lineage::Replay { source })
    );
    assert_eq!(process.script.effects(), ["an order", "edited an order"]);
    // A replay can be replayed.
    let again = process.control.replay(process.team, replay).await.unwrap();
    assert_eq!(process.until_over(again).await.lineage, Lineage::Replay { source: replay });
}

#[tokio::test]
async fn a_module_runs_alone_on_what_was_written_down() {
    let world = World::new();
    let process = world.process().await;
    let other = r#"{"id":3,"module":"test:Idempotent","version":1,"mapper":{"text":"{{2.text}} of {{1.text}}"},
        "filter":{"name":"never","conditions":[[{"a":"1","o":"text:equal","b":"2"}]]}}"#;
    let scenario = process.scenario(&format!("{WRITE},{other}"), r#"{"roundtrips":5}"#).await;
    let before = process.send(&scenario, "an order").await;
    process.until_over(before).await;
    let mut wanted = process.control.module_values(process.team, scenario.id, ModuleId(3)).await.unwrap();
    let shown: Vec<_> = wanted.iter().map(|one| (one.module.0, one.field.as_str(), one.value.clone())).collect();
    assert_eq!(shown, [(2, "text", "an order".into()), (1, "text", "an order".into())]);
    // It is never read as an expression.
    wanted[0].value = "{{1.text}}".into();
    let run = process.control.run_module(process.team, scenario.id, ModuleId(3), &wanted).await.unwrap();
    let ended = process.until_over(run).await;
    assert_eq!((ended.status, ended.is_single_module()), (Status::Success, true));
    assert_eq!(process.script.effects(), ["an order", "{{1.text}} of an order"]);
    let refused = process.control.replay(process.team, run).await;
    assert!(matches!(refused, Err(ControlError::Conflict(text)) if text.starts_with("Only one module")));
    let trigger = process.control.module_values(process.team, scenario.id, ModuleId(1)).await;
    assert!(matches!(trigger, Err(ControlError::Conflict(text)) if text.contains("use Run once")));
    // The scenario itself is as it was.
    let versions = scenarios::versions(&process.store, process.team, scenario.id).await.unwrap();
    assert_eq!(versions.len(), 1);
}

#[tokio::test]
async fn a_variant_whose_number_comes_again_is_read_anew() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    let before = process.send(&scenario, "an order").await;
    process.until_over(before).await;
    let mut wanted = process.control.module_values(process.team, scenario.id, ModuleId(2)).await.unwrap();
    let mut alone = async |value: &str| {
        wanted[0].value = value.into();
        let run = process.control.run_module(process.team, scenario.id, ModuleId(2), &wanted).await.unwrap();
        process.until_over(run).await
    };
    let first = alone("first").await;
    let mut tx = process.store.begin().await.unwrap();
    assert_eq!(retention::delete(&mut tx, &[first.id]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let second = alone("second").await;
    assert_eq!(second.version, first.version, "otherwise this shows nothing");
    assert_eq!(process.script.effects(), ["an order", "first", "second"]);
}

#[tokio::test]
async fn run_once_makes_one_cycle_whatever_the_scenario_says() {
    let world = World::new();
    let process = world.process().await;
    let blueprint = r#"{"name":"x","flow":[{"id":1,"module":"test:Write","version":1,"mapper":{"text":"a cycle"}}],
        "metadata":{"scenario":{"roundtrips":3}}}"#;
    let id = process.scenario_of(blueprint).await;
    let RunOnce::Started(run) = process.control.run_once(process.team, id, None, &Value::Undefined).await.unwrap()
    else {
        panic!("it must start")
    };
    process.until_over(run).await;
    assert_eq!(process.script.effects(), ["a cycle"]);
}

#[tokio::test]
async fn a_run_that_takes_too_long_ends_with_a_warning() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(&format!("{READ},{}", WRITE.replace("\"id\":2", "\"id\":3")), "{}").await;
    process.script.play("test:Read", Play::Hang);
    let execution = process.send(&scenario, "x").await;
    process.script.hangs.notified().await;
    world.advance(41 * 60);
    process.script.go_on.notify_one();
    let ended = process.until_over(execution).await;
    assert_eq!(ended.status, Status::Warning);
    assert!(ended.error.unwrap().starts_with("ExecutionInterruptedError"));
    assert!(process.script.effects().is_empty());
    // What a run sleeps is not counted.
    let sleeping = process.scenario(SLEEP, "{}").await;
    let execution = process.send(&sleeping, "x").await;
    process.until(execution, Status::Waiting).await;
    world.advance(3600);
    assert_eq!(process.until_over(execution).await.status, Status::Success);
}

#[tokio::test]
async fn a_run_that_exceeds_a_limit_ends_with_a_reason_and_others_go_on() {
    let world = World::new();
    let process = world
        .process_with(|parts| {
            parts.limits.operations = 50;
            parts.limits.bundles = 400;
            parts.limits.memory = 100_000;
        })
        .await;
    let repeat = |count: u32, then: &str| {
        format!(
            r#"{{"id":2,"module":"builtin:BasicRepeater","version":1,"mapper":{{"start":"1","repeats":"{count}","step":"1"}}}}{then}"#
        )
    };
    let pure = r#",{"id":3,"module":"test:Pure","version":1,"mapper":{"text":"{{2.i}}"}}"#;
    let gather = r#",{"id":3,"module":"builtin:BasicAggregator","version":1,"parameters":{"feeder":2},
        "mapper":{"text":"{{ascii(1.text)}}{{join(split(1.text; \"\"); \",\")}}{{2.i}}"}}"#;
    for (flow, data, word) in [
        (repeat(100, pure), "x".to_owned(), "operations"),
        (repeat(1000, ""), "x".to_owned(), "bundles"),
        (repeat(300, gather), "x".repeat(2_000), "of data at a time"),
    ] {
        let scenario = process.scenario(&flow, "{}").await;
        let execution = process.send(&scenario, &data).await;
        let ended = process.until_over(execution).await;
        assert_eq!(ended.status, Status::Error, "{word}");
        assert!(ended.error.as_deref().unwrap().contains(word), "{word}: {:?}", ended.error);
        let history = process.control.history(process.team, execution).await.unwrap().unwrap();
        assert_eq!(history.problem, None);
    }
    let scenario = process.scenario(WRITE, "{}").await;
    let execution = process.send(&scenario, "still here").await;
    assert_eq!(process.until_over(execution).await.status, Status::Success);
}

#[tokio::test]
async fn a_confidential_run_keeps_no_bundles() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, r#"{"confidential":true}"#).await;
    let execution = process.send(&scenario, "a secret").await;
    process.until_over(execution).await;
    process.until_bare(execution).await;
    for event in process.events(execution).await {
        assert!(!event.encode().contains("a secret"), "{event:?}");
    }
    let history = process.control.history(process.team, execution).await.unwrap().unwrap();
    assert_eq!(history.problem, None);
    let modules: Vec<_> = history.trace.operations.iter().map(|operation| operation.module.0).collect();
    assert_eq!(modules, [2]);
    let refused = process.control.replay(process.team, execution).await;
    assert!(matches!(refused, Err(ControlError::Conflict(text)) if text.contains("confidential")));
}

/// The process is killed while the run hangs, as often as given.
fn kill_while_it_hangs(world: &World, execution: rouage_model::ExecutionId, times: u32) {
    for _ in 0..times {
        killed(async {
            let process = world.process_scripted(|script| script.play("test:Read", Play::Hang), |_| {}).await;
            process.script.hangs.notified().await;
            assert_eq!(process.execution(execution).await.status, Status::Running);
        });
    }
}

/// Why the scenario was switched off; waits for that.
async fn problem(process: &Process, id: rouage_model::ScenarioId) -> String {
    let off = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let found = scenarios::find(&process.store, process.team, id).await.unwrap().unwrap();
            match found.problem.filter(|_| !found.enabled) {
                Some(problem) => return problem,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    });
    off.await.unwrap()
}

#[test]
fn a_run_that_is_given_up_counts_towards_the_most_errors() {
    let world = World::new();
    let execution = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(WRITE, r#"{"maxErrors":1}"#).await;
        process.script.play("test:Write", Play::DoAndHang);
        let execution = process.send(&scenario, "x").await;
        process.script.hangs.notified().await;
        execution
    });
    killed(async {
        let process = world.process_with(|parts| parts.registry = rouage_sdk::Registry::default()).await;
        let ended = process.until_over(execution).await;
        assert!(problem(&process, ended.scenario).await.contains("a run ended with an error"));
    });
}

#[test]
fn a_run_that_brings_the_process_down_at_one_place_is_set_aside() {
    let world = World::new();
    let execution = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(READ, "{}").await;
        process.script.play("test:Read", Play::Hang);
        let execution = process.send(&scenario, "poison").await;
        process.script.hangs.notified().await;
        execution
    });
    kill_while_it_hangs(&world, execution, 3);
    killed(async {
        let process = world.process().await;
        let ended = process.until_over(execution).await;
        assert_eq!(ended.status, Status::Error);
        assert!(ended.error.unwrap().starts_with("set aside: the program ended 4 times at this place"));
        assert!(problem(&process, ended.scenario).await.contains("a run was set aside"));
        assert!(process.script.calls().is_empty());
        let scenario = process.scenario(READ, "{}").await;
        let other = process.send(&scenario, "another").await;
        assert_eq!(process.until_over(other).await.status, Status::Success);
    });
}

#[test]
fn suspects_that_wait_for_each_other_leave_room_for_the_rest() {
    let world = World::new();
    let hanging = async || {
        let hang = |script: &support::Script| (0..8).for_each(|_| script.play("test:Read", Play::Hang));
        world.process_scripted(hang, |parts| parts.workers = 8).await
    };
    killed(async {
        let process = hanging().await;
        let scenario = process.scenario(READ, "{}").await;
        for _ in 0..8 {
            process.send(&scenario, "poison, perhaps").await;
        }
        process.until_calls(8).await;
    });
    killed(async { hanging().await.until_calls(8).await });
    killed(async {
        let process = hanging().await;
        process.until_calls(4).await;
        let scenario = process.scenario(WRITE, "{}").await;
        let asked = std::time::Instant::now();
        let innocent = process.send(&scenario, "innocent").await;
        assert_eq!(process.until_over(innocent).await.status, Status::Success);
        assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?}", asked.elapsed());
    });
}

#[test]
fn a_run_that_gets_further_each_time_is_innocent() {
    let world = World::new();
    let sleeps = |id: u32| format!(r#"{{"id":{id},"module":"test:Read","version":1,"mapper":{{"text":"{id}"}}}}"#);
    let flow: Vec<String> = (2..12).map(sleeps).collect();
    let execution = killed(async {
        let process = world.process().await;
        let scenario = process.scenario(&flow.join(","), "{}").await;
        process.script.play("test:Read", Play::Hang);
        let execution = process.send(&scenario, "x").await;
        process.script.hangs.notified().await;
        execution
    });
    for _ in 0..9 {
        killed(async {
            let process = world.process_scripted(|script| script.play("test:Read", Play::Nothing), |_| {}).await;
            process.script.play("test:Read", Play::Hang);
            process.script.hangs.notified().await;
        });
    }
    killed(async {
        let process = world.process().await;
        assert_eq!(process.until_over(execution).await.status, Status::Success);
    });
}

#[tokio::test]
async fn the_history_is_kept_within_its_limits() {
    let world = World::new();
    let process = world.process_with(|parts| parts.limits.history.runs = 2).await;
    let (few, many) = (process.scenario(WRITE, "{}").await, process.scenario(WRITE, "{}").await);
    let own = Own { runs: Some(3), ..Own::default() };
    let mut tx = process.store.begin().await.unwrap();
    retention::set_own(&mut tx, process.team, many.id, own).await.unwrap();
    tx.commit().await.unwrap();
    for scenario in [&few, &many] {
        for _ in 0..5 {
            world.advance(1);
            let execution = process.send(scenario, "x").await;
            process.until_over(execution).await;
        }
    }
    process.control.keep_history_within_limits().await.unwrap();
    for (scenario, left) in [(&few, 2), (&many, 3)] {
        let filter = executions::Filter { scenario: Some(scenario.id), ..Default::default() };
        let found = executions::list(&process.store, process.team, &filter, None, 50).await.unwrap();
        assert_eq!(found.items.len(), left);
    }
}

#[tokio::test]
async fn a_started_event_of_a_replay_has_the_inputs_of_its_source() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, "{}").await;
    let source = process.send(&scenario, "an order").await;
    process.until_over(source).await;
    let replay = process.control.replay(process.team, source).await.unwrap();
    process.until_over(replay).await;
    let data = |events: Vec<Event>| match events.into_iter().next() {
        Some(Event::Started { bundles, inputs, .. }) => (bundles, inputs),
        other => panic!("{other:?}"),
    };
    assert_eq!(data(process.events(replay).await), data(process.events(source).await));
}

#[tokio::test]
async fn a_run_that_is_held_up_has_nothing_at_work() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(WRITE, r#"{"sequential":true,"dlq":true}"#).await;
    process.script.play("test:Write", support::Play::Fail(ModuleError::data("refused")));
    let first = process.send(&scenario, "first").await;
    process.until_over(first).await;
    let second = process.send(&scenario, "second").await;
    process.until(second, Status::Waiting).await;
    let shown = process.control.history(process.team, second).await.unwrap().unwrap();
    let operations = shown.trace.operations;
    assert!(operations.iter().all(|one| one.module == ModuleId(1) && one.finished_at.is_some()), "{operations:?}");
}
