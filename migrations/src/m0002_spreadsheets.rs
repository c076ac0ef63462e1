//! Built-in spreadsheets and the API tokens that open them from outside.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, big_pk_auto, string, string_null, text};

/// See the file.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(spreadsheets()).await?;
        manager
            .create_index(unique("spreadsheets_team_id", Spreadsheets::Table, [Spreadsheets::Team, Spreadsheets::Id]))
            .await?;
        manager.create_table(sheets()).await?;
        manager.create_table(rows()).await?;
        manager.create_table(tokens()).await?;
        manager.create_index(unique("api_tokens_hash", ApiTokens::Table, [ApiTokens::Hash])).await
    }

    /// Whole or not at all, also when the process is killed half way.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn spreadsheets() -> TableCreateStatement {
    Table::create()
        .table(Spreadsheets::Table)
        .col(big_pk_auto(Spreadsheets::Number))
        .col(big_integer(Spreadsheets::Team))
        .col(string(Spreadsheets::Id))
        .col(text(Spreadsheets::Title))
        .col(string(Spreadsheets::Locale))
        .col(string(Spreadsheets::TimeZone))
        .col(big_integer(Spreadsheets::CreatedAt))
        .col(big_integer(Spreadsheets::UpdatedAt))
        .col(big_integer_null(Spreadsheets::DeletedAt))
        .to_owned()
}

fn sheets() -> TableCreateStatement {
    Table::create()
        .table(SpreadsheetSheets::Table)
        .col(big_integer(SpreadsheetSheets::Spreadsheet))
        .col(big_integer(SpreadsheetSheets::SheetId))
        .col(text(SpreadsheetSheets::Title))
        .col(big_integer(SpreadsheetSheets::Position))
        .col(big_integer(SpreadsheetSheets::RowCount))
        .col(big_integer(SpreadsheetSheets::ColumnCount))
        .col(string_null(SpreadsheetSheets::LastTable))
        .primary_key(Index::create().col(SpreadsheetSheets::Spreadsheet).col(SpreadsheetSheets::SheetId))
        .to_owned()
}

fn rows() -> TableCreateStatement {
    Table::create()
        .table(SpreadsheetRows::Table)
        .col(big_integer(SpreadsheetRows::Spreadsheet))
        .col(big_integer(SpreadsheetRows::SheetId))
        .col(big_integer(SpreadsheetRows::RowIndex))
        .col(text(SpreadsheetRows::Cells))
        .primary_key(
            Index::create()
                .col(SpreadsheetRows::Spreadsheet)
                .col(SpreadsheetRows::SheetId)
                .col(SpreadsheetRows::RowIndex),
        )
        .to_owned()
}

fn tokens() -> TableCreateStatement {
    Table::create()
        .table(ApiTokens::Table)
        .col(big_pk_auto(ApiTokens::Id))
        .col(big_integer(ApiTokens::Team))
        .col(text(ApiTokens::Name))
        .col(string(ApiTokens::Hash))
        .col(big_integer(ApiTokens::CreatedAt))
        .col(big_integer_null(ApiTokens::LastUsedAt))
        .to_owned()
}

fn unique<T: IntoTableRef, C: IntoIden, const N: usize>(name: &str, table: T, columns: [C; N]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table).unique();
    for column in columns {
        index.col(column.into_iden());
    }
    index
}

#[derive(DeriveIden)]
enum Spreadsheets {
    Table,
    Number,
    Team,
    Id,
    Title,
    Locale,
    TimeZone,
    CreatedAt,
    UpdatedAt,
    DeletedAt,
}

#[derive(DeriveIden)]
enum SpreadsheetSheets {
    Table,
    Spreadsheet,
    SheetId,
    Title,
    Position,
    RowCount,
    ColumnCount,
    LastTable,
}

#[derive(DeriveIden)]
enum SpreadsheetRows {
    Table,
    Spreadsheet,
    SheetId,
    RowIndex,
    Cells,
}

#[derive(DeriveIden)]
enum ApiTokens {
    Table,
    Id,
    Team,
    Name,
    Hash,
    CreatedAt,
    LastUsedAt,
}
