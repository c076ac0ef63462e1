//! A runtime over a SQLite file, with an app whose modules do what a script
//! says. Each `Process` is what a process would be: killing it is to end its
//! tokio runtime.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may end there")]

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rouage_model::clock::{self, SimulatedClock};
use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::scenario::Scheduling;
use rouage_model::{Blueprint, Collection, ExecutionId, ScenarioId, TeamId, Value};
use rouage_runtime::{Control, Delivered, Limits, Parts, RunOnce, Runtime};
use rouage_sdk::{Registry, guard, http};
use rouage_store::hooks::HookSettings;
use rouage_store::{NewDelivery, Options, PageRequest, Store, executions, hooks, journal, scenarios, teams};

mod app;
mod caller;
pub mod files;

pub use app::Script;
#[allow(unused_imports, reason = "each test file uses its part")]
pub use app::{Play, app as scripted};

/// What outlives a process: the file and the clock.
pub struct World {
    pub clock: Arc<SimulatedClock>,
    folder: tempfile::TempDir,
}

/// A running process.
pub struct Process {
    pub store: Store,
    pub team: TeamId,
    pub control: Control,
    pub script: Arc<Script>,
    pub runtime: Runtime,
    clock: Arc<SimulatedClock>,
}

/// A scenario with its webhook's token.
#[derive(Clone)]
pub struct Scenario {
    pub id: ScenarioId,
    pub token: String,
}

/// The first rows of a list.
pub fn page() -> PageRequest {
    PageRequest::default()
}

/// Runs a part of a test as a process that is killed at its end: its tasks are
/// dropped wherever they are.
pub fn killed<T>(part: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outcome = runtime.block_on(part);
    runtime.shutdown_timeout(Duration::from_secs(5));
    outcome
}

impl World {
    pub fn new() -> Self {
        let now: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        Self { clock: Arc::new(SimulatedClock::new(now, 7)), folder: tempfile::tempdir().unwrap() }
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub fn advance_millis(&self, milliseconds: i64) {
        self.clock.advance(SignedDuration::from_millis(milliseconds));
    }

    pub async fn process(&self) -> Process {
        self.process_with(|_| {}).await
    }

    pub async fn process_with(&self, change: impl FnOnce(&mut Parts)) -> Process {
        self.process_scripted(|_| {}, change).await
    }

    /// Opens the file as a new process would; it finds the script set up.
    pub async fn process_scripted(&self, set_up: impl FnOnce(&Script), change: impl FnOnce(&mut Parts)) -> Process {
        let url = format!("sqlite://{}/rouage.db", self.folder.path().display());
        let node = clock::uuid(self.clock.as_ref());
        let store = Store::open(Options { url, node, clock: self.clock.clone(), key: [7; 32] }).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let team = teams::ensure_default(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let script = Arc::new(Script::default());
        set_up(&script);
        let mut parts = Parts {
            store: store.clone(),
            registry: Registry::new(vec![app::app(&script)]),
            http: http::Client::new(guard::Guard::default()),
            clock: self.clock.clone(),
            public_url: "http://rouage.test".parse().unwrap(),
            workers: 2,
            module_timeout: Duration::from_secs(30),
            queue_limit: 100,
            limits: Limits::default(),
        };
        change(&mut parts);
        let runtime = Runtime::start(parts).await.unwrap();
        Process { control: runtime.control(), store, team, script, runtime, clock: self.clock.clone() }
    }
}

impl Process {
    /// A scenario that is on: a webhook, and then the modules given as JSON.
    /// `{{1.text}}` is what was sent.
    pub async fn scenario(&self, modules: &str, settings: &str) -> Scenario {
        let scenario = self.scenario_off(modules, settings).await;
        self.set_enabled(&scenario, true).await;
        scenario
    }

    pub async fn scenario_off(&self, modules: &str, settings: &str) -> Scenario {
        let blueprint = format!(
            r#"{{"name":"Test","flow":[{{"id":1,"module":"test:Hook","version":1}},{modules}],
                "metadata":{{"scenario":{settings}}}}}"#
        );
        let new = scenarios::NewScenario {
            name: "Test".into(),
            blueprint: Arc::new(Blueprint::parse(blueprint.as_bytes()).unwrap()),
            links: Value::Undefined,
            scheduling: Scheduling::default(),
        };
        let mut tx = self.store.begin().await.unwrap();
        let id = scenarios::create(&mut tx, self.team, new).await.unwrap();
        let hook = hooks::create(&mut tx, self.team, "Test", &HookSettings::default()).await.unwrap();
        hooks::attach(&mut tx, self.team, hook.id, Some(id)).await.unwrap();
        tx.commit().await.unwrap();
        self.control.refresh().await;
        Scenario { id, token: hook.token }
    }

    pub async fn set_enabled(&self, scenario: &Scenario, on: bool) {
        let mut tx = self.store.begin().await.unwrap();
        scenarios::set_enabled(&mut tx, self.team, scenario.id, on, None).await.unwrap();
        tx.commit().await.unwrap();
        self.control.refresh().await;
    }

    pub async fn deliver(&self, scenario: &Scenario, text: &str) -> Result<Delivered, rouage_runtime::DeliverError> {
        let hook = self.control.hook(&scenario.token).unwrap();
        let sample = hook.hook.learning.then(|| Value::text("a sample"));
        let bundle = Collection::from_iter([("text", text)]);
        self.control.deliver(&hook, self.delivery(), vec![bundle.into()], sample).await
    }

    /// Sends, and gives the run.
    pub async fn send(&self, scenario: &Scenario, text: &str) -> ExecutionId {
        self.deliver(scenario, text).await.unwrap().execution.unwrap()
    }

    pub async fn run_by_hand(&self, scenario: &Scenario) -> ExecutionId {
        let bundle = Collection::from_iter([("text", "by hand")]);
        let run =
            self.control.run_once(self.team, scenario.id, Some(vec![bundle.into()]), &Value::Undefined).await.unwrap();
        let RunOnce::Started(execution) = run else { panic!("it must start") };
        execution
    }

    fn delivery(&self) -> NewDelivery {
        NewDelivery {
            received_at: rouage_model::Clock::now(self.clock.as_ref()),
            method: "POST".into(),
            query: String::new(),
            headers: Vec::new(),
            ip: "127.0.0.1".into(),
            size: 2,
            content_type: "application/json".into(),
        }
    }

    /// Waits until the store has it so.
    pub async fn until(&self, execution: ExecutionId, status: Status) -> executions::Execution {
        self.until_execution(execution, |found| found.status == status).await
    }

    pub async fn until_over(&self, execution: ExecutionId) -> executions::Execution {
        self.until_execution(execution, |found| found.status.is_final()).await
    }

    async fn until_execution(
        &self,
        execution: ExecutionId,
        is_so: impl Fn(&executions::Execution) -> bool,
    ) -> executions::Execution {
        let mut changes = self.store.changes();
        let seen = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                let found = self.execution(execution).await;
                if is_so(&found) {
                    return found;
                }
                // A lag is news too. The other process of a test sends none.
                let _ = tokio::time::timeout(Duration::from_millis(200), changes.recv()).await;
            }
        });
        match seen.await {
            Ok(found) => found,
            Err(_) => panic!("it never got there: {:#?}", self.execution(execution).await),
        }
    }

    pub async fn execution(&self, execution: ExecutionId) -> executions::Execution {
        executions::find(&self.store, self.team, execution).await.unwrap().unwrap()
    }

    pub async fn events(&self, execution: ExecutionId) -> Vec<Event> {
        journal::events(&self.store, execution).await.unwrap()
    }

    pub async fn event_names(&self, execution: ExecutionId) -> Vec<&'static str> {
        self.events(execution).await.iter().map(Event::name).collect()
    }

    /// Creates a run that no worker has, as another node would.
    pub async fn enqueue(&self, scenario: &Scenario, text: &str) -> ExecutionId {
        let current = scenarios::find(&self.store, self.team, scenario.id).await.unwrap().unwrap();
        let id = clock::execution_id(self.clock.as_ref());
        let new = rouage_store::NewExecution {
            id,
            team: self.team,
            scenario: scenario.id,
            version: current.version,
            origin: Origin::Webhook,
            bundles: Some(vec![Collection::from_iter([("text", text)]).into()]),
            inputs: Value::Undefined,
            lineage: rouage_store::Lineage::None,
            leased: false,
            created_at: rouage_model::Clock::now(self.clock.as_ref()),
        };
        let mut tx = self.store.begin().await.unwrap();
        executions::enqueue(&mut tx, new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }
}

impl Process {
    /// Waits until so much was done.
    pub async fn until_effects(&self, effects: usize) {
        let reached = tokio::time::timeout(Duration::from_secs(30), async {
            while self.script.effects().len() < effects {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let outcome = reached.await;
        assert!(outcome.is_ok(), "only this was done: {:?}", self.script.effects());
    }

    /// Waits until modules were called so often.
    pub async fn until_calls(&self, calls: usize) {
        let reached = tokio::time::timeout(Duration::from_secs(20), async {
            while self.script.calls().len() < calls {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        reached.await.unwrap();
    }

    /// Waits until the scenario was switched off, and the webhooks know.
    pub async fn until_off(&self, scenario: &Scenario) -> scenarios::Scenario {
        let is_on = || self.control.hook(&scenario.token).unwrap().scenario.as_ref().unwrap().enabled;
        let off = tokio::time::timeout(Duration::from_secs(20), async {
            while is_on() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        off.await.unwrap();
        scenarios::find(&self.store, self.team, scenario.id).await.unwrap().unwrap()
    }
}

impl Process {
    pub async fn until_over_or_in_doubt(&self, execution: ExecutionId) -> executions::Execution {
        self.until_execution(execution, |found| found.status.is_final() || found.status == Status::InDoubt).await
    }
}

impl Process {
    /// A scenario of a whole blueprint, switched off.
    pub async fn scenario_of(&self, blueprint: &str) -> ScenarioId {
        let new = scenarios::NewScenario {
            name: "Test".into(),
            blueprint: Arc::new(Blueprint::parse(blueprint.as_bytes()).unwrap()),
            links: Value::Undefined,
            scheduling: Scheduling::on_demand(),
        };
        let mut tx = self.store.begin().await.unwrap();
        let id = scenarios::create(&mut tx, self.team, new).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Waits until the bundles of a confidential run are gone.
    pub async fn until_bare(&self, execution: ExecutionId) {
        let bare = tokio::time::timeout(Duration::from_secs(20), async {
            while !rouage_store::retention::confidential_due(&self.store, 10).await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let outcome = bare.await;
        assert!(outcome.is_ok(), "the bundles of {execution} are still there");
    }
}
