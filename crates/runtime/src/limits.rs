//! What one run may use. A run that exceeds a limit ends with a reason, and the
//! server goes on.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rouage_engine::Limits as EngineLimits;
use rouage_model::execution::Origin;
use rouage_model::journal::Event;
use rouage_sdk::subscenario;
use rouage_store::retention::Policy;

/// What the configuration says of every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a run may work; what it sleeps or waits is not counted
    /// (decision D64).
    pub run_time: Duration,
    /// Most operations.
    pub operations: u32,
    /// Most bundles that its modules may give, together.
    pub bundles: u64,
    /// Most bytes of bundles that it may hold at a time.
    pub memory: u64,
    /// Most bytes of one file.
    pub file_bytes: u64,
    /// How much of its history a scenario keeps, unless the settings page or
    /// the scenario says otherwise.
    pub history: Policy,
}

impl Default for Limits {
    fn default() -> Self {
        let engine = EngineLimits::default();
        Self {
            run_time: Duration::from_secs(40 * 60),
            operations: engine.operations,
            bundles: engine.bundles,
            memory: engine.memory,
            file_bytes: 100 * 1024 * 1024,
            history: Policy { days: 30, runs: 0, bytes: 1_000_000_000 },
        }
    }
}

impl Limits {
    /// Those that the engine watches. Run once makes one cycle, whatever the
    /// scenario says (source: `make-semantics.md` §3.13).
    pub fn of_run(&self, origin: Origin) -> EngineLimits {
        EngineLimits {
            operations: self.operations,
            bundles: self.bundles,
            memory: self.memory,
            cycles: matches!(origin, Origin::Manual | Origin::Draft).then_some(1),
        }
    }

    /// None: for looking at a run that has ended, whatever held for it then.
    pub fn of_look(origin: Origin) -> EngineLimits {
        EngineLimits { operations: u32::MAX, bundles: u64::MAX, memory: u64::MAX, ..Self::default().of_run(origin) }
    }
}

/// The longest time between two events that counts as work: what is beyond it
/// was spent by nobody, as while the server was down.
const LONGEST_STEP: SignedDuration = SignedDuration::from_mins(10);

/// How long a run has worked.
#[derive(Debug, Clone, Copy)]
pub struct Worked {
    before: SignedDuration,
    since: Timestamp,
}

impl Worked {
    /// By its journal; from now on it works.
    pub fn new(events: &[Event], now: Timestamp) -> Self {
        let steps = events.iter().zip(events.iter().skip(1));
        let before = steps.fold(SignedDuration::ZERO, |total, (event, next)| total + step(event, next));
        Self { before, since: now }
    }

    /// Until now.
    pub fn until(self, now: Timestamp) -> SignedDuration {
        self.before + now.duration_since(self.since)
    }
}

/// The work between two events. Before its first event and while it waits a
/// run does not work.
fn step(event: &Event, next: &Event) -> SignedDuration {
    match event {
        Event::Started { .. } | Event::Sleeping { .. } | Event::Retrying { .. } => SignedDuration::ZERO,
        // It waits for the run that it called.
        Event::Called { note, .. } if subscenario::child_of(note).is_some() => SignedDuration::ZERO,
        _ => next.at().duration_since(event.at()).clamp(SignedDuration::ZERO, LONGEST_STEP),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::{ModuleId, OperationId, Value};

    /// The note of a call that waits for the run it has made.
    fn calls() -> Value {
        let id = "0196f7a0111172228333444455556666";
        rouage_model::Collection::from_iter([("child", id.into()), ("waits", Value::from(true))]).into()
    }

    #[test]
    fn what_a_run_waits_is_no_work() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (operation, module) = (OperationId(1), ModuleId(1));
        let returned = |second| Event::Returned { at: at(second), operation, module, bundles: Vec::new() };
        let events = [
            Event::Started { at: at(0), bundles: None, inputs: Value::Undefined },
            returned(100),
            Event::Sleeping { at: at(103), until: at(203), operation, module },
            returned(203),
            returned(207),
            Event::Called { at: at(207), operation, module, attempt: 1, note: calls() },
            returned(507),
            // The server was down for a day.
            returned(86_907),
        ];
        let worked = Worked::new(&events, at(90_000));
        assert_eq!(worked.until(at(90_010)).as_secs(), 3 + 4 + 600 + 10);
    }
}
