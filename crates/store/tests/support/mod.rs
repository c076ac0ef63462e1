//! Databases for tests: each test gets one of its own, on SQLite and on
//! PostgreSQL, and a clock that stands still.

#![allow(dead_code, reason = "not every test program uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use rouage_model::clock::{self, SimulatedClock};
use rouage_store::{Error, Options, Store};
use uuid::Uuid;

pub mod postgres;

/// A database of one test.
pub struct Database {
    pub url: String,
    pub clock: Arc<SimulatedClock>,
    /// Removed at the end.
    _folder: Option<tempfile::TempDir>,
}

impl Database {
    /// A SQLite file in a temporary folder.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/rouage.db", folder.path().display());
        Self { url, clock: new_clock(), _folder: Some(folder) }
    }

    /// A new database on a PostgreSQL server; `None` where there is none.
    pub async fn postgres() -> Option<Self> {
        let url = postgres::new_database().await?;
        Some(Self { url, clock: new_clock(), _folder: None })
    }

    /// Opens it as a new process would.
    pub async fn open(&self) -> Store {
        self.open_with_key([7; 32]).await.unwrap()
    }

    pub async fn open_with_key(&self, key: [u8; 32]) -> Result<Store, Error> {
        Store::open(self.options(key)).await
    }

    pub fn options(&self, key: [u8; 32]) -> Options {
        Options { url: self.url.clone(), node: self.uuid(), clock: self.clock.clone(), key }
    }

    pub fn is_postgres(&self) -> bool {
        self.url.starts_with("postgres")
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    fn uuid(&self) -> Uuid {
        clock::uuid(self.clock.as_ref())
    }
}

fn new_clock() -> Arc<SimulatedClock> {
    static SEED: AtomicU64 = AtomicU64::new(1);
    let now: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    Arc::new(SimulatedClock::new(now, SEED.fetch_add(1, Ordering::Relaxed)))
}

/// Declares each test once and runs it on both databases.
macro_rules! on_both_databases {
    ($($name:ident,)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::support::Database::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(database) = $crate::support::Database::postgres().await {
                    super::$name(database).await;
                }
            })*
        }
    };
}
pub(crate) use on_both_databases;
