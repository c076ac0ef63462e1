//! Incomplete executions: branches that failed or are in doubt, kept with what
//! is needed to go on.

use jiff::Timestamp;
use rouage_model::execution::{IncompleteReason, IncompleteStatus};
use rouage_model::{ExecutionId, IncompleteId, ModuleError, ModuleId, OperationId, ScenarioId, TeamId, Value};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, EntityTrait, NotSet, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::entities::incompletes;
use crate::scenarios::names;
use crate::store::Change;
use crate::text::{self, count, instant, micros, small};
use crate::{Error, Page, PageRequest, Store, WriteTx};

/// An incomplete execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Incomplete {
    /// Its id.
    pub id: IncompleteId,
    /// Whose it is.
    pub team: TeamId,
    /// The scenario.
    pub scenario: ScenarioId,
    /// The name of the scenario.
    pub scenario_name: String,
    /// The run that it comes from.
    pub execution: ExecutionId,
    /// The operation that failed or is in doubt.
    pub operation: OperationId,
    /// The module of that operation.
    pub module: ModuleId,
    /// Why it is incomplete.
    pub reason: IncompleteReason,
    /// Where it stands.
    pub status: IncompleteStatus,
    /// The error.
    pub error: ModuleError,
    /// What is needed to go on, as the engine gave it.
    pub state: Value,
    /// Bytes of the state.
    pub size: u64,
    /// How often going on was tried.
    pub attempts: u32,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
    /// When it will be retried by itself.
    pub retry_at: Option<Timestamp>,
}

/// An incomplete execution to store. One for each execution and operation:
/// storing it again changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct NewIncomplete {
    /// Whose it is.
    pub team: TeamId,
    /// The scenario.
    pub scenario: ScenarioId,
    /// The run that it comes from.
    pub execution: ExecutionId,
    /// The operation that failed or is in doubt.
    pub operation: OperationId,
    /// The module of that operation.
    pub module: ModuleId,
    /// Why it is incomplete.
    pub reason: IncompleteReason,
    /// The error.
    pub error: ModuleError,
    /// What is needed to go on.
    pub state: Value,
    /// When to retry by itself: status pending. `None`: unresolved.
    pub retry_at: Option<Timestamp>,
}

/// Incomplete executions, newest first.
pub async fn list(
    store: &Store,
    team: TeamId,
    scenario: Option<ScenarioId>,
    status: Option<IncompleteStatus>,
    page: PageRequest,
) -> Result<Page<Incomplete>, Error> {
    let mut find = incompletes::Entity::find().filter(incompletes::Column::TeamId.eq(team.0));
    if let Some(scenario) = scenario {
        find = find.filter(incompletes::Column::ScenarioId.eq(scenario.0));
    }
    if let Some(status) = status {
        find = find.filter(incompletes::Column::Status.eq(status.as_str()));
    }
    let total = find.clone().count(store.reader()).await?;
    let find = find.order_by_desc(incompletes::Column::Id).offset(page.offset()).limit(page.limit());
    Ok(Page::new(page, total, load(store, find).await?))
}

/// One of them.
pub async fn find(store: &Store, team: TeamId, id: IncompleteId) -> Result<Option<Incomplete>, Error> {
    let find = incompletes::Entity::find_by_id(id.0).filter(incompletes::Column::TeamId.eq(team.0));
    Ok(load(store, find).await?.pop())
}

/// Those of all teams whose retry is due, earliest first.
pub async fn due(store: &Store, now: Timestamp, limit: u32) -> Result<Vec<Incomplete>, Error> {
    let find = incompletes::Entity::find()
        .filter(incompletes::Column::RetryAt.lte(micros(now)))
        .filter(incompletes::Column::Status.eq(IncompleteStatus::Pending.as_str()))
        .order_by_asc(incompletes::Column::RetryAt)
        .limit(u64::from(limit));
    load(store, find).await
}

/// Moves it on. `retry_at` is set as given; going to in-progress counts an
/// attempt. [`Error::NotFound`] when there is none.
pub async fn set_status(
    tx: &mut WriteTx,
    team: TeamId,
    id: IncompleteId,
    status: IncompleteStatus,
    retry_at: Option<Timestamp>,
) -> Result<(), Error> {
    use incompletes::Column::{Attempts, Id, TeamId as Team};
    let row = incompletes::ActiveModel {
        status: Set(status.as_str().to_owned()),
        retry_at: Set(retry_at.map(micros)),
        updated_at: Set(micros(tx.now())),
        ..Default::default()
    };
    let attempt = i32::from(status == IncompleteStatus::InProgress);
    let update = incompletes::Entity::update_many()
        .set(row)
        .col_expr(Attempts, Expr::col(Attempts).add(attempt))
        .filter(Id.eq(id.0).and(Team.eq(team.0)));
    crate::one_row(update.exec(tx.db()).await?.rows_affected)
}

/// Deletes it for good. [`Error::NotFound`] when there is none.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: IncompleteId) -> Result<(), Error> {
    let one = incompletes::Column::Id.eq(id.0).and(incompletes::Column::TeamId.eq(team.0));
    crate::one_row(incompletes::Entity::delete_many().filter(one).exec(tx.db()).await?.rows_affected)
}

/// How many of a scenario are not resolved.
pub async fn count_unresolved(store: &Store, team: TeamId, scenario: ScenarioId) -> Result<u64, Error> {
    let open = open(team).filter(incompletes::Column::ScenarioId.eq(scenario.0));
    Ok(open.count(store.reader()).await?)
}

/// How many of all scenarios of a team are not resolved.
pub async fn count_waiting(store: &Store, team: TeamId) -> Result<u64, Error> {
    Ok(open(team).count(store.reader()).await?)
}

fn open(team: TeamId) -> sea_orm::Select<incompletes::Entity> {
    let resolved = IncompleteStatus::Resolved.as_str();
    incompletes::Entity::find()
        .filter(incompletes::Column::TeamId.eq(team.0))
        .filter(incompletes::Column::Status.ne(resolved))
}

/// Stores one, once for each execution and operation.
pub(crate) async fn insert(tx: &mut WriteTx, new: NewIncomplete) -> Result<IncompleteId, Error> {
    use incompletes::Column::{ExecutionId as Execution, Id, Operation};
    let (execution, operation) = (new.execution.0, i32::try_from(new.operation.0).unwrap_or(i32::MAX));
    tx.changed(Change::Execution(new.execution, new.scenario));
    let once = OnConflict::columns([Execution, Operation]).do_nothing().to_owned();
    let row = row(new, micros(tx.now()));
    match incompletes::Entity::insert(row).on_conflict(once).exec_without_returning(tx.db()).await {
        Ok(_) | Err(sea_orm::DbErr::RecordNotInserted) => {}
        Err(error) => return Err(error.into()),
    }
    let id: Option<i64> = incompletes::Entity::find()
        .filter(Execution.eq(execution).and(Operation.eq(operation)))
        .select_only()
        .column(Id)
        .into_tuple()
        .one(tx.db())
        .await?;
    id.map(IncompleteId).ok_or_else(|| Error::Database("an incomplete execution was written and is not there".into()))
}

fn row(new: NewIncomplete, now: i64) -> incompletes::ActiveModel {
    let state = text::store_value(&new.state).into_bytes();
    let status = if new.retry_at.is_some() { IncompleteStatus::Pending } else { IncompleteStatus::Unresolved };
    incompletes::ActiveModel {
        id: NotSet,
        team_id: Set(new.team.0),
        scenario_id: Set(new.scenario.0),
        execution_id: Set(new.execution.0),
        operation: Set(i32::try_from(new.operation.0).unwrap_or(i32::MAX)),
        module: Set(new.module.0),
        reason: Set(new.reason.as_str().to_owned()),
        status: Set(status.as_str().to_owned()),
        // A model without maps always becomes JSON.
        error: Set(serde_json::to_string(&new.error).unwrap_or_default()),
        size: Set(text::column(state.len() as u64)),
        state: Set(state),
        attempts: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
        retry_at: Set(new.retry_at.map(micros)),
    }
}

async fn load(store: &Store, find: sea_orm::Select<incompletes::Entity>) -> Result<Vec<Incomplete>, Error> {
    let rows = find.all(store.reader()).await?;
    let names = names(store, rows.iter().map(|row| row.scenario_id)).await?;
    rows.into_iter().map(|row| read(row, &names)).collect()
}

fn read(row: incompletes::Model, names: &std::collections::HashMap<i64, String>) -> Result<Incomplete, Error> {
    let corrupt = |cause: String| Error::corrupt("an incomplete execution", cause);
    Ok(Incomplete {
        id: IncompleteId(row.id),
        team: TeamId(row.team_id),
        scenario: ScenarioId(row.scenario_id),
        scenario_name: names.get(&row.scenario_id).cloned().unwrap_or_default(),
        execution: ExecutionId(row.execution_id),
        operation: OperationId(small(row.operation)),
        module: ModuleId(row.module),
        reason: row.reason.parse().map_err(corrupt)?,
        status: row.status.parse().map_err(corrupt)?,
        error: serde_json::from_str(&row.error).map_err(|cause| corrupt(cause.to_string()))?,
        state: text::read_value("an incomplete execution", &row.state)?,
        size: count(row.size),
        attempts: small(row.attempts),
        created_at: instant(row.created_at),
        updated_at: instant(row.updated_at),
        retry_at: row.retry_at.map(instant),
    })
}
