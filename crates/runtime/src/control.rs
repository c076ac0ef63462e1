//! The handle by which pages and commands steer the runtime.

use std::sync::Arc;

use rouage_model::execution::Origin;
use rouage_model::scenario::Scheduling;
use rouage_model::{Blueprint, Collection, ConnectionId, ExecutionId, ModuleError, ScenarioId, TeamId, Value, clock};
use rouage_sdk::Registry;
use rouage_store::{NewDelivery, NewExecution, Store, scenarios};

use crate::check::{self, Report};
use crate::core::{Core, Parts};
use crate::decide::Decision;
use crate::history::{self, History};
use crate::hooks::{self, DeliverError, Delivered, LiveHook};
use crate::import::{ImportRequest, Imported};
use crate::{queue, worker};

/// Steers a running [`crate::Runtime`]. Cloning shares it.
#[derive(Clone)]
pub struct Control {
    core: Arc<Core>,
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
    /// Not possible as things stand.
    #[error("{0}")]
    Conflict(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] rouage_store::Error),
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
    /// waits for one request.
    pub async fn run_once(
        &self,
        team: TeamId,
        id: ScenarioId,
        bundles: Option<Vec<Value>>,
    ) -> Result<RunOnce, ControlError> {
        let scenario = self.scenario(team, id).await?;
        let prepared = self.core.plans.get(&self.core, team, id, scenario.version).await?;
        let instant = prepared.is_some_and(|prepared| prepared.plan.is_instant());
        if instant && bundles.is_none() {
            if scenario.hook.is_none() {
                let text = "choose a webhook for the first module on the Set-up tab".to_owned();
                return Err(ControlError::Problems(vec![text]));
            }
            if let Some(execution) = queue::run_next(&self.core, &scenario).await? {
                return Ok(RunOnce::Started(execution));
            }
            if scenario.enabled && matches!(scenario.scheduling, Scheduling::Immediately { .. }) {
                let text = "the scenario is on: every request runs it, there is nothing to wait for".to_owned();
                return Err(ControlError::Conflict(text));
            }
            self.core.hooks.listen_once(id);
            return Ok(RunOnce::Listening);
        }
        let execution = NewExecution {
            id: clock::execution_id(self.core.clock.as_ref()),
            team,
            scenario: id,
            version: scenario.version,
            origin: Origin::Manual,
            bundles,
            leased: true,
            created_at: self.core.clock.now(),
        };
        let id = execution.id;
        // In a task of its own, for the reason given at `hooks::deliver`.
        let core = self.core.clone();
        let starting = tokio::spawn(async move {
            let job = core.store.start(execution).await?;
            worker::take(&core, job);
            Ok::<_, rouage_store::Error>(())
        });
        let started = starting.await.map_err(|ended| rouage_store::Error::Database(ended.to_string()));
        started.flatten()?;
        Ok(RunOnce::Started(id))
    }

    /// Runs a scenario with the data of its webhook's last request.
    pub async fn run_with_last(&self, team: TeamId, id: ScenarioId) -> Result<RunOnce, ControlError> {
        let scenario = self.scenario(team, id).await?;
        let hook = scenario.hook.ok_or_else(|| ControlError::Conflict("the scenario has no webhook".into()))?;
        let Some(bundles) = hooks::last_payload(&self.core, team, hook).await? else {
            return Err(ControlError::Conflict("the webhook has not received anything yet".into()));
        };
        self.run_once(team, id, Some(bundles)).await
    }

    /// How many callers wait for a Webhook response of a run.
    pub fn waiting_callers(&self) -> usize {
        self.core.replies.len()
    }

    /// Whether Run once waits for a request.
    pub fn is_listening(&self, scenario: ScenarioId) -> bool {
        self.core.hooks.is_listening(scenario)
    }

    /// Ends the wait of Run once.
    pub fn stop_listening(&self, scenario: ScenarioId) -> bool {
        self.core.hooks.stop_listening(scenario)
    }

    /// Switches a scenario on or off. On only when nothing stands against it.
    pub async fn set_enabled(&self, team: TeamId, id: ScenarioId, on: bool) -> Result<(), ControlError> {
        let scenario = self.scenario(team, id).await?;
        if on {
            let problems = self.reasons_against(&scenario);
            if !problems.is_empty() {
                return Err(ControlError::Problems(problems));
            }
        }
        let mut tx = self.core.store.begin().await?;
        scenarios::set_enabled(&mut tx, team, id, on, None).await?;
        tx.commit().await?;
        self.refresh().await;
        Ok(())
    }

    /// What stands against switching a scenario on.
    pub fn reasons_against(&self, scenario: &scenarios::Scenario) -> Vec<String> {
        let report = self.check(&scenario.blueprint, &scenario.links);
        let mut problems = report.problems.clone();
        for module in &report.modules {
            let must_choose = module.actions.iter().any(|action| match action {
                check::Action::ChooseConnection { .. } => true,
                check::Action::ChooseHook { .. } => scenario.hook.is_none(),
                check::Action::ChooseSpreadsheet { .. } => false,
            });
            if must_choose || (module.status == check::Status::Check && !report.can_be_switched_on) {
                let id = module.id.map_or(String::new(), |id| format!(" [{id}]"));
                problems.extend(module.problems.iter().map(|problem| format!("{}{id}: {problem}", module.label)));
            }
        }
        problems
    }

    /// The report on a blueprint with the links chosen so far.
    pub fn check(&self, blueprint: &Blueprint, links: &Value) -> Report {
        check::check(&self.core.registry, blueprint, links)
    }

    /// An execution with everything that happened in it.
    pub async fn history(&self, team: TeamId, id: ExecutionId) -> Result<Option<History>, ControlError> {
        Ok(history::history(&self.core, team, id).await?)
    }

    /// Stops an execution: at once when it waits, else before its next step.
    pub async fn stop(&self, team: TeamId, id: ExecutionId) -> Result<(), ControlError> {
        let mut tx = self.core.store.begin().await?;
        rouage_store::executions::request_stop(&mut tx, team, id).await?;
        tx.commit().await?;
        self.core.held.ask_to_stop(id);
        self.core.wake.notify_one();
        Ok(())
    }

    /// Decides about an effect in doubt (decision D65).
    pub async fn decide(&self, team: TeamId, id: ExecutionId, decision: Decision) -> Result<(), ControlError> {
        crate::decide::decide(&self.core, team, id, decision).await
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

    async fn scenario(&self, team: TeamId, id: ScenarioId) -> Result<scenarios::Scenario, ControlError> {
        scenarios::find(&self.core.store, team, id).await?.ok_or(ControlError::NotFound("scenario"))
    }
}
