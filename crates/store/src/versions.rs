//! The published versions of a scenario, for people.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use rouage_model::execution::Status;
use rouage_model::{ScenarioId, TeamId, Version};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entities::{scenario_versions, scenarios, users};
use crate::text::instant;
use crate::{Error, Page, PageRequest, Store};

/// A version in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Its number.
    pub version: Version,
    /// When it was made.
    pub created_at: Timestamp,
    /// What its author said of it.
    pub note: Option<String>,
    /// The name of who published it; nothing for a change on a page beside the
    /// editor, and for somebody who is gone.
    pub author: Option<String>,
    /// Whether new runs take it.
    pub is_live: bool,
}

/// The versions, newest first. Empty when there is no such scenario.
pub async fn list(store: &Store, team: TeamId, id: ScenarioId, page: PageRequest) -> Result<Page<VersionRow>, Error> {
    use scenario_versions::Column::{Author, CreatedAt, Note, ScenarioId as Scenario, Version as Number};
    let one = scenarios::Entity::find_by_id(id.0).filter(scenarios::Column::TeamId.eq(team.0));
    let Some(scenario) = one.filter(scenarios::Column::DeletedAt.is_null()).one(store.reader()).await? else {
        return Ok(Page::new(page, 0, Vec::new()));
    };
    let find = scenario_versions::Entity::find().filter(Scenario.eq(id.0)).filter(Number.gt(0));
    let total = find.clone().count(store.reader()).await?;
    let rows: Vec<(i32, i64, Option<String>, Option<i64>)> = find
        .order_by_desc(Number)
        .offset(page.offset())
        .limit(page.limit())
        .select_only()
        .columns([Number, CreatedAt, Note, Author])
        .into_tuple()
        .all(store.reader())
        .await?;
    let names = names(store, rows.iter().filter_map(|(_, _, _, author)| *author)).await?;
    let rows = rows.into_iter().map(|(version, at, note, author)| VersionRow {
        version: Version(version),
        created_at: instant(at),
        note,
        author: author.and_then(|author| names.get(&author).cloned()),
        is_live: version == scenario.version,
    });
    Ok(Page::new(page, total, rows.collect()))
}

async fn names(store: &Store, ids: impl Iterator<Item = i64>) -> Result<HashMap<i64, String>, Error> {
    let ids: BTreeSet<i64> = ids.collect();
    let found: Vec<(i64, String)> = users::Entity::find()
        .filter(users::Column::Id.is_in(ids))
        .select_only()
        .columns([users::Column::Id, users::Column::Name])
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(found.into_iter().collect())
}

/// How many runs are not over, by the version that they began with.
pub async fn running(store: &Store, team: TeamId, id: ScenarioId) -> Result<HashMap<Version, u64>, Error> {
    use crate::entities::executions::{self, Column};
    let active = [Status::Queued, Status::Running, Status::Waiting, Status::InDoubt].map(Status::as_str);
    let versions: Vec<i32> = executions::Entity::find()
        .filter(Column::TeamId.eq(team.0))
        .filter(Column::ScenarioId.eq(id.0))
        .filter(Column::Status.is_in(active))
        .select_only()
        .column(Column::Version)
        .into_tuple()
        .all(store.reader())
        .await?;
    let mut running = HashMap::new();
    for version in versions {
        *running.entry(Version(version)).or_default() += 1;
    }
    Ok(running)
}
