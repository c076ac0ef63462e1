//! Scenarios and their versions: what they are, and reading them.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use rouage_model::execution::Status;
use rouage_model::scenario::{MissedRuns, Scheduling};
use rouage_model::{Blueprint, FolderId, HookId, ScenarioId, TeamId, Value, Version};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entities::{hooks, scenario_versions, scenarios};
use crate::text::{instant, read_value, small};
use crate::{Error, Store};

mod change;
mod failing;
mod listing;
mod schedule;

pub(crate) use change::{Content, Ends, Made, count_ends, live, locked, publish, version_content};
pub use change::{
    create, create_variant, delete, delete_variant, duplicate, note_result, rename, set_enabled, set_links,
    set_next_run, set_scheduling, set_timezone, stands, update_blueprint,
};
pub use failing::{Failing, count_failing, failing, see_failures, unseen_failures};
pub(crate) use listing::with_link;
pub use listing::{Brief, brief, ids, list, list_in};
pub use schedule::{Scheduled, advance, due, next_slot, note_schedule, pause, scheduled, set_missed_runs};

/// A scenario in its current version.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Its id.
    pub id: ScenarioId,
    /// Whose it is.
    pub team: TeamId,
    /// Its name.
    pub name: String,
    /// The current version of blueprint and links.
    pub version: Version,
    /// Whether it runs by itself.
    pub enabled: bool,
    /// When it runs.
    pub scheduling: Scheduling,
    /// `"<moduleId>.<parameter>"` → local id or `"builtin"`: what takes the
    /// place of parameters that are bound to an account at Make.
    pub links: Value,
    /// The blueprint, untouched.
    pub blueprint: Arc<Blueprint>,
    /// The hook it listens to.
    pub hook: Option<HookId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Why it was switched off by itself, for people.
    pub problem: Option<String>,
    /// Runs in a row that ended by an error.
    pub consecutive_errors: u32,
    /// The time zone of its dates, such as `Europe/Paris`.
    pub timezone: String,
    /// When the schedule starts it next.
    pub next_run_at: Option<Timestamp>,
    /// What becomes of scheduled runs that could not start in time.
    pub missed_runs: MissedRuns,
    /// The schedule starts nothing before.
    pub paused_until: Option<Timestamp>,
    /// What the schedule did otherwise than people expect, for them.
    pub schedule_note: Option<String>,
    /// The folder that it is in.
    pub folder: Option<FolderId>,
}

/// A scenario in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioRow {
    /// Its id.
    pub id: ScenarioId,
    /// Its name.
    pub name: String,
    /// The current version.
    pub version: Version,
    /// Whether it runs by itself.
    pub enabled: bool,
    /// When it runs.
    pub scheduling: Scheduling,
    /// The hook it listens to.
    pub hook: Option<HookId>,
    /// The apps of its modules (`google-sheets`), each once, in order of the flow.
    pub apps: Vec<String>,
    /// Why it was switched off by itself.
    pub problem: Option<String>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the schedule starts it next.
    pub next_run_at: Option<Timestamp>,
    /// How its latest run stands.
    pub last_status: Option<Status>,
    /// When its latest run was accepted.
    pub last_run_at: Option<Timestamp>,
    /// Runs accepted in the last 24 hours.
    pub runs_24h: u64,
    /// Those of them that ended by an error.
    pub errors_24h: u64,
    /// Incomplete executions that are not resolved.
    pub incompletes: u64,
    /// Live runs that failed since somebody looked.
    pub unseen_failures: u64,
}

/// A version of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioVersion {
    /// Its number.
    pub version: Version,
    /// Its blueprint.
    pub blueprint: Arc<Blueprint>,
    /// Its links.
    pub links: Value,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A scenario to make.
#[derive(Debug, Clone, PartialEq)]
pub struct NewScenario {
    /// Its name.
    pub name: String,
    /// Its blueprint.
    pub blueprint: Arc<Blueprint>,
    /// Its links; `Undefined` for none.
    pub links: Value,
    /// When it runs.
    pub scheduling: Scheduling,
}

/// One scenario.
pub async fn find(store: &Store, team: TeamId, id: ScenarioId) -> Result<Option<Scenario>, Error> {
    let row = of_team(team).filter(scenarios::Column::Id.eq(id.0)).one(store.reader()).await?;
    let Some(row) = row else { return Ok(None) };
    let version = find_version(store, id, Version(row.version)).await?;
    let version = version.ok_or_else(|| Error::corrupt("a scenario", "its version is missing"))?;
    let hook = hooks_of(store, [id.0]).await?.get(&id.0).copied();
    Ok(Some(Scenario {
        id,
        team,
        version: version.version,
        enabled: row.enabled,
        scheduling: scheduling(&row.scheduling)?,
        links: version.links,
        blueprint: version.blueprint,
        hook,
        created_at: instant(row.created_at),
        updated_at: instant(row.updated_at),
        problem: row.problem,
        consecutive_errors: small(row.consecutive_errors),
        timezone: row.timezone,
        next_run_at: row.next_run_at.map(instant),
        missed_runs: schedule::missed_runs(&row.missed_runs),
        paused_until: row.paused_until.map(instant),
        schedule_note: row.schedule_note,
        folder: row.folder_id.map(FolderId),
        name: row.name,
    }))
}

/// One version of a scenario, also of a deleted one: its runs need it.
pub async fn find_version(
    store: &Store,
    scenario: ScenarioId,
    version: Version,
) -> Result<Option<ScenarioVersion>, Error> {
    let find = scenario_versions::Entity::find_by_id((scenario.0, version.0));
    let Some(row) = find.one(store.reader()).await? else { return Ok(None) };
    let blueprint = Blueprint::parse(row.blueprint.as_bytes()).map_err(|cause| Error::corrupt("a blueprint", cause))?;
    Ok(Some(ScenarioVersion {
        version,
        blueprint: Arc::new(blueprint),
        links: read_value("the links of a scenario", row.links.as_bytes())?,
        created_at: instant(row.created_at),
    }))
}

/// Its versions, newest first: number and moment.
pub async fn versions(store: &Store, team: TeamId, id: ScenarioId) -> Result<Vec<(Version, Timestamp)>, Error> {
    if of_team(team).filter(scenarios::Column::Id.eq(id.0)).one(store.reader()).await?.is_none() {
        return Ok(Vec::new());
    }
    let found: Vec<(i32, i64)> = scenario_versions::Entity::find()
        .filter(scenario_versions::Column::ScenarioId.eq(id.0))
        .filter(scenario_versions::Column::Version.gt(0))
        .order_by_desc(scenario_versions::Column::Version)
        .select_only()
        .columns([scenario_versions::Column::Version, scenario_versions::Column::CreatedAt])
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(found.into_iter().map(|(version, at)| (Version(version), instant(at))).collect())
}

/// The names of scenarios, deleted ones too.
pub(crate) async fn names(store: &Store, ids: impl Iterator<Item = i64>) -> Result<HashMap<i64, String>, Error> {
    let ids: std::collections::BTreeSet<i64> = ids.collect();
    let found: Vec<(i64, String)> = scenarios::Entity::find()
        .filter(scenarios::Column::Id.is_in(ids))
        .select_only()
        .columns([scenarios::Column::Id, scenarios::Column::Name])
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(found.into_iter().collect())
}

async fn hooks_of(store: &Store, ids: impl IntoIterator<Item = i64>) -> Result<HashMap<i64, HookId>, Error> {
    let found: Vec<(Option<i64>, i64)> = hooks::Entity::find()
        .filter(hooks::Column::ScenarioId.is_in(ids))
        .select_only()
        .columns([hooks::Column::ScenarioId, hooks::Column::Id])
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(found.into_iter().filter_map(|(scenario, hook)| Some((scenario?, HookId(hook)))).collect())
}

fn of_team(team: TeamId) -> sea_orm::Select<scenarios::Entity> {
    scenarios::Entity::find()
        .filter(scenarios::Column::TeamId.eq(team.0))
        .filter(scenarios::Column::DeletedAt.is_null())
}

fn scheduling(stored: &str) -> Result<Scheduling, Error> {
    Scheduling::parse(stored).map_err(|cause| Error::corrupt("the scheduling of a scenario", cause))
}
