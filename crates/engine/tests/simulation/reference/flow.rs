//! How bundles flow, and what an error leads to.

use super::{Bundle, Deed, Frame, MOST_OPERATIONS, Reference, Stop, Stored, go_on};
use crate::scenario::{Branch, Directive, Filter, Module, Start, Work};
use crate::world::{Answer, Interference};

impl<'a> Reference<'a> {
    pub(super) fn begin(&mut self, module: i64) -> Result<u32, Stop> {
        if self.operations == MOST_OPERATIONS {
            return Err(Stop::Error);
        }
        self.operations += 1;
        self.last_operation += 1;
        self.deeds.push(Deed::Operation(module));
        Ok(self.last_operation)
    }

    fn number(&self, module: i64) -> Option<i64> {
        self.scope.iter().rev().find(|(id, _)| *id == module).and_then(|(_, bundle)| bundle.number)
    }

    fn passes(&self, filter: Option<Filter>) -> bool {
        filter.is_none_or(|filter| self.number(filter.of).is_some_and(|number| number > filter.greater_than))
    }

    pub(super) fn flow(&mut self, flow: &'a [Module], at: usize) -> Result<(), Stop> {
        match flow.get(at) {
            Some(module) if self.passes(module.filter) => self.enter(flow, at),
            Some(_) => Ok(()),
            None => match flow.first().and_then(|first| self.joins.get(&first.id)).copied() {
                Some((flow, at)) => self.flow(flow, at),
                None => Ok(()),
            },
        }
    }

    pub(super) fn enter(&mut self, flow: &'a [Module], at: usize) -> Result<(), Stop> {
        let module = &flow[at];
        match &module.work {
            Work::Router { .. } => {
                let base = self.scope.len();
                self.proceed(Frame::Router { flow, at, base, next: 0, accepted: false })
            }
            Work::IfElse { branches, is_merged } => self.choose((flow, at), branches, *is_merged),
            Work::Merge { branching } => {
                self.begin(module.id)?;
                // The branch that was taken tells the column.
                let column = self.number(*branching);
                self.emit(flow, at, vec![Bundle { number: column, list: Vec::new() }])
            }
            Work::Aggregate { .. } => {
                let open = self.gatherings.iter_mut().rev().find(|(id, _)| *id == module.id);
                open.into_iter().for_each(|(_, count)| *count += 1);
                Ok(())
            }
            Work::Directive(directive) => Err(Stop::Directive(*directive)),
            Work::Return => {
                self.begin(module.id)?;
                Err(Stop::Well)
            }
            Work::Broken => {
                let operation = self.begin(module.id)?;
                self.fail(flow, at, operation)
            }
            Work::Call => self.call(flow, at),
            Work::Sleep => {
                let operation = self.begin(module.id)?;
                self.interfere(flow, at, operation)?;
                self.emit(flow, at, vec![Bundle::default()])
            }
            Work::Variable => {
                self.begin(module.id)?;
                self.emit(flow, at, vec![Bundle::default()])
            }
            Work::Repeat { times } => {
                self.begin(module.id)?;
                self.emit(flow, at, (0..*times).map(|_| Bundle::default()).collect())
            }
            Work::Iterate { of } => {
                self.begin(module.id)?;
                let source = self.scope.iter().rev().find(|(id, _)| id == of);
                let items = source.map(|(_, bundle)| bundle.list.clone()).unwrap_or_default();
                self.emit(flow, at, items.into_iter().map(item).collect())
            }
        }
    }

    /// The first branch that fits, and no other.
    fn choose(
        &mut self,
        (flow, at): (&'a [Module], usize),
        branches: &'a [Branch],
        is_merged: bool,
    ) -> Result<(), Stop> {
        self.begin(flow[at].id)?;
        let base = self.scope.len();
        let fitting = |branch: &&Branch| !branch.is_disabled && self.passes(branch.condition);
        let chosen = branches.iter().zip(1..).find(|(branch, _)| fitting(branch));
        match chosen {
            Some((branch, column)) if is_merged => {
                self.scope.push((flow[at].id, Bundle { number: Some(column), list: Vec::new() }));
                if branch.flow.is_empty() { self.flow(flow, at + 1) } else { self.enter(&branch.flow, 0) }
            }
            None if is_merged => Ok(()),
            Some((branch, _)) if !branch.flow.is_empty() => {
                let frame = Frame::Onward { flow, at, base };
                self.within(frame.clone(), |reference| reference.enter(&branch.flow, 0))?;
                self.proceed(frame)
            }
            _ => self.flow(flow, at + 1),
        }
    }

    fn call(&mut self, flow: &'a [Module], at: usize) -> Result<(), Stop> {
        let operation = self.begin(flow[at].id)?;
        self.interfere(flow, at, operation)?;
        for attempt in 1.. {
            match self.world.answer(operation, attempt) {
                Answer::Retry => {}
                Answer::Bundles(bundles) => {
                    self.exhausted |= flow[at].id == 1 && bundles.is_empty() && self.scenario.start == Start::Polling;
                    return self.emit(flow, at, bundles.into_iter().map(Bundle::from).collect());
                }
                Answer::Fail => return self.fail(flow, at, operation),
                Answer::Doubt => {
                    self.store(flow, at, operation);
                    self.warned = true;
                    self.deeds.push(Deed::Parked(operation));
                    return Err(Stop::Parked);
                }
            }
        }
        Ok(())
    }

    fn interfere(&mut self, flow: &'a [Module], at: usize, operation: u32) -> Result<(), Stop> {
        match self.world.interference(operation) {
            Interference::None => Ok(()),
            Interference::Stopped => Err(Stop::ByHand),
            Interference::TimeIsOver => {
                self.deeds.push(Deed::Interrupted);
                if self.scenario.store && flow[at].id != 1 && !self.world.is_full(operation) {
                    self.store(flow, at, operation);
                    self.stored.iter_mut().rev().take(1).for_each(|stored| stored.is_whole = true);
                    self.deeds.push(Deed::Parked(operation));
                }
                Err(Stop::TimeIsOver)
            }
        }
    }

    /// Keeps what is left to do, should the operation be stored.
    fn store(&mut self, flow: &'a [Module], at: usize, operation: u32) {
        let mut state = Box::new(self.clone());
        state.stored.clear();
        self.stored.push(Stored { operation, place: (flow, at), is_whole: false, state });
    }

    pub(super) fn emit(&mut self, flow: &'a [Module], at: usize, rest: Vec<Bundle>) -> Result<(), Stop> {
        let (base, open) = (self.scope.len(), self.gatherings.len());
        let aggregators = self.aggregators.get(&flow[at].id).cloned().unwrap_or_default();
        self.gatherings.extend(aggregators.into_iter().map(|aggregator| (aggregator, 0)));
        self.proceed(Frame::Emission { flow, at, base, open, rest, is_spent: false })
    }

    pub(super) fn proceed(&mut self, frame: Frame<'a>) -> Result<(), Stop> {
        match frame {
            Frame::Emission { flow, at, base, open, rest, is_spent } => {
                self.next_bundles((flow, at), (base, open), rest, is_spent)
            }
            Frame::Flush { rest, base } => self.flush(rest, base),
            Frame::Router { flow, at, base, next, accepted } => self.next_routes((flow, at), base, next, accepted),
            Frame::Onward { flow, at, base } => {
                self.scope.truncate(base);
                self.flow(flow, at + 1)
            }
            Frame::ErrorRoute { .. } => Ok(()),
        }
    }

    /// Does something with a frame to come back to.
    fn within(&mut self, frame: Frame<'a>, work: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        self.frames.push(frame);
        let outcome = work(self);
        self.frames.pop();
        outcome
    }

    /// Each bundle to all leaves before the next, then the aggregators.
    fn next_bundles(
        &mut self,
        (flow, at): (&'a [Module], usize),
        (base, open): (usize, usize),
        mut rest: Vec<Bundle>,
        is_spent: bool,
    ) -> Result<(), Stop> {
        while !rest.is_empty() {
            let bundle = rest.remove(0);
            self.scope.truncate(base);
            self.scope.push((flow[at].id, bundle));
            if rest.is_empty() && self.gatherings.len() == open {
                // Nothing to come back to: what is stored behind the last bundle
                // takes with it what its source still had before it.
                return self.flow(flow, at + 1);
            }
            let frame = Frame::Emission { flow, at, base, open, rest: rest.clone(), is_spent };
            go_on(self.within(frame, |reference| reference.flow(flow, at + 1)))?;
        }
        let mut gathered = self.gatherings.split_off(open);
        gathered.retain(|(_, count)| *count > 0 || !is_spent);
        self.flush(gathered, base)
    }

    fn flush(&mut self, mut rest: Vec<(i64, usize)>, base: usize) -> Result<(), Stop> {
        while !rest.is_empty() {
            let (aggregator, count) = rest.remove(0);
            self.scope.truncate(base);
            if rest.is_empty() {
                return self.aggregate(aggregator, count);
            }
            let frame = Frame::Flush { rest: rest.clone(), base };
            go_on(self.within(frame, |reference| reference.aggregate(aggregator, count)))?;
        }
        self.scope.truncate(base);
        Ok(())
    }

    /// The routes in order, then the fallback, then what follows the router in
    /// its own flow.
    fn next_routes(
        &mut self,
        (flow, at): (&'a [Module], usize),
        base: usize,
        mut next: usize,
        mut accepted: bool,
    ) -> Result<(), Stop> {
        let Work::Router { routes, fallback } = &flow[at].work else { panic!("not a router") };
        let usual = (0..routes.len()).filter(|index| Some(*index) != *fallback);
        let order: Vec<usize> = usual.chain(*fallback).collect();
        while let Some(index) = order.get(next).copied() {
            next += 1;
            self.scope.truncate(base);
            let route = &routes[index];
            let filter = route.flow.first().and_then(|first| first.filter);
            if route.is_disabled || Some(index) == *fallback && accepted || !self.passes(filter) {
                continue;
            }
            accepted = true;
            if !route.flow.is_empty() {
                let frame = Frame::Router { flow, at, base, next, accepted };
                self.within(frame, |reference| reference.enter(&route.flow, 0))?;
            }
        }
        self.scope.truncate(base);
        self.flow(flow, at + 1)
    }

    fn aggregate(&mut self, aggregator: i64, count: usize) -> Result<(), Stop> {
        self.begin(aggregator)?;
        let (flow, at) = self.places[&aggregator];
        let stops = matches!(flow[at].work, Work::Aggregate { stop_if_empty: true, .. });
        let bundles = if count == 0 && stops { Vec::new() } else { vec![Bundle::default()] };
        self.emit(flow, at, bundles)
    }

    fn fail(&mut self, flow: &'a [Module], at: usize, operation: u32) -> Result<(), Stop> {
        let module = &flow[at];
        // What would be left to do, should it be stored.
        self.store(flow, at, operation);
        let (base, open) = (self.scope.len(), self.gatherings.len());
        if let Some(route) = module.error_route.as_deref().filter(|route| !route.is_empty()) {
            self.scope.push((module.id, Bundle::default()));
            if self.passes(route[0].filter) {
                let frame = Frame::ErrorRoute { flow, at, base, open, operation };
                let outcome = self.within(frame.clone(), |reference| reference.enter(route, 0));
                return self.leave_error_route(&frame, outcome);
            }
            self.scope.truncate(base);
        }
        let on_error_route = self.frames.iter().any(|frame| matches!(frame, Frame::ErrorRoute { .. }));
        if self.scenario.store && module.id != 1 && !on_error_route {
            return self.park(operation);
        }
        Err(Stop::Error)
    }

    pub(super) fn leave_error_route(&mut self, frame: &Frame<'a>, outcome: Result<(), Stop>) -> Result<(), Stop> {
        let Frame::ErrorRoute { flow, at, base, open, operation } = *frame else { return outcome };
        self.scope.truncate(base);
        self.gatherings.truncate(open);
        match outcome {
            Err(Stop::Directive(directive)) => self.obey(directive, flow, at, operation),
            other => other,
        }
    }

    fn obey(&mut self, directive: Directive, flow: &'a [Module], at: usize, operation: u32) -> Result<(), Stop> {
        match directive {
            Directive::Ignore => Ok(()),
            Directive::Resume => self.emit(flow, at, vec![Bundle { number: Some(2), list: vec![1] }]),
            Directive::Commit => Err(Stop::Well),
            Directive::Break if self.scenario.store => {
                // The error route was taken up again, and its module failed in
                // the run before.
                if !self.stored.iter().any(|stored| stored.operation == operation) {
                    self.store(flow, at, operation);
                }
                self.park(operation)
            }
            Directive::Break | Directive::Rollback => Err(Stop::Error),
        }
    }

    fn park(&mut self, operation: u32) -> Result<(), Stop> {
        if self.world.is_full(operation) {
            return Err(Stop::Error);
        }
        self.warned = true;
        self.deeds.push(Deed::Parked(operation));
        Err(Stop::Parked)
    }
}

fn item(number: i64) -> Bundle {
    Bundle { number: Some(number), list: Vec::new() }
}
