//! Retries: a run that goes on with an incomplete execution.
//!
//! The item moves to in-progress in the transaction that creates the run, and
//! on in the transaction that ends it, so there is never more than one run at
//! it, on any node, and none is lost with a process.

use jiff::Timestamp;
use rouage_model::execution::{IncompleteReason, IncompleteStatus, Origin};
use rouage_model::{ExecutionId, IncompleteId, ModuleError, OperationId, ScenarioId, TeamId, Value, Version, clock};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use sea_orm::{Condition, DbBackend, Statement};

use super::incompletes;
use crate::entities::{executions, scenarios};
use crate::scenarios::locked;
use crate::store::Change;
use crate::text::{instant, micros, small};
use crate::{Error, Lineage, NewExecution, Store, WriteTx};

/// The most retries of one scenario at a time (source: `make-semantics.md`
/// §4.7).
pub const AT_ONCE: u64 = 3;

/// The ones that a retry may begin with.
const IDLE: [IncompleteStatus; 2] = [IncompleteStatus::Unresolved, IncompleteStatus::Pending];

/// A retry that a person wants.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRetry {
    /// The variant to run instead of the version that failed.
    pub version: Option<Version>,
    /// The output that takes the place of the failed operation, which is then
    /// not made again.
    pub output: Option<Vec<Value>>,
}

/// What became of the wish for a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// This run goes on with it.
    Run(ExecutionId),
    /// As many retries of the scenario as may be are under way: it is next.
    Waits,
}

/// The end of a run that retried something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retried {
    /// What it retried.
    pub incomplete: IncompleteId,
    /// What that means for it.
    pub end: Ended,
}

/// How a retry ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The branch came to its end, or was stored anew further down.
    Resolved,
    /// It is where it was.
    Failed {
        /// Why.
        error: ModuleError,
        /// Why it is still incomplete.
        reason: IncompleteReason,
        /// When it is retried by itself.
        retry_at: Option<Timestamp>,
    },
    /// A person stopped the run, or it could not be driven: as before.
    Left,
}

/// Starts a retry for a person. [`Error::Conflict`] when one is under way, it is
/// resolved, or the run that stored it is gone.
pub async fn begin(tx: &mut WriteTx, team: TeamId, id: IncompleteId, retry: NewRetry) -> Result<Begun, Error> {
    let one = incompletes::Column::Id.eq(id.0).and(incompletes::Column::TeamId.eq(team.0));
    let row = incompletes::Entity::find().filter(one.clone()).one(tx.db()).await?.ok_or(Error::NotFound)?;
    let scenario = locked(tx, team, ScenarioId(row.scenario_id)).await;
    scenario.map_err(|error| match error {
        Error::NotFound => Error::Conflict("its scenario was deleted, so it cannot be retried".into()),
        other => other,
    })?;
    // Again: somebody may have been faster.
    let row = incompletes::Entity::find().filter(one).one(tx.db()).await?.ok_or(Error::NotFound)?;
    match row.status.as_str() {
        "in-progress" => return Err(Error::Conflict("it is being retried already".into())),
        "resolved" => return Err(Error::Conflict("it is resolved already".into())),
        _ => {}
    }
    if retry.output.is_none() && under_way(tx, row.scenario_id).await? >= AT_ONCE {
        origin_of(tx, &row).await?;
        ask(tx, &row, retry.version).await?;
        return Ok(Begun::Waits);
    }
    start(tx, row, retry, false).await.map(Begun::Run)
}

/// Notes that a person wants it retried as soon as there is room for it.
/// Nothing changes when it is resolved or being retried.
pub async fn begin_next(tx: &mut WriteTx, team: TeamId, id: IncompleteId) -> Result<(), Error> {
    let one = incompletes::Column::Id.eq(id.0).and(incompletes::Column::TeamId.eq(team.0));
    let row = incompletes::Entity::find().filter(one).one(tx.db()).await?.ok_or(Error::NotFound)?;
    ask(tx, &row, None).await
}

async fn ask(tx: &mut WriteTx, row: &incompletes::Model, version: Option<Version>) -> Result<(), Error> {
    let change = incompletes::ActiveModel {
        status: Set(IncompleteStatus::Pending.as_str().to_owned()),
        retry_at: Set(Some(micros(tx.now()))),
        updated_at: Set(micros(tx.now())),
        asked: Set(true),
        version: Set(version.map(|version| version.0)),
        ..Default::default()
    };
    incompletes::Entity::update_many()
        .set(change)
        .filter(incompletes::Column::Id.eq(row.id))
        .filter(incompletes::Column::Status.is_in(IDLE.map(IncompleteStatus::as_str)))
        .exec(tx.db())
        .await?;
    tx.changed(Change::Execution(ExecutionId(row.execution_id), ScenarioId(row.scenario_id)));
    tx.changed(Change::Jobs);
    Ok(())
}

/// Scenarios with retries that may begin now: due, switched on (or asked for by
/// a person), and with none under way.
pub async fn due_scenarios(store: &Store, now: Timestamp) -> Result<Vec<(TeamId, ScenarioId)>, Error> {
    let sql = format!(
        "SELECT DISTINCT i.team_id, i.scenario_id FROM incompletes i JOIN scenarios s ON s.id = i.scenario_id \
         WHERE i.status = 'pending' AND i.retry_at <= $1 AND s.deleted_at IS NULL AND (s.enabled OR i.asked) \
         AND NOT EXISTS ({UNDER_WAY} AND p.scenario_id = i.scenario_id) ORDER BY i.scenario_id LIMIT 100"
    );
    let statement = Statement::from_sql_and_values(store.shared.pools.backend, sql, [micros(now).into()]);
    let rows = store.reader().query_all_raw(statement).await?;
    rows.iter().map(|row| Ok((TeamId(row.try_get_by_index(0)?), ScenarioId(row.try_get_by_index(1)?)))).collect()
}

/// One that waits for a person takes nobody's place.
const UNDER_WAY: &str = "SELECT 1 FROM incompletes p JOIN executions e ON e.id = p.retried_by \
     WHERE p.status = 'in-progress' AND e.status <> 'in-doubt'";

async fn under_way(tx: &WriteTx, scenario: i64) -> Result<u64, Error> {
    let sql = format!("{UNDER_WAY} AND p.scenario_id = $1");
    let statement = Statement::from_sql_and_values(tx.backend(), sql, [scenario.into()]);
    Ok(tx.db().query_all_raw(statement).await?.len() as u64)
}

/// Starts the next batch of a scenario's due retries, when none is under way.
/// Gives their runs. Safe on several nodes: the scenario is locked.
pub async fn begin_batch(tx: &mut WriteTx, team: TeamId, scenario: ScenarioId) -> Result<Vec<ExecutionId>, Error> {
    let row = match locked(tx, team, scenario).await {
        Ok(row) => row,
        Err(Error::NotFound) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    if under_way(tx, scenario.0).await? > 0 {
        return Ok(Vec::new());
    }
    use incompletes::Column::{Asked, Id, RetryAt, ScenarioId as Scenario, Status};
    let due = incompletes::Entity::find()
        .filter(Scenario.eq(scenario.0))
        .filter(Status.eq(IncompleteStatus::Pending.as_str()))
        .filter(RetryAt.lte(micros(tx.now())))
        .filter(Condition::all().add_option((!row.enabled).then(|| Asked.eq(true))))
        .order_by_asc(Id)
        .limit(AT_ONCE)
        .all(tx.db())
        .await?;
    let mut begun = Vec::new();
    for row in due {
        let (id, version) = (row.id, row.version.map(Version));
        let by_itself = !row.asked;
        match start(tx, row, NewRetry { version, output: None }, by_itself).await {
            Ok(execution) => begun.push(execution),
            // It would be due again and again.
            Err(Error::Conflict(_)) => give_up(tx, id).await?,
            Err(error) => return Err(error),
        }
    }
    Ok(begun)
}

async fn give_up(tx: &WriteTx, id: i64) -> Result<(), Error> {
    let change = incompletes::ActiveModel {
        status: Set(IncompleteStatus::Unresolved.as_str().to_owned()),
        retry_at: Set(None),
        asked: Set(false),
        ..Default::default()
    };
    // One that a person resolved or deleted meanwhile stays so.
    let pending = incompletes::Column::Status.eq(IncompleteStatus::Pending.as_str());
    let this = incompletes::Column::Id.eq(id).and(pending);
    incompletes::Entity::update_many().set(change).filter(this).exec(tx.db()).await?;
    Ok(())
}

async fn origin_of(tx: &WriteTx, row: &incompletes::Model) -> Result<executions::Model, Error> {
    let gone = || Error::Conflict("the run that it comes from is not in the history any more".into());
    executions::Entity::find_by_id(row.execution_id).one(tx.db()).await?.ok_or_else(gone)
}

async fn start(
    tx: &mut WriteTx,
    row: incompletes::Model,
    retry: NewRetry,
    by_itself: bool,
) -> Result<ExecutionId, Error> {
    let origin = origin_of(tx, &row).await?;
    let now = tx.now();
    let id = clock::execution_id(tx.clock().as_ref());
    let change = incompletes::ActiveModel {
        status: Set(IncompleteStatus::InProgress.as_str().to_owned()),
        retry_at: Set(None),
        updated_at: Set(micros(now)),
        asked: Set(false),
        version: Set(None),
        retried_by: Set(Some(id.0)),
        ..Default::default()
    };
    use incompletes::Column::{Attempts, Automatic, Id, Status};
    let begun = incompletes::Entity::update_many()
        .set(change)
        .col_expr(Attempts, Expr::col(Attempts).add(1))
        .col_expr(Automatic, Expr::col(Automatic).add(i32::from(by_itself)))
        .filter(Id.eq(row.id))
        .filter(Status.is_in(IDLE.map(IncompleteStatus::as_str)))
        .exec(tx.db())
        .await?;
    // The row was read before this statement could wait for another one.
    if begun.rows_affected == 0 {
        return Err(Error::Conflict("it was deleted or resolved at this moment".into()));
    }
    let execution = NewExecution {
        id,
        team: TeamId(row.team_id),
        scenario: ScenarioId(row.scenario_id),
        version: retry.version.unwrap_or(Version(origin.version)),
        origin: Origin::Retry,
        bundles: retry.output,
        inputs: Value::Undefined,
        lineage: Lineage::Retry {
            origin: ExecutionId(row.execution_id),
            operation: OperationId(small(row.operation)),
            incomplete: IncompleteId(row.id),
        },
        leased: false,
        created_at: now,
    };
    crate::executions::enqueue(tx, execution).await?;
    Ok(id)
}

/// What the end of a run means for what it retried; nothing when another run
/// has it by now.
pub async fn settle(tx: &mut WriteTx, execution: ExecutionId, retried: Retried) -> Result<(), Error> {
    let find = incompletes::Entity::find_by_id(retried.incomplete.0);
    let Some(row) = find.one(tx.db()).await? else { return Ok(()) };
    let mut change = incompletes::ActiveModel { updated_at: Set(micros(tx.now())), ..Default::default() };
    let status = match retried.end {
        Ended::Resolved => IncompleteStatus::Resolved,
        Ended::Left => IncompleteStatus::Unresolved,
        Ended::Failed { error, reason, retry_at } => {
            change.error = Set(serde_json::to_string(&error).unwrap_or_default());
            change.reason = Set(reason.as_str().to_owned());
            change.retry_at = Set(retry_at.map(micros));
            if retry_at.is_some() { IncompleteStatus::Pending } else { IncompleteStatus::Unresolved }
        }
    };
    change.status = Set(status.as_str().to_owned());
    let mine = incompletes::Column::RetriedBy.eq(execution.0);
    let under_way = incompletes::Column::Status.eq(IncompleteStatus::InProgress.as_str());
    incompletes::Entity::update_many()
        .set(change)
        .filter(incompletes::Column::Id.eq(row.id).and(mine).and(under_way))
        .exec(tx.db())
        .await?;
    let scenario = ScenarioId(row.scenario_id);
    tx.changed(Change::Execution(ExecutionId(row.execution_id), scenario));
    // Another batch may be waiting for the end of this one.
    tx.changed(Change::Jobs);
    if status == IncompleteStatus::Resolved {
        call_next(tx, scenario).await?;
    }
    Ok(())
}

/// Keeps others from changing scenarios, and from closing their incomplete
/// executions, until the commit.
pub(crate) async fn hold(tx: &WriteTx, ids: Vec<i64>) -> Result<(), Error> {
    if tx.backend() != DbBackend::Postgres {
        return Ok(());
    }
    use scenarios::Column::Id;
    let rows = scenarios::Entity::find().filter(Id.is_in(ids)).order_by_asc(Id).select_only().column(Id);
    rows.lock_exclusive().into_tuple::<i64>().all(tx.db()).await?;
    Ok(())
}

/// When no incomplete execution of a scenario is open, the run that arrived
/// first of those that wait is called: it may have waited for the last of them.
pub async fn call_next(tx: &mut WriteTx, scenario: ScenarioId) -> Result<(), Error> {
    // Of two that close the last two at once, one must see that none is left.
    hold(tx, vec![scenario.0]).await?;
    let open = incompletes::Entity::find()
        .filter(incompletes::Column::ScenarioId.eq(scenario.0))
        .filter(incompletes::Column::Status.ne(IncompleteStatus::Resolved.as_str()));
    if open.count(tx.db()).await? > 0 {
        return Ok(());
    }
    // One that sleeps notices that it is too early, and sleeps on.
    let sql = "UPDATE executions SET ready_at = $1 WHERE status = 'waiting' AND id = (SELECT id FROM executions \
               WHERE scenario_id = $2 AND status = 'waiting' ORDER BY created_at, id LIMIT 1)";
    let values = [micros(tx.now()).into(), scenario.0.into()];
    tx.db().execute_raw(Statement::from_sql_and_values(tx.backend(), sql, values)).await?;
    tx.changed(Change::Jobs);
    Ok(())
}

/// The oldest incomplete execution of a scenario that is not resolved: a
/// sequential scenario waits for it (source: `make-semantics.md` §2.2).
pub async fn oldest_open(store: &Store, scenario: ScenarioId) -> Result<Option<(IncompleteId, Timestamp)>, Error> {
    let found: Option<(i64, i64)> = incompletes::Entity::find()
        .filter(incompletes::Column::ScenarioId.eq(scenario.0))
        .filter(incompletes::Column::Status.ne(IncompleteStatus::Resolved.as_str()))
        .order_by_asc(incompletes::Column::Id)
        .select_only()
        .columns([incompletes::Column::Id, incompletes::Column::CreatedAt])
        .into_tuple()
        .one(store.reader())
        .await?;
    Ok(found.map(|(id, at)| (IncompleteId(id), instant(at))))
}

/// The runs that open incomplete executions need to go on: those that stored
/// them, and, where such a run was a retry, the runs before it. The history must
/// keep them.
pub async fn needed_executions(tx: &WriteTx) -> Result<Vec<ExecutionId>, Error> {
    let sql = "WITH RECURSIVE needed(id) AS (\
                 SELECT execution_id FROM incompletes WHERE status <> 'resolved' \
                 UNION SELECT l.source_id FROM lineages l JOIN needed n ON l.execution_id = n.id \
                 WHERE l.kind = 'retry') SELECT id FROM needed";
    let rows = tx.db().query_all_raw(Statement::from_string(tx.backend(), sql)).await?;
    rows.iter().map(|row| Ok(ExecutionId(row.try_get_by_index(0)?))).collect()
}
