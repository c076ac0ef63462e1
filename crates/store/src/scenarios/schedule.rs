//! Scenarios that run by the clock: what is due, and the taking of a slot.
//!
//! `next_run_at` is the next slot. [`advance`] takes it: it succeeds for one
//! caller only, so the runs that are created in the same transaction exist
//! exactly once, whatever crashes and however many nodes look.

use jiff::Timestamp;
use rouage_model::scenario::{MissedRuns, Scheduling};
use rouage_model::{ScenarioId, TeamId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set};

use super::scheduling;
use crate::entities::scenarios;
use crate::text::{clean, instant, micros};
use crate::{Error, Store, WriteTx};

/// A scenario that is on and runs by the clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduled {
    /// Whose it is.
    pub team: TeamId,
    /// Its id.
    pub scenario: ScenarioId,
    /// When it runs.
    pub scheduling: Scheduling,
    /// Its next slot; `None` when it was not computed yet or there is none.
    pub next_run_at: Option<Timestamp>,
    /// The time zone of the calendar.
    pub timezone: String,
    /// What becomes of missed runs.
    pub missed_runs: MissedRuns,
    /// Nothing starts before.
    pub paused_until: Option<Timestamp>,
}

/// All enabled scenarios of all teams that run by the clock.
pub async fn scheduled(store: &Store) -> Result<Vec<Scheduled>, Error> {
    Ok(read(enabled().all(store.reader()).await?))
}

/// Those whose slot has come.
pub async fn due(store: &Store, now: Timestamp) -> Result<Vec<Scheduled>, Error> {
    let due = enabled().filter(scenarios::Column::NextRunAt.lte(micros(now)));
    Ok(read(due.all(store.reader()).await?))
}

/// The next slot of all.
pub async fn next_slot(store: &Store) -> Result<Option<Timestamp>, Error> {
    let next: Option<Option<i64>> = enabled()
        .filter(scenarios::Column::NextRunAt.is_not_null())
        .order_by_asc(scenarios::Column::NextRunAt)
        .select_only()
        .column(scenarios::Column::NextRunAt)
        .into_tuple()
        .one(store.reader())
        .await?;
    Ok(next.flatten().map(instant))
}

fn enabled() -> Select<scenarios::Entity> {
    scenarios::Entity::find()
        .filter(scenarios::Column::Enabled.eq(true))
        .filter(scenarios::Column::DeletedAt.is_null())
        .order_by_asc(scenarios::Column::Id)
}

/// One that cannot be read must not keep the others from their slots.
fn read(rows: Vec<scenarios::Model>) -> Vec<Scheduled> {
    let mut scheduled = Vec::new();
    for row in rows {
        let scheduling = match scheduling(&row.scheduling) {
            Ok(scheduling) if scheduling.is_by_clock() => scheduling,
            Ok(_) => continue,
            Err(error) => {
                tracing::error!(scenario.id = row.id, %error, "a scenario is not scheduled");
                continue;
            }
        };
        scheduled.push(Scheduled {
            team: TeamId(row.team_id),
            scenario: ScenarioId(row.id),
            scheduling,
            next_run_at: row.next_run_at.map(instant),
            timezone: row.timezone,
            missed_runs: missed_runs(&row.missed_runs),
            paused_until: row.paused_until.map(instant),
        });
    }
    scheduled
}

/// What is stored under a name that is not known is the default.
pub(super) fn missed_runs(stored: &str) -> MissedRuns {
    MissedRuns::parse(stored).unwrap_or_default()
}

/// Takes a slot: moves the scenario on from `slot` to `next`, when it is on and
/// still stands there. `false`: somebody else took it, or it was changed; then
/// nothing may be started. On PostgreSQL the second of two callers waits for
/// the first and then gets `false`.
pub async fn advance(
    tx: &mut WriteTx,
    id: ScenarioId,
    slot: Option<Timestamp>,
    next: Option<Timestamp>,
) -> Result<bool, Error> {
    let stands = match slot {
        Some(slot) => scenarios::Column::NextRunAt.eq(micros(slot)),
        None => scenarios::Column::NextRunAt.is_null(),
    };
    let moved = scenarios::Entity::update_many()
        .col_expr(scenarios::Column::NextRunAt, Expr::value(next.map(micros)))
        .filter(scenarios::Column::Id.eq(id.0))
        .filter(scenarios::Column::Enabled.eq(true))
        .filter(scenarios::Column::DeletedAt.is_null())
        .filter(stands)
        .exec(tx.db())
        .await?;
    Ok(moved.rows_affected == 1)
}

/// Notes what the schedule did otherwise than people expect; `None` when it
/// did what they do. No news is sent: nothing else depends on it.
pub async fn note_schedule(tx: &mut WriteTx, id: ScenarioId, note: Option<&str>) -> Result<(), Error> {
    let note = note.map(|note| clean(note.to_owned()));
    let differs = match &note {
        Some(note) => scenarios::Column::ScheduleNote.is_null().or(scenarios::Column::ScheduleNote.ne(note.as_str())),
        None => scenarios::Column::ScheduleNote.is_not_null(),
    };
    scenarios::Entity::update_many()
        .col_expr(scenarios::Column::ScheduleNote, Expr::value(note))
        .filter(scenarios::Column::Id.eq(id.0))
        .filter(differs)
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Lets the schedule start nothing before a moment, unless it rests longer
/// already.
pub async fn pause(tx: &mut WriteTx, id: ScenarioId, until: Timestamp) -> Result<(), Error> {
    use scenarios::Column::{Id, PausedUntil};
    let rests_less = PausedUntil.is_null().or(PausedUntil.lt(micros(until)));
    scenarios::Entity::update_many()
        .col_expr(PausedUntil, Expr::value(micros(until)))
        .filter(Id.eq(id.0).and(rests_less))
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Sets what becomes of missed runs.
pub async fn set_missed_runs(tx: &mut WriteTx, team: TeamId, id: ScenarioId, rule: MissedRuns) -> Result<(), Error> {
    let row = scenarios::ActiveModel { missed_runs: Set(rule.as_str().to_owned()), ..Default::default() };
    let one = scenarios::Column::Id.eq(id.0).and(scenarios::Column::TeamId.eq(team.0));
    crate::one_row(scenarios::Entity::update_many().set(row).filter(one).exec(tx.db()).await?.rows_affected)
}
