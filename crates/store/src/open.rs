//! Connections to the two databases.

use std::str::FromStr;
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sea_orm::sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sea_orm::sqlx::{self, Connection as _, SqliteConnection};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, SqlxSqliteConnector, Statement,
    TransactionTrait,
};

use crate::Error;

/// How long anything waits for a lock or a free connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections for reading a SQLite file.
const READERS: u32 = 4;
/// Connections to PostgreSQL.
const POSTGRES: u32 = 16;
/// Connections of the group committer to PostgreSQL. It uses one; the others
/// are for when that one hangs.
const COMMITTER: u32 = 4;
/// Prepared statements a connection keeps. Every size of a batch is a
/// statement of its own, some of them large.
const STATEMENTS: usize = 128;

/// On SQLite one connection writes and several read. On PostgreSQL `writer`
/// and `reader` are the same pool, and the group committer has its own, so
/// that its large statements are kept by few connections.
pub(crate) struct Pools {
    pub(crate) committer: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    pub(crate) reader: DatabaseConnection,
    pub(crate) backend: DbBackend,
}

impl Pools {
    pub(crate) async fn close(&self) {
        // Closing can only fail when it is closed already.
        let _ = self.reader.close_by_ref().await;
        let _ = self.committer.close_by_ref().await;
        let _ = self.writer.close_by_ref().await;
    }
}

/// Connects, checks and migrates.
pub(crate) async fn open(url: &str) -> Result<Pools, Error> {
    let pools = match url {
        "sqlite::memory:" => memory().await?,
        _ if url.starts_with("sqlite:") => file(url).await?,
        _ if url.starts_with("postgres:") || url.starts_with("postgresql:") => postgres(url).await?,
        _ => return Err(Error::Database("the database address must begin with sqlite: or postgres:".into())),
    };
    migrate(&pools).await?;
    Ok(pools)
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions, Error> {
    Ok(SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS)
        .busy_timeout(PATIENCE))
}

async fn memory() -> Result<Pools, Error> {
    let options = sqlite_options("sqlite::memory:")?;
    // The database lives as long as its one connection.
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(PATIENCE)
        .connect_with(options)
        .await?;
    let one = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    Ok(Pools { committer: one.clone(), writer: one.clone(), reader: one, backend: DbBackend::Sqlite })
}

async fn file(url: &str) -> Result<Pools, Error> {
    let options = sqlite_options(url)?;
    // A file needs no test whether it is still there.
    let pool = SqlitePoolOptions::new().acquire_timeout(PATIENCE).test_before_acquire(false);
    let pool = pool.after_release(|connection, _| Box::pin(is_clean(connection)));
    let writer = pool.clone().max_connections(1).connect_with(options.clone()).await?;
    let reader = pool.max_connections(READERS).connect_with(options.pragma("query_only", "on")).await?;
    let writer = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer);
    let pools = Pools {
        committer: writer.clone(),
        writer,
        reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
        backend: DbBackend::Sqlite,
    };
    check_pragmas(&pools.writer).await?;
    Ok(pools)
}

/// Whether a connection that comes back may be used again. A full disk ends a
/// transaction in SQLite without the driver's knowing; what followed on such a
/// connection would be savepoints within a transaction that nobody commits:
/// accepted, and gone with the process.
async fn is_clean(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // The rollback of what was dropped may be on its way still.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// The pool's own default was synchronous NORMAL once, which loses commits on
/// a power cut: so the pragmas are read back and not believed.
async fn check_pragmas(db: &DatabaseConnection) -> Result<(), Error> {
    for (name, wanted) in [("journal_mode", "wal"), ("synchronous", "2"), ("foreign_keys", "1")] {
        let found = pragma(db, name).await?;
        if found != wanted {
            return Err(Error::Database(format!("SQLite did not accept {name} = {wanted}: it is {found}")));
        }
    }
    Ok(())
}

/// The value of a pragma as text.
pub(crate) async fn pragma(db: &DatabaseConnection, name: &str) -> Result<String, Error> {
    let statement = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| Error::Database(format!("SQLite has no pragma {name}")))?;
    Ok(match row.try_get_by_index::<i64>(0) {
        Ok(number) => number.to_string(),
        Err(_) => row.try_get_by_index::<String>(0)?,
    })
}

/// Pragmas worth knowing, read from the connection that writes.
pub(crate) const PRAGMAS: [&str; 7] = [
    "journal_mode",
    "synchronous",
    "foreign_keys",
    "auto_vacuum",
    "wal_autocheckpoint",
    "page_count",
    "max_page_count",
];

async fn postgres(url: &str) -> Result<Pools, Error> {
    // A statement that hangs must not hold its caller for ever.
    let options = PgConnectOptions::from_str(url)?.application_name("rouage").options([
        ("statement_timeout", "30s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ]);
    let options = options.statement_cache_capacity(STATEMENTS);
    let pool = PgPoolOptions::new().acquire_timeout(PATIENCE);
    let committer = pool.clone().max_connections(COMMITTER).connect_with(options.clone()).await?;
    let pool = pool.max_connections(POSTGRES).connect_with(options).await?;
    let pool = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
    Ok(Pools {
        committer: SqlxPostgresConnector::from_sqlx_postgres_pool(committer),
        writer: pool.clone(),
        reader: pool,
        backend: DbBackend::Postgres,
    })
}

/// Brings the schema up to date; on PostgreSQL one node at a time.
async fn migrate(pools: &Pools) -> Result<(), Error> {
    let lock = match pools.backend {
        DbBackend::Postgres => {
            let lock = pools.reader.begin().await?;
            lock.execute_unprepared("SELECT pg_advisory_xact_lock(7020717)").await?;
            Some(lock)
        }
        _ => None,
    };
    rouage_migrations::run(&pools.writer).await.map_err(|error| match error {
        rouage_migrations::Error::NewerSchema => Error::NewerSchema,
        rouage_migrations::Error::Database(cause) => cause.into(),
    })?;
    if let Some(lock) = lock {
        lock.commit().await?;
    }
    Ok(())
}
