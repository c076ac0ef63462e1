//! What a plan tells about its scenario, and what a run refuses.

#![expect(clippy::unwrap_used, reason = "a plan that cannot be made is a failed test")]

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use rouage_engine::{Catalogue, Facts, Kind, Limits, Plan, Run, RunContext, Step, compile};
use rouage_model::journal::Event;
use rouage_model::{Blueprint, Certainty, Collection, ExecutionId, ModuleId, OperationId, ScenarioId, Value};

struct Everything;

impl Catalogue for Everything {
    fn facts(&self, module: &str, _version: Option<i64>) -> Option<Facts> {
        let kind = if module.starts_with("hook:") { Kind::InstantTrigger } else { Kind::Action };
        Some(Facts { kind })
    }
}

fn plan(flow: &str) -> Plan {
    let text = format!(r#"{{"name":"Orders","flow":{flow}}}"#);
    compile(&Blueprint::parse(text.as_bytes()).unwrap(), &Everything).plan
}

fn run(plan: Plan) -> Run {
    let context = RunContext {
        execution: ExecutionId::default_for_tests(),
        scenario: ScenarioId(1),
        scenario_name: "Orders".into(),
        scenario_url: "".into(),
        timezone: TimeZone::UTC,
        team_variables: Collection::new(),
        organization_variables: Collection::new(),
        inputs: Value::empty_collection(),
        files: rouage_engine::Files::default(),
        limits: Limits::default(),
    };
    Run::new(Arc::new(plan), context)
}

trait ForTests {
    fn default_for_tests() -> Self;
}

impl ForTests for ExecutionId {
    fn default_for_tests() -> Self {
        "0192f0c1000070008000000000000001".parse().unwrap()
    }
}

fn at() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

const FLOW: &str = r#"[
    {"id":1,"module":"hook:Watch","version":1},
    {"id":2,"module":"builtin:BasicFeeder","mapper":{"array":"{{1.items}}"}},
    {"id":3,"module":"act:Do","onerror":[{"id":9,"module":"act:Tell"}]},
    {"id":4,"module":"builtin:BasicAggregator","parameters":{"feeder":2}},
    {"id":5,"module":"builtin:BasicRouter","routes":[
        {"flow":[{"id":6,"module":"act:Do"}]},
        {"flow":[{"id":7,"module":"gateway:WebhookRespond","disabled":true}]}]}]"#;

#[test]
fn a_plan_knows_what_a_mapping_can_name() {
    let plan = plan(FLOW);
    let upstream = |id| plan.upstream(ModuleId(id)).into_iter().map(|id| id.0).collect::<Vec<i64>>();
    assert_eq!(upstream(1), Vec::<i64>::new());
    assert_eq!(upstream(4), [3, 2, 1]);
    assert_eq!(upstream(6), [4, 1]);
    assert_eq!(upstream(9), [3, 2, 1]);
    assert_eq!(upstream(77), Vec::<i64>::new());
}

#[test]
fn a_plan_knows_its_trigger_and_its_modules() {
    let plan = plan(FLOW);
    assert_eq!(plan.trigger().map(|trigger| trigger.id), Some(ModuleId(1)));
    assert!(plan.is_instant() && plan.can_be_switched_on());
    assert!(plan.contains("act:Tell") && !plan.contains("gateway:WebhookRespond"));
    let order: Vec<i64> = plan.modules().map(|module| module.id.0).collect();
    assert_eq!(order, [1, 2, 3, 9, 4, 5, 6, 7]);
    assert!(!self::plan("[]").can_be_switched_on());
}

#[test]
fn an_event_that_does_not_fit_is_refused_and_changes_nothing() {
    let mut run = run(plan(r#"[{"id":1,"module":"act:Do"}]"#));
    let returned = |operation, module| Event::Returned {
        at: at(),
        operation: OperationId(operation),
        module: ModuleId(module),
        bundles: vec![],
    };
    let error = run.apply(&returned(1, 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the journal does not fit the run: it has not started, but the event is \"returned\" of operation 1 of module 1"
    );
    run.apply(&Event::Started { at: at(), bundles: None, inputs: Value::Undefined }).unwrap();
    let before = run.next();
    assert!(matches!(&before, Step::Call(call) if call.operation == OperationId(1)));
    assert!(run.apply(&returned(1, 2)).is_err());
    assert!(run.apply(&returned(2, 1)).is_err());
    assert_eq!(run.next(), before);
    run.apply(&returned(1, 1)).unwrap();
    assert!(matches!(run.next(), Step::Finish(_)));
}

#[test]
fn plans_are_shared_and_runs_move_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    shared::<Plan>();
    moved::<Run>();
}

/// A run that recursed over modules or bundles would need far more than this.
const SMALL_STACK: usize = 192 * 1024;

#[test]
fn a_long_flow_and_many_bundles_need_no_deep_stack() {
    let mut modules =
        vec![r#"{"id":1,"module":"builtin:BasicRepeater","mapper":{"start":1,"repeats":20,"step":1}}"#.to_owned()];
    modules.extend(
        (2..3_000).map(|id| format!(r#"{{"id":{id},"module":"util:ComposeTransformer","mapper":{{"value":"x"}}}}"#)),
    );
    let plan = plan(&format!("[{}]", modules.join(",")));
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK).spawn(move || {
        let mut run = run(plan);
        run.apply(&Event::Started { at: at(), bundles: None, inputs: Value::Undefined }).unwrap();
        assert!(matches!(run.next(), Step::Finish(_)));
        run.operations()
    });
    assert_eq!(thread.unwrap().join().unwrap(), 1 + 20 * 2_998);
}

#[test]
fn flows_nested_as_deep_as_json_allows_compile_and_run() {
    let mut flow = r#"[{"id":900,"module":"act:Do"}]"#.to_owned();
    for id in 0..120 {
        flow = format!(r#"[{{"id":{id},"module":"builtin:BasicRouter","routes":[{{"flow":{flow}}}]}}]"#);
    }
    let mut run = run(plan(&flow));
    run.apply(&Event::Started { at: at(), bundles: None, inputs: Value::Undefined }).unwrap();
    assert!(matches!(run.next(), Step::Call(call) if call.module == ModuleId(900)));
}

#[test]
fn a_call_without_an_answer_when_the_time_is_over_may_have_happened() {
    let text =
        r#"{"metadata":{"scenario":{"dlq":true}},"flow":[{"id":1,"module":"hook:Watch"},{"id":2,"module":"act:Do"}]}"#;
    let plan = compile(&Blueprint::parse(text.as_bytes()).unwrap(), &Everything).plan;
    let mut run = run(plan);
    let bundles = Some(vec![Value::empty_collection()]);
    run.apply(&Event::Started { at: at(), bundles, inputs: Value::Undefined }).unwrap();
    let Step::Call(call) = run.next() else { panic!("it is not called") };
    let (operation, module) = (call.operation, call.module);
    run.apply(&Event::Called { at: at(), operation, module, attempt: 1, note: Value::Undefined }).unwrap();
    assert!(run.can_be_interrupted());
    run.apply(&Event::Interrupted { at: at() }).unwrap();
    let Step::Park(parked) = run.next() else { panic!("it is not parked") };
    assert_eq!((parked.operation, parked.error.certainty), (operation, Certainty::MaybeApplied));
    assert!(!run.can_be_interrupted());
}
