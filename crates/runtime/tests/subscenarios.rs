//! Scenarios that are given inputs, call each other, and give something back.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::scenario::Scheduling;
use rouage_model::{
    Blueprint, ExecutionId, ModuleError, ModuleId, OperationId, ScenarioId, Value, Version, clock, json,
};
use rouage_runtime::{ControlError, RunOnce};
use rouage_store::{
    Append, Lineage, NewExecution, StagedWrite, StoreEffect, Update, counters, executions, incompletes, lineages,
    scenarios,
};
use support::{Play, Process, World, killed};

/// A child that gives back what it is given, after a look around.
const CHILD: &str = r#"{"id":1,"module":"scenario-service:StartSubscenario","version":2},
    {"id":2,"module":"test:Read","version":1,"mapper":{"text":"looks at {{1.n}}"}},
    {"id":3,"module":"scenario-service:ReturnData","version":2,"parameters":{},"mapper":{"sum":"{{1.n + 1}}"}}"#;
const INPUTS: &str = r#""interface":{"input":[{"name":"n","type":"number","required":true}],
    "output":[{"name":"sum","type":"number"}]},"#;
/// What a parent does after its call.
const THEN: &str = r#"{"id":9,"module":"test:Write","version":1,"mapper":{"text":"got {{1.sum}}"}}"#;

fn call(child: ScenarioId, wait: bool, data: &str) -> String {
    format!(
        r#"{{"id":1,"module":"test:Call","version":1,"parameters":{{"scenario":{child},"wait":{wait}}},"mapper":{{"data":{data}}}}}"#
    )
}

/// A scenario that is on and runs on demand.
async fn on_demand(process: &Process, name: &str, modules: &str, more: &str) -> ScenarioId {
    let blueprint = format!(r#"{{"name":"x",{more}"flow":[{modules}]}}"#);
    let new = scenarios::NewScenario {
        name: name.into(),
        blueprint: Arc::new(Blueprint::parse(blueprint.as_bytes()).unwrap()),
        links: Value::Undefined,
        scheduling: Scheduling::on_demand(),
    };
    let mut tx = process.store.begin().await.unwrap();
    let id = scenarios::create(&mut tx, process.team, new).await.unwrap();
    scenarios::set_enabled(&mut tx, process.team, id, true, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn start(process: &Process, scenario: ScenarioId, inputs: &str) -> Result<ExecutionId, ControlError> {
    let inputs = json::parse(inputs.as_bytes()).unwrap();
    match process.control.run_once(process.team, scenario, None, &inputs).await? {
        RunOnce::Started(execution) => Ok(execution),
        RunOnce::Listening => panic!("it must start"),
    }
}

async fn run(process: &Process, scenario: ScenarioId) -> executions::Execution {
    let execution = start(process, scenario, "{}").await.unwrap();
    process.until_over(execution).await
}

/// The runs of a scenario, oldest first.
async fn runs(process: &Process, scenario: ScenarioId) -> Vec<ExecutionId> {
    let filter = executions::Filter { scenario: Some(scenario), ..executions::Filter::default() };
    let list = executions::list(&process.store, process.team, &filter, None, 1000).await.unwrap();
    let mut ids: Vec<ExecutionId> = list.items.into_iter().map(|run| run.id).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn inputs_are_checked_kept_with_the_run_and_read_by_its_modules() {
    let world = World::new();
    let process = world.process().await;
    let write =
        r#"{"id":1,"module":"test:Write","version":1,"mapper":{"text":"{{var.input.n + 1}} {{var.input.mode}}"}}"#;
    let interface = r#""io":{"input_spec":[{"name":"n","type":"number","required":true},
        {"name":"mode","type":"text","default":"slow"}],"output_spec":[]},"#;
    let scenario = on_demand(&process, "Inputs", write, interface).await;
    for (inputs, effect) in [(r#"{"n":"41"}"#, "42 slow"), (r#"{"n":1,"mode":"fast"}"#, "2 fast")] {
        let execution = start(&process, scenario, inputs).await.unwrap();
        assert_eq!(process.until_over(execution).await.status, Status::Success);
        assert_eq!(process.script.effects().pop().unwrap(), effect);
        let Event::Started { inputs, .. } = &process.events(execution).await[0] else { panic!("it starts so") };
        assert_eq!(inputs.field("mode").as_text(), effect.split(' ').nth(1));
    }
    let refused = start(&process, scenario, r#"{"n":"x","mode":{"a":1}}"#).await.unwrap_err();
    let ControlError::Inputs(misfits) = &refused else { panic!("{refused}") };
    assert_eq!(misfits[0].text.as_ref(), "“n” must be a number, not “x”.");
    assert!(start(&process, scenario, "{}").await.unwrap_err().to_string().contains("“n” is required."));
    assert_eq!(runs(&process, scenario).await.len(), 2);
}

#[tokio::test]
async fn a_run_that_is_given_nothing_has_the_defaults() {
    let world = World::new();
    let process = world.process().await;
    let write = r#"{"id":1,"module":"test:Write","version":1,"mapper":{"text":"{{var.input.mode}}"}}"#;
    let interface = r#""interface":{"input":[{"name":"mode","type":"text","default":"slow","required":true}]},"#;
    let scenario = on_demand(&process, "Defaults", write, interface).await;
    assert_eq!(run(&process, scenario).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["slow"]);
}

#[tokio::test]
async fn a_call_that_waits_goes_on_with_what_was_returned() {
    let world = World::new();
    let process = world.process().await;
    let child = on_demand(&process, "Child", CHILD, INPUTS).await;
    let flow = format!("{},{THEN}", call(child, true, r#"{"n":"41"}"#));
    let parent = on_demand(&process, "Parent", &flow, "").await;
    process.script.play("test:Read", Play::Hang);
    let execution = start(&process, parent, "{}").await.unwrap();
    process.script.hangs.notified().await;
    // The worker is given back meanwhile.
    process.until(execution, Status::Waiting).await;
    let [called] = runs(&process, child).await[..] else { panic!("there is one child") };
    let found = process.execution(called).await;
    assert_eq!((found.origin, found.status), (Origin::Scenario, Status::Running));
    process.script.go_on.notify_one();
    assert_eq!(process.until_over(execution).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["got 42"]);
    assert_eq!(
        process.event_names(execution).await,
        ["started", "called", "returned", "called", "returned", "finished"]
    );

    // Both ways.
    let lineage = lineages::find(&process.store, called).await.unwrap();
    let Lineage::Child { parent, operation } = lineage else { panic!("{lineage:?}") };
    assert_eq!((parent, operation.0), (execution, 1));
    assert_eq!(lineages::descendants(&process.store, execution).await.unwrap(), [(called, lineage)]);
}

#[tokio::test]
async fn a_call_that_does_not_wait_goes_on_with_the_id_of_the_run() {
    let world = World::new();
    let process = world.process().await;
    let child = on_demand(&process, "Child", CHILD, INPUTS).await;
    let then = r#"{"id":9,"module":"test:Write","version":1,"mapper":{"text":"{{1.executionId}}"}}"#;
    let parent = on_demand(&process, "Parent", &format!("{},{then}", call(child, false, r#"{"n":1}"#)), "").await;
    process.script.play("test:Read", Play::Hang);
    assert_eq!(run(&process, parent).await.status, Status::Success);
    process.script.hangs.notified().await;
    let [called] = runs(&process, child).await[..] else { panic!("there is one child") };
    assert_eq!(process.script.effects(), [called.to_string()]);
    process.script.go_on.notify_one();
    assert_eq!(process.until_over(called).await.status, Status::Success);
}

#[tokio::test]
async fn return_ends_the_run_and_only_the_first_counts() {
    let world = World::new();
    let process = world.process().await;
    let flow = r#"{"id":1,"module":"scenario-service:StartSubscenario","version":2},
        {"id":2,"module":"builtin:BasicRouter","routes":[
            {"flow":[{"id":3,"module":"scenario-service:ReturnData","version":2,"mapper":{"sum":"first"}},
                {"id":4,"module":"test:Write","version":1,"mapper":{"text":"after"}}]},
            {"flow":[{"id":5,"module":"scenario-service:ReturnData","version":2,"mapper":{"sum":"second"}}]}]}"#;
    let child = on_demand(&process, "Child", flow, "").await;
    let parent = on_demand(&process, "Parent", &format!("{},{THEN}", call(child, true, "{}")), "").await;
    assert_eq!(run(&process, parent).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["got first"]);
}

#[tokio::test]
async fn the_failure_of_the_called_one_is_that_of_the_module() {
    let world = World::new();
    let process = world.process().await;
    let child = on_demand(&process, "Child", CHILD, INPUTS).await;
    let calls = call(child, true, r#"{"n":1}"#);
    let parent = on_demand(&process, "Parent", &format!("{calls},{THEN}"), "").await;
    process.script.play("test:Read", Play::Fail(ModuleError::data("no such order")));
    let ended = run(&process, parent).await;
    assert_eq!(ended.status, Status::Error);
    assert!(ended.error.as_deref().unwrap().contains("DataError: no such order"), "{:?}", ended.error);
    assert!(process.script.effects().is_empty());

    // And its error route takes it.
    let handler = r#","onerror":[{"id":7,"module":"test:Write","version":1,"mapper":{"text":"{{1.error.message}}"}},
        {"id":8,"module":"builtin:Ignore"}]}"#;
    let handled = format!("{}{handler},{THEN}", calls.strip_suffix('}').unwrap());
    let parent = on_demand(&process, "Handled", &handled, "").await;
    process.script.play("test:Read", Play::Fail(ModuleError::data("no such order")));
    assert_eq!(run(&process, parent).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["the scenario that was called failed: DataError: no such order"]);
}

#[tokio::test]
async fn what_cannot_be_called_says_why_and_nothing_starts() {
    let world = World::new();
    let process = world.process().await;
    let hooked = process.scenario(THEN, "{}").await;
    let (off, timed) =
        (on_demand(&process, "Off", CHILD, INPUTS).await, on_demand(&process, "Timed", CHILD, INPUTS).await);
    let (gone, picky) =
        (on_demand(&process, "Gone", CHILD, INPUTS).await, on_demand(&process, "Picky", CHILD, INPUTS).await);
    let mut tx = process.store.begin().await.unwrap();
    scenarios::set_enabled(&mut tx, process.team, off, false, None).await.unwrap();
    scenarios::set_scheduling(&mut tx, process.team, timed, &Scheduling::every(900)).await.unwrap();
    scenarios::delete(&mut tx, process.team, gone).await.unwrap();
    tx.commit().await.unwrap();
    for (child, text) in [
        (hooked.id, "data that is sent to it"),
        (off, "\"Off\" is off: switch it on"),
        (timed, "set it to On demand"),
        (gone, "does not exist any more"),
        (picky, "“n” is required."),
        (ScenarioId(9999), "does not exist any more"),
    ] {
        let parent = on_demand(&process, "Parent", &call(child, true, "{}"), "").await;
        let ended = run(&process, parent).await;
        assert_eq!(ended.status, Status::Error);
        assert!(ended.error.as_deref().unwrap().contains(text), "{text}: {:?}", ended.error);
        // The schedule may have started one by itself.
        assert!(lineages::descendants(&process.store, ended.id).await.unwrap().is_empty());
    }
}

/// Replaces the flow of a scenario by one that knows its own id.
async fn set_flow(process: &Process, scenario: ScenarioId, flow: &str, settings: &str) {
    let file = format!(r#"{{"name":"x","flow":[{flow}],"metadata":{{"scenario":{settings}}}}}"#);
    let blueprint = Blueprint::parse(file.as_bytes()).unwrap();
    let current = scenarios::find(&process.store, process.team, scenario).await.unwrap().unwrap();
    let mut tx = process.store.begin().await.unwrap();
    let links = Value::Undefined;
    scenarios::update_blueprint(&mut tx, process.team, scenario, current.version, &blueprint, &links).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_scenario_that_calls_itself_does_not_run_for_ever() {
    for wait in [true, false] {
        let world = World::new();
        let process = world.process().await;
        let scenario = on_demand(&process, "Loop", THEN, "").await;
        set_flow(&process, scenario, &call(scenario, wait, "{}"), "{}").await;
        let first = start(&process, scenario, "{}").await.unwrap();
        let ended = process.until_over(first).await;
        // Ten levels, and the eleventh is refused.
        tokio::time::timeout(Duration::from_secs(20), async {
            while runs(&process, scenario).await.len() < 10 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .unwrap();
        let mut refused = 0;
        for run in runs(&process, scenario).await {
            let error = process.until_over(run).await.error;
            refused += usize::from(error.is_some_and(|error| error.contains("more than 10 levels deep")));
        }
        // Those that wait tell what the last one met.
        assert_eq!(refused, if wait { 10 } else { 1 });
        assert_eq!(runs(&process, scenario).await.len(), 10);
        assert_eq!(ended.status, if wait { Status::Error } else { Status::Success });
    }
}

#[tokio::test]
async fn a_sequential_scenario_does_not_wait_for_a_run_behind_itself() {
    let world = World::new();
    let process = world.process().await;
    let scenario = on_demand(&process, "One by one", THEN, "").await;
    let between = on_demand(&process, "Between", &call(scenario, true, "{}"), "").await;
    set_flow(&process, scenario, &call(between, true, "{}"), r#"{"sequential":true}"#).await;
    let ended = run(&process, scenario).await;
    assert!(ended.error.as_deref().unwrap().contains("runs one at a time"), "{:?}", ended.error);
}

#[tokio::test]
async fn a_retry_of_a_sequential_scenario_does_not_wait_behind_itself() {
    let world = World::new();
    let process = world.process().await;
    let scenario = on_demand(&process, "One by one", THEN, "").await;
    let read = r#"{"id":8,"module":"test:Read","version":1,"mapper":{}}"#;
    let flow = format!("{read},{}", call(scenario, true, "{}"));
    set_flow(&process, scenario, &flow, r#"{"sequential":true,"dlq":true}"#).await;
    let ended = run(&process, scenario).await;
    assert_eq!(ended.status, Status::Warning, "{:?}", ended.error);
    let (filter, page) = (incompletes::Filter::default(), support::page());
    let stored = incompletes::list(&process.store, process.team, &filter, page).await.unwrap().items.remove(0);
    let begun = process.control.retry_incomplete(process.team, stored.id).await.unwrap();
    let incompletes::Begun::Run(retry) = begun else { panic!("there is room") };
    assert_eq!(process.until_over(retry).await.status, Status::Warning);
    let again = incompletes::find(&process.store, process.team, stored.id).await.unwrap().unwrap();
    assert!(again.error.message.contains("runs one at a time"), "{:?}", again.error);
    assert_eq!(runs(&process, scenario).await.len(), 2, "nothing was called");
}

#[tokio::test]
async fn a_sequential_scenario_may_call_others_and_keeps_its_turn() {
    let world = World::new();
    let process = world.process().await;
    let child = on_demand(&process, "Child", CHILD, INPUTS).await;
    let scenario = on_demand(&process, "One by one", THEN, "").await;
    let flow = format!("{},{THEN}", call(child, true, r#"{"n":1}"#));
    set_flow(&process, scenario, &flow, r#"{"sequential":true}"#).await;
    process.script.play("test:Read", Play::Hang);
    let first = start(&process, scenario, "{}").await.unwrap();
    process.script.hangs.notified().await;
    let second = start(&process, scenario, "{}").await.unwrap();
    process.until(first, Status::Waiting).await;
    process.script.go_on.notify_one();
    assert_eq!(process.until_over(first).await.status, Status::Success);
    assert_eq!(process.until_over(second).await.status, Status::Success);
    let (first, second) = (process.execution(first).await, process.execution(second).await);
    assert!(first.finished_at <= second.finished_at);
}

#[tokio::test]
async fn a_stop_ends_the_wait_and_not_the_called_run() {
    let world = World::new();
    let process = world.process().await;
    let child = on_demand(&process, "Child", CHILD, INPUTS).await;
    let parent = on_demand(&process, "Parent", &call(child, true, r#"{"n":1}"#), "").await;
    process.script.play("test:Read", Play::Hang);
    let execution = start(&process, parent, "{}").await.unwrap();
    process.script.hangs.notified().await;
    process.until(execution, Status::Waiting).await;
    process.control.stop(process.team, execution).await.unwrap();
    let ended = process.until_over(execution).await;
    assert_eq!(ended.error.as_deref(), Some("stopped by hand; the scenario that module 1 called goes on"));
    process.script.go_on.notify_one();
    let [called] = runs(&process, child).await[..] else { panic!("there is one child") };
    assert_eq!(process.until_over(called).await.status, Status::Success);
}

#[tokio::test]
async fn a_called_run_that_is_stopped_or_whose_scenario_goes_fails_the_module() {
    for deleted in [false, true] {
        let world = World::new();
        let process = world.process().await;
        let sleep = r#"{"id":1,"module":"util:FunctionSleep","mapper":{"duration":"300"}}"#;
        let child = on_demand(&process, "Child", sleep, "").await;
        let parent = on_demand(&process, "Parent", &call(child, true, "{}"), "").await;
        let execution = start(&process, parent, "{}").await.unwrap();
        process.until(execution, Status::Waiting).await;
        let [called] = runs(&process, child).await[..] else { panic!("there is one child") };
        process.until(called, Status::Waiting).await;
        if deleted {
            let mut tx = process.store.begin().await.unwrap();
            scenarios::delete(&mut tx, process.team, child).await.unwrap();
            tx.commit().await.unwrap();
        } else {
            process.control.stop(process.team, called).await.unwrap();
        }
        let ended = process.until_over(execution).await;
        assert_eq!(ended.status, Status::Error);
        assert!(ended.error.unwrap().contains("stopped by hand"));
    }
}

#[tokio::test]
async fn a_confidential_scenario_gives_back_what_it_returns() {
    let world = World::new();
    let process = world.process().await;
    let confidential = format!(r#"{INPUTS}"metadata":{{"scenario":{{"confidential":true}}}},"#);
    let child = on_demand(&process, "Child", CHILD, &confidential).await;
    let parent = on_demand(&process, "Parent", &format!("{},{THEN}", call(child, true, r#"{"n":41}"#)), "").await;
    assert_eq!(run(&process, parent).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["got 42"]);
}

#[test]
fn a_call_makes_one_run_and_waits_for_it_over_crashes() {
    let world = World::new();
    let (parent, child, execution) = killed(async {
        let process = world.process().await;
        let child = on_demand(&process, "Child", CHILD, INPUTS).await;
        let flow = format!("{},{THEN}", call(child, true, r#"{"n":41}"#));
        let parent = on_demand(&process, "Parent", &flow, "").await;
        process.script.play("test:Read", Play::Hang);
        let execution = start(&process, parent, "{}").await.unwrap();
        process.script.hangs.notified().await;
        (parent, child, execution)
    });
    // Once more while both are under way.
    killed(async {
        let process = world.process_scripted(|script| script.play("test:Read", Play::Hang), |_| {}).await;
        process.script.hangs.notified().await;
        process.until(execution, Status::Waiting).await;
    });
    killed(async {
        let process = world.process().await;
        assert_eq!(process.until_over(execution).await.status, Status::Success);
        assert_eq!(process.script.effects(), ["got 42"]);
        assert_eq!((runs(&process, parent).await.len(), runs(&process, child).await.len()), (1, 1));
        let names = process.event_names(execution).await;
        assert_eq!(names.iter().filter(|name| **name == "called").count(), 2);
    });
}

#[test]
fn a_call_that_was_written_down_and_no_more_is_waited_for() {
    let world = World::new();
    let (child, execution) = killed(async {
        let process = world.process().await;
        let child = on_demand(&process, "Child", CHILD, INPUTS).await;
        let flow = format!("{},{THEN}", call(child, true, r#"{"n":41}"#));
        let parent = on_demand(&process, "Parent", &flow, "").await;
        (child, write_down_a_call(&process, parent, child).await)
    });
    killed(async {
        let process = world.process().await;
        assert_eq!(process.until_over(execution).await.status, Status::Success);
        assert_eq!(process.script.effects(), ["got 42"]);
        assert_eq!(runs(&process, child).await.len(), 1);
    });
}

/// What the driver writes with a call, and then nothing: no worker has the run.
async fn write_down_a_call(process: &Process, parent: ScenarioId, child: ScenarioId) -> ExecutionId {
    let (clock, at) = (process.store.clock().clone(), process.store.clock().now());
    let new = |scenario, origin, inputs, lineage| NewExecution {
        id: clock::execution_id(clock.as_ref()),
        team: process.team,
        scenario,
        version: Version(1),
        origin,
        bundles: None,
        inputs,
        lineage,
        leased: true,
        created_at: at,
    };
    let job = process.store.start(new(parent, Origin::Manual, Value::Undefined, Lineage::None)).await.unwrap();
    let lineage = Lineage::Child { parent: job.execution, operation: OperationId(1) };
    let called = new(child, Origin::Scenario, json::parse(br#"{"n":41}"#).unwrap(), lineage);
    let note = json::parse(format!(r#"{{"child":"{}","waits":true}}"#, called.id).as_bytes()).unwrap();
    let event = Event::Called { at, operation: OperationId(1), module: ModuleId(1), attempt: 1, note };
    let staged = StagedWrite { effect: StoreEffect::Start(Box::new(called)), finish: Box::new(|_| event) };
    let append = Append {
        execution: job.execution,
        scenario: parent,
        fence: job.fence,
        first_seq: 1,
        events: Vec::new(),
        staged: Some(staged),
        update: Update::None,
    };
    process.store.append(append).await.unwrap();
    job.execution
}

#[tokio::test]
async fn a_program_that_waits_gets_what_is_returned() {
    let world = World::new();
    let process = world.process().await;
    let child = on_demand(&process, "Child", CHILD, INPUTS).await;
    let data = json::parse(br#"{"n":41}"#).unwrap();
    let patience = Some(Duration::from_secs(20));
    let (execution, ending) = process.control.run_for_program(process.team, child, &data, patience).await.unwrap();
    let ending = ending.unwrap();
    assert_eq!((ending.status, json::to_string(&ending.outputs)), (Status::Success, r#"{"sum":42}"#.to_owned()));
    assert_eq!(process.execution(execution).await.origin, Origin::Api);
    assert_eq!(process.control.ending(process.team, execution).await.unwrap(), Some(ending));

    // One that takes longer is left to itself.
    process.script.play("test:Read", Play::Hang);
    let patience = Some(Duration::from_millis(20));
    let (execution, ending) = process.control.run_for_program(process.team, child, &data, patience).await.unwrap();
    assert_eq!(ending, None);
    process.script.go_on.notify_one();
    assert_eq!(process.until_over(execution).await.status, Status::Success);
}

#[tokio::test]
async fn a_program_gives_a_webhook_scenario_its_bundle() {
    let world = World::new();
    let process = world.process().await;
    let write = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.text}}"}}"#;
    let scenario = process.scenario(write, "{}").await;
    let data = json::parse(br#"{"text":"by a program"}"#).unwrap();
    let (execution, _) = process.control.run_for_program(process.team, scenario.id, &data, None).await.unwrap();
    process.until_over(execution).await;
    assert_eq!(process.script.effects(), ["by a program"]);
    process.set_enabled(&scenario, false).await;
    let refused = process.control.run_for_program(process.team, scenario.id, &data, None).await.unwrap_err();
    assert_eq!(refused.to_string(), "Scenario is not activated");
}

#[tokio::test]
async fn a_counter_that_is_never_reset_goes_on_with_the_next_run() {
    let world = World::new();
    let process = world.process().await;
    let flow = r#"{"id":1,"module":"util:FunctionIncrement","version":1,"parameters":{"reset":"scenario"}},
        {"id":2,"module":"test:Write","version":1,"mapper":{"text":"no. {{1.i}}"}}"#;
    let scenario = on_demand(&process, "Counts", flow, "").await;
    for _ in 0..3 {
        assert_eq!(run(&process, scenario).await.status, Status::Success);
    }
    let found = counters::list(&process.store, process.team, scenario).await.unwrap();
    assert_eq!(found.iter().map(|counter| (counter.module, counter.value)).collect::<Vec<_>>(), [(ModuleId(1), 3)]);
    let mut tx = process.store.begin().await.unwrap();
    assert!(counters::reset(&mut tx, process.team, scenario, ModuleId(1)).await.unwrap());
    tx.commit().await.unwrap();
    run(&process, scenario).await;
    assert_eq!(process.script.effects(), ["no. 1", "no. 2", "no. 3", "no. 1"]);
}
