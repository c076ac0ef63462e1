//! Data stores, data structures, and the undo log of runs with auto commit off.
//!
//! Records and the undo log are written by the group committer and have no
//! foreign keys: one request must not be able to fail its neighbours.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, integer, string, text, text_null, uuid,
};

/// See the file.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [data_structures(), datastores(), datastore_records(), undo_log()] {
            manager.create_table(table).await?;
        }
        for index in [
            index("data_structures_team_id", "data_structures", &["team_id"]),
            index("datastores_team_id", "datastores", &["team_id"]),
            index("datastores_structure_id", "datastores", &["structure_id"]),
            index("datastore_records_key", "datastore_records", &["datastore_id", "key"]).unique().take(),
            index("datastore_records_datastore_id", "datastore_records", &["datastore_id", "id"]),
            index("undo_log_execution_id", "undo_log", &["execution_id", "id"]),
        ] {
            manager.create_index(index).await?;
        }
        for column in ["revision", "layout"] {
            let column = big_integer(Alias::new(column)).default(0).take();
            manager.alter_table(Table::alter().table("spreadsheets").add_column(column).take()).await?;
        }
        Ok(())
    }

    /// Whole or not at all, also when the process is killed half way.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn table(name: &'static str, columns: impl IntoIterator<Item = ColumnDef>) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for column in columns {
        table.col(column);
    }
    table
}

fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

fn data_structures() -> TableCreateStatement {
    table(
        "data_structures",
        [
            big_pk_auto("id"),
            big_integer("team_id"),
            text("name"),
            boolean("strict"),
            text("spec"),
            big_integer("created_at"),
            big_integer("updated_at"),
        ],
    )
}

fn datastores() -> TableCreateStatement {
    table(
        "datastores",
        [
            big_pk_auto("id"),
            big_integer("team_id"),
            text("name"),
            big_integer_null("structure_id"),
            big_integer("max_size"),
            big_integer("size"),
            big_integer("records"),
            // Counts the writes: stamps what was written, for undoing.
            big_integer("revision"),
            big_integer("created_at"),
            big_integer("updated_at"),
        ],
    )
}

fn datastore_records() -> TableCreateStatement {
    table(
        "datastore_records",
        [
            big_pk_auto("id"),
            big_integer("datastore_id"),
            text("key"),
            text("data"),
            integer("size"),
            big_integer("revision"),
            big_integer("created_at"),
            big_integer("updated_at"),
        ],
    )
}

/// What a run did that it may still take back, one line a row. See
/// `store::transactions`.
fn undo_log() -> TableCreateStatement {
    table(
        "undo_log",
        [
            big_pk_auto("id"),
            uuid("execution_id"),
            string("kind"),
            big_integer("target"),
            big_integer_null("part"),
            big_integer_null("place"),
            text_null("name"),
            text_null("before"),
            text_null("after"),
            big_integer_null("revision_before"),
            big_integer_null("revision_after"),
            big_integer_null("created_at"),
        ],
    )
}
