//! The schedule: positions of polling triggers, missed runs, pauses.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null, uuid_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(positions()).await?;
        // Those that wait for an end, of which there are few.
        let pending = Index::create()
            .name("positions_execution_id_partial")
            .table("positions")
            .col("execution_id")
            .cond_where(Expr::col("execution_id").is_not_null())
            .take();
        manager.create_index(pending).await?;
        for column in scenario_columns() {
            manager.alter_table(Table::alter().table("scenarios").add_column(column).take()).await?;
        }
        let due = Index::create()
            .name("scenarios_next_run_at_partial")
            .table("scenarios")
            .col("next_run_at")
            .cond_where(Expr::col("next_run_at").is_not_null())
            .take();
        manager.create_index(due).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// How far a polling trigger has come. `pending` becomes `position` when the
/// execution beside it is committed. Both are null before the first poll.
/// Written by the group committer, hence no foreign key.
fn positions() -> TableCreateStatement {
    Table::create()
        .table("positions")
        .col(big_integer("scenario_id"))
        .col(big_integer("module"))
        .col(text("start"))
        .col(text_null("position"))
        .col(text_null("pending"))
        .col(uuid_null("execution_id"))
        .col(big_integer("updated_at"))
        .primary_key(Index::create().col("scenario_id").col("module"))
        .take()
}

fn scenario_columns() -> [ColumnDef; 3] {
    [
        // What becomes of runs that could not start in time.
        text("missed_runs").default("once").take(),
        // The schedule starts nothing before.
        big_integer_null("paused_until"),
        // What the schedule did otherwise than people expect, for them.
        text_null("schedule_note"),
    ]
}
