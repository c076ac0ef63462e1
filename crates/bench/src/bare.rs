//! The physical limits, as processes of their own: an axum server that only
//! answers, and one that commits what it gets, many requests in one
//! transaction of SQLite with `synchronous = FULL`, and then answers.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

/// The most requests in one transaction, as in the program.
const BATCH: usize = 512;

type Request = (Bytes, oneshot::Sender<()>);

/// Serves `/ack` and, with a folder, `/commit`, until the process ends.
pub async fn serve(address: SocketAddr, folder: Option<&Path>) -> anyhow::Result<()> {
    let mut router = Router::new().route("/ack", post(|_: Bytes| async { "Accepted" }));
    if let Some(folder) = folder {
        let (requests, receiver) = mpsc::channel(4 * BATCH);
        tokio::spawn(write(open(folder).await?, receiver));
        router = router.route("/commit", post(commit).with_state(requests));
    }
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, router).await.context("the bare server")
}

async fn commit(State(requests): State<mpsc::Sender<Request>>, body: Bytes) -> Result<&'static str, StatusCode> {
    let (reply, done) = oneshot::channel();
    requests.send((body, reply)).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    done.await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok("Accepted")
}

async fn open(folder: &Path) -> anyhow::Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(folder.join("bare.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let table = "CREATE TABLE IF NOT EXISTS requests (id INTEGER PRIMARY KEY, body BLOB NOT NULL)";
    sqlx::raw_sql(table).execute(&mut connection).await?;
    Ok(connection)
}

async fn write(mut connection: SqliteConnection, mut receiver: mpsc::Receiver<Request>) {
    let mut batch = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        if let Err(error) = write_batch(&mut connection, &batch).await {
            eprintln!("a transaction failed: {error}");
            return;
        }
        for (_, reply) in batch.drain(..) {
            // Whoever asked may be gone.
            let _ = reply.send(());
        }
    }
}

async fn write_batch(connection: &mut SqliteConnection, mut rest: &[Request]) -> sqlx::Result<()> {
    let mut transaction = connection.begin().await?;
    while !rest.is_empty() {
        // Few sizes, so that every statement is a prepared one.
        let (rows, later) = rest.split_at(1 << rest.len().ilog2());
        let values = vec!["(?)"; rows.len()].join(", ");
        let sql = format!("INSERT INTO requests (body) VALUES {values}");
        let mut insert = sqlx::query(AssertSqlSafe(sql));
        for (body, _) in rows {
            insert = insert.bind(body.to_vec());
        }
        insert.execute(&mut *transaction).await?;
        rest = later;
    }
    transaction.commit().await
}
