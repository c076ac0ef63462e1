//! Storing a bundle that cannot go on, as an incomplete execution.

use rouage_engine::Parked;
use rouage_model::execution::IncompleteReason;
use rouage_model::journal::Event;
use rouage_model::sheets::ApiError;
use rouage_model::{Certainty, ErrorKind, ModuleError, Value, tagged};
use rouage_store::incompletes::Policy;
use rouage_store::{NewIncomplete, StagedWrite, StoreEffect};

use super::{Drive, Next};
use crate::backoff;
use crate::journal::Halt;

/// The store's answer when a scenario has as many as it may.
const FULL: u16 = 507;

impl Drive<'_> {
    pub(super) async fn park(&mut self, parked: Parked) -> Result<Next, Halt> {
        let at = self.now();
        self.parked.push((parked.module, parked.error.kind));
        self.last_parked = Some(parked.error.clone());
        let Parked { operation, module, error, .. } = parked.clone();
        if self.resumed.is_some_and(|resumed| resumed.is_again(operation)) {
            // The same again: what is retried stays, and learns of it when the
            // run ends.
            return self.note_event(Event::Parked { at, operation, module, error });
        }
        let incomplete = self.incomplete(&parked);
        let data_loss = self.prepared.plan.settings().data_loss;
        let finish = Box::new(move |answer: Result<Value, ApiError>| match answer {
            Err(refusal) if refusal.code == FULL && data_loss => {
                Event::Parked { at, operation, module, error: discarded(error) }
            }
            Err(refusal) if refusal.code == FULL => Event::Failed { at, operation, module, error: no_room(&error) },
            _ => Event::Parked { at, operation, module, error },
        });
        let staged = StagedWrite { effect: StoreEffect::Incomplete(incomplete), finish };
        match self.pen.stage_event(&mut self.run, staged).await? {
            Ok(Some(Event::Failed { .. })) => {
                self.switch_off(FULL_STORE).await;
                Ok(Next::GoOn)
            }
            Ok(_) => Ok(Next::GoOn),
            // Taken up again from the journal, and parked then.
            Err(error) => Err(Halt::Store(error)),
        }
    }

    fn incomplete(&self, parked: &Parked) -> NewIncomplete {
        let error = parked.error.clone();
        let policy = match parked.retry {
            Some(retry) => Policy::Break { count: retry.count, interval: retry.interval_minutes },
            None if parked.by_break => Policy::ByHand,
            None => Policy::ByError,
        };
        let bundles = self.run.in_sight().map(|bundle| tagged::to_string(bundle).len() as u64);
        NewIncomplete {
            team: self.job.team,
            scenario: self.job.scenario,
            execution: self.job.execution,
            operation: parked.operation,
            module: parked.module,
            reason: match error.certainty {
                Certainty::NotApplied => IncompleteReason::Error,
                Certainty::MaybeApplied => IncompleteReason::MayHaveHappened,
            },
            state: Value::Undefined,
            size: bundles.sum(),
            // What may have happened is not repeated without a person's word.
            retry_at: backoff::next_retry(policy, &error, 0, self.now()),
            error,
            policy,
        }
    }
}

const FULL_STORE: &str = "Switched off because its store of incomplete executions is full, and what fails could not be \
     kept any more. Resolve or delete some on the page “Needs a decision”, then switch the scenario on again.";

/// "Enable data loss": the bundle is given up, and the run says so.
fn discarded(error: ModuleError) -> ModuleError {
    let text = format!(
        "Lost: the store of incomplete executions is full, and the scenario allows data loss. It was: {}",
        error.message
    );
    ModuleError { message: text.into(), ..error }
}

fn no_room(error: &ModuleError) -> ModuleError {
    let text = format!(
        "this bundle could not be kept as an incomplete execution: the scenario has as many as it may. Resolve or \
         delete some, then run this again with the same data. The error was {}: {}",
        error.kind, error.message
    );
    ModuleError::new(ErrorKind::OutOfSpaceError, text)
}
