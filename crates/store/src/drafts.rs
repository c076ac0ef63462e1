//! Drafts: what people are editing and have not published.
//!
//! A scenario without a row here has the draft of its live version. A row is
//! there only while it differs from that version, and is always based on it: a
//! change of the live version is carried into the draft in the same
//! transaction, so that publishing never undoes it.
//!
//! The revision belongs to the scenario, not to the row: it counts every change
//! of the draft or of what it is based on, and never starts again. So a number
//! that somebody holds says exactly what they have seen.

use std::sync::Arc;

use jiff::Timestamp;
use rouage_model::{Blueprint, ScenarioId, TeamId, UserId, Value, Version, json, merge, merge_links};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};

use crate::entities::{drafts, replaced_drafts, scenario_versions, scenarios, users};
use crate::scenarios::{Content, Made, live, locked, publish as new_version, version_content};
use crate::store::Change;
use crate::text::{count, instant, micros, read_value};
use crate::{Error, Store, WriteTx};

/// What a person who opens the editor sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Whose it is.
    pub scenario: ScenarioId,
    /// The blueprint.
    pub blueprint: Arc<Blueprint>,
    /// What stands beside it.
    pub links: Value,
    /// Counts every change.
    pub revision: u64,
    /// The live version, which it is based on.
    pub base_version: Version,
    /// Whether it differs from the live version.
    pub is_changed: bool,
    /// When it was last kept; for an unchanged one when the version was made.
    pub updated_at: Timestamp,
    /// The name of who did that, if known.
    pub updated_by: Option<String>,
}

/// The draft of a scenario; that of its live version where nothing is edited.
pub async fn find(store: &Store, team: TeamId, id: ScenarioId) -> Result<Option<Draft>, Error> {
    let of_team = scenarios::Column::TeamId.eq(team.0).and(scenarios::Column::DeletedAt.is_null());
    let row = scenarios::Entity::find_by_id(id.0).filter(of_team).one(store.reader()).await?;
    let Some(row) = row else { return Ok(None) };
    let draft = drafts::Entity::find_by_id(id.0).one(store.reader()).await?;
    let is_changed = draft.is_some();
    let (content, at, by) = match draft {
        Some(draft) => (Content { blueprint: draft.blueprint, links: draft.links }, draft.updated_at, draft.updated_by),
        None => {
            let version = scenario_versions::Entity::find_by_id((id.0, row.version)).one(store.reader()).await?;
            let version = version.ok_or_else(|| Error::corrupt("a scenario", "its version is missing"))?;
            (Content { blueprint: version.blueprint, links: version.links }, version.created_at, version.author)
        }
    };
    let (blueprint, links) = read(&content)?;
    Ok(Some(Draft {
        scenario: id,
        blueprint: Arc::new(blueprint),
        links,
        revision: count(row.draft_revision),
        base_version: Version(row.version),
        is_changed,
        updated_at: instant(at),
        updated_by: name_of(store, by).await?,
    }))
}

/// The revision of a scenario's draft and the version that it is based on,
/// without reading either: to see whether what is known of it still holds.
pub async fn stands(store: &Store, team: TeamId, id: ScenarioId) -> Result<Option<(u64, Version)>, Error> {
    use scenarios::Column::{DeletedAt, DraftRevision, TeamId as Team, Version as Live};
    let found: Option<(i64, i32)> = scenarios::Entity::find_by_id(id.0)
        .filter(Team.eq(team.0).and(DeletedAt.is_null()))
        .select_only()
        .columns([DraftRevision, Live])
        .into_tuple()
        .one(store.reader())
        .await?;
    Ok(found.map(|(revision, version)| (count(revision), Version(version))))
}

/// Keeps a draft. `expected` is the revision that was edited:
/// [`Error::Conflict`] when there is a newer one, which [`find()`] tells with who
/// and when. Nothing is kept of a draft that is the live version again. Gives
/// the new revision and whether it differs from the live version.
pub async fn save(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    expected: u64,
    (blueprint, links): (&Blueprint, &Value),
    by: Option<UserId>,
) -> Result<(u64, bool), Error> {
    let row = expect(tx, team, id, expected).await?;
    let content = Content::of(blueprint, links);
    let is_changed = keep(tx, &row, content, Version(row.version), by).await?;
    Ok((moved_on(tx, &row).await?, is_changed))
}

/// The draft that another one has taken the place of.
#[derive(Debug, Clone, PartialEq)]
pub struct Replaced {
    /// The blueprint.
    pub blueprint: Blueprint,
    /// What stands beside it.
    pub links: Value,
    /// When that was.
    pub at: Timestamp,
}

/// Keeps another draft as [`save`] does, and what the draft was until then, so
/// that it can be taken back until something is published.
pub async fn replace(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    expected: u64,
    with: (&Blueprint, &Value),
    by: Option<UserId>,
) -> Result<(u64, bool), Error> {
    let row = expect(tx, team, id, expected).await?;
    let before = match content(tx, id).await? {
        Some(draft) => draft,
        None => live(tx, &row).await?,
    };
    let replaced = replaced_drafts::Model {
        scenario_id: id.0,
        blueprint: before.blueprint,
        links: before.links,
        replaced_at: micros(tx.now()),
    };
    replaced_drafts::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    replaced_drafts::Entity::insert(replaced.into_active_model().reset_all()).exec_without_returning(tx.db()).await?;
    save(tx, team, id, expected, with, by).await
}

/// What the draft of a scenario was before an old version was restored.
pub async fn replaced(store: &Store, team: TeamId, id: ScenarioId) -> Result<Option<Replaced>, Error> {
    let of_team = scenarios::Column::TeamId.eq(team.0).and(scenarios::Column::DeletedAt.is_null());
    if scenarios::Entity::find_by_id(id.0).filter(of_team).one(store.reader()).await?.is_none() {
        return Ok(None);
    }
    let row = replaced_drafts::Entity::find_by_id(id.0).one(store.reader()).await?;
    row.map(|row| {
        let (blueprint, links) = read(&Content { blueprint: row.blueprint, links: row.links })?;
        Ok(Replaced { blueprint, links, at: instant(row.replaced_at) })
    })
    .transpose()
}

/// Throws a draft away. Gives the new revision.
pub async fn discard(tx: &mut WriteTx, team: TeamId, id: ScenarioId, expected: u64) -> Result<u64, Error> {
    let row = expect(tx, team, id, expected).await?;
    drafts::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    moved_on(tx, &row).await
}

/// Makes a draft the live version, with a note for people; the draft is gone.
/// [`Error::Conflict`] when there is a newer one, or nothing to publish.
pub async fn publish(
    tx: &mut WriteTx,
    team: TeamId,
    id: ScenarioId,
    expected: u64,
    note: Option<&str>,
    author: Option<UserId>,
) -> Result<Version, Error> {
    let row = expect(tx, team, id, expected).await?;
    let Some(content) = content(tx, id).await? else {
        return Err(Error::Conflict("there is nothing new to publish".into()));
    };
    let (blueprint, links) = read(&content)?;
    let base = version_content(tx, id, Version(row.version)).await?;
    let (base, _) = read(&base)?;
    let version = new_version(tx, &row, &blueprint, &links, Made { note, author }).await?;
    let name = blueprint.name().trim();
    if name != base.name().trim() && !name.is_empty() {
        crate::scenarios::rename(tx, team, id, name).await?;
    }
    drafts::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    replaced_drafts::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    moved_on(tx, &row).await?;
    Ok(version)
}

/// Puts what the live version changed into the draft, if there is one, and
/// counts on: whoever looks at it has seen something older. `row` is the locked
/// scenario as it was before the change.
pub(crate) async fn carry(tx: &mut WriteTx, row: &scenarios::Model, version: Version) -> Result<(), Error> {
    let id = ScenarioId(row.id);
    if let Some(draft) = drafts::Entity::find_by_id(row.id).one(tx.db()).await? {
        let (base, base_links) = read(&version_content(tx, id, Version(draft.base_version)).await?)?;
        let (theirs, their_links) = read(&version_content(tx, id, version).await?)?;
        let (ours, our_links) = read(&Content { blueprint: draft.blueprint, links: draft.links })?;
        let root = merge(base.root(), theirs.root(), ours.root());
        let links = merge_links((base.root(), &base_links), &their_links, (ours.root(), &our_links), &root);
        let merged = ours.edited(root).map_err(|cause| Error::corrupt("a draft", cause))?;
        let content = Content::of(&merged, &links);
        keep(
            tx,
            &scenarios::Model { version: version.0, ..row.clone() },
            content,
            version,
            draft.updated_by.map(UserId),
        )
        .await?;
    }
    moved_on(tx, row).await?;
    Ok(())
}

/// A draft as it is stored.
pub(crate) async fn content(tx: &WriteTx, id: ScenarioId) -> Result<Option<Content>, Error> {
    let row = drafts::Entity::find_by_id(id.0).one(tx.db()).await?;
    Ok(row.map(|row| Content { blueprint: row.blueprint, links: row.links }))
}

/// Its scenario is gone.
pub(crate) async fn forget(tx: &mut WriteTx, id: ScenarioId) -> Result<(), Error> {
    drafts::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    replaced_drafts::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    tx.changed(Change::Draft(id));
    Ok(())
}

/// Writes the row, or takes it away when it says what the live version says.
async fn keep(
    tx: &WriteTx,
    row: &scenarios::Model,
    content: Content,
    base: Version,
    by: Option<UserId>,
) -> Result<bool, Error> {
    let live = live(tx, row).await?;
    drafts::Entity::delete_by_id(row.id).exec(tx.db()).await?;
    if live.blueprint == content.blueprint && live.links == content.links {
        return Ok(false);
    }
    let draft = drafts::Model {
        scenario_id: row.id,
        blueprint: content.blueprint,
        links: content.links,
        base_version: base.0,
        updated_at: micros(tx.now()),
        updated_by: by.map(|by| by.0),
    };
    drafts::Entity::insert(draft.into_active_model().reset_all()).exec_without_returning(tx.db()).await?;
    Ok(true)
}

/// The locked scenario, if nothing happened since a revision.
async fn expect(tx: &WriteTx, team: TeamId, id: ScenarioId, revision: u64) -> Result<scenarios::Model, Error> {
    let row = locked(tx, team, id).await?;
    if count(row.draft_revision) == revision {
        return Ok(row);
    }
    Err(Error::Conflict("the scenario was changed elsewhere in the meantime; look at it before you go on".into()))
}

async fn moved_on(tx: &mut WriteTx, row: &scenarios::Model) -> Result<u64, Error> {
    let revision = row.draft_revision.saturating_add(1);
    let next = scenarios::ActiveModel { draft_revision: Set(revision), ..Default::default() };
    let one = scenarios::Column::Id.eq(row.id);
    scenarios::Entity::update_many().set(next).filter(one).exec(tx.db()).await?;
    tx.changed(Change::Draft(ScenarioId(row.id)));
    Ok(count(revision))
}

fn read(content: &Content) -> Result<(Blueprint, Value), Error> {
    // Not bounded: what we wrote ourselves must always be readable.
    let document = json::parse(content.blueprint.as_bytes()).map_err(|cause| Error::corrupt("a draft", cause))?;
    let blueprint = Blueprint::from_document(document).map_err(|cause| Error::corrupt("a draft", cause))?;
    Ok((blueprint, read_value("the links of a draft", content.links.as_bytes())?))
}

pub(crate) async fn name_of(store: &Store, user: Option<i64>) -> Result<Option<String>, Error> {
    let Some(user) = user else { return Ok(None) };
    let user = users::Entity::find_by_id(user).one(store.reader()).await?;
    Ok(user.map(|user| user.name))
}
