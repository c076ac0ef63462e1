//! What can go wrong in the store. Absence is `Option`, not an error, where it
//! is a normal answer.

use sea_orm::sqlx;
use sea_orm::{DbErr, RuntimeErr};

/// A failure of the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The database refused or could not be reached. Nothing was written,
    /// unless the connection broke during a commit: then it is not known.
    #[error("the database failed: {0}")]
    Database(String),
    /// The thing to change is not there, or belongs to another team.
    #[error("not found")]
    NotFound,
    /// The lease of the execution has passed to somebody else, or the
    /// execution has ended: nothing was written and nothing may follow.
    #[error("the execution is not leased to this worker any more")]
    Fenced,
    /// What is stored forbids the change; the text is for people.
    #[error("{0}")]
    Conflict(String),
    /// The master key is not the one that sealed this database.
    #[error("the key does not open this database; put back the key file that belongs to it")]
    WrongKey,
    /// The database was written by a newer version of Rouage.
    #[error("the database was written by a newer version of rouage; install that version or restore a backup")]
    NewerSchema,
    /// Another process holds the database for too long.
    #[error("the database is busy; try again")]
    Busy,
    /// There is no space left for the database.
    #[error("there is no disk space left for the database")]
    Full,
}

impl Error {
    /// Stored data that cannot be read back.
    pub(crate) fn corrupt(what: &str, cause: impl std::fmt::Display) -> Self {
        Error::Database(format!("{what} cannot be read: {cause}"))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        match &error {
            DbErr::ConnectionAcquire(_) => Error::Busy,
            DbErr::Conn(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => from_sqlx(cause),
            _ => Error::Database(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        from_sqlx(&error)
    }
}

fn from_sqlx(error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::PoolTimedOut => Error::Busy,
        sqlx::Error::Io(cause) if cause.kind() == std::io::ErrorKind::StorageFull => Error::Full,
        sqlx::Error::Database(cause) => match cause.code().as_deref() {
            // SQLITE_FULL, and the write, fsync, truncate and shared-memory
            // I/O errors that a full disk also gives; PostgreSQL: disk_full.
            Some("13" | "778" | "1034" | "4874" | "53100") => Error::Full,
            // SQLITE_BUSY and SQLITE_LOCKED with their extended codes;
            // PostgreSQL: lock_not_available, query_canceled, too many
            // connections, serialization failure and deadlock.
            Some("5" | "6" | "261" | "517" | "773" | "262" | "55P03" | "57014" | "53300" | "40001" | "40P01") => {
                Error::Busy
            }
            _ => Error::Database(cause.to_string()),
        },
        other => Error::Database(other.to_string()),
    }
}
