//! What events do to a run.

use rouage_model::execution::Status;
use rouage_model::journal::Event;
use rouage_model::{ErrorKind, ModuleError, ModuleId, OperationId, Value};

use super::memory::size_of_bundles;
use super::{Afterwards, Calling, Divergence, Run, State};
use crate::facts::Kind;
use crate::step::{Parked, Sleep, Verdict};
use crate::task::{Again, Bundles};
use crate::trace;

impl Run {
    /// Takes in what happened. An event that does not fit changes nothing.
    pub fn apply(&mut self, event: &Event) -> Result<(), Divergence> {
        self.advance();
        if !self.fits(event) {
            return Err(self.divergence(event));
        }
        self.now = event.at();
        match event {
            Event::Started { bundles, inputs, .. } => {
                if let Value::Collection(_) = inputs {
                    self.context.inputs = inputs.clone();
                }
                self.started(bundles.as_deref());
            }
            Event::Called { attempt, note, .. } => self.called(*attempt, note),
            Event::Returned { bundles, .. } => self.returned(bundles),
            Event::Failed { module, error, .. } if self.is_of_initialisation(event) => {
                self.uninitialised(*module, error.clone());
            }
            Event::Failed { error, .. } => self.failed(error),
            Event::Retrying { until, .. } => self.retrying(*until),
            Event::Sleeping { until, .. } => self.sleeping(*until),
            Event::Parked { operation, module, error, .. } => self.parked(*operation, *module, error),
            Event::Interrupted { .. } => self.interrupted(),
            Event::Committed { .. } => self.committed(),
            Event::RolledBack { .. } => self.rolled_back(),
            Event::Finished { .. } => {
                self.tasks.clear();
                self.state = State::Finished;
            }
        }
        self.is_fresh = matches!(event, Event::Started { .. });
        Ok(())
    }

    /// Whether it says that the run could not be prepared: operation 0 of a
    /// module that is named (a commit that failed names none), before anything
    /// has happened. A run that was given data has its `Started` by then.
    fn is_of_initialisation(&self, event: &Event) -> bool {
        let Event::Failed { operation: OperationId(0), module, .. } = event else { return false };
        match self.state {
            State::NotStarted | State::NotResumed(_) => true,
            State::Finished => false,
            _ => self.is_fresh && *module != ModuleId(0),
        }
    }

    /// Whether the event is an answer to what the run waits for. `Finished`
    /// always is, until it came: a person or a time limit may end any run.
    fn fits(&self, event: &Event) -> bool {
        if self.is_of_initialisation(event) {
            return true;
        }
        match (&self.state, event) {
            (State::NotStarted, Event::Started { .. })
            | (State::NotResumed(_), Event::Started { .. })
            | (State::Calling(_) | State::Sleeping { .. }, Event::Interrupted { .. })
            | (State::Committing(_), Event::Committed { .. } | Event::Failed { .. })
            | (State::RollingBack(_), Event::RolledBack { .. } | Event::Failed { .. }) => true,
            (
                State::Calling(calling),
                Event::Called { operation, module, .. }
                | Event::Returned { operation, module, .. }
                | Event::Failed { operation, module, .. }
                | Event::Retrying { operation, module, .. }
                | Event::Parked { operation, module, .. },
            ) => (calling.call.operation, calling.call.module) == (*operation, *module),
            (
                State::Sleeping { sleep, .. },
                Event::Sleeping { operation, module, .. } | Event::Returned { operation, module, .. },
            ) => (sleep.operation, sleep.module) == (*operation, *module),
            (
                State::Parking(parked),
                Event::Parked { operation, module, .. } | Event::Failed { operation, module, .. },
            ) => (parked.operation, parked.module) == (*operation, *module),
            (State::Finished, _) => false,
            (_, event) => matches!(event, Event::Finished { .. }),
        }
    }

    fn started(&mut self, bundles: Option<&[Value]>) {
        let state = std::mem::replace(&mut self.state, State::Working);
        match (state, bundles) {
            (State::NotResumed(resumption), output) => self.resumed(*resumption, output),
            (_, None) => self.start_cycle(),
            (_, Some(bundles)) => {
                self.pushed = true;
                let Some(first) = self.plan.first else { return };
                if let Some(operation) = self.begin(first, &Value::Undefined) {
                    self.notes.grow(size_of_bundles(bundles));
                    self.emit(first, operation, Bundles::list(bundles.to_vec()));
                }
            }
        }
    }

    fn called(&mut self, attempt: u32, note: &Value) {
        if let State::Calling(calling) = &mut self.state {
            calling.call.called = true;
            calling.call.attempt = attempt;
            calling.call.note = note.clone();
            let operation = calling.call.operation;
            self.mark(operation, trace::State::Running, attempt);
        }
    }

    fn retrying(&mut self, until: jiff::Timestamp) {
        if let State::Calling(calling) = &mut self.state {
            calling.call.called = false;
            calling.call.note = Value::Undefined;
            calling.call.attempt += 1;
            calling.call.not_before = Some(until);
            let (operation, attempt) = (calling.call.operation, calling.call.attempt);
            self.mark(operation, trace::State::Waiting, attempt - 1);
        }
    }

    fn sleeping(&mut self, until: jiff::Timestamp) {
        if let State::Sleeping { sleep, .. } = &mut self.state {
            sleep.until = Some(until);
            let operation = sleep.operation;
            self.mark(operation, trace::State::Waiting, 1);
        }
    }

    fn mark(&mut self, operation: OperationId, state: trace::State, attempts: u32) {
        if let Some(trace) = &mut self.trace {
            trace.change(operation, |traced| {
                traced.state = state;
                traced.attempts = attempts;
            });
        }
    }

    fn returned(&mut self, bundles: &[Value]) {
        match std::mem::replace(&mut self.state, State::Working) {
            State::Calling(calling) => {
                self.notes.grow(size_of_bundles(bundles));
                self.exhausted |=
                    bundles.is_empty() && self.plan.node(calling.node).module.kind == Kind::PollingTrigger;
                self.emit(calling.node, calling.call.operation, Bundles::list(bundles.to_vec()));
            }
            // A sleep lets the bundle through and adds nothing to it.
            State::Sleeping { node, sleep: Sleep { operation, .. } } => {
                self.emit(node, operation, Bundles::one(Value::empty_collection()));
            }
            other => self.state = other,
        }
    }

    fn failed(&mut self, error: &ModuleError) {
        match std::mem::replace(&mut self.state, State::Working) {
            State::Calling(calling) => self.fail(calling.node, calling.call.operation, error.clone()),
            // It could not be stored.
            State::Parking(parked) if self.is_interrupted => self.lose_the_rest(&parked),
            State::Parking(parked) => match self.plan.by_id.get(&parked.module).copied() {
                Some(node) => self.stop_with_error(node, error.clone()),
                None => self.state = State::Parking(parked),
            },
            State::Committing(_) => {
                let verdict = Verdict { error: Some(error.clone()), ..self.verdict(Status::Error) };
                self.state = State::RollingBack(Box::new(verdict));
            }
            // What could neither be kept nor undone (source: `make-semantics.md` §3.1).
            State::RollingBack(mut verdict) => {
                verdict.error = Some(ModuleError { kind: ErrorKind::InconsistencyError, ..error.clone() });
                self.state = State::Finishing(verdict);
            }
            other => self.state = other,
        }
    }

    fn parked(&mut self, operation: OperationId, module: ModuleId, error: &ModuleError) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.parked(operation, now, error);
        }
        self.again = Again::default();
        if self.is_interrupted {
            self.end_interrupted(module, error.clone());
        } else {
            self.drop_parked_bundle();
        }
    }

    /// The run could not be prepared, such as by signing in to an account:
    /// nothing has begun, so nothing is stored and no error route is asked
    /// (source: `make-semantics.md` §3.1).
    fn uninitialised(&mut self, module: ModuleId, error: ModuleError) {
        if let Some(trace) = &mut self.trace {
            trace.drop_what_was_not_begun();
        }
        self.operations = 0;
        let failed_module = self.plan.module(module).map(|module| module.id);
        let verdict = Verdict { error: Some(error), failed_module, ..self.verdict(Status::Error) };
        self.tasks.clear();
        self.state = State::Finishing(Box::new(verdict));
    }

    fn committed(&mut self) {
        match std::mem::replace(&mut self.state, State::Working) {
            State::Committing(Afterwards::NextCycle) => self.next_cycle(),
            State::Committing(Afterwards::Finish(verdict)) => self.state = State::Finishing(verdict),
            other => self.state = other,
        }
    }

    fn rolled_back(&mut self) {
        match std::mem::replace(&mut self.state, State::Working) {
            State::RollingBack(verdict) => self.state = State::Finishing(verdict),
            other => self.state = other,
        }
    }

    fn divergence(&self, event: &Event) -> Divergence {
        Divergence { expected: self.awaited(), found: described(event) }
    }

    fn awaited(&self) -> String {
        match &self.state {
            State::NotStarted | State::NotResumed(_) => "it has not started".to_owned(),
            State::Working => "it is at work".to_owned(),
            State::Calling(calling) => {
                let Calling { call, .. } = calling.as_ref();
                format!("it calls {}", place(call.operation, call.module))
            }
            State::Sleeping { sleep, .. } => format!("it sleeps in {}", place(sleep.operation, sleep.module)),
            State::Parking(parked) => {
                let Parked { operation, module, .. } = parked.as_ref();
                format!("it parks {}", place(*operation, *module))
            }
            State::Committing(_) => "it commits".to_owned(),
            State::RollingBack(_) => "it rolls back".to_owned(),
            State::Finishing(_) => "it is over and waits for \"finished\"".to_owned(),
            State::Finished => "it has finished".to_owned(),
        }
    }
}

fn described(event: &Event) -> String {
    match event {
        Event::Called { operation, module, .. }
        | Event::Returned { operation, module, .. }
        | Event::Failed { operation, module, .. }
        | Event::Retrying { operation, module, .. }
        | Event::Sleeping { operation, module, .. }
        | Event::Parked { operation, module, .. } => {
            format!("{:?} of {}", event.name(), place(*operation, *module))
        }
        _ => format!("{:?}", event.name()),
    }
}

fn place(operation: OperationId, module: ModuleId) -> String {
    format!("operation {operation} of module {module}")
}
