//! Failed runs that nobody has looked at yet, and drafts that another one has
//! taken the place of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, text};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            // Live runs that ended by an error since somebody looked last.
            integer("unseen_failures").default(0).take(),
            // When the last of them ended.
            big_integer_null("failed_at").take(),
        ] {
            manager.alter_table(Table::alter().table("scenarios").add_column(column).take()).await?;
        }
        // The draft of before an old version was restored, one row a scenario.
        let replaced = Table::create()
            .table("replaced_drafts")
            .col(big_integer("scenario_id").primary_key())
            .col(text("blueprint"))
            .col(text("links"))
            .col(big_integer("replaced_at"))
            .take();
        manager.create_table(replaced).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
