//! The queue of a webhook: requests that do not run at once are kept in order,
//! and runs take the oldest.
//!
//! They wait because the scenario runs by the clock or by hand, or because it
//! may start only so many runs a minute. A run by the clock or by hand takes as
//! many as the trigger's "maximum number of results" says; when it ends with an
//! error they return to their place (source: `make-semantics.md` §1.8, §1.9).
//! What waits for a scenario that runs as data arrives is started request by
//! request ([`drain`]), as soon as its pace allows; also what was left in the
//! queue when its schedule was another. Those do not return: there would be no
//! pause before they fail again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};
use rouage_model::execution::Origin;
use rouage_model::{ExecutionId, Value, clock};
use rouage_store::deliveries::{self, Taken};
use rouage_store::scenarios::Scenario;
use rouage_store::{Accept, AcceptOutcome, Error, Lineage, NewDelivery, NewExecution, WriteTx, executions, scenarios};

use crate::core::Core;
use crate::hooks::{DeliverError, Delivered, LiveHook, LiveScenario};

/// The most requests that one run takes.
const MOST: i64 = 100;
/// The most runs that one transaction starts.
const BATCH: u64 = 100;
/// What a limit of runs a minute looks back on.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Keeps a request for a later run. Durable on return.
pub async fn keep(
    core: &Core,
    hook: &LiveHook,
    delivery: NewDelivery,
    payload: Vec<Value>,
) -> Result<Delivered, DeliverError> {
    if core.queue_limit > 0 {
        let waiting = deliveries::queue_length(&core.store, hook.team, hook.hook.id).await?;
        if waiting >= core.queue_limit {
            return Err(DeliverError::QueueFull);
        }
    }
    let outcome = AcceptOutcome::Queue { payload };
    let accepted = core.store.accept(Accept { team: hook.team, hook: hook.hook.id, delivery, outcome }).await?;
    if hook.scenario.as_ref().is_some_and(|scenario| scenario.immediately) {
        core.schedule_wake.notify_one();
    }
    Ok(Delivered { delivery: accepted.delivery, execution: None, reply: None })
}

/// Starts a run by hand with the oldest requests that wait. `None` when none
/// does.
pub async fn run_next(core: &Arc<Core>, scenario: &Scenario) -> Result<Option<ExecutionId>, Error> {
    let mut tx = core.store.begin().await?;
    let taken = take(core, &mut tx, scenario, (Origin::Manual, 0)).await?;
    tx.commit().await?;
    core.wake.notify_one();
    Ok(taken)
}

/// Makes a run of the oldest requests that wait, as many as the trigger takes.
/// `place` counts the runs that are made together.
pub async fn take(
    core: &Core,
    tx: &mut WriteTx,
    scenario: &Scenario,
    (origin, place): (Origin, u32),
) -> Result<Option<ExecutionId>, Error> {
    let Some(hook) = scenario.hook else { return Ok(None) };
    let trigger = scenario.blueprint.trigger();
    let wanted = trigger.and_then(|trigger| trigger.parameters().field("maxResults").as_i64()).unwrap_or(1);
    let wanted = u32::try_from(wanted.clamp(1, MOST)).unwrap_or(1);
    let taken = deliveries::take_queued(tx, scenario.team, hook, wanted).await?;
    if taken.is_empty() {
        return Ok(None);
    }
    start(core, tx, scenario, (origin, Taken::Returns, place), taken).await.map(Some)
}

async fn start(
    core: &Core,
    tx: &mut WriteTx,
    scenario: &Scenario,
    (origin, returns, place): (Origin, Taken, u32),
    taken: Vec<deliveries::Queued>,
) -> Result<ExecutionId, Error> {
    let ids: Vec<_> = taken.iter().map(|queued| queued.id).collect();
    let execution = NewExecution {
        id: clock::execution_id(core.clock.as_ref()),
        team: scenario.team,
        scenario: scenario.id,
        version: scenario.version,
        origin,
        bundles: Some(taken.into_iter().flat_map(|queued| queued.payload).collect()),
        inputs: Value::Undefined,
        lineage: Lineage::None,
        leased: false,
        created_at: at_place(core.clock.now(), place),
    };
    let id = execution.id;
    executions::enqueue(tx, execution).await?;
    deliveries::link(tx, &ids, id, returns).await?;
    Ok(id)
}

/// Whether one more request may start a run now, by the limit of the scenario.
/// Asked for when a caller waits for a response and cannot be kept waiting.
pub async fn may_start(core: &Core, scenario: &LiveScenario) -> Result<bool, Error> {
    let Some(most) = scenario.maximum_runs_per_minute else { return Ok(true) };
    let since = a_minute_before(core.clock.now());
    Ok(executions::started_by_requests(&core.store, scenario.id, since).await? < u64::from(most))
}

/// Starts what waits for scenarios that run as data arrives, as far as their
/// pace allows.
pub async fn drain(core: &Core) -> Result<(), Error> {
    // One look into a partial index, which is empty nearly always.
    let waiting = deliveries::waiting_hooks(&core.store).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    for hook in core.hooks.all() {
        let immediately = hook.scenario.as_ref().filter(|scenario| scenario.enabled && scenario.immediately);
        let Some(live) = immediately.filter(|_| waiting.contains(&hook.hook.id)) else { continue };
        let found = scenarios::find(&core.store, hook.team, live.id).await?;
        // What is known here may be older than what was just read.
        let is_so = |scenario: &Scenario| scenario.enabled && scenario.scheduling.is_immediate();
        if let Some(scenario) = found.filter(is_so) {
            drain_one(core, &scenario).await?;
        }
    }
    Ok(())
}

async fn drain_one(core: &Core, scenario: &Scenario) -> Result<(), Error> {
    let Some(hook) = scenario.hook else { return Ok(()) };
    let mut tx = core.store.begin().await?;
    let room = match scenario.scheduling.maximum_runs_per_minute {
        Some(most) => {
            let since = a_minute_before(core.clock.now());
            let started = executions::started_by_requests_alone(&mut tx, scenario.id, since).await?;
            u64::from(most).saturating_sub(started).min(BATCH)
        }
        None => BATCH,
    };
    let room = u32::try_from(room).unwrap_or(0);
    if room == 0 {
        return Ok(());
    }
    let taken = deliveries::take_queued(&mut tx, scenario.team, hook, room).await?;
    let is_more = taken.len() == room as usize;
    for (place, queued) in (0..).zip(taken) {
        let run = (Origin::Webhook, Taken::Stays, place);
        start(core, &mut tx, scenario, run, vec![queued]).await?;
    }
    tx.commit().await?;
    core.has_backlog.store(true, Ordering::Release);
    core.wake.notify_one();
    if is_more && scenario.scheduling.maximum_runs_per_minute.is_none() {
        core.schedule_wake.notify_one();
    }
    Ok(())
}

/// The moment of a run that is created together with others: its place among
/// them in microseconds, so that a sequential scenario keeps their order.
pub fn at_place(now: Timestamp, place: u32) -> Timestamp {
    now.checked_add(SignedDuration::from_micros(i64::from(place))).unwrap_or(now)
}

fn a_minute_before(now: Timestamp) -> Timestamp {
    now.checked_sub(MINUTE).unwrap_or(Timestamp::MIN)
}
