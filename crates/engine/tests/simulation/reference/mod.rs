//! The rules of the flow a second time, as plain recursion: what a run must do
//! and in which order (source: `make-semantics.md` §3.4 to §3.11, §4). A flow
//! leaves frames behind it, so that what was stored can be taken up again.

mod flow;

use std::collections::HashMap;

use rouage_model::execution::Status;

use crate::scenario::{Directive, Module, Scenario, Start, Work};
use crate::world::{Output, World};

/// One thing that a run does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    Operation(i64),
    Parked(u32),
    Interrupted,
    Committed,
    RolledBack,
    Finished(Status),
}

/// Most operations of a simulated run.
pub const MOST_OPERATIONS: u32 = 250;

/// What a run must do, and what of it can be retried.
pub struct Expected<'a> {
    pub deeds: Vec<Deed>,
    pub stored: Vec<Stored<'a>>,
}

/// What was left to do when something was stored.
#[derive(Clone)]
pub struct Stored<'a> {
    pub operation: u32,
    place: (&'a [Module], usize),
    /// Everything that the run had before it, and not only its bundle.
    is_whole: bool,
    state: Box<Reference<'a>>,
}

/// Everything that the run must do.
pub fn run(scenario: &Scenario, world: World) -> Expected<'_> {
    let mut reference = Reference {
        scenario,
        world,
        places: HashMap::new(),
        joins: HashMap::new(),
        aggregators: HashMap::new(),
        deeds: Vec::new(),
        stored: Vec::new(),
        operations: 0,
        last_operation: 0,
        cycle: 1,
        is_retry: false,
        scope: Vec::new(),
        gatherings: Vec::new(),
        frames: Vec::new(),
        warned: false,
        exhausted: false,
    };
    reference.index(&scenario.flow);
    let status = reference.run();
    reference.finished(status)
}

impl<'a> Stored<'a> {
    /// Everything that the retry must do.
    pub fn retry(self, world: World) -> Expected<'a> {
        let mut reference = *self.state;
        reference.world = world;
        reference.last_operation = self.operation - 1;
        reference.operations = 0;
        reference.cycle = 1;
        reference.is_retry = true;
        reference.warned = false;
        reference.deeds.clear();
        reference.stored.clear();
        if !self.is_whole {
            reference.forget_other_bundles();
        }
        let status = reference.resume(self.place);
        reference.finished(status)
    }
}

/// Why a flow did not come to its end.
#[derive(Debug)]
enum Stop {
    /// Only for this bundle.
    Parked,
    /// Up to the error route that it stands on.
    Directive(Directive),
    Error,
    Well,
    TimeIsOver,
    ByHand,
}

/// What a flow comes back to, from the outermost in.
#[derive(Debug, Clone)]
enum Frame<'a> {
    /// The bundles of an operation that are still to come.
    Emission {
        flow: &'a [Module],
        at: usize,
        base: usize,
        open: usize,
        rest: Vec<Bundle>,
        is_spent: bool,
    },
    /// Aggregators that are still to speak, and how many bundles they have.
    Flush {
        rest: Vec<(i64, usize)>,
        base: usize,
    },
    /// Routes that are still to be taken, the fallback last.
    Router {
        flow: &'a [Module],
        at: usize,
        base: usize,
        next: usize,
        accepted: bool,
    },
    ErrorRoute {
        flow: &'a [Module],
        at: usize,
        base: usize,
        open: usize,
        operation: u32,
    },
    /// What follows an if-else whose branches do not meet.
    Onward {
        flow: &'a [Module],
        at: usize,
        base: usize,
    },
}

#[derive(Debug, Clone, Default)]
struct Bundle {
    number: Option<i64>,
    list: Vec<i64>,
}

impl From<Output> for Bundle {
    fn from(output: Output) -> Self {
        Self { number: Some(output.number), list: output.list }
    }
}

#[derive(Clone)]
struct Reference<'a> {
    scenario: &'a Scenario,
    world: World,
    /// Where a module stands: its flow and its position there.
    places: HashMap<i64, (&'a [Module], usize)>,
    /// Where a merged branch, known by its first module, leads to.
    joins: HashMap<i64, (&'a [Module], usize)>,
    /// By source, in document order.
    aggregators: HashMap<i64, Vec<i64>>,
    deeds: Vec<Deed>,
    stored: Vec<Stored<'a>>,
    operations: u32,
    last_operation: u32,
    cycle: u32,
    is_retry: bool,
    scope: Vec<(i64, Bundle)>,
    /// Aggregators whose source still gives bundles, and how many they have.
    gatherings: Vec<(i64, usize)>,
    frames: Vec<Frame<'a>>,
    warned: bool,
    exhausted: bool,
}

impl<'a> Reference<'a> {
    fn index(&mut self, flow: &'a [Module]) {
        for (at, module) in flow.iter().enumerate() {
            self.places.insert(module.id, (flow, at));
            self.index(module.error_route.as_deref().unwrap_or_default());
            match &module.work {
                Work::Aggregate { feeder, .. } => self.aggregators.entry(*feeder).or_default().push(module.id),
                Work::Router { routes, .. } => routes.iter().for_each(|route| self.index(&route.flow)),
                Work::IfElse { branches, is_merged } => {
                    for branch in branches {
                        self.index(&branch.flow);
                        if let Some(first) = branch.flow.first().filter(|_| *is_merged) {
                            self.joins.insert(first.id, (flow, at + 1));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn finished(mut self, status: Status) -> Expected<'a> {
        self.deeds.push(Deed::Finished(status));
        Expected { deeds: self.deeds, stored: self.stored }
    }

    fn run(&mut self) -> Status {
        loop {
            let outcome = self.cycle();
            self.scope.clear();
            let outcome = outcome.and_then(|()| self.commit());
            let again =
                self.scenario.start != Start::Instant && !self.exhausted && self.cycle < self.scenario.roundtrips;
            match outcome {
                Ok(()) if again => self.cycle += 1,
                Ok(()) => return self.status(),
                Err(stop) => return self.end(&stop),
            }
        }
    }

    fn cycle(&mut self) -> Result<(), Stop> {
        let scenario = self.scenario;
        let outcome = if scenario.start == Start::Instant {
            let bundles = self.world.started().into_iter().map(Bundle::from).collect();
            self.begin(1).and_then(|_| self.emit(&scenario.flow, 0, bundles))
        } else {
            self.flow(&scenario.flow, 0)
        };
        match outcome {
            Err(Stop::Parked) => Ok(()),
            other => other,
        }
    }

    fn has_pending_effects(&self) -> bool {
        !self.scenario.auto_commit || self.scenario.start == Start::Polling && !self.is_retry
    }

    /// Of other bundles only the places where aggregators gather are left, and
    /// the error routes that they stand on.
    fn forget_other_bundles(&mut self) {
        let last = self.frames.iter().rposition(|frame| matches!(frame, Frame::Emission { .. } | Frame::Flush { .. }));
        let own = self.frames.split_off(last.map_or(0, |last| last + 1));
        self.frames.retain(|frame| matches!(frame, Frame::Emission { .. } | Frame::ErrorRoute { .. }));
        for frame in &mut self.frames {
            if let Frame::Emission { rest, is_spent, .. } = frame {
                rest.clear();
                *is_spent = true;
            }
        }
        self.gatherings.iter_mut().for_each(|(_, count)| *count = 0);
        self.frames.extend(own);
    }

    /// Does the stored operation again, then what it came from.
    fn resume(&mut self, (flow, at): (&'a [Module], usize)) -> Status {
        let mut outcome = self.enter(flow, at);
        while let Some(frame) = self.frames.pop() {
            outcome = match (&frame, outcome) {
                (Frame::Emission { .. } | Frame::Flush { .. }, outcome) => {
                    go_on(outcome).and_then(|()| self.proceed(frame))
                }
                (Frame::Router { .. } | Frame::Onward { .. }, outcome) => outcome.and_then(|()| self.proceed(frame)),
                (Frame::ErrorRoute { .. }, outcome) => self.leave_error_route(&frame, outcome),
            };
        }
        match go_on(outcome).and_then(|()| self.commit()) {
            Ok(()) => self.status(),
            Err(stop) => self.end(&stop),
        }
    }

    fn commit(&mut self) -> Result<(), Stop> {
        if self.has_pending_effects() {
            if self.world.refuses_commit(self.cycle) {
                return Err(Stop::Error);
            }
            self.deeds.push(Deed::Committed);
        }
        Ok(())
    }

    fn end(&mut self, stop: &Stop) -> Status {
        match stop {
            Stop::ByHand => Status::Stopped,
            Stop::Error => self.rolled_back(),
            Stop::Well if self.commit().is_ok() => self.status(),
            Stop::TimeIsOver if self.commit().is_ok() => Status::Warning,
            _ => self.rolled_back(),
        }
    }

    fn rolled_back(&mut self) -> Status {
        if self.has_pending_effects() && !self.world.refuses_rollback() {
            self.deeds.push(Deed::RolledBack);
        }
        Status::Error
    }

    fn status(&self) -> Status {
        if self.warned { Status::Warning } else { Status::Success }
    }
}

/// A bundle that was stored holds up no other.
fn go_on(outcome: Result<(), Stop>) -> Result<(), Stop> {
    match outcome {
        Err(Stop::Parked) => Ok(()),
        other => other,
    }
}
