//! Where runs come from, and what came of them.

use std::collections::HashMap;

use rouage_model::{ExecutionId, IncompleteId, OperationId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use uuid::Uuid;

use crate::entities::lineages;
use crate::text::small;
use crate::{Error, Lineage, Store};

/// The run that an execution comes from; `None` for those that come from none.
pub async fn find(store: &Store, execution: ExecutionId) -> Result<Lineage, Error> {
    match lineages::Entity::find_by_id(execution.0).one(store.reader()).await? {
        Some(row) => read(&row),
        None => Ok(Lineage::None),
    }
}

/// The runs that come from an execution, oldest first.
pub async fn descendants(store: &Store, execution: ExecutionId) -> Result<Vec<(ExecutionId, Lineage)>, Error> {
    let rows = lineages::Entity::find()
        .filter(lineages::Column::SourceId.eq(execution.0))
        .order_by_asc(lineages::Column::ExecutionId)
        .all(store.reader())
        .await?;
    rows.iter().map(|row| Ok((ExecutionId(row.execution_id), read(row)?))).collect()
}

/// Where several executions come from; those that come from none are left out.
pub(crate) async fn of(store: &Store, executions: impl Iterator<Item = Uuid>) -> Result<HashMap<Uuid, Lineage>, Error> {
    let rows = lineages::Entity::find().filter(lineages::Column::ExecutionId.is_in(executions)).all(store.reader());
    rows.await?.iter().map(|row| Ok((row.execution_id, read(row)?))).collect()
}

/// The row of a new execution; `None` when it comes from no other.
pub(crate) fn row(execution: Uuid, lineage: Lineage) -> Option<lineages::ActiveModel> {
    let (kind, source, operation, incomplete) = match lineage {
        Lineage::None => return None,
        Lineage::Retry { origin, operation, incomplete } => ("retry", origin, Some(operation), Some(incomplete)),
        Lineage::Replay { source } => ("replay", source, None, None),
        Lineage::Child { parent, operation } => ("child", parent, Some(operation), None),
    };
    Some(lineages::ActiveModel {
        execution_id: Set(execution),
        kind: Set(kind.to_owned()),
        source_id: Set(source.0),
        operation: Set(operation.map(|operation| i32::try_from(operation.0).unwrap_or(i32::MAX))),
        incomplete_id: Set(incomplete.map(|incomplete| incomplete.0)),
    })
}

fn read(row: &lineages::Model) -> Result<Lineage, Error> {
    let source = ExecutionId(row.source_id);
    let operation = row.operation.map(|operation| OperationId(small(operation)));
    match (row.kind.as_str(), operation, row.incomplete_id) {
        ("retry", Some(operation), Some(incomplete)) => {
            Ok(Lineage::Retry { origin: source, operation, incomplete: IncompleteId(incomplete) })
        }
        ("replay", _, _) => Ok(Lineage::Replay { source }),
        ("child", Some(operation), _) => Ok(Lineage::Child { parent: source, operation }),
        (kind, _, _) => Err(Error::corrupt("where a run comes from", format!("{kind:?} is not known"))),
    }
}
