//! How much of the history is kept: by age, by number and by size, for each
//! scenario or as the server says; and the bundles of confidential runs, which
//! are kept only as long as something may still need them.
//!
//! Everything here works in small transactions, so that whoever writes the
//! journal never waits long. Never touched: runs that are not over, and runs
//! that an open incomplete execution comes from.

mod bundles;
mod excess;

use rouage_model::{ScenarioId, TeamId};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Set, Statement,
};

pub(crate) use bundles::DUE;
pub use bundles::{confidential_due, remove_bundles};
pub use excess::{Excess, delete, delete_requests, excess, old_requests, surplus};

use crate::entities::{retentions, scenarios};
use crate::text::count;
use crate::{Error, Store, WriteTx, settings};

/// The server's policy among the settings.
const SETTING: &str = "retention";
/// How much is kept; 0 means without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Days since a run was accepted and ended.
    pub days: u32,
    /// Runs of one scenario.
    pub runs: u64,
    /// Bytes of the journals of one scenario.
    pub bytes: u64,
}

/// What a scenario says for itself; `None` follows the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Own {
    /// See [`Policy::days`].
    pub days: Option<u32>,
    /// See [`Policy::runs`].
    pub runs: Option<u64>,
    /// See [`Policy::bytes`].
    pub bytes: Option<u64>,
}

impl Own {
    /// What holds for the scenario.
    pub fn over(self, server: Policy) -> Policy {
        Policy {
            days: self.days.unwrap_or(server.days),
            runs: self.runs.unwrap_or(server.runs),
            bytes: self.bytes.unwrap_or(server.bytes),
        }
    }
}

/// The policy that was set on the settings page; `None`: that of the
/// configuration holds.
pub async fn server(store: &Store) -> Result<Option<Policy>, Error> {
    let stored = settings::get(store, SETTING).await?;
    stored.map(|text| parse(&text).ok_or_else(|| Error::corrupt("the retention", text))).transpose()
}

/// Sets the server's policy.
pub async fn set_server(tx: &mut WriteTx, policy: Policy) -> Result<(), Error> {
    let text = format!("{} {} {}", policy.days, policy.runs, policy.bytes);
    settings::set(tx, SETTING, &text).await
}

/// Days, runs and bytes in this order.
fn parse(text: &str) -> Option<Policy> {
    let mut numbers = text.split(' ');
    let (days, runs, bytes) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Some(Policy { days: days.parse().ok()?, runs: runs.parse().ok()?, bytes: bytes.parse().ok()? })
}

/// What a scenario says for itself.
pub async fn own(store: &Store, scenario: ScenarioId) -> Result<Own, Error> {
    let row = retentions::Entity::find_by_id(scenario.0).one(store.reader()).await?;
    Ok(row.as_ref().map(read).unwrap_or_default())
}

/// Sets what a scenario says for itself.
pub async fn set_own(tx: &mut WriteTx, team: TeamId, scenario: ScenarioId, own: Own) -> Result<(), Error> {
    let one = scenarios::Column::Id.eq(scenario.0).and(scenarios::Column::TeamId.eq(team.0));
    if scenarios::Entity::find().filter(one).one(tx.db()).await?.is_none() {
        return Err(Error::NotFound);
    }
    let big = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let row = retentions::ActiveModel {
        scenario_id: Set(scenario.0),
        days: Set(own.days.map(|days| i32::try_from(days).unwrap_or(i32::MAX))),
        runs: Set(own.runs.map(big)),
        bytes: Set(own.bytes.map(big)),
    };
    use retentions::Column::{Bytes, Days, Runs, ScenarioId as Scenario};
    let replace = OnConflict::column(Scenario).update_columns([Days, Runs, Bytes]).to_owned();
    retentions::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.db()).await?;
    Ok(())
}

fn read(row: &retentions::Model) -> Own {
    Own {
        days: row.days.and_then(|days| u32::try_from(days).ok()),
        runs: row.runs.map(count),
        bytes: row.bytes.map(count),
    }
}

/// Every scenario of every team, deleted ones too, with what it says.
pub async fn scenarios(store: &Store) -> Result<Vec<(ScenarioId, Own)>, Error> {
    let ids: Vec<i64> = scenarios::Entity::find()
        .order_by_asc(scenarios::Column::Id)
        .select_only()
        .column(scenarios::Column::Id)
        .into_tuple()
        .all(store.reader())
        .await?;
    let rows = retentions::Entity::find().all(store.reader()).await?;
    let owns: std::collections::HashMap<i64, Own> = rows.iter().map(|row| (row.scenario_id, read(row))).collect();
    Ok(ids.into_iter().map(|id| (ScenarioId(id), owns.get(&id).copied().unwrap_or_default())).collect())
}

/// Bytes on the disk, and those of them that are free within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct DiskUse {
    /// All of the database.
    pub bytes: i64,
    /// Free within it; 0 where that is not known.
    pub free: i64,
}

/// How much the database takes on the disk.
pub async fn disk_use(store: &Store) -> Result<DiskUse, Error> {
    let backend = store.shared.pools.backend;
    let sql = match backend {
        sea_orm::DbBackend::Postgres => {
            "SELECT pg_database_size(current_database())::bigint AS bytes, 0::bigint AS free"
        }
        _ => {
            "SELECT page_count * page_size AS bytes, freelist_count * page_size AS free \
             FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()"
        }
    };
    let row = store.reader().query_one_raw(Statement::from_string(backend, sql)).await?;
    let row = row.ok_or_else(|| Error::Database("the database does not tell its size".into()))?;
    Ok(DiskUse::from_query_result(&row, "")?)
}
