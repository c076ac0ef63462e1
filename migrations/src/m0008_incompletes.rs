//! Incomplete executions that are retried; notices to people.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, boolean, integer, integer_null, text, uuid_null,
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in columns() {
            manager.alter_table(Table::alter().table("incompletes").add_column(column).take()).await?;
        }
        let retried_by = Index::create()
            .name("incompletes_scenario_id_in_progress_partial")
            .table("incompletes")
            .col("scenario_id")
            .cond_where(Expr::cust("status = 'in-progress'"))
            .take();
        manager.create_index(retried_by).await?;
        manager.create_table(notices()).await?;
        let unread = Index::create()
            .name("notices_team_id_partial")
            .table("notices")
            .col("team_id")
            .cond_where(Expr::cust("read_at IS NULL"))
            .take();
        manager.create_index(unread).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn columns() -> [ColumnDef; 7] {
    [
        // What decides about automatic retries: `default` (the type of the
        // error), `break` (count and interval of the directive), `hand`.
        text("policy").default("default").take(),
        integer("policy_count").default(0).take(),
        integer("policy_interval").default(0).take(),
        // How many automatic retries there were.
        integer("automatic").default(0).take(),
        // A person wants a retry as soon as there is room for it.
        boolean("asked").default(false).take(),
        // The variant of the scenario that this retry takes.
        integer_null("version").take(),
        // The latest run that retries it.
        uuid_null("retried_by").take(),
    ]
}

/// What people must hear of. Written by the runtime, read on every page.
fn notices() -> TableCreateStatement {
    Table::create()
        .table("notices")
        .col(big_pk_auto("id"))
        .col(big_integer("team_id"))
        .col(big_integer_null("scenario_id"))
        .col(text("text"))
        .col(big_integer("created_at"))
        .col(big_integer_null("read_at"))
        .take()
}
