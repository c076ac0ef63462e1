//! Stopping a run: the wish is written down first, and then whoever has the run
//! is told, wherever it is.
//!
//! A run in the middle of a read or a computation is cut; one in the middle of
//! a write ends after its answer, which must not be lost. One that sleeps,
//! waits for a retry or a child, waits in a lane or for a worker ends at once.

use std::sync::Arc;

use rouage_model::execution::Status;
use rouage_model::{ExecutionId, TeamId};
use rouage_store::{Job, executions};

use crate::control::ControlError;
use crate::core::Core;
use crate::worker::{self, LEASE};

/// Writes the wish down and fulfils it.
pub async fn stop(core: &Arc<Core>, team: TeamId, id: ExecutionId) -> Result<(), ControlError> {
    let mut tx = core.store.begin().await?;
    let status = executions::request_stop(&mut tx, team, id).await?;
    tx.commit().await?;
    heard(core, id);
    if status == Status::Running {
        return Ok(());
    }
    // Not left to the next claim: that waits while all workers are busy.
    if let Some(job) = core.store.take(team, id, LEASE).await? {
        worker::take(core, Job { stop_requested: true, ..job });
    }
    Ok(())
}

/// Somebody, perhaps on another node, wants a run to stop. Does nothing when
/// this process does not have it.
pub fn heard(core: &Arc<Core>, id: ExecutionId) {
    core.held.ask_to_stop(id);
    // It would otherwise learn it when its turn comes.
    if let Some(job) = core.lanes.take_out(id) {
        worker::run_aside(core, Job { stop_requested: true, ..job });
    }
}
