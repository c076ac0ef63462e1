//! `datastores`: one a row, with the sums over its records.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "datastores")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub team_id: i64,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub structure_id: Option<i64>,
    pub max_size: i64,
    /// Bytes of all its records.
    pub size: i64,
    /// How many records there are.
    pub records: i64,
    /// Counts the writes.
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
