//! The flows that are measured, as blueprints, and the driver that answers.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_engine::{Catalogue, Facts, Kind, Limits, Plan, Run, RunContext, Step, compile};
use rouage_model::journal::Event;
use rouage_model::{Blueprint, Collection, ScenarioId, Value};

/// A flow that is measured.
pub struct Flow {
    pub name: &'static str,
    pub title: &'static str,
    /// Bundles of its trigger in one run.
    count: i64,
    modules: fn() -> String,
}

pub const ALL: &[Flow] = &[
    Flow { name: "chain", title: "chain of 10 modules", count: 10_000, modules: chain },
    Flow { name: "calls", title: "chain of 10 calls, answered at once", count: 10_000, modules: calls },
    Flow { name: "iterator", title: "iterator over 10,000, aggregated", count: 10, modules: iterator },
    Flow { name: "router", title: "router with 20 routes", count: 5_000, modules: router },
];

/// Items of the iterator.
const ITEMS: i64 = 10_000;

/// Each module makes a record with a number that is one more than the last.
fn chain() -> String {
    let modules: Vec<String> = (2..12).map(|id| step(id, id - 1, "")).collect();
    format!(r#"[{TRIGGER},{}]"#, modules.join(","))
}

const TRIGGER: &str = r#"{"id":1,"module":"hook:Watch"}"#;

fn step(id: i64, before: i64, filter: &str) -> String {
    format!(
        r#"{{"id":{id},"module":"util:SetVariable2","mapper":{{"name":"x","scope":"roundtrip","value":"{{{{{before}.x + 1}}}}"}}{filter}}}"#
    )
}

fn calls() -> String {
    let modules: Vec<String> = (2..12)
        .map(|id| format!(r#"{{"id":{id},"module":"act:Do","mapper":{{"x":"{{{{{}.x + 1}}}}"}}}}"#, id - 1))
        .collect();
    format!(r#"[{TRIGGER},{}]"#, modules.join(","))
}

/// Items through one module and together again.
fn iterator() -> String {
    let step = step(3, 2, "");
    format!(
        r#"[{TRIGGER},{{"id":2,"module":"builtin:BasicFeeder","mapper":{{"array":"{{{{1.items}}}}"}}}},{step},
           {{"id":4,"module":"builtin:BasicAggregator","parameters":{{"feeder":2}},"mapper":{{"x":"{{{{3.x}}}}"}}}}]"#
    )
}

/// Every route has a filter that lets the bundle in, and one module.
fn router() -> String {
    let routes: Vec<String> = (0..20)
        .map(|route| {
            let filter = format!(
                r#","filter":{{"name":"","conditions":[[{{"a":"{{{{1.x}}}}","o":"number:greaterorequal","b":"-{route}"}}]]}}"#
            );
            format!(r#"{{"flow":[{}]}}"#, step(10 + route, 1, &filter))
        })
        .collect();
    format!(r#"[{TRIGGER},{{"id":2,"module":"builtin:BasicRouter","routes":[{}]}}]"#, routes.join(","))
}

/// A repeater before a chain with a router.
pub fn repeating(repeats: u32) -> Arc<Plan> {
    plan(&format!(
        r#"[{TRIGGER},{{"id":2,"module":"builtin:BasicRepeater","mapper":{{"start":1,"repeats":{repeats},"step":1}}}},
           {},{{"id":4,"module":"builtin:BasicRouter","routes":[{{"flow":[{}]}},{{"flow":[{}]}}]}}]"#,
        step(3, 1, ""),
        step(5, 3, ""),
        step(6, 3, "")
    ))
}

pub fn order(number: i64) -> Value {
    [("x", number)].into_iter().collect::<Collection>().into()
}

impl Flow {
    pub fn plan(&self) -> Arc<Plan> {
        plan(&(self.modules)())
    }

    pub fn bundles(&self) -> Vec<Value> {
        let items: Vec<Value> = if self.name == "iterator" { (0..ITEMS).map(order).collect() } else { Vec::new() };
        let items = Value::from(items);
        let bundle =
            |number| [("x", Value::from(number)), ("items", items.clone())].into_iter().collect::<Collection>();
        (0..self.count).map(|number| bundle(number).into()).collect()
    }
}

fn plan(flow: &str) -> Arc<Plan> {
    let text = format!(r#"{{"name":"Bench","flow":{flow}}}"#);
    let compiled = compile(&Blueprint::parse(text.as_bytes()).unwrap(), &Modules);
    assert!(compiled.problems.is_empty(), "{:?}", compiled.problems);
    Arc::new(compiled.plan)
}

/// Runs to the end; calls are answered at once. The number of operations.
pub fn drive(plan: &Arc<Plan>, bundles: Vec<Value>) -> u32 {
    let at = Timestamp::UNIX_EPOCH;
    let mut run = Run::new(plan.clone(), context());
    run.apply(&Event::Started { at, bundles: Some(bundles), inputs: Value::Undefined }).unwrap();
    loop {
        match run.next() {
            Step::Call(call) => {
                let (operation, module, attempt) = (call.operation, call.module, call.attempt);
                run.apply(&Event::Called { at, operation, module, attempt, note: Value::Undefined }).unwrap();
                run.apply(&Event::Returned { at, operation, module, bundles: vec![call.input] }).unwrap();
            }
            Step::Finish(verdict) => {
                assert!(verdict.error.is_none(), "{:?}", verdict.error);
                return verdict.operations;
            }
            step => panic!("{step:?}"),
        }
    }
}

fn context() -> RunContext {
    RunContext {
        execution: "0192f0c1000070008000000000000001".parse().unwrap(),
        scenario: ScenarioId(1),
        scenario_name: "Bench".into(),
        scenario_url: "".into(),
        timezone: TimeZone::UTC,
        team_variables: Collection::new(),
        organization_variables: Collection::new(),
        inputs: Value::empty_collection(),
        files: rouage_engine::Files::default(),
        limits: Limits { operations: u32::MAX, bundles: u64::MAX, ..Limits::default() },
    }
}

struct Modules;

impl Catalogue for Modules {
    fn facts(&self, module: &str, _version: Option<i64>) -> Option<Facts> {
        match module {
            "hook:Watch" => Some(Facts { kind: Kind::InstantTrigger }),
            "act:Do" => Some(Facts { kind: Kind::Action }),
            _ => None,
        }
    }
}
