//! The bundles of confidential runs.

use rouage_model::journal::Event;
use rouage_model::{ExecutionId, Value};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::excess::may_go;
use crate::entities::{deliveries, executions, journal};
use crate::{Error, Store};

/// Runs whose bundles are still to be removed.
pub(crate) const DUE: &str = "due";
/// Runs whose bundles are gone.
pub(crate) const REMOVED: &str = "removed";
/// Events that are rewritten in one transaction.
const EVENTS: u64 = 200;

/// Confidential runs that are over and whose bundles nothing needs any more,
/// oldest first.
pub async fn confidential_due(store: &Store, limit: u32) -> Result<Vec<ExecutionId>, Error> {
    let ids: Vec<Uuid> = executions::Entity::find()
        .filter(Expr::cust("confidential = 'due'"))
        .filter(may_go())
        .order_by_asc(executions::Column::CreatedAt)
        .limit(u64::from(limit))
        .select_only()
        .column(executions::Column::Id)
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(ids.into_iter().map(ExecutionId).collect())
}

/// Removes the bundles of a confidential run from its journal and its request.
/// The number of bundles, the calls and the errors stay. Does nothing while an
/// open incomplete execution needs them, and is repeatable.
pub async fn remove_bundles(store: &Store, execution: ExecutionId) -> Result<(), Error> {
    let is_due = executions::Entity::find_by_id(execution.0)
        .filter(Expr::cust("confidential = 'due'"))
        .filter(may_go())
        .one(store.reader())
        .await?;
    if is_due.is_none() {
        return Ok(());
    }
    let mut next = 0;
    while let Some(after) = rewrite_events(store, execution, next).await? {
        next = after;
    }
    let tx = store.begin().await?;
    crate::blobs::release(&tx, &[execution.0]).await?;
    let row = deliveries::ActiveModel {
        payload: Set(None),
        query: Set(String::new()),
        headers: Set("[]".to_owned()),
        ..Default::default()
    };
    let its = deliveries::Column::ExecutionId.eq(execution.0);
    deliveries::Entity::update_many().set(row).filter(its).exec(tx.db()).await?;
    let row = executions::ActiveModel { confidential: Set(Some(REMOVED.to_owned())), ..Default::default() };
    let one = executions::Column::Id.eq(execution.0);
    executions::Entity::update_many().set(row).filter(one).exec(tx.db()).await?;
    tx.commit().await
}

/// Rewrites some events; gives the number of the first that is left.
async fn rewrite_events(store: &Store, execution: ExecutionId, first: i32) -> Result<Option<i32>, Error> {
    let rows = journal::Entity::find()
        .filter(journal::Column::ExecutionId.eq(execution.0).and(journal::Column::Seq.gte(first)))
        .order_by_asc(journal::Column::Seq)
        .limit(EVENTS)
        .all(store.reader())
        .await?;
    let Some(last) = rows.last().map(|row| row.seq) else { return Ok(None) };
    let tx = store.begin().await?;
    for row in rows {
        let Some(bare) = bare(crate::journal::decode(&row)?) else { continue };
        let new = journal::ActiveModel { data: Set(bare.encode().into_bytes()), ..Default::default() };
        let one = journal::Column::ExecutionId.eq(execution.0).and(journal::Column::Seq.eq(row.seq));
        journal::Entity::update_many().set(new).filter(one).exec(tx.db()).await?;
    }
    tx.commit().await?;
    Ok(Some(last + 1))
}

/// An event without its bundles; `None` when it has none.
fn bare(event: Event) -> Option<Event> {
    let empty = |bundles: Vec<Value>| vec![Value::empty_collection(); bundles.len()];
    match event {
        Event::Started { at, bundles, .. } => {
            Some(Event::Started { at, bundles: bundles.map(empty), inputs: Value::Undefined })
        }
        Event::Called { at, operation, module, attempt, .. } => {
            Some(Event::Called { at, operation, module, attempt, note: Value::Undefined })
        }
        Event::Returned { at, operation, module, bundles } => {
            Some(Event::Returned { at, operation, module, bundles: empty(bundles) })
        }
        _ => None,
    }
}
