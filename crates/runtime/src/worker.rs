//! Workers: every job in this process runs as a task, so many at a time.
//!
//! A job comes straight from the webhook that was accepted (already leased to
//! us) or is claimed from the store. Jobs of a sequential scenario go through
//! its lane (`lanes.rs`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::SignedDuration;
use rouage_store::{Change, Job, Update, breakpoint, executions};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::task::JoinHandle;

use crate::control::Control;
use crate::core::{Core, Parts};
use crate::driver;
use crate::hooks::LiveScenario;
use crate::journal::{Halt, Pen};
use crate::{incompletes, retention, stop};
use crate::{lanes, schedule};

/// How long a lease lasts without renewal.
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How often leases are renewed.
const RENEW: Duration = Duration::from_secs(8);
/// Jobs that this process has at a time, for each that runs.
const PLACES: usize = 2;
/// The same, when what came with them is small: to be claimed costs more than to
/// wait in memory.
const SMALL_PLACES: usize = 16;
/// Bytes of a request that are small.
const SMALL: u64 = 16 * 1024;
/// How often the store is asked for jobs when nobody rings.
const POLL: Duration = Duration::from_secs(1);
/// How long a job waits in this process after the store refused; doubled with
/// each refusal.
const AFTER_REFUSAL: Duration = Duration::from_secs(2);
/// The longest such wait.
const LONGEST_REFUSAL: Duration = Duration::from_secs(60);
/// How long runs may take to write down that they are given back.
const HANDING_BACK: Duration = Duration::from_secs(1);

/// The running runtime. Dropping it does not stop it; [`Runtime::stop`] does.
pub struct Runtime {
    core: Arc<Core>,
    claiming: JoinHandle<()>,
    helpers: Vec<JoinHandle<()>>,
}

impl Runtime {
    /// Recovers what an earlier process left, loads the hooks and starts.
    pub async fn start(parts: Parts) -> Result<Self, rouage_store::Error> {
        let core = Core::new(parts);
        let recovered = core.store.release_stale().await?;
        breakpoint::pass("recovered");
        if recovered > 0 {
            tracing::info!(executions = recovered, "resuming what an earlier process left");
        }
        let changes = core.store.changes();
        core.hooks.reload(&core).await?;
        let helpers = vec![
            tokio::spawn(renew_forever(core.clone())),
            tokio::spawn(follow_changes(core.clone(), changes)),
            tokio::spawn(retention::keep_within_limits(core.clone())),
            tokio::spawn(incompletes::retry_due_forever(core.clone())),
            tokio::spawn(schedule::keep(core.clone())),
        ];
        Ok(Self { claiming: tokio::spawn(claim_until_closing(core.clone())), helpers, core })
    }

    /// What pages use.
    pub fn control(&self) -> Control {
        Control::new(self.core.clone())
    }

    /// Takes no new jobs and waits for the running ones up to the given time.
    /// The rest is given back before its next step; a call that is under way
    /// even then is cut off, as the end of the process would, and is settled
    /// at the next start. Nothing of the runtime runs afterwards.
    pub async fn stop(self, patience: Duration) {
        let core = &self.core;
        core.closing.store(true, Ordering::Release);
        // Those that wait for a slot are given back at once.
        core.trials.close();
        core.slots.close();
        core.wake.notify_one();
        // It may be in the middle of a claim, whose jobs must be given back.
        let _ = tokio::time::timeout(patience.max(HANDING_BACK), self.claiming).await;
        wait_for_runs(core, patience).await;
        core.handing_back.store(true, Ordering::Release);
        wait_for_runs(core, HANDING_BACK).await;
        core.held.abort();
        wait_for_runs(core, HANDING_BACK).await;
        for helper in self.helpers {
            helper.abort();
        }
    }
}

/// Leases are renewed meanwhile.
async fn wait_for_runs(core: &Core, patience: Duration) {
    let deadline = tokio::time::Instant::now() + patience;
    while !core.held.is_empty() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A place among the jobs of this process; given back when dropped, whatever
/// happens to its job.
struct Place(Arc<Core>);

impl Place {
    fn new(core: &Arc<Core>) -> Self {
        core.busy.fetch_add(1, Ordering::AcqRel);
        Self(core.clone())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
        if self.0.has_backlog.load(Ordering::Acquire) && wants_jobs(&self.0) {
            self.0.wake.notify_one();
        }
    }
}

/// Whether there is a place for one more job of any size.
fn has_room(core: &Core) -> bool {
    core.busy.load(Ordering::Acquire) < core.workers * PLACES
}

/// Whether so few jobs are left that it is time to claim more: a claim is a
/// transaction, so it should bring many.
fn wants_jobs(core: &Core) -> bool {
    let free = (core.workers * PLACES).saturating_sub(core.busy.load(Ordering::Acquire));
    free > 0 && free >= core.workers / 2
}

/// Whether a request that is accepted now may go straight to a worker here.
/// Not past those that wait in the store: they would wait as long as there is
/// much to do. `size` is that of what is kept in memory meanwhile.
pub fn may_lease(core: &Core, size: u64) -> bool {
    let is_small_and_fits = size <= SMALL && core.busy.load(Ordering::Acquire) < core.workers * SMALL_PLACES;
    (is_small_and_fits || has_room(core)) && !core.has_backlog.load(Ordering::Acquire) && !core.is_closing()
}

/// Whether so much waits that new requests are refused.
pub async fn is_overfull(
    core: &Core,
    hook: &crate::LiveHook,
    scenario: &LiveScenario,
) -> Result<bool, rouage_store::Error> {
    let held_up = core.lanes.is_held_up(scenario.id);
    if core.queue_limit == 0 || (has_room(core) && !held_up) {
        return Ok(false);
    }
    // All jobs together are counted cheaply; if those are few, so are these.
    if !held_up && core.store.waiting_jobs().await? < core.queue_limit {
        return Ok(false);
    }
    let counts = executions::counts(&core.store, hook.team, scenario.id).await?;
    let written_down = if held_up { counts.waiting } else { 0 };
    Ok(counts.queued + written_down >= core.queue_limit)
}

/// Takes a job that is leased to this process.
pub fn take(core: &Arc<Core>, job: Job) {
    core.held.hold(&job);
    let (core, place) = (core.clone(), Place::new(core));
    tokio::spawn(async move { dispatch(&core, job, place).await });
}

/// Takes a job that is held already and takes no room: it only ends.
pub fn run_aside(core: &Arc<Core>, job: Job) {
    let core = core.clone();
    tokio::spawn(async move { run_one(&core, job).await });
}

async fn dispatch(core: &Arc<Core>, job: Job, place: Place) {
    match core.plans.get(core, job.team, job.scenario, job.version).await {
        Ok(Some(prepared)) if prepared.plan.settings().sequential => lanes::pass(core, job).await,
        Ok(_) => run_one(core, job).await,
        // Whether it may run beside others is not known.
        Err(error) => retake_later(core, job, &Halt::Store(error)),
    }
    drop(place);
}

/// Drives a job as far as it goes now.
pub async fn run_one(core: &Arc<Core>, job: Job) {
    let trial = tokio::select! {
        trial = driver::admit(core, &job) => trial,
        () = until_stopped(core, &job) => Ok(driver::Trial::unwatched()),
    };
    let trial = match trial {
        Ok(trial) => trial,
        Err(Halt::Fenced) => return core.held.release(job.execution, job.fence),
        Err(halt) => return retake_later(core, job, &halt),
    };
    let slot = tokio::select! {
        slot = core.slots.clone().acquire_owned() => slot.map(Some),
        // One that is to be stopped takes no room.
        () = until_stopped(core, &job) => Ok(None),
    };
    let Some(_slot) = slot.ok().filter(|_| !core.is_closing()) else {
        return give_back(core, job, Update::Requeue).await;
    };
    breakpoint::pass("job-taken");
    let (execution, fence, again) = (job.execution, job.fence, job.without_events());
    // In a task of its own, so that a panic ends one run and not the lane.
    let driver = tokio::spawn({
        let core = core.clone();
        async move { driver::drive(&core, job, trial).await }
    });
    core.held.driven_by(execution, fence, driver.abort_handle());
    match driver.await {
        Ok(Ok(())) => {}
        Ok(Err(Halt::Fenced)) => tracing::info!(execution.id = %execution, "the run went to another worker"),
        Ok(Err(halt)) => return retake_later(core, again, &halt),
        Err(ended) if ended.is_cancelled() => tracing::info!(execution.id = %execution, "run cut off"),
        // The lease runs out, and the run is claimed again from its journal.
        Err(panic) => tracing::error!(execution.id = %execution, %panic, "defect: a run ended the hard way"),
    }
    core.held.release(execution, fence);
}

async fn until_stopped(core: &Core, job: &Job) {
    if !job.stop_requested {
        core.held.until_signal(job.execution, job.fence).await;
    }
}

/// The lease is kept meanwhile.
fn retake_later(core: &Arc<Core>, job: Job, halt: &Halt) {
    tracing::warn!(execution.id = %job.execution, %halt, "run interrupted, it will be resumed");
    let refusals = core.held.refused(job.execution, job.fence);
    let pause = AFTER_REFUSAL.saturating_mul(1 << refusals.min(5)).min(LONGEST_REFUSAL);
    let core = core.clone();
    tokio::spawn(async move {
        tokio::time::sleep(pause).await;
        let place = Place::new(&core);
        dispatch(&core, job, place).await;
    });
}

/// Releases the lease of a job that was not begun.
pub async fn give_back(core: &Core, job: Job, update: Update) {
    let (execution, fence) = (job.execution, job.fence);
    let given = async {
        let written = match &job.events {
            Some(events) => events.len(),
            None => rouage_store::journal::events(&core.store, execution).await?.len(),
        };
        Pen::new(&core.store, execution, job.scenario, fence, written).flush(update).await
    };
    match given.await {
        Ok(_) | Err(Halt::Fenced) => {}
        // Its lease runs out.
        Err(halt) => tracing::warn!(execution.id = %execution, %halt, "a job could not be given back"),
    }
    core.held.release(execution, fence);
}

async fn claim_until_closing(core: Arc<Core>) {
    while !core.is_closing() {
        let claimed_all = if wants_jobs(&core) {
            claim(&core).await
        } else {
            // The end of a run rings only when it is known that something may wait.
            core.has_backlog.store(true, Ordering::Release);
            !wants_jobs(&core)
        };
        let pause = if claimed_all { until_due(&core).await } else { Duration::ZERO };
        tokio::select! {
            () = core.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// How long nothing will become ready by itself.
async fn until_due(core: &Core) -> Duration {
    let due = core.store.next_due().await.ok().flatten();
    let pause = due.map(|due| due.duration_since(core.clock.now()));
    let pause = pause.and_then(|pause| Duration::try_from(pause).ok());
    pause.unwrap_or(POLL).clamp(Duration::from_millis(5), POLL)
}

/// Claims what there is room for; whether that was everything.
async fn claim(core: &Arc<Core>) -> bool {
    let room = (core.workers * PLACES).saturating_sub(core.busy.load(Ordering::Acquire));
    let limit = u32::try_from(room).unwrap_or(u32::MAX);
    // Set before the look, so that a job that arrives during it is not missed.
    core.has_backlog.store(false, Ordering::Release);
    let jobs = match core.store.claim(limit, LEASE).await {
        Ok(jobs) => jobs,
        Err(error) => {
            tracing::warn!(%error, "no jobs could be claimed");
            core.has_backlog.store(true, Ordering::Release);
            return true;
        }
    };
    let claimed_all = jobs.len() < room;
    if !claimed_all {
        core.has_backlog.store(true, Ordering::Release);
    }
    for job in jobs {
        take(core, job);
    }
    claimed_all
}

async fn renew_forever(core: Arc<Core>) {
    loop {
        tokio::time::sleep(RENEW).await;
        core.replies.forget_gone();
        let leases = core.held.leases();
        if leases.is_empty() {
            continue;
        }
        match core.store.renew(&leases, LEASE).await {
            Ok(renewed) => {
                renewed.stop_requested.into_iter().for_each(|execution| core.held.ask_to_stop(execution));
                // Those that have just ended are among them and not held any more.
                for (execution, fence) in leases.iter().filter(|(execution, _)| renewed.lost.contains(execution)) {
                    core.held.lose(*execution, *fence);
                }
            }
            Err(error) => tracing::warn!(%error, "leases could not be renewed"),
        }
    }
}

/// What news asks for.
#[derive(Default)]
struct ToDo {
    reload: bool,
    wake: bool,
}

impl ToDo {
    fn note(&mut self, core: &Arc<Core>, change: &Change) {
        match change {
            Change::Scenario(scenario) => {
                core.plans.forget(*scenario);
                core.schedule_changed.store(true, Ordering::Release);
                core.schedule_wake.notify_one();
                self.reload = true;
            }
            Change::Hook(_) => self.reload = true,
            Change::Stop(execution) => stop::heard(core, *execution),
            Change::Jobs => self.wake = true,
            Change::Missed => self.note_missed(core),
            Change::Connection(_) => core.opened.forget(),
            Change::Execution(..) | Change::Draft(_) | Change::Spreadsheet(_) | Change::Mail => {}
        }
    }

    /// Anything may have changed.
    fn note_missed(&mut self, core: &Core) {
        core.plans.forget_all();
        core.opened.forget();
        core.schedule_changed.store(true, Ordering::Release);
        core.schedule_wake.notify_one();
        (self.reload, self.wake) = (true, true);
    }
}

/// Keeps plans and hooks in step with the store. What came while the hooks
/// were read is looked at together.
async fn follow_changes(core: Arc<Core>, mut changes: Receiver<Change>) {
    loop {
        let mut to_do = ToDo::default();
        match changes.recv().await {
            Ok(change) => to_do.note(&core, &change),
            Err(RecvError::Lagged(_)) => to_do.note_missed(&core),
            Err(RecvError::Closed) => return,
        }
        loop {
            match changes.try_recv() {
                Ok(change) => to_do.note(&core, &change),
                Err(TryRecvError::Lagged(_)) => to_do.note_missed(&core),
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if to_do.wake {
            core.retries.notify_one();
            core.wake.notify_one();
        }
        if to_do.reload
            && let Err(error) = core.hooks.reload(&core).await
        {
            tracing::error!(%error, "the webhooks could not be read again");
        }
    }
}
