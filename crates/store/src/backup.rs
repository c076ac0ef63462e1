//! Backups: a copy of a SQLite database that is whole, made while it is used,
//! and what must be true after it was put back.
//!
//! A copy shows a moment that has passed. What was under way then may have been
//! finished since, so after a restore nothing of it is done again by itself:
//! it is shown, and a person decides (fault case F39).

use std::path::Path;
use std::str::FromStr as _;

use jiff::Timestamp;
use rouage_model::clock::Clock;
use rouage_model::{ScenarioId, TeamId};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};
use sea_orm::sqlx::{self, AssertSqlSafe, Connection as _, Row as _};
use sea_orm::{ConnectionTrait, Statement, Value as Column};

use crate::text::{instant, micros};
use crate::{Change, Error, Store, WriteTx, notices, settings};

/// When the copy was made, in microseconds; a setting that only copies have.
const MADE_AT: &str = "backup_made_at";

/// Why a run of a restored copy waits for a person.
pub const UNKNOWN: &str = "A backup was restored that was made while this run was not over. \
    What it did after that is not known.";

/// What a copy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// When it was made.
    pub made_at: Timestamp,
    /// Scenarios that are not deleted.
    pub scenarios: u64,
    /// Runs in its history.
    pub executions: u64,
    /// Its size in bytes.
    pub size: u64,
}

/// Copies the SQLite database at `url` into a new file, verifies the copy and
/// says what is in it. Others may read and write meanwhile; the copy is the
/// database of one moment. Secrets in it stay sealed: without the key they are
/// of no use.
pub async fn copy(url: &str, to: &Path, clock: &dyn Clock) -> Result<Contents, Error> {
    let Some(name) = to.to_str() else { return Err(Error::Conflict("the name of the file is not UTF-8".into())) };
    let mut source = SqliteConnection::connect_with(&SqliteConnectOptions::from_str(url)?.read_only(true)).await?;
    let made_at = clock.now();
    sqlx::query("VACUUM INTO ?").bind(name).execute(&mut source).await?;
    source.close().await?;
    let mut copy = SqliteConnection::connect_with(&file(to).journal_mode(SqliteJournalMode::Delete)).await?;
    sqlx::query(
        "INSERT INTO settings (name, text) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET text = excluded.text",
    )
    .bind(MADE_AT)
    .bind(micros(made_at).to_string())
    .execute(&mut copy)
    .await?;
    copy.close().await?;
    verify(to).await
}

/// Checks that a file is a whole database of Rouage that was made by [`copy`].
pub async fn verify(path: &Path) -> Result<Contents, Error> {
    let unusable = |what: String| Error::Conflict(format!("{} {what}", path.display()));
    let mut db = SqliteConnection::connect_with(&file(path).read_only(true)).await?;
    let found = sqlx::query("PRAGMA integrity_check").fetch_one(&mut db).await;
    match found.and_then(|row| row.try_get::<String, _>(0)) {
        Ok(found) if found == "ok" => {}
        Ok(found) => return Err(unusable(format!("is damaged: {found}"))),
        Err(error) => return Err(unusable(format!("is no backup of Rouage: {error}"))),
    }
    if let Some(row) = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut db).await? {
        let table: String = row.try_get(0)?;
        return Err(unusable(format!("is damaged: a row of {table} belongs to nothing")));
    }
    let made = sqlx::query("SELECT text FROM settings WHERE name = ?").bind(MADE_AT).fetch_optional(&mut db).await;
    let made = made.ok().flatten().and_then(|row| row.try_get::<String, _>(0).ok());
    let made = made.and_then(|text| text.parse().ok());
    let Some(made) = made else { return Err(unusable("was not made by `rouage backup`".into())) };
    let contents = Contents {
        made_at: instant(made),
        scenarios: count(&mut db, "SELECT COUNT(*) FROM scenarios WHERE deleted_at IS NULL").await?,
        executions: count(&mut db, "SELECT COUNT(*) FROM executions").await?,
        size: std::fs::metadata(path).map(|data| data.len()).unwrap_or(0),
    };
    db.close().await?;
    Ok(contents)
}

fn file(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).create_if_missing(false)
}

async fn count(db: &mut SqliteConnection, sql: &'static str) -> Result<u64, Error> {
    let count: i64 = sqlx::query(AssertSqlSafe(sql)).fetch_one(db).await?.try_get(0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// What was held back when a copy was put back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Runs that a person must look at.
    pub runs: u64,
    /// Incomplete executions that are not retried by themselves any more.
    pub incompletes: u64,
    /// Scenarios that were switched off, by name.
    pub scenarios: Vec<String>,
}

/// Makes an opened copy fit to be used in place of the database it was made of:
/// runs that were not over wait for a decision, incomplete executions for a
/// person, schedules go on with their next slot from now, and scenarios that
/// would read again what was read since (polling triggers, queued requests) are
/// off. Everybody must sign in again. `None` when this was done already or the
/// database is no copy; then nothing changes.
pub async fn settle(store: &Store) -> Result<Option<Held>, Error> {
    let Some(made) = settings::get(store, MADE_AT).await? else { return Ok(None) };
    let made_at = instant(made.parse().map_err(|error| Error::corrupt("the time of the backup", error))?);
    let mut tx = store.begin().await?;
    let held = Held {
        runs: hold_runs(&tx).await?,
        incompletes: hold_incompletes(&tx).await?,
        scenarios: switch_off_readers(&mut tx, made_at).await?,
    };
    run(&tx, "UPDATE scenarios SET next_run_at = NULL, paused_until = NULL WHERE deleted_at IS NULL", []).await?;
    run(&tx, "DELETE FROM sessions", []).await?;
    settings::delete(&mut tx, MADE_AT).await?;
    tx.changed(Change::Missed);
    tx.commit().await?;
    Ok(Some(held))
}

async fn hold_runs(tx: &WriteTx) -> Result<u64, Error> {
    let sql = "UPDATE executions SET status = 'in-doubt', ready_at = NULL, lease_owner = NULL, fence = fence + 1, \
        error = $1 WHERE status IN ('queued', 'running', 'waiting')";
    run(tx, sql, [UNKNOWN.into()]).await
}

async fn hold_incompletes(tx: &WriteTx) -> Result<u64, Error> {
    let sql = "UPDATE incompletes SET status = 'unresolved', retry_at = NULL, asked = $1 WHERE status = 'pending'";
    run(tx, sql, [false.into()]).await
}

async fn switch_off_readers(tx: &mut WriteTx, made_at: Timestamp) -> Result<Vec<String>, Error> {
    let sql = "SELECT s.id, s.team_id, s.name FROM scenarios s WHERE s.enabled AND s.deleted_at IS NULL AND ( \
        EXISTS (SELECT 1 FROM positions p WHERE p.scenario_id = s.id) OR EXISTS (SELECT 1 FROM deliveries d \
        JOIN hooks h ON h.id = d.hook_id WHERE h.scenario_id = s.id AND d.status = 'queued')) ORDER BY s.id";
    let found = tx.db().query_all_raw(Statement::from_string(tx.backend(), sql)).await?;
    let problem = format!(
        "Switched off because a backup of {} UTC was restored: it would take once more what it has taken since then. \
         Look at its requests that wait and at where its trigger starts, then switch it on.",
        made_at.strftime("%Y-%m-%d %H:%M")
    );
    let mut names = Vec::new();
    for row in found {
        let (id, team): (i64, i64) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        names.push(row.try_get_by_index(2)?);
        let off = "UPDATE scenarios SET enabled = $1, problem = $2 WHERE id = $3";
        run(tx, off, [false.into(), problem.as_str().into(), id.into()]).await?;
        notices::give(tx, TeamId(team), Some(ScenarioId(id)), &problem).await?;
    }
    Ok(names)
}

async fn run<const N: usize>(tx: &WriteTx, sql: &str, values: [Column; N]) -> Result<u64, Error> {
    let done = tx.db().execute_raw(Statement::from_sql_and_values(tx.backend(), sql, values)).await?;
    Ok(done.rows_affected())
}
