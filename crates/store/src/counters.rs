//! Counters: how far the Increment modules of a scenario have counted that are
//! never reset by themselves.

use jiff::Timestamp;
use rouage_model::{ModuleId, ScenarioId, TeamId};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::entities::{counters, scenarios};
use crate::text::{instant, micros};
use crate::{Error, Store, WriteTx};

/// How far a module has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    /// The module.
    pub module: ModuleId,
    /// Its last value; the next one is higher by 1.
    pub value: i64,
    /// When it last counted or was set.
    pub updated_at: Timestamp,
}

/// Counts up by one and gives the new value; the first is 1.
pub(crate) async fn count(tx: &mut WriteTx, scenario: ScenarioId, module: ModuleId) -> Result<i64, Error> {
    use counters::Column::{Module, ScenarioId as Scenario, UpdatedAt, Value};
    let row = counters::ActiveModel {
        scenario_id: Set(scenario.0),
        module: Set(module.0),
        value: Set(1),
        updated_at: Set(micros(tx.now())),
    };
    let next = OnConflict::columns([Scenario, Module])
        .value(Value, Expr::col((counters::Entity, Value)).add(1))
        .update_column(UpdatedAt)
        .to_owned();
    let counted = counters::Entity::insert(row).on_conflict(next).exec_with_returning(tx.db()).await?;
    Ok(counted.value)
}

/// The counters of a scenario, by module.
pub async fn list(store: &Store, team: TeamId, scenario: ScenarioId) -> Result<Vec<Counter>, Error> {
    let rows = counters::Entity::find()
        .filter(counters::Column::ScenarioId.eq(scenario.0))
        .filter(Expr::exists(its_team(team, scenario)))
        .order_by_asc(counters::Column::Module)
        .all(store.reader())
        .await?;
    let read = |row: counters::Model| Counter {
        module: ModuleId(row.module),
        value: row.value,
        updated_at: instant(row.updated_at),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Makes a module begin with 1 again. Gives whether it had counted.
pub async fn reset(tx: &mut WriteTx, team: TeamId, scenario: ScenarioId, module: ModuleId) -> Result<bool, Error> {
    let gone = counters::Entity::delete_many()
        .filter(counters::Column::ScenarioId.eq(scenario.0).and(counters::Column::Module.eq(module.0)))
        .filter(Expr::exists(its_team(team, scenario)))
        .exec(tx.db())
        .await?;
    Ok(gone.rows_affected > 0)
}

/// Forgets the counters of a scenario that is deleted.
pub(crate) async fn forget_all(tx: &mut WriteTx, scenario: ScenarioId) -> Result<(), Error> {
    counters::Entity::delete_many().filter(counters::Column::ScenarioId.eq(scenario.0)).exec(tx.db()).await?;
    Ok(())
}

fn its_team(team: TeamId, scenario: ScenarioId) -> sea_orm::sea_query::SelectStatement {
    let one = scenarios::Column::Id.eq(scenario.0).and(scenarios::Column::TeamId.eq(team.0));
    sea_orm::QueryTrait::into_query(scenarios::Entity::find().filter(one))
}
