//! What a person decides about an effect of which nobody knows whether it
//! happened (decision D65).

use jiff::{SignedDuration, Timestamp};
use rouage_engine::{Call, Step};
use rouage_model::journal::Event;
use rouage_model::{ErrorKind, ExecutionId, ModuleError, TeamId, Value};
use rouage_store::{Job, Update};

use crate::control::ControlError;
use crate::core::Core;
use crate::journal::{Halt, Pen};
use crate::retry::{self, Subject};

/// How long a decision may hold an execution.
const DECISION_LEASE: SignedDuration = SignedDuration::from_secs(30);

/// What a person decides about an effect in doubt.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It did not happen, or twice does no harm: make the call again.
    Retry,
    /// Leave it: this bundle goes no further.
    Skip,
    /// It happened: go on after it with this output, a collection.
    MarkAsDone(Value),
    /// Nothing is in doubt but what became of the run itself, because it comes
    /// from a backup: go on where it was.
    GoOn,
}

/// Writes the decision down and lets the run go on.
pub async fn decide(core: &Core, team: TeamId, id: ExecutionId, decision: Decision) -> Result<(), ControlError> {
    let conflict = || ControlError::Conflict("this run does not wait for a decision".into());
    let job = core.store.take(team, id, DECISION_LEASE).await?.ok_or_else(conflict)?;
    let outcome = write(core, &job, decision).await;
    core.wake.notify_one();
    match outcome {
        Ok(true) => Ok(()),
        Ok(false) => Err(conflict()),
        Err(Halt::Store(error)) => Err(error.into()),
        Err(halt) => Err(ControlError::Conflict(halt.to_string())),
    }
}

/// Whether there was anything to decide. The run goes on in any case; one that
/// waited for something else waits again.
async fn write(core: &Core, job: &Job, decision: Decision) -> Result<bool, Halt> {
    let events = rouage_store::journal::events(&core.store, job.execution).await?;
    let mut pen = Pen::new(&core.store, job.execution, job.scenario, job.fence, events.len());
    let mut is_decided = false;
    let limits = core.limits.of_run(job.origin);
    // A journal that does not fit is for the worker to give up on.
    if let Ok(built) = retry::rebuild(core, Subject::from(job), limits, events).await?
        && let mut run = built.run
        && let Step::Call(call) = run.next()
        && call.called
        && let Some(event) = event(&decision, core.clock.now(), &call)
    {
        pen.note(&mut run, event)?;
        is_decided = true;
    }
    pen.flush(Update::Requeue).await?;
    Ok(is_decided || decision == Decision::GoOn)
}

fn event(decision: &Decision, at: Timestamp, call: &Call) -> Option<Event> {
    let (operation, module, attempt) = (call.operation, call.module, call.attempt);
    Some(match decision {
        Decision::Retry => {
            let error = ModuleError::new(ErrorKind::ConnectionError, "made again on a person's decision");
            Event::Retrying { at, until: at, operation, module, attempt, error }
        }
        Decision::Skip => Event::Returned { at, operation, module, bundles: Vec::new() },
        Decision::MarkAsDone(output) => Event::Returned { at, operation, module, bundles: vec![output.clone()] },
        Decision::GoOn => return None,
    })
}
