//! A call that is a run of another scenario: made together with the event that
//! writes the call down, and waited for without a worker.

use jiff::SignedDuration;
use rouage_engine::Call as EngineCall;
use rouage_model::execution::Origin;
use rouage_model::journal::Event;
use rouage_model::sheets::ApiError;
use rouage_model::{ErrorKind, ExecutionId, ModuleError, Value};
use rouage_sdk::subscenario::Child;
use rouage_store::{Lineage, NewExecution, StagedWrite, StoreEffect, Update};

use super::{Drive, Next, later};
use crate::journal::Halt;
use crate::subscenarios;

/// When a run that waits looks for itself, should nobody call it.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(2);

impl Drive<'_> {
    /// Makes the run in the transaction of `Called`: exactly once.
    pub(super) async fn start_child(&mut self, request: &EngineCall, note: Value, child: Child) -> Result<Next, Halt> {
        let (at, operation, module, attempt) = (self.now(), request.operation, request.module, request.attempt);
        let execution = NewExecution {
            id: child.execution,
            team: self.job.team,
            scenario: child.scenario,
            version: child.version,
            origin: Origin::Scenario,
            bundles: None,
            inputs: child.inputs,
            lineage: Lineage::Child { parent: self.job.execution, operation },
            leased: false,
            created_at: at,
        };
        let finish = Box::new(move |_: Result<Value, ApiError>| Event::Called { at, operation, module, attempt, note });
        let staged = StagedWrite { effect: StoreEffect::Start(Box::new(execution)), finish };
        match self.pen.stage(&mut self.run, staged).await? {
            None => {
                self.owes_answer = false;
                self.core.wake.notify_one();
                Ok(Next::GoOn)
            }
            Some(error) => {
                let text = format!("Rouage's own store did not take this: {error}");
                self.retry_or_fail(request, ModuleError::new(ErrorKind::ConnectionError, text))
            }
        }
    }

    /// Gives the worker back until the child has ended.
    pub(super) async fn wait_for(&mut self, child: ExecutionId) -> Result<Next, Halt> {
        self.pen.flush(Update::Waiting { until: later(self.now(), LOOK_AGAIN) }).await?;
        // It may have ended between the look and the wait.
        subscenarios::call_back(self.core, self.job.team, self.job.execution, child).await?;
        Ok(Next::Leave)
    }
}
