//! The tables of the first version, spreadsheets excepted.
//!
//! Rows that are written by the group committer (deliveries, executions,
//! journal) have no foreign keys: one request must not be able to make the
//! transaction of its neighbours fail.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, big_pk_auto, binary, binary_null, boolean, integer, text, text_null, uuid, uuid_null,
};

/// See the file.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            settings(),
            teams(),
            users(),
            sessions(),
            scenarios(),
            scenario_versions(),
            hooks(),
            deliveries(),
            executions(),
            journal(),
            incompletes(),
            connections(),
            mails(),
        ] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
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

fn settings() -> TableCreateStatement {
    table("settings", [text("name").primary_key().take(), text("text")])
}

fn teams() -> TableCreateStatement {
    table("teams", [big_pk_auto("id"), text("name"), text("timezone"), big_integer("created_at")])
}

fn users() -> TableCreateStatement {
    table("users", [big_pk_auto("id"), text("email"), text("name"), text("password"), big_integer("created_at")])
}

fn sessions() -> TableCreateStatement {
    table(
        "sessions",
        [
            big_pk_auto("id"),
            big_integer("user_id"),
            text("digest"),
            text("user_agent"),
            text("ip"),
            big_integer("created_at"),
            big_integer("last_seen_at"),
            big_integer("expires_at"),
        ],
    )
    .foreign_key(
        ForeignKey::create().from("sessions", "user_id").to("users", "id").on_delete(ForeignKeyAction::Cascade),
    )
    .take()
}

fn scenarios() -> TableCreateStatement {
    table(
        "scenarios",
        [
            big_pk_auto("id"),
            big_integer("team_id"),
            text("name"),
            integer("version"),
            boolean("enabled"),
            text("scheduling"),
            text("timezone"),
            text("apps"),
            text_null("problem"),
            integer("consecutive_errors"),
            big_integer_null("next_run_at"),
            big_integer("created_at"),
            big_integer("updated_at"),
            big_integer_null("deleted_at"),
        ],
    )
    .foreign_key(ForeignKey::create().from("scenarios", "team_id").to("teams", "id"))
    .take()
}

fn scenario_versions() -> TableCreateStatement {
    table(
        "scenario_versions",
        [big_integer("scenario_id"), integer("version"), text("blueprint"), text("links"), big_integer("created_at")],
    )
    .primary_key(Index::create().col("scenario_id").col("version"))
    .foreign_key(ForeignKey::create().from("scenario_versions", "scenario_id").to("scenarios", "id"))
    .take()
}

fn hooks() -> TableCreateStatement {
    table(
        "hooks",
        [
            big_pk_auto("id"),
            big_integer("team_id"),
            text("name"),
            text("token"),
            text("kind"),
            big_integer_null("scenario_id"),
            boolean("enabled"),
            text("settings"),
            text("interface"),
            boolean("learning"),
            big_integer("created_at"),
            big_integer("updated_at"),
        ],
    )
    .foreign_key(ForeignKey::create().from("hooks", "team_id").to("teams", "id"))
    .foreign_key(ForeignKey::create().from("hooks", "scenario_id").to("scenarios", "id"))
    .take()
}

fn deliveries() -> TableCreateStatement {
    table(
        "deliveries",
        [
            big_pk_auto("id"),
            big_integer("team_id"),
            big_integer("hook_id"),
            big_integer("received_at"),
            text("method"),
            text("query"),
            text("headers"),
            text("ip"),
            big_integer("size"),
            text("content_type"),
            text("status"),
            uuid_null("execution_id"),
            text_null("reason"),
            binary_null("payload"),
        ],
    )
}

fn executions() -> TableCreateStatement {
    table(
        "executions",
        [
            uuid("id").primary_key().take(),
            big_integer("team_id"),
            big_integer("scenario_id"),
            integer("version"),
            text("origin"),
            text("status"),
            big_integer("created_at"),
            big_integer_null("started_at"),
            big_integer_null("finished_at"),
            // When a worker may take it: its arrival, its wake-up or the end
            // of its lease. Null when nobody may.
            big_integer_null("ready_at"),
            uuid_null("lease_owner"),
            big_integer("fence"),
            integer("takeovers"),
            boolean("stop_requested"),
            integer("operations"),
            big_integer("size"),
            text_null("error"),
        ],
    )
}

fn journal() -> TableCreateStatement {
    table("journal", [uuid("execution_id"), integer("seq"), big_integer("at"), binary("data")])
        .primary_key(Index::create().col("execution_id").col("seq"))
        .take()
}

fn incompletes() -> TableCreateStatement {
    table(
        "incompletes",
        [
            big_pk_auto("id"),
            big_integer("team_id"),
            big_integer("scenario_id"),
            uuid("execution_id"),
            integer("operation"),
            big_integer("module"),
            text("reason"),
            text("status"),
            text("error"),
            binary("state"),
            big_integer("size"),
            integer("attempts"),
            big_integer("created_at"),
            big_integer("updated_at"),
            big_integer_null("retry_at"),
        ],
    )
}

fn connections() -> TableCreateStatement {
    table(
        "connections",
        [
            big_pk_auto("id"),
            big_integer("team_id"),
            // Known before the row has an id: the seal is bound to it.
            uuid("uid"),
            text("kind"),
            text("name"),
            text("data"),
            binary("secret"),
            text_null("status"),
            big_integer("created_at"),
            big_integer("updated_at"),
        ],
    )
    .foreign_key(ForeignKey::create().from("connections", "team_id").to("teams", "id"))
    .take()
}

fn mails() -> TableCreateStatement {
    table(
        "mails",
        [
            big_pk_auto("id"),
            big_integer("team_id"),
            uuid("execution_id"),
            integer("operation"),
            text("sender"),
            text("recipients"),
            text("copies"),
            text("blind_copies"),
            text("subject"),
            text_null("text"),
            text_null("html"),
            text("message_id"),
            text("attachments"),
            binary("raw"),
            boolean("opened"),
            big_integer("created_at"),
        ],
    )
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        unique("users", &["email"]),
        unique("sessions", &["digest"]),
        index("sessions", &["user_id"]),
        index("scenarios", &["team_id", "name"]),
        unique("hooks", &["token"]),
        unique("hooks", &["scenario_id"]),
        index("hooks", &["team_id", "name"]),
        index("deliveries", &["hook_id", "id"]),
        index("deliveries", &["execution_id"]),
        partial("deliveries", &["hook_id", "status", "id"], Expr::col("status").eq("queued")),
        index("executions", &["team_id", "created_at"]),
        // Covers the counts by status.
        index("executions", &["scenario_id", "created_at", "status"]),
        partial("executions", &["ready_at"], Expr::col("ready_at").is_not_null()),
        partial("executions", &["status", "ready_at"], Expr::col("status").is_in(["waiting", "queued"])),
        // What waits for a person: few, and asked for by every page.
        partial("executions", &["team_id", "created_at"], Expr::cust("status = 'in-doubt'")),
        unique("incompletes", &["execution_id", "operation"]),
        index("incompletes", &["team_id", "status"]),
        index("incompletes", &["scenario_id", "status"]),
        partial("incompletes", &["retry_at"], Expr::col("retry_at").is_not_null()),
        index("connections", &["team_id", "name"]),
        unique("mails", &["execution_id", "operation"]),
        index("mails", &["team_id", "id"]),
    ]
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(format!("{table}_{}", columns.join("_"))).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

fn unique(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(table, columns).unique().take()
}

fn partial(table: &'static str, columns: &[&'static str], condition: Expr) -> IndexCreateStatement {
    let mut index = index(table, columns);
    index.name(format!("{table}_{}_partial", columns.join("_"))).cond_where(condition);
    index
}
