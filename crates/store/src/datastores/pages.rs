//! Data stores as the pages list and change them.

use jiff::Timestamp;
use rouage_model::{DatastoreId, ScenarioId, StructureId, TeamId, Value};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, Set};

use super::take;
use crate::entities::{data_structures, datastore_records, datastores};
use crate::text::{clean, column, count, instant, micros};
use crate::{Error, Store, WriteTx, scenarios};

/// A data store without its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datastore {
    /// Its id.
    pub id: DatastoreId,
    /// Its name.
    pub name: String,
    /// What its records look like; `None`: anything, or a key alone.
    pub structure: Option<StructureId>,
    /// Bytes of all records.
    pub size: u64,
    /// The most bytes it may have.
    pub max_size: u64,
    /// How many records there are.
    pub records: u64,
    /// When anything in it changed last.
    pub updated_at: Timestamp,
}

/// What people set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Its name.
    pub name: String,
    /// What its records look like.
    pub structure: Option<StructureId>,
    /// The most bytes it may have.
    pub max_size: u64,
}

/// All of a team, by name.
pub async fn list(store: &Store, team: TeamId) -> Result<Vec<Datastore>, Error> {
    let all = datastores::Entity::find()
        .filter(datastores::Column::TeamId.eq(team.0))
        .order_by_asc(datastores::Column::Name)
        .order_by_asc(datastores::Column::Id);
    Ok(all.all(store.reader()).await?.into_iter().map(Datastore::from).collect())
}

/// One.
pub async fn find(store: &Store, team: TeamId, id: DatastoreId) -> Result<Option<Datastore>, Error> {
    let one = datastores::Entity::find_by_id(id.0).filter(datastores::Column::TeamId.eq(team.0));
    Ok(one.one(store.reader()).await?.map(Datastore::from))
}

/// Makes one, empty.
pub async fn create(tx: &mut WriteTx, team: TeamId, settings: Settings) -> Result<DatastoreId, Error> {
    check_structure(tx, team, settings.structure).await?;
    let now = micros(tx.now());
    let row = datastores::ActiveModel {
        id: NotSet,
        team_id: Set(team.0),
        name: Set(clean(settings.name)),
        structure_id: Set(settings.structure.map(|id| id.0)),
        max_size: Set(column(settings.max_size)),
        size: Set(0),
        records: Set(0),
        revision: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
    };
    let id = DatastoreId(datastores::Entity::insert(row).exec(tx.db()).await?.last_insert_id);
    Ok(id)
}

/// Changes what people set. Records that are there stay as they are.
pub async fn update(tx: &mut WriteTx, team: TeamId, id: DatastoreId, settings: Settings) -> Result<(), Error> {
    check_structure(tx, team, settings.structure).await?;
    let row = datastores::ActiveModel {
        name: Set(clean(settings.name)),
        structure_id: Set(settings.structure.map(|id| id.0)),
        max_size: Set(column(settings.max_size)),
        id: ActiveValue::NotSet,
        ..Default::default()
    };
    let one = datastores::Column::Id.eq(id.0).and(datastores::Column::TeamId.eq(team.0));
    let changed = datastores::Entity::update_many().set(row).filter(one).exec(tx.db()).await?.rows_affected;
    crate::one_row(changed)
}

async fn check_structure(tx: &WriteTx, team: TeamId, id: Option<StructureId>) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    let one = data_structures::Entity::find_by_id(id.0).filter(data_structures::Column::TeamId.eq(team.0));
    let missing = || Error::Conflict("that data structure does not exist any more".to_owned());
    one.one(tx.db()).await?.map(drop).ok_or_else(missing)
}

/// Takes it away with all its records.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: DatastoreId) -> Result<(), Error> {
    take(tx.db(), team, id).await?.ok_or(Error::NotFound)?;
    let records = datastore_records::Entity::delete_many();
    records.filter(datastore_records::Column::DatastoreId.eq(id.0)).exec(tx.db()).await?;
    datastores::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    Ok(())
}

/// The scenarios (not deleted) that use it: id and name.
pub async fn used_by(store: &Store, team: TeamId, id: DatastoreId) -> Result<Vec<(ScenarioId, String)>, Error> {
    let is_it = |field: &str, value: &Value| field == "datastore" && value.as_i64() == Some(id.0);
    scenarios::with_link(store, team, is_it).await
}

impl From<datastores::Model> for Datastore {
    fn from(row: datastores::Model) -> Self {
        Self {
            id: DatastoreId(row.id),
            name: row.name,
            structure: row.structure_id.map(StructureId),
            size: count(row.size),
            max_size: count(row.max_size),
            records: count(row.records),
            updated_at: instant(row.updated_at),
        }
    }
}
