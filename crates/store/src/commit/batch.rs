//! One transaction: many requests become a few statements.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rouage_model::execution::{Origin, Status};
use rouage_model::{DeliveryId, ExecutionId, HookId, ScenarioId, TeamId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::prepare::{self, Row};
use super::statements::{self, Settled};
use super::writer::Pending;
use super::{Accepted, Appended, Request, Update, locks, rows, staged};
use crate::blobs::{Holder, reference};
use crate::entities::{blob_references, deliveries, executions, hooks, journal, lineages};
use crate::incompletes::{self, Retried};
use crate::queue::Job;
use crate::store::{Change, WriteTx};
use crate::text::{clean, micros};
use crate::{Error, deliveries as log, retention, scenarios as counting};

/// How an execution stands, as the batch goes on.
struct Standing {
    team: TeamId,
    fence: i64,
    is_running: bool,
    next_seq: u32,
    /// Another run called it and may wait for its end.
    is_called: bool,
    /// Somebody asked to stop it, perhaps without its worker knowing it yet.
    stop_requested: bool,
}

/// What has been collected for one transaction.
pub(super) struct Batch {
    tx: WriteTx,
    now: Timestamp,
    node: Uuid,
    standings: HashMap<Uuid, Standing>,
    deliveries: Vec<deliveries::ActiveModel>,
    executions: Vec<executions::ActiveModel>,
    journal: Vec<journal::ActiveModel>,
    lineages: Vec<lineages::ActiveModel>,
    /// Who names which stored files.
    references: Vec<blob_references::ActiveModel>,
    /// The same for requests that have no id yet: by their position.
    request_files: Vec<(usize, Uuid)>,
    settled: Vec<Settled>,
    /// Ends of runs that retried something.
    retried: Vec<(ExecutionId, ScenarioId, Retried)>,
    learned: Vec<(i64, String)>,
    /// Runs whose requests go back to the queue.
    returning: Vec<Uuid>,
    /// Ends by scenario, in order; sorted, so that two nodes lock alike.
    ends: BTreeMap<i64, counting::Ends>,
    /// Answers that tell the count of errors: their place and their scenario.
    error_ends: Vec<(usize, i64)>,
    /// Called runs that ended.
    ended: Vec<Uuid>,
    news: Vec<Change>,
    has_jobs: bool,
}

impl Batch {
    pub(super) fn new(tx: WriteTx) -> Self {
        Self {
            now: tx.now(),
            node: tx.shared().node,
            tx,
            standings: HashMap::new(),
            deliveries: Vec::new(),
            executions: Vec::new(),
            journal: Vec::new(),
            lineages: Vec::new(),
            references: Vec::new(),
            request_files: Vec::new(),
            settled: Vec::new(),
            retried: Vec::new(),
            learned: Vec::new(),
            returning: Vec::new(),
            ends: BTreeMap::new(),
            error_ends: Vec::new(),
            ended: Vec::new(),
            news: Vec::new(),
            has_jobs: false,
        }
    }

    /// Writes everything and gives the transaction back, to be committed. The
    /// answers in `pending` hold only after that.
    pub(super) async fn write(mut self, requests: Vec<Request>, pending: &mut Vec<Pending>) -> Result<WriteTx, Error> {
        let mut requests = requests.into_iter();
        let outcome = self.collect(&mut requests, pending).await;
        if let Err(error) = outcome {
            super::writer::refuse(requests, &error, pending);
            return Err(error);
        }
        self.flush(pending).await?;
        for change in self.news {
            self.tx.changed(change);
        }
        if self.has_jobs {
            self.tx.changed(Change::Jobs);
        }
        Ok(self.tx)
    }

    async fn collect(
        &mut self,
        requests: &mut std::vec::IntoIter<Request>,
        pending: &mut Vec<Pending>,
    ) -> Result<(), Error> {
        let ids = requests.as_slice().iter().filter_map(execution_of).collect();
        self.look_up(ids).await?;
        let targets = locks::Targets::of(requests.as_slice());
        locks::take(&self.tx, targets).await?;
        for request in requests.by_ref() {
            match request {
                Request::Accept(delivery, reply) => pending.push(Pending::Accepted(reply, self.accept(*delivery))),
                Request::Start(execution, reply) => {
                    let job = self.execution(*execution);
                    let job = job.and_then(|job| job.ok_or_else(|| Error::Conflict("the job was not leased".into())));
                    pending.push(Pending::Started(reply, job));
                }
                Request::Append(entry, reply) => match self.append(*entry, pending.len()).await {
                    Ok(appended) => pending.push(Pending::Appended(reply, appended)),
                    Err(error) => {
                        pending.push(Pending::Appended(reply, Err(error.clone())));
                        return Err(error);
                    }
                },
                Request::Stop(_) => {}
            }
        }
        Ok(())
    }

    /// Reads how all executions of the batch stand: fences of those that go
    /// on, and whether a new one is there already.
    async fn look_up(&mut self, ids: Vec<Uuid>) -> Result<(), Error> {
        for found in statements::standings(&self.tx, &ids).await? {
            let standing = Standing {
                team: TeamId(found.team),
                fence: found.fence,
                is_running: found.status == Status::Running.as_str(),
                next_seq: u32::try_from(found.last_seq + 1).unwrap_or(0),
                is_called: found.origin == Origin::Scenario.as_str(),
                stop_requested: found.stop_requested,
            };
            self.standings.insert(found.id, standing);
        }
        Ok(())
    }

    fn accept(&mut self, delivery: prepare::Delivery) -> Result<Accepted, Error> {
        let job = match delivery.execution {
            Some(execution) => self.execution(execution)?,
            None => None,
        };
        if let Some(structure) = delivery.learned {
            self.learned.push((delivery.hook, structure));
            self.news.push(Change::Hook(HookId(delivery.hook)));
        }
        // The position in the batch, until the database has given the id.
        self.request_files.extend(delivery.blobs.into_iter().map(|blob| (self.deliveries.len(), blob)));
        let position = i64::try_from(self.deliveries.len()).unwrap_or(0);
        self.deliveries.push(delivery.row);
        Ok(Accepted { delivery: DeliveryId(position), job })
    }

    fn execution(&mut self, execution: prepare::Execution) -> Result<Option<Job>, Error> {
        let (id, team, scenario) = (execution.new.id, execution.new.team, execution.new.scenario);
        if self.standings.contains_key(&id.0) {
            return Err(Error::Conflict(format!("there is an execution {id} already")));
        }
        self.lineages.extend(crate::lineages::row(id.0, execution.new.lineage));
        let is_called = execution.new.origin == Origin::Scenario;
        self.refer(id.0, &execution.row.blobs);
        let (row, started, job) = execution.into_rows(self.node, self.now);
        let (fence, is_running) = (i64::from(job.is_some()), job.is_some());
        let standing = Standing { team, fence, is_running, next_seq: 1, is_called, stop_requested: false };
        self.standings.insert(id.0, standing);
        self.executions.push(row);
        self.journal.push(started);
        self.news.push(Change::Execution(id, scenario));
        self.has_jobs |= job.is_none();
        Ok(job)
    }

    /// The inner error refuses this request, the outer one the whole batch.
    async fn append(&mut self, entry: prepare::Entry, place: usize) -> Result<Result<Appended, Error>, Error> {
        let id = entry.execution;
        let Some(standing) = self.standings.get(&id.0).filter(|one| one.is_running && one.fence == entry.fence.0)
        else {
            return Ok(Err(Error::Fenced));
        };
        if standing.next_seq != entry.first_seq {
            let text = format!("event {} of {id} comes where {} is next", entry.first_seq, standing.next_seq);
            return Ok(Err(Error::Conflict(text)));
        }
        let mut rows = entry.rows;
        let staged_event = match entry.staged {
            Some(staged) => match staged::make(&mut self.tx, standing.team, staged.effect).await? {
                Ok(answer) => Some((staged.finish)(answer)),
                Err(error) => return Ok(Err(error)),
            },
            None => None,
        };
        rows.extend(staged_event.as_ref().map(Row::new));
        let next_seq = self.note(id, entry.first_seq, rows);
        if matches!(entry.update, Update::Finished { status: Status::Error, counts: true, .. }) {
            self.error_ends.push((place, entry.scenario));
        }
        self.settle(id, ScenarioId(entry.scenario), entry.update);
        let last_seq = next_seq.saturating_sub(1);
        Ok(Ok(Appended { last_seq, staged_event, consecutive_errors: None }))
    }

    /// Collects journal rows and gives the next number.
    fn note(&mut self, id: ExecutionId, first_seq: u32, rows: Vec<Row>) -> u32 {
        let mut seq = first_seq;
        for row in rows {
            self.refer(id.0, &row.blobs);
            self.journal.push(row.at_seq(id.0, seq));
            seq += 1;
        }
        if let Some(standing) = self.standings.get_mut(&id.0) {
            standing.next_seq = seq;
        }
        seq
    }

    fn refer(&mut self, execution: Uuid, blobs: &[Uuid]) {
        let holder = Holder::Execution(execution);
        self.references.extend(blobs.iter().map(|blob| reference(*blob, holder)));
    }

    fn settle(&mut self, id: ExecutionId, scenario: ScenarioId, update: Update) {
        let change = Change::Execution(id, scenario);
        if self.news.last() != Some(&change) {
            self.news.push(change);
        }
        let mut settled = Settled { id: id.0, ..Settled::default() };
        match update {
            Update::None => return,
            Update::Waiting { until } => {
                settled.status = Status::Waiting.as_str();
                settled.ready_at = Some(micros(until));
            }
            Update::InDoubt => settled.status = Status::InDoubt.as_str(),
            Update::Requeue => {
                settled.status = Status::Queued.as_str();
                settled.ready_at = Some(micros(self.now));
                self.has_jobs = true;
            }
            Update::Finished {
                status,
                error,
                operations,
                finished_at,
                counts,
                is_told,
                name,
                is_check,
                is_confidential,
                retried,
            } => {
                self.retried.extend(retried.map(|retried| (id, scenario, retried)));
                settled.name = name.map(clean);
                settled.is_check = is_check;
                settled.confidential = is_confidential.then_some(retention::DUE);
                settled.status = status.as_str();
                settled.finished_at = Some(micros(finished_at));
                settled.operations = Some(i32::try_from(operations).unwrap_or(i32::MAX));
                settled.error = error.map(clean);
                // A run that could not even begin would bring the process down
                // again: it keeps its requests.
                if status == Status::Error && operations > 0 {
                    self.returning.push(id.0);
                }
                let is_unseen = is_told && status == Status::Error;
                if counts || is_unseen {
                    let ends = self.ends.entry(scenario.0).or_default();
                    ends.counted.extend(counts.then_some(status));
                    ends.unseen += i32::from(is_unseen);
                }
            }
        }
        if let Some(standing) = self.standings.get_mut(&id.0) {
            standing.is_running = false;
            if standing.stop_requested && settled.finished_at.is_none() {
                // Whoever claims it ends it; it must not sleep on the wish.
                settled.ready_at = Some(micros(self.now));
                self.has_jobs = true;
            }
            if standing.is_called && settled.finished_at.is_some() {
                self.ended.push(id.0);
                self.has_jobs = true;
            }
        }
        self.settled.push(settled);
    }

    /// Writes what was collected.
    async fn flush(&mut self, pending: &mut [Pending]) -> Result<(), Error> {
        self.insert_deliveries(pending).await?;
        rows::insert(&self.tx, std::mem::take(&mut self.executions)).await?;
        rows::insert(&self.tx, std::mem::take(&mut self.journal)).await?;
        rows::insert(&self.tx, std::mem::take(&mut self.lineages)).await?;
        crate::blobs::refer(&self.tx, std::mem::take(&mut self.references)).await?;
        statements::settle(&self.tx, std::mem::take(&mut self.settled)).await?;
        statements::wake_callers(&self.tx, std::mem::take(&mut self.ended), micros(self.now)).await?;
        self.hold_scenarios().await?;
        for (execution, _, retried) in std::mem::take(&mut self.retried) {
            incompletes::settle(&mut self.tx, execution, retried).await?;
        }
        let returning = std::mem::take(&mut self.returning);
        if !returning.is_empty() {
            log::give_back(&mut self.tx, returning).await?;
        }
        self.count_ends(pending).await?;
        self.teach().await
    }

    /// Inserts the log and replaces positions by ids.
    async fn insert_deliveries(&mut self, pending: &mut [Pending]) -> Result<(), Error> {
        let rows = std::mem::take(&mut self.deliveries);
        let ids = rows::insert_with_ids(&self.tx, deliveries::Column::Id, rows).await?;
        for (position, blob) in std::mem::take(&mut self.request_files) {
            let id = ids.get(position).ok_or_else(|| Error::Database("a request got no id".into()))?;
            self.references.push(reference(blob, Holder::Delivery(*id)));
        }
        for answer in pending {
            if let Pending::Accepted(_, Ok(accepted)) = answer {
                let position = usize::try_from(accepted.delivery.0).unwrap_or(usize::MAX);
                let id = ids.get(position).ok_or_else(|| Error::Database("a request got no id".into()))?;
                accepted.delivery = DeliveryId(*id);
            }
        }
        Ok(())
    }

    /// Locks all scenarios that ends of retries need, at once and in order: two
    /// nodes must not wait for each other.
    async fn hold_scenarios(&self) -> Result<(), Error> {
        if self.retried.is_empty() {
            return Ok(());
        }
        let scenarios = self.retried.iter().map(|(_, scenario, _)| scenario.0).chain(self.ends.keys().copied());
        incompletes::hold(&self.tx, scenarios.collect()).await
    }

    /// Counts the ends of runs against their scenarios.
    async fn count_ends(&mut self, pending: &mut [Pending]) -> Result<(), Error> {
        let mut counts = HashMap::new();
        for (scenario, ends) in std::mem::take(&mut self.ends) {
            let count = counting::count_ends(&mut self.tx, ScenarioId(scenario), &ends).await?;
            counts.insert(scenario, count);
        }
        for (place, scenario) in &self.error_ends {
            if let Some(Pending::Appended(_, Ok(appended))) = pending.get_mut(*place) {
                appended.consecutive_errors = counts.get(scenario).copied().flatten();
            }
        }
        Ok(())
    }

    /// Gives hooks what they learned.
    async fn teach(&mut self) -> Result<(), Error> {
        for (hook, structure) in std::mem::take(&mut self.learned) {
            hooks::Entity::update_many()
                .col_expr(hooks::Column::Interface, Expr::value(structure))
                .col_expr(hooks::Column::Learning, Expr::value(false))
                .col_expr(hooks::Column::UpdatedAt, Expr::value(micros(self.now)))
                .filter(hooks::Column::Id.eq(hook))
                .exec(self.tx.db())
                .await?;
        }
        Ok(())
    }
}

fn execution_of(request: &Request) -> Option<Uuid> {
    match request {
        Request::Append(entry, _) => Some(entry.execution.0),
        Request::Start(execution, _) => Some(execution.new.id.0),
        Request::Accept(delivery, _) => delivery.execution.as_ref().map(|execution| execution.new.id.0),
        Request::Stop(_) => None,
    }
}
