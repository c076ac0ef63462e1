//! A slot of the schedule is taken once, and what waits in a queue goes back
//! when its run fails.

use jiff::{SignedDuration, Timestamp};
use rouage_model::execution::{Origin, Status};
use rouage_model::scenario::{MissedRuns, Scheduling};
use rouage_model::{ExecutionId, Value, clock};
use rouage_store::deliveries::{self, Taken};
use rouage_store::{
    Accept, AcceptOutcome, Error, NewExecution, PageRequest, Store, Update, executions, journal, scenarios,
};

use crate::fixtures::{World, append, bundle};
use crate::positions::{incomplete, stage};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_slot_is_taken_with_its_run_or_not_at_all,
    two_schedulers_take_a_slot_once,
    what_is_due_is_found_and_what_is_off_is_not,
    a_change_of_the_schedule_forgets_the_slot,
    a_pause_only_grows,
    requests_go_back_to_their_place_when_their_run_fails,
    requests_of_which_a_part_was_stored_do_not_go_back,
    runs_that_are_not_over_are_counted,
}

async fn scheduled_world(database: &Database) -> World {
    let world = World::new(database.open().await).await;
    let mut tx = world.store.begin().await.unwrap();
    scenarios::set_scheduling(&mut tx, world.team, world.scenario, &Scheduling::every(900)).await.unwrap();
    scenarios::set_enabled(&mut tx, world.team, world.scenario, true, None).await.unwrap();
    tx.commit().await.unwrap();
    world
}

async fn set_slot(world: &World, slot: Timestamp) {
    let mut tx = world.store.begin().await.unwrap();
    scenarios::set_next_run(&mut tx, world.team, world.scenario, Some(slot)).await.unwrap();
    tx.commit().await.unwrap();
}

fn run(world: &World, store: &Store) -> NewExecution {
    let id = clock::execution_id(store.clock().as_ref());
    NewExecution { id, origin: Origin::Schedule, bundles: None, ..world.execution(false) }
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap()
}

/// What a scheduler does with a slot; whether it was its.
async fn take(world: &World, store: &Store, slot: Timestamp) -> Result<bool, Error> {
    let mut tx = store.begin().await?;
    if !scenarios::advance(&mut tx, world.scenario, Some(slot), Some(later(slot, 900))).await? {
        return Ok(false);
    }
    executions::enqueue(&mut tx, run(world, store)).await?;
    tx.commit().await?;
    Ok(true)
}

async fn runs(world: &World) -> u64 {
    executions::counts(&world.store, world.team, world.scenario).await.unwrap().queued
}

async fn a_slot_is_taken_with_its_run_or_not_at_all(database: Database) {
    let world = scheduled_world(&database).await;
    let slot = world.store.clock().now();
    set_slot(&world, slot).await;
    // Killed before the commit, after either step.
    for steps in 1..=2 {
        let mut tx = world.store.begin().await.unwrap();
        assert!(scenarios::advance(&mut tx, world.scenario, Some(slot), Some(later(slot, 900))).await.unwrap());
        if steps == 2 {
            executions::enqueue(&mut tx, run(&world, &world.store)).await.unwrap();
        }
        drop(tx);
        let due = scenarios::due(&world.store, slot).await.unwrap();
        assert_eq!((due.len(), due[0].next_run_at, runs(&world).await), (1, Some(slot), 0));
    }
    assert!(take(&world, &world.store, slot).await.unwrap());
    // Killed after it: the slot does not come back.
    assert!(!take(&world, &world.store, slot).await.unwrap());
    assert_eq!(scenarios::due(&world.store, slot).await.unwrap(), []);
    assert_eq!((scenarios::next_slot(&world.store).await.unwrap(), runs(&world).await), (Some(later(slot, 900)), 1));
}

/// 10,000 tries for 250 slots by two nodes: each slot has exactly one run.
async fn two_schedulers_take_a_slot_once(database: Database) {
    let world = scheduled_world(&database).await;
    let nodes = [database.open().await, database.open().await];
    let (slots, tries) = if database.is_postgres() { (250, 20) } else { (10, 4) };
    let mut slot = world.store.clock().now();
    for number in 1..=slots {
        set_slot(&world, slot).await;
        let all = nodes.iter().flat_map(|node| (0..tries).map(|_| take(&world, node, slot)));
        let won = futures_util::future::join_all(all).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
        assert_eq!((won, runs(&world).await), (1, number));
        slot = later(slot, 900);
    }
}

async fn what_is_due_is_found_and_what_is_off_is_not(database: Database) {
    let world = scheduled_world(&database).await;
    let now = world.store.clock().now();
    assert_eq!(scenarios::scheduled(&world.store).await.unwrap()[0].next_run_at, None);
    set_slot(&world, now).await;
    assert_eq!(scenarios::due(&world.store, later(now, -1)).await.unwrap(), []);
    let due = scenarios::due(&world.store, now).await.unwrap();
    assert_eq!((due.len(), due[0].missed_runs, due[0].paused_until), (1, MissedRuns::Once, None));
    let mut tx = world.store.begin().await.unwrap();
    scenarios::set_missed_runs(&mut tx, world.team, world.scenario, MissedRuns::Every).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scenarios::due(&world.store, now).await.unwrap()[0].missed_runs, MissedRuns::Every);
    let mut tx = world.store.begin().await.unwrap();
    scenarios::set_enabled(&mut tx, world.team, world.scenario, false, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scenarios::due(&world.store, now).await.unwrap(), []);
    assert_eq!(scenarios::next_slot(&world.store).await.unwrap(), None);
    assert!(!take(&world, &world.store, now).await.unwrap());
}

async fn a_change_of_the_schedule_forgets_the_slot(database: Database) {
    let world = scheduled_world(&database).await;
    let now = world.store.clock().now();
    set_slot(&world, now).await;
    let mut tx = world.store.begin().await.unwrap();
    scenarios::note_schedule(&mut tx, world.scenario, Some("left out")).await.unwrap();
    scenarios::pause(&mut tx, world.scenario, later(now, 60)).await.unwrap();
    tx.commit().await.unwrap();
    let found = scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap();
    assert_eq!((found.schedule_note.as_deref(), found.paused_until), (Some("left out"), Some(later(now, 60))));
    let mut tx = world.store.begin().await.unwrap();
    scenarios::set_scheduling(&mut tx, world.team, world.scenario, &Scheduling::every(60)).await.unwrap();
    tx.commit().await.unwrap();
    // A scheduler that saw the old slot gets nothing.
    assert!(!take(&world, &world.store, now).await.unwrap());
    let found = scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap();
    assert_eq!((found.schedule_note, found.paused_until, found.next_run_at), (None, None, None));
}

async fn a_pause_only_grows(database: Database) {
    let world = scheduled_world(&database).await;
    let now = world.store.clock().now();
    for seconds in [60, 1200, 30] {
        let mut tx = world.store.begin().await.unwrap();
        scenarios::pause(&mut tx, world.scenario, later(now, seconds)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let found = scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap();
    assert_eq!(found.paused_until, Some(later(now, 1200)));
}

/// Takes the oldest requests for a run that is leased to us.
async fn run_from_queue(world: &World, most: u32, taken: Taken) -> (ExecutionId, Vec<Value>) {
    let mut tx = world.store.begin().await.unwrap();
    let queued = deliveries::take_queued(&mut tx, world.team, world.hook, most).await.unwrap();
    let ids: Vec<_> = queued.iter().map(|queued| queued.id).collect();
    let bundles: Vec<Value> = queued.into_iter().flat_map(|queued| queued.payload).collect();
    let new = NewExecution { bundles: Some(bundles.clone()), ..run(world, &world.store) };
    let id = new.id;
    executions::enqueue(&mut tx, new).await.unwrap();
    deliveries::link(&mut tx, &ids, id, taken).await.unwrap();
    tx.commit().await.unwrap();
    (id, bundles)
}

async fn end(world: &World, execution: ExecutionId, update: Update) {
    let jobs = world.store.claim(10, SignedDuration::from_secs(60)).await.unwrap();
    let job = jobs.into_iter().find(|job| job.execution == execution).unwrap();
    let written = u32::try_from(journal::events(&world.store, execution).await.unwrap().len()).unwrap();
    world.store.append(append(execution, world.scenario, job.fence, written, vec![], update)).await.unwrap();
}

async fn requests_go_back_to_their_place_when_their_run_fails(database: Database) {
    let world = World::new(database.open().await).await;
    for name in ["first", "second", "third"] {
        let outcome = AcceptOutcome::Queue { payload: vec![bundle(name)] };
        let request = Accept { team: world.team, hook: world.hook, delivery: world.delivery(), outcome };
        world.store.accept(request).await.unwrap();
    }
    assert_eq!(deliveries::waiting_hooks(&world.store).await.unwrap(), [world.hook]);
    let waiting = || async {
        let page = PageRequest::default();
        deliveries::queue(&world.store, world.team, world.hook, page).await.unwrap().items.len()
    };
    // One by itself and two together, with an error and by a Rollback.
    for (most, counts) in [(1, true), (2, false)] {
        let (execution, bundles) = run_from_queue(&world, most, Taken::Returns).await;
        assert_eq!((bundles[0].field("id"), waiting().await), (&Value::text("first"), 3 - most as usize));
        let Update::Finished { status, error, operations, finished_at, .. } = world.finished(Status::Error) else {
            panic!()
        };
        let failed = Update::Finished {
            status,
            error,
            operations,
            finished_at,
            counts,
            is_told: false,
            name: None,
            is_check: false,
            is_confidential: false,
            retried: None,
        };
        end(&world, execution, failed).await;
        assert_eq!(waiting().await, 3);
    }
    // What ended well, and what is not to return, stays away.
    let (execution, _) = run_from_queue(&world, 1, Taken::Returns).await;
    end(&world, execution, world.finished(Status::Success)).await;
    let (execution, bundles) = run_from_queue(&world, 1, Taken::Stays).await;
    assert_eq!(bundles[0].field("id"), &Value::text("second"));
    end(&world, execution, world.finished(Status::Error)).await;
    assert_eq!(waiting().await, 1);
    // A request that ran at once never was in the queue.
    let job = world.job().await;
    world.append(&job, 1, world.finished(Status::Error)).await.unwrap();
    assert_eq!(waiting().await, 1);
}

async fn requests_of_which_a_part_was_stored_do_not_go_back(database: Database) {
    let world = World::new(database.open().await).await;
    for name in ["first", "second"] {
        let outcome = AcceptOutcome::Queue { payload: vec![bundle(name)] };
        let request = Accept { team: world.team, hook: world.hook, delivery: world.delivery(), outcome };
        world.store.accept(request).await.unwrap();
    }
    let (execution, _) = run_from_queue(&world, 2, Taken::Returns).await;
    let job = world.store.claim(10, SignedDuration::from_secs(60)).await.unwrap().remove(0);
    assert_eq!(job.execution, execution);
    stage(&world, &job, 1, incomplete(&world, &job)).await;
    world.append(&job, 2, world.finished(Status::Error)).await.unwrap();
    assert_eq!(deliveries::waiting_hooks(&world.store).await.unwrap(), []);
}

async fn runs_that_are_not_over_are_counted(database: Database) {
    let world = World::new(database.open().await).await;
    let count = || async {
        let mut tx = world.store.begin().await.unwrap();
        let pace = executions::active(&mut tx, world.scenario).await.unwrap();
        drop(tx);
        (pace.queued, pace.begun, pace.called)
    };
    let mut tx = world.store.begin().await.unwrap();
    executions::enqueue(&mut tx, run(&world, &world.store)).await.unwrap();
    executions::enqueue(&mut tx, NewExecution { origin: Origin::Retry, ..run(&world, &world.store) }).await.unwrap();
    tx.commit().await.unwrap();
    let by_hand = NewExecution { origin: Origin::Manual, ..run(&world, &world.store) };
    let job = world.store.start(by_hand).await.unwrap();
    assert_eq!(count().await, (1, 1, 0));
    // Neither retries nor requests ask the trigger.
    world.accept(true).await;
    assert_eq!(count().await, (1, 1, 0));
    // Those that are called do, whether they have begun or not.
    let called = |origin| NewExecution { origin, ..run(&world, &world.store) };
    world.store.start(called(Origin::Api)).await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    executions::enqueue(&mut tx, called(Origin::Scenario)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count().await, (1, 1, 2));
    world.append(&job, 1, world.finished(Status::Success)).await.unwrap();
    assert_eq!(count().await, (1, 0, 2));
    let (now, scenario) = (world.store.clock().now(), world.scenario);
    assert_eq!(executions::started_by_requests(&world.store, scenario, later(now, -60)).await.unwrap(), 1);
    assert_eq!(executions::started_by_requests(&world.store, scenario, now).await.unwrap(), 0);
    // From before the clock was set back.
    world.store.start(NewExecution { created_at: later(now, 3600), ..world.execution(true) }).await.unwrap();
    assert_eq!(executions::started_by_requests(&world.store, scenario, later(now, -60)).await.unwrap(), 1);
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(executions::started_by_requests_alone(&mut tx, scenario, later(now, -60)).await.unwrap(), 1);
}
