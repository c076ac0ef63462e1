//! Workers: every job in this process runs as a task, so many at a time.
//!
//! A job comes straight from the webhook that was accepted (already leased to
//! us) or is claimed from the store. Jobs of a sequential scenario share a
//! lane and run one after another, in order of arrival.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use rouage_model::{ExecutionId, ScenarioId, TeamId};
use rouage_store::{Change, Fence, Job, executions};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

use crate::control::Control;
use crate::core::{Core, Parts};
use crate::driver;
use crate::journal::Halt;

/// How long a lease lasts without renewal.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// How often leases are renewed.
const RENEW: Duration = Duration::from_secs(8);
/// How often the store is asked for jobs when nobody rings.
const POLL: Duration = Duration::from_secs(1);
/// How long a job waits in this process after the store refused.
const AFTER_REFUSAL: Duration = Duration::from_secs(2);

/// The running runtime. Dropping it does not stop it; [`Runtime::stop`] does.
pub struct Runtime {
    core: Arc<Core>,
    tasks: Vec<JoinHandle<()>>,
}

impl Runtime {
    /// Recovers what an earlier process left, loads the hooks and starts.
    pub async fn start(parts: Parts) -> Result<Self, rouage_store::Error> {
        let core = Core::new(parts);
        let recovered = core.store.release_stale().await?;
        if recovered > 0 {
            tracing::info!(executions = recovered, "resuming what an earlier process left");
        }
        let changes = core.store.changes();
        core.hooks.reload(&core).await?;
        let tasks = vec![
            tokio::spawn(claim_forever(core.clone())),
            tokio::spawn(renew_forever(core.clone())),
            tokio::spawn(follow_changes(core.clone(), changes)),
        ];
        Ok(Self { core, tasks })
    }

    /// What pages use.
    pub fn control(&self) -> Control {
        Control::new(self.core.clone())
    }

    /// Takes no new jobs, waits for the running ones up to the given time and
    /// gives the rest back. What is not finished resumes at the next start.
    pub async fn stop(self, patience: Duration) {
        for task in &self.tasks {
            task.abort();
        }
        let deadline = tokio::time::Instant::now() + patience;
        while self.core.held.load(Ordering::Acquire) > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Whether one more job may be leased on acceptance.
pub fn has_room(core: &Core) -> bool {
    core.held.load(Ordering::Acquire) < core.workers * 2
}

/// Whether so much waits that new requests are refused.
pub async fn is_overfull(
    core: &Core,
    team: TeamId,
    scenario: ScenarioId,
) -> Result<bool, rouage_store::Error> {
    if core.queue_limit == 0 || has_room(core) {
        return Ok(false);
    }
    Ok(executions::counts(&core.store, team, scenario).await?.queued >= core.queue_limit)
}

/// Takes a job that is leased to this process.
pub fn take(core: &Arc<Core>, job: Job) {
    core.held.fetch_add(1, Ordering::AcqRel);
    core.lanes.hold(job.execution, job.fence);
    let core = core.clone();
    tokio::spawn(async move {
        let Some(lane) = core.lanes.enter(&core, job).await else { return };
        run_lane(&core, lane).await;
    });
}

/// Runs a job and then those that queued up behind it in its lane.
async fn run_lane(core: &Arc<Core>, first: Job) {
    let scenario = first.scenario;
    let mut next = Some(first);
    while let Some(job) = next {
        run_one(core, job).await;
        next = core.lanes.leave(scenario);
    }
}

async fn run_one(core: &Arc<Core>, job: Job) {
    let Ok(_slot) = core.lanes.slots(core.workers).acquire_owned().await else { return };
    let (execution, again) = (job.execution, job.without_events());
    // In a task of its own, so that a panic ends one run and not the lane.
    let outcome = tokio::spawn({
        let core = core.clone();
        async move { driver::drive(&core, job).await }
    })
    .await;
    core.lanes.release(execution);
    core.held.fetch_sub(1, Ordering::AcqRel);
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(Halt::Fenced)) => tracing::info!(execution.id = %execution, "the run went to another worker"),
        Ok(Err(halt)) => {
            tracing::warn!(execution.id = %execution, %halt, "run interrupted, it will be resumed");
            retake_later(core, again);
        }
        Err(panic) => {
            tracing::error!(execution.id = %execution, %panic, "defect: a run ended the hard way");
        }
    }
    if has_room(core) {
        core.wake.notify_one();
    }
}

fn retake_later(core: &Arc<Core>, job: Job) {
    let core = core.clone();
    core.lanes.hold(job.execution, job.fence);
    tokio::spawn(async move {
        tokio::time::sleep(AFTER_REFUSAL).await;
        take(&core, job);
    });
}

async fn claim_forever(core: Arc<Core>) {
    loop {
        if has_room(&core) {
            claim(&core).await;
        }
        let due = core.store.next_due().await.ok().flatten();
        let until_due = due.map(|due| due.duration_since(core.clock.now()));
        let pause = until_due.and_then(|pause| Duration::try_from(pause).ok()).unwrap_or(POLL).min(POLL);
        tokio::select! {
            () = core.wake.notified() => {}
            () = tokio::time::sleep(pause.max(Duration::from_millis(5))) => {}
        }
    }
}

async fn claim(core: &Arc<Core>) {
    let room = (core.workers * 2).saturating_sub(core.held.load(Ordering::Acquire));
    let limit = u32::try_from(room).unwrap_or(u32::MAX);
    match core.store.claim(limit, LEASE).await {
        Ok(jobs) => {
            for job in jobs {
                take(core, job);
            }
        }
        Err(error) => tracing::warn!(%error, "no jobs could be claimed"),
    }
}

async fn renew_forever(core: Arc<Core>) {
    loop {
        tokio::time::sleep(RENEW).await;
        let leases = core.lanes.leases();
        if leases.is_empty() {
            continue;
        }
        match core.store.renew(&leases, LEASE).await {
            Ok(renewed) => renewed.stop_requested.into_iter().for_each(|execution| core.lanes.ask_to_stop(execution)),
            Err(error) => tracing::warn!(%error, "leases could not be renewed"),
        }
    }
}

/// Keeps the hook table in step with the store.
async fn follow_changes(core: Arc<Core>, mut changes: tokio::sync::broadcast::Receiver<Change>) {
    loop {
        let reload = match changes.recv().await {
            Ok(Change::Scenario(scenario)) => {
                core.plans.forget(scenario);
                true
            }
            Ok(Change::Hook(_) | Change::Missed) | Err(RecvError::Lagged(_)) => true,
            Ok(Change::Jobs) => {
                core.wake.notify_one();
                false
            }
            Ok(_) => false,
            Err(RecvError::Closed) => return,
        };
        if reload && let Err(error) = core.hooks.reload(&core).await {
            tracing::error!(%error, "the webhooks could not be read again");
        }
    }
}

/// Who runs and who waits, in this process.
#[derive(Default)]
pub struct Lanes {
    queues: Mutex<HashMap<ScenarioId, VecDeque<Job>>>,
    leases: Mutex<HashMap<ExecutionId, Fence>>,
    stops: Mutex<HashSet<ExecutionId>>,
    slots: std::sync::OnceLock<Arc<tokio::sync::Semaphore>>,
}

impl Lanes {
    /// Passes a job through at once, or queues it behind its lane's runner.
    async fn enter(&self, core: &Core, job: Job) -> Option<Job> {
        let sequential = match core.plans.get(core, job.team, job.scenario, job.version).await {
            Ok(prepared) => prepared.is_some_and(|prepared| prepared.plan.settings().sequential),
            Err(_) => false,
        };
        if !sequential {
            return Some(job);
        }
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        match queues.get_mut(&job.scenario) {
            Some(queue) => {
                // Version 7 ids sort by time: the order of arrival.
                let at = queue.partition_point(|waiting| waiting.execution < job.execution);
                queue.insert(at, job);
                None
            }
            None => {
                queues.insert(job.scenario, VecDeque::new());
                Some(job)
            }
        }
    }

    /// The next job of the lane; without one the lane is closed.
    fn leave(&self, scenario: ScenarioId) -> Option<Job> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let next = queues.get_mut(&scenario)?.pop_front();
        if next.is_none() {
            queues.remove(&scenario);
        }
        next
    }

    fn slots(&self, workers: usize) -> Arc<tokio::sync::Semaphore> {
        self.slots.get_or_init(|| Arc::new(tokio::sync::Semaphore::new(workers))).clone()
    }

    fn hold(&self, execution: ExecutionId, fence: Fence) {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner).insert(execution, fence);
    }

    fn release(&self, execution: ExecutionId) {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner).remove(&execution);
        self.stops.lock().unwrap_or_else(PoisonError::into_inner).remove(&execution);
    }

    /// Makes the driver of a run in this process end it before its next step.
    pub fn ask_to_stop(&self, execution: ExecutionId) {
        if self.leases.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&execution) {
            self.stops.lock().unwrap_or_else(PoisonError::into_inner).insert(execution);
        }
    }

    /// Whether somebody asked to stop the run.
    pub fn is_stopped(&self, execution: ExecutionId) -> bool {
        self.stops.lock().unwrap_or_else(PoisonError::into_inner).contains(&execution)
    }

    fn leases(&self) -> Vec<(ExecutionId, Fence)> {
        let leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        leases.iter().map(|(execution, fence)| (*execution, *fence)).collect()
    }
}
