//! What a run asks its driver to do.

use jiff::Timestamp;
use rouage_model::execution::Status;
use rouage_model::{ModuleError, ModuleId, OperationId, Text, Value};

/// The answer to "what next?". The driver does it, builds the journal event
/// that says what came of it, and applies that event to the run.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing has happened yet: apply `Started`.
    NotStarted,
    /// Call a module; answer with `Called`, then `Returned`, `Retrying` or
    /// `Failed`. A call in doubt may also be answered with `Parked`.
    Call(Call),
    /// Wait; answer with `Sleeping`, and with `Returned` when it is over.
    Sleep(Sleep),
    /// Store the branch as an incomplete execution; answer with `Parked`, or
    /// with `Failed` when there is no room, which ends the run. An
    /// `ExecutionInterruptedError` stands for everything that the run had still
    /// before it.
    Park(Parked),
    /// Commit what is pending of the cycle: the transactional modules when auto
    /// commit is off, and the position of a polling trigger that was asked.
    /// Answer with `Committed`, or with `Failed` when that went wrong.
    Commit,
    /// Undo the same; answer with `RolledBack`, or with `Failed` when that went
    /// wrong.
    Rollback,
    /// The run is over; answer with `Finished`.
    Finish(Verdict),
    /// `Finished` was applied. Nothing more will happen.
    Finished,
}

/// A call of a module that an app runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The operation; `execution.operation` recognises the effect.
    pub operation: OperationId,
    /// The module in the blueprint.
    pub module: ModuleId,
    /// `app:Name`.
    pub name: Text,
    /// The app version.
    pub version: i64,
    /// Static configuration.
    pub parameters: Value,
    /// The mapped input, evaluated once when the run arrived here. Always a
    /// collection.
    pub input: Value,
    /// Counts from 1.
    pub attempt: u32,
    /// `Called` was applied for this attempt and no answer. In a run that was
    /// replayed after a crash this means: the effect is in doubt.
    pub called: bool,
    /// What the module noted in `Called` for settling such a doubt.
    pub note: Value,
    /// The attempt is due at this instant (after `Retrying`).
    pub not_before: Option<Timestamp>,
}

/// A pause of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sleep {
    /// The sleeping operation.
    pub operation: OperationId,
    /// The module in the blueprint.
    pub module: ModuleId,
    /// How long, in seconds.
    pub seconds: u32,
    /// When it ends; known once `Sleeping` was applied.
    pub until: Option<Timestamp>,
}

/// A branch to store as an incomplete execution.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    /// The operation that failed.
    pub operation: OperationId,
    /// The module in the blueprint.
    pub module: ModuleId,
    /// Why.
    pub error: ModuleError,
    /// A Break directive stores it. Then `retry` decides about automatic
    /// retries, else the type of the error does.
    pub by_break: bool,
    /// Whether and how it is retried by itself (the Break directive).
    pub retry: Option<Retry>,
}

/// Automatic completion of an incomplete execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How many attempts, 1 to 10,000.
    pub count: u32,
    /// Minutes between them, 1 to 44,640.
    pub interval_minutes: u32,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Success, warning or error.
    pub status: Status,
    /// Why, when it ended with an error or was interrupted.
    pub error: Option<ModuleError>,
    /// Where that arose.
    pub failed_module: Option<ModuleId>,
    /// How many operations Make would count.
    pub operations: u32,
    /// A Rollback directive of the user ended it: does not count towards the
    /// consecutive errors that switch a scenario off (decision D60).
    pub by_rollback: bool,
    /// What the scenario returned (`scenario-service:ReturnData`): a collection.
    pub outputs: Option<Value>,
    /// The name that the run gave itself (`scenario-service:NameExecution`).
    pub name: Option<Text>,
}
