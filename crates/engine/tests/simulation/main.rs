//! Random scenarios under random failures: whatever happens, the laws hold.
//!
//! Each seed makes a scenario and a world that answers it. The run must do what
//! a reference says that walks over the same scenario by plain recursion, in
//! the same order; and:
//! - it ends, in exactly one of success, warning, error and stopped;
//! - cut after any event and replayed, it does the same from there;
//! - no call is made twice without a retry in between;
//! - a finished bundle leaves nothing behind;
//! - what it stored can be retried, and that does what the reference says.

#![expect(clippy::unwrap_used, reason = "a simulation that cannot be made is a failed test")]

mod driver;
mod random;
mod reference;
mod scenario;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::tz::TimeZone;
use rouage_engine::{Catalogue, Facts, Kind, Limits, Plan, Run, RunContext, compile};
use rouage_model::execution::Status;
use rouage_model::{Blueprint, Collection, OperationId, ScenarioId, Value};

use driver::{Finished, finish};
use random::Random;
use reference::{Deed, Expected, MOST_OPERATIONS, Stored};
use scenario::{Scenario, Start};
use world::World;

const SEEDS: u64 = 3_000;

/// How often a retry may store and be retried again here.
const MOST_RETRIES: u32 = 3;

#[test]
fn whatever_happens_the_laws_hold() {
    let first = std::env::var("SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let seeds = first.map_or(0..SEEDS, |seed| seed..seed + 1);
    let mut seen = Seen::default();
    for seed in seeds {
        let outcome = catch_unwind(AssertUnwindSafe(|| check(seed)));
        match outcome {
            Ok(finished) => seen.add(&finished),
            Err(panic) => {
                println!("run it alone with SEED={seed}");
                println!("{}", scenario::scenario(seed).blueprint());
                std::panic::resume_unwind(panic);
            }
        }
    }
    if first.is_none() {
        seen.check();
    }
}

/// What the simulation came across: laws that never met their case say nothing.
#[derive(Default, Debug)]
struct Seen {
    success: u32,
    warning: u32,
    error: u32,
    stopped: u32,
    parked: usize,
    interrupted: u32,
    rolled_back: u32,
    operations: usize,
}

impl Seen {
    fn add(&mut self, finished: &Finished) {
        for deed in &finished.deeds {
            match deed {
                Deed::Operation(_) => self.operations += 1,
                Deed::Parked(_) => self.parked += 1,
                Deed::Interrupted => self.interrupted += 1,
                Deed::RolledBack => self.rolled_back += 1,
                Deed::Committed => {}
                Deed::Finished(Status::Success) => self.success += 1,
                Deed::Finished(Status::Warning) => self.warning += 1,
                Deed::Finished(Status::Error) => self.error += 1,
                Deed::Finished(_) => self.stopped += 1,
            }
        }
    }

    fn check(&self) {
        println!("{self:?}");
        let ends = [self.success, self.warning, self.error];
        assert!(ends.iter().all(|count| *count > 200), "every end is met often: {self:?}");
        assert!(self.parked > 500 && self.interrupted > 50 && self.rolled_back > 100 && self.stopped > 20, "{self:?}");
    }
}

fn check(seed: u64) -> Finished {
    let scenario = scenario::scenario(seed);
    let world = World { seed, interferes: true };
    let blueprint = Blueprint::parse(scenario.blueprint().as_bytes()).unwrap();
    let plan = Arc::new(compile(&blueprint, &Modules).plan);
    let is_pushed = scenario.start == Start::Instant;
    let new = || Run::new(plan.clone(), context()).recording();
    let live = finish(new(), Vec::new(), world, is_pushed);
    let end = live.events.last().unwrap().encode();
    let expected = reference::run(&scenario, world);
    assert_eq!(live.deeds, expected.deeds, "seed {seed}: found against reference, {end}");
    check_end(&scenario, &live);
    check_cuts(seed, &live, &new, world, is_pushed);
    check_retries(seed, &plan, &live, &expected);
    live
}

/// The end fits what happened.
fn check_end(scenario: &Scenario, live: &Finished) {
    let ends: Vec<&Deed> = live.deeds.iter().filter(|deed| matches!(deed, Deed::Finished(_))).collect();
    let is_incomplete = live.deeds.iter().any(|deed| matches!(deed, Deed::Parked(_) | Deed::Interrupted));
    match ends.as_slice() {
        [Deed::Finished(Status::Success)] => assert!(!is_incomplete, "something was stored and nobody is told"),
        [Deed::Finished(Status::Warning)] => assert!(is_incomplete, "a warning without a reason"),
        [Deed::Finished(Status::Error | Status::Stopped)] => {}
        other => panic!("{other:?}"),
    }
    let counts = |wanted: &Deed| live.deeds.iter().filter(|deed| *deed == wanted).count();
    assert!(counts(&Deed::RolledBack) <= 1);
    if scenario.auto_commit && scenario.start != Start::Polling {
        assert_eq!(counts(&Deed::Committed) + counts(&Deed::RolledBack), 0, "nothing is pending with auto commit");
    }
}

/// A run that is cut after an event and replayed is in the same state and goes
/// the same way. Long journals are cut at some of their events.
fn check_cuts(seed: u64, live: &Finished, new: &dyn Fn() -> Run, world: World, is_pushed: bool) {
    let mut random = Random::of(&[seed, 7]);
    for cut in 0..live.events.len() {
        if live.events.len() > 12 && !random.percent(1_200 / live.events.len() as u64) {
            continue;
        }
        let mut run = new();
        live.events[..cut].iter().for_each(|event| run.apply(event).unwrap());
        let again = finish(run, live.events[..cut].to_vec(), world, is_pushed);
        assert_eq!(again.events, live.events, "seed {seed}: replayed up to event {cut}");
        assert_eq!(again.trace, live.trace, "seed {seed}: replayed up to event {cut}");
    }
}

/// Whatever was stored is retried, and what the retries store as well.
fn check_retries(seed: u64, plan: &Arc<Plan>, original: &Finished, expected: &Expected<'_>) {
    for operation in original.parked() {
        let mut rebuild: Box<dyn Fn() -> Run> = {
            let (plan, events) = (plan.clone(), original.events.clone());
            Box::new(move || Run::retry(plan.clone(), context(), events.clone(), operation).unwrap().unwrap())
        };
        let mut world = World { seed: seed ^ u64::from(operation.0) << 32, interferes: true };
        let mut stored = stored(expected, operation);
        for _ in 0..MOST_RETRIES {
            let new = || rebuild().recording();
            let live = finish(new(), Vec::new(), world, false);
            let expected = stored.retry(world);
            let what = format!("seed {seed}: retry of operation {operation}");
            assert_eq!(live.deeds, expected.deeds, "{what}, found against reference");
            check_cuts(seed, &live, &new, world, false);
            let Some(next) = live.parked().last().copied() else { break };
            stored = self::stored(&expected, next);
            let events = live.events;
            world.seed += 1;
            rebuild = Box::new(move || rebuild().retried(events.clone(), next).unwrap().unwrap());
        }
    }
}

fn stored<'a>(expected: &Expected<'a>, operation: OperationId) -> Stored<'a> {
    let found = expected.stored.iter().find(|stored| stored.operation == operation.0);
    found.cloned().unwrap_or_else(|| panic!("operation {operation} should not be stored"))
}

fn context() -> RunContext {
    RunContext {
        execution: "0192f0c1000070008000000000000001".parse().unwrap(),
        scenario: ScenarioId(1),
        scenario_name: "Simulated".into(),
        scenario_url: "".into(),
        timezone: TimeZone::UTC,
        team_variables: Collection::new(),
        organization_variables: Collection::new(),
        inputs: Value::empty_collection(),
        files: rouage_engine::Files::default(),
        limits: Limits { operations: MOST_OPERATIONS, ..Limits::default() },
    }
}

struct Modules;

impl Catalogue for Modules {
    fn facts(&self, module: &str, _version: Option<i64>) -> Option<Facts> {
        let kind = match module {
            "hook:Watch" => Kind::InstantTrigger,
            "watch:Rows" => Kind::PollingTrigger,
            "act:Do" => Kind::Action,
            _ => return None,
        };
        Some(Facts { kind })
    }
}
