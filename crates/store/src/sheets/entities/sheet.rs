//! `spreadsheet_sheets`: the tabs of a spreadsheet.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "spreadsheet_sheets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub spreadsheet: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub sheet_id: i64,
    pub title: String,
    pub position: i64,
    pub row_count: i64,
    pub column_count: i64,
    /// Where the table is that the last append went to, in A1 notation, as
    /// long as nothing else changed the sheet. Spares the next append the search.
    pub last_table: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
