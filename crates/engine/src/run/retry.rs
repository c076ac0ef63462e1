//! Completing what another run parked.

use std::sync::Arc;

use rouage_model::journal::Event;
use rouage_model::{ModuleId, OperationId, Value};

use super::{Calling, Divergence, Run, State};
use crate::context::RunContext;
use crate::natives::Gathering;
use crate::plan::{NodeId, Plan};
use crate::step::Call;
use crate::task::{Again, Bundles, Flush, Task};
use crate::trace::OperationTrace;

/// Where a retry goes on.
#[derive(Debug)]
pub(super) struct Resumption {
    node: NodeId,
    operation: OperationId,
    /// The call to make again; `None` when the module is entered again.
    call: Option<Call>,
}

/// What is kept of a run for the retry of one of its operations.
#[derive(Debug, Clone, PartialEq)]
pub struct Remainder {
    /// The module that failed.
    pub module: ModuleId,
    /// Its mapped input, when the mapping went well.
    pub input: Option<Value>,
    /// The bundles of the modules before it.
    pub bundles: Vec<(ModuleId, Value)>,
}

impl Run {
    /// Completes an operation that another run parked: the failed call again
    /// with its original input, then what came after it for that bundle, the
    /// later routes included, and nothing else. After `Interrupted`: everything
    /// that the other run had still before it.
    ///
    /// `context` and `events` are those of the run that parked it. The run
    /// waits for `Started` and goes on from there; bundles in `Started` are
    /// taken as the output of the operation, which is then not made again. Its
    /// operation ids continue those of the other run. `None` when that run did
    /// not park this operation.
    pub fn retry(
        plan: Arc<Plan>,
        context: RunContext,
        events: impl IntoIterator<Item = Event>,
        operation: OperationId,
    ) -> Result<Option<Self>, Divergence> {
        Self::new(plan, context).retried(events, operation)
    }

    /// [`Run::retry`] of a run that is a retry itself: `self` is as it was
    /// before the first of its `events`.
    pub fn retried(
        mut self,
        events: impl IntoIterator<Item = Event>,
        operation: OperationId,
    ) -> Result<Option<Self>, Divergence> {
        for event in events {
            let is_here = self.is_at(operation);
            match event {
                Event::Failed { .. } | Event::Parked { .. } if is_here => return Ok(Some(self.reduced())),
                Event::Interrupted { .. } if is_here => return Ok(Some(self.resumable())),
                event => self.apply(&event)?,
            }
        }
        Ok(None)
    }

    /// Whether this operation is the one that the run waits for.
    pub(super) fn is_at(&mut self, operation: OperationId) -> bool {
        self.advance();
        match &self.state {
            State::Calling(calling) => calling.call.operation == operation,
            State::Sleeping { sleep, .. } => sleep.operation == operation,
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
        self.resumable()
    }

    /// The same run, from what it waits for on, as a run of its own.
    fn resumable(mut self) -> Self {
        if !matches!(self.state, State::Parking(_)) {
            self.again = Again::Enter;
        }
        self.state = match std::mem::replace(&mut self.state, State::Working) {
            State::Sleeping { node, sleep } => {
                State::NotResumed(Box::new(Resumption { node, operation: sleep.operation, call: None }))
            }
            State::Calling(calling) => {
                let Calling { node, mut call } = *calling;
                call.attempt = 1;
                call.called = false;
                call.note = Value::Undefined;
                call.not_before = None;
                let operation = call.operation;
                State::NotResumed(Box::new(Resumption { node, operation, call: Some(call) }))
            }
            State::Parking(parked) => match self.plan.by_id.get(&parked.module) {
                Some(node) => {
                    State::NotResumed(Box::new(Resumption { node: *node, operation: parked.operation, call: None }))
                }
                None => State::Parking(parked),
            },
            other => other,
        };
        self.partial = true;
        self.warned = false;
        self.is_interrupted = false;
        self.operations = 0;
        self.bundles = 0;
        self.trace = None;
        self
    }

    /// The retry under a plan in which the module that failed was edited; the
    /// shape must be the same. The module is entered again, so that its input is
    /// mapped anew. `None` when the plan has another shape, or the run is not a
    /// retry that waits for `Started`.
    pub fn edited(mut self, plan: Arc<Plan>) -> Option<Self> {
        let State::NotResumed(resumption) = &mut self.state else { return None };
        if !plan.has_shape_of(&self.plan) {
            return None;
        }
        resumption.call = None;
        self.plan = plan;
        Some(self)
    }

    /// The bundles that can be named at this point.
    pub fn in_sight(&self) -> impl Iterator<Item = &Value> {
        self.scope.named().map(|(_, bundle)| bundle)
    }

    /// What the module that failed was given, and the bundles that its mapping
    /// can name, from the nearest to the farthest. Only of a retry that waits
    /// for `Started`.
    pub fn remainder(&self) -> Option<Remainder> {
        let State::NotResumed(resumption) = &self.state else { return None };
        let bundles = self.scope.named().map(|(node, bundle)| (self.module_id(node), bundle.clone()));
        Some(Remainder {
            module: self.module_id(resumption.node),
            input: resumption.call.as_ref().map(|call| call.input.clone()),
            bundles: bundles.collect(),
        })
    }

    /// The retry begins. With an output for the operation it goes on after it;
    /// without one the call is made again, or the module is entered again when
    /// it did not come to a call.
    pub(super) fn resumed(&mut self, resumption: Resumption, output: Option<&[Value]>) {
        let Resumption { node, operation, call } = resumption;
        if output.is_none() && call.is_none() {
            // It takes the number that it had.
            self.last_operation = OperationId(operation.0.saturating_sub(1));
            self.tasks.push(match std::mem::take(&mut self.again) {
                Again::Enter => Task::Enter(node),
                Again::Ask => Task::Arrive(node),
                Again::Speak(gathering) => {
                    Task::Flush(Flush { gatherings: vec![*gathering].into_iter(), base: self.scope.base() })
                }
            });
            return;
        }
        self.operations = 1;
        let input = call.as_ref().map(|call| call.input.clone()).unwrap_or_default();
        let traced = OperationTrace::begun(operation, self.module_id(node), self.cycle, self.now, input);
        if let Some(trace) = &mut self.trace {
            trace.operations.push(traced);
        }
        match (output, call) {
            (Some(output), _) => self.emit(node, operation, Bundles::list(output.to_vec())),
            (None, Some(call)) => self.state = State::Calling(Box::new(Calling { node, call })),
            (None, None) => {}
        }
    }
}

/// Tasks of other bundles: their sources have nothing left to give, but stay as
/// the place where aggregators gather.
fn emptied(task: Task) -> Option<Task> {
    match task {
        Task::Emission(mut emission) => {
            emission.bundles = Bundles::none();
            emission.is_spent = true;
            for gathering in &mut emission.gatherings {
                *gathering = Gathering::new(gathering.aggregator);
            }
            Some(Task::Emission(emission))
        }
        Task::ErrorRoute(mark) => Some(Task::ErrorRoute(mark)),
        Task::Arrive(_) | Task::Enter(_) | Task::Onward { .. } | Task::Routes(_) | Task::Flush(_) => None,
    }
}
