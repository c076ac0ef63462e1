//! See `m0006_history`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "retentions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub scenario_id: i64,
    pub days: Option<i32>,
    pub runs: Option<i64>,
    pub bytes: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
