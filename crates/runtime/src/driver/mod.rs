//! Drives one execution as far as it goes now: asks the engine what comes
//! next, does it, and writes down what came of it.

mod call;
mod ending;
mod staged;

use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};
use rouage_engine::{Parked, Run, Sleep, Step};
use rouage_model::execution::IncompleteReason;
use rouage_model::journal::Event;
use rouage_model::sheets::ApiError;
use rouage_model::{Certainty, ErrorKind, ModuleId, Value};
use rouage_store::{Job, NewIncomplete, StagedWrite, StoreEffect, Update};

use crate::core::Core;
use crate::held::Signal;
use crate::journal::{Halt, Pen};
use crate::plans::Prepared;

/// A run taken over this often has probably brought the process down itself.
const MOST_TAKEOVERS: u32 = 10;

/// One execution in this process.
struct Drive<'a> {
    core: &'a Core,
    job: &'a Job,
    prepared: &'a Prepared,
    run: Run,
    pen: Pen<'a>,
    /// The answer of a `Write` is not written down yet: without it that
    /// `Write` would be in doubt.
    owes_answer: bool,
    /// A module whose account was refused, when its bundle was stored rather
    /// than the run ended.
    refused_account: Option<ModuleId>,
}

/// Whether the driver goes on after a step.
enum Next {
    GoOn,
    Leave,
}

/// Drives the job until it ends, waits or cannot go on.
pub async fn drive(core: &Core, mut job: Job) -> Result<(), Halt> {
    let events = match job.events.take() {
        Some(events) => events,
        None => rouage_store::journal::events(&core.store, job.execution).await?,
    };
    let mut pen = Pen::new(&core.store, job.execution, job.scenario, job.fence, events.len());
    let doubt = match events.last() {
        Some(Event::Called { module, .. }) => ending::doubt(*module),
        _ => String::new(),
    };
    let Some(prepared) = core.plans.get(core, job.team, job.scenario, job.version).await? else {
        let text = format!("the scenario of this run does not exist any more{doubt}");
        return ending::give_up(core, &job, &mut pen, &text).await;
    };
    if job.takeovers > MOST_TAKEOVERS {
        let text = format!("set aside: the program ended {} times while it ran this{doubt}", job.takeovers);
        return ending::give_up(core, &job, &mut pen, &text).await;
    }
    let context = prepared.context(core, job.execution, job.scenario);
    let run = match Run::replay(prepared.plan.clone(), context, events) {
        Ok(run) => run,
        Err(divergence) => {
            let text = format!("the run cannot be resumed: {divergence}{doubt}");
            return ending::give_up(core, &job, &mut pen, &text).await;
        }
    };
    let mut drive = Drive { core, job: &job, prepared: &prepared, run, pen, owes_answer: false, refused_account: None };
    match drive.go().await {
        // It would diverge again and again.
        Err(Halt::Diverged(divergence)) => {
            let text = format!("defect: an answer does not fit the run: {divergence}");
            ending::give_up(core, &job, &mut drive.pen, &text).await
        }
        outcome => outcome,
    }
}

impl Drive<'_> {
    async fn go(&mut self) -> Result<(), Halt> {
        loop {
            match self.core.held.signal(self.job.execution, self.job.fence) {
                Some(Signal::Lost) => return Err(Halt::Fenced),
                Some(Signal::Stop) => return self.stop().await,
                None if self.job.stop_requested => return self.stop().await,
                None => {}
            }
            if self.core.handing_back.load(Ordering::Acquire) {
                self.pen.flush(Update::Requeue).await?;
                return Ok(());
            }
            if let Next::Leave = self.step().await? {
                return Ok(());
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    async fn step(&mut self) -> Result<Next, Halt> {
        match self.run.next() {
            Step::NotStarted => self.note_event(Event::Started { at: self.now(), bundles: None }),
            Step::Call(call) => self.call(call).await,
            Step::Sleep(sleep) => self.sleep(sleep).await,
            Step::Park(parked) => self.park(parked).await,
            Step::Commit => self.note_event(Event::Committed { at: self.now() }),
            Step::Rollback => self.note_event(Event::RolledBack { at: self.now() }),
            Step::Finish(verdict) => self.finish(verdict).await,
            Step::Finished => Ok(Next::Leave),
        }
    }

    fn note_event(&mut self, event: Event) -> Result<Next, Halt> {
        self.pen.note(&mut self.run, event)?;
        Ok(Next::GoOn)
    }

    /// Writes down what is known by now.
    async fn flush(&mut self) -> Result<(), Halt> {
        self.pen.flush(Update::None).await?;
        self.owes_answer = false;
        Ok(())
    }

    async fn wait_until(&mut self, until: Timestamp) -> Result<Next, Halt> {
        self.pen.flush(Update::Waiting { until }).await?;
        self.core.wake.notify_one();
        Ok(Next::Leave)
    }

    async fn sleep(&mut self, sleep: Sleep) -> Result<Next, Halt> {
        let (operation, module, at) = (sleep.operation, sleep.module, self.now());
        match sleep.until {
            Some(until) if until <= at => {
                self.note_event(Event::Returned { at, operation, module, bundles: Vec::new() })
            }
            Some(until) => self.wait_until(until).await,
            None => {
                let until = later(at, SignedDuration::from_secs(i64::from(sleep.seconds)));
                self.note_event(Event::Sleeping { at, until, operation, module })
            }
        }
    }

    async fn park(&mut self, parked: Parked) -> Result<Next, Halt> {
        let at = self.now();
        let Parked { operation, module, error, retry } = parked;
        if error.kind == ErrorKind::AccountValidationError {
            self.refused_account = Some(module);
        }
        let reason = match error.certainty {
            Certainty::NotApplied => IncompleteReason::Error,
            Certainty::MaybeApplied => IncompleteReason::MayHaveHappened,
        };
        let event = Event::Parked { at, operation, module, error: error.clone() };
        let incomplete = NewIncomplete {
            team: self.job.team,
            scenario: self.job.scenario,
            execution: self.job.execution,
            operation,
            module,
            reason,
            error,
            state: Value::Undefined,
            // What may have happened is not repeated without a person's word.
            retry_at: retry
                .filter(|_| reason == IncompleteReason::Error)
                .map(|retry| later(at, SignedDuration::from_mins(i64::from(retry.interval_minutes)))),
        };
        let finish = Box::new(move |_: Result<Value, ApiError>| event);
        let staged = StagedWrite { effect: StoreEffect::Incomplete(incomplete), finish };
        match self.pen.stage(&mut self.run, staged).await? {
            None => Ok(Next::GoOn),
            // Taken up again from the journal, and parked then.
            Some(error) => Err(Halt::Store(error)),
        }
    }
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
