//! The database is locked, gone, dead, of another version, damaged.

use std::time::{Duration, Instant};

use rouage_test_support::auditor::{Answer, Promise};
use rouage_test_support::http::Answer as Scripted;
use sea_orm::sqlx::{Connection as _, Executor as _, SqliteConnection};
use serde_json::json;

use super::wire::Wire;
use super::{World, told_once};
use crate::postgres;
use crate::support::{Place, Store, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f15_a_locked_database_is_waited_for_then_refused_and_nothing_accepted_is_lost() {
    let world = World::new(&[]).await;
    let _server = world.place.start().await;
    assert_eq!(world.send("before").await, Answer::Accepted);
    let url = format!("sqlite://{}", world.place.data().join("rouage.db").display());
    let mut other = SqliteConnection::connect(&url).await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    // Short enough to be waited for.
    let (answer, ()) = tokio::join!(world.send("short"), async {
        tokio::time::sleep(Duration::from_millis(800)).await;
        other.execute("COMMIT").await.unwrap();
    });
    assert_eq!(answer, Answer::Accepted);
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let start = Instant::now();
    assert_eq!(world.send("long").await, Answer::Refused(503));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    other.execute("COMMIT").await.unwrap();
    eventually("it takes requests again", async || (world.send("after").await == Answer::Accepted).then_some(())).await;
    world.judge(&told_once()).await;
}

/// A world on PostgreSQL over a wire, when there is PostgreSQL.
async fn wired() -> Option<(World, Wire)> {
    let url = postgres::new_database().await?;
    let (wire, url) = Wire::to(&url).await;
    Some((World::on(&Store::Postgres(url), &[], &json!({})).await, wire))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f16_postgres_goes_and_comes_back_and_runs_go_on_without_a_restart() {
    let Some((world, wire)) = wired().await else { return };
    world.auditor.target.usually(Scripted::Late(Duration::from_millis(300)));
    let _server = world.place.start().await;
    for number in 0..10 {
        assert_eq!(world.send(&format!("k{number}")).await, Answer::Accepted);
    }
    wire.cut();
    for number in 10..13 {
        assert_eq!(world.send(&format!("k{number}")).await, Answer::Refused(503));
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    wire.mend();
    eventually("it takes requests again", async || (world.send("after").await == Answer::Accepted).then_some(())).await;
    world.judge(&Promise { accepted: 11, ..told_once() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f17_half_open_connections_are_given_up_in_time() {
    let Some((world, wire)) = wired().await else { return };
    let _server = world.place.start().await;
    assert_eq!(world.send("before").await, Answer::Accepted);
    world.place.idle().await;
    wire.go_dead();
    let start = Instant::now();
    let mut number = 0;
    eventually("it works over new connections", async || {
        number += 1;
        (world.send(&format!("k{number}")).await == Answer::Accepted).then_some(())
    })
    .await;
    println!("back after {:?}, {number} requests", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(45), "{:?}", start.elapsed());
    world.judge(&Promise { accepted: 2, ..told_once() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f18_a_cut_to_the_database_during_a_call_loses_and_doubles_nothing() {
    let Some((world, wire)) = wired().await else { return };
    let _server = world.place.start().await;
    world.auditor.target.answer(Scripted::Late(Duration::from_secs(2)));
    world.send("k1").await;
    eventually("the call is made", async || (world.told("k1") == 1).then_some(())).await;
    wire.cut();
    // The answer comes while there is no database.
    tokio::time::sleep(Duration::from_secs(4)).await;
    wire.mend();
    world.judge(&told_once()).await;
    assert_eq!((world.told("k1"), world.place.executions("success").await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f37_killed_while_it_makes_its_tables_it_starts_all_the_same() {
    let place = Place::new(&[]);
    for pause in [5, 12, 20, 30, 45, 60, 80] {
        let mut server = place.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = server.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        child.kill().await.unwrap();
    }
    let hook = place.import_text("taker", include_str!("../blueprints/taker.json")).await;
    let _server = place.start().await;
    hook.post(b"{}").await.expect(200);
    place.idle().await;
    assert_eq!(place.executions("success").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f38_a_database_of_a_newer_version_is_refused_and_left_alone() {
    let place = Place::new(&[]);
    place.import_text("taker", include_str!("../blueprints/taker.json")).await;
    let file = place.data().join("rouage.db");
    let mut database = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    database.execute("INSERT INTO seaql_migrations VALUES ('m99999999_later', 0)").await.unwrap();
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    database.close().await.unwrap();
    // Opening sets a pragma, which SQLite counts as a change in the first page;
    // the counters apart, not a byte may differ.
    let content = || {
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[24..28].fill(0);
        bytes[92..100].fill(0);
        bytes
    };
    let before = content();
    let said = place.complaint(&["serve", "--listen", "127.0.0.1:0"]).await;
    assert!(said.contains("newer version"), "{said}");
    assert!(content() == before, "the file was changed");
}

/// What a power cut leaves: frames at the end of the log that were not synced,
/// half or as nonsense. What was synced before is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f49_a_torn_end_of_the_log_costs_nothing_that_was_accepted() {
    let world = World::new(&[]).await;
    let log = world.place.data().join("rouage.db-wal");
    let mut number = 0;
    for round in 0..3 {
        let server = world.place.start().await;
        for _ in 0..20 {
            number += 1;
            assert_eq!(world.send(&format!("k{number}")).await, Answer::Accepted);
        }
        world.place.idle().await;
        server.kill().await;
        let mut bytes = std::fs::read(&log).unwrap();
        let frame = bytes[bytes.len() - 4120..].to_vec();
        match round {
            0 => bytes.extend_from_slice(&frame[..1000]),
            1 => bytes.extend(std::iter::repeat_n(0xA5, 4120)),
            _ => bytes.extend(frame.iter().map(|byte| byte ^ 1)),
        }
        std::fs::write(&log, bytes).unwrap();
    }
    let _server = world.place.start().await;
    world.judge(&Promise { accepted: 60, ..told_once() }).await;
}
