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
pub use trouble::{Fields, Trouble, fields_of, trouble, trouble_of, unnamed_trouble};

use self::log::Log;
use self::modules::{ModuleView, modules, told_trouble};
use super::scenario::refuse;
use crate::PageError;
use crate::diagram::{self, Diagram};
use crate::look;
use crate::render::{self, Execution, Layout, Page, Reply, Times};
use crate::words::{self, Moment, plural};
use crate::words::{filters, t};

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
    /// It comes from a backup: what is in doubt is the rest of it.
    is_restored: bool,
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
    render::ok(&Show {
        layout: page.layout(t!("Run of {scenario_name}", scenario_name = execution.scenario_name), "scenarios").await,
        id: id.to_string(),
        scenario: execution.scenario_name.clone(),
        scenario_id: execution.scenario.to_string(),
        status: words::status(execution.status),
        class: execution.status.as_str(),
        icon: words::status_icon(execution.status),
        sentence: if is_held_up { held_up_sentence(execution.origin) } else { sentence(&history) },
        is_live: !execution.status.is_final(),
        is_in_doubt: execution.status == Status::InDoubt && !is_restored(execution),
        is_restored: is_restored(execution),
        facts: facts(&history, is_held_up, &times),
        at: times.moment(execution.created_at),
        trouble: told_trouble(&page, &history)
            .or_else(|| unnamed_trouble(execution))
            .filter(|_| !is_restored(execution)),
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
        Lineage::Retry { origin, .. } => (origin, t!("Goes on with what was left of")),
        Lineage::Replay { source } => (source, t!("Replay of")),
        Lineage::Child { parent, .. } => (parent, t!("Called by")),
    };
    Some(Related { id: id.to_string(), words })
}

async fn descendants(page: &Page, id: ExecutionId) -> Result<Vec<Related>, PageError> {
    let found = lineages::descendants(page.app.store(), id).await?;
    let related = found.into_iter().rev().take(MOST_RELATED).map(|(id, lineage)| Related {
        id: id.to_string(),
        words: match lineage {
            Lineage::Replay { .. } => t!("Replayed by"),
            Lineage::Child { .. } => t!("Called"),
            Lineage::None | Lineage::Retry { .. } => t!("Taken up again by"),
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
        failed => plural!(
            failed,
            "1 operation failed; its bundle is kept under Needs a decision.",
            "{count} operations failed; their bundles are kept under Needs a decision."
        ),
    }
}

/// What the run wants to have said beside its operations.
fn warnings(history: &History) -> Vec<String> {
    let warnings = history.trace.operations.iter().map(|operation| operation.warnings.len()).sum::<usize>();
    let mut said = Vec::new();
    if history.journal.iter().any(|event| event.name() == "interrupted") {
        said.push(t!("The run took longer than it may and was ended. Split the work over several runs.").to_owned());
    }
    if warnings > 0 {
        said.push(t!("{number} of mappings below.", number = words::count(warnings as u64, "warning")));
    }
    said
}

async fn find(page: &Page, id: ExecutionId) -> Result<History, PageError> {
    let history = page.app.control().history(page.app.team(), id).await;
    history.map_err(|error| refuse(error, "shown"))?.ok_or(PageError::NotFound)
}

/// Said of a run that incomplete executions hold up.
fn held_up_sentence(origin: Origin) -> String {
    t!("Accepted from {origin}; it waits for incomplete executions of this scenario.", origin = words::origin(origin))
}

fn sentence(history: &History) -> String {
    let execution = &history.execution;
    let origin = words::origin(execution.origin);
    let operations = words::count(u64::from(execution.operations), "operation");
    match execution.status {
        Status::Queued => t!("Accepted from {origin} and waiting for its turn.", origin = origin),
        Status::Running => t!("Started by {origin}; running now.", origin = origin),
        Status::Waiting if awaits_called(history) => {
            t!("Started by {origin}; it waits for the scenario that it called and goes on when that has ended.", origin = origin)
        }
        Status::Waiting => t!("Started by {origin}; it waits and goes on by itself.", origin = origin),
        Status::InDoubt if is_restored(execution) => {
            t!("A backup was restored that was made before this run was over. What it did after that is not known: perhaps all of it. Look at the other side, then decide below.")
                .to_owned()
        }
        Status::InDoubt => {
            t!("A call was made and its answer never came, so it may have happened. Look at the other side, then decide below.")
                .to_owned()
        }
        Status::Success => t!("Started by {origin} and ended well, with {operations}.", origin = origin, operations = operations),
        Status::Warning => t!("Started by {origin} and ended with a warning, after {operations}.", origin = origin, operations = operations),
        Status::Error => t!("Started by {origin} and ended with an error, after {operations}.", origin = origin, operations = operations),
        Status::Stopped => t!("Started by {origin} and stopped by a person, after {operations}.", origin = origin, operations = operations),
    }
}

/// Whether it waits because it comes from a backup.
pub fn is_restored(execution: &rouage_store::executions::Execution) -> bool {
    execution.status == Status::InDoubt && execution.error.as_deref() == Some(rouage_store::backup::UNKNOWN)
}

/// Whether it waits for a run that it has called.
fn awaits_called(history: &History) -> bool {
    matches!(history.journal.last(), Some(Event::Called { note, .. }) if subscenario::child_of(note).is_some())
}

fn facts(history: &History, is_held_up: bool, times: &Times) -> Vec<(&'static str, String)> {
    let execution = &history.execution;
    let exact = |at| words::exact(at, &times.zone);
    let mut facts = vec![(t!("Accepted"), exact(execution.created_at))];
    if let Some(at) = execution.finished_at {
        facts.push((t!("Ended"), exact(at)));
        facts.push((t!("Duration"), words::duration(at.duration_since(execution.created_at))));
    }
    let goes_on = execution.status == Status::Waiting && !is_held_up && !awaits_called(history);
    if let Some(at) = execution.wake_at.filter(|_| goes_on) {
        facts.push((t!("Goes on"), exact(at)));
    }
    if execution.operations > 0 {
        facts.push((t!("Operations"), execution.operations.to_string()));
    }
    if execution.size > 0 {
        facts.push((t!("Size"), words::bytes(execution.size)));
    }
    // A variant that this run alone has is numbered below zero.
    let version = match execution.version.0 {
        ..0 if execution.origin == Origin::Retry => t!("corrected for this run").to_owned(),
        ..0 => t!("what was in the editor, not published").to_owned(),
        number => number.to_string(),
    };
    facts.push((t!("Version"), version));
    if execution.takeovers > 0 {
        facts.push((
            t!("Taken over"),
            t!("{number} after a restart", number = words::count(u64::from(execution.takeovers), "time")),
        ));
    }
    facts
}
