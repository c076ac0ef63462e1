//! What a run did, for history pages and the live view. Recorded only when
//! asked for; a run without a recording costs nothing here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rouage_model::{Certainty, ModuleError, ModuleId, OperationId, Text, Value};

/// Everything a run did so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// In the order they began.
    pub operations: Vec<OperationTrace>,
    /// In the order they were asked.
    pub filters: Vec<FilterTrace>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationTrace {
    /// Counts from 1 in its execution.
    pub operation: OperationId,
    /// The module in the blueprint.
    pub module: ModuleId,
    /// The cycle it belongs to, from 1.
    pub cycle: u32,
    /// When the bundle arrived.
    pub started_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// The mapped input. An aggregator shows how many bundles it gathered.
    pub input: Value,
    /// The bundles it gave, as far as they were taken.
    pub output: Vec<Value>,
    /// Why it failed; stays when an error route made it good.
    pub error: Option<ModuleError>,
    /// What its input wanted to have said, such as a division by zero
    /// (decision D11).
    pub warnings: Vec<String>,
    /// How often the call was begun.
    pub attempts: u32,
    /// How it stands.
    pub state: State,
}

impl OperationTrace {
    pub(crate) fn begun(
        operation: OperationId,
        module: ModuleId,
        cycle: u32,
        started_at: Timestamp,
        input: Value,
    ) -> Self {
        Self {
            operation,
            module,
            cycle,
            started_at,
            finished_at: None,
            input,
            output: Vec::new(),
            error: None,
            warnings: Vec::new(),
            attempts: 1,
            state: State::Running,
        }
    }
}

/// How an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Begun and not over.
    Running,
    /// Waits for an instant: a sleep or a retry.
    Waiting,
    /// Gave its bundles.
    Done,
    /// Failed.
    Failed,
    /// Stored as an incomplete execution.
    Parked,
    /// Stored, because its effect may have happened.
    InDoubt,
}

/// One question to a filter.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterTrace {
    /// The module that the filter guards.
    pub module: ModuleId,
    /// The filter's own name; may be empty.
    pub name: Text,
    /// Whether the bundle may go on.
    pub passed: bool,
    /// The conditions and what they compared.
    pub explanation: rouage_expr::Explanation,
    /// The operation whose bundle was asked about.
    pub after_operation: Option<OperationId>,
}

/// A bundle that came to the filter before a module, with everything that could
/// be named there.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// The bundles in sight, from the nearest to the farthest.
    pub bundles: Vec<(ModuleId, Value)>,
    /// What `now` was.
    pub at: Timestamp,
    /// The operation whose bundle it is.
    pub after: Option<OperationId>,
}

/// Where arrivals are noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Whatever is to enter this module, before its filter is asked.
    Before(ModuleId),
    /// Whatever this module puts out: for a module that the run did not have.
    After(ModuleId),
}

/// The arrivals at one point.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    pub(crate) point: Point,
    /// How many are kept.
    pub(crate) most: usize,
    /// The first of them, in order.
    pub seen: Vec<Arrival>,
    /// How many came after those.
    pub more: usize,
}

/// Counts of one module.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Operations begun.
    pub operations: u32,
    /// Bundles given.
    pub bundles: u32,
    /// Operations that failed or were parked.
    pub errors: u32,
    /// Bundles that its filter held back.
    pub filtered: u32,
}

impl Trace {
    /// Counts per module, for the bubbles on the canvas.
    pub fn counts(&self) -> BTreeMap<ModuleId, Counts> {
        let mut counts: BTreeMap<ModuleId, Counts> = BTreeMap::new();
        for operation in &self.operations {
            let count = counts.entry(operation.module).or_default();
            count.operations += 1;
            count.bundles = count.bundles.saturating_add(u32::try_from(operation.output.len()).unwrap_or(u32::MAX));
            count.errors += u32::from(operation.error.is_some());
        }
        for filter in self.filters.iter().filter(|filter| !filter.passed) {
            counts.entry(filter.module).or_default().filtered += 1;
        }
        counts
    }

    /// The operation with this id, if it was recorded.
    pub fn operation(&self, id: OperationId) -> Option<&OperationTrace> {
        let at = self.operations.binary_search_by_key(&id, |operation| operation.operation).ok()?;
        self.operations.get(at)
    }

    /// Changes a recorded operation; does nothing for one that was not.
    pub(crate) fn change(&mut self, id: OperationId, change: impl FnOnce(&mut OperationTrace)) {
        if let Ok(at) = self.operations.binary_search_by_key(&id, |operation| operation.operation) {
            change(&mut self.operations[at]);
        }
    }

    /// Leaves what the run was given: whatever it was about to do it did not.
    pub(crate) fn drop_what_was_not_begun(&mut self) {
        self.operations.retain(|operation| operation.state == State::Done);
        self.filters.clear();
    }

    pub(crate) fn done(&mut self, id: OperationId, at: Timestamp) {
        self.change(id, |operation| {
            operation.state = State::Done;
            operation.finished_at = Some(at);
        });
    }

    pub(crate) fn failed(&mut self, id: OperationId, at: Timestamp, error: &ModuleError) {
        self.change(id, |operation| {
            operation.state = State::Failed;
            operation.finished_at = Some(at);
            operation.error = Some(error.clone());
        });
    }

    pub(crate) fn parked(&mut self, id: OperationId, at: Timestamp, error: &ModuleError) {
        self.failed(id, at, error);
        self.change(id, |operation| {
            operation.state = match error.certainty {
                Certainty::MaybeApplied => State::InDoubt,
                Certainty::NotApplied => State::Parked,
            };
        });
    }
}
