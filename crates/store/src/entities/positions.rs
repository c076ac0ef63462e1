//! `positions`: how far the polling triggers have come.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "positions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub scenario_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub module: i64,
    #[sea_orm(column_type = "Text")]
    pub start: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub position: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub pending: Option<String>,
    pub execution_id: Option<Uuid>,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
