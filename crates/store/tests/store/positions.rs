//! Positions of polling triggers hold with the commit of their run.

use rouage_model::journal::Event;
use rouage_model::{Collection, ExecutionId, ModuleId, OperationId, Value};
use rouage_store::{Job, NewPosition, StagedWrite, StoreEffect, journal, positions};

use crate::fixtures::World;
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_position_holds_only_after_the_commit,
    a_rollback_gives_the_old_position_back,
    a_check_run_holds_at_once,
    starting_anew_forgets_how_far_it_came,
}

const TRIGGER: ModuleId = ModuleId(1);

async fn poll(world: &World, job: &Job, first_seq: u32, row: i64, holds: bool) {
    let position =
        NewPosition { scenario: world.scenario, module: TRIGGER, execution: job.execution, position: at(row), holds };
    stage(world, job, first_seq, StoreEffect::Position(position)).await;
}

async fn stage(world: &World, job: &Job, first_seq: u32, effect: StoreEffect) {
    let finish = Box::new(|answer: Result<Value, _>| {
        assert_eq!(answer.unwrap(), Value::Undefined);
        let at = jiff::Timestamp::UNIX_EPOCH;
        Event::Returned { at, operation: OperationId(1), module: TRIGGER, bundles: Vec::new() }
    });
    world.stage(job, first_seq, StagedWrite { effect, finish }).await.unwrap();
}

fn at(row: i64) -> Value {
    Collection::from_iter([("lastRow", row)]).into()
}

async fn position(world: &World) -> Value {
    let found = positions::find(&world.store, world.scenario, TRIGGER).await.unwrap();
    found.map_or(Value::Undefined, |found| found.position)
}

fn commit(execution: ExecutionId) -> StoreEffect {
    StoreEffect::Commit { execution }
}

async fn a_position_holds_only_after_the_commit(database: Database) {
    let world = World::new(database.open().await).await;
    let (job, other) = (world.job().await, world.job().await);
    assert_eq!(positions::find(&world.store, world.scenario, TRIGGER).await.unwrap(), None);
    poll(&world, &job, 1, 3, false).await;
    // It is there together with its event, and does not count yet.
    assert_eq!(journal::events(&world.store, job.execution).await.unwrap().len(), 2);
    assert_eq!(position(&world).await, Value::Undefined);
    // Others end without touching it.
    stage(&world, &other, 1, commit(other.execution)).await;
    stage(&world, &other, 2, StoreEffect::Rollback { execution: other.execution }).await;
    stage(&world, &job, 2, commit(job.execution)).await;
    assert_eq!(position(&world).await, at(3));
    // What was committed is not undone by a later rollback.
    stage(&world, &job, 3, StoreEffect::Rollback { execution: job.execution }).await;
    assert_eq!(position(&world).await, at(3));
}

async fn a_rollback_gives_the_old_position_back(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    poll(&world, &job, 1, 3, true).await;
    poll(&world, &job, 2, 8, false).await;
    stage(&world, &job, 3, StoreEffect::Rollback { execution: job.execution }).await;
    stage(&world, &job, 4, commit(job.execution)).await;
    assert_eq!(position(&world).await, at(3));
}

async fn a_check_run_holds_at_once(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    poll(&world, &job, 1, 5, true).await;
    assert_eq!(position(&world).await, at(5));
}

async fn starting_anew_forgets_how_far_it_came(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    poll(&world, &job, 1, 3, true).await;
    poll(&world, &job, 2, 8, false).await;
    let start = Value::text("all");
    let mut tx = world.store.begin().await.unwrap();
    positions::restart(&mut tx, world.scenario, TRIGGER, &start).await.unwrap();
    tx.commit().await.unwrap();
    // Not even the run that is under way brings it back.
    stage(&world, &job, 3, commit(job.execution)).await;
    let found = positions::find(&world.store, world.scenario, TRIGGER).await.unwrap().unwrap();
    assert_eq!((found.start, found.position), (start.clone(), Value::Undefined));
    // It begins where it stands now, but only as long as it stands nowhere.
    for row in [7, 8] {
        let mut tx = world.store.begin().await.unwrap();
        positions::begin(&mut tx, world.scenario, TRIGGER, &at(row)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let found = positions::find(&world.store, world.scenario, TRIGGER).await.unwrap().unwrap();
    assert_eq!((&found.start, found.position), (&start, at(7)));
    // A later poll keeps the choice.
    poll(&world, &job, 4, 9, true).await;
    let found = positions::find(&world.store, world.scenario, TRIGGER).await.unwrap().unwrap();
    assert_eq!((found.start, found.position), (start, at(9)));
}
