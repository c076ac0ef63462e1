//! What is too much of the history, and deleting it.

use jiff::{SignedDuration, Timestamp};
use rouage_model::{ExecutionId, ScenarioId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use super::Policy;
use crate::entities::{deliveries, executions, incompletes, journal, lineages, scenario_versions};
use crate::text::{count, micros};
use crate::{Error, Store, WriteTx};

/// Rows that are read at a time while sizes are added up.
const STEP: u64 = 2_000;
/// Bytes of journals that one transaction deletes.
const MOST_BYTES: u64 = 8_000_000;
/// As [`crate::incompletes::needed_executions`] has it.
const NOT_NEEDED: &str = "executions.id NOT IN (WITH RECURSIVE needed(id) AS (\
     SELECT execution_id FROM incompletes WHERE status <> 'resolved' \
     UNION SELECT l.source_id FROM lineages l JOIN needed n ON l.execution_id = n.id WHERE l.kind = 'retry') \
     SELECT id FROM needed)";
/// The run that called it, and may still take what it returned, is over.
const NOT_AWAITED: &str = "NOT EXISTS (SELECT 1 FROM lineages l JOIN executions c ON c.id = l.source_id \
     WHERE l.execution_id = executions.id AND l.kind = 'child' AND c.finished_at IS NULL)";

/// A place in the history of a scenario: everything up to it is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key(i64, Uuid);

/// What is too much of the history of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Excess {
    scenario: ScenarioId,
    /// By number or size: up to here.
    up_to: Option<Key>,
    /// By age: accepted and ended before.
    before: Option<i64>,
}

/// Finds out what is more than the policy allows now.
pub async fn excess(store: &Store, scenario: ScenarioId, policy: Policy) -> Result<Excess, Error> {
    let by_count = over_count(store, scenario, policy.runs).await?;
    let by_size = over_size(store, scenario, policy.bytes).await?;
    let age = SignedDuration::from_hours(24).saturating_mul(i32::try_from(policy.days).unwrap_or(i32::MAX));
    let before = store.now().checked_sub(age).unwrap_or(Timestamp::MIN);
    let before = (policy.days > 0).then_some(micros(before));
    Ok(Excess { scenario, up_to: std::cmp::max(by_count, by_size), before })
}

/// The oldest of what is too much and may go, as many as one transaction may
/// delete.
pub async fn surplus(store: &Store, excess: &Excess, limit: u32) -> Result<Vec<ExecutionId>, Error> {
    let mut found = match excess.up_to {
        Some(key) => oldest(store, excess.scenario, Place::UpTo(key), limit).await?,
        None => Vec::new(),
    };
    if let Some(before) = excess.before.filter(|_| found.is_empty()) {
        found = oldest(store, excess.scenario, Place::Before(before), limit).await?;
    }
    let mut bytes = 0;
    let fits = |(id, size): (Uuid, i64)| {
        let is_first = bytes == 0;
        bytes += std::cmp::max(count(size), 1);
        (is_first || bytes <= MOST_BYTES).then_some(ExecutionId(id))
    };
    Ok(found.into_iter().map_while(fits).collect())
}

/// The newest of the runs beyond so many.
async fn over_count(store: &Store, scenario: ScenarioId, runs: u64) -> Result<Option<Key>, Error> {
    let total = of_scenario(scenario).count(store.reader()).await?;
    if runs == 0 || total <= runs {
        return Ok(None);
    }
    // From the old end, as there are mostly few too many.
    let found = oldest_first(scenario).offset(total - runs - 1).limit(1).into_tuple().one(store.reader()).await?;
    Ok(found.map(|(at, id, _size): (i64, Uuid, i64)| Key(at, id)))
}

/// The last of the oldest runs that must go so that the rest takes no more
/// than that. The newest of all always stays.
async fn over_size(store: &Store, scenario: ScenarioId, bytes: u64) -> Result<Option<Key>, Error> {
    if bytes == 0 {
        return Ok(None);
    }
    let total: Option<Option<i64>> = of_scenario(scenario)
        .select_only()
        .column_as(Expr::cust("CAST(SUM(size) AS BIGINT)"), "total")
        .into_tuple()
        .one(store.reader())
        .await?;
    let mut excess = count(total.flatten().unwrap_or(0)).saturating_sub(bytes);
    let mut last: Option<Key> = None;
    while excess > 0 {
        let mut find = oldest_first(scenario).limit(STEP + 1);
        if let Some(key) = last {
            find = find.filter(newer_than(key));
        }
        let rows: Vec<(i64, Uuid, i64)> = find.into_tuple().all(store.reader()).await?;
        // The one more tells whether there is a newer one.
        let rest = rows.len().saturating_sub(1);
        if rest == 0 {
            break;
        }
        for (at, id, size) in rows.into_iter().take(rest) {
            last = Some(Key(at, id));
            excess = excess.saturating_sub(count(size));
            if excess == 0 {
                break;
            }
        }
    }
    Ok(last)
}

fn of_scenario(scenario: ScenarioId) -> Select<executions::Entity> {
    executions::Entity::find().filter(executions::Column::ScenarioId.eq(scenario.0))
}

fn oldest_first(scenario: ScenarioId) -> Select<executions::Entity> {
    use executions::Column::{CreatedAt, Id, Size};
    let find = of_scenario(scenario).order_by_asc(CreatedAt).order_by_asc(Id);
    find.select_only().columns([CreatedAt, Id, Size])
}

fn pair() -> Expr {
    Expr::tuple([Expr::col(executions::Column::CreatedAt), Expr::col(executions::Column::Id)])
}

fn newer_than(key: Key) -> Expr {
    pair().gt(Expr::tuple([Expr::value(key.0), Expr::value(key.1)]))
}

enum Place {
    /// This one and those before it.
    UpTo(Key),
    /// Accepted and ended before a moment.
    Before(i64),
}

/// The first runs that may go, with their sizes.
async fn oldest(store: &Store, scenario: ScenarioId, place: Place, limit: u32) -> Result<Vec<(Uuid, i64)>, Error> {
    use executions::Column::{CreatedAt, FinishedAt, Id, Size};
    let mut find = of_scenario(scenario).filter(may_go());
    find = match place {
        Place::UpTo(key) => find.filter(pair().lte(Expr::tuple([Expr::value(key.0), Expr::value(key.1)]))),
        Place::Before(moment) => find.filter(CreatedAt.lt(moment).and(FinishedAt.lt(moment))),
    };
    let find = find.order_by_asc(CreatedAt).order_by_asc(Id).limit(u64::from(limit));
    Ok(find.select_only().columns([Id, Size]).into_tuple().all(store.reader()).await?)
}

/// Over, and nothing that is open comes from it.
pub(super) fn may_go() -> Expr {
    executions::Column::FinishedAt.is_not_null().and(Expr::cust(NOT_NEEDED)).and(Expr::cust(NOT_AWAITED))
}

/// Deletes runs with all that belongs to them; those that may not go (any
/// more) stay. Gives how many went.
pub async fn delete(tx: &mut WriteTx, ids: &[ExecutionId]) -> Result<u64, Error> {
    let these = executions::Column::Id.is_in(ids.iter().map(|id| id.0));
    let rows: Vec<(Uuid, i64, i32)> = executions::Entity::find()
        .filter(these.and(may_go()))
        .select_only()
        .columns([executions::Column::Id, executions::Column::ScenarioId, executions::Column::Version])
        .into_tuple()
        .all(tx.db())
        .await?;
    let ids: Vec<Uuid> = rows.iter().map(|(id, _, _)| *id).collect();
    crate::blobs::release(tx, &ids).await?;
    let db = tx.db();
    journal::Entity::delete_many().filter(journal::Column::ExecutionId.is_in(ids.clone())).exec(db).await?;
    deliveries::Entity::delete_many().filter(deliveries::Column::ExecutionId.is_in(ids.clone())).exec(db).await?;
    incompletes::Entity::delete_many().filter(incompletes::Column::ExecutionId.is_in(ids.clone())).exec(db).await?;
    lineages::Entity::delete_many().filter(lineages::Column::ExecutionId.is_in(ids.clone())).exec(db).await?;
    let gone = executions::Entity::delete_many().filter(executions::Column::Id.is_in(ids)).exec(db).await?;
    let variants: std::collections::BTreeSet<(i64, i32)> = rows
        .iter()
        .filter(|(_, _, version)| *version < 0)
        .map(|(_, scenario, version)| (*scenario, *version))
        .collect();
    for (scenario, version) in variants {
        delete_variant(tx, scenario, version).await?;
    }
    Ok(gone.rows_affected)
}

/// Deletes a version that was made for one run, with the last run of it.
async fn delete_variant(tx: &WriteTx, scenario: i64, version: i32) -> Result<(), Error> {
    use executions::Column::{Id, ScenarioId as Scenario, Version};
    let used = executions::Entity::find()
        // Said twice, so that the partial index serves it.
        .filter(Expr::cust("version < 0"))
        .filter(Scenario.eq(scenario).and(Version.eq(version)))
        .select_only()
        .column(Id)
        .into_tuple::<Uuid>()
        .one(tx.db())
        .await?;
    let wanted = incompletes::Column::ScenarioId.eq(scenario).and(incompletes::Column::Version.eq(version));
    let wanted = incompletes::Entity::find().filter(wanted).one(tx.db()).await?;
    if used.is_none() && wanted.is_none() {
        scenario_versions::Entity::delete_by_id((scenario, version)).exec(tx.db()).await?;
    }
    Ok(())
}

/// Requests older than a moment that started nothing and do not wait, after a
/// place in the log; and the place up to which there is nothing older.
pub async fn old_requests(
    store: &Store,
    after: i64,
    before: Timestamp,
    limit: u32,
) -> Result<(Vec<i64>, Option<i64>), Error> {
    use deliveries::Column::{ExecutionId as Execution, Id, ReceivedAt, Status};
    // In the order of their ids, which is that of their arrival, so that no
    // index is needed and the first that is too young ends the search.
    let rows: Vec<(i64, i64, String, Option<Uuid>)> = deliveries::Entity::find()
        .filter(Id.gt(after))
        .order_by_asc(Id)
        .limit(u64::from(limit))
        .select_only()
        .columns([Id, ReceivedAt, Status, Execution])
        .into_tuple()
        .all(store.reader())
        .await?;
    let old: Vec<_> = rows.into_iter().take_while(|(_, at, _, _)| *at < micros(before)).collect();
    let place = old.last().map(|(id, ..)| *id);
    // Those of a run go with it.
    let goes = |(id, _, status, execution): (i64, i64, String, Option<Uuid>)| {
        (status != "queued" && execution.is_none()).then_some(id)
    };
    Ok((old.into_iter().filter_map(goes).collect(), place))
}

/// Deletes requests.
pub async fn delete_requests(tx: &mut WriteTx, ids: &[i64]) -> Result<(), Error> {
    let these = deliveries::Column::Id.is_in(ids.iter().copied());
    deliveries::Entity::delete_many().filter(these).exec(tx.db()).await?;
    Ok(())
}
