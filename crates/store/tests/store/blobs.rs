//! Stored files: whole or not there, of their team alone, and kept exactly as
//! long as something names them.

use bytes::Bytes;
use rouage_model::buffer::PIECE;
use rouage_model::execution::Status;
use rouage_model::journal::Event;
use rouage_model::{Buffer, Collection, ExecutionId, ModuleId, OperationId, Stored, TeamId, Value};
use rouage_store::{
    Accept, AcceptOutcome, Error, NewExecution, Update, blobs, deliveries, executions, journal, retention,
};

use crate::fixtures::{World, append};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    a_file_comes_back_piece_by_piece,
    a_file_that_is_not_whole_cannot_be_read,
    a_run_keeps_its_files_and_takes_them_along,
    a_replay_keeps_the_files_of_the_run_before,
    a_file_that_is_named_while_it_is_swept_stays,
    a_run_that_is_put_in_the_queue_keeps_its_files,
    a_request_that_waits_keeps_its_files,
    what_was_never_named_goes_after_a_day,
    the_files_of_a_confidential_run_go_with_its_bundles,
    files_count_for_the_size_of_a_run,
    a_full_disk_is_said_and_takes_nothing_down,
}

async fn file(world: &World, execution: Option<ExecutionId>, size: usize) -> Stored {
    let id = blobs::create(&world.store, world.team, execution).await.unwrap();
    let bytes: Bytes = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
    for (number, piece) in (0..).zip(bytes.chunks(PIECE)) {
        blobs::append(&world.store, id, number, piece).await.unwrap();
    }
    blobs::finish(&world.store, id, size as u64).await.unwrap();
    Stored { id, size: size as u64 }
}

fn names(file: Stored) -> Value {
    Collection::from_iter([("data", Value::from(vec![Value::Buffer(Buffer::stored(file))]))]).into()
}

/// A run that has ended; its second module gave this.
async fn run_with(world: &World, output: Value, confidential: bool) -> ExecutionId {
    let job = world.job().await;
    let at = world.store.clock().now();
    let event = Event::Returned { at, operation: OperationId(1), module: ModuleId(2), bundles: vec![output] };
    let mut update = world.finished(Status::Success);
    if let Update::Finished { is_confidential, .. } = &mut update {
        *is_confidential = confidential;
    }
    world.store.append(append(job.execution, world.scenario, job.fence, 1, vec![event], update)).await.unwrap();
    job.execution
}

async fn delete(world: &World, execution: ExecutionId) {
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(retention::delete(&mut tx, &[execution]).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

/// What the sweep of the runtime does. Gives how many files went.
async fn sweep(world: &World) -> usize {
    let ids = blobs::unreferenced(&world.store, 100).await.unwrap();
    for id in &ids {
        while !blobs::delete_some(&world.store, *id).await.unwrap() {}
    }
    ids.len()
}

async fn is_there(world: &World, file: Stored) -> bool {
    blobs::find(&world.store, world.team, file.id).await.unwrap().is_some()
}

async fn a_file_comes_back_piece_by_piece(database: Database) {
    let world = World::new(database.open().await).await;
    let size = 2 * PIECE + 5;
    let file = file(&world, None, size).await;
    let mut back = Vec::new();
    let mut number = 0;
    while let Some(piece) = blobs::piece(&world.store, world.team, file.id, number).await.unwrap() {
        back.extend_from_slice(&piece);
        number += 1;
    }
    assert_eq!(number, 3);
    assert!(back.iter().enumerate().all(|(at, byte)| usize::from(*byte) == at % 251) && back.len() == size);
    let other = TeamId(world.team.0 + 1);
    assert_eq!(blobs::find(&world.store, other, file.id).await.unwrap(), None);
    assert_eq!(blobs::piece(&world.store, other, file.id, 0).await.unwrap(), None);
    assert!(blobs::append(&world.store, file.id, 3, &vec![0; PIECE + 1]).await.is_err());
}

async fn a_file_that_is_not_whole_cannot_be_read(database: Database) {
    let world = World::new(database.open().await).await;
    let id = blobs::create(&world.store, world.team, None).await.unwrap();
    blobs::append(&world.store, id, 0, b"half").await.unwrap();
    assert_eq!(blobs::find(&world.store, world.team, id).await.unwrap(), None);
    assert_eq!(blobs::piece(&world.store, world.team, id, 0).await.unwrap(), None);
    blobs::finish(&world.store, id, 4).await.unwrap();
    assert_eq!(blobs::finish(&world.store, id, 9).await, Err(Error::NotFound));
    assert_eq!(blobs::find(&world.store, world.team, id).await.unwrap().unwrap().file.size, 4);
}

async fn a_run_keeps_its_files_and_takes_them_along(database: Database) {
    let world = World::new(database.open().await).await;
    let file = file(&world, None, 20 * PIECE).await;
    let execution = run_with(&world, names(file), false).await;
    database.advance(3 * 86_400);
    assert_eq!(sweep(&world).await, 0);
    assert_eq!(journal::events(&world.store, execution).await.unwrap()[1].values().next(), Some(&names(file)));
    delete(&world, execution).await;
    assert_eq!(sweep(&world).await, 1);
    assert_eq!((is_there(&world, file).await, blobs::usage(&world.store).await.unwrap()), (false, (0, 0)));
}

async fn a_file_that_is_named_while_it_is_swept_stays(database: Database) {
    let world = World::new(database.open().await).await;
    let file = file(&world, None, 10).await;
    database.advance(blobs::GRACE.as_secs() + 1);
    let found = blobs::unreferenced(&world.store, 10).await.unwrap();
    assert_eq!(found, [file.id]);
    run_with(&world, names(file), false).await;
    assert!(blobs::delete_some(&world.store, file.id).await.unwrap());
    assert!(is_there(&world, file).await);
}

async fn a_replay_keeps_the_files_of_the_run_before(database: Database) {
    let world = World::new(database.open().await).await;
    let file = file(&world, None, PIECE + 1).await;
    let first = run_with(&world, names(file), false).await;
    let replay = NewExecution { bundles: Some(vec![names(file)]), ..world.execution(true) };
    let id = replay.id;
    let job = world.store.start(replay).await.unwrap();
    let update = world.finished(Status::Success);
    world.store.append(append(id, world.scenario, job.fence, 1, Vec::new(), update)).await.unwrap();
    delete(&world, first).await;
    assert_eq!((sweep(&world).await, is_there(&world, file).await), (0, true));
    delete(&world, id).await;
    assert_eq!((sweep(&world).await, is_there(&world, file).await), (1, false));
}

async fn a_run_that_is_put_in_the_queue_keeps_its_files(database: Database) {
    let world = World::new(database.open().await).await;
    let file = file(&world, None, PIECE + 1).await;
    let first = run_with(&world, names(file), false).await;
    let mut tx = world.store.begin().await.unwrap();
    let child = NewExecution { inputs: names(file), ..world.execution(false) };
    executions::enqueue(&mut tx, child).await.unwrap();
    tx.commit().await.unwrap();
    delete(&world, first).await;
    assert_eq!((sweep(&world).await, is_there(&world, file).await), (0, true));
}

async fn a_request_that_waits_keeps_its_files(database: Database) {
    let world = World::new(database.open().await).await;
    let file = file(&world, None, PIECE + 1).await;
    let outcome = AcceptOutcome::Queue { payload: vec![names(file)] };
    let accept = Accept { team: world.team, hook: world.hook, delivery: world.delivery(), outcome };
    let request = world.store.accept(accept).await.unwrap().delivery;
    database.advance(3 * 86_400);
    assert_eq!((sweep(&world).await, is_there(&world, file).await), (0, true));
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(deliveries::delete_queued(&mut tx, world.team, world.hook, &[request]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!((sweep(&world).await, is_there(&world, file).await), (1, false));
}

async fn what_was_never_named_goes_after_a_day(database: Database) {
    let world = World::new(database.open().await).await;
    // Its writer was killed.
    let half = blobs::create(&world.store, world.team, None).await.unwrap();
    blobs::append(&world.store, half, 0, &vec![0; PIECE]).await.unwrap();
    database.advance(86_400 - 60);
    assert_eq!(sweep(&world).await, 0);
    database.advance(120);
    assert_eq!(sweep(&world).await, 1);
    assert_eq!(blobs::usage(&world.store).await.unwrap(), (0, 0));
}

async fn the_files_of_a_confidential_run_go_with_its_bundles(database: Database) {
    let world = World::new(database.open().await).await;
    let file = file(&world, None, PIECE + 1).await;
    let execution = run_with(&world, names(file), true).await;
    retention::remove_bundles(&world.store, execution).await.unwrap();
    assert_eq!((sweep(&world).await, is_there(&world, file).await), (1, false));
}

async fn files_count_for_the_size_of_a_run(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let _file = file(&world, Some(job.execution), 3 * PIECE).await;
    let update = world.finished(Status::Success);
    world.store.append(append(job.execution, world.scenario, job.fence, 1, Vec::new(), update)).await.unwrap();
    let execution = executions::find(&world.store, world.team, job.execution).await.unwrap().unwrap();
    assert!(execution.size > 3 * PIECE as u64, "{}", execution.size);
}

async fn a_full_disk_is_said_and_takes_nothing_down(database: Database) {
    if database.is_postgres() {
        return;
    }
    let world = World::new(database.open().await).await;
    let used = retention::disk_use(&world.store).await.unwrap();
    world.store.limit_sqlite_pages(used.bytes / 4096 + 100).await.unwrap();
    let id = blobs::create(&world.store, world.team, None).await.unwrap();
    blobs::append(&world.store, id, 0, &vec![1; PIECE]).await.unwrap();
    assert_eq!(blobs::append(&world.store, id, 1, &vec![1; PIECE]).await, Err(Error::Full));
    while !blobs::delete_some(&world.store, id).await.unwrap() {}
    world.accept(false).await;
    assert_eq!(blobs::usage(&world.store).await.unwrap(), (0, 0));
}
