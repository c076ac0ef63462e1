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
        if self.has_pending_effects() {
            self.state = State::Committing(Afterwards::NextCycle);
            return;
        }
        self.next_cycle();
    }

    /// Whether something waits for the end of the cycle to be kept or undone:
    /// the transactional modules without auto commit, and with or without it
    /// the position of a polling trigger, which commits last (source:
    /// `make-semantics.md` §2.2 `autoCommitTriggerLast`).
    pub(super) fn has_pending_effects(&self) -> bool {
        let polls = || self.plan.first_module().is_some_and(|module| module.kind == Kind::PollingTrigger);
        !self.plan.settings.auto_commit || !self.pushed && !self.partial && polls()
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
        let Some(first) = self.plan.first.map(|first| self.plan.node(first)) else { return false };
        let is_once = first.module.kind == Kind::InstantTrigger || matches!(first.work, Work::Tool(Tool::Start));
        if is_once || self.pushed || self.partial || self.exhausted {
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
        Verdict {
            status,
            error: None,
            failed_module: None,
            operations: self.operations,
            by_rollback: false,
            outputs: self.outputs.clone(),
            name: self.name.clone(),
        }
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
        self.state = if self.has_pending_effects() {
            State::RollingBack(Box::new(verdict))
        } else {
            State::Finishing(Box::new(verdict))
        };
    }

    /// Stops well and keeps what was done: the Commit directive and Return.
    pub(super) fn stop_and_commit(&mut self) {
        self.tasks.clear();
        let status = if self.warned { Status::Warning } else { Status::Success };
        let verdict = Box::new(self.verdict(status));
        self.state = if self.has_pending_effects() {
            State::Committing(Afterwards::Finish(verdict))
        } else {
            State::Finishing(verdict)
        };
    }

    pub(super) fn stop_full(&mut self, node: NodeId, limit: u64) {
        let message = format!(
            "the run was stopped at module {}: it holds more than {} MB of data at a time. Split the work into smaller \
             runs, fetch fewer or smaller records at a time, or raise the limit in the server's settings",
            self.module_id(node),
            limit >> 20
        );
        self.stop_with_error(node, ModuleError::new(ErrorKind::RuntimeError, message));
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
