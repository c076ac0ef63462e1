//! `datastore_records`: the records of data stores.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "datastore_records")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub datastore_id: i64,
    /// Unique in its data store.
    #[sea_orm(column_type = "Text")]
    pub key: String,
    /// Tagged JSON.
    #[sea_orm(column_type = "Text")]
    pub data: String,
    /// Bytes of key and data.
    pub size: i32,
    /// The count of writes when it was written.
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
