//! How far the polling triggers have come, and where each was told to start.
//!
//! A position comes with the bundles of a poll, in the transaction of their
//! event, and is pending until the execution is committed; a rollback forgets
//! it. So an item is delivered again after a rollback and never after a commit.
//! A run that stored some of its items as incomplete executions keeps them all.
//! Stored shape of both values: version 1, fixture `position-v1.jsonl`.

use jiff::Timestamp;
use rouage_model::sheets::ApiError;
use rouage_model::{ExecutionId, ModuleId, ScenarioId, Value};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, Set};

use crate::entities::positions;
use crate::text::{instant, micros, read_value, store_value};
use crate::{Error, Store, WriteTx, executions, incompletes};

/// The state of a polling trigger.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// "Choose where to start", in the form of the runtime; `Undefined` when
    /// nobody chose.
    pub start: Value,
    /// How far it has come; `Undefined` before the first poll.
    pub position: Value,
    /// When either changed.
    pub updated_at: Timestamp,
}

/// What a poll came to, for [`crate::StoreEffect::Position`].
#[derive(Debug, Clone, PartialEq)]
pub struct NewPosition {
    /// The scenario.
    pub scenario: ScenarioId,
    /// The polling trigger.
    pub module: ModuleId,
    /// The run that asked.
    pub execution: ExecutionId,
    /// How far it had come when it was asked; `Undefined`: nowhere yet.
    pub from: Value,
    /// Where it was told to start when it was asked.
    pub start: Value,
    /// How far it has come.
    pub position: Value,
    /// Holds at once instead of when the run is committed.
    pub holds: bool,
}

/// The state of a trigger; `None` when it was never polled and nobody chose
/// where it starts.
pub async fn find(store: &Store, scenario: ScenarioId, module: ModuleId) -> Result<Option<Position>, Error> {
    let row = positions::Entity::find_by_id((scenario.0, module.0)).one(store.reader()).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &positions::Model) -> Result<Position, Error> {
    let value = |text: &str| read_value("the position of a trigger", text.as_bytes());
    let position = row.position.as_deref().map(value).transpose()?;
    let updated_at = instant(row.updated_at);
    Ok(Position { start: value(&row.start)?, position: position.unwrap_or_default(), updated_at })
}

/// Tells a trigger where to start, and forgets how far it has come. A poll that
/// is under way does not bring its position back.
pub async fn restart(tx: &mut WriteTx, scenario: ScenarioId, module: ModuleId, start: &Value) -> Result<(), Error> {
    let row = positions::ActiveModel { start: Set(store_value(start)), ..empty(tx, scenario, module) };
    insert_or(tx, row, &[positions::Column::Start, positions::Column::Position]).await
}

/// Forgets how far a trigger has come and where it was told to start.
pub async fn forget(tx: &mut WriteTx, scenario: ScenarioId, module: ModuleId) -> Result<(), Error> {
    positions::Entity::delete_by_id((scenario.0, module.0)).exec(tx.db()).await?;
    Ok(())
}

/// Forgets the triggers of a scenario that is deleted, those of its draft too.
pub(crate) async fn forget_all(tx: &mut WriteTx, scenario: ScenarioId) -> Result<(), Error> {
    positions::Entity::delete_many().filter(positions::Column::ScenarioId.eq(scenario.0)).exec(tx.db()).await?;
    Ok(())
}

/// Gives a trigger the state of another one, which has none any more; both have
/// none when that had none.
pub async fn adopt(tx: &mut WriteTx, scenario: ScenarioId, from: ModuleId, to: ModuleId) -> Result<(), Error> {
    let found = positions::Entity::find_by_id((scenario.0, from.0)).one(tx.db()).await?;
    forget(tx, scenario, from).await?;
    forget(tx, scenario, to).await?;
    let Some(row) = found.filter(|row| row.position.is_some()) else { return Ok(()) };
    let row = positions::ActiveModel { start: Set(row.start), position: Set(row.position), ..empty(tx, scenario, to) };
    positions::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Lets a trigger that has no state yet begin like another one.
pub async fn begin_like(tx: &mut WriteTx, scenario: ScenarioId, other: ModuleId, own: ModuleId) -> Result<(), Error> {
    if positions::Entity::find_by_id((scenario.0, own.0)).one(tx.db()).await?.is_some() {
        return Ok(());
    }
    let other = positions::Entity::find_by_id((scenario.0, other.0)).one(tx.db()).await?;
    let Some(row) = other else { return Ok(()) };
    let row = positions::ActiveModel { start: Set(row.start), position: Set(row.position), ..empty(tx, scenario, own) };
    positions::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Lets a trigger that has no position yet begin at this one.
pub async fn begin(tx: &mut WriteTx, scenario: ScenarioId, module: ModuleId, position: &Value) -> Result<(), Error> {
    let row = positions::ActiveModel { position: Set(Some(store_value(position))), ..empty(tx, scenario, module) };
    let conflict = OnConflict::columns([positions::Column::ScenarioId, positions::Column::Module])
        .update_columns([positions::Column::Position, positions::Column::UpdatedAt])
        .action_and_where(Expr::col((positions::Entity, positions::Column::Position)).is_null())
        .to_owned();
    positions::Entity::insert(row).on_conflict(conflict).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Keeps the position of a poll. Refused when the trigger stands elsewhere than
/// where the poll began, or another run that is not over has found items there:
/// then what was found is that run's, or not wanted any more.
pub(crate) async fn note(tx: &mut WriteTx, new: NewPosition) -> Result<Result<(), ApiError>, Error> {
    let row = take(tx, &new).await?;
    let Position { start, position, .. } = read(&row)?;
    let was_moved = position != new.from || start != Value::Undefined && start != new.start;
    let other = row.execution_id.filter(|other| *other != new.execution.0 && row.pending.is_some());
    let is_in_use = match other {
        Some(other) => executions::is_active(tx, ExecutionId(other)).await?,
        None => false,
    };
    if was_moved || is_in_use {
        return Ok(Err(refusal(was_moved)));
    }
    let stored = Some(store_value(&new.position));
    let mut row = empty(tx, new.scenario, new.module);
    if new.holds {
        row.position = Set(stored);
        return insert_or(tx, row, &[positions::Column::Position]).await.map(Ok);
    }
    (row.pending, row.execution_id) = (Set(stored), Set(Some(new.execution.0)));
    insert_or(tx, row, &[]).await.map(Ok)
}

/// The row, held until the transaction ends.
async fn take(tx: &WriteTx, new: &NewPosition) -> Result<positions::Model, Error> {
    let key = OnConflict::columns([positions::Column::ScenarioId, positions::Column::Module]).do_nothing().to_owned();
    let row = empty(tx, new.scenario, new.module);
    positions::Entity::insert(row).on_conflict(key).exec_without_returning(tx.db()).await?;
    let mut find = positions::Entity::find_by_id((new.scenario.0, new.module.0));
    // SQLite has one writer anyway.
    if tx.backend() == DbBackend::Postgres {
        find = find.lock_exclusive();
    }
    find.one(tx.db()).await?.ok_or(Error::NotFound)
}

fn refusal(was_moved: bool) -> ApiError {
    let why = if was_moved {
        "the trigger was moved on or started anew while it was asked"
    } else {
        "another run of this scenario has found the same items and is not over"
    };
    let message = format!("{why}; nothing of what it found was processed. Run the scenario again");
    ApiError { code: 409, status: "ABORTED", message }
}

fn empty(tx: &WriteTx, scenario: ScenarioId, module: ModuleId) -> positions::ActiveModel {
    positions::ActiveModel {
        scenario_id: Set(scenario.0),
        module: Set(module.0),
        start: Set(store_value(&Value::Undefined)),
        position: Set(None),
        pending: Set(None),
        execution_id: Set(None),
        updated_at: Set(micros(tx.now())),
    }
}

/// Inserts the row, or takes over what is pending in it and these columns.
async fn insert_or(tx: &WriteTx, row: positions::ActiveModel, columns: &[positions::Column]) -> Result<(), Error> {
    use positions::Column::{ExecutionId, Module, Pending, ScenarioId, UpdatedAt};
    let taken = columns.iter().copied().chain([Pending, ExecutionId, UpdatedAt]);
    let conflict = OnConflict::columns([ScenarioId, Module]).update_columns(taken).to_owned();
    positions::Entity::insert(row).on_conflict(conflict).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// What an execution polled holds from now on.
pub(crate) async fn commit(tx: &mut WriteTx, execution: ExecutionId) -> Result<(), Error> {
    end(tx, execution, true).await
}

/// What an execution polled is as if it had not been; unless a part of it was
/// stored as an incomplete execution since: that would be done twice.
pub(crate) async fn discard(tx: &mut WriteTx, execution: ExecutionId) -> Result<(), Error> {
    let polled = positions::Entity::find().filter(positions::Column::ExecutionId.eq(execution.0)).one(tx.db());
    let Some(polled) = polled.await? else { return Ok(()) };
    let stored = incompletes::stored_since(tx, &[execution.0], polled.updated_at).await?;
    end(tx, execution, !stored.is_empty()).await
}

async fn end(tx: &mut WriteTx, execution: ExecutionId, keep: bool) -> Result<(), Error> {
    use positions::Column::{ExecutionId, Pending, Position, UpdatedAt};
    let mut update = positions::Entity::update_many().filter(ExecutionId.eq(execution.0));
    if keep {
        update = update.col_expr(Position, Expr::col(Pending)).col_expr(UpdatedAt, Expr::value(micros(tx.now())));
    }
    update
        .col_expr(Pending, Expr::value(None::<String>))
        .col_expr(ExecutionId, Expr::value(None::<uuid::Uuid>))
        .exec(tx.db())
        .await?;
    Ok(())
}
