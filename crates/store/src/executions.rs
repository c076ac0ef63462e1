//! Executions: one row a run. What happened in it is in [`crate::journal`].

use jiff::Timestamp;
use rouage_model::execution::{Origin, Status};
use rouage_model::{DeliveryId, ExecutionId, ScenarioId, TeamId, Version};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set};
use uuid::Uuid;

use crate::commit::prepare;
use crate::entities::{deliveries, executions, incompletes, journal};
use crate::scenarios::names;
use crate::store::Change;
use crate::text::{self, count, instant, micros, small};
use crate::{Error, NewExecution, Page, PageRequest, Store, WriteTx};

/// A run of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// Whose it is.
    pub team: TeamId,
    /// Its scenario.
    pub scenario: ScenarioId,
    /// The name of the scenario, also when that is deleted.
    pub scenario_name: String,
    /// The version it runs.
    pub version: Version,
    /// What started it.
    pub origin: Origin,
    /// Where it stands.
    pub status: Status,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When a worker first had it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it wakes up, while it waits.
    pub wake_at: Option<Timestamp>,
    /// How many operations Make would count; 0 until it ends.
    pub operations: u32,
    /// Bytes in its journal; 0 until it ends.
    pub size: u64,
    /// Why it did not end well.
    pub error: Option<String>,
    /// The request that started it.
    pub delivery: Option<DeliveryId>,
    /// How often it was taken from a worker that vanished.
    pub takeovers: u32,
    /// Somebody asked to stop it.
    pub stop_requested: bool,
}

/// Which executions are wanted; `None` means all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// Those of one scenario.
    pub scenario: Option<ScenarioId>,
    /// Those that stand so.
    pub status: Option<Status>,
    /// Those with this text in their error, or this id.
    pub text: Option<String>,
    /// Accepted at or after.
    pub from: Option<Timestamp>,
    /// Accepted before.
    pub to: Option<Timestamp>,
}

/// How many executions of a scenario stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Accepted and waiting for a worker.
    pub queued: u64,
    /// A worker has them.
    pub running: u64,
    /// Waiting for a moment in time.
    pub waiting: u64,
    /// A person must decide.
    pub in_doubt: u64,
    /// Ended well.
    pub success: u64,
    /// Ended with something stored or cut short.
    pub warning: u64,
    /// Ended by an error.
    pub error: u64,
    /// Ended by a person.
    pub stopped: u64,
}

impl Counts {
    /// Those that are not over.
    pub fn active(&self) -> u64 {
        self.queued + self.running + self.waiting + self.in_doubt
    }
}

/// Executions, newest first.
pub async fn list(store: &Store, team: TeamId, filter: &Filter, page: PageRequest) -> Result<Page<Execution>, Error> {
    let find = of_team(team).filter(condition(filter));
    let total = find.clone().count(store.reader()).await?;
    let find = find
        .order_by_desc(executions::Column::CreatedAt)
        .order_by_desc(executions::Column::Id)
        .offset(page.offset())
        .limit(page.limit());
    Ok(Page::new(page, total, load(store, find).await?))
}

fn condition(filter: &Filter) -> Condition {
    use executions::Column::{CreatedAt, Error as Reason, Id, ScenarioId as Scenario, Status as Stands};
    let mut all = Condition::all()
        .add_option(filter.scenario.map(|scenario| Scenario.eq(scenario.0)))
        .add_option(filter.status.map(|status| Stands.eq(status.as_str())))
        .add_option(filter.from.map(|from| CreatedAt.gte(micros(from))))
        .add_option(filter.to.map(|to| CreatedAt.lt(micros(to))));
    if let Some(wanted) = filter.text.as_deref().map(str::trim).filter(|wanted| !wanted.is_empty()) {
        let like = LikeExpr::new(text::like(wanted)).escape('\\');
        let in_error = Expr::expr(Func::lower(Expr::col(Reason))).like(like);
        let is_id = wanted.parse::<Uuid>().ok().map(|id| Id.eq(id));
        all = all.add(Condition::any().add(in_error).add_option(is_id));
    }
    all
}

/// Executions with an effect in doubt, oldest first: a person must decide.
pub async fn in_doubt(store: &Store, team: TeamId, page: PageRequest) -> Result<Page<Execution>, Error> {
    // A literal and not a parameter, so that the partial index serves it.
    let find = of_team(team).filter(Expr::cust("status = 'in-doubt'"));
    let total = find.clone().count(store.reader()).await?;
    let find = find.order_by_asc(executions::Column::CreatedAt).offset(page.offset()).limit(page.limit());
    Ok(Page::new(page, total, load(store, find).await?))
}

/// How many executions have an effect in doubt.
pub async fn count_in_doubt(store: &Store, team: TeamId) -> Result<u64, Error> {
    Ok(of_team(team).filter(Expr::cust("status = 'in-doubt'")).count(store.reader()).await?)
}

/// One execution.
pub async fn find(store: &Store, team: TeamId, id: ExecutionId) -> Result<Option<Execution>, Error> {
    let find = of_team(team).filter(executions::Column::Id.eq(id.0));
    Ok(load(store, find).await?.pop())
}

/// A run that is not over, as far as the order of a scenario needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Active {
    /// Its id.
    pub id: ExecutionId,
    /// Where it stands.
    pub status: Status,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it wakes up, while it waits.
    pub wake_at: Option<Timestamp>,
}

/// The run of a scenario that arrived first of those that are not over and
/// were accepted at or after `since`; that bound keeps the ended ones out.
pub async fn first_active(store: &Store, scenario: ScenarioId, since: Timestamp) -> Result<Option<Active>, Error> {
    use executions::Column::{CreatedAt, Id, ReadyAt, ScenarioId as Scenario, Status as Stands};
    let active = [Status::Queued, Status::Running, Status::Waiting, Status::InDoubt].map(Status::as_str);
    let found: Option<(Uuid, String, i64, Option<i64>)> = executions::Entity::find()
        .filter(Scenario.eq(scenario.0).and(CreatedAt.gte(micros(since))).and(Stands.is_in(active)))
        .order_by_asc(CreatedAt)
        .order_by_asc(Id)
        .select_only()
        .columns([Id, Stands, CreatedAt, ReadyAt])
        .into_tuple()
        .one(store.reader())
        .await?;
    found
        .map(|(id, status, created_at, ready_at)| {
            let status = parse("status", &status)?;
            let wake_at = ready_at.filter(|_| status == Status::Waiting).map(instant);
            Ok(Active { id: ExecutionId(id), status, created_at: instant(created_at), wake_at })
        })
        .transpose()
}

/// How many of a scenario stand where.
pub async fn counts(store: &Store, team: TeamId, scenario: ScenarioId) -> Result<Counts, Error> {
    let found: Vec<(String, i64)> = of_team(team)
        .filter(executions::Column::ScenarioId.eq(scenario.0))
        .select_only()
        .column(executions::Column::Status)
        .column_as(executions::Column::Id.count(), "count")
        .group_by(executions::Column::Status)
        .into_tuple()
        .all(store.reader())
        .await?;
    let mut counts = Counts::default();
    for (status, number) in found {
        *counts.of(parse("status", &status)?) = count(number);
    }
    Ok(counts)
}

impl Counts {
    fn of(&mut self, status: Status) -> &mut u64 {
        match status {
            Status::Queued => &mut self.queued,
            Status::Running => &mut self.running,
            Status::Waiting => &mut self.waiting,
            Status::InDoubt => &mut self.in_doubt,
            Status::Success => &mut self.success,
            Status::Warning => &mut self.warning,
            Status::Error => &mut self.error,
            Status::Stopped => &mut self.stopped,
        }
    }
}

/// Creates an execution inside a transaction that causes it, queued for any
/// worker (`leased` is ignored).
pub async fn enqueue(tx: &mut WriteTx, execution: NewExecution) -> Result<(), Error> {
    let (id, scenario) = (execution.id, execution.scenario);
    let prepared = prepare::Execution::new(NewExecution { leased: false, ..execution });
    let (row, started, _) = prepared.into_rows(tx.shared().node, tx.now());
    executions::Entity::insert(row).exec_without_returning(tx.db()).await?;
    journal::Entity::insert(started).exec_without_returning(tx.db()).await?;
    tx.changed(Change::Execution(id, scenario));
    tx.changed(Change::Jobs);
    Ok(())
}

/// Asks for an execution to be stopped. A running one learns it when its lease
/// is renewed; one that waits becomes ready at once, and the worker that claims
/// it sees [`crate::Job::stop_requested`]. Gives where it stood;
/// [`Error::Conflict`] when it has ended.
pub async fn request_stop(tx: &mut WriteTx, team: TeamId, id: ExecutionId) -> Result<Status, Error> {
    let mut find = of_team(team).filter(executions::Column::Id.eq(id.0));
    if tx.backend() == sea_orm::DbBackend::Postgres {
        find = find.lock_exclusive();
    }
    let row = find.one(tx.db()).await?.ok_or(Error::NotFound)?;
    let status: Status = parse("status", &row.status)?;
    if status.is_final() {
        return Err(Error::Conflict("the execution has ended already".into()));
    }
    mark_to_stop(tx, executions::Column::Id.eq(id.0)).await?;
    tx.changed(Change::Execution(id, ScenarioId(row.scenario_id)));
    Ok(status)
}

/// Asks for executions to be stopped; those that wait become ready.
pub(crate) async fn mark_to_stop(tx: &mut WriteTx, which: Expr) -> Result<(), Error> {
    use executions::Column::{ReadyAt, Status as Stands};
    let marked = executions::ActiveModel { stop_requested: Set(true), ..Default::default() };
    let active = [Status::Queued, Status::Waiting, Status::InDoubt, Status::Running].map(Status::as_str);
    let these = which.clone().and(Stands.is_in(active));
    executions::Entity::update_many().set(marked).filter(these).exec(tx.db()).await?;
    let ready = executions::ActiveModel { ready_at: Set(Some(micros(tx.now()))), ..Default::default() };
    let idle = [Status::Queued, Status::Waiting, Status::InDoubt].map(Status::as_str);
    let these = which.and(Stands.is_in(idle)).and(ReadyAt.is_null().or(ReadyAt.gt(micros(tx.now()))));
    executions::Entity::update_many().set(ready).filter(these).exec(tx.db()).await?;
    tx.changed(Change::Jobs);
    Ok(())
}

/// Deletes up to `limit` executions of all teams that ended before a moment,
/// with their journals, requests and resolved incomplete executions. Those
/// with an incomplete execution that is not resolved stay. Gives how many were
/// deleted.
pub async fn prune(tx: &mut WriteTx, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let unresolved = incompletes::Entity::find()
        .filter(incompletes::Column::Status.ne("resolved"))
        .select_only()
        .column(incompletes::Column::ExecutionId);
    let ids: Vec<Uuid> = executions::Entity::find()
        .filter(executions::Column::FinishedAt.lt(micros(before)))
        .filter(executions::Column::Id.not_in_subquery(sea_orm::QueryTrait::into_query(unresolved)))
        .order_by_asc(executions::Column::Id)
        .limit(u64::from(std::cmp::min(limit, 10_000)))
        .select_only()
        .column(executions::Column::Id)
        .into_tuple()
        .all(tx.db())
        .await?;
    let db = tx.db();
    journal::Entity::delete_many().filter(journal::Column::ExecutionId.is_in(ids.clone())).exec(db).await?;
    deliveries::Entity::delete_many().filter(deliveries::Column::ExecutionId.is_in(ids.clone())).exec(db).await?;
    incompletes::Entity::delete_many().filter(incompletes::Column::ExecutionId.is_in(ids.clone())).exec(db).await?;
    Ok(executions::Entity::delete_many().filter(executions::Column::Id.is_in(ids)).exec(db).await?.rows_affected)
}

fn of_team(team: TeamId) -> Select<executions::Entity> {
    executions::Entity::find().filter(executions::Column::TeamId.eq(team.0))
}

async fn load(store: &Store, find: Select<executions::Entity>) -> Result<Vec<Execution>, Error> {
    let rows = find.all(store.reader()).await?;
    let names = names(store, rows.iter().map(|row| row.scenario_id)).await?;
    let requests: Vec<(Option<Uuid>, i64)> = deliveries::Entity::find()
        .filter(deliveries::Column::ExecutionId.is_in(rows.iter().map(|row| row.id)))
        .select_only()
        .columns([deliveries::Column::ExecutionId, deliveries::Column::Id])
        .into_tuple()
        .all(store.reader())
        .await?;
    let requests: std::collections::HashMap<_, _> = requests.into_iter().collect();
    rows.into_iter()
        .map(|row| {
            let name = names.get(&row.scenario_id).cloned().unwrap_or_default();
            let delivery = requests.get(&Some(row.id)).copied().map(DeliveryId);
            read(row, name, delivery)
        })
        .collect()
}

fn read(row: executions::Model, scenario_name: String, delivery: Option<DeliveryId>) -> Result<Execution, Error> {
    let status: Status = parse("status", &row.status)?;
    Ok(Execution {
        id: ExecutionId(row.id),
        team: TeamId(row.team_id),
        scenario: ScenarioId(row.scenario_id),
        scenario_name,
        version: Version(row.version),
        origin: parse("origin", &row.origin)?,
        status,
        created_at: instant(row.created_at),
        started_at: row.started_at.map(instant),
        finished_at: row.finished_at.map(instant),
        wake_at: row.ready_at.filter(|_| status == Status::Waiting).map(instant),
        operations: small(row.operations),
        size: count(row.size),
        error: row.error,
        delivery,
        takeovers: small(row.takeovers),
        stop_requested: row.stop_requested,
    })
}

fn parse<T: std::str::FromStr<Err = String>>(what: &str, name: &str) -> Result<T, Error> {
    name.parse().map_err(|cause| Error::corrupt(&format!("the {what} of an execution"), cause))
}
