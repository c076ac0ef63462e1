//! Files: their bytes in pieces, and who holds on to them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, big_pk_auto, boolean, integer, uuid, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(blobs()).await?;
        let chunks = Table::create()
            .table("blob_chunks")
            .col(uuid("blob_id"))
            .col(integer("seq"))
            .col(ColumnDef::new("data").blob().not_null())
            .primary_key(Index::create().col("blob_id").col("seq"))
            .take();
        manager.create_table(chunks).await?;
        // Without foreign keys: a row here must never fail the transaction of
        // a journal, and rows go before or after what they name.
        let references = Table::create()
            .table("blob_references")
            .col(big_pk_auto("id"))
            .col(uuid("blob_id"))
            .col(uuid_null("execution_id"))
            .col(big_integer_null("delivery_id"))
            .take();
        manager.create_table(references).await?;
        for (table, column) in [
            ("blobs", "execution_id"),
            ("blobs", "created_at"),
            ("blob_references", "blob_id"),
            ("blob_references", "execution_id"),
            ("blob_references", "delivery_id"),
        ] {
            let name = format!("{table}_{column}");
            manager.create_index(Index::create().name(name).table(table).col(column).take()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn blobs() -> TableCreateStatement {
    Table::create()
        .table("blobs")
        .col(uuid("id").primary_key())
        .col(big_integer("team_id"))
        // Who wrote it; none for the files of a request that arrived.
        .col(uuid_null("execution_id"))
        // Of what is there while it is being written.
        .col(big_integer("size"))
        // Whether the last piece is there.
        .col(boolean("is_whole"))
        // Whether something that held it has been deleted.
        .col(boolean("is_released"))
        .col(big_integer("created_at"))
        .take()
}
