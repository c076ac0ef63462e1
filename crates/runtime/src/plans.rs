//! Compiled scenarios, by scenario and version. A version never changes; name
//! and time zone may, so an entry is dropped when its scenario changes. Variants
//! are not kept: their numbers may come again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use rouage_engine::{Files, Plan, RunContext, compile};
use rouage_model::execution::Origin;
use rouage_model::interface::Interface;
use rouage_model::{Blueprint, Collection, ConnectionId, ExecutionId, ScenarioId, TeamId, Text, Value, Version};
use rouage_sdk::registry::Found;
use rouage_store::scenarios;

use crate::catalogue::RegistryCatalogue;
use crate::core::Core;
use crate::driver::Account;
use crate::{calls, files, inputs, links};

/// How many plans are kept.
const CAPACITY: usize = 2_000;

/// A scenario version, ready to run.
pub struct Prepared {
    /// Whether it is made for a run of its own and not published.
    pub is_variant: bool,
    pub team: TeamId,
    pub scenario: ScenarioId,
    pub plan: Arc<Plan>,
    pub links: Value,
    pub name: Text,
    pub timezone: TimeZone,
    /// What it takes and gives.
    pub interface: Interface,
    /// The inputs of a run that is given none: a collection.
    pub defaults: Value,
    /// The accounts that its modules use.
    pub accounts: Vec<Account>,
}

impl Prepared {
    /// The surroundings of one run.
    pub fn context(&self, core: &Core, execution: ExecutionId, scenario: ScenarioId, origin: Origin) -> RunContext {
        RunContext {
            execution,
            scenario,
            scenario_name: self.name.clone(),
            scenario_url: core.scenario_url(scenario).into(),
            timezone: self.timezone.clone(),
            team_variables: Collection::new(),
            organization_variables: Collection::new(),
            // `Started` carries them when the run is given some.
            inputs: self.defaults.clone(),
            limits: core.limits.of_run(origin),
            files: Files::new(Arc::new(files::Reader::new(core.store.clone(), self.team))),
        }
    }
}

/// The linked accounts of the modules that a run can come to; the built-in
/// ones need no opening.
fn accounts(core: &Core, blueprint: &Blueprint, links: &Value) -> Vec<Account> {
    let mut accounts = Vec::new();
    for visited in blueprint.enabled_modules() {
        let module = visited.module;
        let (Some(id), Found::Same(found)) = (module.id(), core.registry.find(module.name(), module.version())) else {
            continue;
        };
        for (field, kinds, _) in calls::account_fields(found.spec()) {
            if let Some(connection) = links::get(links, id, field).and_then(Value::as_i64) {
                accounts.push(Account { module: id, connection: ConnectionId(connection), kinds });
            }
        }
    }
    accounts
}

/// The cache.
#[derive(Default)]
pub struct PlanCache(Mutex<HashMap<(ScenarioId, Version), Arc<Prepared>>>);

impl PlanCache {
    /// The plan of a version; compiled on first use. `None` when the version
    /// does not exist.
    pub async fn get(
        &self,
        core: &Core,
        team: TeamId,
        scenario: ScenarioId,
        version: Version,
    ) -> Result<Option<Arc<Prepared>>, rouage_store::Error> {
        if let Some(prepared) = self.map().get(&(scenario, version)) {
            return Ok(Some(prepared.clone()));
        }
        let Some(stored) = scenarios::find_version(&core.store, scenario, version).await? else {
            return Ok(None);
        };
        // A deleted scenario has no name any more; its runs go on all the same.
        let current = scenarios::find(&core.store, team, scenario).await?;
        let (name, timezone) = current.map(|current| (current.name, current.timezone)).unwrap_or_default();
        let linked = links::apply(&stored.blueprint, &stored.links);
        let timezone = TimeZone::get(&timezone).unwrap_or(TimeZone::UTC);
        let interface = Interface::of(&stored.blueprint);
        let prepared = Arc::new(Prepared {
            is_variant: version.0 < 0,
            team,
            scenario,
            accounts: accounts(core, &linked, &stored.links),
            plan: Arc::new(compile(&linked, &RegistryCatalogue(&core.registry)).plan),
            links: stored.links.clone(),
            name: name.into(),
            defaults: inputs::defaults(&interface, &timezone),
            interface,
            timezone,
        });
        // A variant serves one run, and its number may be given out again when
        // it is deleted with that run.
        if version.0 < 0 {
            return Ok(Some(prepared));
        }
        let mut map = self.map();
        if map.len() >= CAPACITY {
            map.clear();
        }
        map.insert((scenario, version), prepared.clone());
        Ok(Some(prepared))
    }

    /// Forgets a scenario whose name or time zone may have changed.
    pub fn forget(&self, scenario: ScenarioId) {
        self.map().retain(|(id, _), _| *id != scenario);
    }

    /// Forgets everything: any scenario may have changed.
    pub fn forget_all(&self) {
        self.map().clear();
    }

    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<(ScenarioId, Version), Arc<Prepared>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
