//! Settings of the whole installation: texts by name.

use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, Set};

use crate::entities::settings;
use crate::text::clean;
use crate::{Error, Store, WriteTx};

/// The address under which the world reaches us, such as `https://hooks.example.org`.
pub const PUBLIC_URL: &str = "public_url";

/// The text of a setting.
pub async fn get(store: &Store, name: &str) -> Result<Option<String>, Error> {
    let row = settings::Entity::find_by_id(name).one(store.reader()).await?;
    Ok(row.map(|row| row.text))
}

/// Sets a setting.
pub async fn set(tx: &mut WriteTx, name: &str, text: &str) -> Result<(), Error> {
    let row = settings::ActiveModel { name: Set(name.to_owned()), text: Set(clean(text.to_owned())) };
    let replace = OnConflict::column(settings::Column::Name).update_column(settings::Column::Text).to_owned();
    settings::Entity::insert(row).on_conflict(replace).exec_without_returning(tx.db()).await?;
    Ok(())
}

/// Takes a setting away.
pub async fn delete(tx: &mut WriteTx, name: &str) -> Result<(), Error> {
    settings::Entity::delete_by_id(name).exec(tx.db()).await?;
    Ok(())
}

/// The text of a setting as the transaction sees it.
pub(crate) async fn get_in(tx: &WriteTx, name: &str) -> Result<Option<String>, Error> {
    let row = settings::Entity::find_by_id(name).one(tx.db()).await?;
    Ok(row.map(|row| row.text))
}
