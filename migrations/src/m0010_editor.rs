//! The editor: drafts, notes and authors of versions, folders of scenarios.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, big_pk_auto, integer, text, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(drafts()).await?;
        for column in [text_null("note"), big_integer_null("author")] {
            manager.alter_table(Table::alter().table("scenario_versions").add_column(column).take()).await?;
        }
        let folders = Table::create()
            .table("folders")
            .col(big_pk_auto("id"))
            .col(big_integer("team_id"))
            .col(text("name"))
            .col(big_integer("created_at"))
            .take();
        manager.create_table(folders).await?;
        for column in [
            big_integer_null("folder_id").take(),
            // Counts every change of the draft or of what it was made from. It
            // outlives the draft, so that a number never means two things.
            big_integer("draft_revision").default(0).take(),
        ] {
            manager.alter_table(Table::alter().table("scenarios").add_column(column).take()).await?;
        }
        for (table, column) in [("folders", "team_id"), ("scenarios", "folder_id")] {
            let name = format!("{table}_{column}");
            manager.create_index(Index::create().name(name).table(table).col(column).take()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// What people are editing and have not published, one row a scenario.
fn drafts() -> TableCreateStatement {
    Table::create()
        .table("drafts")
        .col(big_integer("scenario_id").primary_key())
        .col(text("blueprint"))
        .col(text("links"))
        // The version that it was made from.
        .col(integer("base_version"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("updated_by"))
        .take()
}
