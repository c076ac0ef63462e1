//! How bundles flow: depth first, one bundle to all leaves before the next.

use rouage_model::{ModuleError, OperationId, Value};

use super::{Run, size_of_new};
use crate::expressions::Mapping;
use crate::names;
use crate::natives::{self, Gathering};
use crate::plan::{NamedFilter, NodeId, Plan, Work};
use crate::task::{Again, Bundles, Emission, Flush, Routes, Task};
use crate::trace::{FilterTrace, Point};

impl Run {
    pub(super) fn perform(&mut self, plan: &Plan, task: Task) {
        match task {
            Task::Arrive(node) => match self.is_let_in(plan, node) {
                Ok(true) => self.enter(plan, node),
                Ok(false) => {}
                Err(error) => self.refuse_at_filter(node, error),
            },
            Task::Enter(node) => self.enter(plan, node),
            Task::Onward { node, base } => {
                self.scope.cut(base);
                self.tasks.push(Task::Arrive(node));
            }
            Task::Emission(emission) => self.next_bundle(plan, emission),
            Task::Routes(routes) => self.next_route(plan, routes),
            Task::Flush(flush) => self.next_aggregate(plan, flush),
            // The route ended without a directive: the error is ignored
            // (source: `make-semantics.md` §4.4).
            Task::ErrorRoute(mark) => self.scope.cut(mark.base),
        }
    }

    /// Sends the output of an operation down the flow.
    pub(super) fn emit(&mut self, node: NodeId, operation: OperationId, bundles: Bundles) {
        let (now, ready) = (self.now, bundles.ready());
        if let Some(trace) = &mut self.trace {
            trace.change(operation, |traced| traced.output.extend_from_slice(ready));
            trace.done(operation, now);
        }
        self.send(node, operation, bundles);
    }

    /// The same without a word in the trace.
    pub(super) fn send(&mut self, node: NodeId, operation: OperationId, bundles: Bundles) {
        let aggregators = &self.plan.node(node).aggregators;
        let gatherings = aggregators.iter().map(|aggregator| Gathering::new(*aggregator)).collect();
        let base = self.scope.base();
        self.tasks.push(Task::Emission(Emission { node, operation, bundles, base, gatherings, is_spent: false }));
    }

    fn next_bundle(&mut self, plan: &Plan, mut emission: Emission) {
        self.scope.cut(emission.base);
        let Some(bundle) = emission.bundles.next() else {
            self.flush(emission);
            return;
        };
        self.bundles += 1;
        if self.bundles > self.context.limits.bundles {
            self.stop_at_limit(emission.node, "bundles", self.context.limits.bundles);
            return;
        }
        let (node, operation) = (emission.node, emission.operation);
        if let Some(trace) = self.trace.as_mut().filter(|_| emission.bundles.are_made()) {
            trace.change(operation, |traced| traced.output.push(bundle.clone()));
        }
        // The last bundle needs nothing to come back to, so what fails behind
        // it takes with it whatever else its source still had before it.
        if !emission.bundles.are_over() || !emission.gatherings.is_empty() {
            self.tasks.push(Task::Emission(emission));
        }
        self.scope.push(node, operation, bundle);
        self.watch(Point::After(plan.node(node).module.id));
        if let Some(next) = plan.node(node).next {
            self.tasks.push(Task::Arrive(next));
        }
    }

    /// A source has given all it had: its aggregators give what they gathered.
    fn flush(&mut self, emission: Emission) {
        if emission.gatherings.is_empty() {
            return;
        }
        let mut gatherings = emission.gatherings;
        if emission.is_spent {
            gatherings.retain(|gathering| !gathering.is_empty());
        }
        self.tasks.push(Task::Flush(Flush { gatherings: gatherings.into_iter(), base: emission.base }));
    }

    fn next_aggregate(&mut self, plan: &Plan, mut flush: Flush) {
        self.scope.cut(flush.base);
        let Some(gathering) = flush.gatherings.next() else { return };
        if flush.gatherings.len() > 0 {
            self.tasks.push(Task::Flush(flush));
        }
        self.aggregate(plan, gathering);
    }

    /// The routes of a router in order; then, when none accepted, the fallback;
    /// then what follows the router in its own flow, if anything does.
    fn next_route(&mut self, plan: &Plan, mut routes: Routes) {
        self.scope.cut(routes.base);
        let node = plan.node(routes.router);
        let Work::Router(all) = &node.work else { return };
        while let Some(route) = all.get(routes.next) {
            routes.next += 1;
            if !route.disabled && !route.fallback && self.takes(plan, &mut routes, route.first) {
                return;
            }
        }
        let fallback = all.iter().find(|route| route.fallback && !route.disabled);
        if let Some(fallback) = fallback.filter(|_| !routes.accepted)
            && self.takes(plan, &mut routes, fallback.first)
        {
            return;
        }
        self.tasks.extend(node.next.map(Task::Arrive));
    }

    /// Sends the bundle down a route, if its filter lets it in. An empty route
    /// lets everything in. A filter that fails is a failure of its module; the
    /// error route of that module decides whether the later routes run.
    fn takes(&mut self, plan: &Plan, routes: &mut Routes, first: Option<NodeId>) -> bool {
        let answer = first.map_or(Ok(true), |first| self.is_let_in(plan, first));
        if let Ok(false) = answer {
            return false;
        }
        routes.accepted = true;
        self.tasks.push(Task::Routes(routes.clone()));
        match (first, answer) {
            (Some(first), Err(error)) => self.refuse_at_filter(first, error),
            (first, _) => self.tasks.extend(first.map(Task::Enter)),
        }
        true
    }

    /// Asks the filter on the way to a node. The first module of a scenario has
    /// none (source: `make-semantics.md` §3.8).
    pub(super) fn is_let_in(&mut self, plan: &Plan, node: NodeId) -> Result<bool, ModuleError> {
        self.watch(Point::Before(plan.node(node).module.id));
        match &plan.node(node).filter {
            Some(filter) if !plan.is_first(node) => self.ask(node, filter),
            _ => Ok(true),
        }
    }

    pub(super) fn ask(&mut self, node: NodeId, named: &NamedFilter) -> Result<bool, ModuleError> {
        let passed = self.surroundings().passes(named)?;
        if self.trace.is_none() {
            return Ok(passed);
        }
        let asked = FilterTrace {
            module: self.module_id(node),
            name: named.name.clone(),
            passed,
            explanation: self.surroundings().explain(named, passed),
            after_operation: self.scope.latest_operation(),
        };
        if let Some(trace) = &mut self.trace {
            trace.filters.push(asked);
        }
        Ok(passed)
    }

    /// A bundle comes to an aggregator.
    pub(super) fn gather(&mut self, plan: &Plan, node: NodeId) {
        if let Err(error) = self.gathered(plan, node) {
            self.refuse(node, error);
        }
    }

    fn gathered(&mut self, plan: &Plan, node: NodeId) -> Result<(), ModuleError> {
        let planned = plan.node(node);
        let Work::Aggregate(aggregator) = &planned.work else { return Ok(()) };
        let key = self.key(aggregator.group_by.as_ref())?;
        let input = self.surroundings().map(planned.mapper.as_ref())?;
        let item = aggregator.aggregation.item(&input)?;
        self.notes.grow(size_of_new(&item));
        let warnings = self.notes.take_warnings();
        match self.open_gathering(node) {
            Some(gathering) => gathering.add(key, item, warnings),
            // The source has given all it had: this bundle comes from another
            // aggregator of the same source, and Make gives it nothing.
            None => Ok(()),
        }
    }

    fn key(&self, group_by: Option<&Mapping>) -> Result<Option<Value>, ModuleError> {
        let Some(group_by) = group_by else { return Ok(None) };
        let mapped = self.surroundings().map(Some(group_by))?;
        Ok(Some(mapped.field("groupBy").clone()))
    }

    fn open_gathering(&mut self, aggregator: NodeId) -> Option<&mut Gathering> {
        let gatherings = self.tasks.iter_mut().rev().filter_map(|task| match task {
            Task::Emission(emission) => Some(&mut emission.gatherings),
            _ => None,
        });
        gatherings.flatten().find(|gathering| gathering.aggregator == aggregator)
    }

    /// An aggregator gives what it gathered.
    fn aggregate(&mut self, plan: &Plan, mut gathering: Gathering) {
        let node = gathering.aggregator;
        let planned = plan.node(node);
        let Work::Aggregate(aggregator) = &planned.work else { return };
        self.notes.warn(gathering.take_warnings());
        let input = self.trace.as_ref().map(|_| gathered_input(&gathering)).unwrap_or_default();
        let Some(operation) = self.begin(node, &input) else { return };
        if gathering.is_empty() && aggregator.stop_if_empty {
            self.emit(node, operation, Bundles::none());
            return;
        }
        match gathering.finish(aggregator.aggregation, &planned.module.parameters) {
            Ok(bundles) => {
                self.notes.grow(bundles.iter().map(size_of_new).sum());
                self.emit(node, operation, Bundles::list(bundles));
            }
            Err((gathering, error)) => self.fail_at(node, operation, error, Again::Speak(gathering)),
        }
    }
}

/// What the trace shows as the input of an aggregator.
fn gathered_input(gathering: &Gathering) -> Value {
    natives::single(names::shared(&names::GROUP_LENGTH), gathering.len())
}
