//! What failed and was stored: shown, counted, deleted after a question.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use jiff::{SignedDuration, Timestamp};
use rouage_model::clock::{self, SystemClock};
use rouage_model::execution::{IncompleteReason, Origin};
use rouage_model::journal::Event;
use rouage_model::{ErrorKind, ModuleError, ModuleId, OperationId, Value, Version};
use rouage_store::{Append, NewExecution, NewIncomplete, PageRequest, StagedWrite, StoreEffect, Update, incompletes};
use support::Server;

/// A run whose second operation was stored.
async fn store_one(server: &Server, retry_at: Option<Timestamp>) {
    let scenario =
        server.scenario(r#"{"name":"Orders","flow":[{"id":1,"module":"a:B"},{"id":2,"module":"a:C"}]}"#).await;
    let created_at = server.store.clock().now();
    let new = NewExecution {
        id: clock::execution_id(&SystemClock),
        team: server.team,
        scenario,
        version: Version(1),
        origin: Origin::Manual,
        bundles: Some(vec![Value::empty_collection()]),
        leased: true,
        created_at,
    };
    let job = server.store.start(new).await.unwrap();
    let (operation, module) = (OperationId(2), ModuleId(2));
    let error = ModuleError::new(ErrorKind::DataError, "refused <by> them");
    let incomplete = NewIncomplete {
        team: server.team,
        scenario,
        execution: job.execution,
        operation,
        module,
        reason: IncompleteReason::Error,
        error: error.clone(),
        state: Value::Undefined,
        retry_at,
    };
    let finish = Box::new(move |_| Event::Parked { at: created_at, operation, module, error });
    let staged = Some(StagedWrite { effect: StoreEffect::Incomplete(incomplete), finish });
    let (execution, fence) = (job.execution, job.fence);
    let append = Append { execution, scenario, fence, first_seq: 1, events: vec![], staged, update: Update::None };
    server.store.append(append).await.unwrap();
}

async fn stored(server: &Server) -> Vec<incompletes::Incomplete> {
    incompletes::list(&server.store, server.team, None, None, PageRequest::default()).await.unwrap().items
}

#[tokio::test]
async fn it_is_deleted_only_after_a_question() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    store_one(&server, None).await;
    let id = stored(&server).await[0].id;
    let delete = format!("/incomplete/{id}/delete");
    let list = server.get("/incomplete", &cookie).await;
    assert!(list.body.contains(&delete) && list.body.contains("refused &#60;by&#62; them"), "{}", list.body);
    let question = server.get(&delete, &cookie).await;
    assert!(question.body.contains("Delete what failed at module 2 of “Orders”?"), "{}", question.body);
    assert_eq!(stored(&server).await.len(), 1, "the question deletes nothing");
    let deleted = server.post(&delete, &cookie, "").await;
    assert_eq!((deleted.status.as_u16(), deleted.header("location")), (303, "/incomplete?notice=deleted"));
    assert!(stored(&server).await.is_empty());
    assert!(server.get("/incomplete", &cookie).await.body.contains("Nothing is stored"));
    assert_eq!(server.get(&delete, &cookie).await.status, 404);
    assert_eq!(server.post(&delete, &cookie, "").await.status, 404);
}

#[tokio::test]
async fn one_that_asks_for_retries_is_shown_and_counted_and_promises_none() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let later = server.store.clock().now() + SignedDuration::from_mins(15);
    store_one(&server, Some(later)).await;
    let list = server.get("/incomplete", &cookie).await;
    assert!(list.body.contains("Retry wanted") && list.body.contains("does not make them"), "{}", list.body);
    assert!(list.body.contains("aria-label=\"1 waiting\""), "{}", list.body);
    assert!(!list.body.contains("· retried"), "{}", list.body);
}
