//! The handle by which pages and commands steer the runtime.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rouage_model::execution::Origin;
use rouage_model::{
    Blueprint, Collection, ConnectionId, ExecutionId, HookId, IncompleteId, ModuleError, ModuleId, ScenarioId, TeamId,
    Value, clock,
};
use rouage_sdk::Registry;
use rouage_sdk::params::Misfit;
use rouage_store::incompletes::Begun;
use rouage_store::retention::Policy;
use rouage_store::{Lineage, NewDelivery, NewExecution, Store, scenarios};

use crate::check::{self, Report};
use crate::core::{Core, Parts};
use crate::decide::Decision;
use crate::endings::{self, Ending};
use crate::history::{self, History};
use crate::hooks::{self, DeliverError, Delivered, LiveHook};
use crate::import::{ImportRequest, Imported};
use crate::incompletes::{self, Edited, Opened};
use crate::known::Known;
use crate::limits::Limits;
use crate::listening::{Tries, Waiting};
use crate::plans::Prepared;
use crate::single::{self, Wanted};
use crate::{inputs, links, positions, queue, replay, retention, schedule, stop};

/// Steers a running [`crate::Runtime`]. Cloning shares it.
#[derive(Clone)]
pub struct Control {
    pub(crate) core: Arc<Core>,
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nothing of that id in the team.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The scenario cannot be switched on or run; one sentence a problem.
    #[error("{}", .0.join("; "))]
    Problems(Vec<String>),
    /// What the run is given does not fit what the scenario takes.
    #[error("{}", sentences(.0))]
    Inputs(Vec<Misfit>),
    /// Not possible as things stand.
    #[error("{0}")]
    Conflict(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] rouage_store::Error),
}

fn sentences(misfits: &[Misfit]) -> String {
    misfits.iter().map(|misfit| misfit.text.as_ref()).collect::<Vec<_>>().join(" ")
}

/// What Run once led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOnce {
    /// A run started.
    Started(ExecutionId),
    /// The webhook waits for one request.
    Listening,
}

impl Control {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// For commands that change scenarios while no server runs: no execution is
    /// touched. Those that wait belong to the server, whose settings they need.
    pub fn without_workers(parts: Parts) -> Self {
        Self::new(Core::new(parts))
    }

    /// The apps.
    pub fn registry(&self) -> &Registry {
        &self.core.registry
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.core.store
    }

    /// The guarded way out.
    pub fn http(&self) -> &rouage_sdk::http::Client {
        &self.core.http
    }

    /// The hook of a token, without asking the database. `None`: unknown.
    pub fn hook(&self, token: &str) -> Option<Arc<LiveHook>> {
        self.core.hooks.find(token)
    }

    /// Takes in a request; durable on return. `structure` is what the request
    /// shows of its fields, wanted while the hook is learning.
    pub async fn deliver(
        &self,
        hook: &LiveHook,
        delivery: NewDelivery,
        bundles: Vec<Value>,
        structure: Option<Value>,
    ) -> Result<Delivered, DeliverError> {
        hooks::deliver(&self.core, hook, delivery, bundles, structure).await
    }

    /// Runs a scenario now. With bundles they are the trigger's output;
    /// without, an instant trigger takes what waits in its webhook's queue, or
    /// waits for one request. `inputs` is what the scenario is given, a
    /// collection or nothing.
    pub async fn run_once(
        &self,
        team: TeamId,
        id: ScenarioId,
        bundles: Option<Vec<Value>>,
        inputs: &Value,
    ) -> Result<RunOnce, ControlError> {
        let scenario = self.scenario(team, id).await?;
        let prepared = self.prepared(&scenario).await?;
        if prepared.plan.is_instant() && bundles.is_none() {
            return self.run_with_next(&scenario).await;
        }
        if bundles.is_none()
            && let Some(text) = schedule::already_polls(&self.core, &scenario).await?
        {
            return Err(ControlError::Conflict(text));
        }
        let inputs = inputs::check(&prepared, inputs).map_err(ControlError::Inputs)?;
        let execution = self.new_run(&scenario, Origin::Manual, bundles, inputs);
        Ok(RunOnce::Started(inputs::start(&self.core, execution).await?))
    }

    /// Runs a scenario because a program asks for it. `data` is what the
    /// scenario is given, or what its webhook would have received. Waits for
    /// the end when told so; no ending then means that it takes longer.
    pub async fn run_for_program(
        &self,
        team: TeamId,
        id: ScenarioId,
        data: &Value,
        wait: Option<Duration>,
    ) -> Result<(ExecutionId, Option<Ending>), ControlError> {
        let scenario = self.scenario(team, id).await?;
        if !scenario.enabled {
            return Err(ControlError::Conflict("Scenario is not activated".into()));
        }
        let prepared = self.prepared(&scenario).await?;
        let (bundles, inputs) = if prepared.plan.is_instant() {
            let data = if data.is_nothing() { Value::empty_collection() } else { data.clone() };
            (Some(vec![data]), Value::Undefined)
        } else {
            (None, inputs::check(&prepared, data).map_err(ControlError::Inputs)?)
        };
        if bundles.is_none()
            && let Some(text) = schedule::already_polls(&self.core, &scenario).await?
        {
            return Err(ControlError::Conflict(text));
        }
        let execution = self.new_run(&scenario, Origin::Api, bundles, inputs);
        let waiting = wait.map(|limit| (limit, self.core.endings.wait(execution.id)));
        let execution = inputs::start(&self.core, execution).await?;
        let ending = match waiting {
            Some((limit, waiting)) => endings::await_end(&self.core, team, execution, waiting, limit).await?,
            None => None,
        };
        Ok((execution, ending))
    }

    /// How a run ended and what it returned; `None` while it has not.
    pub async fn ending(&self, team: TeamId, id: ExecutionId) -> Result<Option<Ending>, ControlError> {
        Ok(endings::of(&self.core, team, id).await?)
    }

    /// Runs a scenario with the oldest requests in its webhook's queue, or
    /// makes it wait for one.
    async fn run_with_next(&self, scenario: &scenarios::Scenario) -> Result<RunOnce, ControlError> {
        let Some(hook) = scenario.hook else {
            let text = "choose a webhook for the first module on the Set-up tab".to_owned();
            return Err(ControlError::Problems(vec![text]));
        };
        if let Some(execution) = queue::run_next(&self.core, scenario).await? {
            return Ok(RunOnce::Started(execution));
        }
        if scenario.enabled && scenario.scheduling.is_immediate() {
            let text = "the scenario is on: every request runs it, there is nothing to wait for".to_owned();
            return Err(ControlError::Conflict(text));
        }
        self.core.listening.begin(scenario.id, Waiting::new(scenario.team, hook, Tries::Live, self.core.clock.now()));
        Ok(RunOnce::Listening)
    }

    fn new_run(
        &self,
        scenario: &scenarios::Scenario,
        origin: Origin,
        bundles: Option<Vec<Value>>,
        inputs: Value,
    ) -> NewExecution {
        NewExecution {
            id: clock::execution_id(self.core.clock.as_ref()),
            team: scenario.team,
            scenario: scenario.id,
            version: scenario.version,
            origin,
            bundles,
            inputs,
            lineage: Lineage::None,
            leased: true,
            created_at: self.core.clock.now(),
        }
    }

    async fn prepared(&self, scenario: &scenarios::Scenario) -> Result<Arc<Prepared>, ControlError> {
        let found = self.core.plans.get(&self.core, scenario.team, scenario.id, scenario.version).await?;
        found.ok_or(ControlError::NotFound("scenario"))
    }

    /// Runs a scenario with the data of its webhook's last request.
    pub async fn run_with_last(&self, team: TeamId, id: ScenarioId) -> Result<RunOnce, ControlError> {
        let scenario = self.scenario(team, id).await?;
        let hook = scenario.hook.ok_or_else(|| ControlError::Conflict("the scenario has no webhook".into()))?;
        let Some(bundles) = hooks::last_payload(&self.core, team, hook).await? else {
            return Err(ControlError::Conflict("the webhook has not received anything yet".into()));
        };
        self.run_once(team, id, Some(bundles), &Value::Undefined).await
    }

    /// How many callers wait for a Webhook response of a run.
    pub fn waiting_callers(&self) -> usize {
        self.core.replies.len()
    }

    /// Whether Run once waits for a request.
    pub fn is_listening(&self, scenario: ScenarioId) -> bool {
        self.listening(scenario).is_some()
    }

    /// Ends the wait of Run once.
    pub fn stop_listening(&self, scenario: ScenarioId) -> bool {
        self.core.listening.end(scenario, self.core.clock.now()).is_some()
    }

    /// Ends the wait of a draft: nobody looks at it any more, or it is another
    /// one now.
    pub fn stop_trying(&self, scenario: ScenarioId) {
        self.core.listening.end_try_of(scenario);
    }

    /// The hook whose next request Run once waits for, and until when.
    pub fn listening(&self, scenario: ScenarioId) -> Option<(HookId, Timestamp)> {
        let waiting = self.core.listening.get(scenario, self.core.clock.now())?;
        Some((waiting.hook, waiting.until))
    }

    /// Switches a scenario on or off. On only when nothing stands against it.
    pub async fn set_enabled(&self, team: TeamId, id: ScenarioId, on: bool) -> Result<(), ControlError> {
        let scenario = self.scenario(team, id).await?;
        if on {
            let problems = self.reasons_against(&scenario).await?;
            if !problems.is_empty() {
                return Err(ControlError::Problems(problems));
            }
        }
        if on && scenario.enabled {
            // Its next slot stays what it is.
            return Ok(());
        }
        if on {
            positions::begin_now(&self.core, team, id).await;
            schedule::switch_on(&self.core, &scenario).await?;
            // Every request runs it from now on.
            self.core.listening.end(id, self.core.clock.now());
        } else {
            let mut tx = self.core.store.begin().await?;
            scenarios::set_enabled(&mut tx, team, id, false, None).await?;
            tx.commit().await?;
        }
        self.refresh().await;
        Ok(())
    }

    /// What stands against switching a scenario on.
    pub async fn reasons_against(&self, scenario: &scenarios::Scenario) -> Result<Vec<String>, ControlError> {
        let report = self.check_scenario(scenario).await?;
        let mut problems = report.problems.clone();
        if scenario.blueprint.modules().is_empty() {
            // Nothing else is worth saying.
            return Ok(problems);
        }
        problems.extend(schedule::problems(&self.core, scenario));
        for module in &report.modules {
            let must_choose = module.actions.iter().any(|action| match action {
                check::Action::ChooseConnection { .. } => true,
                // Asked for in spite of a link when what it names is gone.
                check::Action::ChooseHook { field, .. } => {
                    let link = module.id.and_then(|id| links::get(&scenario.links, id, field));
                    scenario.hook.is_none() || link.is_some()
                }
                check::Action::ChooseScenario { .. } => true,
                check::Action::ChooseDatastore { .. } => true,
                check::Action::ChooseSpreadsheet { .. } | check::Action::ChooseStructure { .. } => false,
            });
            let says_all = must_choose || (module.status == check::Status::Check && !report.can_be_switched_on);
            let said = if says_all { &module.problems } else { &module.missing };
            let id = module.id.map_or(String::new(), |id| format!(" [{id}]"));
            problems.extend(said.iter().map(|problem| format!("{}{id}: {problem}", module.label)));
        }
        Ok(problems)
    }

    /// The report on a blueprint with the links chosen so far, whether or not
    /// what they name is there.
    pub fn check(&self, blueprint: &Blueprint, links: &Value) -> Report {
        self.check_with_hook(blueprint, links, None, None)
    }

    /// The report on a scenario, with what its webhook has learned.
    pub async fn check_scenario(&self, scenario: &scenarios::Scenario) -> Result<Report, ControlError> {
        let known = Known::load(&self.core.store, scenario.team).await?;
        Ok(self.check_with_hook(&scenario.blueprint, &scenario.links, scenario.hook, Some(&known)))
    }

    /// The report on what somebody edits: links that name nothing any more are
    /// among the choices to make.
    pub(crate) async fn check_in_team(
        &self,
        team: TeamId,
        blueprint: &Blueprint,
        links: &Value,
    ) -> Result<Report, ControlError> {
        let known = Known::load(&self.core.store, team).await?;
        Ok(self.check_with_hook(blueprint, links, None, Some(&known)))
    }

    fn check_with_hook(
        &self,
        blueprint: &Blueprint,
        links: &Value,
        attached: Option<HookId>,
        known: Option<&Known>,
    ) -> Report {
        let learned = |link: Option<&Value>| {
            let linked = link.and_then(|link| link.as_i64().or_else(|| link.as_text()?.parse().ok()));
            let id = linked.map(HookId).or(attached);
            let hooks = self.core.hooks.all();
            let hook = hooks.iter().find(|hook| Some(hook.hook.id) == id);
            hook.map_or(Value::Undefined, |hook| hook.hook.interface.clone())
        };
        let ground = check::Ground { known, guard: Some(self.core.http.guard()) };
        check::check_knowing(&self.core.registry, blueprint, links, &learned, &ground)
    }

    /// An execution with everything that happened in it.
    pub async fn history(&self, team: TeamId, id: ExecutionId) -> Result<Option<History>, ControlError> {
        Ok(history::history(&self.core, team, id).await?)
    }

    /// Stops an execution: at once when it waits, else before its next step.
    pub async fn stop(&self, team: TeamId, id: ExecutionId) -> Result<(), ControlError> {
        stop::stop(&self.core, team, id).await
    }

    /// Runs today's scenario with the trigger data and inputs of an old run.
    pub async fn replay(&self, team: TeamId, id: ExecutionId) -> Result<ExecutionId, ControlError> {
        replay::replay(&self.core, team, id).await
    }

    /// What "Run this module only" needs for a module, with the values of the
    /// last run.
    pub async fn module_values(
        &self,
        team: TeamId,
        id: ScenarioId,
        module: ModuleId,
    ) -> Result<Vec<Wanted>, ControlError> {
        single::wanted(&self.core, team, id, module).await
    }

    /// Runs one module of the live version by itself on these values.
    pub async fn run_module(
        &self,
        team: TeamId,
        id: ScenarioId,
        module: ModuleId,
        given: &[Wanted],
    ) -> Result<ExecutionId, ControlError> {
        single::run(&self.core, team, id, module, given).await
    }

    /// How much of its history a scenario keeps that does not say so itself.
    pub async fn retention(&self) -> Result<Policy, ControlError> {
        Ok(retention::policy(&self.core).await?)
    }

    /// Deletes what the history has too much of, which otherwise happens in the
    /// background. Gives how many runs went.
    pub async fn keep_history_within_limits(&self) -> Result<u64, ControlError> {
        Ok(retention::sweep(&self.core, &mut 0).await?)
    }

    /// What one run may use.
    pub fn limits(&self) -> Limits {
        self.core.limits
    }

    /// Decides about an effect in doubt (decision D65).
    pub async fn decide(&self, team: TeamId, id: ExecutionId, decision: Decision) -> Result<(), ControlError> {
        crate::decide::decide(&self.core, team, id, decision).await
    }

    /// Retries an incomplete execution for a person.
    pub async fn retry_incomplete(&self, team: TeamId, id: IncompleteId) -> Result<Begun, ControlError> {
        incompletes::retry(&self.core, team, id).await
    }

    /// Retries several, at most three of a scenario at a time.
    pub async fn retry_incompletes(&self, team: TeamId, ids: &[IncompleteId]) -> Result<(), ControlError> {
        incompletes::retry_all(&self.core, team, ids).await
    }

    /// Goes on with an incomplete execution as a person decided.
    pub async fn settle_incomplete(
        &self,
        team: TeamId,
        id: IncompleteId,
        decision: Decision,
    ) -> Result<Begun, ControlError> {
        incompletes::settle(&self.core, team, id, decision).await
    }

    /// An incomplete execution with its data, to be looked at and mended.
    pub async fn open_incomplete(&self, team: TeamId, id: IncompleteId) -> Result<Option<Opened>, ControlError> {
        incompletes::open(&self.core, team, id).await
    }

    /// Retries an incomplete execution with its module as a person edited it.
    pub async fn run_edited(&self, team: TeamId, id: IncompleteId, edited: Edited) -> Result<Begun, ControlError> {
        incompletes::run_edited(&self.core, team, id, edited).await
    }

    /// How many open incomplete executions hold up the runs of a scenario that
    /// processes data in order.
    pub async fn holding_up(&self, team: TeamId, id: ScenarioId) -> Result<u64, ControlError> {
        Ok(incompletes::holding_up(&self.core, team, id).await?)
    }

    /// Brings in a blueprint with Rouage's own webhook, spreadsheets and outbox
    /// standing in.
    pub async fn import(&self, team: TeamId, request: ImportRequest) -> Result<Imported, ControlError> {
        let imported = crate::import::import(&self.core, team, request).await?;
        self.refresh().await;
        Ok(imported)
    }

    /// Reads hooks and scenarios again, after a page changed one.
    pub async fn refresh(&self) {
        if let Err(error) = self.core.hooks.reload(&self.core).await {
            tracing::error!(%error, "the webhooks could not be read again");
        }
    }

    /// Tries a connection; the text says what was reached.
    pub async fn test_connection(&self, team: TeamId, id: ConnectionId) -> Result<String, ModuleError> {
        crate::calls::test_connection(&self.core, team, id).await
    }

    /// Links that follow from names: scenarios that are called here as they
    /// were there.
    pub async fn links_by_name(&self, team: TeamId, blueprint: &Blueprint) -> Result<Value, rouage_store::Error> {
        let (report, mut links) = (self.check(blueprint, &Value::Undefined), Collection::new());
        crate::subscenarios::links_by_name(&self.core, team, &report, &mut links).await?;
        Ok(links.into())
    }

    /// The default links of a blueprint: Rouage's own spreadsheets and outbox
    /// wherever they can stand in.
    pub fn default_links(&self, blueprint: &Blueprint) -> Value {
        let mut links = Collection::new();
        for module in self.check(blueprint, &Value::Undefined).modules {
            let Some(id) = module.id else { continue };
            for action in module.actions {
                if let check::Action::ChooseConnection { field, built_in: true, .. } = action {
                    links.insert(format!("{id}.{field}"), crate::links::BUILT_IN);
                }
            }
        }
        links.into()
    }

    pub(crate) async fn scenario(&self, team: TeamId, id: ScenarioId) -> Result<scenarios::Scenario, ControlError> {
        scenarios::find(&self.core.store, team, id).await?.ok_or(ControlError::NotFound("scenario"))
    }
}
