//! Retries under a plan in which what failed was mended.

#![expect(clippy::unwrap_used, reason = "a plan that cannot be made is a failed test")]

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use rouage_engine::{Catalogue, Facts, Kind, Limits, Plan, Run, RunContext, Step, compile};
use rouage_model::journal::Event;
use rouage_model::{Blueprint, Collection, OperationId, ScenarioId, Value, json};

struct Modules;

impl Catalogue for Modules {
    fn facts(&self, module: &str, _version: Option<i64>) -> Option<Facts> {
        let kind = if module == "hook:Watch" { Kind::InstantTrigger } else { Kind::Action };
        Some(Facts { kind })
    }
}

fn plan(modules: &str) -> Arc<Plan> {
    let text = format!(
        r#"{{"metadata":{{"scenario":{{"dlq":true}}}},"flow":[{{"id":1,"module":"hook:Watch"}},{modules},
            {{"id":9,"module":"act:Do","mapper":{{"all":"{{{{`8`}}}}"}}}}]}}"#
    );
    Arc::new(compile(&Blueprint::parse(text.as_bytes()).unwrap(), &Modules).plan)
}

fn context() -> RunContext {
    RunContext {
        execution: "0192f0c1000070008000000000000001".parse().unwrap(),
        scenario: ScenarioId(1),
        scenario_name: "".into(),
        scenario_url: "".into(),
        timezone: TimeZone::UTC,
        team_variables: Collection::new(),
        organization_variables: Collection::new(),
        inputs: Value::empty_collection(),
        files: rouage_engine::Files::default(),
        limits: Limits::default(),
    }
}

/// What the retry of the operation that a broken scenario parked asks for when
/// the scenario was mended.
fn mended(broken: &str, mended: &str) -> Step {
    let at = Timestamp::UNIX_EPOCH;
    let bundle = json::parse(br#"{"list":[1,2,3],"x":5}"#).unwrap();
    let mut events = vec![Event::Started { at, bundles: Some(vec![bundle]), inputs: Value::Undefined }];
    let mut run = Run::replay(plan(broken), context(), events.clone()).unwrap();
    let Step::Park(parked) = run.next() else { panic!("nothing was parked") };
    let (operation, module) = (parked.operation, parked.module);
    events.push(Event::Parked { at, operation, module, error: parked.error });
    let retry = Run::retry(plan(broken), context(), events, operation).unwrap().unwrap();
    let mut retry = retry.edited(plan(mended)).unwrap();
    retry.apply(&Event::Started { at, bundles: None, inputs: Value::Undefined }).unwrap();
    retry.next()
}

#[test]
fn an_aggregator_keeps_what_it_gathered_until_it_is_mended() {
    let flow = |function: &str| {
        format!(
            r#"{{"id":2,"module":"builtin:BasicFeeder","mapper":{{"array":"{{{{1.list}}}}"}}}},
               {{"id":8,"module":"util:FunctionAggregator2","parameters":{{"feeder":2,"fn":"{function}"}},"mapper":{{"value":"{{{{2.value}}}}"}}}}"#
        )
    };
    let Step::Call(call) = mended(&flow("median"), &flow("sum")) else { panic!("it is not called") };
    assert_eq!(call.operation, OperationId(4));
    assert_eq!(call.input.field("all").field("result"), &Value::from(6));
}

#[test]
fn a_mended_filter_decides_again() {
    let flow = |left: &str| {
        format!(
            r#"{{"id":8,"module":"util:ComposeTransformer","mapper":{{"value":"in"}},
                "filter":{{"name":"f","conditions":[[{{"a":"{left}","o":"number:equal","b":"5"}}]]}}}}"#
        )
    };
    assert!(matches!(mended(&flow("{{nope(1)}}"), &flow("{{1.x}}")), Step::Call(_)));
    assert!(matches!(mended(&flow("{{nope(1)}}"), &flow("{{1.y}}")), Step::Finish(_)));
}
