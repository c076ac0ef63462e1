//! Folders of scenarios: one level, for order only.

use std::collections::HashMap;

use rouage_model::{FolderId, ScenarioId, TeamId};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, NotSet, QueryFilter, QueryOrder, QuerySelect, Set};

use crate::entities::{folders, scenarios};
use crate::store::Change;
use crate::text::{clean, count, micros};
use crate::{Error, Store, WriteTx};

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: FolderId,
    /// Its name; no two of a team have the same.
    pub name: String,
    /// How many scenarios are in it.
    pub scenarios: u64,
}

/// All of a team, by name.
pub async fn list(store: &Store, team: TeamId) -> Result<Vec<Folder>, Error> {
    let find = folders::Entity::find().filter(folders::Column::TeamId.eq(team.0));
    let rows = find.order_by_asc(folders::Column::Name).order_by_asc(folders::Column::Id).all(store.reader()).await?;
    let counted: Vec<(Option<i64>, i64)> = scenarios::Entity::find()
        .filter(scenarios::Column::TeamId.eq(team.0))
        .filter(scenarios::Column::DeletedAt.is_null())
        .filter(scenarios::Column::FolderId.is_not_null())
        .select_only()
        .column(scenarios::Column::FolderId)
        .column_as(scenarios::Column::Id.count(), "scenarios")
        .group_by(scenarios::Column::FolderId)
        .into_tuple()
        .all(store.reader())
        .await?;
    let counted: HashMap<Option<i64>, i64> = counted.into_iter().collect();
    let folder = |row: folders::Model| Folder {
        id: FolderId(row.id),
        scenarios: count(counted.get(&Some(row.id)).copied().unwrap_or(0)),
        name: row.name,
    };
    Ok(rows.into_iter().map(folder).collect())
}

/// Makes one. [`Error::Conflict`] when there is one of that name.
pub async fn create(tx: &mut WriteTx, team: TeamId, name: &str) -> Result<FolderId, Error> {
    let name = free_name(tx, team, None, name).await?;
    let row =
        folders::ActiveModel { id: NotSet, team_id: Set(team.0), name: Set(name), created_at: Set(micros(tx.now())) };
    Ok(FolderId(folders::Entity::insert(row).exec(tx.db()).await?.last_insert_id))
}

/// Gives one another name. [`Error::Conflict`] when there is one of that name.
pub async fn rename(tx: &mut WriteTx, team: TeamId, id: FolderId, name: &str) -> Result<(), Error> {
    let name = free_name(tx, team, Some(id), name).await?;
    let row = folders::ActiveModel { name: Set(name), ..Default::default() };
    let one = folders::Column::Id.eq(id.0).and(folders::Column::TeamId.eq(team.0));
    crate::one_row(folders::Entity::update_many().set(row).filter(one).exec(tx.db()).await?.rows_affected)
}

/// Takes one away; its scenarios are in no folder then.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: FolderId) -> Result<(), Error> {
    let one = folders::Column::Id.eq(id.0).and(folders::Column::TeamId.eq(team.0));
    crate::one_row(folders::Entity::delete_many().filter(one).exec(tx.db()).await?.rows_affected)?;
    let out = scenarios::ActiveModel { folder_id: Set(None), ..Default::default() };
    let within = scenarios::Column::FolderId.eq(id.0);
    scenarios::Entity::update_many().set(out).filter(within).exec(tx.db()).await?;
    Ok(())
}

/// Puts a scenario into a folder, or into none.
pub async fn put(tx: &mut WriteTx, team: TeamId, scenario: ScenarioId, folder: Option<FolderId>) -> Result<(), Error> {
    if let Some(folder) = folder {
        let one = folders::Entity::find_by_id(folder.0).filter(folders::Column::TeamId.eq(team.0));
        one.one(tx.db()).await?.ok_or(Error::NotFound)?;
    }
    let row = scenarios::ActiveModel { folder_id: Set(folder.map(|folder| folder.0)), ..Default::default() };
    let one = scenarios::Column::Id.eq(scenario.0).and(scenarios::Column::TeamId.eq(team.0));
    let here = one.and(scenarios::Column::DeletedAt.is_null());
    let changed = scenarios::Entity::update_many().set(row).filter(here).exec(tx.db()).await?.rows_affected;
    tx.changed(Change::Scenario(scenario));
    crate::one_row(changed)
}

async fn free_name(tx: &WriteTx, team: TeamId, own: Option<FolderId>, name: &str) -> Result<String, Error> {
    let name = clean(name.trim().to_owned());
    let mut same = folders::Entity::find()
        .filter(folders::Column::TeamId.eq(team.0))
        .filter(folders::Column::Name.eq(name.as_str()));
    if let Some(own) = own {
        same = same.filter(folders::Column::Id.ne(own.0));
    }
    if same.one(tx.db()).await?.is_some() {
        return Err(Error::Conflict(format!("there is a folder {name:?} already")));
    }
    Ok(name)
}
