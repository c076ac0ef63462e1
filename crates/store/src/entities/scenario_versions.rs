//! `scenario_versions`: blueprints and links.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scenario_versions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub scenario_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    #[sea_orm(column_type = "Text")]
    pub blueprint: String,
    #[sea_orm(column_type = "Text")]
    pub links: String,
    pub created_at: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub note: Option<String>,
    /// A user, who may be gone.
    pub author: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
