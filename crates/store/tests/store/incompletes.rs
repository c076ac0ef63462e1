//! Incomplete executions: begun once, settled with their run, bounded.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rouage_model::execution::{IncompleteReason, IncompleteStatus, Status};
use rouage_model::journal::Event;
use rouage_model::sheets::ApiError;
use rouage_model::{ErrorKind, ExecutionId, IncompleteId, ModuleError, ModuleId, OperationId, Value};
use rouage_store::incompletes::{self, Begun, Ended, Filter, Incomplete, Limits, NewRetry, Policy, Retried};
use rouage_store::{
    Error, Job, Lineage, NewIncomplete, PageRequest, StagedWrite, StoreEffect, Update, executions, journal, lineages,
    notices, scenarios,
};

use crate::fixtures::{World, append};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_retry_is_begun_once_and_settled_with_its_run,
    three_are_retried_at_a_time_and_the_next_batch_follows,
    two_nodes_begin_one_batch,
    one_that_is_deleted_at_this_moment_is_not_retried,
    a_batch_waits_for_its_time_and_for_its_scenario_to_be_on,
    a_retry_that_fails_again_stays_and_a_lost_one_changes_nothing,
    the_last_one_that_is_closed_calls_the_run_that_waits,
    two_that_are_closed_at_once_call_the_run_that_waits,
    a_full_store_refuses_and_takes_again_when_there_is_room,
    runs_that_are_needed_are_known_down_the_chain,
    they_are_found_by_what_people_know,
    a_notice_is_shown_until_it_is_read,
}

/// A run that stored its second operation and ended.
async fn stored(world: &World, retry_at: Option<Timestamp>) -> (ExecutionId, IncompleteId) {
    let job = world.job().await;
    store_one(world, &job, retry_at, 1).await;
    finish(world, &job, 2, None).await;
    let item = all(world).await.into_iter().find(|item| item.execution == job.execution).unwrap();
    (job.execution, item.id)
}

async fn store_one(world: &World, job: &Job, retry_at: Option<Timestamp>, seq: u32) -> Event {
    let new = NewIncomplete {
        team: world.team,
        scenario: world.scenario,
        execution: job.execution,
        operation: OperationId(2),
        module: ModuleId(2),
        reason: IncompleteReason::Error,
        error: ModuleError::new(ErrorKind::DataError, "No such Colour"),
        state: Value::Undefined,
        size: 400,
        retry_at,
        policy: Policy::Break { count: 3, interval: 15 },
    };
    let at = world.store.clock().now();
    let finish = Box::new(move |answer: Result<Value, ApiError>| {
        let error = ModuleError::new(ErrorKind::DataError, answer.err().map_or("stored".into(), |error| error.message));
        Event::Parked { at, operation: OperationId(2), module: ModuleId(2), error }
    });
    let staged = StagedWrite { effect: StoreEffect::Incomplete(new), finish };
    world.stage(job, seq, staged).await.unwrap().staged_event.unwrap()
}

async fn finish(world: &World, job: &Job, seq: u32, retried: Option<Retried>) {
    let mut update = world.finished(Status::Warning);
    if let Update::Finished { retried: place, .. } = &mut update {
        *place = retried;
    }
    let entry = append(job.execution, world.scenario, job.fence, seq, vec![], update);
    world.store.append(entry).await.unwrap();
}

async fn all(world: &World) -> Vec<Incomplete> {
    incompletes::list(&world.store, world.team, &Filter::default(), PageRequest::default()).await.unwrap().items
}

async fn item(world: &World, id: IncompleteId) -> Incomplete {
    incompletes::find(&world.store, world.team, id).await.unwrap().unwrap()
}

async fn begin(world: &World, id: IncompleteId) -> Result<Begun, Error> {
    let mut tx = world.store.begin().await.unwrap();
    let begun = incompletes::begin(&mut tx, world.team, id, NewRetry { version: None, output: None }).await?;
    tx.commit().await.unwrap();
    Ok(begun)
}

async fn batch(world: &World) -> Vec<ExecutionId> {
    let mut tx = world.store.begin().await.unwrap();
    let begun = incompletes::begin_batch(&mut tx, world.team, world.scenario).await.unwrap();
    tx.commit().await.unwrap();
    begun
}

async fn claimed(world: &World, execution: ExecutionId) -> Job {
    world.store.take(world.team, execution, crate::queue::LEASE).await.unwrap().unwrap()
}

async fn end(world: &World, execution: ExecutionId, incomplete: IncompleteId, end: Ended) {
    let job = claimed(world, execution).await;
    finish(world, &job, 1, Some(Retried { incomplete, end })).await;
}

async fn a_retry_is_begun_once_and_settled_with_its_run(database: Database) {
    let world = World::new(database.open().await).await;
    let (origin, id) = stored(&world, None).await;
    let Begun::Run(retry) = begin(&world, id).await.unwrap() else { panic!("there is room") };
    let found = item(&world, id).await;
    assert_eq!((found.status, found.attempts, found.automatic), (IncompleteStatus::InProgress, 1, 0));
    assert_eq!((found.retried_by, found.policy), (Some(retry), Policy::Break { count: 3, interval: 15 }));
    assert!(matches!(begin(&world, id).await, Err(Error::Conflict(_))), "a second retry beside the first");
    let lineage = Lineage::Retry { origin, operation: OperationId(2), incomplete: id };
    assert_eq!(lineages::find(&world.store, retry).await.unwrap(), lineage);
    let run = executions::find(&world.store, world.team, retry).await.unwrap().unwrap();
    assert_eq!((run.status, run.version.0, run.origin.as_str()), (Status::Queued, 1, "retry"));
    let mut tx = world.store.begin().await.unwrap();
    assert!(matches!(incompletes::delete(&mut tx, world.team, id).await, Err(Error::Conflict(_))));
    drop(tx);
    end(&world, retry, id, Ended::Resolved).await;
    assert_eq!(item(&world, id).await.status, IncompleteStatus::Resolved);
    assert!(matches!(begin(&world, id).await, Err(Error::Conflict(_))), "it is resolved");
    // The output that takes the place of the operation is the run's beginning.
    let (_, id) = stored(&world, None).await;
    let mut tx = world.store.begin().await.unwrap();
    let retry = NewRetry { version: None, output: Some(vec![]) };
    let Begun::Run(retry) = incompletes::begin(&mut tx, world.team, id, retry).await.unwrap() else { panic!() };
    tx.commit().await.unwrap();
    let events = journal::events(&world.store, retry).await.unwrap();
    assert!(matches!(&events[..], [Event::Started { bundles: Some(bundles), .. }] if bundles.is_empty()));
}

async fn three_are_retried_at_a_time_and_the_next_batch_follows(database: Database) {
    let world = World::new(database.open().await).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(stored(&world, None).await.1);
    }
    // The scenario is off: what a person asks for is retried all the same.
    let mut tx = world.store.begin().await.unwrap();
    for id in &ids {
        incompletes::begin_next(&mut tx, world.team, *id).await.unwrap();
    }
    tx.commit().await.unwrap();
    let now = world.store.clock().now();
    let due = vec![(world.team, world.scenario)];
    assert_eq!(incompletes::due_scenarios(&world.store, now).await.unwrap(), due);
    let first = batch(&world).await;
    assert_eq!(first.len(), 3);
    assert!(batch(&world).await.is_empty(), "the batch is not over");
    assert!(incompletes::due_scenarios(&world.store, now).await.unwrap().is_empty());
    let (_, another) = stored(&world, None).await;
    assert_eq!(begin(&world, another).await.unwrap(), Begun::Waits);
    for (run, id) in first.iter().zip(&ids) {
        assert!(batch(&world).await.is_empty());
        end(&world, *run, *id, Ended::Resolved).await;
    }
    assert_eq!(batch(&world).await.len(), 3);
    assert_eq!(item(&world, another).await.automatic, 0);
}

async fn two_nodes_begin_one_batch(database: Database) {
    let world = World::new(database.open().await).await;
    let mut tx = world.store.begin().await.unwrap();
    scenarios::set_enabled(&mut tx, world.team, world.scenario, true, None).await.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..6 {
        stored(&world, Some(world.store.clock().now())).await;
    }
    let other = database.open().await;
    let begin = async |store: &rouage_store::Store| {
        let mut tx = store.begin().await.unwrap();
        let begun = incompletes::begin_batch(&mut tx, world.team, world.scenario).await.unwrap();
        tx.commit().await.unwrap();
        begun.len()
    };
    let (one, two) = tokio::join!(begin(&world.store), begin(&other));
    assert_eq!(one + two, 3);
    let statuses = all(&world).await;
    let count = |status| statuses.iter().filter(|item| item.status == status).count();
    assert_eq!((count(IncompleteStatus::InProgress), count(IncompleteStatus::Pending)), (3, 3));
}

async fn one_that_is_deleted_at_this_moment_is_not_retried(database: Database) {
    let world = World::new(database.open().await).await;
    let (_, id) = stored(&world, None).await;
    let mut tx = world.store.begin().await.unwrap();
    incompletes::delete(&mut tx, world.team, id).await.unwrap();
    let mut begun = std::pin::pin!(begin(&world, id));
    // Long enough to read what is not deleted yet, and then to wait for it.
    assert!(tokio::time::timeout(std::time::Duration::from_millis(300), &mut begun).await.is_err());
    tx.commit().await.unwrap();
    assert!(matches!(begun.await, Err(Error::Conflict(_) | Error::NotFound)));
    let runs = executions::counts(&world.store, world.team, world.scenario).await.unwrap();
    assert_eq!(runs.queued, 0);
}

async fn a_batch_waits_for_its_time_and_for_its_scenario_to_be_on(database: Database) {
    let world = World::new(database.open().await).await;
    let due = world.store.clock().now() + SignedDuration::from_mins(15);
    let (_, id) = stored(&world, Some(due)).await;
    let switch = async |on| {
        let mut tx = world.store.begin().await.unwrap();
        scenarios::set_enabled(&mut tx, world.team, world.scenario, on, None).await.unwrap();
        tx.commit().await.unwrap();
    };
    switch(true).await;
    assert!(batch(&world).await.is_empty());
    database.advance(15 * 60);
    switch(false).await;
    assert!(incompletes::due_scenarios(&world.store, due).await.unwrap().is_empty());
    assert!(batch(&world).await.is_empty());
    switch(true).await;
    assert_eq!(incompletes::due_scenarios(&world.store, due).await.unwrap().len(), 1);
    assert_eq!(batch(&world).await.len(), 1);
    let found = item(&world, id).await;
    assert_eq!((found.automatic, found.attempts, found.retry_at), (1, 1, None));
}

async fn a_retry_that_fails_again_stays_and_a_lost_one_changes_nothing(database: Database) {
    let world = World::new(database.open().await).await;
    let (_, id) = stored(&world, None).await;
    let Begun::Run(first) = begin(&world, id).await.unwrap() else { panic!() };
    let retry_at = world.store.clock().now() + SignedDuration::from_mins(1);
    let error = ModuleError::new(ErrorKind::ConnectionError, "down");
    let again = Ended::Failed { error: error.clone(), reason: IncompleteReason::Error, retry_at: Some(retry_at) };
    end(&world, first, id, again.clone()).await;
    let found = item(&world, id).await;
    assert_eq!((found.status, found.error, found.retry_at), (IncompleteStatus::Pending, error, Some(retry_at)));
    let Begun::Run(second) = begin(&world, id).await.unwrap() else { panic!() };
    // Whoever still believes in the first run does not touch what the second does.
    let mut tx = world.store.begin().await.unwrap();
    incompletes::settle(&mut tx, first, Retried { incomplete: id, end: Ended::Resolved }).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(item(&world, id).await.status, IncompleteStatus::InProgress);
    end(&world, second, id, Ended::Left).await;
    assert_eq!(item(&world, id).await.status, IncompleteStatus::Unresolved);
    assert_eq!(all(&world).await.len(), 1);
}

async fn two_that_are_closed_at_once_call_the_run_that_waits(database: Database) {
    let world = World::new(database.open().await).await;
    let other = database.open().await;
    let ((_, one), (_, two)) = (stored(&world, None).await, stored(&world, None).await);
    let waiting = world.job().await;
    let until = world.store.clock().now() + SignedDuration::from_mins(10);
    world.append(&waiting, 1, Update::Waiting { until }).await.unwrap();
    let mut tx = world.store.begin().await.unwrap();
    incompletes::delete(&mut tx, world.team, one).await.unwrap();
    let second = async {
        let mut tx = other.begin().await.unwrap();
        incompletes::delete(&mut tx, world.team, two).await.unwrap();
        tx.commit().await.unwrap();
    };
    let mut second = std::pin::pin!(second);
    // It must wait for the first one, which does not know of it.
    let early = tokio::time::timeout(std::time::Duration::from_millis(300), &mut second).await;
    tx.commit().await.unwrap();
    assert!(early.is_err());
    second.await;
    let woken = world.store.claim(9, SignedDuration::from_secs(30)).await.unwrap();
    assert_eq!(woken.iter().map(|job| job.execution).collect::<Vec<_>>(), [waiting.execution]);
}

async fn the_last_one_that_is_closed_calls_the_run_that_waits(database: Database) {
    let world = World::new(database.open().await).await;
    let ((_, one), (_, two)) = (stored(&world, None).await, stored(&world, None).await);
    let waiting = world.job().await;
    let until = world.store.clock().now() + SignedDuration::from_mins(10);
    world.append(&waiting, 1, Update::Waiting { until }).await.unwrap();
    let delete = async |id| {
        let mut tx = world.store.begin().await.unwrap();
        incompletes::delete(&mut tx, world.team, id).await.unwrap();
        tx.commit().await.unwrap();
        world.store.claim(9, crate::queue::LEASE).await.unwrap().len()
    };
    assert_eq!(delete(one).await, 0, "one is open still");
    assert_eq!(delete(two).await, 1);
}

async fn a_full_store_refuses_and_takes_again_when_there_is_room(database: Database) {
    let world = World::new(database.open().await).await;
    assert_eq!(incompletes::limits(&world.store).await.unwrap(), Limits { items: 10_000, bytes: 1_000_000_000 });
    let allow = async |limits| {
        let mut tx = world.store.begin().await.unwrap();
        incompletes::set_limits(&mut tx, limits).await.unwrap();
        tx.commit().await.unwrap();
    };
    let is_stored = async || {
        let job = world.job().await;
        let event = store_one(&world, &job, None, 1).await;
        matches!(event, Event::Parked { error, .. } if error.message.as_ref() == "stored")
    };
    allow(Limits { items: 2, bytes: 0 }).await;
    assert!(is_stored().await && is_stored().await && !is_stored().await);
    allow(Limits { items: 0, bytes: 1_000 }).await;
    assert!(!is_stored().await, "they are of 400 bytes each");
    let Begun::Run(retry) = begin(&world, all(&world).await[0].id).await.unwrap() else { panic!() };
    end(&world, retry, all(&world).await[0].id, Ended::Resolved).await;
    assert!(is_stored().await, "what is resolved does not count");
}

async fn runs_that_are_needed_are_known_down_the_chain(database: Database) {
    let world = World::new(database.open().await).await;
    let (origin, id) = stored(&world, None).await;
    let (unrelated, other) = stored(&world, None).await;
    let Begun::Run(retry) = begin(&world, id).await.unwrap() else { panic!() };
    // The retry gets further, and stores what failed there.
    let job = claimed(&world, retry).await;
    store_one(&world, &job, None, 1).await;
    finish(&world, &job, 2, Some(Retried { incomplete: id, end: Ended::Resolved })).await;
    let mut tx = world.store.begin().await.unwrap();
    incompletes::delete(&mut tx, world.team, other).await.unwrap();
    let needed: BTreeSet<_> = incompletes::needed_executions(&tx).await.unwrap().into_iter().collect();
    assert_eq!(needed, BTreeSet::from([origin, retry]));
    assert!(!needed.contains(&unrelated));
    tx.commit().await.unwrap();
    database.advance(31 * 86_400);
    let mut tx = world.store.begin().await.unwrap();
    let before = tx.clock().now() - SignedDuration::from_hours(24 * incompletes::RESOLVED_DAYS);
    assert_eq!(incompletes::delete_resolved(&mut tx, before, 100).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(all(&world).await.len(), 1);
}

async fn they_are_found_by_what_people_know(database: Database) {
    let world = World::new(database.open().await).await;
    let (execution, id) = stored(&world, None).await;
    stored(&world, Some(world.store.clock().now())).await;
    let count = async |filter: Filter| {
        incompletes::list(&world.store, world.team, &filter, PageRequest::default()).await.unwrap().total
    };
    let text = |text: &str| Filter { text: Some(text.to_owned()), ..Filter::default() };
    assert_eq!(count(text("such COLOUR")).await, 2);
    assert_eq!(count(text("such%colour")).await, 0);
    assert_eq!(count(text(&execution.to_string())).await, 1);
    assert_eq!(count(text("2")).await, 2);
    let pending = Filter { status: Some(IncompleteStatus::Pending), ..Filter::default() };
    assert_eq!(count(pending).await, 1);
    let open = Filter { scenario: Some(world.scenario), is_open: true, ..Filter::default() };
    assert_eq!(incompletes::open_ids(&world.store, world.team, &open).await.unwrap().len(), 2);
    begin(&world, id).await.unwrap();
    assert_eq!(incompletes::open_ids(&world.store, world.team, &open).await.unwrap().len(), 1);
    assert_eq!(incompletes::oldest_open(&world.store, world.scenario).await.unwrap().unwrap().0, id);
}

async fn a_notice_is_shown_until_it_is_read(database: Database) {
    let world = World::new(database.open().await).await;
    let mut tx = world.store.begin().await.unwrap();
    notices::give(&mut tx, world.team, Some(world.scenario), "first").await.unwrap();
    notices::give(&mut tx, world.team, None, "general").await.unwrap();
    notices::give(&mut tx, world.team, Some(world.scenario), "second").await.unwrap();
    tx.commit().await.unwrap();
    let unread = notices::unread(&world.store, world.team, 10).await.unwrap();
    assert_eq!(unread.iter().map(|notice| notice.text.as_str()).collect::<Vec<_>>(), ["second", "general"]);
    let mut tx = world.store.begin().await.unwrap();
    notices::mark_read(&mut tx, world.team, unread[1].id).await.unwrap();
    notices::take_back(&mut tx, world.team, world.scenario).await.unwrap();
    tx.commit().await.unwrap();
    assert!(notices::unread(&world.store, world.team, 10).await.unwrap().is_empty());
}
