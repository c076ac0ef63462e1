//! Rehearsals: a draft with sample data, and nothing outside of it touched.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

#[allow(unused_imports, reason = "other tests script their modules")]
mod support;

use std::sync::Arc;

use rouage_model::execution::Status;
use rouage_model::{Blueprint, ModuleId, ScenarioId, Value, json};
use rouage_runtime::{ExampleOrigin, Rehearsal, RunOnce};
use rouage_store::executions::{self, Filter};
use support::{Process, World};

const FLOW: &str = r#"
    {"id":2,"module":"test:Pure","version":1,"mapper":{"text":"{{1.text}}!"}},
    {"id":3,"module":"test:Read","version":1,"mapper":{"text":"{{2.out}}"}},
    {"id":4,"module":"util:FunctionSleep","mapper":{"duration":300}},
    {"id":5,"module":"test:Write","version":1,"mapper":{"text":"{{3.name}} {{1.missing}}"},
        "filter":{"name":"All","conditions":[[{"a":"{{1.text}}","o":"exist"}]]}},
    {"id":6,"module":"other:Send","version":4,"mapper":{"text":"{{5.out}}{{1.missing}}"}}"#;

async fn rehearse(process: &Process, id: ScenarioId, sample: &str) -> Rehearsal {
    let sample = if sample.is_empty() { Value::Undefined } else { json::parse(sample.as_bytes()).unwrap() };
    process.control.rehearse(process.team, id, &sample).await.unwrap()
}

fn of(rehearsal: &Rehearsal, module: i64) -> Vec<String> {
    let operations = rehearsal.history.trace.operations.iter();
    let own = operations.filter(|operation| operation.module == ModuleId(module));
    own.map(|operation| format!("{} -> {}", json::to_string(&operation.input), operation.output.len())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_shows_all_of_the_way_and_touches_nothing() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(FLOW, "{}").await;
    let rehearsal = rehearse(&process, scenario.id, r#"{"text":"hello"}"#).await;

    assert_eq!(rehearsal.given.origin, ExampleOrigin::Given);
    // The pure module was computed with its input; the search gave two bundles.
    assert_eq!(of(&rehearsal, 2), [r#"{"text":"hello!"} -> 1"#]);
    assert_eq!(of(&rehearsal, 3).len(), 1);
    assert!(of(&rehearsal, 3)[0].ends_with("-> 2"), "{:?}", of(&rehearsal, 3));
    assert_eq!(of(&rehearsal, 4).len(), 2, "the sleep is over at once, for both");
    assert_eq!(of(&rehearsal, 5).len(), 2);
    // A module that we do not have is passed as well, and told.
    assert_eq!(of(&rehearsal, 6).len(), 2);
    assert!(rehearsal.history.trace.filters.iter().all(|filter| filter.passed));
    let told = |module| rehearsal.told.iter().find(|told| told.module == ModuleId(module)).unwrap();
    assert_eq!(told(2).origin, ExampleOrigin::Computed);
    assert_eq!(told(5).sentence, "would test:Write");
    assert!(told(6).doubts[0].contains("Rouage has no module other:Send"), "{:?}", told(6).doubts);
    assert_eq!(rehearsal.history.execution.status, Status::Warning);

    // Nothing was called but what only computes, and nothing was stored.
    let calls = process.script.calls();
    assert!(calls.iter().all(|(name, _)| name == "test:Pure"), "{calls:?}");
    assert!(process.script.effects().is_empty());
    let filter = Filter { scenario: Some(scenario.id), ..Filter::default() };
    assert!(executions::list(&process.store, process.team, &filter, None, 10).await.unwrap().items.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rehearsals_with_the_same_data_are_the_same() {
    let world = World::new();
    let process = world.process().await;
    let flow = format!(
        r#"{FLOW},{{"id":7,"module":"util:ComposeTransformer","mapper":{{"value":"{{{{uuid}}}} {{{{random}}}}"}}}}"#
    );
    let scenario = process.scenario(&flow, "{}").await;
    let (first, second) = (rehearse(&process, scenario.id, "").await, rehearse(&process, scenario.id, "").await);
    assert_eq!(first.history.trace, second.history.trace);
    assert!(!first.history.trace.operations.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_request_is_used_and_an_empty_value_is_told() {
    let world = World::new();
    let process = world.process().await;
    let flow = r#"{"id":2,"module":"test:Write","version":1,"mapper":{"text":"{{1.city}}"}}"#;
    let scenario = process.scenario(flow, "{}").await;
    let bundle = json::parse(br#"{"name":"Ada"}"#).unwrap();
    let run = process.control.run_once(process.team, scenario.id, Some(vec![bundle]), &Value::Undefined).await.unwrap();
    let RunOnce::Started(execution) = run else { panic!("it must start") };
    process.until_over(execution).await;
    let effects = process.script.effects();

    let rehearsal = rehearse(&process, scenario.id, "").await;
    assert_eq!(rehearsal.given.origin, ExampleOrigin::Run);
    assert_eq!(json::to_string(&rehearsal.given.bundles[0]), r#"{"name":"Ada"}"#);
    assert_eq!(rehearsal.told[0].doubts, ["Empty with this data: Text."]);
    assert_eq!(rehearsal.told[0].origin, ExampleOrigin::Run);
    assert_eq!(process.script.effects(), effects);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_bundle_is_refused_and_an_endless_scenario_is_bounded() {
    let world = World::new();
    let process = world.process().await;
    let flow = r#"{"id":2,"module":"builtin:BasicRepeater","mapper":{"start":1,"repeats":10000,"step":1}},
        {"id":3,"module":"builtin:BasicRepeater","mapper":{"start":1,"repeats":10000,"step":1}},
        {"id":4,"module":"test:Write","version":1,"mapper":{"text":"{{3.i}}"}}"#;
    let scenario = process.scenario(flow, "{}").await;
    for sample in ["1", "[]", r#"[{"a":1},2]"#] {
        let sample = json::parse(sample.as_bytes()).unwrap();
        assert!(process.control.rehearse(process.team, scenario.id, &sample).await.is_err());
    }
    let rehearsal = rehearse(&process, scenario.id, "").await;
    assert!(rehearsal.is_cut || rehearsal.history.execution.status == Status::Error);
    assert!(rehearsal.history.trace.operations.len() <= 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_blueprint_of_the_tree_can_be_rehearsed() {
    let world = World::new();
    let process = world.process().await;
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut count = 0;
    for folder in std::fs::read_dir(examples).unwrap() {
        let Ok(text) = std::fs::read(folder.unwrap().path().join("blueprint.json")) else { continue };
        let blueprint = Arc::new(Blueprint::parse(&text).unwrap());
        let id = process.scenario_of(std::str::from_utf8(&text).unwrap()).await;
        let rehearsal = rehearse(&process, id, "").await;
        assert!(!rehearsal.history.trace.operations.is_empty(), "{}", blueprint.name());
        count += 1;
    }
    assert!(count >= 12, "{count}");
}
