//! `spreadsheet_rows`: the rows that hold something.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spreadsheet_rows")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub spreadsheet: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sheet_id: i64,
    /// Counts from 0.
    #[sea_orm(primary_key, auto_increment = false)]
    pub row_index: i64,
    /// See `sheets::cell`.
    #[sea_orm(column_type = "Text")]
    pub cells: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
