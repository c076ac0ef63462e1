//! Live runs that failed and that nobody has looked at yet. People are told
//! until somebody has: what fails by night is not to be found by chance.

use jiff::Timestamp;
use rouage_model::{ScenarioId, TeamId};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::of_team;
use crate::entities::scenarios;
use crate::text::{count, instant};
use crate::{Change, Error, Page, PageRequest, Store, WriteTx};

/// A scenario with runs to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// The scenario.
    pub id: ScenarioId,
    /// Its name.
    pub name: String,
    /// How many runs failed since somebody looked.
    pub failures: u64,
    /// When the last of them ended.
    pub last_at: Option<Timestamp>,
}

/// The scenarios with failed runs that nobody has looked at, the latest first.
pub async fn failing(store: &Store, team: TeamId, page: PageRequest) -> Result<Page<Failing>, Error> {
    let find = of_team(team).filter(scenarios::Column::UnseenFailures.gt(0));
    let total = find.clone().count(store.reader()).await?;
    let find = find.order_by_desc(scenarios::Column::FailedAt).offset(page.offset()).limit(page.limit());
    let rows = find.all(store.reader()).await?;
    let failing = |row: scenarios::Model| Failing {
        id: ScenarioId(row.id),
        failures: count(row.unseen_failures.into()),
        last_at: row.failed_at.map(instant),
        name: row.name,
    };
    Ok(Page::new(page, total, rows.into_iter().map(failing).collect()))
}

/// How many scenarios have such runs.
pub async fn count_failing(store: &Store, team: TeamId) -> Result<u64, Error> {
    Ok(of_team(team).filter(scenarios::Column::UnseenFailures.gt(0)).count(store.reader()).await?)
}

/// How many such runs a scenario has.
pub async fn unseen_failures(store: &Store, team: TeamId, id: ScenarioId) -> Result<u64, Error> {
    let find = of_team(team).filter(scenarios::Column::Id.eq(id.0));
    let found: Option<i32> =
        find.select_only().column(scenarios::Column::UnseenFailures).into_tuple().one(store.reader()).await?;
    Ok(count(found.unwrap_or(0).into()))
}

/// Somebody has looked.
pub async fn see_failures(tx: &mut WriteTx, team: TeamId, id: ScenarioId) -> Result<(), Error> {
    let update = scenarios::Entity::update_many()
        .set(scenarios::ActiveModel { unseen_failures: Set(0), ..Default::default() })
        .filter(scenarios::Column::TeamId.eq(team.0))
        .filter(scenarios::Column::Id.eq(id.0));
    if update.exec(tx.db()).await?.rows_affected == 0 {
        return Err(Error::NotFound);
    }
    tx.changed(Change::Scenario(id));
    Ok(())
}
