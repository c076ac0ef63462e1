//! Group commit: one task writes for all, many requests in one transaction.
//!
//! Requests wait in a channel. The writer takes what is there (up to
//! [`BATCH`]), writes everything with a few multi-value statements, commits
//! once, and only then answers. So an answer means: on the disk.

use jiff::Timestamp;
use rouage_model::datastore;
use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::sheets::{ApiError, Call};
use rouage_model::{
    DeliveryId, ExecutionId, HookId, IncompleteId, ModuleId, OperationId, ScenarioId, TeamId, Value, Version,
};
use tokio::sync::oneshot;

use crate::incompletes::{NewIncomplete, Retried};
use crate::mails::NewMail;
use crate::positions::NewPosition;
use crate::queue::{Fence, Job};
use crate::{Error, Store};

mod batch;
mod locks;
pub(crate) mod prepare;
mod rows;
mod staged;
pub(crate) mod statements;
mod writer;

pub(crate) use writer::write_for_all;

/// The most requests in one transaction.
pub const BATCH: usize = 512;
/// The most requests that wait; more wait for a place.
pub(crate) const QUEUE: usize = 4 * BATCH;

/// A request that a webhook received, and what becomes of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Accept {
    /// Whose hook.
    pub team: TeamId,
    /// The hook.
    pub hook: HookId,
    /// The request.
    pub delivery: NewDelivery,
    /// What becomes of it.
    pub outcome: AcceptOutcome,
}

/// An incoming request as the log keeps it. The body is in the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its method.
    pub method: String,
    /// Its query, without `?`.
    pub query: String,
    /// Its headers in order; secrets must be left out by the caller.
    pub headers: Vec<(String, String)>,
    /// The address of the sender.
    pub ip: String,
    /// Size of the body in bytes.
    pub size: u64,
    /// Its `Content-Type`; may be empty.
    pub content_type: String,
}

/// What becomes of an incoming request.
#[derive(Debug, Clone, PartialEq)]
pub enum AcceptOutcome {
    /// An execution starts.
    Run {
        /// The execution; its bundles are the payload.
        execution: NewExecution,
    },
    /// Kept in the queue of the hook for a later run.
    Queue {
        /// The bundles.
        payload: Vec<Value>,
    },
    /// Only a sample for the structure of the hook; not run. The hook gets the
    /// structure and stops learning in the same commit.
    Learned {
        /// The structure, as [`crate::hooks::Hook::interface`] keeps it.
        structure: Value,
        /// The bundles.
        payload: Vec<Value>,
    },
    /// Turned away, and only logged.
    Refused {
        /// Why, for people.
        reason: String,
    },
}

/// An execution to create.
#[derive(Debug, Clone, PartialEq)]
pub struct NewExecution {
    /// Its id, from [`rouage_model::clock::execution_id`].
    pub id: ExecutionId,
    /// Whose it is.
    pub team: TeamId,
    /// The scenario to run.
    pub scenario: ScenarioId,
    /// The version of it.
    pub version: Version,
    /// What started it.
    pub origin: Origin,
    /// What the trigger gives; `None` when the trigger is to be called.
    pub bundles: Option<Vec<Value>>,
    /// The scenario inputs (`var.input.*`), a collection; `Undefined`: none.
    pub inputs: Value,
    /// The run that it comes from.
    pub lineage: Lineage,
    /// Leased to this node from the start, for [`crate::FIRST_LEASE`];
    /// otherwise queued.
    pub leased: bool,
    /// When it arrived; the time of its `Started` event.
    pub created_at: Timestamp,
}

/// How a run comes from another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lineage {
    /// It does not.
    #[default]
    None,
    /// It completes an operation that another run parked
    /// ([`Origin::Retry`]).
    Retry {
        /// The run that parked it.
        origin: ExecutionId,
        /// The operation that it parked.
        operation: OperationId,
        /// The incomplete execution.
        incomplete: IncompleteId,
    },
    /// It has the trigger's data of another run ([`Origin::Replay`]).
    Replay {
        /// That run.
        source: ExecutionId,
    },
    /// An operation of another run called it ([`Origin::Scenario`]).
    Child {
        /// The run that called.
        parent: ExecutionId,
        /// The operation that called.
        operation: OperationId,
    },
}

/// The answer of [`Store::accept`].
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The row of the log.
    pub delivery: DeliveryId,
    /// The job, when it was to be leased.
    pub job: Option<Job>,
}

/// Events of an execution to write down, with what they mean for it.
pub struct Append {
    /// The execution.
    pub execution: ExecutionId,
    /// Its scenario; for the news and the counting of errors.
    pub scenario: ScenarioId,
    /// The lease under which they happened.
    pub fence: Fence,
    /// The sequence number of the first event; that of `Started` is 0.
    pub first_seq: u32,
    /// The events in order; may be empty.
    pub events: Vec<Event>,
    /// A write to our own tables in the same transaction.
    pub staged: Option<StagedWrite>,
    /// How the execution stands afterwards.
    pub update: Update,
}

/// Makes the event to append out of the answer of a staged effect.
pub type Finish = Box<dyn FnOnce(Result<Value, ApiError>) -> Event + Send>;

/// A write to Rouage's own tables, made in the transaction that writes the
/// events down. When it is refused its writes are undone and the events are
/// written all the same, with the event that `finish` makes of the refusal.
pub struct StagedWrite {
    /// What to do.
    pub effect: StoreEffect,
    /// Gets the answer and gives the event to append after `events`.
    pub finish: Finish,
}

/// The effects in our own tables.
#[derive(Debug, Clone, PartialEq)]
pub enum StoreEffect {
    /// A call to a built-in spreadsheet of the execution's team. Answers with
    /// Google's JSON body.
    Sheets(Call),
    /// A write to a data store of the execution's team. Answers what the call
    /// says.
    Datastore(datastore::Call),
    /// An effect that its run may still take back (auto commit is off): what
    /// that needs is noted with it, until the run commits or rolls back.
    Revocable {
        /// The run.
        execution: ExecutionId,
        /// What to do.
        effect: Box<StoreEffect>,
    },
    /// A message for the outbox. Answers `{id, messageId}`; the same operation
    /// twice gives one message.
    Mail(NewMail),
    /// An incomplete execution. Answers `{id}`; refused with code 507 when its
    /// scenario has as many as it may.
    Incomplete(NewIncomplete),
    /// How far a polling trigger has come, with what it found. Answers nothing;
    /// refused when it stands elsewhere by now.
    Position(NewPosition),
    /// A run of a scenario, made by the operation that calls it. Answers
    /// nothing.
    Start(Box<NewExecution>),
    /// Counts a module of a scenario up by one. Answers `{value}`.
    Counter {
        /// The scenario.
        scenario: ScenarioId,
        /// The module.
        module: ModuleId,
    },
    /// What an execution did in our own store since its cycle began stays.
    /// Answers nothing.
    Commit {
        /// The execution.
        execution: ExecutionId,
    },
    /// What an execution did in our own store since its cycle began is undone.
    /// Answers nothing; refused when that is not possible any more.
    Rollback {
        /// The execution.
        execution: ExecutionId,
    },
}

/// How an execution stands after an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// It goes on.
    None,
    /// It waits; the lease is released.
    Waiting {
        /// The wake-up.
        until: Timestamp,
    },
    /// A person must decide; the lease is released.
    InDoubt,
    /// Any worker may go on; the lease is released.
    Requeue,
    /// It is over. An error counts against its scenario (`consecutive_errors`)
    /// when `counts` says so, a success sets that back to 0, anything else
    /// leaves it.
    Finished {
        /// A final status.
        status: Status,
        /// Why, when it did not end well.
        error: Option<String>,
        /// How many operations Make would count.
        operations: u32,
        /// The end.
        finished_at: Timestamp,
        /// Whether it matters to the count of errors; one that the user asked
        /// for (the Rollback directive) does not.
        counts: bool,
        /// Whether people are told of it when it ended by an error, until
        /// somebody has looked; see [`crate::scenarios::failing`].
        is_told: bool,
        /// The name that the run gave itself.
        name: Option<String>,
        /// A poll that found nothing.
        is_check: bool,
        /// No bundle of it is kept any longer than it takes to go on with what
        /// it left open; see [`crate::retention::remove_bundles`].
        is_confidential: bool,
        /// What it means for the incomplete execution that it retried.
        retried: Option<Retried>,
    },
}

/// The answer of [`Store::append`].
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    /// The sequence number of the last event written; that before the first
    /// when there was none.
    pub last_seq: u32,
    /// What the staged write came to.
    pub staged_event: Option<Event>,
    /// After an end by an error: how many runs of the scenario in a row have
    /// now ended so.
    pub consecutive_errors: Option<u32>,
}

impl Store {
    /// Logs an incoming request and makes of it what the outcome says. On the
    /// disk when it returns. [`Error::Conflict`] when an execution of that id
    /// exists.
    pub async fn accept(&self, request: Accept) -> Result<Accepted, Error> {
        let (reply, answer) = oneshot::channel();
        let request = Request::Accept(Box::new(prepare::Delivery::new(request)), reply);
        self.ask(request, answer).await
    }

    /// Appends events to the journal of an execution and updates it, in one
    /// commit. On the disk when it returns.
    ///
    /// [`Error::Fenced`] when the lease is not ours any more or the execution
    /// has ended; [`Error::Conflict`] when `first_seq` is not the next number
    /// (an append before, whose outcome was unknown, has arrived after all).
    pub async fn append(&self, append: Append) -> Result<Appended, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Request::Append(Box::new(prepare::Entry::new(append)), reply), answer).await
    }

    /// Starts an execution that no hook asked for, leased to this node. On the
    /// disk when it returns. `leased` of the request is taken as `true`.
    pub async fn start(&self, execution: NewExecution) -> Result<Job, Error> {
        let (reply, answer) = oneshot::channel();
        let execution = prepare::Execution::new(NewExecution { leased: true, ..execution });
        self.ask(Request::Start(Box::new(execution), reply), answer).await
    }

    async fn ask<T>(&self, request: Request, answer: Answer<T>) -> Result<T, Error> {
        let closed = || Error::Database("the store is closed".into());
        self.requests.send(request).await.map_err(|_| closed())?;
        answer.await.unwrap_or_else(|_| Err(Error::Database("the write was given up, its outcome is not known".into())))
    }
}

type Reply<T> = oneshot::Sender<Result<T, Error>>;
type Answer<T> = oneshot::Receiver<Result<T, Error>>;

/// What the writer is asked for. Events are encoded by those who ask, not by
/// the one writer.
pub(crate) enum Request {
    Accept(Box<prepare::Delivery>, Reply<Accepted>),
    Append(Box<prepare::Entry>, Reply<Appended>),
    Start(Box<prepare::Execution>, Reply<Job>),
    /// Write what has come so far and end.
    Stop(oneshot::Sender<()>),
}

#[cfg(debug_assertions)]
impl Request {
    /// What its breakpoint is called; see [`crate::breakpoint`].
    fn place(&self) -> Option<&'static str> {
        match self {
            Request::Accept(..) => Some("accept"),
            Request::Start(..) | Request::Stop(_) => None,
            Request::Append(entry, _) => Some(entry.place()),
        }
    }
}

/// Lets the writer end after what was asked so far.
pub(crate) async fn stop(store: &Store) {
    let (reply, done) = oneshot::channel();
    if store.requests.send(Request::Stop(reply)).await.is_ok() {
        // The writer may have ended by itself.
        let _ = done.await;
    }
}
