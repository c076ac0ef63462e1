//! `executions`: runs, and the queue of jobs.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "executions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub team_id: i64,
    pub scenario_id: i64,
    pub version: i32,
    #[sea_orm(column_type = "Text")]
    pub origin: String,
    #[sea_orm(column_type = "Text")]
    pub status: String,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    /// When a worker may take it; see `crate::queue`.
    pub ready_at: Option<i64>,
    pub lease_owner: Option<Uuid>,
    pub fence: i64,
    pub takeovers: i32,
    pub stop_requested: bool,
    pub operations: i32,
    pub size: i64,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub name: Option<String>,
    pub is_check: bool,
    #[sea_orm(column_type = "Text", nullable)]
    pub confidential: Option<String>,
    pub trials: i32,
    pub trial_seq: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
