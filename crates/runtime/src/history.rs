//! An execution as pages show it: the fold of its journal, with every input
//! computed again by the engine.

use std::sync::Arc;

use rouage_engine::{Run, Trace};
use rouage_model::execution::Status;
use rouage_model::journal::Event;
use rouage_model::{Blueprint, ExecutionId, TeamId};
use rouage_store::{executions, journal, scenarios};

use crate::core::Core;
use crate::limits::Limits;
use crate::retry::{self, Subject};
use crate::skeleton;

/// An execution and what happened in it.
pub struct History {
    /// The row.
    pub execution: executions::Execution,
    /// The blueprint of its version, as imported.
    pub blueprint: Option<Arc<Blueprint>>,
    /// Operations and filter decisions. When the journal does not fit the
    /// scenario any more (`problem`), as far as it could be followed.
    pub trace: Trace,
    /// Why the trace is not whole.
    pub problem: Option<String>,
    /// What was written down.
    pub journal: Vec<Event>,
}

/// Reads and replays; `None` when the team has no such execution.
pub async fn history(core: &Core, team: TeamId, id: ExecutionId) -> Result<Option<History>, rouage_store::Error> {
    let Some(execution) = executions::find(&core.store, team, id).await? else { return Ok(None) };
    let events = journal::events(&core.store, id).await?;
    let version = scenarios::find_version(&core.store, execution.scenario, execution.version).await?;
    let blueprint = version.map(|version| version.blueprint);
    if execution.is_confidential {
        let trace = skeleton::trace(&events);
        return Ok(Some(History { execution, blueprint, trace, problem: None, journal: events }));
    }
    let limits = Limits::of_look(execution.origin);
    let run = match retry::beginning(core, Subject::from(&execution), limits).await? {
        Ok(built) => built.run.recording(),
        Err(impossible) => {
            let problem = Some(impossible);
            return Ok(Some(History { execution, blueprint, trace: Trace::default(), problem, journal: events }));
        }
    };
    // A run that has not begun has no operation in progress: it waits for its turn.
    let is_begun = events.len() > 1 || !matches!(execution.status, Status::Queued | Status::Waiting);
    let Followed { run, events, problem } = follow(core, run, events, is_begun).await?;
    let trace = run.trace().clone();
    Ok(Some(History { execution, blueprint, trace, problem, journal: events }))
}

/// A run as its journal leaves it.
pub(crate) struct Followed {
    pub(crate) run: Run,
    pub(crate) events: Vec<Event>,
    /// Why the journal could not be followed to its end.
    pub(crate) problem: Option<String>,
}

/// Replays a journal beside the tasks that wait for the network, and only a few
/// at once: a long one takes seconds. Asked for the next step at the end, so
/// that what the last event led to is there too, when `is_begun`.
pub(crate) async fn follow(
    core: &Core,
    mut run: Run,
    events: Vec<Event>,
    is_begun: bool,
) -> Result<Followed, rouage_store::Error> {
    let _turn = core.knowledge.replays().await;
    let replay = move || {
        let problem = events.iter().find_map(|event| run.apply(event).err()).map(|divergence| divergence.to_string());
        if is_begun {
            let _ = run.next();
        }
        Followed { run, events, problem }
    };
    beside(replay).await
}

/// Computes beside the tasks that wait for the network.
pub(crate) async fn beside<T: Send + 'static>(
    compute: impl FnOnce() -> T + Send + 'static,
) -> Result<T, rouage_store::Error> {
    let computed = tokio::task::spawn_blocking(compute).await;
    computed.map_err(|ended| rouage_store::Error::Database(ended.to_string()))
}
