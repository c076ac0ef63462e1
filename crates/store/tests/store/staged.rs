//! Writes to our own tables in the transaction that writes their event.

use rouage_model::execution::{IncompleteReason, IncompleteStatus};
use rouage_model::journal::Event;
use rouage_model::sheets::{ApiError, Call, InsertData, ValueInput};
use rouage_model::{ErrorKind, ExecutionId, ModuleError, ModuleId, OperationId, Value, datastore};
use rouage_store::{
    Change, Error, NewIncomplete, NewMail, PageRequest, StagedWrite, StoreEffect, Update, datastores, incompletes,
    journal, mails,
};

use crate::fixtures::{World, append, bundle};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_mail_is_kept_exactly_once,
    a_fenced_worker_sends_no_mail,
    an_incomplete_execution_is_kept_until_it_is_deleted,
    a_refused_effect_leaves_its_event_and_its_neighbours,
    an_effect_that_fails_in_the_database_harms_nobody_else,
    a_sheet_is_written_in_the_same_commit,
    two_nodes_that_write_in_opposite_orders_do_not_wait_for_each_other,
}

fn mail(world: &World, execution: ExecutionId) -> NewMail {
    NewMail {
        team: world.team,
        execution,
        operation: OperationId(2),
        from: "shop@example.org".into(),
        to: vec!["ada@example.org".into()],
        cc: vec![],
        bcc: vec!["boss@example.org".into()],
        subject: "Order 100%\0".into(),
        text: Some("Thank you".into()),
        html: None,
        message_id: "<1@example.org>".into(),
        raw: bytes::Bytes::from_static(b"Subject: x\r\n\r\n\0"),
        attachments: vec![mails::Attachment { name: "a.pdf".into(), media_type: "application/pdf".into(), size: 3 }],
    }
}

/// Stages an effect whose answer becomes the output of operation 2.
fn stage(effect: StoreEffect) -> StagedWrite {
    let finish = |answer: Result<Value, ApiError>| {
        let (at, operation, module) = (jiff::Timestamp::UNIX_EPOCH, OperationId(2), ModuleId(2));
        match answer {
            Ok(answer) => Event::Returned { at, operation, module, bundles: vec![answer] },
            Err(error) => Event::Failed { at, operation, module, error: ModuleError::data(error.message) },
        }
    };
    StagedWrite { effect, finish: Box::new(finish) }
}

async fn a_mail_is_kept_exactly_once(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let mut changes = world.store.changes();
    let effect = StoreEffect::Mail(mail(&world, job.execution));
    let first = world.stage(&job, 1, stage(effect.clone())).await.unwrap();
    let second = world.stage(&job, 2, stage(effect)).await.unwrap();
    // The same answer, so the same message.
    assert_eq!(first.staged_event, second.staged_event);
    assert_eq!(journal::events(&world.store, job.execution).await.unwrap()[1], first.staged_event.unwrap());
    let page = mails::list(&world.store, world.team, Some("100%"), PageRequest::default()).await.unwrap();
    assert_eq!((page.total, mails::unread(&world.store, world.team).await.unwrap()), (1, 1));
    assert_eq!(page.items[0].attachments[0].name, "a.pdf");
    let id = page.items[0].id;
    let raw = mails::raw(&world.store, world.team, id).await.unwrap().unwrap();
    assert_eq!(raw, mail(&world, job.execution).raw);
    while changes.recv().await.unwrap() != Change::Mail {}
    let mut tx = world.store.begin().await.unwrap();
    mails::mark_read(&mut tx, world.team, id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(mails::unread(&world.store, world.team).await.unwrap(), 0);
    assert_eq!(mails::list(&world.store, world.team, Some("1_0"), PageRequest::default()).await.unwrap().total, 0);
}

async fn a_fenced_worker_sends_no_mail(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    database.advance(61);
    world.store.claim(1, crate::queue::LEASE).await.unwrap();
    let staged = stage(StoreEffect::Mail(mail(&world, job.execution)));
    assert_eq!(world.stage(&job, 1, staged).await, Err(Error::Fenced));
    assert_eq!(mails::unread(&world.store, world.team).await.unwrap(), 0);
}

async fn an_incomplete_execution_is_kept_until_it_is_deleted(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let new = NewIncomplete {
        team: world.team,
        scenario: world.scenario,
        execution: job.execution,
        operation: OperationId(2),
        module: ModuleId(2),
        reason: IncompleteReason::MayHaveHappened,
        error: ModuleError::new(ErrorKind::ConnectionError, "no answer").maybe_applied(),
        state: bundle("state"),
        size: 0,
        retry_at: None,
        policy: incompletes::Policy::ByHand,
    };
    world.stage(&job, 1, stage(StoreEffect::Incomplete(new.clone()))).await.unwrap();
    let filter = incompletes::Filter::default();
    let all = incompletes::list(&world.store, world.team, &filter, PageRequest::default()).await.unwrap();
    assert_eq!(all.total, 1);
    let found = &all.items[0];
    assert_eq!((&found.error, &found.state, found.status), (&new.error, &new.state, IncompleteStatus::Unresolved));
    assert_eq!(incompletes::count_unresolved(&world.store, world.team, world.scenario).await.unwrap(), 1);
    assert_eq!(found.policy, incompletes::Policy::ByHand);
    assert_eq!(incompletes::count_waiting(&world.store, world.team).await.unwrap(), 1);
    let mut tx = world.store.begin().await.unwrap();
    incompletes::delete(&mut tx, world.team, found.id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(incompletes::count_waiting(&world.store, world.team).await.unwrap(), 0);
}

async fn a_refused_effect_leaves_its_event_and_its_neighbours(database: Database) {
    let world = World::new(database.open().await).await;
    let (job, neighbour) = (world.job().await, world.job().await);
    let call = Call::Append {
        id: "no-such-spreadsheet".into(),
        range: "Orders!A1".into(),
        values: vec![vec![Value::text("x")]],
        input: ValueInput::Raw,
        insert: InsertData::InsertRows,
    };
    let (refused, written) = tokio::join!(
        world.stage(&job, 1, stage(StoreEffect::Sheets(call))),
        world.append(&neighbour, 1, Update::None),
    );
    assert!(matches!(refused.unwrap().staged_event, Some(Event::Failed { .. })));
    assert!(written.is_ok());
    let events = journal::events(&world.store, job.execution).await.unwrap();
    assert!(matches!(events[1], Event::Failed { .. }));
}

async fn an_effect_that_fails_in_the_database_harms_nobody_else(database: Database) {
    let world = World::new(database.open().await).await;
    let (job, neighbour) = (world.job().await, world.job().await);
    crate::opening::execute(&database, "DROP TABLE mails").await;
    let (failed, written) = tokio::join!(
        world.stage(&job, 1, stage(StoreEffect::Mail(mail(&world, job.execution)))),
        world.append(&neighbour, 1, Update::None),
    );
    assert!(matches!(failed, Err(Error::Database(_))));
    assert_eq!(written.unwrap().last_seq, 1);
    assert_eq!(journal::events(&world.store, job.execution).await.unwrap().len(), 1);
    assert_eq!(journal::events(&world.store, neighbour.execution).await.unwrap().len(), 2);
    // Nothing was written for it, so its number is still free.
    assert!(world.append(&job, 1, Update::None).await.is_ok());
}

async fn a_sheet_is_written_in_the_same_commit(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let mut tx = world.store.begin().await.unwrap();
    let id = rouage_store::sheets::create(&mut tx, world.team, "Orders").await.unwrap();
    tx.commit().await.unwrap();
    let call = Call::Append {
        id: id.as_str().into(),
        range: "A1".into(),
        values: vec![vec![Value::text("x")]],
        input: ValueInput::Raw,
        insert: InsertData::InsertRows,
    };
    let mut request = append(job.execution, world.scenario, job.fence, 1, vec![world.called(2)], Update::None);
    request.staged = Some(stage(StoreEffect::Sheets(call)));
    let appended = world.store.append(request).await.unwrap();
    assert_eq!(appended.last_seq, 2);
    assert!(matches!(appended.staged_event, Some(Event::Returned { .. })), "{:?}", appended.staged_event);
}

async fn two_nodes_that_write_in_opposite_orders_do_not_wait_for_each_other(database: Database) {
    const TARGETS: u32 = 12;
    let world = World::new(database.open().await).await;
    let mut tx = world.store.begin().await.unwrap();
    let mut effects = Vec::new();
    for number in 0..TARGETS {
        let name = format!("Store {number}");
        let settings = datastores::Settings { name, structure: None, max_size: 1_000_000 };
        let store = datastores::create(&mut tx, world.team, settings).await.unwrap();
        let (key, data) = (Some("a".to_owned()), rouage_model::Collection::new());
        effects.push(StoreEffect::Datastore(datastore::Call::Add {
            store,
            key: key.map(Into::into),
            data,
            overwrite: true,
        }));
        effects.push(StoreEffect::Counter { scenario: world.scenario, module: ModuleId(number.into()) });
    }
    tx.commit().await.unwrap();
    let other = World { store: database.open().await, ..world };
    let write = async |world: &World, effects: Vec<StoreEffect>| {
        let mut jobs = Vec::new();
        for _ in &effects {
            jobs.push(world.job().await);
        }
        for round in 1..6 {
            // One batch of many: they are asked for before the writer looks.
            let staged = jobs.iter().zip(&effects).map(|(job, effect)| world.stage(job, round, stage(effect.clone())));
            for appended in futures_util::future::join_all(staged).await {
                assert!(matches!(appended.unwrap().staged_event, Some(Event::Returned { .. })));
            }
        }
    };
    let backwards = effects.iter().rev().cloned().collect();
    tokio::join!(write(&world, effects), write(&other, backwards));
}
