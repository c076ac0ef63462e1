//! `scenarios`: scenarios; blueprint and links are in their versions.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "scenarios")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub team_id: i64,
    #[sea_orm(column_type = "Text")]
    pub name: String,
    pub version: i32,
    pub enabled: bool,
    #[sea_orm(column_type = "Text")]
    /// Make's JSON.
    pub scheduling: String,
    #[sea_orm(column_type = "Text")]
    pub timezone: String,
    #[sea_orm(column_type = "Text")]
    /// Names, each on a line.
    pub apps: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub problem: Option<String>,
    pub consecutive_errors: i32,
    pub next_run_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
    #[sea_orm(column_type = "Text")]
    pub missed_runs: String,
    pub paused_until: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub schedule_note: Option<String>,
    pub folder_id: Option<i64>,
    pub draft_revision: i64,
    pub unseen_failures: i32,
    pub failed_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
