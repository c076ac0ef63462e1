//! Where runs come from: retries, replays and sub-scenarios.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, integer_null, text, uuid};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("lineages")
            .col(uuid("execution_id").primary_key())
            .col(text("kind"))
            .col(uuid("source_id"))
            .col(integer_null("operation"))
            .col(big_integer_null("incomplete_id"))
            .take();
        manager.create_table(table).await?;
        let index = Index::create().name("lineages_source_id").table("lineages").col("source_id").take();
        manager.create_index(index).await
    }
}
