//! Drives a run through the world, with the laws that hold at every step.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use rouage_engine::{Call, Run, Step, Trace};
use rouage_model::journal::Event;
use rouage_model::{Collection, ErrorKind, ModuleError, ModuleId, OperationId, Value};

use crate::reference::Deed;
use crate::world::{Answer, Interference, Output, World};

/// What became of a run.
pub struct Finished {
    pub events: Vec<Event>,
    pub deeds: Vec<Deed>,
    pub trace: Trace,
}

impl Finished {
    /// What was stored.
    pub fn parked(&self) -> Vec<OperationId> {
        let parked = self.events.iter().filter_map(|event| match event {
            Event::Parked { operation, .. } => Some(*operation),
            _ => None,
        });
        parked.collect()
    }
}

/// Goes on with a run after `events` until it is over.
pub fn finish(mut run: Run, mut events: Vec<Event>, world: World, is_pushed: bool) -> Finished {
    let mut deeds = Vec::new();
    let mut watch = Watch::of(&events);
    for _ in 0..10_000 {
        let step = run.next();
        assert_eq!(run.next(), step, "asking twice gives the same answer");
        let new = run.trace().operations.iter().skip(watch.operations);
        deeds.extend(new.map(|operation| Deed::Operation(operation.module.0)));
        watch.operations = run.trace().operations.len();
        if step == Step::Finished {
            watch.over(&run);
            return Finished { events, deeds, trace: run.trace().clone() };
        }
        let event = answer(&step, &events, world, is_pushed);
        watch.see(&run, &step, &event);
        run.apply(&event).unwrap();
        deeds.extend(deed(&event));
        events.push(event);
    }
    panic!("the run does not end");
}

fn deed(event: &Event) -> Option<Deed> {
    match event {
        Event::Parked { operation, .. } => Some(Deed::Parked(operation.0)),
        Event::Interrupted { .. } => Some(Deed::Interrupted),
        Event::Committed { .. } => Some(Deed::Committed),
        Event::RolledBack { .. } => Some(Deed::RolledBack),
        Event::Finished { status, .. } => Some(Deed::Finished(*status)),
        _ => None,
    }
}

/// Laws of every step.
#[derive(Default)]
struct Watch {
    operations: usize,
    /// Attempts of calls that were made.
    called: HashSet<(OperationId, u32)>,
    /// Operations that have their answer.
    answered: HashSet<OperationId>,
    /// What a run held when it came to a module of the main line.
    held: HashMap<ModuleId, (usize, usize)>,
}

impl Watch {
    /// As it is after these events.
    fn of(events: &[Event]) -> Self {
        let called = events.iter().filter_map(|event| match event {
            Event::Called { operation, attempt, .. } => Some((*operation, *attempt)),
            _ => None,
        });
        Self { called: called.collect(), ..Self::default() }
    }

    fn see(&mut self, run: &Run, step: &Step, event: &Event) {
        if let Step::Call(call) = step
            && !matches!(event, Event::Called { .. } | Event::Interrupted { .. } | Event::Finished { .. })
        {
            assert!(self.called.contains(&(call.operation, call.attempt)), "an answer to a call that was not made");
        }
        match event {
            Event::Called { operation, attempt, .. } => {
                assert!(self.called.insert((*operation, *attempt)), "operation {operation} is called twice");
                assert!(!self.answered.contains(operation), "operation {operation} is called after its answer");
            }
            Event::Returned { operation, .. } | Event::Failed { operation, .. } | Event::Parked { operation, .. } => {
                self.answered.insert(*operation);
            }
            _ => {}
        }
        // The second module of the main line is met once a bundle of the first.
        if let Step::Call(Call { module: ModuleId(2), .. }) = step {
            let size = run.size();
            let first = *self.held.entry(ModuleId(2)).or_insert(size);
            assert!(size.0 <= first.0.max(1) && size.1 == first.1, "a finished bundle leaves something behind");
        }
    }

    fn over(&self, run: &Run) {
        assert_eq!(run.size().0, 0, "a run that is over has work left");
        let open = run.trace().operations.iter().find(|operation| operation.finished_at.is_none());
        let is_stopped = run.trace().operations.last().map(|last| last.operation);
        assert!(open.is_none_or(|open| Some(open.operation) == is_stopped), "an operation was left open");
    }
}

fn answer(step: &Step, events: &[Event], world: World, is_pushed: bool) -> Event {
    let at = "2026-11-24T08:00:00Z".parse::<Timestamp>().unwrap();
    let at = at + SignedDuration::from_secs(i64::try_from(events.len()).unwrap());
    match step {
        Step::NotStarted => {
            let bundles = is_pushed.then(|| world.started().iter().map(bundle).collect());
            Event::Started { at, bundles, inputs: Value::Undefined }
        }
        Step::Call(call) if call.called => returned(call, at, world),
        Step::Call(call) => match world.interference(call.operation.0) {
            Interference::TimeIsOver if call.attempt == 1 => Event::Interrupted { at },
            Interference::Stopped => stopped(at),
            _ => Event::Called {
                at,
                operation: call.operation,
                module: call.module,
                attempt: call.attempt,
                note: Value::Undefined,
            },
        },
        Step::Sleep(sleep) => match (world.interference(sleep.operation.0), sleep.until) {
            (Interference::TimeIsOver, None) => Event::Interrupted { at },
            (Interference::Stopped, None) => stopped(at),
            (_, None) => {
                let until = at + SignedDuration::from_secs(i64::from(sleep.seconds));
                Event::Sleeping { at, until, operation: sleep.operation, module: sleep.module }
            }
            (_, Some(at)) => Event::Returned { at, operation: sleep.operation, module: sleep.module, bundles: vec![] },
        },
        Step::Park(parked) if world.is_full(parked.operation.0) => {
            let error = ModuleError::new(ErrorKind::OutOfSpaceError, "no room");
            Event::Failed { at, operation: parked.operation, module: parked.module, error }
        }
        Step::Park(parked) => {
            Event::Parked { at, operation: parked.operation, module: parked.module, error: parked.error.clone() }
        }
        Step::Commit if world.refuses_commit(cycle(events)) => refused(at),
        Step::Commit => Event::Committed { at },
        Step::Rollback if world.refuses_rollback() => refused(at),
        Step::Rollback => Event::RolledBack { at },
        Step::Finish(verdict) => {
            Event::Finished { at, status: verdict.status, error: verdict.error.clone(), operations: verdict.operations }
        }
        Step::Finished => unreachable!("handled by the loop"),
    }
}

fn returned(call: &Call, at: Timestamp, world: World) -> Event {
    let (operation, module, attempt) = (call.operation, call.module, call.attempt);
    let error = ModuleError::new(ErrorKind::DataError, "simulated");
    match world.answer(operation.0, attempt) {
        Answer::Bundles(outputs) => {
            Event::Returned { at, operation, module, bundles: outputs.iter().map(bundle).collect() }
        }
        Answer::Fail => Event::Failed { at, operation, module, error },
        Answer::Retry => {
            Event::Retrying { at, until: at + SignedDuration::from_mins(1), operation, module, attempt, error }
        }
        Answer::Doubt => Event::Parked { at, operation, module, error: error.maybe_applied() },
    }
}

fn cycle(events: &[Event]) -> u32 {
    let committed = events.iter().filter(|event| matches!(event, Event::Committed { .. }));
    1 + u32::try_from(committed.count()).unwrap()
}

fn stopped(at: Timestamp) -> Event {
    Event::Finished { at, status: rouage_model::execution::Status::Stopped, error: None, operations: 0 }
}

fn refused(at: Timestamp) -> Event {
    let error = ModuleError::new(ErrorKind::RuntimeError, "refused");
    Event::Failed { at, operation: OperationId(0), module: ModuleId(0), error }
}

fn bundle(output: &Output) -> Value {
    let number = |number: &i64| Value::from([("n", *number)].into_iter().collect::<Collection>());
    let list: Vec<Value> = output.list.iter().map(number).collect();
    [("n", Value::from(output.number)), ("list", list.into())].into_iter().collect::<Collection>().into()
}
