//! Notices: what people must hear of, such as a scenario that was switched off.
//! Shown on every page until somebody has read them.

use jiff::Timestamp;
use rouage_model::{ScenarioId, TeamId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::entities::notices;
use crate::text::{clean, instant, micros};
use crate::{Error, Store, WriteTx};

/// A notice that nobody has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its number.
    pub id: i64,
    /// What it is about.
    pub scenario: Option<ScenarioId>,
    /// What happened and what to do, in a sentence or two.
    pub text: String,
    /// When.
    pub created_at: Timestamp,
}

/// The newest notices that nobody has read.
pub async fn unread(store: &Store, team: TeamId, limit: u32) -> Result<Vec<Notice>, Error> {
    // A literal and not a parameter, so that the partial index serves it.
    let rows = notices::Entity::find()
        .filter(notices::Column::TeamId.eq(team.0))
        .filter(Expr::cust("read_at IS NULL"))
        .order_by_desc(notices::Column::Id)
        .limit(u64::from(limit))
        .all(store.reader())
        .await?;
    let read = |row: notices::Model| Notice {
        id: row.id,
        scenario: row.scenario_id.map(ScenarioId),
        text: row.text,
        created_at: instant(row.created_at),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Gives notice. One about a scenario takes the place of those before it.
pub async fn give(tx: &mut WriteTx, team: TeamId, scenario: Option<ScenarioId>, text: &str) -> Result<(), Error> {
    let now = micros(tx.now());
    if let Some(scenario) = scenario {
        read_where(tx, team, notices::Column::ScenarioId.eq(scenario.0)).await?;
    }
    let row = notices::ActiveModel {
        id: NotSet,
        team_id: Set(team.0),
        scenario_id: Set(scenario.map(|scenario| scenario.0)),
        text: Set(clean(text.to_owned())),
        created_at: Set(now),
        read_at: Set(None),
    };
    notices::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Somebody has read it.
pub async fn mark_read(tx: &mut WriteTx, team: TeamId, id: i64) -> Result<(), Error> {
    read_where(tx, team, notices::Column::Id.eq(id)).await
}

/// What was said about a scenario does not hold any more.
pub async fn take_back(tx: &mut WriteTx, team: TeamId, scenario: ScenarioId) -> Result<(), Error> {
    read_where(tx, team, notices::Column::ScenarioId.eq(scenario.0)).await
}

async fn read_where(tx: &mut WriteTx, team: TeamId, which: Expr) -> Result<(), Error> {
    let row = notices::ActiveModel { read_at: Set(Some(micros(tx.now()))), ..Default::default() };
    notices::Entity::update_many()
        .set(row)
        .filter(notices::Column::TeamId.eq(team.0).and(which))
        .filter(Expr::cust("read_at IS NULL"))
        .exec(tx.db())
        .await?;
    Ok(())
}
