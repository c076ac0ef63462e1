//! Opening: what is found again, and what is refused.

use rouage_model::execution::Status;
use rouage_model::{Collection, Value};
use rouage_store::connections::{self, NewConnection};
use rouage_store::{Change, Error, Store, Update, executions, journal, scenarios};
use sea_orm::sqlx::{self, Connection, Executor, Row};

use crate::fixtures::{World, blueprint};
use crate::support::{Database, on_both_databases};

on_both_databases! {
    everything_is_found_again,
    another_key_is_refused,
    a_newer_schema_is_refused_and_left_alone,
    a_secret_is_sealed,
    a_closed_store_answers_what_was_asked_and_then_refuses,
}

async fn everything_is_found_again(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    world.append(&job, 1, world.finished(Status::Error)).await.unwrap();
    let waiting = world.accept(false).await;
    let World { store, team, scenario, .. } = world;
    store.close().await;

    let store = database.open().await;
    let found = scenarios::find(&store, team, scenario).await.unwrap().unwrap();
    assert_eq!(found.blueprint, blueprint("Orders"));
    assert_eq!(journal::events(&store, job.execution).await.unwrap().len(), 2);
    let execution = executions::find(&store, team, job.execution).await.unwrap().unwrap();
    assert_eq!(execution.error.as_deref(), Some("refused\u{FFFD} by the other side"));
    assert_eq!(waiting.job, None);
    assert_eq!(store.claim(9, crate::queue::LEASE).await.unwrap().len(), 1);
}

async fn another_key_is_refused(database: Database) {
    database.open().await.close().await;
    assert_eq!(database.open_with_key([8; 32]).await.err(), Some(Error::WrongKey));
    assert!(database.open_with_key([7; 32]).await.is_ok());
}

async fn a_newer_schema_is_refused_and_left_alone(database: Database) {
    database.open().await.close().await;
    let sql = "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_from_the_future', 1)";
    execute(&database, sql).await;
    assert_eq!(database.open_with_key([7; 32]).await.err(), Some(Error::NewerSchema));
    execute(&database, "DELETE FROM seaql_migrations WHERE version = 'm9999_from_the_future'").await;
    assert!(database.open_with_key([7; 32]).await.is_ok());
}

pub async fn execute(database: &Database, sql: &'static str) {
    if database.is_postgres() {
        let mut connection = sqlx::PgConnection::connect(&database.url).await.unwrap();
        connection.execute(sql).await.unwrap();
        return;
    }
    let mut connection = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
    connection.execute(sql).await.unwrap();
}

async fn a_secret_is_sealed(database: Database) {
    let world = World::new(database.open().await).await;
    let secret: Value = Collection::from_iter([("token", "open sesame")]).into();
    let new = NewConnection {
        kind: "google".into(),
        name: "Ada".into(),
        data: Value::empty_collection(),
        secret: secret.clone(),
    };
    let mut tx = world.store.begin().await.unwrap();
    let first = connections::create(&mut tx, world.team, new.clone()).await.unwrap();
    let second = connections::create(&mut tx, world.team, new).await.unwrap();
    tx.commit().await.unwrap();
    let open = connections::open(&world.store, world.team, first).await.unwrap().unwrap();
    assert_eq!(open.secret, secret);
    assert!(!format!("{open:?}").contains("sesame"));
    // Another row's seal does not open here.
    let swap = "UPDATE connections SET secret = (SELECT secret FROM connections WHERE id = 2) WHERE id = 1";
    assert_eq!((first.0, second.0), (1, 2));
    execute(&database, swap).await;
    assert_eq!(connections::open(&world.store, world.team, first).await.err(), Some(Error::WrongKey));
    let mut tx = world.store.begin().await.unwrap();
    connections::set_secret(&mut tx, world.team, first, &Value::text("new")).await.unwrap();
    tx.commit().await.unwrap();
    let open = connections::open(&world.store, world.team, first).await.unwrap().unwrap();
    assert_eq!(open.secret, Value::text("new"));
}

async fn a_closed_store_answers_what_was_asked_and_then_refuses(database: Database) {
    let world = World::new(database.open().await).await;
    let job = world.job().await;
    let clone = world.store.clone();
    let (appended, ()) = tokio::join!(world.append(&job, 1, Update::None), clone.close());
    assert!(appended.is_ok());
    assert!(matches!(world.append(&job, 2, Update::None).await, Err(Error::Database(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_connections_that_break_are_replaced() {
    let Some(database) = Database::postgres().await else { return };
    let world = World::new(database.open().await).await;
    let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for _ in 0..3 {
        execute(&database, all).await;
        // The first may meet a dead connection; it must say so and not lie.
        let first = world.store.accept(world.request(false)).await;
        assert!(matches!(first, Ok(_) | Err(Error::Database(_))), "{first:?}");
        world.accept(false).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_postgres_nodes_open_at_once_and_hear_each_other() {
    let Some(database) = Database::postgres().await else { return };
    let (here, there) = tokio::join!(database.open(), database.open());
    let mut changes = there.changes();
    let world = World::new(here).await;
    let news = async { while changes.recv().await.unwrap() != Change::Hook(world.hook) {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), news).await.unwrap();
}

#[tokio::test]
async fn sqlite_syncs_every_commit() {
    let database = Database::sqlite();
    let store = database.open().await;
    let pragmas = store.sqlite_pragmas().await.unwrap();
    let value = |name: &str| pragmas.iter().find(|(pragma, _)| *pragma == name).map(|(_, value)| value.as_str());
    assert_eq!(value("synchronous"), Some("2"));
    assert_eq!(value("journal_mode"), Some("wal"));
    assert_eq!(value("foreign_keys"), Some("1"));
    // Incremental.
    assert_eq!(value("auto_vacuum"), Some("2"));
    assert_eq!(value("wal_autocheckpoint"), Some("1000"));
}

#[tokio::test]
async fn a_full_sqlite_file_refuses_and_recovers() {
    let database = Database::sqlite();
    let world = World::new(database.open().await).await;
    let pages: i64 = world
        .store
        .sqlite_pragmas()
        .await
        .unwrap()
        .iter()
        .find(|(name, _)| *name == "page_count")
        .unwrap()
        .1
        .parse()
        .unwrap();
    world.store.limit_sqlite_pages(pages).await.unwrap();
    let mut refused = 0;
    for _ in 0..200 {
        match world.store.accept(world.request(false)).await {
            Ok(_) => {}
            Err(Error::Full) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 0);
    world.store.limit_sqlite_pages(1_000_000).await.unwrap();
    world.accept(false).await;
    // And it is kept for all to see, not within a transaction that hangs.
    let mut other = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
    let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM executions").fetch_one(&mut other).await.unwrap();
    assert_eq!(kept, 200 - refused + 1);
    other.execute("BEGIN IMMEDIATE").await.unwrap();
}

#[tokio::test]
async fn a_memory_database_works_for_tests() {
    let database = Database::sqlite();
    let options = rouage_store::Options { url: "sqlite::memory:".into(), ..database.options([7; 32]) };
    let world = World::new(Store::open(options).await.unwrap()).await;
    let job = world.job().await;
    world.append(&job, 1, world.finished(Status::Success)).await.unwrap();
    assert_eq!(journal::events(&world.store, job.execution).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_locked_sqlite_file_is_busy_and_then_recovers() {
    let database = Database::sqlite();
    let world = World::new(database.open().await).await;
    let mut other = sqlx::SqliteConnection::connect(&database.url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(world.store.accept(world.request(false)).await.err(), Some(Error::Busy));
    other.execute("ROLLBACK").await.unwrap();
    world.accept(false).await;
    let row = other.fetch_one("SELECT COUNT(*) FROM executions").await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 1);
}
