//! The schema of the store, for SQLite and PostgreSQL from one definition.
//!
//! Append-only: a migration that was released is never changed. Each has a
//! file `m<number>_<name>.rs`, a module line and a line in [`migrations`].
//! No queries here.
//!
//! Common rules: ids are 64-bit integers that the database gives (executions:
//! UUIDs); times are whole microseconds since 1970; JSON is text; payloads are
//! bytes; a foreign key has an index.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement, TransactionTrait};

mod m0001_foundation;
mod m0002_spreadsheets;
mod m0003_lineages;
mod m0004_schedule;
mod m0005_datastores;
mod m0006_history;
mod m0007_counters;
mod m0008_incompletes;
mod m0009_blobs;
mod m0010_editor;
mod m0011_unseen;

/// Why the schema could not be brought up to date.
#[derive(Debug)]
pub enum Error {
    /// The database has migrations that this program does not know.
    NewerSchema,
    /// The database failed; repeating is safe.
    Database(DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Error::Database(error)
    }
}

/// All migrations in order.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(m0001_foundation::Migration),
        Box::new(m0002_spreadsheets::Migration),
        Box::new(m0003_lineages::Migration),
        Box::new(m0004_schedule::Migration),
        Box::new(m0005_datastores::Migration),
        Box::new(m0006_history::Migration),
        Box::new(m0007_counters::Migration),
        Box::new(m0008_incompletes::Migration),
        Box::new(m0009_blobs::Migration),
        Box::new(m0010_editor::Migration),
        Box::new(m0011_unseen::Migration),
    ]
}

/// Runs [`migrations`].
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        migrations()
    }
}

/// Brings the schema up to date, all or nothing: a process that is killed in
/// the middle leaves the schema as it was. Writes nothing when there is nothing
/// to do or the database is newer.
pub async fn run(db: &DatabaseConnection) -> Result<(), Error> {
    let known: Vec<String> = migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = applied(db).await?;
    if applied.iter().any(|applied| !known.contains(applied)) {
        return Err(Error::NewerSchema);
    }
    if applied.len() == known.len() {
        return Ok(());
    }
    let tx = db.begin().await?;
    Migrator::up(&tx, None).await?;
    Ok(tx.commit().await?)
}

/// The names of the migrations that were made. Only reads: the migrator's own
/// look makes its table first.
async fn applied(db: &DatabaseConnection) -> Result<Vec<String>, Error> {
    if !SchemaManager::new(db).has_table("seaql_migrations").await? {
        return Ok(Vec::new());
    }
    let statement = Statement::from_string(db.get_database_backend(), "SELECT version FROM seaql_migrations");
    let rows = db.query_all_raw(statement).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}
