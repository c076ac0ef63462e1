//! How bundles flow: depth first, one bundle to all leaves before the next.

use rouage_model::{Collection, ModuleError, OperationId, Value};

use super::Run;
use crate::expressions::Mapping;
use crate::natives::Gathering;
use crate::plan::{NamedFilter, NodeId, Work};
use crate::task::{Bundles, Emission, Flush, Routes, Task};
use crate::trace::FilterTrace;

impl Run {
    pub(super) fn perform(&mut self, task: Task) {
        match task {
            Task::Arrive(node) => match self.is_let_in(node) {
                Ok(true) => self.enter(node),
                Ok(false) => {}
                Err(error) => self.refuse(node, error),
            },
            Task::Enter(node) => self.enter(node),
            Task::Emission(emission) => self.next_bundle(emission),
            Task::Routes(routes) => self.next_route(routes),
            Task::Flush(flush) => self.next_aggregate(flush),
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
        self.tasks.push(Task::Emission(Emission { node, operation, bundles, base: self.scope.base(), gatherings }));
    }

    fn next_bundle(&mut self, mut emission: Emission) {
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
        self.tasks.push(Task::Emission(emission));
        self.scope.push(node, operation, bundle);
        if let Some(next) = self.plan.node(node).next {
            self.tasks.push(Task::Arrive(next));
        }
    }

    /// A source has given all it had: its aggregators give what they gathered.
    fn flush(&mut self, emission: Emission) {
        if emission.gatherings.is_empty() {
            return;
        }
        // A retry completes one bundle: aggregators that it did not reach have
        // spoken in the original run.
        let mut gatherings = emission.gatherings;
        if self.partial {
            gatherings.retain(|gathering| !gathering.is_empty());
        }
        self.tasks.push(Task::Flush(Flush { gatherings: gatherings.into_iter(), base: emission.base }));
    }

    fn next_aggregate(&mut self, mut flush: Flush) {
        self.scope.cut(flush.base);
        let Some(gathering) = flush.gatherings.next() else { return };
        self.tasks.push(Task::Flush(flush));
        self.aggregate(gathering);
    }

    /// The routes of a router in order; then, when none accepted, the fallback;
    /// then what follows the router in its own flow, if anything does.
    fn next_route(&mut self, mut routes: Routes) {
        self.scope.cut(routes.base);
        let plan = self.plan.clone();
        let node = plan.node(routes.router);
        let Work::Router(all) = &node.work else { return };
        while let Some(route) = all.get(routes.next) {
            routes.next += 1;
            if !route.disabled && !route.fallback && self.takes(&mut routes, route.first) {
                return;
            }
        }
        let fallback = all.iter().find(|route| route.fallback && !route.disabled);
        if let Some(fallback) = fallback.filter(|_| !routes.accepted)
            && self.takes(&mut routes, fallback.first)
        {
            return;
        }
        self.tasks.extend(node.next.map(Task::Arrive));
    }

    /// Sends the bundle down a route, if its filter lets it in. An empty route
    /// lets everything in. A filter that fails is a failure of its module; the
    /// error route of that module decides whether the later routes run.
    fn takes(&mut self, routes: &mut Routes, first: Option<NodeId>) -> bool {
        let answer = first.map_or(Ok(true), |first| self.is_let_in(first));
        if let Ok(false) = answer {
            return false;
        }
        routes.accepted = true;
        self.tasks.push(Task::Routes(routes.clone()));
        match (first, answer) {
            (Some(first), Err(error)) => self.refuse(first, error),
            (first, _) => self.tasks.extend(first.map(Task::Enter)),
        }
        true
    }

    /// Asks the filter on the way to a node. The first module of a scenario has
    /// none (source: `make-semantics.md` §3.8).
    pub(super) fn is_let_in(&mut self, node: NodeId) -> Result<bool, ModuleError> {
        let plan = self.plan.clone();
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
    pub(super) fn gather(&mut self, node: NodeId) {
        if let Err(error) = self.gathered(node) {
            self.refuse(node, error);
        }
    }

    fn gathered(&mut self, node: NodeId) -> Result<(), ModuleError> {
        let plan = self.plan.clone();
        let planned = plan.node(node);
        let Work::Aggregate(aggregator) = &planned.work else { return Ok(()) };
        let key = self.key(aggregator.group_by.as_ref())?;
        let input = self.surroundings().map(planned.mapper.as_ref())?;
        let item = aggregator.aggregation.item(&input)?;
        match self.open_gathering(node) {
            Some(gathering) => gathering.add(key, item),
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
    fn aggregate(&mut self, gathering: Gathering) {
        let plan = self.plan.clone();
        let node = gathering.aggregator;
        let planned = plan.node(node);
        let Work::Aggregate(aggregator) = &planned.work else { return };
        let Some(operation) = self.begin(node, &gathered_input(&gathering)) else { return };
        if gathering.is_empty() && aggregator.stop_if_empty {
            self.emit(node, operation, Bundles::none());
            return;
        }
        match gathering.finish(aggregator.aggregation, &planned.module.parameters) {
            Ok(bundles) => self.emit(node, operation, Bundles::list(bundles)),
            Err(error) => self.fail(node, operation, error),
        }
    }
}

/// What the trace shows as the input of an aggregator.
fn gathered_input(gathering: &Gathering) -> Value {
    [("__IMTAGGLENGTH__", gathering.len())].into_iter().collect::<Collection>().into()
}
