//! One execution: how it stands, every operation's input and output, what the
//! filters decided, its log, and what can be done about trouble.

mod actions;
pub mod log;
pub mod modules;
mod trouble;

use askama::Template;
use axum::extract::Path;
use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::{Blueprint, ExecutionId};
use rouage_runtime::{History, reason_against_replay};
use rouage_sdk::subscenario;
use rouage_store::{Lineage, lineages};

pub use actions::{decide, decision, raw, replay, stop};
pub use modules::overlay;
pub use trouble::{Trouble, trouble, unnamed_trouble};

use self::log::Log;
use self::modules::{ModuleView, modules, told_above};
use super::scenario::refuse;
use crate::PageError;
use crate::diagram::{self, Diagram};
use crate::look;
use crate::render::{self, Execution, Layout, Page, Reply, Times};
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
    /// The name that the run gave itself; may be empty.
    name: String,
    /// The run that this one comes from.
    source: Option<Related>,
    /// The runs that come from this one.
    descendants: Vec<Related>,
    is_confidential: bool,
    /// Why it cannot be replayed; empty when it can.
    no_replay: &'static str,
    warnings: Vec<String>,
    /// What was stored for a person, in words; empty for nothing.
    stored: String,
    /// It waits for incomplete executions of its scenario.
    is_held_up: bool,
    diagram: Option<Diagram>,
    modules: Vec<ModuleView>,
    log: Log,
}

/// Another run, and what it has to do with this one.
struct Related {
    id: String,
    words: &'static str,
}

/// The runs of one kind that are linked.
const MOST_RELATED: usize = 20;

/// `GET /executions/{id}`.
pub async fn show(page: Page, Path(id): Path<Execution>) -> Reply {
    let id = id.0;
    let history = find(&page, id).await?;
    let times = page.times().await;
    let execution = &history.execution;
    let is_held_up = is_held_up(&page, &history).await?;
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
        sentence: if is_held_up { held_up_sentence(execution.origin) } else { sentence(&history) },
        is_live: !execution.status.is_final(),
        is_in_doubt: execution.status == Status::InDoubt,
        facts: facts(&history, is_held_up, &times),
        at: times.moment(execution.created_at),
        trouble: last_error.map(trouble).or_else(|| unnamed_trouble(execution)),
        replay_problem: history.problem.clone().unwrap_or_default(),
        diagram: history.blueprint.as_deref().map(draw),
        modules: modules(&page, &history, &overlay, &times),
        name: execution.name.clone().unwrap_or_default(),
        source: source(execution.lineage),
        descendants: descendants(&page, id).await?,
        is_confidential: execution.is_confidential,
        no_replay: reason_against_replay(execution).unwrap_or_default(),
        stored: stored(&history),
        warnings: warnings(&history),
        is_held_up,
        log: log::log(&page, &history, &times),
    })
}

fn source(lineage: Lineage) -> Option<Related> {
    let (id, words) = match lineage {
        Lineage::None => return None,
        Lineage::Retry { origin, .. } => (origin, "Goes on with what was left of"),
        Lineage::Replay { source } => (source, "Replay of"),
        Lineage::Child { parent, .. } => (parent, "Called by"),
    };
    Some(Related { id: id.to_string(), words })
}

async fn descendants(page: &Page, id: ExecutionId) -> Result<Vec<Related>, PageError> {
    let found = lineages::descendants(page.app.store(), id).await?;
    let related = found.into_iter().rev().take(MOST_RELATED).map(|(id, lineage)| Related {
        id: id.to_string(),
        words: match lineage {
            Lineage::Replay { .. } => "Replayed by",
            Lineage::Child { .. } => "Called",
            Lineage::None | Lineage::Retry { .. } => "Taken up again by",
        },
    });
    Ok(related.collect())
}

/// Whether the run has not begun because incomplete executions of its scenario,
/// which processes its data in order, come first.
async fn is_held_up(page: &Page, history: &History) -> Result<bool, PageError> {
    let execution = &history.execution;
    let waits = matches!(execution.status, Status::Queued | Status::Waiting) && history.journal.len() <= 1;
    if !waits || execution.origin == Origin::Retry {
        return Ok(false);
    }
    let holding_up = page.app.control().holding_up(page.app.team(), execution.scenario).await;
    Ok(holding_up.map_err(|error| refuse(error, "shown"))? > 0)
}

/// What was kept of operations that failed, in words.
fn stored(history: &History) -> String {
    match history.journal.iter().filter(|event| event.name() == "parked").count() {
        0 => String::new(),
        1 => "1 operation failed; its bundle is kept under Needs a decision.".to_owned(),
        more => format!("{more} operations failed; their bundles are kept under Needs a decision."),
    }
}

/// What the run wants to have said beside its operations.
fn warnings(history: &History) -> Vec<String> {
    let warnings = history.trace.operations.iter().map(|operation| operation.warnings.len()).sum::<usize>();
    let mut said = Vec::new();
    if history.journal.iter().any(|event| event.name() == "interrupted") {
        said.push("The run took longer than it may and was ended. Split the work over several runs.".to_owned());
    }
    if warnings > 0 {
        said.push(format!("{} of mappings below.", words::count(warnings as u64, "warning")));
    }
    said
}

async fn find(page: &Page, id: ExecutionId) -> Result<History, PageError> {
    let history = page.app.control().history(page.app.team(), id).await;
    history.map_err(|error| refuse(error, "shown"))?.ok_or(PageError::NotFound)
}

/// Said of a run that incomplete executions hold up.
fn held_up_sentence(origin: Origin) -> String {
    format!("Accepted from {}; it waits for incomplete executions of this scenario.", words::origin(origin))
}

fn sentence(history: &History) -> String {
    let execution = &history.execution;
    let origin = words::origin(execution.origin);
    let operations = words::count(u64::from(execution.operations), "operation");
    match execution.status {
        Status::Queued => format!("Accepted from {origin} and waiting for its turn."),
        Status::Running => format!("Started by {origin}; running now."),
        Status::Waiting if awaits_called(history) => {
            format!("Started by {origin}; it waits for the scenario that it called and goes on when that has ended.")
        }
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

/// Whether it waits for a run that it has called.
fn awaits_called(history: &History) -> bool {
    matches!(history.journal.last(), Some(Event::Called { note, .. }) if subscenario::child_of(note).is_some())
}

fn facts(history: &History, is_held_up: bool, times: &Times) -> Vec<(&'static str, String)> {
    let execution = &history.execution;
    let exact = |at| words::exact(at, &times.zone);
    let mut facts = vec![("Accepted", exact(execution.created_at))];
    if let Some(at) = execution.finished_at {
        facts.push(("Ended", exact(at)));
        facts.push(("Duration", words::duration(at.duration_since(execution.created_at))));
    }
    let goes_on = execution.status == Status::Waiting && !is_held_up && !awaits_called(history);
    if let Some(at) = execution.wake_at.filter(|_| goes_on) {
        facts.push(("Goes on", exact(at)));
    }
    if execution.operations > 0 {
        facts.push(("Operations", execution.operations.to_string()));
    }
    if execution.size > 0 {
        facts.push(("Size", words::bytes(execution.size)));
    }
    // A variant that this run alone has is numbered below zero.
    let version = match execution.version.0 {
        ..0 if execution.origin == Origin::Retry => "corrected for this run".to_owned(),
        ..0 => "what was in the editor, not published".to_owned(),
        number => number.to_string(),
    };
    facts.push(("Version", version));
    if execution.takeovers > 0 {
        facts.push(("Taken over", format!("{} after a restart", words::count(u64::from(execution.takeovers), "time"))));
    }
    facts
}
