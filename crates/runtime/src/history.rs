//! An execution as pages show it: the fold of its journal, with every input
//! computed again by the engine.

use std::sync::Arc;

use rouage_engine::Trace;
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
    let mut run = match retry::beginning(core, Subject::from(&execution), limits).await? {
        Ok(built) => built.run.recording(),
        Err(impossible) => {
            let problem = Some(impossible);
            return Ok(Some(History { execution, blueprint, trace: Trace::default(), problem, journal: events }));
        }
    };
    let mut problem = None;
    for event in &events {
        if let Err(divergence) = run.apply(event) {
            problem = Some(divergence.to_string());
            break;
        }
    }
    // Ask once more, so that the operation in progress is part of the trace. A
    // run that has not begun has none: it waits for its turn.
    if events.len() > 1 || !matches!(execution.status, Status::Queued | Status::Waiting) {
        let _ = run.next();
    }
    let trace = run.trace().clone();
    Ok(Some(History { execution, blueprint, trace, problem, journal: events }))
}
