//! `blob_references`: who holds on to a stored file.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "blob_references")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub blob_id: Uuid,
    pub execution_id: Option<Uuid>,
    pub delivery_id: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
