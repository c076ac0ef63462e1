//! Drives one execution as far as it goes now: asks the engine what comes
//! next, does it, and writes down what came of it.

mod answered;
mod call;
mod child;
mod ending;
mod initialise;
mod park;
pub(crate) mod staged;
mod transactions;
mod trial;

use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};
use rouage_engine::{Run, Sleep, Step};
use rouage_model::journal::Event;
use rouage_model::{ErrorKind, ModuleError, ModuleId, OperationId, Value};
use rouage_store::{Job, Update};

use crate::core::Core;
use crate::held::Signal;
use crate::journal::{Halt, Pen};
use crate::limits::Worked;
use crate::plans::Prepared;
pub use initialise::{Account, Opened};
pub use trial::{AT_ONCE as SUSPECTS_AT_ONCE, Trial, admit};

use crate::retry::{self, Beginning, Resumed, Subject};

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
    /// Where this run goes on, when it is a retry.
    resumed: Option<Resumed>,
    /// What was stored rather than ended the run, in this process: it may mean
    /// something for the scenario all the same.
    parked: Vec<(ModuleId, ErrorKind)>,
    /// The error of the last of them.
    last_parked: Option<ModuleError>,
    /// Which attempt of a call failed for good, the latest time.
    attempts: u32,
    /// How long it has worked.
    worked: Worked,
}

/// Whether the driver goes on after a step.
enum Next {
    GoOn,
    Leave,
}

/// Drives the job until it ends, waits or cannot go on.
pub async fn drive(core: &Core, mut job: Job, trial: Trial) -> Result<(), Halt> {
    let events = match job.events.take() {
        Some(events) => events,
        None => rouage_store::journal::events(&core.store, job.execution).await?,
    };
    let mut pen = Pen::new(&core.store, job.execution, job.scenario, job.fence, events.len());
    let doubt = match events.last() {
        Some(Event::Called { module, .. }) => ending::doubt(*module),
        _ => String::new(),
    };
    if let Err(poisonous) = trial::begin(core, &job, events.len()).await? {
        return ending::set_aside(core, &job, &mut pen, &format!("{poisonous}{doubt}")).await;
    }
    let worked = Worked::new(&events, core.clock.now());
    // What was given is written down when it is accepted.
    let is_new = events.len() <= 1;
    let limits = core.limits.of_run(job.origin);
    let Beginning { run, prepared, resumed } = match retry::rebuild(core, Subject::from(&job), limits, events).await? {
        Ok(built) => built,
        Err(impossible) => return ending::give_up(core, &job, &mut pen, &format!("{impossible}{doubt}")).await,
    };
    let mut drive = Drive {
        core,
        job: &job,
        prepared: &prepared,
        run,
        pen,
        owes_answer: false,
        resumed,
        parked: Vec::new(),
        last_parked: None,
        attempts: 0,
        worked,
    };
    // A retry goes on with one bundle in the version of then: accounts of modules
    // that it never reaches say nothing about it.
    if is_new
        && drive.resumed.is_none()
        && let Some((module, error)) = initialise::obstacle(core, &prepared).await
    {
        let at = drive.now();
        drive.note_event(Event::Failed { at, operation: OperationId(0), module, error })?;
    }
    match trial.watch(drive.go()).await {
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
            self.interrupt_when_too_long()?;
            if let Next::Leave = self.step().await? {
                return Ok(());
            }
        }
    }

    /// Ends what has taken too long, at a point where that is possible
    /// (decision D64). What remains is stored or lost, as the scenario says.
    fn interrupt_when_too_long(&mut self) -> Result<(), Halt> {
        let at = self.now();
        let most = SignedDuration::try_from(self.core.limits.run_time).unwrap_or(SignedDuration::MAX);
        if self.worked.until(at) > most && self.run.can_be_interrupted() {
            tracing::warn!(execution.id = %self.job.execution, "run interrupted: it took too long");
            self.note_event(Event::Interrupted { at })?;
        }
        Ok(())
    }

    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    async fn step(&mut self) -> Result<Next, Halt> {
        match self.run.next() {
            Step::NotStarted => {
                self.note_event(Event::Started { at: self.now(), bundles: None, inputs: Value::Undefined })
            }
            Step::Call(call) => self.call(call).await,
            Step::Sleep(sleep) => self.sleep(sleep).await,
            Step::Park(parked) => self.park(parked).await,
            Step::Commit => self.commit().await,
            Step::Rollback => self.roll_back().await,
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
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
