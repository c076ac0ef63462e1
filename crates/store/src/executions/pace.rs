//! How many runs of a scenario there are at the moment: what the schedule and
//! the limit of runs a minute go by.

use jiff::Timestamp;
use rouage_model::ScenarioId;
use rouage_model::execution::{Origin, Status};
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use crate::entities::{executions, scenarios};
use crate::text::{count, micros};
use crate::{Error, Store, WriteTx};

/// The runs of a scenario that its trigger began and that are not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// Not begun yet.
    pub queued: u64,
    /// Under way, waiting or in doubt.
    pub begun: u64,
}

/// Counts the runs by the schedule and by hand that are not over. Retries,
/// replays and calls by other scenarios ask no trigger and do not count.
pub async fn active(tx: &mut WriteTx, scenario: ScenarioId) -> Result<Pace, Error> {
    use executions::Column::{Id, Origin as By, ScenarioId as Scenario, Status as Stands};
    let is_active = [Status::Queued, Status::Running, Status::Waiting, Status::InDoubt].map(Status::as_str);
    let found: Vec<(String, i64)> = executions::Entity::find()
        .filter(Scenario.eq(scenario.0))
        .filter(Stands.is_in(is_active))
        .filter(By.is_in([Origin::Schedule, Origin::Manual].map(Origin::as_str)))
        .select_only()
        .column(Stands)
        .column_as(Id.count(), "count")
        .group_by(Stands)
        .into_tuple()
        .all(tx.db())
        .await?;
    let mut active = Pace::default();
    for (status, number) in found {
        let queued = status == Status::Queued.as_str();
        *(if queued { &mut active.queued } else { &mut active.begun }) += count(number);
    }
    Ok(active)
}

/// How many runs by requests were started at or after a moment.
pub async fn started_by_requests(store: &Store, scenario: ScenarioId, since: Timestamp) -> Result<u64, Error> {
    Ok(by_requests(scenario, since).count(store.reader()).await?)
}

/// The same inside a transaction; nobody else who asks gets an answer before
/// it ends.
pub async fn started_by_requests_alone(tx: &mut WriteTx, scenario: ScenarioId, since: Timestamp) -> Result<u64, Error> {
    if tx.backend() == DbBackend::Postgres {
        let row = scenarios::Entity::find_by_id(scenario.0).select_only().column(scenarios::Column::Id);
        row.lock_exclusive().into_tuple::<i64>().one(tx.db()).await?;
    }
    Ok(by_requests(scenario, since).count(tx.db()).await?)
}

fn by_requests(scenario: ScenarioId, since: Timestamp) -> sea_orm::Select<executions::Entity> {
    executions::Entity::find()
        .filter(executions::Column::ScenarioId.eq(scenario.0))
        .filter(executions::Column::CreatedAt.gt(micros(since)))
        .filter(executions::Column::Origin.eq(Origin::Webhook.as_str()))
}
