//! Positions of polling triggers hold with the commit of their run.

use rouage_model::execution::{IncompleteReason, Status};
use rouage_model::journal::Event;
use rouage_model::sheets::ApiError;
use rouage_model::{Collection, ErrorKind, ExecutionId, ModuleError, ModuleId, OperationId, Value};
use rouage_store::incompletes::Policy;
use rouage_store::{
    Job, NewIncomplete, NewPosition, StagedWrite, StoreEffect, counters, journal, positions, scenarios,
};

use crate::fixtures::World;
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_position_holds_only_after_the_commit,
    a_rollback_gives_the_old_position_back,
    a_check_run_holds_at_once,
    starting_anew_forgets_how_far_it_came,
    a_poll_that_began_elsewhere_is_refused,
    positions_and_counters_go_with_their_scenario,
    what_another_run_found_is_its_own_until_it_is_over,
    a_rollback_keeps_the_position_of_a_cycle_that_stored_a_part_of_its_items,
}

const TRIGGER: ModuleId = ModuleId(1);

async fn positions_and_counters_go_with_their_scenario(database: Database) {
    let world = World::new(database.open().await).await;
    let (store, team, scenario) = (&world.store, world.team, world.scenario);
    let other = {
        let mut tx = store.begin().await.unwrap();
        let copy = scenarios::duplicate(&mut tx, team, scenario, "Copy").await.unwrap();
        tx.commit().await.unwrap();
        copy
    };
    let tries = ModuleId(-1);
    let mut tx = store.begin().await.unwrap();
    for (scenario, module) in [(scenario, TRIGGER), (scenario, tries), (other, TRIGGER)] {
        positions::restart(&mut tx, scenario, module, &at(3)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let job = world.job().await;
    stage(&world, &job, 1, StoreEffect::Counter { scenario, module: ModuleId(4) }).await;
    assert_eq!(counters::list(store, team, scenario).await.unwrap().len(), 1);
    let mut tx = store.begin().await.unwrap();
    scenarios::delete(&mut tx, team, scenario).await.unwrap();
    tx.commit().await.unwrap();
    for module in [TRIGGER, tries] {
        assert_eq!(positions::find(store, scenario, module).await.unwrap(), None);
    }
    assert!(counters::list(store, team, scenario).await.unwrap().is_empty());
    assert!(positions::find(store, other, TRIGGER).await.unwrap().is_some(), "others keep theirs");
}

/// Polls from where the trigger stands now.
async fn poll(world: &World, job: &Job, first_seq: u32, row: i64, holds: bool) {
    let new = found(world, job, row, holds).await;
    stage(world, job, first_seq, StoreEffect::Position(new)).await;
}

/// What a poll that begins now will have found.
async fn found(world: &World, job: &Job, row: i64, holds: bool) -> NewPosition {
    let state = positions::find(&world.store, world.scenario, TRIGGER).await.unwrap();
    let (from, start) = state.map(|state| (state.position, state.start)).unwrap_or_default();
    NewPosition {
        scenario: world.scenario,
        module: TRIGGER,
        execution: job.execution,
        from,
        start,
        position: at(row),
        holds,
    }
}

pub async fn stage(world: &World, job: &Job, first_seq: u32, effect: StoreEffect) {
    assert_eq!(try_stage(world, job, first_seq, effect).await, None);
}

/// Why it was refused; nothing of it is there then.
async fn try_stage(world: &World, job: &Job, first_seq: u32, effect: StoreEffect) -> Option<String> {
    let (tell, told) = std::sync::mpsc::channel();
    let finish = Box::new(move |answer: Result<Value, ApiError>| {
        tell.send(answer.err().map(|refusal| refusal.message)).unwrap();
        let at = jiff::Timestamp::UNIX_EPOCH;
        Event::Returned { at, operation: OperationId(1), module: TRIGGER, bundles: Vec::new() }
    });
    world.stage(job, first_seq, StagedWrite { effect, finish }).await.unwrap();
    told.recv().unwrap()
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

async fn a_poll_that_began_elsewhere_is_refused(database: Database) {
    let world = World::new(database.open().await).await;
    let (job, other) = (world.job().await, world.job().await);
    // Both begin nowhere, and one is faster.
    let late = found(&world, &other, 3, true).await;
    poll(&world, &job, 1, 3, true).await;
    let refused = try_stage(&world, &other, 1, StoreEffect::Position(late)).await.unwrap();
    assert!(refused.contains("moved on or started anew"), "{refused}");
    // Somebody lets it start anew meanwhile.
    let late = found(&world, &job, 8, true).await;
    let start = Value::text("all");
    let mut tx = world.store.begin().await.unwrap();
    positions::restart(&mut tx, world.scenario, TRIGGER, &start).await.unwrap();
    tx.commit().await.unwrap();
    assert!(try_stage(&world, &job, 2, StoreEffect::Position(late)).await.is_some());
    // Also when it stands nowhere before and after.
    let late = NewPosition { start: Value::text("from now"), ..found(&world, &job, 9, true).await };
    assert!(try_stage(&world, &job, 3, StoreEffect::Position(late)).await.is_some());
    let kept = positions::find(&world.store, world.scenario, TRIGGER).await.unwrap().unwrap();
    assert_eq!((kept.start, kept.position), (start, Value::Undefined));
}

async fn what_another_run_found_is_its_own_until_it_is_over(database: Database) {
    let world = World::new(database.open().await).await;
    let (job, other) = (world.job().await, world.job().await);
    poll(&world, &job, 1, 3, false).await;
    for holds in [false, true] {
        let same = found(&world, &other, 3, holds).await;
        let seq = 1 + u32::from(holds);
        let refused = try_stage(&world, &other, seq, StoreEffect::Position(same)).await.unwrap();
        assert!(refused.contains("another run of this scenario"), "{refused}");
    }
    // It ends without a word about what it found: that is found again.
    world.append(&job, 2, world.finished(Status::Stopped)).await.unwrap();
    poll(&world, &other, 3, 3, false).await;
    stage(&world, &other, 4, commit(other.execution)).await;
    assert_eq!(position(&world).await, at(3));
}

pub fn incomplete(world: &World, job: &Job) -> StoreEffect {
    StoreEffect::Incomplete(NewIncomplete {
        team: world.team,
        scenario: world.scenario,
        execution: job.execution,
        operation: OperationId(2),
        module: ModuleId(2),
        reason: IncompleteReason::Error,
        error: ModuleError::new(ErrorKind::DataError, "no"),
        state: Value::Undefined,
        size: 4,
        retry_at: None,
        policy: Policy::ByHand,
    })
}

async fn a_rollback_keeps_the_position_of_a_cycle_that_stored_a_part_of_its_items(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    poll(&world, &job, 1, 3, false).await;
    stage(&world, &job, 2, incomplete(&world, &job)).await;
    stage(&world, &job, 3, StoreEffect::Rollback { execution: job.execution }).await;
    assert_eq!(position(&world).await, at(3));
    // The next cycle stored nothing.
    database.advance(1);
    poll(&world, &job, 4, 8, false).await;
    stage(&world, &job, 5, StoreEffect::Rollback { execution: job.execution }).await;
    assert_eq!(position(&world).await, at(3));
}
