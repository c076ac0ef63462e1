//! The handle: opening, the one writer, news after commits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use rouage_model::clock::SharedClock;
use rouage_model::{ConnectionId, ExecutionId, HookId, ScenarioId, Text};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::sync::{broadcast, mpsc};
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::Error;
use crate::commit;
use crate::open::Pools;

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// `sqlite:///abs/path/rouage.db`, `sqlite::memory:` (one connection, for
    /// tests: do not read while a [`WriteTx`] is open) or `postgres://…`.
    pub url: String,
    /// This process; a new one at each start. Leases carry it.
    pub node: Uuid,
    /// The source of time and randomness.
    pub clock: SharedClock,
    /// The master key for sealing; kept outside the database.
    pub key: [u8; 32],
}

/// News, sent after the commit that made it true. Receivers that lag lose the
/// oldest and must then look for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// An execution was created, or its journal or status moved on.
    Execution(ExecutionId, ScenarioId),
    /// A webhook was created, changed or deleted.
    Hook(HookId),
    /// A scenario was created, changed or deleted.
    Scenario(ScenarioId),
    /// The draft of a scenario was kept, published or thrown away.
    Draft(ScenarioId),
    /// A connection was created, changed or deleted.
    Connection(ConnectionId),
    /// A built-in spreadsheet changed.
    Spreadsheet(Text),
    /// A message came into the outbox or left it.
    Mail,
    /// Somebody wants an execution to stop.
    Stop(ExecutionId),
    /// There may be jobs to claim.
    Jobs,
    /// News of other nodes was lost: anything may have changed.
    Missed,
}

/// The database. Cloning shares it.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    /// To the writer; it ends when the last clone of the store is gone.
    pub(crate) requests: mpsc::Sender<commit::Request>,
}

/// What the handle, the transactions and the writer have in common.
pub(crate) struct Shared {
    pub(crate) pools: Pools,
    pub(crate) node: Uuid,
    pub(crate) clock: SharedClock,
    pub(crate) sealer: crate::seal::Sealer,
    pub(crate) changes: broadcast::Sender<Change>,
    pub(crate) counters: Counters,
    pub(crate) backlog: crate::queue::Backlog,
    pub(crate) reserve: crate::reserve::Reserve,
    /// To the other nodes; `None` on SQLite.
    outgoing: Option<mpsc::Sender<Change>>,
    /// The task that hears the other nodes; ends with the store.
    listener: OnceLock<AbortOnDrop>,
}

/// Counts since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) failures: AtomicU64,
}

/// Ends a task together with its owner.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the group committer has done since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metrics {
    /// Transactions committed.
    pub commits: u64,
    /// Requests answered well by them.
    pub requests: u64,
    /// Requests answered with an error.
    pub failures: u64,
}

impl Store {
    /// Opens the database: creates the file (SQLite), sets and checks its
    /// pragmas, migrates, and checks that the key opens what is sealed.
    ///
    /// Errors: [`Error::NewerSchema`], [`Error::WrongKey`], and those of the
    /// database. Must be called within a tokio runtime; it starts the writer.
    pub async fn open(options: Options) -> Result<Store, Error> {
        let reserve = crate::reserve::Reserve::of(&options.url);
        // A start writes as well, and the first thing then is to free space.
        reserve.release().await;
        let pools = crate::open::open(&options.url).await?;
        let (changes, _) = broadcast::channel(4096);
        let (requests, receiver) = mpsc::channel(commit::QUEUE);
        let sealer = crate::seal::Sealer::new(&options.key, options.clock.clone());
        let (outgoing, news) = mpsc::channel(crate::notify::QUEUE);
        let is_shared = pools.backend == DbBackend::Postgres;
        let shared = Arc::new(Shared {
            pools,
            node: options.node,
            clock: options.clock,
            sealer,
            changes,
            counters: Counters::default(),
            backlog: crate::queue::Backlog::default(),
            reserve,
            outgoing: is_shared.then_some(outgoing),
            listener: OnceLock::new(),
        });
        let store = Store { shared: shared.clone(), requests };
        crate::seal::check_canary(&store).await?;
        if is_shared {
            let pool = shared.pools.writer.get_postgres_connection_pool();
            let listener = crate::notify::listen(pool, shared.node, shared.changes.clone()).await?;
            shared.listener.get_or_init(|| AbortOnDrop(listener));
            tokio::spawn(crate::notify::tell(Arc::downgrade(&shared), news));
        }
        tokio::spawn(commit::write_for_all(shared, receiver));
        Ok(store)
    }

    /// Starts a write transaction. On SQLite it is the only one (it waits for
    /// the others, [`Error::Busy`] after a while), so do nothing slow in it.
    pub async fn begin(&self) -> Result<WriteTx, Error> {
        WriteTx::begin(&self.shared, &self.shared.pools.writer).await
    }

    /// News from now on.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.shared.changes.subscribe()
    }

    /// The source of time and randomness.
    pub fn clock(&self) -> &SharedClock {
        &self.shared.clock
    }

    /// What the group committer has done so far.
    pub fn metrics(&self) -> Metrics {
        let counters = &self.shared.counters;
        Metrics {
            commits: counters.commits.load(Ordering::Relaxed),
            requests: counters.requests.load(Ordering::Relaxed),
            failures: counters.failures.load(Ordering::Relaxed),
        }
    }

    /// The pragmas of the SQLite connection that writes, by name; empty on
    /// PostgreSQL. For the doctor command and tests.
    pub async fn sqlite_pragmas(&self) -> Result<Vec<(&'static str, String)>, Error> {
        if self.shared.pools.backend != DbBackend::Sqlite {
            return Ok(Vec::new());
        }
        let mut pragmas = Vec::with_capacity(crate::open::PRAGMAS.len());
        for name in crate::open::PRAGMAS {
            pragmas.push((name, crate::open::pragma(&self.shared.pools.writer, name).await?));
        }
        Ok(pragmas)
    }

    /// Gives up to so many free pages of the SQLite file back to the disk, as
    /// pruning leaves them. Nothing on PostgreSQL, which does it by itself.
    pub async fn reclaim(&self, pages: u32) -> Result<(), Error> {
        if self.shared.pools.backend == DbBackend::Sqlite {
            let sql = format!("PRAGMA incremental_vacuum({pages})");
            self.shared.pools.writer.execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    /// Limits the SQLite file to so many pages; a write beyond is
    /// [`Error::Full`]. Nothing on PostgreSQL.
    pub async fn limit_sqlite_pages(&self, pages: i64) -> Result<(), Error> {
        if self.shared.pools.backend == DbBackend::Sqlite {
            crate::open::pragma(&self.shared.pools.writer, &format!("max_page_count = {pages}")).await?;
        }
        Ok(())
    }

    /// Waits for what is being written and closes all connections. Other
    /// clones of this store get errors from now on.
    pub async fn close(self) {
        commit::stop(&self).await;
        self.shared.pools.close().await;
    }

    /// For reads outside of a transaction.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.shared.pools.reader
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

/// A write transaction. Dropped without [`WriteTx::commit`] it changes nothing.
pub struct WriteTx {
    tx: DatabaseTransaction,
    shared: Arc<Shared>,
    changes: Vec<Change>,
}

impl WriteTx {
    pub(crate) async fn begin(shared: &Arc<Shared>, pool: &DatabaseConnection) -> Result<Self, Error> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = pool.begin_with_options(options).await?;
        Ok(Self { tx, shared: shared.clone(), changes: Vec::new() })
    }

    /// Makes it durable and then tells the receivers of [`Store::changes`].
    pub async fn commit(self) -> Result<(), Error> {
        let (shared, news) = self.commit_silently().await?;
        shared.announce(news);
        Ok(())
    }

    /// Makes it durable; the news is for the caller to announce.
    pub(crate) async fn commit_silently(self) -> Result<(Arc<Shared>, Vec<Change>), Error> {
        self.tx.commit().await?;
        Ok((self.shared, self.changes))
    }

    /// The clock of the store.
    pub fn clock(&self) -> &SharedClock {
        &self.shared.clock
    }

    /// The connection to give to sea-orm.
    pub(crate) fn db(&self) -> &DatabaseTransaction {
        &self.tx
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.shared.pools.backend
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Notes news to send after the commit; the same news in a row once.
    pub(crate) fn changed(&mut self, change: Change) {
        if self.changes.last() != Some(&change) {
            self.changes.push(change);
        }
    }

    /// Marks a point to go back to with [`WriteTx::rollback_to`].
    pub(crate) async fn savepoint(&mut self) -> Result<Savepoint, Error> {
        self.tx.execute_unprepared("SAVEPOINT staged").await?;
        Ok(Savepoint { changes: self.changes.len() })
    }

    /// Keeps what was written since the savepoint.
    pub(crate) async fn release(&mut self, _point: Savepoint) -> Result<(), Error> {
        self.tx.execute_unprepared("RELEASE SAVEPOINT staged").await?;
        Ok(())
    }

    /// Undoes what was written since the savepoint, and its news.
    pub(crate) async fn rollback_to(&mut self, point: Savepoint) -> Result<(), Error> {
        self.tx.execute_unprepared("ROLLBACK TO SAVEPOINT staged").await?;
        self.tx.execute_unprepared("RELEASE SAVEPOINT staged").await?;
        self.changes.truncate(point.changes);
        Ok(())
    }
}

/// A point in a transaction. Savepoints are not nested.
pub(crate) struct Savepoint {
    changes: usize,
}

impl Shared {
    /// Tells everybody who listens.
    pub(crate) fn announce(&self, news: Vec<Change>) {
        for change in news {
            if let Some(outgoing) = &self.outgoing {
                // When too much waits, news is dropped rather than kept.
                let _ = outgoing.try_send(change.clone());
            }
            // An error means that nobody listens.
            let _ = self.changes.send(change);
        }
    }
}
