//! What can be mapped in a draft, and what a mapped text or a filter of it would
//! give: server knowledge for the editor.
//!
//! Everything here is for reading. It is computed from what is there (runs,
//! learned structures, descriptions, the draft itself), kept in memory as long
//! as none of that changes, and bounded in size and in time: what is asked with
//! every key must not be able to hold up the server. Of a confidential scenario
//! only names and types are told.

mod build;
mod filter;
pub(crate) mod ground;
pub(crate) mod items;
mod kept;
mod native;
mod offer;
mod presence;
mod preview;
mod readings;
mod samples;
mod suggest;
pub(crate) mod tree;
pub(crate) mod words;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rouage_model::{ExecutionId, HookId, ModuleId, ScenarioId, TeamId, Value, Version, json};
use rouage_store::drafts;
use rouage_store::executions::Execution;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::control::{Control, ControlError};
use crate::core::Core;
use crate::history::beside;

use kept::Kept;

pub use filter::{BundleTest, ConditionProblem, ConditionTest, FilterTest};
pub use items::{Item, Items, ModuleItems, Source};
pub use offer::Offer;
pub use preview::{Asked, Preview};
pub use suggest::Suggestion;

/// Scenarios whose knowledge is kept.
const CAPACITY: usize = 50;
/// Runs whose samples are kept.
const MOST_RUNS: usize = 60;
/// Places whose arrivals are kept.
const MOST_PLACES: usize = 16;

/// What is known of one state of a draft.
pub struct Knowledge {
    stamp: Stamp,
    items: Items,
    json: OnceLock<Arc<str>>,
    ground: ground::Ground,
}

/// What knowledge depends on.
#[derive(Debug, Clone, PartialEq)]
struct Stamp {
    team: TeamId,
    revision: u64,
    version: Version,
    /// The runs that may serve.
    runs: Vec<ExecutionId>,
    /// What the webhook has learned.
    hook: Option<(HookId, Value)>,
    /// The zone of dates may change without a new version.
    timezone: Option<String>,
}

/// What is kept in memory. Everything in it can be read or computed again.
#[derive(Default)]
pub struct Cache {
    known: Mutex<Kept<ScenarioId, Knowledge>>,
    runs: Mutex<Kept<ExecutionId, samples::OfRun>>,
    arrivals: Mutex<Kept<filter::Place, filter::Came>>,
    filters: Turns,
    replays: Turns,
}

/// How many compute something at once: filters that are tried, journals that
/// are replayed.
struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(2))
    }
}

impl Cache {
    fn get(&self, id: ScenarioId, stamp: &Stamp) -> Option<Arc<Knowledge>> {
        let found = lock(&self.known).get(&id);
        found.filter(|knowledge| knowledge.stamp == *stamp)
    }

    fn keep(&self, id: ScenarioId, knowledge: &Arc<Knowledge>) {
        let bytes = knowledge.ground.bundles.values().map(kept::weight).sum();
        lock(&self.known).put(CAPACITY, bytes, id, knowledge.clone());
    }

    fn run(&self, id: ExecutionId) -> Option<Arc<samples::OfRun>> {
        lock(&self.runs).get(&id)
    }

    fn keep_run(&self, id: ExecutionId, run: &Arc<samples::OfRun>) {
        lock(&self.runs).put(MOST_RUNS, run.weight(), id, run.clone());
    }

    /// Waits for a turn to replay a journal; it lasts as long as what is given.
    pub(crate) async fn replays(&self) -> Option<SemaphorePermit<'_>> {
        self.replays.0.acquire().await.ok()
    }

    fn came(&self, place: &filter::Place) -> Option<Arc<filter::Came>> {
        lock(&self.arrivals).get(place)
    }

    fn keep_came(&self, place: filter::Place, came: &Arc<filter::Came>) {
        lock(&self.arrivals).put(MOST_PLACES, came.weight(), place, came.clone());
    }
}

fn lock<T>(kept: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Knowledge {
    /// What can be mapped.
    pub fn items(&self) -> &Items {
        &self.items
    }

    /// What the draft knows of its data, for a rehearsal of it.
    pub(crate) fn ground(&self) -> &ground::Ground {
        &self.ground
    }

    /// The same as JSON; written once.
    pub fn json(&self) -> Arc<str> {
        self.json.get_or_init(|| json::to_string(&self.items.to_value()).into()).clone()
    }
}

impl Control {
    /// What can be mapped in the draft of a scenario, with the last data.
    pub async fn knowledge(&self, team: TeamId, id: ScenarioId) -> Result<Arc<Knowledge>, ControlError> {
        Ok(known(&self.core, team, id).await?.0)
    }

    /// What a mapped text of the draft gives with the last data.
    pub async fn preview(&self, team: TeamId, id: ScenarioId, asked: Asked) -> Result<Preview, ControlError> {
        let knowledge = self.knowledge(team, id).await?;
        let now = self.core.clock.now();
        Ok(beside(move || preview::preview(&knowledge, &asked, now)).await?)
    }

    /// What a filter before a module, or of a branch of it, would have said to
    /// the bundles of the last run.
    pub async fn test_filter(
        &self,
        team: TeamId,
        id: ScenarioId,
        module: ModuleId,
        conditions: Value,
    ) -> Result<FilterTest, ControlError> {
        let (knowledge, runs) = known(&self.core, team, id).await?;
        let came = filter::came(&self.core, &knowledge, &runs, module).await?;
        let clock = self.core.clock.clone();
        // Whoever asks again and again waits for their turn.
        let _turn = self.core.knowledge.filters.0.acquire().await;
        Ok(beside(move || filter::test(&knowledge, &came, module, &conditions, clock.as_ref())).await?)
    }
}

/// What is known now, computed again only when something changed; and the runs
/// that may serve.
async fn known(core: &Core, team: TeamId, id: ScenarioId) -> Result<(Arc<Knowledge>, Vec<Execution>), ControlError> {
    let missing = || ControlError::NotFound("scenario");
    let (revision, version) = drafts::stands(&core.store, team, id).await?.ok_or_else(missing)?;
    let live = core.plans.get(core, team, id, version).await?.ok_or_else(missing)?;
    let runs = samples::suitable(core, team, id).await?;
    let hook = build::hook(core, team, id);
    let stamp = Stamp {
        team,
        revision,
        version,
        runs: runs.iter().map(|run| run.id).collect(),
        hook: hook.as_ref().map(|hook| (hook.hook.id, hook.hook.interface.clone())),
        timezone: live.timezone.iana_name().map(str::to_owned),
    };
    if let Some(knowledge) = core.knowledge.get(id, &stamp) {
        return Ok((knowledge, runs));
    }
    let draft = drafts::find(&core.store, team, id).await?.ok_or_else(missing)?;
    let (items, ground) = build::build(core, &live, &draft, &runs, hook.as_deref()).await?;
    let knowledge = Arc::new(Knowledge { stamp, items, json: OnceLock::new(), ground });
    core.knowledge.keep(id, &knowledge);
    Ok((knowledge, runs))
}
