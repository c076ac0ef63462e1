//! The pen: applies events to the run and gets them written.

use std::time::Duration;

use rouage_engine::{Divergence, Run};
use rouage_model::journal::Event;
use rouage_model::{ExecutionId, ScenarioId};
use rouage_store::{Append, Appended, Fence, StagedWrite, Store, Update};

/// Why a run cannot go on in this process for now.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// Another node has the run, or it ended.
    #[error("the lease is lost")]
    Fenced,
    /// The store refused; the run is taken up again from what is written.
    #[error("the journal could not be written: {0}")]
    Store(rouage_store::Error),
    /// The journal does not fit the scenario.
    #[error("the journal does not fit the scenario: {0}")]
    Diverged(#[from] Divergence),
}

impl From<rouage_store::Error> for Halt {
    fn from(error: rouage_store::Error) -> Self {
        match error {
            rouage_store::Error::Fenced => Halt::Fenced,
            other => Halt::Store(other),
        }
    }
}

/// How long to wait before a refused write is tried again. What a module
/// answered must not be lost because the disk was full for a moment.
const RETRY_AFTER: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
];

/// Whether the same write may succeed later.
fn may_pass(error: &rouage_store::Error) -> bool {
    use rouage_store::Error;
    matches!(error, Error::Busy | Error::Full | Error::Database(_))
}

/// Writes the journal of one execution under one lease.
pub struct Pen<'a> {
    store: &'a Store,
    execution: ExecutionId,
    scenario: ScenarioId,
    fence: Fence,
    next_seq: u32,
    unwritten: Vec<Event>,
}

impl<'a> Pen<'a> {
    /// A pen that goes on after `written` events.
    pub fn new(store: &'a Store, execution: ExecutionId, scenario: ScenarioId, fence: Fence, written: usize) -> Self {
        let next_seq = u32::try_from(written).unwrap_or(u32::MAX);
        Self { store, execution, scenario, fence, next_seq, unwritten: Vec::new() }
    }

    /// Applies an event; it is written with the next flush.
    pub fn note(&mut self, run: &mut Run, event: Event) -> Result<(), Halt> {
        run.apply(&event)?;
        self.unwritten.push(event);
        Ok(())
    }

    /// Writes what is unwritten, together with the update; durable on return.
    /// When the run ended by an error: how many runs of the scenario in a row
    /// have now ended so.
    pub async fn flush(&mut self, update: Update) -> Result<Option<u32>, Halt> {
        if self.unwritten.is_empty() && matches!(update, Update::None) {
            return Ok(None);
        }
        let mut waits = RETRY_AFTER.iter();
        loop {
            let events = self.unwritten.clone();
            match (self.append(None, update.clone()).await, waits.next()) {
                (Err(Halt::Store(error)), Some(wait)) if may_pass(&error) => {
                    tracing::warn!(execution.id = %self.execution, %error, "journal not written, trying again");
                    self.unwritten = events;
                    tokio::time::sleep(*wait).await;
                }
                (outcome, _) => return outcome.map(|appended| appended.consecutive_errors),
            }
        }
    }

    /// Makes a staged effect in the transaction that writes its event. Gives
    /// the store's error when it was refused; then nothing was done, and what
    /// was noted before is written without it.
    pub async fn stage(&mut self, run: &mut Run, staged: StagedWrite) -> Result<Option<rouage_store::Error>, Halt> {
        Ok(self.stage_event(run, staged).await?.err())
    }

    /// The same for those who want to know the event that it came to.
    pub async fn stage_event(
        &mut self,
        run: &mut Run,
        staged: StagedWrite,
    ) -> Result<Result<Option<Event>, rouage_store::Error>, Halt> {
        let events = self.unwritten.clone();
        match self.append(Some(staged), Update::None).await {
            Ok(appended) => {
                if let Some(event) = &appended.staged_event {
                    run.apply(event)?;
                }
                Ok(Ok(appended.staged_event))
            }
            Err(Halt::Store(error)) if may_pass(&error) => {
                // Should it have been written after all, the next number is
                // taken, and the run is taken up again from the journal.
                self.unwritten = events;
                self.flush(Update::None).await?;
                Ok(Err(error))
            }
            Err(halt) => Err(halt),
        }
    }

    async fn append(&mut self, staged: Option<StagedWrite>, update: Update) -> Result<Appended, Halt> {
        let append = Append {
            execution: self.execution,
            scenario: self.scenario,
            fence: self.fence,
            first_seq: self.next_seq,
            events: std::mem::take(&mut self.unwritten),
            staged,
            update,
        };
        let appended = self.store.append(append).await?;
        self.next_seq = appended.last_seq + 1;
        Ok(appended)
    }
}
