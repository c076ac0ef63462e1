//! Data structures: what bundles and records must look like.

use jiff::Timestamp;
use rouage_model::structure::Structure;
use rouage_model::{DatastoreId, HookId, ScenarioId, StructureId, TeamId, Value, json};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::entities::{data_structures, datastores, hooks};
use crate::store::Change;
use crate::text::{clean, instant, micros};
use crate::{Error, Store, WriteTx, scenarios};

/// A data structure with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct StructureRow {
    /// Its id.
    pub id: StructureId,
    /// Its name.
    pub name: String,
    /// What it says.
    pub structure: Structure,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Who uses a data structure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Users {
    /// Data stores.
    pub datastores: Vec<(DatastoreId, String)>,
    /// Scenarios (not deleted), by their modules.
    pub scenarios: Vec<(ScenarioId, String)>,
    /// Webhooks.
    pub hooks: Vec<(HookId, String)>,
}

/// All of a team, by name.
pub async fn list(store: &Store, team: TeamId) -> Result<Vec<StructureRow>, Error> {
    let rows = data_structures::Entity::find()
        .filter(data_structures::Column::TeamId.eq(team.0))
        .order_by_asc(data_structures::Column::Name)
        .order_by_asc(data_structures::Column::Id)
        .all(store.reader())
        .await?;
    rows.into_iter().map(read).collect()
}

/// One.
pub async fn find(store: &Store, team: TeamId, id: StructureId) -> Result<Option<StructureRow>, Error> {
    find_in(store.reader(), team, id).await
}

/// [`find`] within a transaction.
pub(crate) async fn find_in<C: ConnectionTrait>(
    db: &C,
    team: TeamId,
    id: StructureId,
) -> Result<Option<StructureRow>, Error> {
    let one = data_structures::Entity::find_by_id(id.0).filter(data_structures::Column::TeamId.eq(team.0));
    one.one(db).await?.map(read).transpose()
}

/// Makes one.
pub async fn create(tx: &mut WriteTx, team: TeamId, name: &str, structure: &Structure) -> Result<StructureId, Error> {
    let now = micros(tx.now());
    let row = data_structures::ActiveModel {
        id: NotSet,
        team_id: Set(team.0),
        name: Set(clean(name.to_owned())),
        strict: Set(structure.strict),
        spec: Set(spec(structure)),
        created_at: Set(now),
        updated_at: Set(now),
    };
    Ok(StructureId(data_structures::Entity::insert(row).exec(tx.db()).await?.last_insert_id))
}

/// Changes name and fields. Records that are there are not checked again
/// (source: `make-semantics.md` §7.1). [`Error::NotFound`] when there is none.
pub async fn update(
    tx: &mut WriteTx,
    team: TeamId,
    id: StructureId,
    name: &str,
    structure: &Structure,
) -> Result<(), Error> {
    let row = data_structures::ActiveModel {
        name: Set(clean(name.to_owned())),
        strict: Set(structure.strict),
        spec: Set(spec(structure)),
        updated_at: Set(micros(tx.now())),
        ..Default::default()
    };
    for (hook, _) in hooks_with(tx.db(), team, id).await? {
        // Whoever holds the hook in memory holds the structure with it.
        tx.changed(Change::Hook(hook));
    }
    let one = data_structures::Column::Id.eq(id.0).and(data_structures::Column::TeamId.eq(team.0));
    crate::one_row(data_structures::Entity::update_many().set(row).filter(one).exec(tx.db()).await?.rows_affected)
}

/// Takes one away. [`Error::Conflict`] says that a data store or a webhook
/// still has it.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: StructureId) -> Result<(), Error> {
    let used: Option<String> = datastores::Entity::find()
        .filter(datastores::Column::StructureId.eq(id.0))
        .select_only()
        .column(datastores::Column::Name)
        .into_tuple()
        .one(tx.db())
        .await?;
    if let Some(name) = used {
        return Err(Error::Conflict(format!("the data store {name:?} has this data structure; change that first")));
    }
    if let Some((_, name)) = hooks_with(tx.db(), team, id).await?.first() {
        return Err(Error::Conflict(format!("the webhook {name:?} has this data structure; change that first")));
    }
    let one = data_structures::Column::Id.eq(id.0).and(data_structures::Column::TeamId.eq(team.0));
    crate::one_row(data_structures::Entity::delete_many().filter(one).exec(tx.db()).await?.rows_affected)
}

/// Where it is used.
pub async fn users(store: &Store, team: TeamId, id: StructureId) -> Result<Users, Error> {
    let datastores: Vec<(i64, String)> = datastores::Entity::find()
        .filter(datastores::Column::TeamId.eq(team.0))
        .filter(datastores::Column::StructureId.eq(id.0))
        .select_only()
        .columns([datastores::Column::Id, datastores::Column::Name])
        .into_tuple()
        .all(store.reader())
        .await?;
    let is_it = |field: &str, value: &Value| is_structure_field(field) && value.as_i64() == Some(id.0);
    Ok(Users {
        datastores: datastores.into_iter().map(|(id, name)| (DatastoreId(id), name)).collect(),
        scenarios: scenarios::with_link(store, team, is_it).await?,
        hooks: hooks_with(store.reader(), team, id).await?,
    })
}

/// The webhooks that check what arrives by it.
async fn hooks_with<C: ConnectionTrait>(db: &C, team: TeamId, id: StructureId) -> Result<Vec<(HookId, String)>, Error> {
    let all: Vec<(i64, String, String)> = hooks::Entity::find()
        .filter(hooks::Column::TeamId.eq(team.0))
        .order_by_asc(hooks::Column::Name)
        .select_only()
        .columns([hooks::Column::Id, hooks::Column::Name, hooks::Column::Settings])
        .into_tuple()
        .all(db)
        .await?;
    let has_it = |settings: &str| {
        let settings = json::parse(settings.as_bytes()).unwrap_or_default();
        settings.field("structureId").as_i64() == Some(id.0)
    };
    let having = all.into_iter().filter(|(_, _, settings)| has_it(settings));
    Ok(having.map(|(id, name, _)| (HookId(id), name)).collect())
}

/// Whether a link of this field is the id of a data structure.
pub(crate) fn is_structure_field(field: &str) -> bool {
    matches!(field, "type" | "udt")
}

/// The fields as stored text.
fn spec(structure: &Structure) -> String {
    json::to_string(structure.to_value().field("spec"))
}

fn read(row: data_structures::Model) -> Result<StructureRow, Error> {
    let corrupt = |cause: String| Error::corrupt("a data structure", cause);
    let spec = json::parse(row.spec.as_bytes()).map_err(|error| corrupt(error.to_string()))?;
    let structure = Structure::parse(&spec).map_err(corrupt)?;
    Ok(StructureRow {
        id: StructureId(row.id),
        name: row.name,
        structure: Structure { strict: row.strict, ..structure },
        updated_at: instant(row.updated_at),
    })
}
