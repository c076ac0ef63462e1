//! Runs that other runs call, and counters.

use jiff::SignedDuration;
use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::{ExecutionId, ModuleId, OperationId, TeamId, Value};
use rouage_store::{
    Error, Job, Lineage, NewExecution, StagedWrite, StoreEffect, Update, counters, executions, journal, lineages,
    retention,
};

use crate::fixtures::{World, append};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_called_run_is_made_with_the_event_that_calls_it,
    the_end_of_a_called_run_wakes_its_caller_in_the_same_commit,
    a_run_that_does_not_wait_is_not_woken,
    what_a_called_run_returned_stays_until_its_caller_is_over,
    counters_count_by_module_and_are_reset_by_their_team,
}

const LEASE: SignedDuration = SignedDuration::from_secs(30);

fn child(world: &World, parent: &Job) -> NewExecution {
    NewExecution {
        origin: Origin::Scenario,
        bundles: None,
        inputs: Value::from(7),
        lineage: Lineage::Child { parent: parent.execution, operation: OperationId(2) },
        ..world.execution(false)
    }
}

fn called(world: &World) -> Event {
    let at = world.store.clock().now();
    Event::Called { at, operation: OperationId(2), module: ModuleId(2), attempt: 1, note: Value::Undefined }
}

/// The caller writes its call down, and waits unless told otherwise.
async fn call(world: &World, job: &Job, waits: bool) -> ExecutionId {
    let (child, event) = (child(world, job), called(world));
    let id = child.id;
    let staged = StagedWrite { effect: StoreEffect::Start(Box::new(child)), finish: Box::new(|_| event) };
    world.stage(job, 1, staged).await.unwrap();
    if waits {
        let until = world.store.clock().now() + SignedDuration::from_mins(2);
        write(world, job, 2, Update::Waiting { until }).await;
    }
    id
}

async fn write(world: &World, job: &Job, seq: u32, update: Update) {
    world.store.append(append(job.execution, world.scenario, job.fence, seq, vec![], update)).await.unwrap();
}

async fn a_called_run_is_made_with_the_event_that_calls_it(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let id = call(&world, &job, false).await;
    let lineage = Lineage::Child { parent: job.execution, operation: OperationId(2) };
    assert_eq!(lineages::find(&world.store, id).await.unwrap(), lineage);
    let found = executions::find(&world.store, world.team, id).await.unwrap().unwrap();
    assert_eq!((found.origin, found.status), (Origin::Scenario, Status::Queued));
    let Some(Event::Started { inputs, .. }) = journal::first(&world.store, id).await.unwrap() else {
        panic!("it starts")
    };
    assert_eq!(inputs, Value::from(7));

    // A worker that has lost its lease calls nobody.
    let late = Job { fence: rouage_store::Fence(job.fence.0 + 7), ..job.clone() };
    let (child, event) = (child(&world, &late), called(&world));
    let id = child.id;
    let staged = StagedWrite { effect: StoreEffect::Start(Box::new(child)), finish: Box::new(|_| event) };
    assert!(matches!(world.stage(&late, 2, staged).await, Err(Error::Fenced)));
    assert_eq!(executions::find(&world.store, world.team, id).await.unwrap(), None);
}

async fn the_end_of_a_called_run_wakes_its_caller_in_the_same_commit(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let id = call(&world, &job, true).await;
    let claimed = world.store.claim(10, LEASE).await.unwrap();
    assert_eq!(claimed.iter().map(|job| job.execution).collect::<Vec<_>>(), [id]);
    write(&world, &claimed[0], 1, world.finished(Status::Success)).await;
    let woken = world.store.claim(10, LEASE).await.unwrap();
    assert_eq!(woken.iter().map(|job| job.execution).collect::<Vec<_>>(), [job.execution]);
}

async fn a_run_that_does_not_wait_is_not_woken(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    call(&world, &job, false).await;
    let claimed = world.store.claim(10, LEASE).await.unwrap();
    write(&world, &claimed[0], 1, world.finished(Status::Success)).await;
    assert!(world.store.claim(10, LEASE).await.unwrap().is_empty(), "its lease is another's");
    let mut tx = world.store.begin().await.unwrap();
    executions::wake(&mut tx, job.execution).await.unwrap();
    tx.commit().await.unwrap();
    assert!(world.store.claim(10, LEASE).await.unwrap().is_empty());
}

async fn what_a_called_run_returned_stays_until_its_caller_is_over(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let id = call(&world, &job, true).await;
    let claimed = world.store.claim(10, LEASE).await.unwrap();
    write(&world, &claimed[0], 1, world.finished(Status::Success)).await;
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(retention::delete(&mut tx, &[id]).await.unwrap(), 0);
    tx.commit().await.unwrap();
    let parent = world.store.claim(10, LEASE).await.unwrap().remove(0);
    write(&world, &parent, 2, world.finished(Status::Success)).await;
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(retention::delete(&mut tx, &[id]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn counters_count_by_module_and_are_reset_by_their_team(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let count = |module| {
        let at = world.store.clock().now();
        let effect = StoreEffect::Counter { scenario: world.scenario, module: ModuleId(module) };
        let finish = move |answer: Result<Value, _>| {
            let (operation, module) = (OperationId(2), ModuleId(module));
            Event::Returned { at, operation, module, bundles: vec![answer.unwrap().field("value").clone()] }
        };
        StagedWrite { effect, finish: Box::new(finish) }
    };
    let mut values = Vec::new();
    for (seq, module) in [(1, 2), (2, 2), (3, 5), (4, 2)] {
        let appended = world.stage(&job, seq, count(module)).await.unwrap();
        let Some(Event::Returned { bundles, .. }) = appended.staged_event else { panic!("it counts") };
        values.push(bundles[0].as_i64().unwrap());
    }
    assert_eq!(values, [1, 2, 1, 3]);
    let (store, team, scenario) = (&world.store, world.team, world.scenario);
    let listed = || async {
        let found = counters::list(store, team, scenario).await.unwrap();
        found.into_iter().map(|counter| (counter.module.0, counter.value)).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, [(2, 3), (5, 1)]);
    assert!(counters::list(store, TeamId(team.0 + 1), scenario).await.unwrap().is_empty());
    let mut tx = store.begin().await.unwrap();
    assert!(!counters::reset(&mut tx, TeamId(team.0 + 1), scenario, ModuleId(2)).await.unwrap());
    assert!(counters::reset(&mut tx, team, scenario, ModuleId(2)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(listed().await, [(5, 1)]);
}
