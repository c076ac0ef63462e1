//! Running what is being edited, before it is published.
//!
//! A draft that differs from the live version is run as a variant: a copy of it
//! that this run alone has, so that it ends as it began whatever is edited
//! meanwhile. Nothing that the live scenario goes by depends on it:
//! - its errors do not count, and switch nothing off;
//! - it stores no incomplete executions and waits in no lane, so that no live
//!   run waits for it; an error ends it and is seen at once;
//! - it takes nothing out of the queue of a webhook, and a request that the live
//!   scenario gets is given to both;
//! - a polling trigger has a position of its own (`drafts::test_key`), which
//!   begins where the live one is: what a try found is still delivered.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_engine::Kind;
use rouage_model::execution::Origin;
use rouage_model::interface::Interface;
use rouage_model::{Blueprint, DeliveryId, ExecutionId, HookId, ModuleId, ScenarioId, TeamId, Value, Version, clock};
use rouage_store::drafts::{self, Draft};
use rouage_store::scenarios::{self, Scenario};
use rouage_store::{Error, Lineage, NewDelivery, NewExecution, WriteTx, deliveries, executions, positions};

use crate::control::{Control, ControlError, RunOnce};
use crate::core::Core;
use crate::drafts::{hook_field, hook_of, owner, test_key, trigger_of};
use crate::hooks::{self, DeliverError, Delivered, LiveHook, LiveScenario, RESPONSE};
use crate::listening::{Tries, Waiting};
use crate::single::{self, Subject, Wanted};
use crate::{inputs, replay, schedule};

/// With what a draft is run.
#[derive(Debug, Clone, PartialEq)]
pub enum How {
    /// With what its trigger finds, or with the next request; `inputs` is what
    /// the scenario is given, a collection or nothing.
    Once(Value),
    /// With the last request of its webhook.
    Last,
    /// With a request of its webhook.
    Delivery(DeliveryId),
    /// With what an old run got.
    Replay(ExecutionId),
    /// One module alone.
    Module(ModuleId, Vec<Wanted>),
}

/// What running a draft led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftRun {
    /// A run started.
    Started(ExecutionId),
    /// It starts with the next request.
    Listening {
        /// To this webhook.
        hook: HookId,
        /// Until then.
        until: Timestamp,
    },
}

/// What a run gets.
struct Given {
    origin: Origin,
    bundles: Option<Vec<Value>>,
    inputs: Value,
    lineage: Lineage,
}

impl Given {
    fn bundles(bundles: Vec<Value>) -> Self {
        Self { origin: Origin::Draft, bundles: Some(bundles), inputs: Value::Undefined, lineage: Lineage::None }
    }
}

impl Control {
    /// Runs the draft of a scenario, or its live version when nothing differs.
    pub async fn run_draft(&self, team: TeamId, id: ScenarioId, how: How) -> Result<DraftRun, ControlError> {
        let (scenario, draft) = (self.scenario(team, id).await?, self.draft(team, id).await?);
        if let How::Module(module, given) = how {
            let subject = Subject::of_draft(&draft);
            let run = single::run_alone(&self.core, team, &subject, module, &given).await?;
            return Ok(DraftRun::Started(run));
        }
        if let How::Replay(old) = how {
            self.refuse_foreign(team, id, old).await?;
        }
        self.refuse_unfit(&draft)?;
        if draft.is_changed {
            self.run_changed(&scenario, &draft, how).await
        } else {
            self.run_live(&scenario, how).await
        }
    }

    /// What "Run this module only" needs for a module of the draft, with the
    /// values of the last run.
    pub async fn draft_module_values(
        &self,
        team: TeamId,
        id: ScenarioId,
        module: ModuleId,
    ) -> Result<Vec<Wanted>, ControlError> {
        let draft = self.draft(team, id).await?;
        single::wanted_by(&self.core, team, &Subject::of_draft(&draft), module).await
    }

    /// The hook that the first module of a draft listens to.
    pub fn draft_hook(&self, draft: &Draft, scenario: &Scenario) -> Option<HookId> {
        hook_of(&self.core.registry, &draft.blueprint, &draft.links).or(scenario.hook)
    }

    /// What another scenario got is none of this one's.
    async fn refuse_foreign(&self, team: TeamId, id: ScenarioId, old: ExecutionId) -> Result<(), ControlError> {
        let found = executions::find(&self.core.store, team, old).await?;
        found.filter(|run| run.scenario == id).map(drop).ok_or(ControlError::NotFound("execution"))
    }

    /// What makes any run impossible. A module that still lacks something is
    /// none of it: the run shows it when it gets there.
    fn refuse_unfit(&self, draft: &Draft) -> Result<(), ControlError> {
        if draft.blueprint.flow().next().is_none() {
            return Err(ControlError::Problems(vec!["add a first module: there is nothing to run yet".to_owned()]));
        }
        let report = self.check(&draft.blueprint, &draft.links);
        if report.can_be_switched_on {
            return Ok(());
        }
        let mut problems = report.problems.clone();
        for module in report.modules.iter().filter(|module| module.status == crate::check::Status::Check) {
            let id = module.id.map_or(String::new(), |id| format!(" [{id}]"));
            problems.extend(module.problems.iter().map(|problem| format!("{}{id}: {problem}", module.label)));
        }
        Err(ControlError::Problems(problems))
    }

    async fn run_live(&self, scenario: &Scenario, how: How) -> Result<DraftRun, ControlError> {
        let (team, id) = (scenario.team, scenario.id);
        if let (How::Once(_), Some(hook)) = (&how, scenario.hook.filter(|_| runs_on_arrival(scenario))) {
            // Every request runs it: the next one is shown.
            let waiting = Waiting::new(team, hook, Tries::Live, self.core.clock.now());
            let until = waiting.until;
            self.core.listening.begin(id, waiting);
            return Ok(DraftRun::Listening { hook, until });
        }
        let once = match how {
            How::Once(inputs) => self.run_once(team, id, None, &inputs).await?,
            How::Last => self.run_with_last(team, id).await?,
            How::Delivery(delivery) => {
                let bundles = request(&self.core, team, (delivery, scenario.hook)).await?;
                self.run_once(team, id, Some(bundles), &Value::Undefined).await?
            }
            How::Replay(old) => RunOnce::Started(self.replay(team, old).await?),
            How::Module(..) => return Err(ControlError::NotFound("module")),
        };
        match once {
            RunOnce::Started(execution) => Ok(DraftRun::Started(execution)),
            RunOnce::Listening => {
                let (hook, until) = self.listening(id).ok_or(ControlError::NotFound("webhook"))?;
                Ok(DraftRun::Listening { hook, until })
            }
        }
    }

    async fn run_changed(&self, scenario: &Scenario, draft: &Draft, how: How) -> Result<DraftRun, ControlError> {
        let (core, team) = (&self.core, scenario.team);
        let hook = self.draft_hook(draft, scenario);
        let given = match how {
            How::Once(inputs) => {
                let takes_requests = hook.is_some() || hook_field(&core.registry, &draft.blueprint).is_some();
                if takes_requests && schedule::trigger_kind(core, &draft.blueprint) == Some(Kind::InstantTrigger) {
                    return self.wait_for_request(scenario, hook).await;
                }
                let inputs = checked(scenario, &draft.blueprint, &inputs)?;
                Given { origin: Origin::Draft, bundles: None, inputs, lineage: Lineage::None }
            }
            How::Last => Given::bundles(last_request(core, team, hook).await?),
            How::Delivery(delivery) => Given::bundles(request(core, team, (delivery, hook)).await?),
            How::Replay(old) => self.replayed(scenario, draft, old).await?,
            How::Module(..) => return Err(ControlError::NotFound("module")),
        };
        let is_polling = schedule::trigger_kind(core, &draft.blueprint) == Some(Kind::PollingTrigger);
        let mut tx = core.store.begin().await?;
        if is_polling && given.bundles.is_none() {
            begin_where_live_is(&mut tx, scenario, draft).await?;
        }
        let run = start(core, &mut tx, (team, scenario.id), (&draft.blueprint, &draft.links), given).await?;
        tx.commit().await?;
        core.wake.notify_one();
        Ok(DraftRun::Started(run))
    }

    async fn wait_for_request(&self, scenario: &Scenario, hook: Option<HookId>) -> Result<DraftRun, ControlError> {
        let Some(hook) = hook else {
            let text = "choose a webhook for the first module, or make a new one".to_owned();
            return Err(ControlError::Problems(vec![text]));
        };
        let mut tx = self.core.store.begin().await?;
        let owner = owner(&mut tx, scenario.team, scenario.id, Some(hook)).await?;
        drop(tx);
        if let Some(owner) = owner {
            return Err(self.belongs_to(scenario.team, owner).await?);
        }
        let waiting = Waiting::new(scenario.team, hook, Tries::Draft, self.core.clock.now());
        let until = waiting.until;
        self.core.listening.begin(scenario.id, waiting);
        Ok(DraftRun::Listening { hook, until })
    }

    async fn replayed(&self, scenario: &Scenario, draft: &Draft, old: ExecutionId) -> Result<Given, ControlError> {
        let (bundles, inputs) = replay::data_of(&self.core, scenario.team, old).await?;
        let has_trigger = schedule::trigger_kind(&self.core, &draft.blueprint).is_some();
        if bundles.is_none() && has_trigger {
            let text = "this run got no data from its trigger, so there is nothing to replay".to_owned();
            return Err(ControlError::Conflict(text));
        }
        Ok(Given {
            origin: Origin::Replay,
            bundles: bundles.filter(|_| has_trigger),
            inputs: checked(scenario, &draft.blueprint, &inputs)?,
            lineage: Lineage::Replay { source: old },
        })
    }
}

fn runs_on_arrival(scenario: &Scenario) -> bool {
    scenario.enabled && scenario.scheduling.is_immediate()
}

fn checked(scenario: &Scenario, blueprint: &Blueprint, given: &Value) -> Result<Value, ControlError> {
    let zone = TimeZone::get(&scenario.timezone).unwrap_or(TimeZone::UTC);
    inputs::check_for(&Interface::of(blueprint), &zone, given).map_err(ControlError::Inputs)
}

async fn last_request(core: &Core, team: TeamId, hook: Option<HookId>) -> Result<Vec<Value>, ControlError> {
    let hook = hook.ok_or_else(|| ControlError::Conflict("the scenario has no webhook".into()))?;
    let last = hooks::last_payload(core, team, hook).await?;
    last.ok_or_else(|| ControlError::Conflict("the webhook has not received anything yet".into()))
}

/// The data of one request to a hook.
async fn request(
    core: &Core,
    team: TeamId,
    (delivery, hook): (DeliveryId, Option<HookId>),
) -> Result<Vec<Value>, ControlError> {
    let found = deliveries::find(&core.store, team, delivery).await?;
    let found = found.filter(|found| Some(found.row.hook) == hook).ok_or(ControlError::NotFound("request"))?;
    found.payload.ok_or_else(|| ControlError::Conflict("the data of this request was not kept".into()))
}

/// The blueprint for a try: see the file.
fn to_try(blueprint: &Blueprint) -> Result<Blueprint, ControlError> {
    let mut settings = blueprint.settings();
    settings.sequential = false;
    settings.incomplete_executions = false;
    settings.write(blueprint).map_err(|error| ControlError::Problems(vec![error.to_string()]))
}

/// Puts a variant and its run into the store together, so that none is left
/// without a run.
async fn start(
    core: &Core,
    tx: &mut WriteTx,
    (team, scenario): (TeamId, ScenarioId),
    (blueprint, links): (&Blueprint, &Value),
    given: Given,
) -> Result<ExecutionId, ControlError> {
    let version = scenarios::create_variant(tx, team, scenario, &to_try(blueprint)?, links).await?;
    let execution = NewExecution {
        id: clock::execution_id(core.clock.as_ref()),
        team,
        scenario,
        version,
        origin: given.origin,
        bundles: given.bundles,
        inputs: given.inputs,
        lineage: given.lineage,
        leased: false,
        created_at: core.clock.now(),
    };
    let run = execution.id;
    executions::enqueue(tx, execution).await?;
    Ok(run)
}

/// The first try of a draft asks its trigger where the live one is, if that is
/// the same trigger; the ones after it go on from there.
async fn begin_where_live_is(tx: &mut WriteTx, scenario: &Scenario, draft: &Draft) -> Result<(), ControlError> {
    let Some(trigger) = draft.blueprint.trigger().and_then(|trigger| trigger.id()) else { return Ok(()) };
    if trigger_of(&scenario.blueprint, &scenario.links) == trigger_of(&draft.blueprint, &draft.links) {
        positions::begin_like(tx, scenario.id, trigger, test_key(trigger)).await?;
    }
    Ok(())
}

/// The request that a try waited for and that is nobody else's: it is taken in
/// together with its run.
pub async fn with_request(
    core: &Arc<Core>,
    hook: &LiveHook,
    (scenario, waiting): (ScenarioId, Waiting),
    delivery: NewDelivery,
    bundles: Vec<Value>,
) -> Result<Delivered, DeliverError> {
    // As it is now: what was edited since Run once is to be seen.
    let draft = drafts::find(&core.store, waiting.team, scenario).await?.ok_or(DeliverError::NobodyListens)?;
    let blueprint = to_try(&draft.blueprint).map_err(|error| Error::Database(error.to_string()))?;
    let version = keep_variant(core, waiting.team, (scenario, &blueprint, &draft.links)).await?;
    let live = LiveScenario {
        id: scenario,
        name: blueprint.name().to_owned(),
        version,
        enabled: false,
        immediately: false,
        maximum_runs_per_minute: None,
        waits_for_response: blueprint.enabled_modules().iter().any(|visited| visited.module.name() == RESPONSE),
    };
    let delivered = hooks::start_run(core, hook, &live, Origin::Draft, delivery, bundles).await;
    if delivered.is_err() {
        forget_variant(core, scenario, version).await;
    }
    delivered
}

async fn keep_variant(
    core: &Core,
    team: TeamId,
    (scenario, blueprint, links): (ScenarioId, &Blueprint, &Value),
) -> Result<Version, Error> {
    let mut tx = core.store.begin().await?;
    let version = scenarios::create_variant(&mut tx, team, scenario, blueprint, links).await?;
    tx.commit().await?;
    Ok(version)
}

/// A failure leaves a row that nobody reads.
async fn forget_variant(core: &Core, scenario: ScenarioId, version: Version) {
    let forgotten = async {
        let mut tx = core.store.begin().await?;
        scenarios::delete_variant(&mut tx, scenario, version).await?;
        tx.commit().await
    };
    if let Err(error) = forgotten.await {
        tracing::warn!(scenario.id = %scenario, %error, "a variant without a run could not be deleted");
    }
}

/// A try with a copy of a request that the live scenario has as well. The
/// request is taken in by then, so a failure is only told; and waits on.
pub async fn beside(core: &Core, scenario: ScenarioId, waiting: Waiting, bundles: Vec<Value>) {
    let started = async {
        let draft = drafts::find(&core.store, waiting.team, scenario).await?;
        // Without a difference the live run shows all there is to see.
        let Some(draft) = draft.filter(|draft| draft.is_changed) else { return Ok(()) };
        let mut tx = core.store.begin().await?;
        let (owner, content) = ((waiting.team, scenario), (&*draft.blueprint, &draft.links));
        start(core, &mut tx, owner, content, Given::bundles(bundles)).await?;
        tx.commit().await?;
        core.wake.notify_one();
        Ok::<_, ControlError>(())
    };
    if let Err(error) = started.await {
        tracing::warn!(scenario.id = %scenario, %error, "a draft could not be tried with a request");
        if !matches!(error, ControlError::Store(Error::NotFound)) {
            core.listening.begin(scenario, waiting);
        }
    }
}
