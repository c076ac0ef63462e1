//! Jobs and leases: who works on which execution.
//!
//! An execution that a worker may take has the moment from which on it may be
//! taken in `ready_at`: its arrival, its wake-up or the end of its lease.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::{ExecutionId, ScenarioId, TeamId, Version};

use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, Statement};
use tokio::time::Instant;
use uuid::Uuid;

use crate::commit::statements::Given;
use crate::entities::executions;
use crate::text::{instant, micros, small};
use crate::{Error, Store, WriteTx, breakpoint};

/// For how long a count of waiting jobs is good enough.
const COUNT_AGE: Duration = Duration::from_millis(200);

/// How long the lease of a job lasts that [`Store::accept`] or
/// [`Store::start`] hands out.
pub const FIRST_LEASE: SignedDuration = SignedDuration::from_secs(60);

/// The number of a lease of an execution; grows by one with every new lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fence(pub i64);

/// An execution leased to this node.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// What to run.
    pub execution: ExecutionId,
    /// Whose it is.
    pub team: TeamId,
    /// Its scenario.
    pub scenario: ScenarioId,
    /// The version of the scenario it runs, to its end.
    pub version: Version,
    /// What started it.
    pub origin: Origin,
    /// The lease.
    pub fence: Fence,
    /// How often it was taken from a worker that vanished.
    pub takeovers: u32,
    /// Somebody asked to stop it.
    pub stop_requested: bool,
    /// The journal so far, given only for a new execution; otherwise read it
    /// with [`crate::journal::events`].
    pub events: Option<Vec<Event>>,
}

/// The answer of [`Store::renew`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Renewed {
    /// Leases that are not ours any more: stop working on these at once.
    pub lost: Vec<ExecutionId>,
    /// Renewed, but somebody asked to stop them.
    pub stop_requested: Vec<ExecutionId>,
}

impl Job {
    /// The job without its journal.
    #[must_use]
    pub fn without_events(&self) -> Self {
        Self { events: None, ..self.clone() }
    }
}

/// The last count of waiting jobs.
#[derive(Default)]
pub(crate) struct Backlog(Mutex<Option<(Instant, u64)>>);

const TAKEN: &str = "RETURNING executions.id, executions.team_id, executions.scenario_id, executions.version, \
     executions.fence, executions.takeovers, executions.stop_requested, executions.created_at, executions.origin";

impl Store {
    /// Takes up to `limit` jobs that are ready: queued, waiting and due, or
    /// running with a lease that has run out. They are leased to this node for
    /// `lease`, with a new fence. No job is given to two callers, of this or
    /// any other node. In order of arrival.
    pub async fn claim(&self, limit: u32, lease: SignedDuration) -> Result<Vec<Job>, Error> {
        // Most of the time there is nothing: find that out without a lock.
        if limit == 0 || !self.has_ready().await? {
            return Ok(Vec::new());
        }
        let tx = self.begin().await?;
        let lock = if tx.backend() == DbBackend::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
        let picked = format!("SELECT id FROM executions WHERE ready_at <= $3 ORDER BY ready_at LIMIT $4{lock}");
        let mut jobs = lease_picked(&tx, &picked, lease, Some(i64::from(limit).into())).await?;
        breakpoint::pass("claim-before-commit");
        tx.commit().await?;
        breakpoint::pass("claim-after-commit");
        jobs.sort_by_key(|(created_at, job)| (*created_at, job.execution));
        Ok(jobs.into_iter().map(|(_, job)| job).collect())
    }

    /// Takes one execution, whatever it waits for (queued, waiting, in doubt),
    /// for a person's decision. `None` when a worker has it or it has ended.
    pub async fn take(
        &self,
        team: TeamId,
        execution: ExecutionId,
        lease: SignedDuration,
    ) -> Result<Option<Job>, Error> {
        let tx = self.begin().await?;
        let lock = if tx.backend() == DbBackend::Postgres { " FOR UPDATE" } else { "" };
        let picked = format!(
            "SELECT id FROM executions WHERE id = $4 AND team_id = {team} \
             AND (status IN ('queued', 'waiting', 'in-doubt') OR (status = 'running' AND ready_at <= $3)){lock}"
        );
        let jobs = lease_picked(&tx, &picked, lease, Some(execution.0.into())).await?;
        tx.commit().await?;
        Ok(jobs.into_iter().next().map(|(_, job)| job))
    }

    /// Makes leases last for `lease` from now.
    pub async fn renew(&self, leases: &[(ExecutionId, Fence)], lease: SignedDuration) -> Result<Renewed, Error> {
        let tx = self.begin().await?;
        let until = micros(later(tx.now(), lease));
        let mut renewed = Renewed::default();
        for leases in leases.chunks(1000) {
            let mut given = Given::new(tx.backend(), "id, fence", &["uuid", "bigint"]);
            for (id, fence) in leases {
                given.row([id.0.into(), fence.0.into()]);
            }
            let statement = given.then(&format!(
                "UPDATE executions SET ready_at = {until} FROM given \
                 WHERE executions.id = given.id AND executions.fence = given.fence AND executions.status = 'running' \
                 RETURNING executions.id, executions.stop_requested"
            ));
            let mut kept = std::collections::HashSet::new();
            for row in tx.db().query_all_raw(statement).await? {
                let id: Uuid = row.try_get_by_index(0)?;
                kept.insert(id);
                if row.try_get_by_index(1)? {
                    renewed.stop_requested.push(ExecutionId(id));
                }
            }
            renewed.lost.extend(leases.iter().map(|(id, _)| *id).filter(|id| !kept.contains(&id.0)));
        }
        tx.commit().await?;
        Ok(renewed)
    }

    /// Ends leases of the process before, so that [`Store::claim`] gives them
    /// out at once: all on SQLite (one process), those of this node's id on
    /// PostgreSQL. To be called once at start; gives how many.
    pub async fn release_stale(&self) -> Result<u64, Error> {
        let tx = self.begin().await?;
        let mut update = executions::Entity::update_many()
            .set(executions::ActiveModel { ready_at: sea_orm::Set(Some(0)), ..Default::default() })
            .filter(executions::Column::Status.eq(Status::Running.as_str()));
        if tx.backend() == DbBackend::Postgres {
            update = update.filter(executions::Column::LeaseOwner.eq(self.shared.node));
        }
        let released = update.exec(tx.db()).await?.rows_affected;
        tx.commit().await?;
        Ok(released)
    }

    /// How often in a row a run was begun after a takeover without getting
    /// beyond what its journal has now; see [`Store::begin_trial`].
    pub async fn trials(&self, execution: ExecutionId) -> Result<u32, Error> {
        let sql = "SELECT trials FROM executions WHERE id = $1 AND trial_seq = \
             (SELECT COALESCE(MAX(seq) + 1, 0) FROM journal WHERE execution_id = $1)";
        let statement = Statement::from_sql_and_values(self.shared.pools.backend, sql, [execution.0.into()]);
        let row = self.reader().query_one_raw(statement).await?;
        row.map_or(Ok(0), |row| Ok(small(row.try_get_by_index(0)?)))
    }

    /// Takes the note back: the process outlived it.
    pub async fn end_trial(&self, job: &Job) -> Result<(), Error> {
        use executions::Column::{Fence, Id};
        let tx = self.begin().await?;
        let noted = executions::ActiveModel { trials: sea_orm::Set(0), ..Default::default() };
        let ours = executions::Entity::update_many().set(noted);
        let ours = ours.filter(Id.eq(job.execution.0)).filter(Fence.eq(job.fence.0)).exec(tx.db()).await?;
        tx.commit().await?;
        if ours.rows_affected == 0 { Err(Error::Fenced) } else { Ok(()) }
    }

    /// Notes that a run which was taken over begins now, after so many events.
    /// The note goes when the run is left in order, so that what remains tells
    /// how often the process ended while it was at this very place. Gives the
    /// count, this time included.
    pub async fn begin_trial(&self, job: &Job, events: usize) -> Result<u32, Error> {
        let sql = "UPDATE executions SET trials = CASE WHEN trial_seq = $1 THEN trials + 1 ELSE 1 END, trial_seq = $1 \
             WHERE id = $2 AND fence = $3 RETURNING trials";
        let events = i32::try_from(events).unwrap_or(i32::MAX);
        let values = [events.into(), job.execution.0.into(), job.fence.0.into()];
        let tx = self.begin().await?;
        let row = tx.db().query_one_raw(Statement::from_sql_and_values(tx.backend(), sql, values)).await?;
        tx.commit().await?;
        let row = row.ok_or(Error::Fenced)?;
        Ok(small(row.try_get_by_index(0)?))
    }

    /// When the next waiting execution wakes up.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT MIN(ready_at) FROM executions WHERE status = 'waiting'";
        let row = self.reader().query_one_raw(Statement::from_string(self.shared.pools.backend, sql)).await?;
        let due: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
        Ok(due.map(instant))
    }

    /// How many jobs wait for a worker; up to a fifth of a second old, because
    /// it is asked for with every request when there is much to do.
    pub async fn waiting_jobs(&self) -> Result<u64, Error> {
        let known = *self.shared.backlog.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = known.filter(|(counted, _)| counted.elapsed() < COUNT_AGE) {
            return Ok(count);
        }
        let queued = executions::Column::Status.eq(Status::Queued.as_str());
        let count = executions::Entity::find().filter(queued).count(self.reader()).await?;
        *self.shared.backlog.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), count));
        Ok(count)
    }

    async fn has_ready(&self) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM executions WHERE ready_at <= $1 LIMIT 1";
        let now = micros(self.now()).into();
        let statement = Statement::from_sql_and_values(self.shared.pools.backend, sql, [now]);
        Ok(self.reader().query_one_raw(statement).await?.is_some())
    }
}

/// Leases what `picked` selects ($3 is the current time, $4 its own) to this
/// node; with the arrival of each.
async fn lease_picked(
    tx: &WriteTx,
    picked: &str,
    lease: SignedDuration,
    parameter: Option<sea_orm::Value>,
) -> Result<Vec<(i64, Job)>, Error> {
    let now = tx.now();
    let sql = format!(
        "WITH picked AS MATERIALIZED ({picked}) \
         UPDATE executions SET fence = fence + 1, lease_owner = $1, ready_at = $2, status = 'running', \
         takeovers = takeovers + CASE WHEN status = 'running' THEN 1 ELSE 0 END, \
         started_at = COALESCE(started_at, $3) \
         WHERE id IN (SELECT id FROM picked) {TAKEN}"
    );
    let until = micros(later(now, lease));
    let values = [tx.shared().node.into(), until.into(), micros(now).into()].into_iter().chain(parameter);
    let statement = Statement::from_sql_and_values(tx.backend(), sql, values);
    let rows = tx.db().query_all_raw(statement).await?;
    rows.iter()
        .map(|row| {
            let job = Job {
                execution: ExecutionId(row.try_get_by_index(0)?),
                team: TeamId(row.try_get_by_index(1)?),
                scenario: ScenarioId(row.try_get_by_index(2)?),
                version: Version(row.try_get_by_index(3)?),
                origin: origin(&row.try_get_by_index::<String>(8)?)?,
                fence: Fence(row.try_get_by_index(4)?),
                takeovers: small(row.try_get_by_index(5)?),
                stop_requested: row.try_get_by_index(6)?,
                events: None,
            };
            Ok((row.try_get_by_index(7)?, job))
        })
        .collect()
}

fn origin(name: &str) -> Result<Origin, Error> {
    name.parse().map_err(|cause: String| Error::corrupt("the origin of an execution", cause))
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
