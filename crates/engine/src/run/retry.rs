//! Completing what another run parked.

use rouage_model::{OperationId, Value};

use super::{Calling, Run, State};
use crate::natives::Gathering;
use crate::task::{Bundles, Task};
use crate::trace::{self, OperationTrace};

impl Run {
    /// Whether this operation is the one that the run waits for.
    pub(super) fn is_at(&mut self, operation: OperationId) -> bool {
        self.advance();
        match &self.state {
            State::Calling(calling) => calling.call.operation == operation,
            State::Parking(parked) => parked.operation == operation,
            _ => false,
        }
    }

    /// Keeps of a run only what the bundle of the awaited operation still has
    /// before it.
    pub(super) fn reduced(mut self) -> Self {
        let last = self.tasks.iter().rposition(|task| matches!(task, Task::Emission(_) | Task::Flush(_)));
        let own = self.tasks.split_off(last.map_or(0, |last| last + 1));
        let others = std::mem::take(&mut self.tasks);
        self.tasks = others.into_iter().filter_map(emptied).chain(own).collect();
        self.state = match std::mem::replace(&mut self.state, State::Working) {
            State::Calling(mut calling) => {
                calling.call.attempt = 1;
                calling.call.called = false;
                calling.call.note = Value::Undefined;
                calling.call.not_before = None;
                State::NotResumed(Some(calling))
            }
            State::Parking(parked) => {
                let node = self.plan.by_id.get(&parked.module).copied();
                self.tasks.extend(node.map(Task::Enter));
                State::NotResumed(None)
            }
            other => other,
        };
        self.partial = true;
        self.warned = false;
        self.operations = 0;
        self.bundles = 0;
        self.trace = None;
        self
    }

    /// The retry begins.
    pub(super) fn resumed(&mut self, calling: Option<Box<Calling>>) {
        let Some(calling) = calling else { return };
        self.operations = 1;
        let call = &calling.call;
        let traced = OperationTrace {
            operation: call.operation,
            module: call.module,
            cycle: self.cycle,
            started_at: self.now,
            finished_at: None,
            input: call.input.clone(),
            output: Vec::new(),
            error: None,
            attempts: 1,
            state: trace::State::Running,
        };
        if let Some(trace) = &mut self.trace {
            trace.operations.push(traced);
        }
        self.state = State::Calling(calling);
    }
}

/// Tasks of other bundles: their sources have nothing left to give, but stay as
/// the place where aggregators gather.
fn emptied(task: Task) -> Option<Task> {
    match task {
        Task::Emission(mut emission) => {
            emission.bundles = Bundles::none();
            for gathering in &mut emission.gatherings {
                *gathering = Gathering::new(gathering.aggregator);
            }
            Some(Task::Emission(emission))
        }
        Task::ErrorRoute(mark) => Some(Task::ErrorRoute(mark)),
        Task::Arrive(_) | Task::Enter(_) | Task::Routes(_) | Task::Flush(_) => None,
    }
}
