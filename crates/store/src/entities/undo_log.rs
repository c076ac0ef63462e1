//! `undo_log`: what a run did that it may still take back.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "undo_log")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub execution_id: Uuid,
    /// See `transactions`.
    pub kind: String,
    /// The data store, the spreadsheet or the message.
    pub target: i64,
    /// The record, or the sheet.
    pub part: Option<i64>,
    /// The row of the sheet.
    pub place: Option<i64>,
    /// The key of the record.
    #[sea_orm(column_type = "Text", nullable)]
    pub name: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub before: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub after: Option<String>,
    pub revision_before: Option<i64>,
    pub revision_after: Option<i64>,
    pub created_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
