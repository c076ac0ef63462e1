//! `incompletes`: incomplete executions.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "incompletes")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub team_id: i64,
    pub scenario_id: i64,
    pub execution_id: Uuid,
    pub operation: i32,
    pub module: i64,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    #[sea_orm(column_type = "Text")]
    pub error: String,
    #[sea_orm(column_type = "Blob")]
    pub state: Vec<u8>,
    pub size: i64,
    pub attempts: i32,
    pub created_at: i64,
    pub updated_at: i64,
    pub retry_at: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub policy: String,
    pub policy_count: i32,
    pub policy_interval: i32,
    pub automatic: i32,
    pub asked: bool,
    pub version: Option<i32>,
    pub retried_by: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
