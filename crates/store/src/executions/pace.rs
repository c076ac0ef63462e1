//! How many runs of a scenario there are at the moment: what the schedule and
//! the limit of runs a minute go by.

use jiff::Timestamp;
use rouage_model::execution::{Origin, Status};
use rouage_model::{ExecutionId, ScenarioId};
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
    /// Runs that a program or another scenario asked for, in any of these
    /// states. They ask the trigger as well, but the clock does not wait for
    /// them otherwise.
    pub called: u64,
}

impl Pace {
    /// All of them.
    pub fn all(self) -> u64 {
        self.queued + self.begun + self.called
    }
}

/// How far, in microseconds, runs that are created together may be apart.
const TOGETHER: i64 = 1_000_000;

const ACTIVE: [Status; 4] = [Status::Queued, Status::Running, Status::Waiting, Status::InDoubt];

/// Whether a run is not over.
pub(crate) async fn is_active(tx: &WriteTx, execution: ExecutionId) -> Result<bool, Error> {
    let found = executions::Entity::find_by_id(execution.0)
        .filter(executions::Column::Status.is_in(ACTIVE.map(Status::as_str)))
        .count(tx.db());
    Ok(found.await? > 0)
}

/// Counts the runs that ask the trigger and are not over. Retries and replays
/// ask none and do not count, and what is only tried asks for itself.
pub async fn active(tx: &mut WriteTx, scenario: ScenarioId) -> Result<Pace, Error> {
    use executions::Column::{Id, Origin as By, ScenarioId as Scenario, Status as Stands};
    let by_call = [Origin::Api, Origin::Scenario].map(Origin::as_str);
    let by_trigger = [Origin::Schedule, Origin::Manual].map(Origin::as_str);
    let found: Vec<(String, String, i64)> = executions::Entity::find()
        .filter(Scenario.eq(scenario.0))
        .filter(Stands.is_in(ACTIVE.map(Status::as_str)))
        .filter(By.is_in(by_trigger.into_iter().chain(by_call)))
        .filter(executions::Column::Version.gt(0))
        .select_only()
        .column(By)
        .column(Stands)
        .column_as(Id.count(), "count")
        .group_by(By)
        .group_by(Stands)
        .into_tuple()
        .all(tx.db())
        .await?;
    let mut active = Pace::default();
    for (origin, status, number) in found {
        let counted = match status == Status::Queued.as_str() {
            _ if by_call.contains(&origin.as_str()) => &mut active.called,
            true => &mut active.queued,
            false => &mut active.begun,
        };
        *counted += count(number);
    }
    Ok(active)
}

/// Whether the schedule started a run at or after a moment.
pub async fn was_scheduled_since(store: &Store, scenario: ScenarioId, since: Timestamp) -> Result<bool, Error> {
    let found = executions::Entity::find()
        .filter(executions::Column::ScenarioId.eq(scenario.0))
        .filter(executions::Column::CreatedAt.gte(micros(since)))
        .filter(executions::Column::Origin.eq(Origin::Schedule.as_str()))
        .count(store.reader());
    Ok(found.await? > 0)
}

/// How many runs by requests were started at or after a moment.
pub async fn started_by_requests(store: &Store, scenario: ScenarioId, since: Timestamp) -> Result<u64, Error> {
    Ok(by_requests(scenario, since, store.clock().now()).count(store.reader()).await?)
}

/// The same inside a transaction; nobody else who asks gets an answer before
/// it ends.
pub async fn started_by_requests_alone(tx: &mut WriteTx, scenario: ScenarioId, since: Timestamp) -> Result<u64, Error> {
    if tx.backend() == DbBackend::Postgres {
        let row = scenarios::Entity::find_by_id(scenario.0).select_only().column(scenarios::Column::Id);
        row.lock_exclusive().into_tuple::<i64>().one(tx.db()).await?;
    }
    Ok(by_requests(scenario, since, tx.now()).count(tx.db()).await?)
}

/// Those that seem to come later were started before the clock was set back.
fn by_requests(scenario: ScenarioId, since: Timestamp, now: Timestamp) -> sea_orm::Select<executions::Entity> {
    executions::Entity::find()
        .filter(executions::Column::ScenarioId.eq(scenario.0))
        .filter(executions::Column::CreatedAt.gt(micros(since)))
        .filter(executions::Column::CreatedAt.lte(micros(now).saturating_add(TOGETHER)))
        .filter(executions::Column::Origin.eq(Origin::Webhook.as_str()))
}
