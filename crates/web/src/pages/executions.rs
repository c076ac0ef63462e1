//! One execution: how it stands, every operation's input and output, what the
//! filters decided, and what can be done about trouble.

use std::collections::HashMap;

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rouage_engine::trace::{FilterTrace, OperationTrace, State};
use rouage_model::execution::Status;
use rouage_model::{Blueprint, ErrorKind, ExecutionId, ModuleError, ModuleId, OperationId, Value, json};
use rouage_runtime::{Decision, History};

use super::panels::operator_words;
use super::scenario::refuse;
use crate::PageError;
use crate::diagram::{self, Diagram, Mark, Overlay};
use crate::look::{self, Look};
use crate::render::{self, Execution, Form, Layout, Page, Reply, Times};
use crate::tree::{self, Tree};
use crate::words::{self, Moment};

#[derive(Template)]
#[template(path = "executions/show.html")]
struct Show {
    layout: Layout,
    id: String,
    scenario: String,
    scenario_id: String,
    status: &'static str,
    class: &'static str,
    icon: &'static str,
    sentence: String,
    is_live: bool,
    is_in_doubt: bool,
    facts: Vec<(&'static str, String)>,
    at: Moment,
    trouble: Option<Trouble>,
    replay_problem: String,
    diagram: Option<Diagram>,
    modules: Vec<ModuleView>,
}

/// What one module did.
struct ModuleView {
    anchor: String,
    number: String,
    look: Look,
    own_name: String,
    counts: String,
    class: &'static str,
    operations: Vec<OperationView>,
    more: u64,
    next: String,
    filters: Vec<FilterView>,
    more_filters: usize,
}

struct OperationView {
    number: String,
    state: &'static str,
    class: &'static str,
    icon: &'static str,
    duration: String,
    attempts: u32,
    cycle: u32,
    input: Vec<Tree>,
    output: Vec<BundleView>,
    more_output: usize,
    trouble: Option<Trouble>,
    /// Its error is the one at the top of the page.
    is_told_above: bool,
}

struct BundleView {
    number: usize,
    fields: Vec<Tree>,
    open: bool,
}

struct FilterView {
    name: String,
    passed: bool,
    after: String,
    lines: Vec<ConditionView>,
}

struct ConditionView {
    joint: &'static str,
    left: String,
    operator: String,
    right: String,
    passed: bool,
    why: String,
}

/// An error as people need it.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What happened, in a sentence.
    pub what: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// How the error begins.
    pub first_line: String,
    /// The error as it came.
    pub raw: String,
    /// Its type.
    pub kind: String,
    /// Further lines of the error.
    pub details: Vec<String>,
}

/// Operations of one module on one page.
const MOST_OPERATIONS: usize = 20;
const MOST_BUNDLES: usize = 20;
const MOST_FILTERS: usize = 50;
/// Characters of an error's first line beside what happened.
const FIRST_LINE: usize = 160;

/// `GET /executions/{id}`.
pub async fn show(page: Page, Path(id): Path<Execution>) -> Reply {
    let id = id.0;
    let history = find(&page, id).await?;
    let times = page.times().await;
    let execution = &history.execution;
    let overlay = overlay(&history);
    let registry = page.app.registry();
    let draw = |blueprint: &Blueprint| diagram::diagram(blueprint, &|module| look::of(registry, module), &overlay);
    let last_error = told_above(&history).and_then(|operation| operation.error.as_ref());
    render::ok(&Show {
        layout: page.layout(format!("Run of {}", execution.scenario_name), "scenarios").await,
        id: id.to_string(),
        scenario: execution.scenario_name.clone(),
        scenario_id: execution.scenario.to_string(),
        status: words::status(execution.status),
        class: execution.status.as_str(),
        icon: words::status_icon(execution.status),
        sentence: sentence(&history),
        is_live: !execution.status.is_final(),
        is_in_doubt: execution.status == Status::InDoubt,
        facts: facts(&history, &times),
        at: times.moment(execution.created_at),
        trouble: last_error.map(trouble).or_else(|| unnamed_trouble(execution)),
        replay_problem: history.problem.clone().unwrap_or_default(),
        diagram: history.blueprint.as_deref().map(draw),
        modules: modules(&page, &history, &overlay),
    })
}

/// The operation whose error stands at the top of the page.
fn told_above(history: &History) -> Option<&OperationTrace> {
    let is_bad = matches!(history.execution.status, Status::Error | Status::Warning | Status::InDoubt);
    history.trace.operations.iter().rev().find(|operation| is_bad && operation.error.is_some())
}

/// How an operation stands. One that ran when the run fell in doubt runs no
/// longer.
fn state(history: &History, operation: &OperationTrace) -> State {
    match operation.state {
        State::Running if history.execution.status == Status::InDoubt => State::InDoubt,
        state => state,
    }
}

fn first_line(raw: &str) -> String {
    words::cut(raw.lines().next().unwrap_or_default().trim(), FIRST_LINE)
}

async fn find(page: &Page, id: ExecutionId) -> Result<History, PageError> {
    let history = page.app.control().history(page.app.team(), id).await;
    history.map_err(|error| refuse(error, "shown"))?.ok_or(PageError::NotFound)
}

fn unnamed_trouble(execution: &rouage_store::executions::Execution) -> Option<Trouble> {
    let raw = execution.error.clone()?;
    Some(Trouble {
        what: "The run did not end well.",
        advice: "Read the text below, change what it names and run the scenario again.",
        first_line: first_line(&raw),
        raw,
        kind: String::new(),
        details: Vec::new(),
    })
}

fn sentence(history: &History) -> String {
    let execution = &history.execution;
    let origin = words::origin(execution.origin);
    let operations = words::count(u64::from(execution.operations), "operation");
    match execution.status {
        Status::Queued => format!("Accepted from {origin} and waiting for its turn."),
        Status::Running => format!("Started by {origin}; running now."),
        Status::Waiting => format!("Started by {origin}; it waits and goes on by itself."),
        Status::InDoubt => {
            "A call was made and its answer never came, so it may have happened. Look at the other side, then decide below."
                .to_owned()
        }
        Status::Success => format!("Started by {origin} and ended well, with {operations}."),
        Status::Warning => format!("Started by {origin} and ended with a warning, after {operations}."),
        Status::Error => format!("Started by {origin} and ended with an error, after {operations}."),
        Status::Stopped => format!("Started by {origin} and stopped by a person, after {operations}."),
    }
}

fn facts(history: &History, times: &Times) -> Vec<(&'static str, String)> {
    let execution = &history.execution;
    let exact = |at| words::exact(at, &times.zone);
    let mut facts = vec![("Accepted", exact(execution.created_at))];
    if let Some(at) = execution.finished_at {
        facts.push(("Ended", exact(at)));
        facts.push(("Duration", words::duration(at.duration_since(execution.created_at))));
    }
    if let Some(at) = execution.wake_at.filter(|_| execution.status == Status::Waiting) {
        facts.push(("Goes on", exact(at)));
    }
    if execution.operations > 0 {
        facts.push(("Operations", execution.operations.to_string()));
    }
    if execution.size > 0 {
        facts.push(("Size", words::bytes(execution.size)));
    }
    facts.push(("Version", execution.version.to_string()));
    if execution.takeovers > 0 {
        facts.push(("Taken over", format!("{} after a restart", words::count(u64::from(execution.takeovers), "time"))));
    }
    facts
}

fn overlay(history: &History) -> Overlay {
    let trace = &history.trace;
    let mut overlay = Overlay::new();
    for operation in &trace.operations {
        let mark: &mut Mark = overlay.entry(operation.module).or_default();
        mark.operations += 1;
        match state(history, operation) {
            State::Running | State::Waiting => mark.running += 1,
            State::Failed => mark.errors += 1,
            State::Parked | State::InDoubt => mark.parked += 1,
            State::Done => {}
        }
    }
    for filter in &trace.filters {
        let mark = overlay.entry(filter.module).or_default();
        if filter.passed {
            mark.let_through += 1;
        } else {
            mark.held_back += 1;
        }
    }
    overlay
}

fn modules(page: &Page, history: &History, overlay: &Overlay) -> Vec<ModuleView> {
    let Some(blueprint) = &history.blueprint else { return Vec::new() };
    let mut operations: HashMap<ModuleId, Vec<&OperationTrace>> = HashMap::new();
    for operation in &history.trace.operations {
        operations.entry(operation.module).or_default().push(operation);
    }
    let mut filters: HashMap<ModuleId, Vec<&FilterTrace>> = HashMap::new();
    for filter in &history.trace.filters {
        filters.entry(filter.module).or_default().push(filter);
    }
    let wanted = page.query.text("module").parse::<ModuleId>().ok();
    let start = page.query.text("from").parse::<usize>().unwrap_or(0);
    let mut views = Vec::new();
    for visited in blueprint.modules() {
        let Some(id) = visited.module.id() else { continue };
        let own = operations.remove(&id).unwrap_or_default();
        let asked = filters.remove(&id).unwrap_or_default();
        let skip = if wanted == Some(id) { start.min(own.len()) } else { 0 };
        let shown = &own[skip..own.len().min(skip + MOST_OPERATIONS)];
        let rest = own.len() - skip - shown.len();
        let mark = overlay.get(&id).copied().unwrap_or_default();
        views.push(ModuleView {
            anchor: format!("m{id}"),
            number: id.to_string(),
            look: look::of(page.app.registry(), visited.module),
            own_name: visited.module.label().unwrap_or_default().to_owned(),
            counts: match visited.module.routes() {
                [] => counts_words(history, &mark, &own),
                // A router makes no operations; its routes show what passed.
                routes => words::count(routes.len() as u64, "route"),
            },
            class: counts_class(&mark),
            operations: shown.iter().map(|operation| operation_view(history, operation)).collect(),
            more: rest as u64,
            next: format!("?module={id}&from={}#m{id}", skip + MOST_OPERATIONS),
            more_filters: asked.len().saturating_sub(MOST_FILTERS),
            filters: asked.iter().take(MOST_FILTERS).map(|filter| filter_view(filter)).collect(),
        });
    }
    views
}

fn counts_words(history: &History, mark: &Mark, operations: &[&OperationTrace]) -> String {
    if mark.operations == 0 {
        return if mark.held_back > 0 { "Held back by its filter".to_owned() } else { "Not reached".to_owned() };
    }
    let bundles: usize = operations.iter().map(|operation| operation.output.len()).sum();
    let mut text = format!(
        "{}, {}",
        words::count(u64::from(mark.operations), "operation"),
        words::count(bundles as u64, "bundle")
    );
    let doubtful = operations.iter().filter(|operation| state(history, operation) == State::InDoubt).count() as u64;
    let failed = u64::from(mark.errors + mark.parked) - doubtful;
    if doubtful > 0 {
        text.push_str(&format!(", {doubtful} may have happened"));
    }
    if failed > 0 {
        text.push_str(&format!(", {failed} failed"));
    }
    text
}

fn counts_class(mark: &Mark) -> &'static str {
    match mark {
        Mark { operations: 0, .. } => "none",
        Mark { errors: 1.., .. } => "error",
        Mark { parked: 1.., .. } => "warning",
        Mark { running: 1.., .. } => "running",
        _ => "success",
    }
}

fn operation_view(history: &History, operation: &OperationTrace) -> OperationView {
    let is_told_above = told_above(history).is_some_and(|told| told.operation == operation.operation);
    let (state, class, icon) = match state(history, operation) {
        State::Running => ("Running", "running", "refresh-cw"),
        State::Waiting => ("Waiting", "waiting", "clock"),
        State::Done => ("Done", "success", "circle-check"),
        State::Failed => ("Failed", "error", "octagon-x"),
        State::Parked => ("Stored", "warning", "archive"),
        State::InDoubt => ("May have happened", "in-doubt", "circle-help"),
    };
    let took = operation.finished_at.map(|at| words::duration(at.duration_since(operation.started_at)));
    let bundles = operation.output.iter().take(MOST_BUNDLES).enumerate();
    OperationView {
        number: operation.operation.to_string(),
        state,
        class,
        icon,
        duration: took.unwrap_or_default(),
        attempts: operation.attempts,
        cycle: operation.cycle,
        input: tree::fields(&operation.input),
        output: bundles
            .map(|(at, bundle)| BundleView { number: at + 1, fields: tree::fields(bundle), open: at < 2 })
            .collect(),
        more_output: operation.output.len().saturating_sub(MOST_BUNDLES),
        trouble: operation.error.as_ref().filter(|_| !is_told_above).map(trouble),
        is_told_above,
    }
}

fn filter_view(filter: &FilterTrace) -> FilterView {
    let mut lines = Vec::new();
    for (at, group) in filter.explanation.groups.iter().enumerate() {
        for (position, condition) in group.iter().enumerate() {
            lines.push(ConditionView {
                joint: match (at, position) {
                    (0, 0) => "",
                    (_, 0) => "or",
                    _ => "and",
                },
                left: shown(&condition.left),
                operator: operator_words(&condition.operator),
                right: condition.right.as_ref().map(shown).unwrap_or_default(),
                passed: condition.passed,
                why: condition.note.clone().unwrap_or_default(),
            });
        }
    }
    FilterView {
        name: if filter.name.is_empty() { "Filter".to_owned() } else { filter.name.to_string() },
        passed: filter.passed,
        after: filter.after_operation.map(|operation| operation.to_string()).unwrap_or_default(),
        lines,
    }
}

fn shown(value: &Value) -> String {
    let text = match value {
        Value::Undefined | Value::Null => "nothing".to_owned(),
        Value::Text(text) if text.is_empty() => "nothing".to_owned(),
        Value::Text(text) => text.to_string(),
        other => json::to_string(other),
    };
    words::cut(&text, 120)
}

/// An error in words, with what to do.
pub fn trouble(error: &ModuleError) -> Trouble {
    let (what, advice) = advice(error.kind);
    Trouble {
        what,
        advice,
        first_line: first_line(&error.message),
        raw: error.message.to_string(),
        kind: error.kind.to_string(),
        details: error.details.iter().map(ToString::to_string).collect(),
    }
}

fn advice(kind: ErrorKind) -> (&'static str, &'static str) {
    use ErrorKind as K;
    match kind {
        K::AccountValidationError | K::InvalidAccessTokenError => (
            "The other service refused the account.",
            "Open Connections, test the account of this module and renew it.",
        ),
        K::BundleValidationError => (
            "The mapped data does not fit the module.",
            "Compare the input below with what the field named in the text needs, then correct the mapping or add a filter before it.",
        ),
        K::ConnectionError => (
            "The other service could not be reached.",
            "It is usually a passing trouble: run it again. If it stays, check the address and the network.",
        ),
        K::ModuleTimeoutError => {
            ("The other service did not answer in time.", "Try again later, or ask for less at once.")
        }
        K::RateLimitError => {
            ("The other service was asked too often.", "Wait, run less often, or add a Sleep module before this one.")
        }
        K::DuplicateDataError => {
            ("It exists already.", "Search for it first, or ignore this error with an error route.")
        }
        K::DataError => ("The other service refused the data.", "Compare the input below with the text of the error."),
        K::InvalidConfigurationError => {
            ("The module is set up wrongly.", "Open the scenario and correct the module's settings.")
        }
        K::IncompleteDataError => ("Only a part of the data came.", "Run it again a little later."),
        K::DataSizeLimitExceededError | K::MaxFileSizeExceededError | K::MaxResultsExceededError => {
            ("There is more data than allowed.", "Ask for less at once, or raise the limit in the configuration.")
        }
        K::OperationsLimitExceededError | K::ExecutionInterruptedError => (
            "The run was cut because it took too long or too many operations.",
            "Look for a loop, or split the work over several runs.",
        ),
        K::OutOfSpaceError => ("There is no space left.", "Free disk space on the server, then run it again."),
        K::InconsistencyError => (
            "Something could not be committed or undone.",
            "Check by hand what the modules changed before you run it again.",
        ),
        K::RuntimeError => {
            ("The module failed.", "Read the text below; it comes from the module or the other service.")
        }
        K::UnexpectedError => {
            ("Something went wrong inside Rouage.", "Please report it with the text below. The data is kept.")
        }
    }
}

/// `GET /executions/{id}/operations/{operation}/{side}`: JSON to copy.
pub async fn raw(page: Page, Path((id, operation, side)): Path<(Execution, u32, String)>) -> Reply {
    let id = id.0;
    let history = find(&page, id).await?;
    let operation = history.trace.operation(OperationId(operation)).ok_or(PageError::NotFound)?;
    let value = match side.as_str() {
        "input" => operation.input.clone(),
        "output" => Value::from(operation.output.clone()),
        _ => return Err(PageError::NotFound),
    };
    let text = json::write(&value, json::Style::Indented("  "));
    Ok(plain_json(text))
}

/// JSON that a browser shows as text and never as anything else.
pub fn plain_json(text: String) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    response
}

/// `POST /executions/{id}/stop`.
pub async fn stop(page: Page, Path(id): Path<Execution>) -> Reply {
    let id = id.0;
    page.app.control().stop(page.app.team(), id).await.map_err(|error| refuse(error, "stopped"))?;
    render::see(&format!("/executions/{id}?notice=stopping"))
}

/// `POST /executions/{id}/decide`.
pub async fn decide(page: Page, Path(id): Path<Execution>, Form(form): Form) -> Reply {
    let id = id.0;
    let decision = match form.text("decision") {
        "retry" => Decision::Retry,
        "skip" => Decision::Skip,
        "done" => Decision::MarkAsDone,
        _ => return Err(PageError::Invalid("Choose Retry, Skip or Mark as done.".into())),
    };
    page.app.control().decide(page.app.team(), id, decision).await.map_err(|error| refuse(error, "decided"))?;
    render::see(&format!("/executions/{id}?notice=decided"))
}
