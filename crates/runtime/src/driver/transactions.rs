//! Commit and rollback of the transactional modules: those that work on our
//! own store. What they did and the event that says what became of it are
//! settled in one transaction.

use rouage_model::journal::Event;
use rouage_model::sheets::ApiError;
use rouage_model::{ErrorKind, ModuleError, ModuleId, OperationId, Value};
use rouage_store::{StagedWrite, StoreEffect};

use super::{Drive, Next};
use crate::journal::Halt;

impl Drive<'_> {
    /// What was done since the cycle began stays.
    pub(super) async fn commit(&mut self) -> Result<Next, Halt> {
        let execution = self.job.execution;
        self.settle_cycle(StoreEffect::Commit { execution }, Event::Committed { at: self.now() }).await
    }

    /// What was done since the cycle began is undone.
    pub(super) async fn roll_back(&mut self) -> Result<Next, Halt> {
        let execution = self.job.execution;
        self.settle_cycle(StoreEffect::Rollback { execution }, Event::RolledBack { at: self.now() }).await
    }

    async fn settle_cycle(&mut self, effect: StoreEffect, done: Event) -> Result<Next, Halt> {
        let finish = Box::new(move |answer: Result<Value, ApiError>| match answer {
            Ok(_) => done,
            Err(error) => refused(&done, &error),
        });
        match self.pen.stage(&mut self.run, StagedWrite { effect, finish }).await? {
            None => Ok(Next::GoOn),
            // Taken up again from the journal, and settled then.
            Some(error) => Err(Halt::Store(error)),
        }
    }
}

/// What could neither be kept nor undone; it belongs to no operation.
fn refused(done: &Event, error: &ApiError) -> Event {
    let error = ModuleError::new(ErrorKind::InconsistencyError, error.message.clone());
    Event::Failed { at: done.at(), operation: OperationId(0), module: ModuleId(0), error }
}
