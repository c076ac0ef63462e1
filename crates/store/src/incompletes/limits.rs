//! How many incomplete executions a scenario may have.

use rouage_model::ScenarioId;
use rouage_model::execution::IncompleteStatus;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entities::incompletes;
use crate::text::column;
use crate::{Error, Store, WriteTx, settings};

const ITEMS: &str = "incomplete_items";
const BYTES: &str = "incomplete_bytes";

/// How much may be stored for one scenario; what is resolved does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many; 0 = any number.
    pub items: u64,
    /// Bytes of them together; 0 = any number.
    pub bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { items: 10_000, bytes: 1_000_000_000 }
    }
}

/// The limits of this installation.
pub async fn limits(store: &Store) -> Result<Limits, Error> {
    Ok(parse(settings::get(store, ITEMS).await?, settings::get(store, BYTES).await?))
}

/// Sets the limits of this installation.
pub async fn set_limits(tx: &mut WriteTx, limits: Limits) -> Result<(), Error> {
    settings::set(tx, ITEMS, &limits.items.to_string()).await?;
    settings::set(tx, BYTES, &limits.bytes.to_string()).await
}

fn parse(items: Option<String>, bytes: Option<String>) -> Limits {
    let read = |text: Option<String>, default| text.and_then(|text| text.parse().ok()).unwrap_or(default);
    let default = Limits::default();
    Limits { items: read(items, default.items), bytes: read(bytes, default.bytes) }
}

/// Whether a scenario has no room for one more of this size.
pub(super) async fn is_full(tx: &WriteTx, scenario: ScenarioId, size: u64) -> Result<bool, Error> {
    let limits = parse(settings::get_in(tx, ITEMS).await?, settings::get_in(tx, BYTES).await?);
    let sums: Option<(i64, Option<i64>)> = incompletes::Entity::find()
        .filter(incompletes::Column::ScenarioId.eq(scenario.0))
        .filter(incompletes::Column::Status.ne(IncompleteStatus::Resolved.as_str()))
        .select_only()
        .column_as(incompletes::Column::Id.count(), "items")
        .column_as(incompletes::Column::Size.sum().cast_as("BIGINT"), "bytes")
        .into_tuple()
        .one(tx.db())
        .await?;
    let (items, bytes) = sums.unwrap_or_default();
    let bytes = bytes.unwrap_or(0).saturating_add(column(size));
    Ok((limits.items > 0 && items >= column(limits.items)) || (limits.bytes > 0 && bytes > column(limits.bytes)))
}
