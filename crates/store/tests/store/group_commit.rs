//! Accepting, appending, fencing, and that neighbours do not harm each other.

use rouage_model::Value;
use rouage_model::execution::Status;
use rouage_model::journal::Event;
use rouage_store::deliveries::DeliveryStatus;
use rouage_store::{
    Accept, AcceptOutcome, Change, Error, Fence, PageRequest, Update, deliveries, executions, hooks, journal, scenarios,
};

use crate::fixtures::{World, append, bundle};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_request_is_accepted_run_and_finished,
    an_append_with_an_old_fence_is_refused_and_its_neighbours_are_written,
    an_ended_execution_takes_no_more,
    an_event_comes_exactly_once_in_its_place,
    an_execution_id_is_taken_once,
    many_requests_share_few_commits,
    errors_in_a_row_are_counted_and_a_success_clears_them,
    failures_are_counted_until_somebody_has_looked,
    a_sample_teaches_the_hook_and_is_not_run,
    queued_requests_are_taken_in_order,
    news_comes_after_the_commit,
}

async fn a_request_is_accepted_run_and_finished(database: Database) {
    let world = World::new(database.open().await).await;
    let accepted = world.accept(true).await;
    let job = accepted.job.unwrap();
    assert_eq!((job.fence, job.takeovers, job.events.as_ref().unwrap().len()), (Fence(1), 0, 1));

    let appended = world.append(&job, 1, Update::None).await.unwrap();
    assert_eq!((appended.last_seq, appended.staged_event), (1, None));
    database.advance(2);
    let appended = world.append(&job, 2, world.finished(Status::Success)).await.unwrap();
    assert_eq!(appended.last_seq, 2);

    let events = journal::events(&world.store, job.execution).await.unwrap();
    assert_eq!(events.len(), 3);
    assert!(matches!(&events[0], Event::Started { bundles: Some(bundles), .. } if *bundles == [bundle("order-1")]));
    let since = journal::since(&world.store, job.execution, 2).await.unwrap();
    assert_eq!(since, [(2, events[2].clone())]);

    let execution = executions::find(&world.store, world.team, job.execution).await.unwrap().unwrap();
    assert_eq!((execution.status, execution.operations), (Status::Success, 2));
    assert_eq!(execution.delivery, Some(accepted.delivery));
    assert_eq!(execution.scenario_name, "Orders");
    let written: usize = events.iter().map(|event| event.encode().len()).sum();
    assert_eq!(execution.size, written as u64);
    assert_eq!(execution.finished_at.unwrap().duration_since(execution.created_at).as_secs(), 2);

    let delivery = deliveries::find(&world.store, world.team, accepted.delivery).await.unwrap().unwrap();
    assert_eq!(delivery.row.status, DeliveryStatus::Accepted);
    assert_eq!(delivery.row.execution, Some(job.execution));
    assert_eq!(delivery.payload, Some(vec![bundle("order-1")]));
    assert_eq!(delivery.headers, world.delivery().headers);
    assert!(world.store.claim(10, crate::queue::LEASE).await.unwrap().is_empty());
}

async fn an_append_with_an_old_fence_is_refused_and_its_neighbours_are_written(database: Database) {
    let world = World::new(database.open().await).await;
    let (first, second, third) = (world.job().await, world.job().await, world.job().await);
    let stale = append(second.execution, world.scenario, Fence(0), 1, vec![world.called(1)], Update::None);
    let (one, two, three) = tokio::join!(
        world.append(&first, 1, Update::None),
        world.store.append(stale),
        world.append(&third, 1, world.finished(Status::Success)),
    );
    assert_eq!(one.unwrap().last_seq, 1);
    assert_eq!(two, Err(Error::Fenced));
    assert_eq!(three.unwrap().last_seq, 1);
    assert_eq!(journal::events(&world.store, first.execution).await.unwrap().len(), 2);
    assert_eq!(journal::events(&world.store, second.execution).await.unwrap().len(), 1);
    assert_eq!(journal::events(&world.store, third.execution).await.unwrap().len(), 2);
}

async fn an_ended_execution_takes_no_more(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    world.append(&job, 1, world.finished(Status::Success)).await.unwrap();
    assert_eq!(world.append(&job, 2, Update::None).await, Err(Error::Fenced));
    let waiting = world.job().await;
    let until = world.store.clock().now();
    world.append(&waiting, 1, Update::Waiting { until }).await.unwrap();
    assert_eq!(world.append(&waiting, 2, Update::None).await, Err(Error::Fenced));
}

async fn an_event_comes_exactly_once_in_its_place(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    world.append(&job, 1, Update::None).await.unwrap();
    // The same again, as after a commit whose outcome was not known.
    assert!(matches!(world.append(&job, 1, Update::None).await, Err(Error::Conflict(_))));
    assert!(matches!(world.append(&job, 3, Update::None).await, Err(Error::Conflict(_))));
    assert_eq!(journal::events(&world.store, job.execution).await.unwrap().len(), 2);
}

async fn an_execution_id_is_taken_once(database: Database) {
    let world = World::new(database.open().await).await;
    let request = world.request(false);
    world.store.accept(request.clone()).await.unwrap();
    let (again, neighbour) = tokio::join!(world.store.accept(request), world.store.accept(world.request(false)));
    assert!(matches!(again, Err(Error::Conflict(_))));
    assert!(neighbour.is_ok());
}

async fn many_requests_share_few_commits(database: Database) {
    let world = World::new(database.open().await).await;
    let before = world.store.metrics();
    let all = (0..500).map(|_| world.store.accept(world.request(false)));
    let accepted = futures_util::future::join_all(all).await;
    let mut ids: Vec<i64> = accepted.into_iter().map(|accepted| accepted.unwrap().delivery.0).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 500);
    let after = world.store.metrics();
    assert_eq!(after.requests - before.requests, 500);
    let commits = after.commits - before.commits;
    assert!(commits <= 50, "500 requests took {commits} commits");
    let filter = executions::Filter { status: Some(Status::Queued), ..Default::default() };
    assert_eq!(executions::list(&world.store, world.team, &filter, None, 500).await.unwrap().items.len(), 500);
}

async fn errors_in_a_row_are_counted_and_a_success_clears_them(database: Database) {
    let world = World::new(database.open().await).await;
    let count =
        async || scenarios::find(&world.store, world.team, world.scenario).await.unwrap().unwrap().consecutive_errors;
    for expected in 1..=2 {
        let job = world.job().await;
        let appended = world.append(&job, 1, world.finished(Status::Error)).await.unwrap();
        assert_eq!(appended.consecutive_errors, Some(expected));
    }
    let job = world.job().await;
    let appended = world.append(&job, 1, world.finished(Status::Warning)).await.unwrap();
    assert_eq!((appended.consecutive_errors, count().await), (None, 2));
    let job = world.job().await;
    world.append(&job, 1, world.finished(Status::Success)).await.unwrap();
    assert_eq!(count().await, 0);
}

async fn a_sample_teaches_the_hook_and_is_not_run(database: Database) {
    let world = World::new(database.open().await).await;
    let mut tx = world.store.begin().await.unwrap();
    hooks::set_learning(&mut tx, world.team, world.hook, true).await.unwrap();
    tx.commit().await.unwrap();
    let structure = Value::from(vec![bundle("field")]);
    let outcome = AcceptOutcome::Learned { structure: structure.clone(), payload: vec![bundle("sample")] };
    let request = Accept { team: world.team, hook: world.hook, delivery: world.delivery(), outcome };
    assert_eq!(world.store.accept(request).await.unwrap().job, None);
    let hook = hooks::find(&world.store, world.team, world.hook).await.unwrap().unwrap();
    assert_eq!((hook.interface, hook.learning), (structure, false));
    let last = deliveries::last(&world.store, world.team, world.hook, 1).await.unwrap();
    assert_eq!(last[0].payload, Some(vec![bundle("sample")]));
    assert_eq!(executions::counts(&world.store, world.team, world.scenario).await.unwrap(), Default::default());
}

async fn queued_requests_are_taken_in_order(database: Database) {
    let world = World::new(database.open().await).await;
    for number in 0..3 {
        let outcome = AcceptOutcome::Queue { payload: vec![bundle(&number.to_string())] };
        let request = Accept { team: world.team, hook: world.hook, delivery: world.delivery(), outcome };
        world.store.accept(request).await.unwrap();
    }
    assert_eq!(deliveries::queue_length(&world.store, world.team, world.hook).await.unwrap(), 3);
    let mut tx = world.store.begin().await.unwrap();
    let taken = deliveries::take_queued(&mut tx, world.team, world.hook, 2).await.unwrap();
    let payloads: Vec<_> = taken.iter().map(|taken| taken.payload.clone()).collect();
    assert_eq!(payloads, [vec![bundle("0")], vec![bundle("1")]]);
    let mut execution = world.execution(false);
    execution.bundles = Some(taken[0].payload.clone());
    let id = execution.id;
    executions::enqueue(&mut tx, execution).await.unwrap();
    deliveries::link(&mut tx, &[taken[0].id], id, deliveries::Taken::Stays).await.unwrap();
    tx.commit().await.unwrap();
    let delivery = deliveries::find(&world.store, world.team, taken[0].id).await.unwrap().unwrap();
    assert_eq!((delivery.row.execution, delivery.payload), (Some(id), Some(vec![bundle("0")])));
    let left = deliveries::queue(&world.store, world.team, world.hook, PageRequest::default()).await.unwrap();
    assert_eq!(left.total, 1);
    let mut tx = world.store.begin().await.unwrap();
    let ids = [left.items[0].id, taken[0].id];
    assert_eq!(deliveries::delete_queued(&mut tx, world.team, world.hook, &ids).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn news_comes_after_the_commit(database: Database) {
    let world = World::new(database.open().await).await;
    let mut changes = world.store.changes();
    let request = world.request(false);
    let AcceptOutcome::Run { execution } = &request.outcome else { unreachable!() };
    let id = execution.id;
    world.store.accept(request).await.unwrap();
    assert_eq!(changes.recv().await.unwrap(), Change::Execution(id, world.scenario));
    assert!(executions::find(&world.store, world.team, id).await.unwrap().is_some());
    assert_eq!(changes.recv().await.unwrap(), Change::Jobs);
    let mut tx = world.store.begin().await.unwrap();
    scenarios::rename(&mut tx, world.team, world.scenario, "Lost").await.unwrap();
    drop(tx);
    assert!(changes.try_recv().is_err());
}

/// Failed runs are told of until somebody has looked, and tries never are.
async fn failures_are_counted_until_somebody_has_looked(database: Database) {
    let world = World::new(database.open().await).await;
    let unseen = async || scenarios::unseen_failures(&world.store, world.team, world.scenario).await.unwrap();
    for (status, is_told, expected) in
        [(Status::Error, true, 1), (Status::Error, false, 1), (Status::Success, true, 1), (Status::Error, true, 2)]
    {
        let job = world.job().await;
        let mut update = world.finished(status);
        if let Update::Finished { is_told: told, .. } = &mut update {
            *told = is_told;
        }
        world.append(&job, 1, update).await.unwrap();
        assert_eq!(unseen().await, expected);
    }
    let failing = scenarios::failing(&world.store, world.team, PageRequest::default()).await.unwrap();
    assert_eq!(failing.items.iter().map(|row| (row.id, row.failures)).collect::<Vec<_>>(), [(world.scenario, 2)]);
    assert!(failing.items[0].last_at.is_some());
    assert_eq!(scenarios::count_failing(&world.store, world.team).await.unwrap(), 1);
    let mut tx = world.store.begin().await.unwrap();
    scenarios::see_failures(&mut tx, world.team, world.scenario).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((unseen().await, scenarios::count_failing(&world.store, world.team).await.unwrap()), (0, 0));
}
