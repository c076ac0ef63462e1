//! Sequential scenarios: one run at a time, in order of arrival.
//!
//! The order is the store's and not this process's: before each run the lane
//! asks which run of the scenario came first of those that are not over. So a
//! job that was leased on acceptance never overtakes one that waits in the
//! database, and a run that sleeps, is retried later or is in doubt holds up
//! those behind it.
//!
//! Open incomplete executions hold up the runs that have not begun, but not
//! their own retries, which take their turn in the lane like any run.
//!
//! A lane keeps only so many jobs in memory. The others are written down as
//! waiting, and the lane takes each when its turn comes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rouage_model::execution::{Origin, Status};
use rouage_model::{ExecutionId, ScenarioId, TeamId};
use rouage_store::executions::{Active, first_active};
use rouage_store::{Job, Update, executions, incompletes};

use crate::core::Core;
use crate::worker::{self, LEASE};

/// How many jobs of a scenario wait in memory.
const WAITING: usize = 64;
/// When a job that was written down looks for itself, should the run before
/// it have ended with a process and not called it.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// The same, while another worker has the run before it.
const LOOK_SOON: SignedDuration = SignedDuration::from_secs(5);
/// Arrival is noted before the commit: a run may become visible after a later
/// one has ended, but not by more than this.
const LATE: SignedDuration = SignedDuration::from_mins(5);
/// How long to wait after the store refused.
const AFTER_REFUSAL: Duration = Duration::from_secs(1);
/// A run that was leased a moment ago may still be on its way into the lane:
/// so often, and so long each time, it is waited for.
const ON_ITS_WAY: (u32, Duration) = (20, Duration::from_millis(10));

/// The lanes that are open, and what is known of those that were.
#[derive(Default)]
pub struct Lanes {
    queues: Mutex<HashMap<ScenarioId, VecDeque<Job>>>,
    known: Mutex<HashMap<ScenarioId, Known>>,
}

/// What a scenario's lane remembers between two openings.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// Every run that arrived before this is over.
    since: Timestamp,
    /// The run in front, when it was seen to wait by itself.
    held_up_by: Option<ExecutionId>,
    /// Incomplete executions were seen to be in the way.
    is_blocked: bool,
}

impl Default for Known {
    fn default() -> Self {
        Self { since: Timestamp::UNIX_EPOCH, held_up_by: None, is_blocked: false }
    }
}

/// What becomes of a job at the entry of its lane.
enum Entry {
    /// It opens the lane.
    Opens,
    /// The lane's runner will come to it.
    Waits,
    /// Too many wait already.
    Full(Job),
}

/// Runs a job of a sequential scenario, and those whose turn comes after it;
/// or leaves it to the runner of its lane.
pub async fn pass(core: &Arc<Core>, job: Job) {
    let (team, scenario) = (job.team, job.scenario);
    if job.stop_requested {
        // It does nothing more, so its turn does not matter. It may have been
        // the one that held up the others.
        worker::run_one(core, job).await;
        if core.lanes.open(scenario) {
            run(core, team, scenario).await;
        }
        return;
    }
    match core.lanes.enter(job) {
        Entry::Opens => run(core, team, scenario).await,
        Entry::Waits => {}
        Entry::Full(job) => {
            let until = later(core.clock.now(), LOOK_AGAIN);
            worker::give_back(core, job, Update::Waiting { until }).await;
        }
    }
}

/// Runs the lane until nothing is left or the run in front cannot go on now.
async fn run(core: &Arc<Core>, team: TeamId, scenario: ScenarioId) {
    // The run that was just driven: when it is still in front, it waits.
    let (mut driven, mut looks) = (None, 0);
    loop {
        if core.is_closing() {
            return disperse(core, scenario, |_| Update::Requeue).await;
        }
        let since = core.lanes.since(scenario, core.clock.now());
        let turn = match whose_turn(core, team, scenario, since).await {
            Ok(turn) => turn,
            Err(error) => {
                tracing::warn!(scenario.id = %scenario, %error, "the order of runs could not be read");
                tokio::time::sleep(AFTER_REFUSAL).await;
                continue;
            }
        };
        let next = match turn {
            Turn::Held { by_arrival } => {
                core.lanes.remember(scenario, by_arrival, Known { is_blocked: true, ..Known::default() });
                let until = later(core.clock.now(), LOOK_AGAIN);
                disperse(core, scenario, |_| Update::Waiting { until }).await;
                return call_next(core, scenario).await;
            }
            Turn::Of { front, by_arrival } => match next_job(core, team, scenario, front, by_arrival, driven).await {
                Some(job) => job,
                None if looks < ON_ITS_WAY.0 && is_on_its_way(core, front) => {
                    looks += 1;
                    tokio::time::sleep(ON_ITS_WAY.1).await;
                    continue;
                }
                None => {
                    let until = held_up_until(core, front);
                    return disperse(core, scenario, |_| Update::Waiting { until }).await;
                }
            },
            // Nothing is active: what waits here was ended by somebody else,
            // and its driver will notice.
            Turn::Nobodys => match core.lanes.pop_or_close(scenario) {
                Some(job) => job,
                None => return,
            },
        };
        (driven, looks) = (Some(next.execution), 0);
        worker::run_one(core, next).await;
    }
}

/// Whose turn it is.
enum Turn {
    /// This run's. `by_arrival` came first of those that are not over.
    Of { front: Active, by_arrival: Active },
    /// Nobody's until incomplete executions are resolved.
    Held { by_arrival: Active },
    /// No run is active.
    Nobodys,
}

/// The run that has begun: whatever the clocks said when it arrived, no other
/// one runs beside it. Without one, the run that came first; unless the scenario stores incomplete executions
/// and has some that are open. Then no new run begins before they are resolved,
/// and only retries go on (source: `make-semantics.md` §2.2 `sequential`). A
/// run that has begun goes on in any case, also past what it stored itself.
async fn whose_turn(
    core: &Arc<Core>,
    team: TeamId,
    scenario: ScenarioId,
    since: Timestamp,
) -> Result<Turn, rouage_store::Error> {
    let Some(by_arrival) = first_active(&core.store, scenario, since, None).await? else { return Ok(Turn::Nobodys) };
    let begun = if executions::has_begun(&core.store, by_arrival.id).await? {
        Some(by_arrival)
    } else {
        executions::first_begun(&core.store, scenario, since).await?
    };
    if let Some(front) = begun {
        return Ok(Turn::Of { front, by_arrival });
    }
    let front = by_arrival;
    if front.origin == Origin::Retry || !is_blocked(core, team, scenario, front).await? {
        return Ok(Turn::Of { front, by_arrival });
    }
    match first_active(&core.store, scenario, since, Some(Origin::Retry)).await? {
        Some(front) => Ok(Turn::Of { front, by_arrival }),
        None => Ok(Turn::Held { by_arrival }),
    }
}

async fn is_blocked(
    core: &Arc<Core>,
    team: TeamId,
    scenario: ScenarioId,
    front: Active,
) -> Result<bool, rouage_store::Error> {
    let prepared = core.plans.get(core, team, scenario, front.version).await?;
    Ok(prepared.is_some_and(|prepared| prepared.plan.settings().incomplete_executions)
        && incompletes::oldest_open(&core.store, scenario).await?.is_some())
}

/// The job of the run in front, from memory or from the store; `None` when it
/// cannot go on now.
async fn next_job(
    core: &Arc<Core>,
    team: TeamId,
    scenario: ScenarioId,
    front: Active,
    by_arrival: Active,
    driven: Option<ExecutionId>,
) -> Option<Job> {
    if let Some(job) = core.lanes.pick(scenario, front.id) {
        core.lanes.remember(scenario, by_arrival, Known::default());
        return Some(job);
    }
    let waits = front.status == Status::Waiting && front.wake_at.is_some_and(|due| due > core.clock.now());
    let by_itself = driven == Some(front.id) || core.lanes.known(scenario).held_up_by == Some(front.id);
    let held_up_by = (waits && by_itself).then_some(front.id);
    core.lanes.remember(scenario, by_arrival, Known { held_up_by, ..Known::default() });
    if held_up_by.is_some() || front.status == Status::InDoubt {
        return None;
    }
    // Queued, due, or written down by a lane to wait for its turn, which is now.
    let job = core.store.take(team, front.id, LEASE).await.unwrap_or_else(|error| {
        tracing::warn!(scenario.id = %scenario, %error, "the next run could not be taken");
        None
    })?;
    core.held.hold(&job);
    Some(job)
}

/// Whether the run in front was leased just now, perhaps by this process: what
/// was read of it may be older than that.
fn is_on_its_way(core: &Core, front: Active) -> bool {
    match front.status {
        Status::Queued | Status::Running => true,
        Status::Waiting => front.wake_at.is_some_and(|due| due <= core.clock.now()),
        _ => false,
    }
}

fn held_up_until(core: &Core, front: Active) -> Timestamp {
    let now = core.clock.now();
    match front.status {
        Status::Waiting => front.wake_at.unwrap_or_else(|| later(now, LOOK_SOON)),
        Status::InDoubt => later(now, LOOK_AGAIN),
        _ => later(now, LOOK_SOON),
    }
}

/// Closes a lane and writes down what waited in it.
async fn disperse(core: &Arc<Core>, scenario: ScenarioId, update: impl Fn(&Job) -> Update) {
    for job in core.lanes.close(scenario) {
        let update = update(&job);
        worker::give_back(core, job, update).await;
    }
}

/// Looks again, after all that wait for incomplete executions were written
/// down: the last of those may have been resolved meanwhile and found nobody to
/// call.
async fn call_next(core: &Arc<Core>, scenario: ScenarioId) {
    let called = async {
        let mut tx = core.store.begin().await?;
        incompletes::call_next(&mut tx, scenario).await?;
        tx.commit().await
    };
    if let Err(error) = called.await {
        tracing::warn!(scenario.id = %scenario, %error, "the next run could not be called");
    }
}

/// When a run was accepted, by its id.
fn arrival(execution: ExecutionId) -> Option<Timestamp> {
    let (seconds, nanoseconds) = execution.0.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanoseconds).ok()?).ok()
}

/// No run that is not over was accepted before this, when none was accepted
/// before `at` that is visible.
fn with_late_ones(at: Timestamp) -> Timestamp {
    at.checked_sub(LATE).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

impl Lanes {
    fn enter(&self, job: Job) -> Entry {
        let mut queues = self.queues();
        match queues.get_mut(&job.scenario) {
            Some(queue) if queue.len() >= WAITING => Entry::Full(job),
            Some(queue) => {
                queue.push_back(job);
                Entry::Waits
            }
            None => {
                queues.insert(job.scenario, VecDeque::from([job]));
                Entry::Opens
            }
        }
    }

    /// Opens a lane in which nothing waits; `false` when it is open.
    fn open(&self, scenario: ScenarioId) -> bool {
        let mut queues = self.queues();
        let is_new = !queues.contains_key(&scenario);
        queues.entry(scenario).or_default();
        is_new
    }

    fn pick(&self, scenario: ScenarioId, execution: ExecutionId) -> Option<Job> {
        let mut queues = self.queues();
        let queue = queues.get_mut(&scenario)?;
        let at = queue.iter().position(|job| job.execution == execution)?;
        queue.remove(at)
    }

    /// A job that waits in a lane, whose turn does not matter any more.
    pub fn take_out(&self, execution: ExecutionId) -> Option<Job> {
        let mut queues = self.queues();
        let queue = queues.values_mut().find(|queue| queue.iter().any(|job| job.execution == execution))?;
        let at = queue.iter().position(|job| job.execution == execution)?;
        queue.remove(at)
    }

    /// Any job that waits; without one the lane is closed.
    fn pop_or_close(&self, scenario: ScenarioId) -> Option<Job> {
        let mut queues = self.queues();
        let next = queues.get_mut(&scenario)?.pop_front();
        if next.is_none() {
            queues.remove(&scenario);
        }
        next
    }

    fn close(&self, scenario: ScenarioId) -> VecDeque<Job> {
        self.queues().remove(&scenario).unwrap_or_default()
    }

    /// Whether runs of the scenario are written down rather than kept here.
    pub fn is_held_up(&self, scenario: ScenarioId) -> bool {
        let is_full = self.queues().get(&scenario).is_some_and(|queue| queue.len() >= WAITING);
        let known = self.known(scenario);
        is_full || known.held_up_by.is_some() || known.is_blocked
    }

    fn known(&self, scenario: ScenarioId) -> Known {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&scenario).copied().unwrap_or_default()
    }

    /// From when on the runs are to be looked at: what is known, but not past
    /// those that arrived when the clock had been set back.
    fn since(&self, scenario: ScenarioId, now: Timestamp) -> Timestamp {
        let queues = self.queues();
        let jobs = queues.get(&scenario).into_iter().flatten();
        let earliest = jobs.filter_map(|job| arrival(job.execution)).fold(now, Ord::min);
        with_late_ones(earliest).min(self.known(scenario).since)
    }

    fn remember(&self, scenario: ScenarioId, by_arrival: Active, seen: Known) {
        let since = with_late_ones(by_arrival.created_at);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(scenario, Known { since, ..seen });
    }

    fn queues(&self) -> MutexGuard<'_, HashMap<ScenarioId, VecDeque<Job>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
