//! Executions: one row a run. What happened in it is in [`crate::journal`].

mod list;
mod pace;

use jiff::Timestamp;
use rouage_model::execution::{Origin, Status};
use rouage_model::{DeliveryId, ExecutionId, ScenarioId, TeamId, Version};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    Statement,
};
use uuid::Uuid;

pub use list::{Filter, Found, Key, Search, list};
pub(crate) use pace::is_active;
pub use pace::{Pace, active, started_by_requests, started_by_requests_alone, was_scheduled_since};

use crate::blobs;
use crate::commit::prepare;
use crate::entities::{deliveries, executions, journal};
use crate::scenarios::names;
use crate::store::Change;
use crate::text::{count, instant, micros, small};
use crate::{Error, Lineage, NewExecution, Page, PageRequest, Store, WriteTx, lineages};

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
    /// The name that it gave itself.
    pub name: Option<String>,
    /// A poll that found nothing.
    pub is_check: bool,
    /// Its scenario is confidential: no bundle of it is to be shown.
    pub is_confidential: bool,
    /// The run that it comes from.
    pub lineage: Lineage,
}

impl Execution {
    /// Whether it ran what is not published, to try it: nothing that the live
    /// scenario goes by may depend on it.
    pub fn is_try(&self) -> bool {
        self.version.0 < 0 && self.origin != Origin::Retry
    }

    /// Whether only one module was run, for a try.
    pub fn is_single_module(&self) -> bool {
        self.version.0 < 0 && self.origin == Origin::Manual
    }
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
    /// What started it.
    pub origin: Origin,
    /// The version it runs.
    pub version: Version,
}

/// The run of a scenario that arrived first of those that are not over and
/// were accepted at or after `since`; that bound keeps the ended ones out. With
/// an origin only those that it started.
pub async fn first_active(
    store: &Store,
    scenario: ScenarioId,
    since: Timestamp,
    origin: Option<Origin>,
) -> Result<Option<Active>, Error> {
    let of_origin = origin.map(|origin| executions::Column::Origin.eq(origin.as_str()));
    first(store, scenario, since, sea_orm::Condition::all().add_option(of_origin)).await
}

/// The same of the runs in which anything has happened beyond their being
/// accepted.
pub async fn first_begun(store: &Store, scenario: ScenarioId, since: Timestamp) -> Result<Option<Active>, Error> {
    let begun = Expr::cust("EXISTS (SELECT 1 FROM journal j WHERE j.execution_id = executions.id AND j.seq > 0)");
    first(store, scenario, since, sea_orm::Condition::all().add(begun)).await
}

async fn first(
    store: &Store,
    scenario: ScenarioId,
    since: Timestamp,
    which: sea_orm::Condition,
) -> Result<Option<Active>, Error> {
    use executions::Column::{
        CreatedAt, Id, Origin as From, ReadyAt, ScenarioId as Scenario, Status as Stands, Version,
    };
    let active = [Status::Queued, Status::Running, Status::Waiting, Status::InDoubt].map(Status::as_str);
    let found: Option<(Uuid, String, i64, Option<i64>, String, i32)> = executions::Entity::find()
        .filter(Scenario.eq(scenario.0).and(CreatedAt.gte(micros(since))).and(Stands.is_in(active)))
        // Nothing waits for a try.
        .filter(Version.gt(0).or(From.eq(Origin::Retry.as_str())))
        .filter(which)
        .order_by_asc(CreatedAt)
        .order_by_asc(Id)
        .select_only()
        .columns([Id, Stands, CreatedAt, ReadyAt, From, Version])
        .into_tuple()
        .one(store.reader())
        .await?;
    found
        .map(|(id, status, created_at, ready_at, origin, version)| {
            let status = parse("status", &status)?;
            let wake_at = ready_at.filter(|_| status == Status::Waiting).map(instant);
            let (origin, version) = (parse("origin", &origin)?, rouage_model::Version(version));
            Ok(Active { id: ExecutionId(id), status, created_at: instant(created_at), wake_at, origin, version })
        })
        .transpose()
}

/// Whether anything has happened in a run beyond its being accepted.
pub async fn has_begun(store: &Store, execution: ExecutionId) -> Result<bool, Error> {
    let find = journal::Entity::find().filter(journal::Column::ExecutionId.eq(execution.0));
    Ok(find.filter(journal::Column::Seq.gt(0)).one(store.reader()).await?.is_some())
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

/// Runs that [`recent_counts`] looks at.
pub const RECENT: u32 = 10_000;

/// How many of the last runs of a scenario stand where; not of all, as that
/// takes long where there are many.
pub async fn recent_counts(store: &Store, team: TeamId, scenario: ScenarioId) -> Result<Counts, Error> {
    let sql = format!(
        "SELECT status, COUNT(*) AS number FROM (SELECT status FROM executions WHERE scenario_id = $1 AND team_id = $2 \
         ORDER BY created_at DESC LIMIT {RECENT}) AS recent GROUP BY status"
    );
    let values = [scenario.0.into(), team.0.into()];
    let statement = Statement::from_sql_and_values(store.shared.pools.backend, sql, values);
    let mut counts = Counts::default();
    for row in store.reader().query_all_raw(statement).await? {
        let status: String = row.try_get_by("status")?;
        *counts.of(parse("status", &status)?) = count(row.try_get_by("number")?);
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
    let lineage = lineages::row(id.0, execution.lineage);
    let prepared = prepare::Execution::new(NewExecution { leased: false, ..execution });
    let files = prepared.row.blobs.iter().map(|blob| blobs::reference(*blob, blobs::Holder::Execution(id.0)));
    blobs::refer(tx, files.collect()).await?;
    let (row, started, _) = prepared.into_rows(tx.shared().node, tx.now());
    executions::Entity::insert(row).exec_without_returning(tx.db()).await?;
    journal::Entity::insert(started).exec_without_returning(tx.db()).await?;
    if let Some(lineage) = lineage {
        crate::entities::lineages::Entity::insert(lineage).exec_without_returning(tx.db()).await?;
    }
    tx.changed(Change::Execution(id, scenario));
    tx.changed(Change::Jobs);
    Ok(())
}

/// Lets an execution that waits for a moment go on at once; nothing when it
/// does not wait.
pub async fn wake(tx: &mut WriteTx, execution: ExecutionId) -> Result<(), Error> {
    use executions::Column::{Id, ReadyAt, Status as Stands};
    let now = micros(tx.now());
    let ready = executions::ActiveModel { ready_at: Set(Some(now)), ..Default::default() };
    let waits = Id.eq(execution.0).and(Stands.eq(Status::Waiting.as_str())).and(ReadyAt.gt(now));
    executions::Entity::update_many().set(ready).filter(waits).exec(tx.db()).await?;
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

/// Asks for executions to be stopped; those that wait become ready, and
/// whoever runs one hears of it.
pub(crate) async fn mark_to_stop(tx: &mut WriteTx, which: Expr) -> Result<(), Error> {
    use executions::Column::{ReadyAt, Status as Stands};
    let marked = executions::ActiveModel { stop_requested: Set(true), ..Default::default() };
    let active = [Status::Queued, Status::Waiting, Status::InDoubt, Status::Running].map(Status::as_str);
    let these = which.clone().and(Stands.is_in(active));
    executions::Entity::update_many().set(marked).filter(these).exec(tx.db()).await?;
    let ready = executions::ActiveModel { ready_at: Set(Some(micros(tx.now()))), ..Default::default() };
    let idle = [Status::Queued, Status::Waiting, Status::InDoubt].map(Status::as_str);
    let these = which.clone().and(Stands.is_in(idle)).and(ReadyAt.is_null().or(ReadyAt.gt(micros(tx.now()))));
    executions::Entity::update_many().set(ready).filter(these).exec(tx.db()).await?;
    tx.changed(Change::Jobs);
    let running = which.and(Stands.eq(Status::Running.as_str()));
    let running = executions::Entity::find().select_only().column(executions::Column::Id).filter(running);
    for id in running.into_tuple::<Uuid>().all(tx.db()).await? {
        tx.changed(Change::Stop(ExecutionId(id)));
    }
    Ok(())
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
    let lineages = lineages::of(store, rows.iter().map(|row| row.id)).await?;
    rows.into_iter()
        .map(|row| {
            let name = names.get(&row.scenario_id).cloned().unwrap_or_default();
            let delivery = requests.get(&Some(row.id)).copied().map(DeliveryId);
            let lineage = lineages.get(&row.id).copied().unwrap_or_default();
            read(row, name, delivery, lineage)
        })
        .collect()
}

fn read(
    row: executions::Model,
    scenario_name: String,
    delivery: Option<DeliveryId>,
    lineage: Lineage,
) -> Result<Execution, Error> {
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
        name: row.name,
        is_check: row.is_check,
        is_confidential: row.confidential.is_some(),
        lineage,
    })
}

fn parse<T: std::str::FromStr<Err = String>>(what: &str, name: &str) -> Result<T, Error> {
    name.parse().map_err(|cause| Error::corrupt(&format!("the {what} of an execution"), cause))
}
