//! A driver whose answers are a function of the events so far, so that a run
//! which was cut and replayed meets the same world.

use std::fmt::Write as _;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rouage_engine::{Call, Catalogue, Facts, Kind, Limits, Parked, Plan, Retry, Run, RunContext, Step, Trace, compile};
use rouage_model::journal::Event;
use rouage_model::{Blueprint, Collection, ErrorKind, ExecutionId, ModuleError, ModuleId, OperationId, ScenarioId};
use rouage_model::{Value, json};

use super::case::{Answer, Case};

/// Modules by their app's name; there are no others.
struct TestCatalogue {
    /// Whether an app keeps counters that outlive a run.
    keeps_counters: bool,
}

impl TestCatalogue {
    fn of(case: &Case) -> Self {
        Self { keeps_counters: case.option("counters") == Some("kept") }
    }
}

impl Catalogue for TestCatalogue {
    fn facts(&self, module: &str, _version: Option<i64>) -> Option<Facts> {
        let kind = match module.split(':').next()? {
            "hook" => Kind::InstantTrigger,
            "watch" => Kind::PollingTrigger,
            "find" => Kind::Search,
            "act" => Kind::Action,
            "util" if self.keeps_counters => Kind::Action,
            _ => return None,
        };
        Some(Facts { kind })
    }
}

/// Everything that a case shows, as text. Panics when a replay differs.
pub fn report(case: &Case, name: &str) -> String {
    let blueprint = Blueprint::parse(case.section("blueprint").as_bytes())
        .unwrap_or_else(|error| panic!("{name}: the blueprint cannot be read: {error}"));
    let compiled = compile(&blueprint, &TestCatalogue::of(case));
    let mut text = String::new();
    for problem in &compiled.problems {
        let module = problem.module.map_or("scenario".to_owned(), |module| format!("module {module}"));
        let field = problem.field.as_ref().map_or(String::new(), |field| format!(" {field}"));
        let _ = writeln!(text, "{:?} {module}{field}: {}", problem.severity, problem.message);
    }
    let plan = Arc::new(compiled.plan);
    let script = Script::new(case);
    let live = script.finish(new_run(&plan, case), Vec::new());
    text.push_str(&described(&live));
    check_replays(&script, &plan, &live, name);
    text.push_str(&retried(case, &plan, &live, name));
    text
}

/// Lets each call of a case fail in turn, with and without the store of
/// incomplete executions and auto commit. Whatever the scenario does about it,
/// the run must end, leave no operation open, and be replayable.
pub fn check_failures(case: &Case, name: &str) {
    for settings in [(true, true), (true, false), (false, true), (false, false)] {
        let plan = Arc::new(compile(&with_settings(case, settings), &TestCatalogue::of(case)).plan);
        let calls = Script::new(case).finish(new_run(&plan, case), Vec::new()).calls();
        for failing in 0..calls {
            let script = Script { failing: Some(failing), ..Script::new(case) };
            let name = format!("{name}, call {failing} fails, settings {settings:?}");
            let live = script.finish(new_run(&plan, case), Vec::new());
            let open = live.trace.operations.iter().find(|operation| operation.finished_at.is_none());
            assert_eq!(open, None, "{name}");
            check_replays(&script, &plan, &live, &name);
        }
    }
}

fn with_settings(case: &Case, (store, auto_commit): (bool, bool)) -> Blueprint {
    let blueprint = Blueprint::parse(case.section("blueprint").as_bytes()).unwrap();
    let mut root = blueprint.root().as_collection().unwrap().clone();
    let settings = format!(r#"{{"scenario":{{"dlq":{store},"autoCommit":{auto_commit}}}}}"#);
    root.insert("metadata", json::parse(settings.as_bytes()).unwrap());
    Blueprint::from_document(root.into()).unwrap()
}

fn check_replays(script: &Script<'_>, plan: &Arc<Plan>, live: &Finished, name: &str) {
    for cut in 0..live.events.len() {
        let mut run = new_run(plan, script.case);
        live.events[..cut].iter().for_each(|event| run.apply(event).unwrap());
        let again = script.finish(run, live.events[..cut].to_vec());
        assert_eq!(again.events, live.events, "{name}: replayed up to event {cut}");
        assert_eq!(again.trace, live.trace, "{name}: replayed up to event {cut}");
    }
}

fn retried(case: &Case, plan: &Arc<Plan>, original: &Finished, name: &str) -> String {
    let Some(operation) = case.section("retry").lines().next() else { return String::new() };
    let operation = OperationId(operation.trim().parse().unwrap());
    let retry = || {
        let events = original.events.iter().cloned();
        let found = Run::retry(plan.clone(), context(case), events, operation).unwrap();
        let mut run = found.unwrap_or_else(|| panic!("{name}: operation {operation} was not parked"));
        run.record(true);
        run
    };
    let script =
        Script { case, answers: case.answers("retry"), started: None, inputs: Value::Undefined, failing: None };
    let live = script.finish(retry(), Vec::new());
    for cut in 0..live.events.len() {
        let mut run = retry();
        live.events[..cut].iter().for_each(|event| run.apply(event).unwrap());
        let again = script.finish(run, live.events[..cut].to_vec());
        assert_eq!(again.trace, live.trace, "{name}: retry replayed up to event {cut}");
    }
    format!("retry of operation {operation}\n{}", described(&live))
}

fn new_run(plan: &Arc<Plan>, case: &Case) -> Run {
    let mut run = Run::new(plan.clone(), context(case));
    run.record(true);
    run
}

fn context(case: &Case) -> RunContext {
    let default = Limits::default();
    let number = |name: &str| case.option(name).map(|text| text.parse::<u32>().unwrap());
    RunContext {
        execution: "0192f0c1000070008000000000000001".parse::<ExecutionId>().unwrap(),
        scenario: ScenarioId(7),
        scenario_name: "Case".into(),
        scenario_url: "http://localhost/scenarios/7".into(),
        timezone: TimeZone::UTC,
        team_variables: [("city", "Brno")].into_iter().collect(),
        organization_variables: Collection::new(),
        inputs: [("size", 3)].into_iter().collect::<Collection>().into(),
        files: rouage_engine::Files::default(),
        limits: Limits {
            operations: number("operations").unwrap_or(default.operations),
            bundles: number("bundles").map_or(default.bundles, u64::from),
            memory: number("memory").map_or(default.memory, u64::from),
            cycles: number("cycles"),
        },
    }
}

struct Script<'a> {
    case: &'a Case,
    answers: Vec<(ModuleId, Answer)>,
    started: Option<Vec<Value>>,
    inputs: Value,
    /// This call, counted from 0 over all modules, fails whatever the case says.
    failing: Option<usize>,
}

struct Finished {
    events: Vec<Event>,
    /// What the steps said beyond what the events keep.
    remarks: Vec<String>,
    trace: Trace,
}

impl Finished {
    fn calls(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Called { .. })).count()
    }
}

impl<'a> Script<'a> {
    fn new(case: &'a Case) -> Self {
        Self { case, answers: case.answers("answers"), started: case.started(), inputs: case.inputs(), failing: None }
    }

    fn finish(&self, mut run: Run, mut events: Vec<Event>) -> Finished {
        let mut remarks = Vec::new();
        for _ in 0..10_000 {
            let step = run.next();
            assert_eq!(run.next(), step, "asking twice gives the same answer");
            if step == Step::Finished {
                return Finished { events, remarks, trace: run.trace().clone() };
            }
            remarks.extend(remarks_of(&step));
            let event = self.answer(&step, &events);
            run.apply(&event).unwrap();
            events.push(event);
        }
        panic!("the run does not end");
    }

    fn answer(&self, step: &Step, events: &[Event]) -> Event {
        let at = "2026-11-24T08:00:00Z".parse::<Timestamp>().unwrap();
        let at = at + SignedDuration::from_secs(i64::try_from(events.len()).unwrap());
        if let (Some((module, Answer::Fail(error))), [Event::Started { .. }]) =
            (self.case.answers("initialisation after the start").first(), events)
        {
            return Event::Failed { at, operation: OperationId(0), module: *module, error: error.clone() };
        }
        match step {
            Step::NotStarted => self.started(at),
            Step::Call(call) if self.is_interrupted(call.module, events) => Event::Interrupted { at },
            Step::Sleep(sleep) if self.is_interrupted(sleep.module, events) => Event::Interrupted { at },
            Step::Call(call) if !call.called => {
                let (operation, module, attempt) = (call.operation, call.module, call.attempt);
                Event::Called { at, operation, module, attempt, note: Value::Undefined }
            }
            Step::Call(call) => self.outcome(call, events, at),
            Step::Sleep(sleep) => match sleep.until {
                None => {
                    let until = at + SignedDuration::from_secs(i64::from(sleep.seconds));
                    Event::Sleeping { at, until, operation: sleep.operation, module: sleep.module }
                }
                Some(at) => Event::Returned { at, operation: sleep.operation, module: sleep.module, bundles: vec![] },
            },
            Step::Park(parked) if self.case.option("store") == Some("full") => Event::Failed {
                at,
                operation: parked.operation,
                module: parked.module,
                error: ModuleError::new(ErrorKind::OutOfSpaceError, "no room for incomplete executions"),
            },
            Step::Park(parked) => {
                Event::Parked { at, operation: parked.operation, module: parked.module, error: parked.error.clone() }
            }
            Step::Commit if self.case.option("commit") == Some("fail") => {
                let error = ModuleError::new(ErrorKind::RuntimeError, "the commit was refused");
                Event::Failed { at, operation: OperationId(0), module: ModuleId(0), error }
            }
            Step::Commit => Event::Committed { at },
            Step::Rollback => Event::RolledBack { at },
            Step::Finish(verdict) => Event::Finished {
                at,
                status: verdict.status,
                error: verdict.error.clone(),
                operations: verdict.operations,
            },
            Step::Finished => unreachable!("handled by the loop"),
        }
    }

    fn started(&self, at: Timestamp) -> Event {
        if let Some((module, Answer::Fail(error))) = self.case.answers("initialisation").first() {
            return Event::Failed { at, operation: OperationId(0), module: *module, error: error.clone() };
        }
        Event::Started { at, bundles: self.started.clone(), inputs: self.inputs.clone() }
    }

    fn is_interrupted(&self, module: ModuleId, events: &[Event]) -> bool {
        matches!(self.answer_of(module, events), Some(Answer::Interrupt))
    }

    /// The scripted answer to the next call of a module.
    fn answer_of(&self, module: ModuleId, events: &[Event]) -> Option<&Answer> {
        let answered = events.iter().filter(|event| match event {
            Event::Returned { module: of, .. }
            | Event::Failed { module: of, .. }
            | Event::Retrying { module: of, .. }
            | Event::Parked { module: of, .. } => *of == module,
            _ => false,
        });
        let mine: Vec<&Answer> =
            self.answers.iter().filter(|(of, _)| *of == module).map(|(_, answer)| answer).collect();
        mine.get(answered.count()).or(mine.last()).copied()
    }

    fn outcome(&self, call: &Call, events: &[Event], at: Timestamp) -> Event {
        let (operation, module) = (call.operation, call.module);
        let called = events.iter().filter(|event| matches!(event, Event::Called { .. })).count();
        if self.failing.is_some_and(|failing| called == failing + 1) {
            let error = ModuleError::new(ErrorKind::DataError, "it was made to fail");
            return Event::Failed { at, operation, module, error };
        }
        let answer = self.answer_of(module, events).unwrap_or_else(|| panic!("no answer for module {module}"));
        match answer.clone() {
            Answer::Interrupt => unreachable!("asked before the call"),
            Answer::Bundles(bundles) => Event::Returned { at, operation, module, bundles },
            Answer::Fail(error) => Event::Failed { at, operation, module, error },
            Answer::Retry(error) => {
                let until = at + SignedDuration::from_mins(1);
                Event::Retrying { at, until, operation, module, attempt: call.attempt, error }
            }
            Answer::Doubt => {
                let error = ModuleError::new(ErrorKind::RuntimeError, "it may have happened").maybe_applied();
                Event::Parked { at, operation, module, error }
            }
        }
    }
}

fn remarks_of(step: &Step) -> Vec<String> {
    let mut remarks: Vec<String> = remark(step).into_iter().collect();
    if let Step::Finish(verdict) = step {
        remarks.extend(verdict.name.as_ref().map(|name| format!("it is called {name:?}")));
        remarks.extend(verdict.outputs.as_ref().map(|outputs| format!("it gives {}", json::to_string(outputs))));
    }
    remarks
}

fn remark(step: &Step) -> Option<String> {
    match step {
        Step::Park(Parked { operation, retry: Some(retry), .. }) => {
            let Retry { count, interval_minutes } = retry;
            Some(format!("operation {operation} is to be retried {count} times, every {interval_minutes} minutes"))
        }
        Step::Finish(verdict) if verdict.by_rollback => Some("the user's Rollback ended it".to_owned()),
        Step::Finish(verdict) => verdict.failed_module.map(|module| format!("module {module} ended it")),
        _ => None,
    }
}

fn described(finished: &Finished) -> String {
    let mut text = String::new();
    for operation in &finished.trace.operations {
        let _ = write!(text, "{}: module {}", operation.operation, operation.module);
        if !operation.input.is_nothing() {
            let _ = write!(text, " {}", json::to_string(&operation.input));
        }
        if let Some(error) = &operation.error {
            let details: String = error.details.iter().map(|detail| format!(" [{detail}]")).collect();
            let _ = write!(text, " {:?} {}: {}{details}", operation.state, error.kind, error.message);
        }
        for warning in &operation.warnings {
            let _ = write!(text, " (warning: {warning})");
        }
        if operation.attempts > 1 {
            let _ = write!(text, " (attempt {})", operation.attempts);
        }
        let output: Vec<String> = operation.output.iter().map(json::to_string).collect();
        let _ = writeln!(text, " -> {}", if output.is_empty() { "nothing".to_owned() } else { output.join(" | ") });
    }
    for filter in &finished.trace.filters {
        let passed = if filter.passed { "let in" } else { "held back" };
        let after = filter.after_operation.map_or("the start".to_owned(), |operation| operation.to_string());
        let _ = writeln!(text, "filter {:?} of module {}, after {after}: {passed}", filter.name, filter.module);
    }
    for remark in &finished.remarks {
        let _ = writeln!(text, "{remark}");
    }
    for event in &finished.events {
        match event {
            Event::Committed { .. }
            | Event::RolledBack { .. }
            | Event::Sleeping { .. }
            | Event::Parked { .. }
            | Event::Interrupted { .. } => {
                let _ = writeln!(text, "{}", event.name());
            }
            Event::Finished { status, error, operations, .. } => {
                let why = error.as_ref().map_or(String::new(), |error| format!(" ({}: {})", error.kind, error.message));
                let _ = writeln!(text, "{status}{why}, {operations} operations");
            }
            _ => {}
        }
    }
    text
}
