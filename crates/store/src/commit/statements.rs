//! The few statements of the hot path that are written by hand: they take many
//! rows at once and read the same on both databases.

use std::fmt::Write;

use sea_orm::sea_query::Value as Column;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use uuid::Uuid;

use crate::Error;
use crate::store::WriteTx;

/// Rows for `WITH given (…) AS (VALUES …)`, built together with their values.
/// PostgreSQL cannot guess the type of a parameter there, so it is told.
pub(crate) struct Given {
    sql: String,
    values: Vec<Column>,
    types: &'static [&'static str],
    rows: usize,
    backend: DbBackend,
}

impl Given {
    /// `columns` such as `id, fence` with their PostgreSQL `types`.
    pub(crate) fn new(backend: DbBackend, columns: &str, types: &'static [&'static str]) -> Self {
        Self { sql: format!("WITH given ({columns}) AS (VALUES "), values: Vec::new(), types, rows: 0, backend }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, row: [Column; N]) {
        self.push(row);
    }

    /// Repeats the last row until there is a power of two of rows: few
    /// statements, that are prepared already. For those that do not mind.
    fn pad(&mut self) {
        let width = self.values.len().checked_div(self.rows).unwrap_or(0);
        for _ in self.rows..self.rows.next_power_of_two() {
            self.push(self.values[self.values.len() - width..].to_vec());
        }
    }

    fn push(&mut self, row: impl IntoIterator<Item = Column>) {
        self.rows += 1;
        self.sql.push_str(if self.values.is_empty() { "(" } else { ", (" });
        for (at, (value, kind)) in row.into_iter().zip(self.types).enumerate() {
            self.values.push(value);
            let number = self.values.len();
            let comma = if at == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = match self.backend {
                DbBackend::Postgres => write!(self.sql, "{comma}CAST(${number} AS {kind})"),
                _ => write!(self.sql, "{comma}${number}"),
            };
        }
        self.sql.push(')');
    }

    /// The statement that uses `given`.
    pub(crate) fn then(mut self, sql: &str) -> Statement {
        self.sql.push_str(") ");
        self.sql.push_str(sql);
        Statement::from_sql_and_values(self.backend, self.sql, self.values)
    }
}

/// How an execution stands in the database.
pub(super) struct Standing {
    pub(super) id: Uuid,
    pub(super) team: i64,
    pub(super) fence: i64,
    pub(super) status: String,
    pub(super) origin: String,
    pub(super) stop_requested: bool,
    /// The last number in its journal; -1 when that is empty.
    pub(super) last_seq: i32,
}

/// Reads how executions stand; unknown ones are left out. On PostgreSQL they
/// are locked, so that nobody takes their leases until the commit.
pub(super) async fn standings(tx: &WriteTx, ids: &[Uuid]) -> Result<Vec<Standing>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut given = Given::new(tx.backend(), "id", &["uuid"]);
    for id in ids {
        given.row([(*id).into()]);
    }
    given.pad();
    let lock = if tx.backend() == DbBackend::Postgres { " ORDER BY e.id FOR UPDATE OF e" } else { "" };
    let statement = given.then(&format!(
        "SELECT e.id, e.team_id, e.fence, e.status, e.origin, e.stop_requested, \
         COALESCE((SELECT MAX(j.seq) FROM journal j WHERE j.execution_id = e.id), -1) AS last_seq \
         FROM executions e WHERE e.id IN (SELECT id FROM given){lock}"
    ));
    let rows = tx.db().query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            Ok(Standing {
                id: row.try_get_by("id")?,
                team: row.try_get_by("team_id")?,
                fence: row.try_get_by("fence")?,
                status: row.try_get_by("status")?,
                origin: row.try_get_by("origin")?,
                stop_requested: row.try_get_by("stop_requested")?,
                last_seq: row.try_get_by("last_seq")?,
            })
        })
        .collect()
}

/// What an append makes of its execution.
#[derive(Default)]
pub(super) struct Settled {
    pub(super) id: Uuid,
    pub(super) status: &'static str,
    pub(super) ready_at: Option<i64>,
    pub(super) finished_at: Option<i64>,
    pub(super) operations: Option<i32>,
    pub(super) error: Option<String>,
    pub(super) name: Option<String>,
    pub(super) is_check: bool,
    pub(super) confidential: Option<&'static str>,
}

/// Writes how executions stand, releases their leases, and on the end adds up
/// their journals (which must be written by then).
pub(super) async fn settle(tx: &WriteTx, settled: Vec<Settled>) -> Result<(), Error> {
    if settled.is_empty() {
        return Ok(());
    }
    const TYPES: &[&str] = &["uuid", "text", "bigint", "bigint", "integer", "text", "text", "boolean", "text"];
    const COLUMNS: &str = "id, status, ready_at, finished_at, operations, error, name, is_check, confidential";
    let mut given = Given::new(tx.backend(), COLUMNS, TYPES);
    for one in settled {
        given.row([
            one.id.into(),
            one.status.into(),
            one.ready_at.into(),
            one.finished_at.into(),
            one.operations.into(),
            one.error.into(),
            one.name.into(),
            one.is_check.into(),
            one.confidential.into(),
        ]);
    }
    given.pad();
    let length = if tx.backend() == DbBackend::Postgres { "OCTET_LENGTH" } else { "LENGTH" };
    let statement = given.then(&format!(
        "UPDATE executions SET status = given.status, ready_at = given.ready_at, lease_owner = NULL, \
         finished_at = given.finished_at, error = given.error, name = given.name, is_check = given.is_check, \
         confidential = given.confidential, trials = 0, \
         operations = COALESCE(given.operations, executions.operations), \
         size = CASE WHEN given.finished_at IS NULL THEN executions.size ELSE \
         COALESCE((SELECT SUM({length}(j.data)) FROM journal j WHERE j.execution_id = executions.id), 0) + \
         CAST(COALESCE((SELECT SUM(b.size) FROM blobs b WHERE b.execution_id = executions.id), 0) AS BIGINT) END \
         FROM given WHERE executions.id = given.id"
    ));
    tx.db().execute_raw(statement).await?;
    Ok(())
}

/// Lets the runs go on that wait for ones that have just ended.
pub(super) async fn wake_callers(tx: &WriteTx, ended: Vec<Uuid>, now: i64) -> Result<(), Error> {
    if ended.is_empty() {
        return Ok(());
    }
    let mut given = Given::new(tx.backend(), "id", &["uuid"]);
    for id in ended {
        given.row([id.into()]);
    }
    given.pad();
    let statement = given.then(&format!(
        "UPDATE executions SET ready_at = {now} WHERE status = 'waiting' AND ready_at > {now} AND id IN \
         (SELECT source_id FROM lineages WHERE kind = 'child' AND execution_id IN (SELECT id FROM given))"
    ));
    tx.db().execute_raw(statement).await?;
    Ok(())
}
