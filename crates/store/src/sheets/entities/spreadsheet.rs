//! `spreadsheets`: one a row.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spreadsheets")]
pub struct Model {
    /// Short, so that the key of a stored row is short.
    #[sea_orm(primary_key)]
    pub number: i64,
    pub team: i64,
    /// The id of the API; unique in its team.
    pub id: String,
    pub title: String,
    pub locale: String,
    pub time_zone: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
    /// Counts its changes.
    pub revision: i64,
    /// Counts the changes that move rows, columns or sheets.
    pub layout: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
