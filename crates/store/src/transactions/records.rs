//! Taking back what a run did to data stores.
//!
//! Every write notes the record as it was and the revision that it got. Only
//! the first note of a record says what comes back, and only the last one how
//! it must look now. So all of it is a few statements, however much was done.

use rouage_model::{ExecutionId, Text};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, NotSet, Set, Statement};

use crate::entities::{datastore_records as rows, undo_log};
use crate::text::micros;
use crate::{Error, WriteTx};

/// What the lines are called.
pub(super) const KIND: &str = "record";

/// Notes what a write is about to do to a record; `after` is the revision it
/// gives, `None` when it takes the record away.
pub(crate) async fn note(
    tx: &WriteTx,
    run: ExecutionId,
    store: i64,
    key: &str,
    before: Option<&rows::Model>,
    after: Option<i64>,
) -> Result<(), Error> {
    let line = undo_log::ActiveModel {
        id: NotSet,
        execution_id: Set(run.0),
        kind: Set(KIND.to_owned()),
        target: Set(store),
        part: Set(before.map(|row| row.id)),
        place: Set(None),
        name: Set(Some(key.to_owned())),
        before: Set(before.map(|row| row.data.clone())),
        after: Set(None),
        revision_before: Set(before.map(|row| row.revision)),
        revision_after: Set(after),
        created_at: Set(before.map(|row| row.created_at)),
    };
    undo_log::Entity::insert(line).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Notes that all records are about to go.
pub(crate) async fn note_all(tx: &WriteTx, run: ExecutionId, store: i64) -> Result<(), Error> {
    let sql = "INSERT INTO undo_log (execution_id, kind, target, part, name, before, revision_before, created_at) \
               SELECT $1, 'record', datastore_id, id, key, data, revision, created_at \
               FROM datastore_records WHERE datastore_id = $2";
    execute(tx, sql, vec![run.0.into(), store.into()]).await
}

/// Takes everything back. The inner error: somebody else wrote there since.
pub(super) async fn undo(tx: &mut WriteTx, run: ExecutionId) -> Result<Result<(), Text>, Error> {
    let stores = targets(tx, run).await?;
    if stores.is_empty() {
        return Ok(Ok(()));
    }
    for store in &stores {
        // Nobody else writes there from now on.
        super::take(tx, "datastores", "id", *store).await?;
    }
    if let Some(problem) = conflict(tx, run).await? {
        return Ok(Err(problem));
    }
    let gone = "DELETE FROM datastore_records WHERE EXISTS (SELECT 1 FROM undo_log l WHERE l.execution_id = $1 \
                AND l.kind = 'record' AND l.target = datastore_records.datastore_id AND l.name = datastore_records.key)";
    execute(tx, gone, vec![run.0.into()]).await?;
    let length = match tx.backend() {
        DbBackend::Postgres => "OCTET_LENGTH(before) + OCTET_LENGTH(name)",
        _ => "LENGTH(CAST(before AS BLOB)) + LENGTH(CAST(name AS BLOB))",
    };
    let back = format!(
        "INSERT INTO datastore_records (id, datastore_id, key, data, size, revision, created_at, updated_at) \
         SELECT part, target, name, before, {length}, revision_before, created_at, $2 FROM undo_log \
         WHERE execution_id = $1 AND before IS NOT NULL AND id IN (SELECT MIN(id) FROM undo_log \
         WHERE execution_id = $1 AND kind = 'record' GROUP BY target, name)"
    );
    execute(tx, &back, vec![run.0.into(), micros(tx.now()).into()]).await?;
    for store in stores {
        let sums = "UPDATE datastores SET revision = revision + 1, updated_at = $2, \
                    size = (SELECT COALESCE(SUM(r.size), 0) FROM datastore_records r WHERE r.datastore_id = $1), \
                    records = (SELECT COUNT(*) FROM datastore_records r WHERE r.datastore_id = $1) WHERE id = $1";
        execute(tx, sums, vec![store.into(), micros(tx.now()).into()]).await?;
    }
    Ok(Ok(()))
}

async fn targets(tx: &WriteTx, run: ExecutionId) -> Result<Vec<i64>, Error> {
    let sql = "SELECT DISTINCT target FROM undo_log WHERE execution_id = $1 AND kind = 'record' ORDER BY target";
    let statement = Statement::from_sql_and_values(tx.backend(), sql, [run.0.into()]);
    let found = tx.db().query_all_raw(statement).await?;
    found.iter().map(|row| row.try_get_by_index(0).map_err(Error::from)).collect()
}

/// A record that does not look as this run left it.
async fn conflict(tx: &WriteTx, run: ExecutionId) -> Result<Option<Text>, Error> {
    let sql = "SELECT l.name FROM undo_log l \
               LEFT JOIN datastores s ON s.id = l.target \
               LEFT JOIN datastore_records r ON r.datastore_id = l.target AND r.key = l.name \
               WHERE l.id IN (SELECT MAX(id) FROM undo_log WHERE execution_id = $1 AND kind = 'record' \
               GROUP BY target, name) \
               AND (s.id IS NULL OR COALESCE(r.revision, -1) <> COALESCE(l.revision_after, -1)) LIMIT 1";
    let statement = Statement::from_sql_and_values(tx.backend(), sql, [run.0.into()]);
    let found = tx.db().query_one_raw(statement).await?;
    let Some(row) = found else { return Ok(None) };
    let key: String = row.try_get_by_index(0)?;
    Ok(Some(format!("the record {key:?} of a data store was changed by somebody else meanwhile").into()))
}

async fn execute(tx: &WriteTx, sql: &str, values: Vec<sea_orm::Value>) -> Result<(), Error> {
    tx.db().execute_raw(Statement::from_sql_and_values(tx.backend(), sql, values)).await?;
    Ok(())
}
