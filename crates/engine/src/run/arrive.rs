//! What a node does with a bundle that was let in.

use rouage_model::{ErrorKind, ModuleError, OperationId, Value};

use super::{Calling, Run, State};
use crate::names;
use crate::natives::{self, Tool};
use crate::plan::{Branch, Merge, NodeId, Plan, Work};
use crate::step::{Call, Sleep};
use crate::task::{Bundles, Routes, Task};

impl Run {
    pub(super) fn enter(&mut self, plan: &Plan, node: NodeId) {
        match &plan.node(node).work {
            Work::Disabled => {}
            Work::Router(_) => {
                let base = self.scope.base();
                self.tasks.push(Task::Routes(Routes { router: node, next: 0, accepted: false, base }));
            }
            Work::IfElse(branches) => self.choose(node, branches),
            Work::Aggregate(_) => self.gather(plan, node),
            Work::Directive(directive) => self.direct(node, *directive),
            Work::Unavailable(why) => {
                self.refuse(node, ModuleError::new(ErrorKind::InvalidConfigurationError, why.clone()));
            }
            Work::Merge(merge) => self.merge(node, merge),
            Work::Call => self.with_input(plan, node, Self::call),
            Work::Sleep => self.with_input(plan, node, Self::sleep),
            Work::Return => self.with_input(plan, node, Self::give_back),
            Work::Tool(tool) => {
                let tool = *tool;
                self.with_input(plan, node, move |run, node, operation, input| run.work(node, operation, tool, &input));
            }
        }
    }

    /// Maps the input, begins an operation and goes on with both.
    fn with_input(&mut self, plan: &Plan, node: NodeId, then: impl FnOnce(&mut Self, NodeId, OperationId, Value)) {
        match self.surroundings().map(plan.node(node).mapper.as_ref()) {
            Ok(input) => {
                if let Some(operation) = self.begin(node, &input) {
                    then(self, node, operation, input);
                }
            }
            Err(error) => self.refuse(node, error),
        }
    }

    fn call(&mut self, node: NodeId, operation: OperationId, input: Value) {
        let module = &self.plan.node(node).module;
        let call = Call {
            operation,
            module: module.id,
            name: module.name.clone(),
            version: module.version,
            parameters: module.parameters.clone(),
            input,
            attempt: 1,
            called: false,
            note: Value::Undefined,
            not_before: None,
        };
        self.state = State::Calling(Box::new(Calling { node, call }));
    }

    fn sleep(&mut self, node: NodeId, operation: OperationId, input: Value) {
        match natives::seconds(&input) {
            Ok(seconds) => {
                let sleep = Sleep { operation, module: self.module_id(node), seconds, until: None };
                self.state = State::Sleeping { node, sleep };
            }
            Err(error) => self.fail(node, operation, error),
        }
    }

    fn work(&mut self, node: NodeId, operation: OperationId, tool: Tool, input: &Value) {
        match self.output(node, tool, input) {
            Ok(bundles) => self.emit(node, operation, bundles),
            Err(error) => self.fail(node, operation, error),
        }
    }

    fn output(&mut self, node: NodeId, tool: Tool, input: &Value) -> Result<Bundles, ModuleError> {
        let bundle = match tool {
            Tool::Iterator => return Ok(natives::items(input)),
            Tool::Repeater => return natives::steps(input),
            Tool::Trigger => return Ok(natives::trigger_bundles(&self.plan.node(node).module.parameters)),
            Tool::SetVariable => self.variables.set_one(input)?,
            Tool::SetVariables => self.variables.set_many(input)?,
            Tool::GetVariable => self.variables.get_one(input)?,
            Tool::GetVariables => self.variables.get_many(input)?,
            Tool::Switcher => natives::switch(input)?,
            Tool::Compose => natives::compose(input)?,
            Tool::Increment => self.count(node),
            Tool::Start => self.inputs(),
            Tool::Name => self.rename(input)?,
        };
        Ok(Bundles::one(bundle))
    }

    fn inputs(&self) -> Value {
        match &self.context.inputs {
            inputs @ Value::Collection(_) => inputs.clone(),
            _ => Value::empty_collection(),
        }
    }

    /// Customize run name: the last one counts.
    fn rename(&mut self, input: &Value) -> Result<Value, ModuleError> {
        self.name = Some(natives::run_name(input)?);
        Ok(Value::empty_collection())
    }

    /// Return: the run ends at once, what was still to come does not happen.
    fn give_back(&mut self, _node: NodeId, operation: OperationId, outputs: Value) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.done(operation, now);
        }
        self.outputs.get_or_insert(outputs);
        self.stop_and_commit();
    }

    fn count(&mut self, node: NodeId) -> Value {
        let counter = self.counters.entry(node).or_insert(0);
        *counter += 1;
        natives::single(names::shared(&names::NUMBER), *counter)
    }

    /// If-else: the first branch whose condition holds, and no other.
    fn choose(&mut self, node: NodeId, branches: &[Branch]) {
        let Some(operation) = self.begin(node, &Value::Undefined) else { return };
        let chosen = match self.first_fitting(node, branches) {
            Ok(chosen) => chosen,
            Err(error) => return self.fail(node, operation, error),
        };
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            trace.done(operation, now);
        }
        let next = self.plan.node(node).next;
        // An if-else at the end of a merged branch leads to the merge of another.
        let is_own = |next| matches!(&self.plan.node(next).work, Work::Merge(merge) if merge.branching == Some(node));
        let is_merged = next.is_some_and(is_own);
        if !is_merged {
            let base = self.scope.base();
            self.tasks.extend(next.map(|node| Task::Onward { node, base }));
        }
        let Some(branch) = chosen else { return };
        let column = branch.column.map_or(Value::Undefined, Value::from);
        self.scope.push(node, operation, column);
        match branch.first {
            Some(first) => self.tasks.push(Task::Enter(first)),
            None if is_merged && branch.column.is_some() => self.tasks.extend(next.map(Task::Arrive)),
            None => {}
        }
    }

    fn first_fitting<'b>(&mut self, node: NodeId, branches: &'b [Branch]) -> Result<Option<&'b Branch>, ModuleError> {
        for branch in branches.iter().filter(|branch| !branch.disabled) {
            match &branch.condition {
                Some(condition) if !self.ask(node, condition)? => {}
                _ => return Ok(Some(branch)),
            }
        }
        Ok(None)
    }

    /// Merge: the column of the branch that was taken.
    fn merge(&mut self, node: NodeId, merge: &Merge) {
        let taken = merge.branching.and_then(|branching| self.scope.bundle(branching)).and_then(Value::as_i64);
        let column = taken.and_then(|column| usize::try_from(column).ok());
        let filter = column.and_then(|column| merge.filters.get(column)).and_then(Option::as_ref);
        match filter.map_or(Ok(true), |filter| self.ask(node, filter)) {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return self.refuse(node, error),
        }
        let mapping = column.and_then(|column| merge.columns.get(column));
        match self.surroundings().map(mapping) {
            Ok(bundle) => {
                if let Some(operation) = self.begin(node, &bundle) {
                    // The branches end here; what comes after sees the merge only.
                    merge.branching.into_iter().for_each(|branching| self.scope.hide_from(branching));
                    self.emit(node, operation, Bundles::one(bundle));
                }
            }
            Err(error) => self.refuse(node, error),
        }
    }
}
