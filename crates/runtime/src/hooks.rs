//! Webhooks at work: the table of live hooks, and the taking in of requests.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::ArcSwap;
use rouage_model::execution::Origin;
use rouage_model::structure::Structure;
use rouage_model::{DeliveryId, ExecutionId, HookId, ScenarioId, TeamId, Value, Version, clock};
use rouage_sdk::files;
use rouage_store::{
    Accept, AcceptOutcome, Lineage, NewDelivery, NewExecution, deliveries, hooks, scenarios, structures,
};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use crate::core::Core;
use crate::files::TeamFiles;
use crate::listening::{Tries, Waiting};
use crate::replies::Reply;
use crate::{queue, run_draft, worker};

/// The module that answers a caller. Its name decides who waits for it.
pub const RESPONSE: &str = "gateway:WebhookRespond";

/// A hook with the scenario that listens to it.
#[derive(Debug, Clone)]
pub struct LiveHook {
    /// The hook.
    pub hook: hooks::Hook,
    /// Its team.
    pub team: TeamId,
    /// The scenario it is attached to, on or off.
    pub scenario: Option<LiveScenario>,
    /// What its bundles must look like.
    pub structure: Option<Structure>,
}

/// What the entry must know of a scenario.
#[derive(Debug, Clone)]
pub struct LiveScenario {
    /// Its id.
    pub id: ScenarioId,
    /// Its name.
    pub name: String,
    /// The version that new runs take.
    pub version: Version,
    /// Whether it is on.
    pub enabled: bool,
    /// Whether it runs as data arrives.
    pub immediately: bool,
    /// At most so many runs a minute.
    pub maximum_runs_per_minute: Option<u32>,
    /// Whether a Webhook response module may answer.
    pub waits_for_response: bool,
}

/// The hooks.
#[derive(Default)]
pub struct HookCache {
    by_digest: ArcSwap<HashMap<TokenDigest, Arc<LiveHook>>>,
    /// Held while the table is read, so that an older reading never replaces a
    /// newer one.
    reloading: tokio::sync::Mutex<()>,
}

/// What a token is looked up by. How long a look-up takes tells something of
/// the digest, from which nobody can get to a token.
type TokenDigest = [u8; 32];

fn digest(token: &str) -> TokenDigest {
    Sha256::digest(token.as_bytes()).into()
}

/// What became of a request.
#[derive(Debug)]
pub struct Delivered {
    /// The log entry.
    pub delivery: DeliveryId,
    /// The run it started, if any.
    pub execution: Option<ExecutionId>,
    /// The answer to wait for, when the scenario has a Webhook response.
    pub reply: Option<oneshot::Receiver<Reply>>,
}

/// Why a request was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// 410: nobody listens.
    #[error("there is no scenario listening for this webhook")]
    NobodyListens,
    /// 400: too many wait.
    #[error("the queue is full")]
    QueueFull,
    /// 429: the scenario may start no more runs this minute, and the caller
    /// waits for its response.
    #[error("the scenario may start no more runs this minute")]
    TooManyRuns,
    /// 503: nothing was stored.
    #[error(transparent)]
    Store(#[from] rouage_store::Error),
}

impl HookCache {
    /// The hook of a token. No database is asked.
    pub fn find(&self, token: &str) -> Option<Arc<LiveHook>> {
        self.by_digest.load().get(&digest(token)).cloned()
    }

    /// All hooks.
    pub fn all(&self) -> Vec<Arc<LiveHook>> {
        self.by_digest.load().values().cloned().collect()
    }

    /// Reads all hooks again. Costs as much as there are hooks, and happens
    /// only when one or its scenario changes.
    pub async fn reload(&self, core: &Core) -> Result<(), rouage_store::Error> {
        let _reloading = self.reloading.lock().await;
        let mut map = HashMap::new();
        for hook in hooks::all_active(&core.store).await? {
            let scenario = match hook.scenario {
                Some(id) => live_scenario(core, hook.team, id).await?,
                None => None,
            };
            let structure = structure(core, &hook).await?;
            map.insert(digest(&hook.token), Arc::new(LiveHook { team: hook.team, scenario, structure, hook }));
        }
        end_waits(core, &map).await?;
        self.by_digest.store(Arc::new(map));
        Ok(())
    }
}

/// Ends the waits for hooks that are gone or somebody else's by now, and those of
/// scenarios that were deleted.
async fn end_waits(core: &Core, hooks: &HashMap<TokenDigest, Arc<LiveHook>>) -> Result<(), rouage_store::Error> {
    for (scenario, waiting) in core.listening.all() {
        let hook = hooks.values().find(|live| live.hook.id == waiting.hook);
        let is_free = hook.is_some_and(|live| live.hook.scenario.is_none_or(|listener| listener == scenario));
        if !is_free || scenarios::find(&core.store, waiting.team, scenario).await?.is_none() {
            core.listening.end(scenario, core.clock.now());
        }
    }
    Ok(())
}

/// The data structure that a hook names, or its own.
async fn structure(core: &Core, hook: &hooks::Hook) -> Result<Option<Structure>, rouage_store::Error> {
    let settings = &hook.settings;
    if let Some(id) = settings.structure_id {
        return Ok(structures::find(&core.store, hook.team, id).await?.map(|row| row.structure));
    }
    let own = settings.structure.as_ref().and_then(|own| Structure::parse(own).ok());
    Ok(own.map(|own| Structure { strict: own.strict || settings.strict, ..own }))
}

async fn live_scenario(core: &Core, team: TeamId, id: ScenarioId) -> Result<Option<LiveScenario>, rouage_store::Error> {
    let Some(scenario) = scenarios::find(&core.store, team, id).await? else { return Ok(None) };
    let prepared = core.plans.get(core, team, id, scenario.version).await?;
    Ok(Some(LiveScenario {
        id,
        name: scenario.name.clone(),
        version: scenario.version,
        enabled: scenario.enabled,
        immediately: scenario.scheduling.is_immediate(),
        maximum_runs_per_minute: scenario.scheduling.maximum_runs_per_minute.filter(|most| *most > 0),
        waits_for_response: prepared.is_some_and(|prepared| prepared.plan.contains(RESPONSE)),
    }))
}

/// Takes in a request whose content is already read. Durable on return.
pub async fn deliver(
    core: &Arc<Core>,
    hook: &LiveHook,
    delivery: NewDelivery,
    bundles: Vec<Value>,
    structure: Option<Value>,
) -> Result<Delivered, DeliverError> {
    let files = TeamFiles::new(core.store.clone(), hook.team, None, core.limits.file_bytes);
    let kept = files::keep_all(files.clone(), bundles).await;
    let (bundles, made) = kept.map_err(|error| rouage_store::Error::Database(error.message.to_string()))?;
    let delivered = hand_on(core, hook, delivery, bundles, structure).await;
    if delivered.is_err() {
        // Whoever is turned away again and again must not fill the disk.
        files::discard(files.as_ref(), &made).await;
    }
    delivered
}

async fn hand_on(
    core: &Arc<Core>,
    hook: &LiveHook,
    delivery: NewDelivery,
    bundles: Vec<Value>,
    structure: Option<Value>,
) -> Result<Delivered, DeliverError> {
    // The live scenario gets what is its own, whatever is tried beside it.
    if hook.scenario.as_ref().is_none_or(|scenario| !scenario.enabled)
        && let Some((scenario, waiting)) = core.listening.end_try(hook.hook.id, hook.hook.scenario, core.clock.now())
    {
        let delivered = run_draft::with_request(core, hook, (scenario, waiting), delivery, bundles).await;
        match &delivered {
            // Its scenario, or the draft of it, is gone: nothing waits any more.
            Err(DeliverError::NobodyListens | DeliverError::Store(rouage_store::Error::NotFound)) => {}
            Err(_) => core.listening.begin(scenario, waiting),
            Ok(_) => keep_structure(core, hook, structure).await,
        }
        return delivered;
    }
    let copy = core.listening.has_try(hook.hook.id, hook.hook.scenario, core.clock.now()).then(|| bundles.clone());
    let delivered = hand_to_live(core, hook, delivery, bundles, structure).await;
    if let (Ok(_), Some(copy)) = (&delivered, copy)
        && let Some((scenario, waiting)) = core.listening.end_try(hook.hook.id, hook.hook.scenario, core.clock.now())
    {
        run_draft::beside(core, scenario, waiting, copy).await;
    }
    delivered
}

async fn hand_to_live(
    core: &Arc<Core>,
    hook: &LiveHook,
    delivery: NewDelivery,
    bundles: Vec<Value>,
    structure: Option<Value>,
) -> Result<Delivered, DeliverError> {
    let Some(listener) = hook.scenario.as_ref().and_then(|scenario| listener(core, scenario)) else {
        return learn(core, hook, delivery, bundles, structure).await;
    };
    let (scenario, waiting) = listener;
    let origin = if waiting.is_some() { Origin::Manual } else { Origin::Webhook };
    let is_paced = scenario.maximum_runs_per_minute.is_some();
    if origin == Origin::Webhook && is_paced && scenario.waits_for_response && !queue::may_start(core, scenario).await?
    {
        return Err(DeliverError::TooManyRuns);
    }
    // With a limit all go through the queue, so that every node keeps to it.
    let is_kept = !scenario.immediately || is_paced && !scenario.waits_for_response;
    if origin == Origin::Webhook && is_kept {
        let delivered = queue::keep(core, hook, delivery, bundles).await;
        if delivered.is_ok() {
            keep_structure(core, hook, structure).await;
        }
        return delivered;
    }
    let delivered = match worker::is_overfull(core, hook, scenario).await {
        Ok(true) => Err(DeliverError::QueueFull),
        Ok(false) => start_run(core, hook, scenario, origin, delivery, bundles).await,
        Err(error) => Err(error.into()),
    };
    match (&delivered, waiting) {
        (Err(_), Some(waiting)) => core.listening.begin(scenario.id, waiting),
        (Err(_), None) => {}
        (Ok(_), _) => keep_structure(core, hook, structure).await,
    }
    delivered
}

/// Stores the request together with its run, and takes the run if it may.
pub async fn start_run(
    core: &Arc<Core>,
    hook: &LiveHook,
    scenario: &LiveScenario,
    origin: Origin,
    delivery: NewDelivery,
    bundles: Vec<Value>,
) -> Result<Delivered, DeliverError> {
    let id = clock::execution_id(core.clock.as_ref());
    let reply = scenario.waits_for_response.then(|| core.replies.wait(id));
    let execution = NewExecution {
        id,
        team: hook.team,
        scenario: scenario.id,
        version: scenario.version,
        origin,
        bundles: Some(bundles),
        inputs: Value::Undefined,
        lineage: Lineage::None,
        leased: worker::may_lease(core, delivery.size),
        created_at: delivery.received_at,
    };
    let accept = Accept { team: hook.team, hook: hook.hook.id, delivery, outcome: AcceptOutcome::Run { execution } };
    // In a task of its own: the caller may hang up and take this future with
    // it, but a job that is leased to us must reach a worker.
    let accepting = tokio::spawn(accept_and_take(core.clone(), accept));
    let accepted = accepting.await.map_err(|ended| rouage_store::Error::Database(ended.to_string()));
    match accepted.flatten() {
        Ok(delivery) => Ok(Delivered { delivery, execution: Some(id), reply }),
        Err(error) => {
            core.replies.answer(id, Reply::Failed);
            Err(error.into())
        }
    }
}

async fn accept_and_take(core: Arc<Core>, accept: Accept) -> Result<DeliveryId, rouage_store::Error> {
    let accepted = core.store.accept(accept).await?;
    match accepted.job {
        Some(job) => worker::take(&core, job),
        None => {
            core.has_backlog.store(true, Ordering::Release);
            core.wake.notify_one();
        }
    }
    Ok(accepted.delivery)
}

/// The scenario that takes the request, and the wait that this ends.
fn listener<'a>(core: &Core, scenario: &'a LiveScenario) -> Option<(&'a LiveScenario, Option<Waiting>)> {
    let now = core.clock.now();
    let waits_live = core.listening.get(scenario.id, now).is_some_and(|waiting| waiting.tries == Tries::Live);
    let waiting = waits_live.then(|| core.listening.end(scenario.id, now)).flatten();
    if scenario.enabled && scenario.immediately {
        // It runs anyway; somebody only wanted to watch.
        return Some((scenario, None));
    }
    (scenario.enabled || waiting.is_some()).then_some((scenario, waiting))
}

/// A request that only shows the structure (decision D46).
async fn learn(
    core: &Core,
    hook: &LiveHook,
    delivery: NewDelivery,
    payload: Vec<Value>,
    structure: Option<Value>,
) -> Result<Delivered, DeliverError> {
    let Some(structure) = structure.filter(|_| hook.hook.learning) else {
        return Err(DeliverError::NobodyListens);
    };
    let outcome = AcceptOutcome::Learned { structure, payload };
    let accepted = core.store.accept(Accept { team: hook.team, hook: hook.hook.id, delivery, outcome }).await?;
    Ok(Delivered { delivery: accepted.delivery, execution: None, reply: None })
}

/// Gives a learning hook what a request showed. The request is taken in by
/// then, so a failure is only told; the next one will show it again.
async fn keep_structure(core: &Core, hook: &LiveHook, structure: Option<Value>) {
    let Some(structure) = structure.filter(|_| hook.hook.learning) else { return };
    let kept = async {
        let mut tx = core.store.begin().await?;
        hooks::set_interface(&mut tx, hook.team, hook.hook.id, &structure).await?;
        tx.commit().await
    };
    if let Err(error) = kept.await {
        tracing::warn!(%error, "the structure of a request could not be kept");
    }
}

/// The bundles of the last request, for "run with existing data".
pub async fn last_payload(core: &Core, team: TeamId, hook: HookId) -> Result<Option<Vec<Value>>, rouage_store::Error> {
    let last = deliveries::last(&core.store, team, hook, 1).await?;
    Ok(last.into_iter().find_map(|delivery| delivery.payload))
}
