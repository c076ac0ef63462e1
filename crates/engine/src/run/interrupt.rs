//! The end of a run that has used up its time (decision D64): a warning. What
//! it had still before it is stored when the scenario stores incomplete
//! executions, else it is lost as in Make (source: `make-semantics.md` §3.2).

use rouage_model::execution::Status;
use rouage_model::{ErrorKind, ModuleError, ModuleId};

use super::{Afterwards, Run, State};
use crate::step::{Parked, Verdict};
use crate::task::Again;

impl Run {
    /// Whether `Interrupted` may be applied now: a call is to be made, or the
    /// run sleeps. In between a run does nothing that takes long.
    pub fn can_be_interrupted(&mut self) -> bool {
        self.advance();
        matches!(self.state, State::Calling(_) | State::Sleeping { .. })
    }

    pub(super) fn interrupted(&mut self) {
        let (node, operation, called) = match &self.state {
            State::Calling(calling) => (calling.node, calling.call.operation, calling.call.called),
            State::Sleeping { node, sleep } => (*node, sleep.operation, false),
            _ => return,
        };
        self.is_interrupted = true;
        self.again = Again::Enter;
        // Of the first module nothing exists yet that could be stored.
        let is_stored = self.plan.settings.incomplete_executions && !self.plan.is_first(node);
        let mut error = interruption(is_stored);
        if called {
            error = error.maybe_applied();
        }
        if is_stored {
            self.park(node, operation, error, None);
            return;
        }
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.failed(operation, now, &error);
        }
        self.end_interrupted(self.module_id(node), error);
    }

    /// There was no room to store what remained.
    pub(super) fn lose_the_rest(&mut self, parked: &Parked) {
        let error = ModuleError { certainty: parked.error.certainty, ..interruption(false) };
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.failed(parked.operation, now, &error);
        }
        self.end_interrupted(parked.module, error);
    }

    /// Everything that remained is stored or lost; what was done stays.
    pub(super) fn end_interrupted(&mut self, module: ModuleId, error: ModuleError) {
        self.tasks.clear();
        let verdict = Verdict { error: Some(error), failed_module: Some(module), ..self.verdict(Status::Warning) };
        self.state = match self.has_pending_effects() {
            true => State::Committing(Afterwards::Finish(Box::new(verdict))),
            false => State::Finishing(Box::new(verdict)),
        };
    }
}

fn interruption(is_stored: bool) -> ModuleError {
    let rest = match is_stored {
        true => "What it had not done yet is stored as an incomplete execution.",
        false => {
            "What it had not done yet is lost. Let the scenario store incomplete executions to keep it the next time."
        }
    };
    let message = format!("The run took longer than it may and was interrupted. {rest}");
    ModuleError::new(ErrorKind::ExecutionInterruptedError, message)
}
