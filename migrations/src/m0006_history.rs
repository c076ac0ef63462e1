//! The history: names of runs, what is kept of them and for how long.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, integer, integer_null, text_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in execution_columns() {
            manager.alter_table(Table::alter().table("executions").add_column(column).take()).await?;
        }
        manager.create_table(retentions()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn execution_columns() -> [ColumnDef; 5] {
    [
        // The name that the run gave itself.
        text_null("name"),
        // A poll that found nothing.
        boolean("is_check").default(false).take(),
        // What became of the bundles of a confidential run: `due` or `removed`.
        text_null("confidential"),
        // How often it was begun alone after it had been taken over, without
        // getting any further, and how far it had got then.
        integer("trials").default(0).take(),
        integer("trial_seq").default(0).take(),
    ]
}

/// How much of its history a scenario keeps; null follows the server.
fn retentions() -> TableCreateStatement {
    Table::create()
        .table("retentions")
        .col(big_integer("scenario_id").primary_key())
        .col(integer_null("days"))
        .col(big_integer_null("runs"))
        .col(big_integer_null("bytes"))
        .foreign_key(ForeignKey::create().from("retentions", "scenario_id").to("scenarios", "id"))
        .take()
}

/// All of them are of few rows: a run that ends well is in none.
fn indexes() -> [IndexCreateStatement; 3] {
    let index = |name: &str, columns: &[&'static str], condition: &'static str| {
        let mut index = Index::create();
        index.name(name).table("executions").cond_where(Expr::cust(condition));
        for column in columns {
            index.col(*column);
        }
        index
    };
    [
        index(
            "executions_team_id_status_created_at_partial",
            &["team_id", "status", "created_at"],
            "status IN ('error', 'warning', 'stopped')",
        ),
        index("executions_scenario_id_version_partial", &["scenario_id", "version"], "version < 0"),
        index("executions_confidential_partial", &["created_at"], "confidential = 'due'"),
    ]
}
