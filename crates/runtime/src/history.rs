//! An execution as pages show it: the fold of its journal, with every input
//! computed again by the engine.

use std::sync::Arc;

use rouage_engine::{Run, Trace};
use rouage_model::{Blueprint, ExecutionId, TeamId};
use rouage_store::{executions, journal, scenarios};

use crate::core::Core;

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
    /// How many events were read.
    pub events: usize,
}

/// Reads and replays; `None` when the team has no such execution.
pub async fn history(core: &Core, team: TeamId, id: ExecutionId) -> Result<Option<History>, rouage_store::Error> {
    let Some(execution) = executions::find(&core.store, team, id).await? else { return Ok(None) };
    let events = journal::events(&core.store, id).await?;
    let version = scenarios::find_version(&core.store, execution.scenario, execution.version).await?;
    let prepared = core.plans.get(core, team, execution.scenario, execution.version).await?;
    let (Some(version), Some(prepared)) = (version, prepared) else {
        let problem = Some("the scenario does not exist any more".to_owned());
        return Ok(Some(History {
            execution,
            blueprint: None,
            trace: Trace::default(),
            problem,
            events: events.len(),
        }));
    };
    let context = prepared.context(core, id, execution.scenario);
    let mut run = Run::new(prepared.plan.clone(), context).recording();
    let mut problem = None;
    let count = events.len();
    for event in events {
        if let Err(divergence) = run.apply(&event) {
            problem = Some(divergence.to_string());
            break;
        }
    }
    // Ask once more, so that the operation in progress is part of the trace.
    let _ = run.next();
    let trace = run.trace().clone();
    Ok(Some(History { execution, blueprint: Some(version.blueprint), trace, problem, events: count }))
}
