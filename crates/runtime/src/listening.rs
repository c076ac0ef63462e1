//! Scenarios that wait for one request because somebody pressed Run once.
//!
//! Kept in memory: whoever pressed it is looking at the screen, and presses it
//! again after a restart. The wait ends by itself, so that a request that comes
//! the next day is not taken by a forgotten one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rouage_model::{HookId, ScenarioId, TeamId};

/// How long a scenario waits.
const PATIENCE: SignedDuration = SignedDuration::from_mins(20);

/// What is run with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tries {
    /// The live version.
    Live,
    /// The draft as it is by then.
    Draft,
}

/// A wait.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// Whose it is.
    pub team: TeamId,
    /// The hook whose next request is wanted.
    pub hook: HookId,
    /// What is run.
    pub tries: Tries,
    /// When it ends by itself.
    pub until: Timestamp,
}

impl Waiting {
    /// Begins now.
    pub fn new(team: TeamId, hook: HookId, tries: Tries, now: Timestamp) -> Self {
        let until = now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
        Self { team, hook, tries, until }
    }
}

/// All waits, one a scenario.
#[derive(Default)]
pub struct Listening(Mutex<HashMap<ScenarioId, Waiting>>);

impl Listening {
    /// Waits, instead of what the scenario waited for before.
    pub fn begin(&self, scenario: ScenarioId, waiting: Waiting) {
        self.map().insert(scenario, waiting);
    }

    /// What a scenario waits for.
    pub fn get(&self, scenario: ScenarioId, now: Timestamp) -> Option<Waiting> {
        self.map().get(&scenario).filter(|waiting| waiting.until > now).copied()
    }

    /// Ends a wait; gives what it was.
    pub fn end(&self, scenario: ScenarioId, now: Timestamp) -> Option<Waiting> {
        self.map().remove(&scenario).filter(|waiting| waiting.until > now)
    }

    /// All of them.
    pub fn all(&self) -> Vec<(ScenarioId, Waiting)> {
        self.map().iter().map(|(scenario, waiting)| (*scenario, *waiting)).collect()
    }

    /// Whether a request of this hook is waited for with what is not published.
    /// A hook that a scenario listens to is nobody else's.
    pub fn has_try(&self, hook: HookId, listener: Option<ScenarioId>, now: Timestamp) -> bool {
        self.map().iter().any(|entry| fits(entry, hook, listener, now))
    }

    /// Ends that wait.
    pub fn end_try(&self, hook: HookId, listener: Option<ScenarioId>, now: Timestamp) -> Option<(ScenarioId, Waiting)> {
        let mut map = self.map();
        let scenario = map.iter().find(|entry| fits(*entry, hook, listener, now)).map(|(scenario, _)| *scenario)?;
        map.remove(&scenario).map(|waiting| (scenario, waiting))
    }

    /// Ends the wait of a scenario's draft, whatever it waits for.
    pub fn end_try_of(&self, scenario: ScenarioId) {
        let mut map = self.map();
        if map.get(&scenario).is_some_and(|waiting| waiting.tries == Tries::Draft) {
            map.remove(&scenario);
        }
    }

    fn map(&self) -> MutexGuard<'_, HashMap<ScenarioId, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn fits(
    (scenario, waiting): (&ScenarioId, &Waiting),
    hook: HookId,
    listener: Option<ScenarioId>,
    now: Timestamp,
) -> bool {
    let is_its_own = listener.is_none_or(|listener| listener == *scenario);
    waiting.hook == hook && waiting.tries == Tries::Draft && waiting.until > now && is_its_own
}
