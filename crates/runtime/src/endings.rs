//! Programs that wait for the end of a run they have started, and for what it
//! returned.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rouage_model::execution::Status;
use rouage_model::{ExecutionId, TeamId, Value};
use rouage_sdk::subscenario::State;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::core::Core;
use crate::subscenarios;

/// How often the store is asked, should the run end in another process.
const LOOK: Duration = Duration::from_secs(1);

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// A final status.
    pub status: Status,
    /// Why, when it did not end well.
    pub error: Option<String>,
    /// What it returned: a collection.
    pub outputs: Value,
}

/// Those who wait in this process, by execution.
#[derive(Default)]
pub struct Endings(Mutex<HashMap<ExecutionId, oneshot::Sender<Ending>>>);

impl Endings {
    /// Lets somebody wait.
    pub fn wait(&self, execution: ExecutionId) -> oneshot::Receiver<Ending> {
        let (sender, receiver) = oneshot::channel();
        let mut map = self.map();
        map.retain(|_, sender| !sender.is_closed());
        map.insert(execution, sender);
        receiver
    }

    /// Tells who waits, if anybody does.
    pub fn tell(&self, execution: ExecutionId, status: Status, error: Option<&str>, outputs: Option<&Value>) {
        let Some(sender) = self.map().remove(&execution) else { return };
        let outputs = outputs.cloned().unwrap_or_else(Value::empty_collection);
        // Nobody waits any more.
        let _ = sender.send(Ending { status, error: error.map(str::to_owned), outputs });
    }

    fn map(&self) -> MutexGuard<'_, HashMap<ExecutionId, oneshot::Sender<Ending>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a run ended; `None` while it has not. Of a confidential run nothing but
/// the status is left.
pub async fn of(core: &Core, team: TeamId, id: ExecutionId) -> Result<Option<Ending>, rouage_store::Error> {
    Ok(match subscenarios::state(core, team, id).await? {
        State::Active | State::Gone => None,
        State::Ended { status, error, outputs } => {
            Some(Ending { status, error: error.map(|error| error.to_string()), outputs })
        }
    })
}

/// Waits for the end of a run; `None` when it takes longer.
pub async fn await_end(
    core: &Core,
    team: TeamId,
    id: ExecutionId,
    mut waiting: oneshot::Receiver<Ending>,
    limit: Duration,
) -> Result<Option<Ending>, rouage_store::Error> {
    let deadline = Instant::now() + limit;
    loop {
        let until = deadline.min(Instant::now() + LOOK);
        match tokio::time::timeout_at(until, &mut waiting).await {
            Ok(Ok(ending)) => return Ok(Some(ending)),
            // It went to another process, or this one forgets it.
            Ok(Err(_)) => tokio::time::sleep_until(until).await,
            Err(_) => {}
        }
        let ended = of(core, team, id).await?;
        if ended.is_some() || Instant::now() >= deadline {
            return Ok(ended);
        }
    }
}
