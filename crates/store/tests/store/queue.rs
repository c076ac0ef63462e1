//! Leases: who works on what, and who takes over.

use std::collections::HashSet;

use jiff::SignedDuration;
use rouage_model::execution::Status;
use rouage_store::{Error, Fence, Renewed, Update, executions, scenarios};

use crate::fixtures::World;
use crate::support::{Database, on_both_databases};

pub const LEASE: SignedDuration = SignedDuration::from_secs(30);

on_both_databases! {
    jobs_are_claimed_in_order_of_arrival,
    no_job_is_given_to_two_stores,
    a_job_is_taken_over_after_its_lease_and_the_old_worker_is_fenced,
    a_renewed_lease_is_kept,
    a_waiting_execution_wakes_when_it_is_due,
    a_new_process_takes_over_at_once,
    a_stop_reaches_running_and_waiting_executions,
    a_stop_is_not_slept_on_by_a_run_that_did_not_hear_it,
    the_run_that_has_begun_is_found_whenever_it_arrived,
    an_execution_in_doubt_waits_for_a_person,
    a_requeued_execution_is_claimed_again,
    deleting_a_scenario_asks_its_runs_to_stop,
}

async fn jobs_are_claimed_in_order_of_arrival(database: Database) {
    let world = World::new(database.open().await).await;
    let mut arrived = Vec::new();
    for _ in 0..3 {
        let execution = world.execution(false);
        arrived.push(execution.id);
        let mut tx = world.store.begin().await.unwrap();
        executions::enqueue(&mut tx, execution).await.unwrap();
        tx.commit().await.unwrap();
        database.advance(1);
    }
    let two = world.store.claim(2, LEASE).await.unwrap();
    assert_eq!(two.iter().map(|job| job.execution).collect::<Vec<_>>(), arrived[..2]);
    assert!(two.iter().all(|job| job.fence == Fence(1) && job.takeovers == 0 && job.events.is_none()));
    assert_eq!(world.store.waiting_jobs().await.unwrap(), 1);
    assert_eq!(world.store.claim(9, LEASE).await.unwrap()[0].execution, arrived[2]);
    assert!(world.store.claim(9, LEASE).await.unwrap().is_empty());
}

async fn no_job_is_given_to_two_stores(database: Database) {
    const JOBS: usize = 300;
    let world = World::new(database.open().await).await;
    let other = database.open().await;
    futures_util::future::join_all((0..JOBS).map(|_| world.store.accept(world.request(false)))).await;
    let worker = async |store: rouage_store::Store| {
        let mut mine = Vec::new();
        loop {
            let jobs = store.claim(7, LEASE).await.unwrap();
            if jobs.is_empty() {
                return mine;
            }
            mine.extend(jobs.into_iter().map(|job| job.execution));
        }
    };
    let workers = [&world.store, &other, &world.store, &other].map(|store| worker(store.clone()));
    let claimed: Vec<_> = futures_util::future::join_all(workers).await.into_iter().flatten().collect();
    // A claim that meets only locked rows comes back empty, so a rest may be left.
    let rest = world.store.claim(1000, LEASE).await.unwrap();
    let all: Vec<_> = claimed.into_iter().chain(rest.into_iter().map(|job| job.execution)).collect();
    assert_eq!(all.len(), JOBS);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), JOBS);
}

async fn a_job_is_taken_over_after_its_lease_and_the_old_worker_is_fenced(database: Database) {
    let world = World::new(database.open().await).await;
    let other = database.open().await;
    let job = world.job().await;
    assert!(other.claim(9, LEASE).await.unwrap().is_empty());
    database.advance(61);
    let taken = other.claim(9, LEASE).await.unwrap().remove(0);
    assert_eq!((taken.execution, taken.fence, taken.takeovers), (job.execution, Fence(2), 1));
    assert_eq!(world.append(&job, 1, Update::None).await, Err(Error::Fenced));
    let renewed = world.store.renew(&[(job.execution, job.fence)], LEASE).await.unwrap();
    assert_eq!(renewed.lost, [job.execution]);
    assert!(world.append(&taken, 1, world.finished(Status::Success)).await.is_ok());
}

async fn a_renewed_lease_is_kept(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    for _ in 0..5 {
        database.advance(20);
        let renewed = world.store.renew(&[(job.execution, job.fence)], LEASE).await.unwrap();
        assert_eq!(renewed, Renewed::default());
        assert!(world.store.claim(9, LEASE).await.unwrap().is_empty());
    }
    assert!(world.append(&job, 1, Update::None).await.is_ok());
}

async fn a_waiting_execution_wakes_when_it_is_due(database: Database) {
    let world = World::new(database.open().await).await;
    assert_eq!(world.store.next_due().await.unwrap(), None);
    let job = world.job().await;
    let until = world.store.clock().now().checked_add(SignedDuration::from_mins(5)).unwrap();
    world.append(&job, 1, Update::Waiting { until }).await.unwrap();
    assert_eq!(world.store.next_due().await.unwrap(), Some(until));
    let execution = executions::find(&world.store, world.team, job.execution).await.unwrap().unwrap();
    assert_eq!((execution.status, execution.wake_at), (Status::Waiting, Some(until)));
    database.advance(299);
    assert!(world.store.claim(9, LEASE).await.unwrap().is_empty());
    database.advance(1);
    let woken = world.store.claim(9, LEASE).await.unwrap().remove(0);
    assert_eq!((woken.execution, woken.fence, woken.takeovers), (job.execution, Fence(2), 0));
}

async fn a_new_process_takes_over_at_once(database: Database) {
    let options = database.options([7; 32]);
    let world = World::new(rouage_store::Store::open(options.clone()).await.unwrap()).await;
    let job = world.job().await;
    world.append(&job, 1, Update::None).await.unwrap();
    let reopened = rouage_store::Store::open(options).await.unwrap();
    assert_eq!(reopened.release_stale().await.unwrap(), 1);
    let taken = reopened.claim(9, LEASE).await.unwrap().remove(0);
    assert_eq!((taken.execution, taken.takeovers), (job.execution, 1));
    assert_eq!(rouage_store::journal::events(&reopened, job.execution).await.unwrap().len(), 2);
}

async fn a_stop_reaches_running_and_waiting_executions(database: Database) {
    let world = World::new(database.open().await).await;
    let (running, waiting) = (world.job().await, world.job().await);
    let until = world.store.clock().now().checked_add(SignedDuration::from_hours(5)).unwrap();
    world.append(&waiting, 1, Update::Waiting { until }).await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    let stood = executions::request_stop(&mut tx, world.team, running.execution).await.unwrap();
    assert_eq!(stood, Status::Running);
    let stood = executions::request_stop(&mut tx, world.team, waiting.execution).await.unwrap();
    assert_eq!(stood, Status::Waiting);
    tx.commit().await.unwrap();
    let renewed = world.store.renew(&[(running.execution, running.fence)], LEASE).await.unwrap();
    assert_eq!((renewed.lost, renewed.stop_requested), (vec![], vec![running.execution]));
    let woken = world.store.claim(9, LEASE).await.unwrap();
    assert_eq!(woken.len(), 1);
    assert!(woken[0].execution == waiting.execution && woken[0].stop_requested);
    world.append(&running, 1, world.finished(Status::Stopped)).await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    let again = executions::request_stop(&mut tx, world.team, running.execution).await;
    assert!(matches!(again, Err(Error::Conflict(_))));
}

async fn a_stop_is_not_slept_on_by_a_run_that_did_not_hear_it(database: Database) {
    let world = World::new(database.open().await).await;
    let until = world.store.clock().now().checked_add(SignedDuration::from_hours(5)).unwrap();
    for rest in [Update::Waiting { until }, Update::InDoubt] {
        let job = world.job().await;
        let mut tx = world.store.begin().await.unwrap();
        executions::request_stop(&mut tx, world.team, job.execution).await.unwrap();
        tx.commit().await.unwrap();
        world.append(&job, 1, rest).await.unwrap();
        let claimed = world.store.claim(9, LEASE).await.unwrap().remove(0);
        assert!(claimed.execution == job.execution && claimed.stop_requested);
        world.append(&claimed, 2, world.finished(Status::Stopped)).await.unwrap();
        assert!(world.store.claim(9, LEASE).await.unwrap().is_empty());
    }
}

async fn the_run_that_has_begun_is_found_whenever_it_arrived(database: Database) {
    let world = World::new(database.open().await).await;
    let since = jiff::Timestamp::UNIX_EPOCH;
    world.accept(false).await;
    assert_eq!(executions::first_begun(&world.store, world.scenario, since).await.unwrap(), None);
    database.advance(60);
    let begun = world.job().await;
    world.append(&begun, 1, Update::InDoubt).await.unwrap();
    let found = executions::first_begun(&world.store, world.scenario, since).await.unwrap().unwrap();
    assert_eq!((found.id, found.status), (begun.execution, Status::InDoubt));
}

async fn an_execution_in_doubt_waits_for_a_person(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    world.append(&job, 1, Update::InDoubt).await.unwrap();
    database.advance(100_000);
    assert!(world.store.claim(9, LEASE).await.unwrap().is_empty());
    let taken = world.store.take(world.team, job.execution, LEASE).await.unwrap().unwrap();
    assert_eq!((taken.fence, taken.takeovers), (Fence(2), 0));
    assert_eq!(world.store.take(world.team, job.execution, LEASE).await.unwrap(), None);
    world.append(&taken, 2, world.finished(Status::Warning)).await.unwrap();
}

async fn a_requeued_execution_is_claimed_again(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.store.start(world.execution(false)).await.unwrap();
    world.append(&job, 1, Update::Requeue).await.unwrap();
    let again = world.store.claim(9, LEASE).await.unwrap().remove(0);
    assert_eq!((again.execution, again.fence, again.takeovers), (job.execution, Fence(2), 0));
}

async fn deleting_a_scenario_asks_its_runs_to_stop(database: Database) {
    let world = World::new(database.open().await).await;
    world.accept(false).await;
    let mut tx = world.store.begin().await.unwrap();
    scenarios::delete(&mut tx, world.team, world.scenario).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scenarios::find(&world.store, world.team, world.scenario).await.unwrap(), None);
    assert!(world.store.claim(9, LEASE).await.unwrap()[0].stop_requested);
    let hook = rouage_store::hooks::find(&world.store, world.team, world.hook).await.unwrap().unwrap();
    assert_eq!(hook.scenario, None);
    let version = scenarios::find_version(&world.store, world.scenario, rouage_model::Version(1)).await.unwrap();
    assert!(version.is_some());
}
