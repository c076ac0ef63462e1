//! What each module of a run did: operations with their bundles, tries and
//! warnings, and the decisions of filters.

use std::collections::HashMap;

use jiff::Timestamp;
use rouage_engine::trace::{FilterTrace, OperationTrace, State};
use rouage_model::execution::Status;
use rouage_model::journal::Event;
use rouage_model::{ModuleError, ModuleId, OperationId, Value, json};
use rouage_runtime::{History, brief_error};

use super::trouble::{Fields, Trouble, fields_of, trouble_of};
use crate::diagram::{Mark, Overlay};
use crate::look::{self, Look};
use crate::pages::panels::operator_words;
use crate::render::{Page, Times};
use crate::tree::{self, Tree};
use crate::words;
use crate::words::t;

/// What one module did.
pub struct ModuleView {
    pub anchor: String,
    pub number: String,
    pub look: Look,
    pub own_name: String,
    pub counts: String,
    pub class: &'static str,
    pub operations: Vec<OperationView>,
    pub more: u64,
    pub next: String,
    pub filters: Vec<FilterView>,
    pub more_filters: usize,
}

/// One operation.
pub struct OperationView {
    pub number: String,
    pub state: &'static str,
    pub class: &'static str,
    pub icon: &'static str,
    pub duration: String,
    pub attempts: u32,
    pub cycle: u32,
    /// The tries before the last one.
    pub tries: Vec<TryView>,
    /// What its mapping wanted to have said.
    pub warnings: Vec<String>,
    pub input: Vec<Tree>,
    pub output: Vec<BundleView>,
    pub more_output: usize,
    pub trouble: Option<Trouble>,
    /// Its error is the one at the top of the page.
    pub is_told_above: bool,
}

/// A try that failed and was made again.
pub struct TryView {
    pub number: u32,
    pub at: String,
    pub again: String,
    pub text: String,
}

/// An output bundle.
pub struct BundleView {
    pub number: usize,
    pub fields: Vec<Tree>,
    pub open: bool,
}

/// A decision of a filter.
pub struct FilterView {
    pub name: String,
    pub passed: bool,
    pub after: String,
    pub lines: Vec<ConditionView>,
}

/// A condition with what it compared.
pub struct ConditionView {
    pub joint: &'static str,
    pub left: String,
    pub operator: String,
    pub right: String,
    pub passed: bool,
    pub why: String,
}

/// Operations of one module on one page.
const MOST_OPERATIONS: usize = 20;
const MOST_BUNDLES: usize = 20;
const MOST_FILTERS: usize = 50;
/// The operation whose error stands at the top of the page.
pub fn told_above(history: &History) -> Option<&OperationTrace> {
    let is_bad = matches!(history.execution.status, Status::Error | Status::Warning | Status::InDoubt);
    history.trace.operations.iter().rev().find(|operation| is_bad && operation.error.is_some())
}

/// That error in words.
pub fn told_trouble(page: &Page, history: &History) -> Option<Trouble> {
    let operation = told_above(history)?;
    Some(trouble_of(operation.error.as_ref()?, &module_fields(page, history, operation.module).input))
}

/// What is known of the fields of a module of a run.
pub fn module_fields(page: &Page, history: &History, id: ModuleId) -> Fields {
    let module = history.blueprint.as_ref().and_then(|blueprint| blueprint.module(id));
    module.map(|module| fields_of(page.app.registry(), module)).unwrap_or_default()
}

/// How an operation stands. One that ran when the run fell in doubt runs no
/// longer.
fn state(history: &History, operation: &OperationTrace) -> State {
    match operation.state {
        State::Running if history.execution.status == Status::InDoubt => State::InDoubt,
        state => state,
    }
}

/// Counts for the bubbles on the diagram.
pub fn overlay(history: &History) -> Overlay {
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

/// One module by itself, with its error; `None` when the run's scenario has none
/// of that number.
pub fn module(page: &Page, history: &History, times: &Times, id: ModuleId) -> Option<ModuleView> {
    let mut view = shown_modules(page, history, &overlay(history), times, Some(id)).pop()?;
    for operation in view.operations.iter_mut().filter(|operation| operation.is_told_above) {
        operation.trouble = told_trouble(page, history);
        operation.is_told_above = false;
    }
    Some(view)
}

/// The modules in the order of the blueprint.
pub fn modules(page: &Page, history: &History, overlay: &Overlay, times: &Times) -> Vec<ModuleView> {
    shown_modules(page, history, overlay, times, None)
}

fn shown_modules(
    page: &Page,
    history: &History,
    overlay: &Overlay,
    times: &Times,
    only: Option<ModuleId>,
) -> Vec<ModuleView> {
    let Some(blueprint) = &history.blueprint else { return Vec::new() };
    let mut operations: HashMap<ModuleId, Vec<&OperationTrace>> = HashMap::new();
    for operation in &history.trace.operations {
        operations.entry(operation.module).or_default().push(operation);
    }
    let tries = tries(history);
    let mut filters: HashMap<ModuleId, Vec<&FilterTrace>> = HashMap::new();
    for filter in &history.trace.filters {
        filters.entry(filter.module).or_default().push(filter);
    }
    let asked_for = page.query.text("module").parse::<ModuleId>().ok();
    let start = page.query.text("from").parse::<usize>().unwrap_or(0);
    let mut views = Vec::new();
    for visited in blueprint.modules() {
        let Some(id) = visited.module.id().filter(|id| only.is_none_or(|only| only == *id)) else { continue };
        let own = operations.remove(&id).unwrap_or_default();
        let asked = filters.remove(&id).unwrap_or_default();
        let skip = if asked_for == Some(id) { start.min(own.len()) } else { 0 };
        let shown = &own[skip..own.len().min(skip + MOST_OPERATIONS)];
        let rest = own.len() - skip - shown.len();
        let mark = overlay.get(&id).copied().unwrap_or_default();
        let fields = fields_of(page.app.registry(), visited.module);
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
            operations: shown
                .iter()
                .map(|operation| operation_view(history, operation, &fields, &tries, times))
                .collect(),
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
        return if mark.held_back > 0 {
            t!("Held back by its filter").to_owned()
        } else {
            t!("Not reached").to_owned()
        };
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
        text.push_str(&t!(", {doubtful} may have happened", doubtful = doubtful));
    }
    if failed > 0 {
        text.push_str(&t!(", {failed} failed", failed = failed));
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

/// The tries of each operation that were made again.
type Tries<'a> = HashMap<OperationId, Vec<(u32, Timestamp, Timestamp, &'a ModuleError)>>;

fn tries(history: &History) -> Tries<'_> {
    let mut tries: Tries<'_> = HashMap::new();
    for event in &history.journal {
        if let Event::Retrying { at, until, operation, attempt, error, .. } = event {
            tries.entry(*operation).or_default().push((*attempt, *at, *until, error));
        }
    }
    tries
}

fn try_view(
    (number, at, until, error): &(u32, Timestamp, Timestamp, &ModuleError),
    fields: &Fields,
    times: &Times,
) -> TryView {
    TryView {
        number: *number,
        at: words::exact(*at, &times.zone),
        again: words::exact(*until, &times.zone),
        text: brief_error(error, &fields.input),
    }
}

fn operation_view(
    history: &History,
    operation: &OperationTrace,
    fields: &Fields,
    tries: &Tries<'_>,
    times: &Times,
) -> OperationView {
    let is_told_above = told_above(history).is_some_and(|told| told.operation == operation.operation);
    let (state, class, icon) = match state(history, operation) {
        State::Running => (t!("Running"), "running", "refresh-cw"),
        State::Waiting => (t!("Waiting"), "waiting", "clock"),
        State::Done => (t!("Done"), "success", "circle-check"),
        State::Failed => (t!("Failed"), "error", "octagon-x"),
        State::Parked => (t!("Stored"), "warning", "archive"),
        State::InDoubt => (t!("May have happened"), "in-doubt", "circle-help"),
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
        tries: tries.get(&operation.operation).into_iter().flatten().map(|one| try_view(one, fields, times)).collect(),
        warnings: operation.warnings.clone(),
        input: tree::labelled(&operation.input, &fields.input),
        output: bundles
            .map(|(at, bundle)| BundleView {
                number: at + 1,
                fields: tree::labelled(bundle, &fields.output),
                open: at < 2,
            })
            .collect(),
        more_output: operation.output.len().saturating_sub(MOST_BUNDLES),
        trouble: operation.error.as_ref().filter(|_| !is_told_above).map(|error| trouble_of(error, &fields.input)),
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
        name: if filter.name.is_empty() { t!("Filter").to_owned() } else { filter.name.to_string() },
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
