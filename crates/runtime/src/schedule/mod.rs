//! The schedule: starts scenarios by the clock.
//!
//! The next slot of a scenario is in the store. Taking it, moving on to the
//! one after it and creating the run are one transaction, and the taking
//! succeeds for one caller only ([`scenarios::advance`]). So a slot runs
//! exactly once, whatever is killed and however many nodes look.
//!
//! - Switched on, a scenario at regular intervals runs at once.
//! - Slots that passed while the server was off follow the scenario's rule
//!   (decision D67).
//! - A scenario that polls has at most one run at a time: two would find the
//!   same items. A slot that comes meanwhile is left out and not made up for.
//!   Other scenarios leave a slot out while an earlier scheduled run has not
//!   even begun, so that nothing piles up.
//! - A scenario with a webhook takes what waits in the webhook's queue
//!   (`queue.rs`), and starts no run when nothing does.
//! - After a ConnectionError or a RateLimitError the schedule rests for 20
//!   minutes ([`pause`]).
//!
//! What was left out is noted for people (`schedule_note`); that is not an
//! error of the scenario.

mod pause;
mod slots;
mod steer;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_engine::{Catalogue, Kind};
use rouage_model::execution::Origin;
use rouage_model::interface::Interface;
use rouage_model::scenario::MissedRuns;
use rouage_model::schedule::{SHORTEST_INTERVAL, Scheduling, USUAL_INTERVAL, When};
use rouage_model::{Blueprint, Value, clock};
use rouage_store::scenarios::{self, Scenario, Scheduled};
use rouage_store::{Error, Lineage, NewExecution, WriteTx, breakpoint, executions};

use crate::catalogue::RegistryCatalogue;
use crate::core::Core;
use crate::queue;

pub use pause::after_failure;

/// How often the clock is looked at, at least: it may be set.
const LOOK: Duration = Duration::from_secs(1);
/// How often all schedules are looked through for what changed unnoticed.
const SETTLE: Duration = Duration::from_secs(60);

/// A scenario's schedule as a person sets it.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// When it runs.
    pub scheduling: Scheduling,
    /// The time zone of the calendar.
    pub timezone: String,
    /// What becomes of missed runs.
    pub missed_runs: MissedRuns,
}

/// Starts what is due until the runtime ends.
pub async fn keep(core: Arc<Core>) {
    let mut settled: Option<tokio::time::Instant> = None;
    while !core.is_closing() {
        let is_old = settled.is_none_or(|at| at.elapsed() >= SETTLE);
        if core.schedule_changed.swap(false, Ordering::AcqRel) || is_old {
            settled = Some(tokio::time::Instant::now());
            if let Err(error) = settle(&core).await {
                core.schedule_changed.store(true, Ordering::Release);
                tracing::warn!(%error, "the schedules could not be looked through");
            }
        }
        if let Err(error) = start_due(&core).await {
            tracing::warn!(%error, "scheduled runs could not be started");
        }
        if let Err(error) = queue::drain(&core).await {
            tracing::warn!(%error, "requests that wait could not be started");
        }
        tokio::select! {
            () = core.schedule_wake.notified() => {}
            () = tokio::time::sleep(until_next(&core).await) => {}
        }
    }
}

async fn until_next(core: &Core) -> Duration {
    let next = scenarios::next_slot(&core.store).await.ok().flatten();
    let pause = next.map(|next| next.duration_since(core.clock.now()));
    let pause = pause.and_then(|pause| Duration::try_from(pause).ok()).filter(|pause| !pause.is_zero());
    pause.unwrap_or(LOOK).clamp(Duration::from_millis(5), LOOK)
}

/// Gives every scenario by the clock its next slot that has none, and mends
/// those that the clock left behind.
async fn settle(core: &Core) -> Result<(), Error> {
    for scheduled in scenarios::scheduled(&core.store).await? {
        let (zone, now) = (zone(&scheduled.timezone), core.clock.now());
        let next = match scheduled.next_run_at {
            None => match slots::first(&scheduled.scheduling, &zone, now) {
                // The clock was set back behind it.
                Some(slot) if is_taken(core, &scheduled, slot).await? => None,
                first => first,
            },
            Some(_) if pause::in_force(scheduled.paused_until, now).is_some() => None,
            Some(slot) => slots::after_clock_jump(&scheduled.scheduling, &zone, slot, now),
        };
        if next.is_some() {
            let mut tx = core.store.begin().await?;
            scenarios::advance(&mut tx, scheduled.scenario, scheduled.next_run_at, next).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Whether the only slot of a scenario has had its run.
async fn is_taken(core: &Core, scheduled: &Scheduled, slot: Timestamp) -> Result<bool, Error> {
    let is_once = matches!(scheduled.scheduling.when, When::Once { .. });
    Ok(is_once && executions::was_scheduled_since(&core.store, scheduled.scenario, slot).await?)
}

async fn start_due(core: &Arc<Core>) -> Result<(), Error> {
    let mut started = false;
    for due in scenarios::due(&core.store, core.clock.now()).await? {
        // One that fails must not keep the others from their slots.
        match start(core, &due).await {
            Ok(runs) => started |= runs > 0,
            Err(error) => {
                tracing::error!(scenario.id = %due.scenario, %error, "a scheduled run could not be started");
            }
        }
    }
    if started {
        core.has_backlog.store(true, Ordering::Release);
        core.wake.notify_one();
    }
    Ok(())
}

/// Takes the slots of a scenario that have come, and starts what its rules
/// say. Gives how many runs were started.
async fn start(core: &Core, due: &Scheduled) -> Result<u32, Error> {
    let Some(slot) = due.next_run_at else { return Ok(0) };
    let (zone, now) = (zone(&due.timezone), core.clock.now());
    let pause = pause::in_force(due.paused_until, now);
    let come = slots::come(&due.scheduling, &zone, slot, now);
    let next = match pause {
        Some(until) => slots::first(&due.scheduling, &zone, until),
        None => come.next,
    };
    let Some(scenario) = scenarios::find(&core.store, due.team, due.scenario).await? else { return Ok(0) };
    let trigger = trigger_kind(core, &scenario.blueprint);
    let mut tx = core.store.begin().await?;
    if !scenarios::advance(&mut tx, due.scenario, Some(slot), next).await? {
        return Ok(0);
    }
    if let Some(until) = pause {
        let text = format!("The schedule rests until {}: {}", slots::moment(until, &zone), pause::WHY);
        scenarios::note_schedule(&mut tx, due.scenario, Some(&text)).await?;
        tx.commit().await?;
        return Ok(0);
    }
    let wanted = come.runs(due.missed_runs, now);
    let (started, left_out) = start_runs(core, &mut tx, &scenario, trigger, wanted).await?;
    let note = left_out.map(|why| format!("The run of {} was left out: {why}.", slots::moment(come.last, &zone)));
    let note = note.or_else(|| come.note(due.missed_runs, &zone, now));
    scenarios::note_schedule(&mut tx, due.scenario, note.as_deref()).await?;
    breakpoint::pass("slot-before-commit");
    tx.commit().await?;
    breakpoint::pass("slot-after-commit");
    if let Some(note) = note {
        tracing::info!(scenario.id = %due.scenario, note, "schedule");
    }
    Ok(started)
}

/// Creates the runs of a slot; why not, when another one is in the way.
async fn start_runs(
    core: &Core,
    tx: &mut WriteTx,
    scenario: &Scenario,
    trigger: Option<Kind>,
    wanted: u32,
) -> Result<(u32, Option<&'static str>), Error> {
    if wanted == 0 {
        return Ok((0, None));
    }
    let active = executions::active(tx, scenario.id).await?;
    let polls = trigger == Some(Kind::PollingTrigger);
    if polls && active.all() > 0 {
        return Ok((0, Some("the run before it is not over, and two would find the same items")));
    }
    // Those of this moment make up for missed ones, and are bounded.
    if active.queued > 0 {
        return Ok((0, Some("an earlier run still waits to begin")));
    }
    let wanted = if polls { 1 } else { wanted };
    for started in 0..wanted {
        let created = if trigger == Some(Kind::InstantTrigger) && scenario.hook.is_some() {
            queue::take(core, tx, scenario, (Origin::Schedule, started)).await?.is_some()
        } else {
            executions::enqueue(tx, run(core, scenario, started)).await?;
            true
        };
        if !created {
            return Ok((started, None));
        }
    }
    Ok((wanted, None))
}

fn run(core: &Core, scenario: &Scenario, place: u32) -> NewExecution {
    NewExecution {
        id: clock::execution_id(core.clock.as_ref()),
        team: scenario.team,
        scenario: scenario.id,
        version: scenario.version,
        origin: Origin::Schedule,
        bundles: None,
        inputs: Value::Undefined,
        lineage: Lineage::None,
        leased: false,
        created_at: queue::at_place(core.clock.now(), place),
    }
}

/// What the first module is, as far as it is a trigger.
pub fn trigger_kind(core: &Core, blueprint: &Blueprint) -> Option<Kind> {
    let first = blueprint.trigger()?;
    // Started by another scenario, and as soon as it is called.
    if first.name() == "scenario-service:StartSubscenario" {
        return Some(Kind::InstantTrigger);
    }
    let facts = RegistryCatalogue(&core.registry).facts(first.name(), first.version())?;
    Some(facts.kind).filter(|kind| kind.is_trigger())
}

/// The schedule that a blueprint brings (`scheduling`, in it or beside it), and
/// why it could not be taken. Without one: as data arrives, every 15 minutes,
/// or on demand, by the first module.
pub fn of_blueprint(core: &Core, blueprint: &Blueprint) -> (Scheduling, Option<String>) {
    let document = blueprint.document();
    let places = [blueprint.root(), document.field("response"), document];
    let brought = places.into_iter().map(|place| place.field("scheduling")).find(|found| !found.is_nothing());
    let usual = || usual(core, blueprint);
    match brought.map(Scheduling::from_value) {
        Some(Ok(scheduling)) => (scheduling, None),
        Some(Err(problems)) => {
            (usual(), Some(format!("The schedule of the blueprint could not be taken over: {problems}. Choose one.")))
        }
        None => (usual(), None),
    }
}

/// The schedule that suits a first module.
pub fn usual(core: &Core, blueprint: &Blueprint) -> Scheduling {
    match trigger_kind(core, blueprint) {
        Some(Kind::InstantTrigger) => Scheduling::immediately(),
        Some(Kind::PollingTrigger) => Scheduling::every(USUAL_INTERVAL),
        _ => Scheduling::on_demand(),
    }
}

/// Sets the schedule of a scenario, and its next slot when it is on.
pub async fn set(core: &Core, scenario: &Scenario, missed_runs: MissedRuns) -> Result<(), Error> {
    let (team, id) = (scenario.team, scenario.id);
    let zone = zone(&scenario.timezone);
    // A change is no reason to run at once.
    let next = rouage_model::schedule::next_run(&scenario.scheduling, &zone, core.clock.now());
    let mut tx = core.store.begin().await?;
    scenarios::set_scheduling(&mut tx, team, id, &scenario.scheduling).await?;
    scenarios::set_timezone(&mut tx, team, id, &scenario.timezone).await?;
    scenarios::set_missed_runs(&mut tx, team, id, missed_runs).await?;
    scenarios::set_next_run(&mut tx, team, id, next.filter(|_| scenario.enabled)).await?;
    tx.commit().await?;
    core.schedule_wake.notify_one();
    Ok(())
}

/// Switches a scenario on, with its first slot.
pub async fn switch_on(core: &Core, scenario: &Scenario) -> Result<(), Error> {
    let mut tx = core.store.begin().await?;
    if scenarios::stands(&mut tx, scenario.team, scenario.id).await?.0 != scenario.version {
        return Err(Error::Conflict("the scenario was changed in the meantime; look at it, then switch it on".into()));
    }
    scenarios::set_enabled(&mut tx, scenario.team, scenario.id, true, None).await?;
    let first = slots::first(&scenario.scheduling, &zone(&scenario.timezone), core.clock.now());
    scenarios::set_next_run(&mut tx, scenario.team, scenario.id, first).await?;
    tx.commit().await?;
    core.schedule_wake.notify_one();
    Ok(())
}

/// Why a run by hand or for a program would find the items of another one that
/// is not over. This only tells people early: two that begin at the same moment
/// pass it, and then the store takes the items of one of them.
pub async fn already_polls(core: &Core, scenario: &Scenario) -> Result<Option<String>, Error> {
    if trigger_kind(core, &scenario.blueprint) != Some(Kind::PollingTrigger) {
        return Ok(None);
    }
    let mut tx = core.store.begin().await?;
    let active = executions::active(&mut tx, scenario.id).await?;
    let text = "a run of this scenario is not over yet; a second one would find the same items. Wait for its end, or \
                stop it in the history";
    Ok((active.all() > 0).then(|| text.to_owned()))
}

/// What stands against switching a scenario on with its schedule; one sentence
/// a problem.
pub fn problems(core: &Core, scenario: &Scenario) -> Vec<String> {
    let scheduling = &scenario.scheduling;
    let trigger = trigger_kind(core, &scenario.blueprint);
    let mut problems = Vec::new();
    match scheduling.when {
        When::Indefinitely { interval } if interval < SHORTEST_INTERVAL => problems.push(format!(
            "Invalid interval: the schedule says every {interval} seconds, the shortest interval is \
             {SHORTEST_INTERVAL} seconds"
        )),
        When::Immediately if trigger != Some(Kind::InstantTrigger) => problems.push(
            "choose when the scenario runs: \"Immediately\" is for a first module that gets data by itself".to_owned(),
        ),
        _ => {}
    }
    let first = slots::first(scheduling, &zone(&scenario.timezone), core.clock.now());
    if scheduling.is_by_clock() && first.is_none() {
        problems.push("the schedule has no run any more: its dates have passed or do not exist".to_owned());
    }
    if !scheduling.is_on_demand() && Interface::of(&scenario.blueprint).needs_input() {
        problems
            .push("the scenario has required inputs, which a schedule cannot give: choose \"On demand\"".to_owned());
    }
    problems
}

/// The time zone of a scenario.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}
