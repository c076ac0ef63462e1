//! Counters of modules that are never reset.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("counters")
            .col(big_integer("scenario_id"))
            .col(big_integer("module"))
            .col(big_integer("value"))
            .col(big_integer("updated_at"))
            .primary_key(Index::create().col("scenario_id").col("module"))
            .take();
        manager.create_table(table).await
    }
}
