//! Commit and rollback of what an execution did in our own store.
//!
//! With auto commit off, every effect notes in `undo_log`, in its own
//! transaction, what it takes to undo it. `Commit` forgets the notes;
//! `Rollback` undoes what they say and forgets them, in the transaction that
//! writes `RolledBack` down. So a crash at any moment leaves either an effect
//! with its note, or neither, and a rollback has happened whole or not at all.
//! With auto commit on nothing is noted.
//!
//! Undone are records of data stores (`records`), built-in spreadsheets
//! (`sheets`) and messages in the outbox. What somebody else has changed in
//! the meantime is never overwritten: the rollback is refused as a whole, and
//! the run ends with InconsistencyError.

pub(crate) mod records;
pub(crate) mod sheets;

use rouage_model::sheets::ApiError;
use rouage_model::{ExecutionId, MailId, Text};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, NotSet, QueryFilter, Set, Statement};

use crate::entities::{mails, undo_log};
use crate::{Change, Error, Fence, Store, WriteTx, positions};

/// What the lines of messages are called.
const MAIL: &str = "mail";

/// What it did stays.
pub(crate) async fn commit(tx: &mut WriteTx, execution: ExecutionId) -> Result<(), Error> {
    forget(tx, execution).await?;
    positions::commit(tx, execution).await
}

/// Undoes what it did. The inner error: somebody else has changed it since;
/// the caller must then undo what was begun (the committer's savepoint).
pub(crate) async fn rollback(tx: &mut WriteTx, execution: ExecutionId) -> Result<Result<(), ApiError>, Error> {
    for undone in [records::undo(tx, execution).await?, sheets::undo(tx, execution).await?] {
        if let Err(problem) = undone {
            return Ok(Err(refusal(&problem)));
        }
    }
    undo_mails(tx, execution).await?;
    forget(tx, execution).await?;
    positions::discard(tx, execution).await?;
    Ok(Ok(()))
}

/// After a rollback that was refused: what was done stays, and its notes serve
/// nobody any more.
pub(crate) async fn give_up(tx: &mut WriteTx, execution: ExecutionId) -> Result<(), Error> {
    forget(tx, execution).await?;
    positions::discard(tx, execution).await
}

/// Undoes what a run did that ends without a rollback of its own: stopped by
/// hand, or given up. What cannot be undone stays. Repeating does no harm.
/// [`Error::Fenced`] when the lease went to somebody else: then the run goes on
/// there, and nothing is undone.
pub async fn abandon(store: &Store, execution: ExecutionId, fence: Fence) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    fenced(&tx, execution, fence).await?;
    let point = tx.savepoint().await?;
    match rollback(&mut tx, execution).await? {
        Ok(()) => tx.release(point).await?,
        Err(refusal) => {
            tracing::warn!(execution.id = %execution, reason = refusal.message, "what the run did stays");
            tx.rollback_to(point).await?;
            give_up(&mut tx, execution).await?;
        }
    }
    tx.commit().await
}

/// Holds the lease until the transaction ends.
async fn fenced(tx: &WriteTx, execution: ExecutionId, fence: Fence) -> Result<(), Error> {
    let lock = if tx.backend() == DbBackend::Postgres { " FOR UPDATE" } else { "" };
    let sql = format!("SELECT 1 FROM executions WHERE id = $1 AND fence = $2 AND status = 'running'{lock}");
    let values = [execution.0.into(), fence.0.into()];
    let found = tx.db().query_one_raw(Statement::from_sql_and_values(tx.backend(), sql, values)).await?;
    found.map(drop).ok_or(Error::Fenced)
}

fn refusal(problem: &Text) -> ApiError {
    let message = format!("nothing was rolled back: {problem}");
    ApiError { code: 409, status: "ABORTED", message }
}

async fn forget(tx: &WriteTx, execution: ExecutionId) -> Result<(), Error> {
    let all = undo_log::Entity::delete_many().filter(undo_log::Column::ExecutionId.eq(execution.0));
    all.exec(tx.db()).await?;
    Ok(())
}

/// Notes a message that was put into the outbox.
pub(crate) async fn note_mail(tx: &WriteTx, run: ExecutionId, mail: MailId) -> Result<(), Error> {
    let line = undo_log::ActiveModel {
        id: NotSet,
        execution_id: Set(run.0),
        kind: Set(MAIL.to_owned()),
        target: Set(mail.0),
        ..Default::default()
    };
    undo_log::Entity::insert(line).exec_without_returning(tx.db()).await?;
    Ok(())
}

async fn undo_mails(tx: &mut WriteTx, run: ExecutionId) -> Result<(), Error> {
    let noted = Query::select()
        .column(undo_log::Column::Target)
        .from(undo_log::Entity)
        .and_where(undo_log::Column::ExecutionId.eq(run.0))
        .and_where(undo_log::Column::Kind.eq(MAIL))
        .take();
    let gone = mails::Entity::delete_many().filter(mails::Column::Id.in_subquery(noted)).exec(tx.db()).await?;
    if gone.rows_affected > 0 {
        tx.changed(Change::Mail);
    }
    Ok(())
}

/// Takes a row for writing, so that nobody else changes what hangs on it until
/// the transaction ends. SQLite has one writer anyway.
async fn take(tx: &WriteTx, table: &str, column: &str, id: i64) -> Result<(), Error> {
    if tx.backend() == DbBackend::Postgres {
        let sql = format!("SELECT 1 FROM {table} WHERE {column} = $1 FOR UPDATE");
        tx.db().query_all_raw(Statement::from_sql_and_values(tx.backend(), sql, [id.into()])).await?;
    }
    Ok(())
}
