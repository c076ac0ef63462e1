//! Incomplete executions: branches that failed or are in doubt, kept until
//! somebody or something goes on with them.
//!
//! What is needed to go on is the journal of the run that stored one, so that
//! run stays as long as its incomplete executions are open ([`needed_executions`]).

mod limits;
mod retry;

pub use limits::{Limits, limits, set_limits};
pub(crate) use retry::hold;
pub use retry::{
    AT_ONCE, Begun, Ended, NewRetry, Retried, begin, begin_batch, begin_next, call_next, due_scenarios,
    needed_executions, oldest_open, settle,
};

use jiff::Timestamp;
use rouage_model::execution::{IncompleteReason, IncompleteStatus};
use rouage_model::{ExecutionId, IncompleteId, ModuleError, ModuleId, OperationId, ScenarioId, TeamId, Value};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, OnConflict, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, NotSet, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use crate::entities::{executions, incompletes};
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
    /// What decides about automatic retries.
    pub policy: Policy,
    /// How many automatic retries there were.
    pub automatic: u32,
    /// A person wants a retry as soon as there is room for it.
    pub asked: bool,
    /// The latest run that retries it.
    pub retried_by: Option<ExecutionId>,
}

/// What decides about automatic retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// The type of the error (source: `make-semantics.md` §4.5).
    #[default]
    ByError,
    /// The Break directive.
    Break {
        /// How many automatic retries.
        count: u32,
        /// Minutes between them.
        interval: u32,
    },
    /// There are none: a Break that does not complete by itself.
    ByHand,
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
    /// What is needed to go on beyond the journal.
    pub state: Value,
    /// Bytes that it is counted with, beyond its state.
    pub size: u64,
    /// When to retry by itself: status pending. `None`: unresolved.
    pub retry_at: Option<Timestamp>,
    /// What decides about automatic retries.
    pub policy: Policy,
}

/// Which incomplete executions are wanted; `None` means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Those of one scenario.
    pub scenario: Option<ScenarioId>,
    /// Those that stand so.
    pub status: Option<IncompleteStatus>,
    /// Those that are not resolved.
    pub is_open: bool,
    /// Those with this text in their error, of this module, or of this run.
    pub text: Option<String>,
}

/// Incomplete executions, newest first.
pub async fn list(store: &Store, team: TeamId, filter: &Filter, page: PageRequest) -> Result<Page<Incomplete>, Error> {
    let find = incompletes::Entity::find().filter(incompletes::Column::TeamId.eq(team.0)).filter(condition(filter));
    let total = find.clone().count(store.reader()).await?;
    let find = find.order_by_desc(incompletes::Column::Id).offset(page.offset()).limit(page.limit());
    Ok(Page::new(page, total, load(store, find).await?))
}

fn condition(filter: &Filter) -> Condition {
    use incompletes::Column::{Error as Reason, ExecutionId as Execution, Module, ScenarioId as Scenario, Status};
    let mut all = Condition::all()
        .add_option(filter.scenario.map(|scenario| Scenario.eq(scenario.0)))
        .add_option(filter.status.map(|status| Status.eq(status.as_str())))
        .add_option(filter.is_open.then(|| Status.ne(IncompleteStatus::Resolved.as_str())));
    if let Some(wanted) = filter.text.as_deref().map(str::trim).filter(|wanted| !wanted.is_empty()) {
        let like = LikeExpr::new(text::like(wanted)).escape('\\');
        let in_error = Expr::expr(Func::lower(Expr::col(Reason))).like(like);
        let is_run = wanted.parse::<uuid::Uuid>().ok().map(|id| Execution.eq(id));
        let is_module = wanted.parse::<i64>().ok().map(|id| Module.eq(id));
        all = all.add(Condition::any().add(in_error).add_option(is_run).add_option(is_module));
    }
    all
}

/// The ids of those that are open and nobody is at, oldest first.
pub async fn open_ids(store: &Store, team: TeamId, filter: &Filter) -> Result<Vec<IncompleteId>, Error> {
    let idle = [IncompleteStatus::Unresolved, IncompleteStatus::Pending].map(IncompleteStatus::as_str);
    let found: Vec<i64> = incompletes::Entity::find()
        .filter(incompletes::Column::TeamId.eq(team.0))
        .filter(condition(filter))
        .filter(incompletes::Column::Status.is_in(idle))
        .order_by_asc(incompletes::Column::Id)
        .select_only()
        .column(incompletes::Column::Id)
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(found.into_iter().map(IncompleteId).collect())
}

/// One of them.
pub async fn find(store: &Store, team: TeamId, id: IncompleteId) -> Result<Option<Incomplete>, Error> {
    let find = incompletes::Entity::find_by_id(id.0).filter(incompletes::Column::TeamId.eq(team.0));
    Ok(load(store, find).await?.pop())
}

/// Deletes it for good. [`Error::NotFound`] when there is none,
/// [`Error::Conflict`] while a run is at it.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: IncompleteId) -> Result<(), Error> {
    let one = incompletes::Column::Id.eq(id.0).and(incompletes::Column::TeamId.eq(team.0));
    let found = incompletes::Entity::find().filter(one.clone()).one(tx.db()).await?.ok_or(Error::NotFound)?;
    // Before the row itself, as those do that begin a retry of it.
    hold(tx, vec![found.scenario_id]).await?;
    let idle = incompletes::Column::Status.ne(IncompleteStatus::InProgress.as_str());
    let deleted = incompletes::Entity::delete_many().filter(one).filter(idle).exec(tx.db()).await?.rows_affected;
    if deleted == 0 {
        return Err(Error::Conflict("it is being retried at this moment; stop that run first".into()));
    }
    call_next(tx, ScenarioId(found.scenario_id)).await?;
    tx.changed(Change::Execution(ExecutionId(found.execution_id), ScenarioId(found.scenario_id)));
    Ok(())
}

/// How many days a resolved one is kept (source: `make-semantics.md` §4.7).
pub const RESOLVED_DAYS: i64 = 30;

/// Deletes up to `limit` of all teams that were resolved before a moment.
/// Gives how many.
pub async fn delete_resolved(tx: &mut WriteTx, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let ids: Vec<i64> = incompletes::Entity::find()
        .filter(incompletes::Column::Status.eq(IncompleteStatus::Resolved.as_str()))
        .filter(incompletes::Column::UpdatedAt.lt(micros(before)))
        .limit(u64::from(limit))
        .select_only()
        .column(incompletes::Column::Id)
        .into_tuple()
        .all(tx.db())
        .await?;
    let these = incompletes::Column::Id.is_in(ids);
    Ok(incompletes::Entity::delete_many().filter(these).exec(tx.db()).await?.rows_affected)
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

/// Which of these runs stored something at or after a moment. What they took in
/// must not be taken in again: a part of it is done by a retry.
pub(crate) async fn stored_since(tx: &WriteTx, runs: &[Uuid], since: i64) -> Result<Vec<Uuid>, Error> {
    use incompletes::Column::{CreatedAt, ExecutionId, ScenarioId};
    // By the scenario, for which there is an index.
    let scenarios = Query::select()
        .column(executions::Column::ScenarioId)
        .from(executions::Entity)
        .and_where(executions::Column::Id.is_in(runs.iter().copied()))
        .take();
    let these = ExecutionId.is_in(runs.iter().copied()).and(CreatedAt.gte(since));
    let found = incompletes::Entity::find().filter(ScenarioId.in_subquery(scenarios)).filter(these);
    Ok(found.select_only().column(ExecutionId).distinct().into_tuple().all(tx.db()).await?)
}

/// Stores one, once for each execution and operation. `None` when its scenario
/// has as many as it may.
pub(crate) async fn insert(tx: &mut WriteTx, new: NewIncomplete) -> Result<Option<IncompleteId>, Error> {
    use incompletes::Column::{ExecutionId as Execution, Operation};
    let (execution, operation) = (new.execution.0, i32::try_from(new.operation.0).unwrap_or(i32::MAX));
    if let Some(id) = existing(tx, execution, operation).await? {
        return Ok(Some(id));
    }
    if limits::is_full(tx, new.scenario, new.size).await? {
        return Ok(None);
    }
    tx.changed(Change::Execution(new.execution, new.scenario));
    let once = OnConflict::columns([Execution, Operation]).do_nothing().to_owned();
    let row = row(new, micros(tx.now()));
    match incompletes::Entity::insert(row).on_conflict(once).exec_without_returning(tx.db()).await {
        Ok(_) | Err(sea_orm::DbErr::RecordNotInserted) => {}
        Err(error) => return Err(error.into()),
    }
    let id = existing(tx, execution, operation).await?;
    id.map(Some).ok_or_else(|| Error::Database("an incomplete execution was written and is not there".into()))
}

async fn existing(tx: &WriteTx, execution: uuid::Uuid, operation: i32) -> Result<Option<IncompleteId>, Error> {
    use incompletes::Column::{ExecutionId as Execution, Id, Operation};
    let id: Option<i64> = incompletes::Entity::find()
        .filter(Execution.eq(execution).and(Operation.eq(operation)))
        .select_only()
        .column(Id)
        .into_tuple()
        .one(tx.db())
        .await?;
    Ok(id.map(IncompleteId))
}

fn row(new: NewIncomplete, now: i64) -> incompletes::ActiveModel {
    let state = text::store_value(&new.state).into_bytes();
    let status = if new.retry_at.is_some() { IncompleteStatus::Pending } else { IncompleteStatus::Unresolved };
    let (policy, count, interval) = match new.policy {
        Policy::ByError => ("default", 0, 0),
        Policy::Break { count, interval } => ("break", count, interval),
        Policy::ByHand => ("hand", 0, 0),
    };
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
        size: Set(text::column(new.size.saturating_add(state.len() as u64))),
        state: Set(state),
        attempts: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
        retry_at: Set(new.retry_at.map(micros)),
        policy: Set(policy.to_owned()),
        policy_count: Set(i32::try_from(count).unwrap_or(i32::MAX)),
        policy_interval: Set(i32::try_from(interval).unwrap_or(i32::MAX)),
        automatic: Set(0),
        asked: Set(false),
        version: Set(None),
        retried_by: Set(None),
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
        policy: match row.policy.as_str() {
            "break" => Policy::Break { count: small(row.policy_count), interval: small(row.policy_interval) },
            "hand" => Policy::ByHand,
            _ => Policy::ByError,
        },
        automatic: small(row.automatic),
        asked: row.asked,
        retried_by: row.retried_by.map(ExecutionId),
    })
}
