//! What an error leads to: the module's error route and its directives, an
//! incomplete execution, or the end of the run.

use rouage_model::execution::Status;
use rouage_model::{ModuleError, OperationId, Value};

use super::{Run, State};
use crate::expressions::error_bundle;
use crate::natives::Directive;
use crate::plan::NodeId;
use crate::step::{Parked, Retry, Verdict};
use crate::task::{Bundles, ErrorRoute, Task};

impl Run {
    /// A node failed before its operation began: its filter or its mapping.
    pub(super) fn refuse(&mut self, node: NodeId, error: ModuleError) {
        if let Some(operation) = self.begin(node, &Value::Undefined) {
            self.fail(node, operation, error);
        }
    }

    /// An operation failed for good.
    pub(super) fn fail(&mut self, node: NodeId, operation: OperationId, error: ModuleError) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.failed(operation, now, &error);
        }
        let base = self.scope.base();
        if let Some(route) = self.plan.node(node).error_route {
            self.scope.push(node, operation, error_bundle(&error));
            match self.is_let_in(route) {
                Ok(true) => {
                    self.tasks.push(Task::ErrorRoute(ErrorRoute { node, operation, error, base }));
                    self.tasks.push(Task::Enter(route));
                    return;
                }
                Ok(false) => self.scope.cut(base),
                Err(error) => return self.stop_with_error(route, error),
            }
        }
        self.treat_by_default(node, operation, error);
    }

    /// Without an error route: stored when the scenario stores incomplete
    /// executions. Never stored: the first module, of which nothing exists yet,
    /// and what fails on an error route (source: `make-semantics.md` §4.4, §4.7).
    fn treat_by_default(&mut self, node: NodeId, operation: OperationId, error: ModuleError) {
        let on_error_route = self.tasks.iter().any(|task| matches!(task, Task::ErrorRoute(_)));
        if !self.plan.settings.incomplete_executions || self.plan.is_first(node) || on_error_route {
            self.stop_with_error(node, error);
            return;
        }
        self.park(node, operation, error, None);
    }

    fn park(&mut self, node: NodeId, operation: OperationId, error: ModuleError, retry: Option<Retry>) {
        let module = self.module_id(node);
        self.state = State::Parking(Box::new(Parked { operation, module, error, retry }));
    }

    /// The bundle was stored. Routes that it had not reached go with it: the
    /// retry of an incomplete execution runs them (source: §3.6).
    pub(super) fn drop_parked_bundle(&mut self) {
        while matches!(self.tasks.last(), Some(Task::Routes(_) | Task::Arrive(_) | Task::Enter(_))) {
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
            Directive::Break => self.park(mark.node, mark.operation, mark.error, retry(&options)),
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
    rouage_expr::truthy(options.field("retry"))
        .then(|| Retry { count: count("count", 3, 10_000), interval_minutes: count("interval", 15, 44_640) })
}
