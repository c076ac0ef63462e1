//! Changing scenarios. A blueprint or its links never change in place: they
//! get a new version, and runs end on the version they began with.

use jiff::Timestamp;
use rouage_model::execution::Status;
use rouage_model::scenario::{MissedRuns, Scheduling};
use rouage_model::{Blueprint, ScenarioId, TeamId, UserId, Value, Version, json};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, QuerySelect, Set};

use super::{NewScenario, of_team};
use crate::entities::{executions, scenario_versions, scenarios, teams};
use crate::store::Change;
use crate::text::{clean, micros, read_value, small, store_value};
use crate::{Error, WriteTx};

/// Makes a scenario: version 1, switched off, in the time zone of the team.
pub async fn create(tx: &mut WriteTx, team: TeamId, scenario: NewScenario) -> Result<ScenarioId, Error> {
    let now = micros(tx.now());
    let team_row = teams::Entity::find_by_id(team.0).one(tx.db()).await?.ok_or(Error::NotFound)?;
    let row = scenarios::ActiveModel {
        id: NotSet,
        team_id: Set(team.0),
        name: Set(clean(scenario.name)),
        version: Set(1),
        enabled: Set(false),
        scheduling: Set(clean(scenario.scheduling.to_json())),
        timezone: Set(team_row.timezone),
        apps: Set(apps(&scenario.blueprint)),
        problem: Set(None),
        consecutive_errors: Set(0),
        next_run_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: Set(None),
        missed_runs: Set(MissedRuns::default().as_str().to_owned()),
        paused_until: Set(None),
        schedule_note: Set(None),
        folder_id: Set(None),
        draft_revision: Set(0),
        unseen_failures: Set(0),
        failed_at: Set(None),
    };
    let id = ScenarioId(scenarios::Entity::insert(row).exec(tx.db()).await?.last_insert_id);
    let content = Content::of(&scenario.blueprint, &scenario.links);
    insert_version(tx, id, Version(1), content, Made::default()).await?;
    tx.changed(Change::Scenario(id));
    Ok(id)
}

/// Makes a new version with another blueprint and links. `expected` is the
/// version that was edited: [`Error::Conflict`] when it is not the current one.
pub async fn update_blueprint(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    expected: Version,
    blueprint: &Blueprint,
    links: &Value,
) -> Result<Version, Error> {
    let row = locked(tx, team, id).await?;
    if row.version != expected.0 {
        let text = "the scenario was changed by somebody else in the meantime; open it again";
        return Err(Error::Conflict(text.into()));
    }
    let version = Version(row.version.saturating_add(1));
    insert_version(tx, id, version, Content::of(blueprint, links), Made::default()).await?;
    let change = scenarios::ActiveModel { version: Set(version.0), apps: Set(apps(blueprint)), ..Default::default() };
    update(tx, team, id, change).await?;
    crate::drafts::carry(tx, &row, version).await?;
    Ok(version)
}

/// Makes the new version that a draft is published as. The caller holds the
/// lock of the scenario and takes the draft away.
pub(crate) async fn publish(
    tx: &mut WriteTx,
    row: &scenarios::Model,
    blueprint: &Blueprint,
    links: &Value,
    made: Made<'_>,
) -> Result<Version, Error> {
    let (team, id) = (TeamId(row.team_id), ScenarioId(row.id));
    // The empty canvas that a scenario begins with is no version of anybody's.
    let is_first = is_untouched(tx, row).await?;
    let version = Version(row.version.saturating_add(i32::from(!is_first)));
    if is_first {
        scenario_versions::Entity::delete_by_id((row.id, row.version)).exec(tx.db()).await?;
    }
    insert_version(tx, id, version, Content::of(blueprint, links), made).await?;
    let change = scenarios::ActiveModel { version: Set(version.0), apps: Set(apps(blueprint)), ..Default::default() };
    update(tx, team, id, change).await?;
    Ok(version)
}

/// Whether it is still as it was made, without any module, and has not run.
async fn is_untouched(tx: &WriteTx, row: &scenarios::Model) -> Result<bool, Error> {
    if row.version != 1 {
        return Ok(false);
    }
    let content = live(tx, row).await?;
    if Blueprint::parse(content.blueprint.as_bytes()).is_ok_and(|blueprint| !blueprint.modules().is_empty()) {
        return Ok(false);
    }
    let runs = executions::Entity::find()
        .filter(executions::Column::ScenarioId.eq(row.id))
        .filter(executions::Column::Version.eq(1));
    Ok(runs.one(tx.db()).await?.is_none())
}

/// Keeps a copy of blueprint and links that is made for one run, such as the
/// retry of an edited module. A variant is a version with a negative number:
/// it is never the current one and in no list.
pub async fn create_variant(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    blueprint: &Blueprint,
    links: &Value,
) -> Result<Version, Error> {
    locked(tx, team, id).await?;
    let lowest: Option<i32> = scenario_versions::Entity::find()
        .filter(scenario_versions::Column::ScenarioId.eq(id.0))
        .order_by_asc(scenario_versions::Column::Version)
        .select_only()
        .column(scenario_versions::Column::Version)
        .into_tuple()
        .one(tx.db())
        .await?;
    let version = Version(lowest.filter(|lowest| *lowest < 0).unwrap_or(0).saturating_sub(1));
    insert_version(tx, id, version, Content::of(blueprint, links), Made::default()).await?;
    Ok(version)
}

/// Takes a variant away that got no run.
pub async fn delete_variant(tx: &mut WriteTx, id: ScenarioId, version: Version) -> Result<(), Error> {
    let own = scenario_versions::Column::ScenarioId.eq(id.0).and(scenario_versions::Column::Version.eq(version.0));
    let variant = own.and(scenario_versions::Column::Version.lt(0));
    scenario_versions::Entity::delete_many().filter(variant).exec(tx.db()).await?;
    Ok(())
}

/// Makes a new version with other links.
pub async fn set_links(tx: &mut WriteTx, team: TeamId, id: ScenarioId, links: &Value) -> Result<Version, Error> {
    let row = locked(tx, team, id).await?;
    let current = scenario_versions::Entity::find_by_id((id.0, row.version)).one(tx.db()).await?;
    let current = current.ok_or_else(|| Error::corrupt("a scenario", "its version is missing"))?;
    let version = Version(row.version.saturating_add(1));
    let content = Content { blueprint: current.blueprint, links: store_links(links) };
    insert_version(tx, id, version, content, Made::default()).await?;
    update(tx, team, id, scenarios::ActiveModel { version: Set(version.0), ..Default::default() }).await?;
    crate::drafts::carry(tx, &row, version).await?;
    Ok(version)
}

/// Switches it on or off. `problem` says why it was switched off by itself;
/// switching on clears it and the count of errors.
pub async fn set_enabled(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    enabled: bool,
    problem: Option<&str>,
) -> Result<(), Error> {
    let mut row = scenarios::ActiveModel {
        enabled: Set(enabled),
        problem: Set(problem.map(|problem| clean(problem.to_owned()))),
        next_run_at: Set(None),
        paused_until: Set(None),
        schedule_note: Set(None),
        ..Default::default()
    };
    if enabled {
        crate::notices::take_back(tx, team, id).await?;
        row.problem = Set(None);
        row.consecutive_errors = Set(0);
    }
    update(tx, team, id, row).await
}

/// Gives it another name. The blueprint keeps its own.
pub async fn rename(tx: &mut WriteTx, team: TeamId, id: ScenarioId, name: &str) -> Result<(), Error> {
    update(tx, team, id, scenarios::ActiveModel { name: Set(clean(name.to_owned())), ..Default::default() }).await
}

/// Sets when it runs, and forgets the computed next start.
pub async fn set_scheduling(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    scheduling: &Scheduling,
) -> Result<(), Error> {
    let row = scenarios::ActiveModel {
        scheduling: Set(clean(scheduling.to_json())),
        next_run_at: Set(None),
        paused_until: Set(None),
        schedule_note: Set(None),
        ..Default::default()
    };
    update(tx, team, id, row).await
}

/// Sets the time zone of its dates.
pub async fn set_timezone(tx: &mut WriteTx, team: TeamId, id: ScenarioId, timezone: &str) -> Result<(), Error> {
    let timezone = clean(timezone.to_owned());
    update(tx, team, id, scenarios::ActiveModel { timezone: Set(timezone), ..Default::default() }).await
}

/// Notes its next start. No news is sent: it is not of the scenario's making.
pub async fn set_next_run(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    next_run_at: Option<Timestamp>,
) -> Result<(), Error> {
    let row = scenarios::ActiveModel { next_run_at: Set(next_run_at.map(micros)), ..Default::default() };
    let one = scenarios::Column::Id.eq(id.0).and(scenarios::Column::TeamId.eq(team.0));
    crate::one_row(scenarios::Entity::update_many().set(row).filter(one).exec(tx.db()).await?.rows_affected)
}

/// Makes a copy of what people see, which is the draft if there is one:
/// switched off and without its hook.
pub async fn duplicate(tx: &mut WriteTx, team: TeamId, id: ScenarioId, name: &str) -> Result<ScenarioId, Error> {
    let row = locked(tx, team, id).await?;
    let content = match crate::drafts::content(tx, id).await? {
        Some(draft) => draft,
        None => live(tx, &row).await?,
    };
    let links = without_hooks(&content.links)?;
    let content = Content { links, ..content };
    let blueprint = Blueprint::parse(content.blueprint.as_bytes());
    let apps = blueprint.map_or(row.apps, |blueprint| apps(&blueprint));
    let now = Set(micros(tx.now()));
    let copy = scenarios::ActiveModel {
        id: NotSet,
        team_id: Set(team.0),
        name: Set(clean(name.to_owned())),
        version: Set(1),
        enabled: Set(false),
        scheduling: Set(row.scheduling),
        timezone: Set(row.timezone),
        apps: Set(apps),
        problem: Set(None),
        consecutive_errors: Set(0),
        next_run_at: Set(None),
        created_at: now.clone(),
        updated_at: now,
        deleted_at: Set(None),
        missed_runs: Set(row.missed_runs),
        paused_until: Set(None),
        schedule_note: Set(None),
        folder_id: Set(row.folder_id),
        draft_revision: Set(0),
        unseen_failures: Set(0),
        failed_at: Set(None),
    };
    let copy = scenarios::Entity::insert(copy).exec(tx.db()).await?.last_insert_id;
    insert_version(tx, ScenarioId(copy), Version(1), content, Made::default()).await?;
    tx.changed(Change::Scenario(ScenarioId(copy)));
    Ok(ScenarioId(copy))
}

fn without_hooks(links: &str) -> Result<String, Error> {
    let links = read_value("the links of a scenario", links.as_bytes())?;
    let Some(links) = links.as_collection() else { return Ok(store_links(&links)) };
    let mut kept = links.clone();
    for parameter in links.keys().filter(|key| key.ends_with(".hook") || key.ends_with(".__IMTHOOK__")) {
        kept.remove(parameter);
    }
    Ok(store_links(&kept.into()))
}

/// Takes a scenario away: it is switched off and hidden, its hook is free, its
/// history stays. Runs that are not over are asked to stop.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: ScenarioId) -> Result<(), Error> {
    locked(tx, team, id).await?;
    crate::hooks::detach(tx, id).await?;
    crate::drafts::forget(tx, id).await?;
    crate::positions::forget_all(tx, id).await?;
    crate::counters::forget_all(tx, id).await?;
    crate::executions::mark_to_stop(tx, executions::Column::ScenarioId.eq(id.0)).await?;
    let now = micros(tx.now());
    let row = scenarios::ActiveModel {
        enabled: Set(false),
        next_run_at: Set(None),
        deleted_at: Set(Some(now)),
        ..Default::default()
    };
    update(tx, team, id, row).await
}

/// Counts the end of a run: an error adds 1, a success sets 0. Gives the count.
/// [`crate::Store::append`] does this by itself.
pub async fn note_result(tx: &mut WriteTx, id: ScenarioId, status: Status) -> Result<u32, Error> {
    count_ends(tx, id, &Ends { counted: vec![status], unseen: 0 }).await?;
    let row = scenarios::Entity::find_by_id(id.0).one(tx.db()).await?.ok_or(Error::NotFound)?;
    Ok(small(row.consecutive_errors))
}

/// Ends of runs of a scenario that are written together.
#[derive(Debug, Default)]
pub(crate) struct Ends {
    /// Those that count, in their order.
    pub counted: Vec<Status>,
    /// How many failed and are to be looked at by somebody.
    pub unseen: i32,
}

/// Counts several ends in their order. Gives the count when one was an error.
pub(crate) async fn count_ends(tx: &mut WriteTx, id: ScenarioId, ends: &Ends) -> Result<Option<u32>, Error> {
    use scenarios::Column::{ConsecutiveErrors, FailedAt, Id, UnseenFailures};
    let counted = ends.counted.as_slice();
    let after_success = counted.iter().rposition(|status| *status == Status::Success).map(|at| &counted[at + 1..]);
    let errors = after_success.unwrap_or(counted).iter().filter(|status| **status == Status::Error).count();
    let errors = i32::try_from(errors).unwrap_or(i32::MAX);
    let mut update = scenarios::Entity::update_many().filter(Id.eq(id.0));
    if ends.unseen > 0 {
        update = update
            .col_expr(UnseenFailures, Expr::col(UnseenFailures).add(ends.unseen))
            .col_expr(FailedAt, Expr::value(micros(tx.now())));
    }
    update = match (after_success.is_some(), errors) {
        // Nearly always there is nothing to reset, and then nothing is locked.
        (true, 0) if ends.unseen == 0 => {
            update.col_expr(ConsecutiveErrors, Expr::value(0)).filter(ConsecutiveErrors.ne(0))
        }
        (true, errors) => update.col_expr(ConsecutiveErrors, Expr::value(errors)),
        (false, 0) if ends.unseen == 0 => return Ok(None),
        (false, errors) => update.col_expr(ConsecutiveErrors, Expr::col(ConsecutiveErrors).add(errors)),
    };
    update.exec(tx.db()).await?;
    if errors == 0 {
        return Ok(counted.contains(&Status::Error).then_some(0));
    }
    let row = scenarios::Entity::find_by_id(id.0).one(tx.db()).await?;
    Ok(row.map(|row| small(row.consecutive_errors)))
}

/// Blueprint and links as they are stored.
pub(crate) struct Content {
    pub blueprint: String,
    pub links: String,
}

impl Content {
    pub(crate) fn of(blueprint: &Blueprint, links: &Value) -> Self {
        Self { blueprint: json::to_string(blueprint.document()), links: store_links(links) }
    }
}

/// Who made a version, and what they said of it.
#[derive(Default, Clone, Copy)]
pub(crate) struct Made<'a> {
    pub note: Option<&'a str>,
    pub author: Option<UserId>,
}

/// What a scenario runs with.
pub(crate) async fn live(tx: &WriteTx, row: &scenarios::Model) -> Result<Content, Error> {
    version_content(tx, ScenarioId(row.id), Version(row.version)).await
}

pub(crate) async fn version_content(tx: &WriteTx, id: ScenarioId, version: Version) -> Result<Content, Error> {
    let row = scenario_versions::Entity::find_by_id((id.0, version.0)).one(tx.db()).await?;
    let row = row.ok_or_else(|| Error::corrupt("a scenario", "its version is missing"))?;
    Ok(Content { blueprint: row.blueprint, links: row.links })
}

async fn insert_version(
    tx: &WriteTx,
    id: ScenarioId,
    version: Version,
    content: Content,
    made: Made<'_>,
) -> Result<(), Error> {
    let row = scenario_versions::ActiveModel {
        scenario_id: Set(id.0),
        version: Set(version.0),
        blueprint: Set(content.blueprint),
        links: Set(content.links),
        created_at: Set(micros(tx.now())),
        note: Set(made.note.map(|note| clean(note.to_owned()))),
        author: Set(made.author.map(|author| author.0)),
    };
    scenario_versions::Entity::insert(row).exec_without_returning(tx.db()).await?;
    Ok(())
}

pub(super) async fn update(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    row: scenarios::ActiveModel,
) -> Result<(), Error> {
    let row = scenarios::ActiveModel { updated_at: Set(micros(tx.now())), ..row };
    let one = scenarios::Column::Id.eq(id.0).and(scenarios::Column::TeamId.eq(team.0));
    let here = one.and(scenarios::Column::DeletedAt.is_null());
    let changed = scenarios::Entity::update_many().set(row).filter(here).exec(tx.db()).await?.rows_affected;
    tx.changed(Change::Scenario(id));
    crate::one_row(changed)
}

/// The live version and whether it is on; neither changes until the commit.
pub async fn stands(tx: &mut WriteTx, team: TeamId, id: ScenarioId) -> Result<(Version, bool), Error> {
    let row = locked(tx, team, id).await?;
    Ok((Version(row.version), row.enabled))
}

/// Reads a scenario so that nobody else changes it until the commit.
pub(crate) async fn locked(tx: &WriteTx, team: TeamId, id: ScenarioId) -> Result<scenarios::Model, Error> {
    let mut find = of_team(team).filter(scenarios::Column::Id.eq(id.0));
    if tx.backend() == sea_orm::DbBackend::Postgres {
        find = find.lock_exclusive();
    }
    find.one(tx.db()).await?.ok_or(Error::NotFound)
}

fn store_links(links: &Value) -> String {
    if links.is_nothing() { "{}".to_owned() } else { store_value(links) }
}

/// The apps of the modules, each once, one a line.
fn apps(blueprint: &Blueprint) -> String {
    let mut apps: Vec<&str> = Vec::new();
    for visited in blueprint.modules() {
        let app = visited.module.name().split(':').next().unwrap_or_default();
        if !app.is_empty() && !apps.contains(&app) {
            apps.push(app);
        }
    }
    clean(apps.join("\n"))
}
