//! Cycles, and the end of a run.

use rouage_model::execution::Status;
use rouage_model::{ErrorKind, ModuleError};

use super::{Afterwards, Run, State};
use crate::facts::Kind;
use crate::natives::Tool;
use crate::plan::{NodeId, Work};
use crate::step::Verdict;
use crate::task::Task;

impl Run {
    /// Begins a cycle in which the first module is called like any other.
    pub(super) fn start_cycle(&mut self) {
        self.exhausted = false;
        if let Some(first) = self.plan.first {
            self.tasks.push(Task::Arrive(first));
        }
        self.state = State::Working;
    }

    /// The last bundle of a cycle has reached its leaves.
    pub(super) fn end_cycle(&mut self) {
        self.scope.cut(crate::scope::Base::default());
        self.variables.end_cycle();
        self.forget_counters();
        if !self.plan.settings.auto_commit {
            self.state = State::Committing(Afterwards::NextCycle);
            return;
        }
        self.next_cycle();
    }

    pub(super) fn next_cycle(&mut self) {
        if self.has_another_cycle() {
            self.cycle += 1;
            self.start_cycle();
            return;
        }
        let status = if self.warned { Status::Warning } else { Status::Success };
        self.state = State::Finishing(Box::new(self.verdict(status)));
    }

    /// Data that was pushed makes one cycle; a trigger is asked until it has no
    /// news, anything else is repeated, both at most as often as the scenario
    /// says (source: `make-semantics.md` §2.2 `roundtrips`).
    fn has_another_cycle(&self) -> bool {
        let kind = self.plan.first_module().map(|module| module.kind);
        if self.pushed || self.partial || self.exhausted || matches!(kind, None | Some(Kind::InstantTrigger)) {
            return false;
        }
        let most = self.context.limits.cycles.unwrap_or(self.plan.settings.roundtrips);
        self.cycle < most
    }

    /// Counters that count within a cycle start again.
    fn forget_counters(&mut self) {
        let plan = &self.plan;
        self.counters.retain(|node, _| {
            let node = plan.node(*node);
            debug_assert!(matches!(node.work, Work::Tool(Tool::Increment)));
            node.module.parameters.field("reset").as_text() != Some("run")
        });
    }

    pub(super) fn verdict(&self, status: Status) -> Verdict {
        Verdict { status, error: None, failed_module: None, operations: self.operations, by_rollback: false }
    }

    /// Stops with an error: nothing more is processed, and what can be undone
    /// is undone.
    pub(super) fn stop_with_error(&mut self, node: NodeId, error: ModuleError) {
        let failed_module = Some(self.module_id(node));
        let verdict = Verdict { error: Some(error), failed_module, ..self.verdict(Status::Error) };
        self.stop_and_roll_back(verdict);
    }

    pub(super) fn stop_and_roll_back(&mut self, verdict: Verdict) {
        self.tasks.clear();
        self.state = if self.plan.settings.auto_commit {
            State::Finishing(Box::new(verdict))
        } else {
            State::RollingBack(Box::new(verdict))
        };
    }

    /// Stops well and keeps what was done: the Commit directive.
    pub(super) fn stop_and_commit(&mut self) {
        self.tasks.clear();
        let status = if self.warned { Status::Warning } else { Status::Success };
        let verdict = Box::new(self.verdict(status));
        self.state = if self.plan.settings.auto_commit {
            State::Finishing(verdict)
        } else {
            State::Committing(Afterwards::Finish(verdict))
        };
    }

    pub(super) fn stop_at_limit(&mut self, node: NodeId, what: &str, limit: u64) {
        let message = format!(
            "the run was stopped at module {}: it has used all of its {limit} {what}. Split the work into smaller \
             runs, or raise the limit in the server's settings",
            self.module_id(node)
        );
        self.stop_with_error(node, ModuleError::new(ErrorKind::OperationsLimitExceededError, message));
    }
}
