//! The list of scenarios, with what each has been doing.

use jiff::{SignedDuration, Timestamp};
use rouage_model::execution::Status;
use rouage_model::{Collection, FolderId, HookId, ScenarioId, TeamId, Value, Version};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};

use super::{ScenarioRow, hooks_of, of_team, scheduling};
use crate::entities::{executions, incompletes, scenario_versions, scenarios};
use crate::text::{self, count, instant, micros};
use crate::{Error, Page, PageRequest, Store};

/// A scenario as a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// Its id.
    pub id: ScenarioId,
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub is_on: bool,
    /// Whether it runs only when it is asked to.
    pub is_on_demand: bool,
}

/// Scenarios by name; `search` looks into the name.
pub async fn list(
    store: &Store,
    team: TeamId,
    search: Option<&str>,
    page: PageRequest,
) -> Result<Page<ScenarioRow>, Error> {
    list_in(store, team, search, None, page).await
}

/// As [`list`], of one folder; `None`: all.
pub async fn list_in(
    store: &Store,
    team: TeamId,
    search: Option<&str>,
    folder: Option<FolderId>,
    page: PageRequest,
) -> Result<Page<ScenarioRow>, Error> {
    let mut find = of_team(team);
    if let Some(search) = search.filter(|search| !search.trim().is_empty()) {
        let like = LikeExpr::new(text::like(search)).escape('\\');
        find = find.filter(Expr::expr(Func::lower(Expr::col(scenarios::Column::Name))).like(like));
    }
    if let Some(folder) = folder {
        find = find.filter(scenarios::Column::FolderId.eq(folder.0));
    }
    let total = find.clone().count(store.reader()).await?;
    let rows = find
        .order_by_asc(scenarios::Column::Name)
        .order_by_asc(scenarios::Column::Id)
        .offset(page.offset())
        .limit(page.limit())
        .all(store.reader())
        .await?;
    let hooks = hooks_of(store, rows.iter().map(|row| row.id)).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let hook = hooks.get(&row.id).copied();
        items.push(listed(store, row, hook).await?);
    }
    Ok(Page::new(page, total, items))
}

/// The most scenarios that a choice lists.
const MOST_CHOICES: u64 = 1_000;

/// Scenarios by name, with no more than a choice needs.
pub async fn brief(store: &Store, team: TeamId) -> Result<Vec<Brief>, Error> {
    let rows = of_team(team)
        .order_by_asc(scenarios::Column::Name)
        .order_by_asc(scenarios::Column::Id)
        .limit(MOST_CHOICES)
        .all(store.reader())
        .await?;
    rows.into_iter()
        .map(|row| {
            let is_on_demand = scheduling(&row.scheduling)?.is_on_demand();
            Ok(Brief { id: ScenarioId(row.id), name: row.name, is_on: row.enabled, is_on_demand })
        })
        .collect()
}

/// The ids of all scenarios of a team.
pub async fn ids(store: &Store, team: TeamId) -> Result<Vec<ScenarioId>, Error> {
    let ids = of_team(team).select_only().column(scenarios::Column::Id).into_tuple::<i64>();
    Ok(ids.all(store.reader()).await?.into_iter().map(ScenarioId).collect())
}

async fn listed(store: &Store, row: scenarios::Model, hook: Option<HookId>) -> Result<ScenarioRow, Error> {
    let activity = activity(store, row.id).await?;
    Ok(ScenarioRow {
        id: ScenarioId(row.id),
        version: Version(row.version),
        enabled: row.enabled,
        scheduling: scheduling(&row.scheduling)?,
        hook,
        apps: row.apps.lines().map(str::to_owned).collect(),
        updated_at: instant(row.updated_at),
        next_run_at: row.next_run_at.map(instant),
        last_status: activity.last_status,
        last_run_at: activity.last_run_at,
        runs_24h: activity.runs,
        errors_24h: activity.errors,
        incompletes: activity.incompletes,
        unseen_failures: count(row.unseen_failures.into()),
        name: row.name,
        problem: row.problem,
    })
}

struct Activity {
    last_status: Option<Status>,
    last_run_at: Option<Timestamp>,
    runs: u64,
    errors: u64,
    incompletes: u64,
}

/// What a scenario has been doing; everything from indexes.
async fn activity(store: &Store, scenario: i64) -> Result<Activity, Error> {
    let db = store.reader();
    let latest: Option<(String, i64)> = executions::Entity::find()
        .filter(executions::Column::ScenarioId.eq(scenario))
        .order_by_desc(executions::Column::CreatedAt)
        .select_only()
        .columns([executions::Column::Status, executions::Column::CreatedAt])
        .into_tuple()
        .one(db)
        .await?;
    let since = store.now().checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    let sql = "SELECT COUNT(*), COUNT(CASE WHEN status = 'error' THEN 1 END) FROM executions \
               WHERE scenario_id = $1 AND created_at >= $2";
    let values = [scenario.into(), micros(since).into()];
    let row = db.query_one_raw(Statement::from_sql_and_values(store.shared.pools.backend, sql, values)).await?;
    let row = row.ok_or_else(|| Error::Database("a count gave nothing".into()))?;
    let incompletes = incompletes::Entity::find()
        .filter(incompletes::Column::ScenarioId.eq(scenario))
        .filter(incompletes::Column::Status.ne("resolved"))
        .count(db)
        .await?;
    let (last_status, last_run_at) = match latest {
        Some((status, at)) => (Some(parse_status(&status)?), Some(instant(at))),
        None => (None, None),
    };
    let (runs, errors) = (count(row.try_get_by_index(0)?), count(row.try_get_by_index(1)?));
    Ok(Activity { last_status, last_run_at, runs, errors, incompletes })
}

fn parse_status(name: &str) -> Result<Status, Error> {
    name.parse().map_err(|cause: String| Error::corrupt("the status of an execution", cause))
}

/// The scenarios (not deleted), by name, of which a link fits: `is_it` gets the
/// field of the link and its value.
pub(crate) async fn with_link(
    store: &Store,
    team: TeamId,
    is_it: impl Fn(&str, &Value) -> bool,
) -> Result<Vec<(ScenarioId, String)>, Error> {
    let rows = of_team(team).order_by_asc(scenarios::Column::Name).all(store.reader()).await?;
    let mut users = Vec::new();
    for row in rows {
        let version = scenario_versions::Entity::find_by_id((row.id, row.version)).one(store.reader()).await?;
        let Some(version) = version else { continue };
        let links = text::read_value("the links of a scenario", version.links.as_bytes())?;
        let mut links = links.as_collection().into_iter().flat_map(Collection::iter);
        if links.any(|(name, value)| is_it(name.split_once('.').map_or("", |(_, field)| field), value)) {
            users.push((ScenarioId(row.id), row.name));
        }
    }
    Ok(users)
}
