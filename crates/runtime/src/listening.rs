//! Scenarios that wait for one request because somebody pressed Run once.
//!
//! Kept in memory: whoever pressed it is looking at the screen, and presses it
//! again after a restart. The wait ends by itself, so that a request that comes
//! the next day is not taken by a forgotten one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rouage_model::{Blueprint, HookId, ScenarioId, TeamId, Value};

/// How long a scenario waits.
const PATIENCE: SignedDuration = SignedDuration::from_mins(20);

/// What is run with the request, when that is not the live version.
#[derive(Debug)]
pub struct Tried {
    /// Whose it is.
    pub team: TeamId,
    /// The blueprint.
    pub blueprint: Blueprint,
    /// Its links.
    pub links: Value,
    /// Whether a Webhook response module may answer.
    pub waits_for_response: bool,
}

/// A wait.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The hook whose next request is wanted.
    pub hook: HookId,
    /// What is not published; nothing means the live version.
    pub tried: Option<Arc<Tried>>,
    /// When it ends by itself.
    pub until: Timestamp,
}

impl Waiting {
    /// Begins now.
    pub fn new(hook: HookId, tried: Option<Tried>, now: Timestamp) -> Self {
        let until = now.checked_add(PATIENCE).unwrap_or(Timestamp::MAX);
        Self { hook, tried: tried.map(Arc::new), until }
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
        self.map().get(&scenario).filter(|waiting| waiting.until > now).cloned()
    }

    /// Ends a wait; gives what it was.
    pub fn end(&self, scenario: ScenarioId, now: Timestamp) -> Option<Waiting> {
        self.map().remove(&scenario).filter(|waiting| waiting.until > now)
    }

    /// Whether a request of this hook is waited for with what is not published.
    pub fn has_try(&self, hook: HookId, now: Timestamp) -> bool {
        self.map().values().any(|waiting| waiting.hook == hook && waiting.tried.is_some() && waiting.until > now)
    }

    /// Ends the wait for a request of this hook with what is not published.
    pub fn end_try(&self, hook: HookId, now: Timestamp) -> Option<(ScenarioId, Waiting)> {
        let mut map = self.map();
        let fits = |waiting: &Waiting| waiting.hook == hook && waiting.tried.is_some() && waiting.until > now;
        let scenario = map.iter().find(|(_, waiting)| fits(waiting)).map(|(scenario, _)| *scenario)?;
        map.remove(&scenario).map(|waiting| (scenario, waiting))
    }

    fn map(&self) -> MutexGuard<'_, HashMap<ScenarioId, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
