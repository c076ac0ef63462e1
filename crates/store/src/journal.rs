//! The journal of an execution, read back.

use rouage_model::ExecutionId;
use rouage_model::journal::Event;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::entities::journal;
use crate::text::small;
use crate::{Error, Store};

/// All events in order.
pub async fn events(store: &Store, execution: ExecutionId) -> Result<Vec<Event>, Error> {
    Ok(since(store, execution, 0).await?.into_iter().map(|(_, event)| event).collect())
}

/// The first event: how it began.
pub async fn first(store: &Store, execution: ExecutionId) -> Result<Option<Event>, Error> {
    let row = journal::Entity::find_by_id((execution.0, 0)).one(store.reader()).await?;
    row.as_ref().map(decode).transpose()
}

/// The events from sequence number `seq` on, each with its number.
pub async fn since(store: &Store, execution: ExecutionId, seq: u32) -> Result<Vec<(u32, Event)>, Error> {
    let rows = journal::Entity::find()
        .filter(journal::Column::ExecutionId.eq(execution.0))
        .filter(journal::Column::Seq.gte(i32::try_from(seq).unwrap_or(i32::MAX)))
        .order_by_asc(journal::Column::Seq)
        .all(store.reader())
        .await?;
    rows.iter().map(|row| Ok((small(row.seq), decode(row)?))).collect()
}

pub(crate) fn decode(row: &journal::Model) -> Result<Event, Error> {
    let what = || format!("event {} of execution {}", row.seq, ExecutionId(row.execution_id));
    Event::decode(&row.data).map_err(|cause| Error::corrupt(&what(), cause))
}
