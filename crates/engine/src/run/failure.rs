//! What an error leads to: the module's error route and its directives, an
//! incomplete execution, or the end of the run.

use rouage_model::execution::Status;
use rouage_model::{ErrorKind, ModuleError, OperationId, Value};

use super::{Run, State};
use crate::expressions::error_bundle;
use crate::natives::{self, Directive};
use crate::plan::NodeId;
use crate::step::{Parked, Retry, Verdict};
use crate::task::{Again, Bundles, ErrorRoute, Task};

/// What a failure leads to, as far as a driver must know before it tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// The module's error route takes it.
    Handled,
    /// The bundle becomes an incomplete execution and the run goes on.
    Stored,
    /// The run ends.
    Ends,
}

impl Run {
    /// A node failed before its operation began: in its mapping.
    pub(super) fn refuse(&mut self, node: NodeId, error: ModuleError) {
        if let Some(operation) = self.begin(node, &Value::Undefined) {
            self.fail(node, operation, error);
        }
    }

    /// The same in the filter on the way to it.
    pub(super) fn refuse_at_filter(&mut self, node: NodeId, error: ModuleError) {
        if let Some(operation) = self.begin(node, &Value::Undefined) {
            self.fail_at(node, operation, error, Again::Ask);
        }
    }

    /// An operation failed for good.
    pub(super) fn fail(&mut self, node: NodeId, operation: OperationId, error: ModuleError) {
        self.fail_at(node, operation, error, Again::Enter);
    }

    pub(super) fn fail_at(&mut self, node: NodeId, operation: OperationId, error: ModuleError, again: Again) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.failed(operation, now, &error);
        }
        let base = self.scope.base();
        if let Some(route) = self.plan.node(node).error_route {
            self.scope.push(node, operation, error_bundle(&error));
            let plan = self.plan.clone();
            match self.is_let_in(&plan, route) {
                Ok(true) => {
                    self.tasks.push(Task::ErrorRoute(ErrorRoute { node, operation, error, again, base }));
                    self.tasks.push(Task::Enter(route));
                    return;
                }
                Ok(false) => self.scope.cut(base),
                Err(error) => return self.stop_with_error(route, error),
            }
        }
        self.again = again;
        self.treat_by_default(node, operation, error);
    }

    /// What the failure of the awaited call would lead to. Changes nothing that
    /// is seen later.
    pub fn treatment(&mut self, error: &ModuleError) -> Treatment {
        let State::Calling(calling) = &self.state else { return Treatment::Ends };
        let (node, operation) = (calling.node, calling.call.operation);
        if let Some(route) = self.plan.node(node).error_route {
            let (base, random, trace) = (self.scope.base(), self.random.clone(), self.trace.take());
            self.scope.push(node, operation, error_bundle(error));
            let plan = self.plan.clone();
            let is_let_in = self.is_let_in(&plan, route);
            self.scope.cut(base);
            (self.random, self.trace) = (random, trace);
            if !matches!(is_let_in, Ok(false)) {
                return Treatment::Handled;
            }
        }
        if self.is_storable(node) { Treatment::Stored } else { Treatment::Ends }
    }

    /// Whether what fails here becomes an incomplete execution by default.
    fn is_storable(&self, node: NodeId) -> bool {
        let on_error_route = self.tasks.iter().any(|task| matches!(task, Task::ErrorRoute(_)));
        self.plan.settings.incomplete_executions && !self.plan.is_first(node) && !on_error_route
    }

    /// Without an error route: stored when the scenario stores incomplete
    /// executions. Never stored: the first module, of which nothing exists yet,
    /// and what fails on an error route (source: `make-semantics.md` §4.4, §4.7).
    fn treat_by_default(&mut self, node: NodeId, operation: OperationId, error: ModuleError) {
        // "Enable data loss": a file that is too large costs its bundle and not
        // the run (source: §4.2 `MaxFileSizeExceededError`).
        if error.kind == ErrorKind::MaxFileSizeExceededError && self.plan.settings.data_loss {
            self.drop_parked_bundle();
        } else if self.is_storable(node) {
            self.park(node, operation, error, None);
        } else {
            self.stop_with_error(node, error);
        }
    }

    pub(super) fn park(&mut self, node: NodeId, operation: OperationId, error: ModuleError, retry: Option<Retry>) {
        let module = self.module_id(node);
        self.state = State::Parking(Box::new(Parked { operation, module, error, by_break: false, retry }));
    }

    /// The bundle was stored. Routes that it had not reached go with it: the
    /// retry of an incomplete execution runs them (source: §3.6).
    pub(super) fn drop_parked_bundle(&mut self) {
        while !matches!(self.tasks.last(), None | Some(Task::Emission(_) | Task::Flush(_))) {
            self.tasks.pop();
        }
        self.warned = true;
        self.state = State::Working;
    }

    /// A directive at the end of an error route.
    pub(super) fn direct(&mut self, node: NodeId, directive: Directive) {
        let Some(at) = self.tasks.iter().rposition(|task| matches!(task, Task::ErrorRoute(_))) else {
            // Only an aggregator inside an error route leads here without a
            // mark; its bundles are already accounted for.
            return;
        };
        let plan = self.plan.clone();
        let options = match self.surroundings().map(plan.node(node).mapper.as_ref()) {
            Ok(options) => options,
            Err(error) => return self.stop_with_error(node, error),
        };
        let Some(Task::ErrorRoute(mark)) = self.tasks.drain(at..).next() else { return };
        self.scope.cut(mark.base);
        self.obey(directive, mark, options);
    }

    fn obey(&mut self, directive: Directive, mark: ErrorRoute, options: Value) {
        match directive {
            Directive::Ignore => {}
            Directive::Resume => self.resume(&mark, options),
            Directive::Commit => self.stop_and_commit(),
            Directive::Rollback => {
                let failed_module = Some(self.module_id(mark.node));
                let verdict = self.verdict(Status::Error);
                let verdict = Verdict { error: Some(mark.error), failed_module, by_rollback: true, ..verdict };
                self.stop_and_roll_back(verdict);
            }
            // Without the store of incomplete executions a Break is a plain
            // error (source: §2.4).
            Directive::Break if !self.plan.settings.incomplete_executions => {
                self.stop_with_error(mark.node, mark.error);
            }
            Directive::Break => {
                self.again = mark.again;
                self.park(mark.node, mark.operation, mark.error, retry(&options));
                if let State::Parking(parked) = &mut self.state {
                    parked.by_break = true;
                }
            }
        }
    }

    /// The substitute takes the place of the output that failed.
    fn resume(&mut self, mark: &ErrorRoute, substitute: Value) {
        if let Some(trace) = &mut self.trace {
            trace.change(mark.operation, |operation| operation.output.push(substitute.clone()));
        }
        self.send(mark.node, mark.operation, Bundles::one(substitute));
    }
}

/// The options of a Break; what is missing or odd takes Make's default.
fn retry(options: &Value) -> Option<Retry> {
    let count = |name: &str, default: u32, most: u32| match options.field(name) {
        Value::Text(text) => text.trim().parse().unwrap_or(default).clamp(1, most),
        other => other.as_i64().and_then(|count| u32::try_from(count).ok()).unwrap_or(default).clamp(1, most),
    };
    natives::yes(options.field("retry"))
        .then(|| Retry { count: count("count", 3, 10_000), interval_minutes: count("interval", 15, 44_640) })
}
