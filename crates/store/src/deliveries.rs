//! The log of incoming requests, and the queue of a hook.

use jiff::Timestamp;
use rouage_model::journal::Event;
use rouage_model::{DeliveryId, ExecutionId, HookId, TeamId, Value};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set};

use crate::entities::{deliveries, journal};
use crate::text::{count, instant, micros, read_bundles, read_headers};
use crate::{Error, Page, PageRequest, Store, WriteTx, incompletes};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// An execution was started with it.
    Accepted,
    /// It waits in the queue of its hook.
    Queued,
    /// It was only a sample.
    Learned,
    /// It was turned away.
    Refused,
}

impl DeliveryStatus {
    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Accepted => "accepted",
            DeliveryStatus::Queued => "queued",
            DeliveryStatus::Learned => "learned",
            DeliveryStatus::Refused => "refused",
        }
    }

    fn parse(name: &str) -> Result<Self, Error> {
        use DeliveryStatus::{Accepted, Learned, Queued, Refused};
        let known = [Accepted, Queued, Learned, Refused].into_iter().find(|status| status.as_str() == name);
        known.ok_or_else(|| Error::corrupt("the status of a request", name))
    }
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id.
    pub id: DeliveryId,
    /// The hook.
    pub hook: HookId,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its method.
    pub method: String,
    /// The address of the sender.
    pub ip: String,
    /// Size of the body in bytes.
    pub size: u64,
    /// Its `Content-Type`; may be empty.
    pub content_type: String,
    /// What became of it.
    pub status: DeliveryStatus,
    /// The execution it went into.
    pub execution: Option<ExecutionId>,
    /// Why it was turned away.
    pub reason: Option<String>,
}

/// A request in full.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its row.
    pub row: DeliveryRow,
    /// Its query, without `?`.
    pub query: String,
    /// Its headers in order.
    pub headers: Vec<(String, String)>,
    /// Its bundles; `None` when it was turned away.
    pub payload: Option<Vec<Value>>,
}

/// A request taken from a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// Its id.
    pub id: DeliveryId,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its bundles.
    pub payload: Vec<Value>,
}

/// The log of a hook, newest first.
pub async fn list(store: &Store, team: TeamId, hook: HookId, page: PageRequest) -> Result<Page<DeliveryRow>, Error> {
    let find = of_hook(team, hook).order_by_desc(deliveries::Column::Id);
    rows(store, find, page).await
}

/// One request in full.
pub async fn find(store: &Store, team: TeamId, id: DeliveryId) -> Result<Option<Delivery>, Error> {
    let find = deliveries::Entity::find_by_id(id.0).filter(deliveries::Column::TeamId.eq(team.0));
    match find.one(store.reader()).await? {
        Some(row) => Ok(Some(full(store, row).await?)),
        None => Ok(None),
    }
}

/// The last `count` requests of a hook that carried data, newest first.
pub async fn last(store: &Store, team: TeamId, hook: HookId, count: u32) -> Result<Vec<Delivery>, Error> {
    let found = of_hook(team, hook)
        .filter(deliveries::Column::Status.ne(DeliveryStatus::Refused.as_str()))
        .order_by_desc(deliveries::Column::Id)
        .limit(u64::from(count))
        .all(store.reader())
        .await?;
    let mut last = Vec::with_capacity(found.len());
    for row in found {
        last.push(full(store, row).await?);
    }
    Ok(last)
}

/// The requests that wait in the queue of a hook, in order of arrival.
pub async fn queue(store: &Store, team: TeamId, hook: HookId, page: PageRequest) -> Result<Page<DeliveryRow>, Error> {
    rows(store, queued(team, hook), page).await
}

/// How many wait in the queue of a hook.
pub async fn queue_length(store: &Store, team: TeamId, hook: HookId) -> Result<u64, Error> {
    Ok(queued(team, hook).count(store.reader()).await?)
}

/// Takes the first requests out of a queue, for executions that are created
/// in the same transaction; say which with [`link`].
pub async fn take_queued(tx: &mut WriteTx, team: TeamId, hook: HookId, limit: u32) -> Result<Vec<Queued>, Error> {
    let mut find = queued(team, hook).limit(u64::from(limit));
    if tx.backend() == sea_orm::DbBackend::Postgres {
        find = find.lock_exclusive();
    }
    let found = find.all(tx.db()).await?;
    let ids = found.iter().map(|row| row.id);
    let taken =
        deliveries::ActiveModel { status: Set(DeliveryStatus::Accepted.as_str().to_owned()), ..Default::default() };
    let these = deliveries::Column::Id.is_in(ids);
    deliveries::Entity::update_many().set(taken).filter(these).exec(tx.db()).await?;
    found
        .into_iter()
        .map(|row| {
            Ok(Queued {
                id: DeliveryId(row.id),
                received_at: instant(row.received_at),
                payload: read_bundles(row.payload.as_deref().unwrap_or(b"[]"))?,
            })
        })
        .collect()
}

/// What becomes of requests that were taken from a queue when their run ends
/// with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// They go back to their place in the queue (source: `make-semantics.md`
    /// §1.9). Their payload stays beside them.
    Returns,
    /// They do not. The payload of a single one lives in the journal of its
    /// run, and only there.
    Stays,
}

/// Notes which execution taken requests went into.
pub async fn link(tx: &mut WriteTx, ids: &[DeliveryId], execution: ExecutionId, taken: Taken) -> Result<(), Error> {
    let mut row = deliveries::ActiveModel { execution_id: Set(Some(execution.0)), ..Default::default() };
    if ids.len() == 1 && taken == Taken::Stays {
        row.payload = Set(None);
    }
    let these = deliveries::Column::Id.is_in(ids.iter().map(|id| id.0));
    deliveries::Entity::update_many().set(row).filter(these).exec(tx.db()).await?;
    Ok(())
}

/// Puts requests back that runs took from a queue and that return
/// ([`Taken::Returns`]). Runs that stored a part of them as incomplete
/// executions keep theirs: that part would be done twice.
pub(crate) async fn give_back(tx: &mut WriteTx, mut executions: Vec<uuid::Uuid>) -> Result<(), Error> {
    use deliveries::Column::{ExecutionId, Payload, Status};
    let stored = incompletes::stored_since(tx, &executions, i64::MIN).await?;
    executions.retain(|execution| !stored.contains(execution));
    let row = deliveries::ActiveModel {
        status: Set(DeliveryStatus::Queued.as_str().to_owned()),
        execution_id: Set(None),
        ..Default::default()
    };
    // A request that started its run at once has no payload beside it.
    let these = ExecutionId.is_in(executions).and(Status.eq(DeliveryStatus::Accepted.as_str()));
    deliveries::Entity::update_many().set(row).filter(these.and(Payload.is_not_null())).exec(tx.db()).await?;
    Ok(())
}

/// The hooks of all teams with requests in their queues.
pub async fn waiting_hooks(store: &Store) -> Result<Vec<HookId>, Error> {
    let hooks: Vec<i64> = deliveries::Entity::find()
        // A literal and not a parameter, so that the partial index serves it.
        .filter(Expr::cust("status = 'queued'"))
        .select_only()
        .column(deliveries::Column::HookId)
        .distinct()
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(hooks.into_iter().map(HookId).collect())
}

/// Deletes requests from the queue of a hook; those that do not wait any more
/// are left. Gives how many were deleted.
pub async fn delete_queued(tx: &mut WriteTx, team: TeamId, hook: HookId, ids: &[DeliveryId]) -> Result<u64, Error> {
    let these = deliveries::Entity::delete_many()
        .filter(deliveries::Column::TeamId.eq(team.0))
        .filter(deliveries::Column::HookId.eq(hook.0))
        .filter(deliveries::Column::Status.eq(DeliveryStatus::Queued.as_str()))
        .filter(deliveries::Column::Id.is_in(ids.iter().map(|id| id.0)));
    Ok(these.exec(tx.db()).await?.rows_affected)
}

/// Deletes up to `limit` requests of all teams older than a moment that do not
/// wait in a queue. Gives how many were deleted.
pub async fn prune(tx: &mut WriteTx, before: Timestamp, limit: u32) -> Result<u64, Error> {
    let ids: Vec<i64> = deliveries::Entity::find()
        .filter(deliveries::Column::ReceivedAt.lt(micros(before)))
        .filter(deliveries::Column::Status.ne(DeliveryStatus::Queued.as_str()))
        .order_by_asc(deliveries::Column::Id)
        .limit(u64::from(limit))
        .select_only()
        .column(deliveries::Column::Id)
        .into_tuple()
        .all(tx.db())
        .await?;
    let these = deliveries::Column::Id.is_in(ids);
    Ok(deliveries::Entity::delete_many().filter(these).exec(tx.db()).await?.rows_affected)
}

fn of_hook(team: TeamId, hook: HookId) -> Select<deliveries::Entity> {
    deliveries::Entity::find()
        .filter(deliveries::Column::HookId.eq(hook.0))
        .filter(deliveries::Column::TeamId.eq(team.0))
}

fn queued(team: TeamId, hook: HookId) -> Select<deliveries::Entity> {
    of_hook(team, hook)
        .filter(deliveries::Column::Status.eq(DeliveryStatus::Queued.as_str()))
        .order_by_asc(deliveries::Column::Id)
}

async fn rows(store: &Store, find: Select<deliveries::Entity>, page: PageRequest) -> Result<Page<DeliveryRow>, Error> {
    let total = find.clone().count(store.reader()).await?;
    let found = find.offset(page.offset()).limit(page.limit()).all(store.reader()).await?;
    let items = found.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Page::new(page, total, items))
}

/// Adds the payload: from the row, or from the journal of its execution.
async fn full(store: &Store, row: deliveries::Model) -> Result<Delivery, Error> {
    let payload = match (&row.payload, row.execution_id) {
        (Some(payload), _) => Some(read_bundles(payload)?),
        (None, Some(execution)) => started_with(store, execution).await?,
        (None, None) => None,
    };
    Ok(Delivery { headers: read_headers(&row.headers)?, payload, query: row.query.clone(), row: read(&row)? })
}

async fn started_with(store: &Store, execution: uuid::Uuid) -> Result<Option<Vec<Value>>, Error> {
    let first = journal::Entity::find_by_id((execution, 0)).one(store.reader()).await?;
    match first.as_ref().map(crate::journal::decode).transpose()? {
        Some(Event::Started { bundles, .. }) => Ok(bundles),
        _ => Ok(None),
    }
}

fn read(row: &deliveries::Model) -> Result<DeliveryRow, Error> {
    Ok(DeliveryRow {
        id: DeliveryId(row.id),
        hook: HookId(row.hook_id),
        received_at: instant(row.received_at),
        method: row.method.clone(),
        ip: row.ip.clone(),
        size: count(row.size),
        content_type: row.content_type.clone(),
        status: DeliveryStatus::parse(&row.status)?,
        execution: row.execution_id.map(ExecutionId),
        reason: row.reason.clone(),
    })
}
