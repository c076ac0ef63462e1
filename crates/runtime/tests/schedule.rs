//! Scenarios by the clock: slots, missed runs, polling triggers, the queue of
//! a webhook, pauses. Each rule is the name of its test.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::scenario::{MissedRuns, Scheduling};
use rouage_model::{Blueprint, Clock, ErrorKind, ModuleError, ScenarioId, Value};
use rouage_runtime::{ControlError, DeliverError, RunOnce, Schedule};
use rouage_sdk::Start;
use rouage_store::executions::{Execution, Filter};
use rouage_store::{executions, scenarios};

use support::{Play, Process, Scenario, World, killed};

const READ: &str = r#"{"id":2,"module":"test:Read","version":1,"mapper":{"text":"{{1.text}}"}}"#;
const DAILY: &str = r#"{"type":"daily","time":"09:00"}"#;

/// A scenario that is off, with this first module and `test:Read` after it.
async fn scheduled(process: &Process, first: &str, scheduling: &str, settings: &str) -> ScenarioId {
    scheduled_with(process, first, READ, scheduling, settings).await
}

async fn scheduled_with(process: &Process, first: &str, rest: &str, scheduling: &str, settings: &str) -> ScenarioId {
    let blueprint = format!(
        r#"{{"name":"Test","flow":[{{"id":1,"module":"{first}","version":1,"parameters":{{}},
            "mapper":{{"text":"tick"}}}},{rest}],"metadata":{{"scenario":{settings}}}}}"#
    );
    let new = scenarios::NewScenario {
        name: "Test".into(),
        blueprint: Arc::new(Blueprint::parse(blueprint.as_bytes()).unwrap()),
        links: Value::Undefined,
        scheduling: Scheduling::parse(scheduling).unwrap(),
    };
    let mut tx = process.store.begin().await.unwrap();
    let id = scenarios::create(&mut tx, process.team, new).await.unwrap();
    scenarios::set_timezone(&mut tx, process.team, id, "UTC").await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn switch_on(process: &Process, id: ScenarioId) {
    process.control.set_enabled(process.team, id, true).await.unwrap();
}

async fn rule(process: &Process, id: ScenarioId, rule: MissedRuns) {
    let mut tx = process.store.begin().await.unwrap();
    scenarios::set_missed_runs(&mut tx, process.team, id, rule).await.unwrap();
    tx.commit().await.unwrap();
}

async fn find(process: &Process, id: ScenarioId) -> scenarios::Scenario {
    scenarios::find(&process.store, process.team, id).await.unwrap().unwrap()
}

/// The runs of a scenario, oldest first.
async fn runs(process: &Process, id: ScenarioId) -> Vec<Execution> {
    let filter = Filter { scenario: Some(id), ..Filter::default() };
    let mut runs = executions::list(&process.store, process.team, &filter, None, 500).await.unwrap().items;
    runs.reverse();
    runs
}

/// Waits until the scenario has so many runs and all are over.
async fn until_runs(process: &Process, id: ScenarioId, count: usize) -> Vec<Execution> {
    let reached = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let found = runs(process, id).await;
            if found.len() == count && found.iter().all(|run| run.status.is_final()) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    match reached.await {
        Ok(found) => found,
        Err(_) => panic!("it never got there: {:#?}", runs(process, id).await),
    }
}

/// Waits until the next slot of the scenario is later than now.
async fn until_looked(process: &Process, world: &World, id: ScenarioId) -> scenarios::Scenario {
    let looked = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let found = find(process, id).await;
            if found.next_run_at.is_none_or(|next| next > world.clock.now()) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    looked.await.unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn an_interval_runs_at_once_when_switched_on_and_then_evenly() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Pure", r#"{"type":"indefinitely","interval":900}"#, "{}").await;
    switch_on(&process, id).await;
    let found = until_runs(&process, id, 1).await;
    assert_eq!((found[0].origin, found[0].status), (Origin::Schedule, Status::Success));
    // A little late, and still on the same grid.
    world.advance(905);
    until_runs(&process, id, 2).await;
    let found = until_looked(&process, &world, id).await;
    assert_eq!((found.next_run_at, found.schedule_note), (Some(at("2026-11-24T08:30:00Z")), None));
}

#[tokio::test]
async fn a_calendar_waits_for_its_time_and_a_change_waits_for_the_next() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Pure", DAILY, "{}").await;
    switch_on(&process, id).await;
    assert_eq!(find(&process, id).await.next_run_at, Some(at("2026-11-24T09:00:00Z")));
    let schedule = |json: &str| Schedule {
        scheduling: Scheduling::parse(json).unwrap(),
        timezone: "Europe/Paris".into(),
        missed_runs: MissedRuns::Skip,
    };
    process.control.set_schedule(process.team, id, &schedule(r#"{"type":"daily","time":"11:00"}"#)).await.unwrap();
    let found = find(&process, id).await;
    assert_eq!((found.next_run_at, found.missed_runs), (Some(at("2026-11-24T10:00:00Z")), MissedRuns::Skip));
    // An interval that is only changed does not run at once.
    process.control.set_schedule(process.team, id, &schedule(r#"{"type":"indefinitely"}"#)).await.unwrap();
    assert_eq!(find(&process, id).await.next_run_at, Some(at("2026-11-24T08:15:00Z")));
    assert_eq!(runs(&process, id).await, []);
    // One that is on must be able to go on.
    let refused = process.control.set_schedule(process.team, id, &schedule(r#"{"type":"immediately"}"#)).await;
    assert!(matches!(refused, Err(ControlError::Problems(_))));
}

#[tokio::test]
async fn what_cannot_run_by_its_schedule_is_not_switched_on() {
    let world = World::new();
    let process = world.process().await;
    for (first, scheduling, expected) in [
        ("test:Pure", r#"{"type":"indefinitely","interval":59}"#, "Invalid interval"),
        ("test:Watch", r#"{"type":"immediately"}"#, "choose when the scenario runs"),
        ("test:Pure", r#"{"type":"once","date":"2026-11-24T07:59:00Z"}"#, "no run any more"),
        ("test:Pure", r#"{"type":"yearly","months":[2],"days":[30],"time":"09:00"}"#, "no run any more"),
    ] {
        let id = scheduled(&process, first, scheduling, "{}").await;
        let refused = process.control.set_enabled(process.team, id, true).await.unwrap_err().to_string();
        assert!(refused.contains(expected), "{scheduling}: {refused}");
        assert!(!find(&process, id).await.enabled);
    }
}

#[tokio::test]
async fn required_inputs_are_for_runs_on_demand_only() {
    let world = World::new();
    let process = world.process().await;
    let blueprint = format!(
        r#"{{"name":"Test","flow":[{READ}],"metadata":{{}},
            "interface":{{"input":[{{"name":"order","type":"text","required":true}}],"output":[]}}}}"#
    );
    for (scheduling, is_fine) in [(Scheduling::every(900), false), (Scheduling::on_demand(), true)] {
        let new = scenarios::NewScenario {
            name: "Test".into(),
            blueprint: Arc::new(Blueprint::parse(blueprint.as_bytes()).unwrap()),
            links: Value::Undefined,
            scheduling,
        };
        let mut tx = process.store.begin().await.unwrap();
        let id = scenarios::create(&mut tx, process.team, new).await.unwrap();
        tx.commit().await.unwrap();
        let switched = process.control.set_enabled(process.team, id, true).await;
        assert_eq!(switched.is_ok(), is_fine, "{switched:?}");
    }
}

/// Fault cases F23 and F24 (decision D67): off over three slots, under each rule.
#[test]
fn missed_runs_follow_the_rule_of_the_scenario() {
    let world = World::new();
    let hourly = r#"{"type":"indefinitely","interval":3600}"#;
    let rules = [(MissedRuns::Once, 1), (MissedRuns::Skip, 0), (MissedRuns::Every, 3)];
    let ids = killed(async {
        let process = world.process().await;
        let mut ids = Vec::new();
        for (missed_runs, _) in rules {
            let id = scheduled(&process, "test:Pure", hourly, "{}").await;
            rule(&process, id, missed_runs).await;
            switch_on(&process, id).await;
            until_runs(&process, id, 1).await;
            ids.push(id);
        }
        ids
    });
    // 09:00, 10:00 and 11:00 pass.
    world.advance(3 * 3600 + 600);
    killed(async {
        let process = world.process().await;
        for (id, (missed_runs, made_up)) in ids.iter().zip(rules) {
            until_runs(&process, *id, 1 + made_up).await;
            let found = until_looked(&process, &world, *id).await;
            assert_eq!(found.next_run_at, Some(at("2026-11-24T12:00:00Z")), "{missed_runs:?}");
            assert!(found.schedule_note.unwrap().contains("3 scheduled runs since 24 November 2026 09:00"));
        }
    });
    // Another restart changes nothing.
    killed(async {
        let process = world.process().await;
        tokio::time::sleep(Duration::from_millis(1200)).await;
        for (id, (_, made_up)) in ids.iter().zip(rules) {
            assert_eq!(runs(&process, *id).await.len(), 1 + made_up);
        }
    });
}

/// Killed wherever it is, the slot of 09:00 has one run.
#[test]
fn a_slot_runs_once_whenever_the_process_is_killed() {
    for pause in [0, 2, 5, 10, 20, 40] {
        let world = World::new();
        let id = killed(async {
            let process = world.process().await;
            let id = scheduled(&process, "test:Pure", DAILY, "{}").await;
            switch_on(&process, id).await;
            // News makes it look just now.
            world.advance(3600);
            let mut tx = process.store.begin().await.unwrap();
            scenarios::rename(&mut tx, process.team, id, "Looked at").await.unwrap();
            tx.commit().await.unwrap();
            tokio::time::sleep(Duration::from_millis(pause)).await;
            id
        });
        for _ in 0..2 {
            killed(async {
                let process = world.process().await;
                let found = until_runs(&process, id, 1).await;
                assert_eq!(found[0].status, Status::Success);
                assert_eq!(find(&process, id).await.next_run_at, Some(at("2026-11-25T09:00:00Z")));
            });
        }
    }
}

#[tokio::test]
async fn the_clocks_of_spring_and_autumn_run_it_once_a_day() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Pure", r#"{"type":"daily","time":"02:30"}"#, "{}").await;
    let mut tx = process.store.begin().await.unwrap();
    scenarios::set_timezone(&mut tx, process.team, id, "Europe/Paris").await.unwrap();
    tx.commit().await.unwrap();
    // To the evening before, then over the first 02:30 and over the second one.
    let eve = at("2027-10-30T20:00:00Z");
    world.advance(eve.duration_since(world.clock.now()).as_secs());
    switch_on(&process, id).await;
    for _ in 0..9 {
        world.advance(1800);
        until_looked(&process, &world, id).await;
    }
    assert_eq!(until_runs(&process, id, 1).await.len(), 1);
    for _ in 0..14 {
        world.advance(1800);
        until_looked(&process, &world, id).await;
    }
    assert_eq!(runs(&process, id).await.len(), 1);
    assert_eq!(find(&process, id).await.next_run_at, Some(at("2027-11-01T01:30:00Z")));
}

#[tokio::test]
async fn a_clock_that_was_wrong_does_not_stop_the_schedule() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Pure", DAILY, "{}").await;
    switch_on(&process, id).await;
    let far: Timestamp = at("2031-01-01T09:00:00Z");
    let mut tx = process.store.begin().await.unwrap();
    scenarios::set_next_run(&mut tx, process.team, id, Some(far)).await.unwrap();
    tx.commit().await.unwrap();
    drop(process);
    let process = world.process().await;
    let mended = tokio::time::timeout(Duration::from_secs(10), async {
        while find(&process, id).await.next_run_at == Some(far) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    mended.await.unwrap();
    assert_eq!(find(&process, id).await.next_run_at, Some(at("2026-11-24T09:00:00Z")));
}

#[tokio::test]
async fn a_clock_that_goes_back_does_not_run_it_once_more() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Pure", r#"{"type":"once","date":"2026-11-24T09:00:00Z"}"#, "{}").await;
    switch_on(&process, id).await;
    world.advance(3610);
    until_runs(&process, id, 1).await;
    world.advance(-1800);
    let mut tx = process.store.begin().await.unwrap();
    scenarios::rename(&mut tx, process.team, id, "Looked at").await.unwrap();
    tx.commit().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert_eq!(find(&process, id).await.next_run_at, None);
}

fn texts(process: &Process) -> Vec<String> {
    let calls = process.script.calls().into_iter();
    calls.filter(|(name, _)| name == "test:Read").map(|(_, text)| text.as_text().unwrap_or("-").to_owned()).collect()
}

const EVERY_MINUTE: &str = r#"{"type":"indefinitely","interval":60}"#;

/// Traps 25 and 30: the position holds with the commit, a poll without items is
/// one operation.
#[tokio::test]
async fn a_polling_trigger_moves_on_when_its_run_ends_well_and_not_before() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Watch", EVERY_MINUTE, r#"{"maxErrors":5}"#).await;
    process.script.item("from before");
    switch_on(&process, id).await;
    let found = until_runs(&process, id, 1).await;
    assert_eq!((found[0].status, found[0].operations), (Status::Success, 1));
    for text in ["one", "two", "three"] {
        process.script.item(text);
    }
    // The second item fails: both come again.
    process.script.play("test:Read", Play::DoAndFail(ModuleError::data("no")));
    world.advance(60);
    assert_eq!(until_runs(&process, id, 2).await[1].status, Status::Error);
    world.advance(60);
    assert_eq!(until_runs(&process, id, 3).await[2].status, Status::Success);
    world.advance(60);
    until_runs(&process, id, 4).await;
    assert_eq!(texts(&process), ["one", "one", "two", "three"]);
    let trigger = process.control.polling_trigger(process.team, id).await.unwrap().unwrap();
    assert_eq!(trigger.position.as_deref(), Some("Items after 4"));
}

#[tokio::test]
async fn from_now_on_begins_when_it_is_switched_on_and_not_at_the_first_run() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Watch", DAILY, "{}").await;
    process.script.item("from before");
    switch_on(&process, id).await;
    process.script.item("made meanwhile");
    world.advance(3600);
    until_runs(&process, id, 1).await;
    assert_eq!(texts(&process), ["made meanwhile"]);
}

#[tokio::test]
async fn where_it_starts_can_be_chosen_and_chosen_again() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Watch", EVERY_MINUTE, "{}").await;
    process.script.item("from before");
    process.control.restart_trigger(process.team, id, &Start::FromNow).await.unwrap();
    let trigger = process.control.polling_trigger(process.team, id).await.unwrap().unwrap();
    assert_eq!((trigger.is_chosen, trigger.position.as_deref()), (true, Some("Items after 1")));
    // It does not offer that.
    let refused = process.control.restart_trigger(process.team, id, &Start::All).await;
    assert!(matches!(refused, Err(ControlError::Conflict(_))));
    switch_on(&process, id).await;
    until_runs(&process, id, 1).await;
    assert!(texts(&process).is_empty());
}

#[tokio::test]
async fn a_polling_scenario_has_one_run_at_a_time() {
    let world = World::new();
    let process = world.process().await;
    let sleep = r#"{"id":3,"module":"util:FunctionSleep","version":1,"mapper":{"duration":"250"}}"#;
    let id = scheduled_with(&process, "test:Watch", &format!("{READ},{sleep}"), EVERY_MINUTE, "{}").await;
    switch_on(&process, id).await;
    until_runs(&process, id, 1).await;
    process.script.item("one");
    world.advance(60);
    process.until_calls(4).await;
    process.until(runs(&process, id).await[1].id, Status::Waiting).await;
    // Three slots come meanwhile, and a person tries as well.
    for _ in 0..3 {
        world.advance(60);
        let found = until_looked(&process, &world, id).await;
        assert!(found.schedule_note.unwrap().contains("the run before it is not over"));
    }
    let by_hand = process.control.run_once(process.team, id, None, &Value::Undefined).await;
    assert!(matches!(by_hand, Err(ControlError::Conflict(_))), "{by_hand:?}");
    let by_program = process.control.run_for_program(process.team, id, &Value::Undefined, None).await;
    assert!(matches!(by_program, Err(ControlError::Conflict(_))), "{by_program:?}");
    // The sleep is over between two slots, and the next one runs as ever.
    world.advance(60);
    until_looked(&process, &world, id).await;
    world.advance(15);
    until_runs(&process, id, 2).await;
    world.advance(60);
    until_runs(&process, id, 3).await;
    assert_eq!((texts(&process), find(&process, id).await.schedule_note), (vec!["one".to_owned()], None));
}

#[tokio::test]
async fn what_a_poll_found_is_not_taken_when_the_trigger_starts_anew_meanwhile() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Watch", EVERY_MINUTE, "{}").await;
    switch_on(&process, id).await;
    until_runs(&process, id, 1).await;
    process.script.item("one");
    process.script.play("test:Watch", Play::DoAndHang);
    world.advance(60);
    process.script.hangs.notified().await;
    process.control.restart_trigger(process.team, id, &Start::FromNow).await.unwrap();
    process.script.go_on.notify_one();
    let found = until_runs(&process, id, 2).await;
    assert_eq!((found[1].status, texts(&process)), (Status::Error, Vec::new()));
    assert!(found[1].error.as_ref().unwrap().contains("started anew while it was asked"), "{found:?}");
    // It went on from where it was told to start.
    process.script.item("two");
    process.control.run_once(process.team, id, None, &Value::Undefined).await.unwrap();
    until_runs(&process, id, 3).await;
    assert_eq!(texts(&process), ["two"]);
}

async fn hook_by_the_clock(process: &Process, settings: &str) -> Scenario {
    let scenario = process.scenario_off(READ, settings).await;
    let schedule = Schedule {
        scheduling: Scheduling::parse(EVERY_MINUTE).unwrap(),
        timezone: "UTC".into(),
        missed_runs: MissedRuns::Once,
    };
    process.control.set_schedule(process.team, scenario.id, &schedule).await.unwrap();
    process.control.set_enabled(process.team, scenario.id, true).await.unwrap();
    until_slot(process, scenario.id).await;
    scenario
}

/// Waits until the first slot, which is at once, has passed without a run.
async fn until_slot(process: &Process, id: ScenarioId) {
    let passed = tokio::time::timeout(Duration::from_secs(10), async {
        while find(process, id).await.next_run_at != Some(at("2026-11-24T08:01:00Z")) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    passed.await.unwrap();
}

#[tokio::test]
async fn a_webhook_by_the_clock_takes_what_waits_and_failed_requests_return() {
    let world = World::new();
    let process = world.process().await;
    let scenario = hook_by_the_clock(&process, r#"{"maxErrors":5}"#).await;
    // Nothing waited: no run.
    assert_eq!(runs(&process, scenario.id).await, []);
    for text in ["one", "two"] {
        assert_eq!(process.deliver(&scenario, text).await.unwrap().execution, None);
    }
    process.script.play("test:Read", Play::Fail(ModuleError::data("no")));
    world.advance(60);
    let found = until_runs(&process, scenario.id, 1).await;
    assert_eq!((found[0].origin, found[0].status), (Origin::Schedule, Status::Error));
    for count in 2..=3 {
        world.advance(60);
        until_runs(&process, scenario.id, count).await;
    }
    assert_eq!(texts(&process), ["one", "one", "two"]);
}

#[tokio::test]
async fn a_limit_of_runs_a_minute_keeps_the_rest_in_the_queue() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(READ, "{}").await;
    let schedule = Schedule {
        scheduling: Scheduling::parse(r#"{"type":"immediately","maximum_runs_per_minute":2}"#).unwrap(),
        timezone: "UTC".into(),
        missed_runs: MissedRuns::Once,
    };
    process.control.set_schedule(process.team, scenario.id, &schedule).await.unwrap();
    process.control.set_enabled(process.team, scenario.id, true).await.unwrap();
    for text in ["a", "b", "c", "d", "e"] {
        process.deliver(&scenario, text).await.unwrap();
    }
    until_runs(&process, scenario.id, 2).await;
    world.advance(59);
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert_eq!(runs(&process, scenario.id).await.len(), 2);
    world.advance(2);
    until_runs(&process, scenario.id, 4).await;
    world.advance(61);
    until_runs(&process, scenario.id, 5).await;
    let arrived = runs(&process, scenario.id).await;
    let mut sent = Vec::new();
    for run in arrived {
        let events = process.events(run.id).await;
        let Event::Started { bundles: Some(bundles), .. } = &events[0] else { panic!("{events:?}") };
        sent.push(bundles[0].field("text").as_text().unwrap().to_owned());
    }
    // Two of one minute run side by side; only a sequential scenario promises more.
    sent[..2].sort_unstable();
    sent[2..4].sort_unstable();
    assert_eq!(sent, ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn what_waits_stays_when_another_process_switches_the_scenario_off() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(READ, "{}").await;
    let mut tx = process.store.begin().await.unwrap();
    let limited = Scheduling { maximum_runs_per_minute: Some(1), ..Scheduling::immediately() };
    scenarios::set_scheduling(&mut tx, process.team, scenario.id, &limited).await.unwrap();
    tx.commit().await.unwrap();
    process.set_enabled(&scenario, true).await;
    for text in ["a", "b"] {
        process.deliver(&scenario, text).await.unwrap();
    }
    until_runs(&process, scenario.id, 1).await;
    // This one does not hear of it.
    let other = world.process().await;
    other.set_enabled(&scenario, false).await;
    world.advance(61);
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert_eq!(runs(&process, scenario.id).await.len(), 1);
}

#[tokio::test]
async fn a_limit_of_runs_a_minute_refuses_callers_who_wait_for_a_response() {
    let world = World::new();
    let process = world.process().await;
    let respond = r#"{"id":2,"module":"gateway:WebhookRespond","version":1,"mapper":{"text":"{{1.text}}"}}"#;
    let scenario = process.scenario_off(respond, "{}").await;
    let mut tx = process.store.begin().await.unwrap();
    let limited = Scheduling { maximum_runs_per_minute: Some(1), ..Scheduling::immediately() };
    scenarios::set_scheduling(&mut tx, process.team, scenario.id, &limited).await.unwrap();
    tx.commit().await.unwrap();
    process.control.set_enabled(process.team, scenario.id, true).await.unwrap();
    let first = process.deliver(&scenario, "one").await.unwrap();
    assert!(first.reply.is_some());
    assert!(matches!(process.deliver(&scenario, "two").await, Err(DeliverError::TooManyRuns)));
    world.advance(61);
    assert!(process.deliver(&scenario, "three").await.unwrap().execution.is_some());
}

#[tokio::test]
async fn what_was_left_in_the_queue_runs_when_the_scenario_runs_at_once_again() {
    let world = World::new();
    let process = world.process().await;
    let scenario = hook_by_the_clock(&process, "{}").await;
    for text in ["one", "two"] {
        process.deliver(&scenario, text).await.unwrap();
    }
    let schedule =
        Schedule { scheduling: Scheduling::immediately(), timezone: "UTC".into(), missed_runs: MissedRuns::Once };
    process.control.set_schedule(process.team, scenario.id, &schedule).await.unwrap();
    let found = until_runs(&process, scenario.id, 2).await;
    assert!(found.iter().all(|run| run.origin == Origin::Webhook));
}

/// Trap 22.
#[tokio::test]
async fn the_schedule_rests_for_20_minutes_when_a_service_is_down() {
    let world = World::new();
    let process = world.process().await;
    let id = scheduled(&process, "test:Watch", EVERY_MINUTE, "{}").await;
    process.script.play("test:Watch", Play::Fail(ModuleError::new(ErrorKind::ConnectionError, "down")));
    // The look at switching on fails, and is only told.
    switch_on(&process, id).await;
    until_runs(&process, id, 1).await;
    process.script.play("test:Watch", Play::Fail(ModuleError::new(ErrorKind::RateLimitError, "slow down")));
    world.advance(60);
    assert_eq!(until_runs(&process, id, 2).await[1].status, Status::Error);
    assert_eq!(find(&process, id).await.paused_until, Some(at("2026-11-24T08:21:00Z")));
    world.advance(60);
    let found = until_looked(&process, &world, id).await;
    assert_eq!(found.next_run_at, Some(at("2026-11-24T08:21:00Z")));
    assert!(found.schedule_note.unwrap().contains("rests until 24 November 2026 08:21"));
    world.advance(19 * 60);
    until_runs(&process, id, 3).await;
    // Run once never waits, and switching on ends a pause.
    assert_eq!(find(&process, id).await.schedule_note, None);
    let by_hand = process.control.run_once(process.team, id, None, &Value::Undefined).await.unwrap();
    let RunOnce::Started(execution) = by_hand else { panic!("it must start") };
    process.until_over(execution).await;
    let events = process.events(execution).await;
    assert!(matches!(events[0], Event::Started { bundles: None, .. }));
}

#[tokio::test]
async fn a_blueprint_brings_its_schedule() {
    let world = World::new();
    let process = world.process().await;
    let flow = |first: &str| format!(r#""flow":[{{"id":1,"module":"{first}","version":1}}]"#);
    for (file, expected, is_told) in [
        (format!(r#"{{{},"scheduling":{DAILY}}}"#, flow("test:Pure")), DAILY, false),
        (format!(r#"{{"response":{{"blueprint":{{{}}},"scheduling":{DAILY}}}}}"#, flow("test:Pure")), DAILY, false),
        (format!("{{{}}}", flow("test:Watch")), r#"{"type":"indefinitely","interval":900}"#, false),
        (format!("{{{}}}", flow("test:Pure")), r#"{"type":"on-demand"}"#, false),
        (
            format!(r#"{{{},"scheduling":{{"type":"daily","time":"9 h"}}}}"#, flow("test:Hook")),
            r#"{"type":"immediately"}"#,
            true,
        ),
    ] {
        let blueprint = Blueprint::parse(file.as_bytes()).unwrap();
        let request = rouage_runtime::ImportRequest { blueprint, links: rouage_model::Collection::new() };
        let imported = process.control.import(process.team, request).await.unwrap();
        let found = find(&process, imported.scenario).await;
        assert_eq!((found.scheduling.to_json().as_str(), found.schedule_note.is_some()), (expected, is_told), "{file}");
    }
}
