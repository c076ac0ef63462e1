//! A team with a scenario and a hook, and requests for them.

use std::sync::Arc;

use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::scenario::Scheduling;
use rouage_model::{
    Blueprint, Collection, ExecutionId, HookId, ModuleId, OperationId, ScenarioId, TeamId, Value, Version, clock,
};
use rouage_store::scenarios::NewScenario;
use rouage_store::{
    Accept, AcceptOutcome, Accepted, Append, Appended, Error, Fence, Job, Lineage, NewDelivery, NewExecution,
    StagedWrite, Store, Update, hooks, scenarios, teams,
};

/// What most tests need to be there.
pub struct World {
    pub store: Store,
    pub team: TeamId,
    pub scenario: ScenarioId,
    pub hook: HookId,
}

pub fn blueprint(name: &str) -> Arc<Blueprint> {
    let text = format!(
        r#"{{"name":"{name}","flow":[{{"id":1,"module":"gateway:CustomWebHook","version":1}},
            {{"id":2,"module":"google-sheets:addRow","version":2}}],"unknown":{{"kept":1.50}}}}"#
    );
    Arc::new(Blueprint::parse(text.as_bytes()).unwrap())
}

pub fn new_scenario(name: &str) -> NewScenario {
    NewScenario {
        name: name.into(),
        blueprint: blueprint(name),
        links: Collection::from_iter([("1.hook", 1)]).into(),
        scheduling: Scheduling::default(),
    }
}

impl World {
    pub async fn new(store: Store) -> Self {
        let mut tx = store.begin().await.unwrap();
        let team = teams::ensure_default(&mut tx).await.unwrap();
        let scenario = scenarios::create(&mut tx, team, new_scenario("Orders")).await.unwrap();
        let hook = hooks::create(&mut tx, team, "Orders in", &hooks::HookSettings::default()).await.unwrap().id;
        hooks::attach(&mut tx, team, hook, Some(scenario)).await.unwrap();
        tx.commit().await.unwrap();
        Self { store, team, scenario, hook }
    }

    pub fn delivery(&self) -> NewDelivery {
        NewDelivery {
            received_at: self.store.clock().now(),
            method: "POST".into(),
            query: "a=1".into(),
            headers: vec![("content-type".into(), "application/json".into()), ("x-nul".into(), "a\0b".into())],
            ip: "192.0.2.7".into(),
            size: 21,
            content_type: "application/json".into(),
        }
    }

    pub fn execution(&self, leased: bool) -> NewExecution {
        NewExecution {
            id: clock::execution_id(self.store.clock().as_ref()),
            team: self.team,
            scenario: self.scenario,
            version: Version(1),
            origin: Origin::Webhook,
            bundles: Some(vec![bundle("order-1")]),
            inputs: Value::Undefined,
            lineage: Lineage::None,
            leased,
            created_at: self.store.clock().now(),
        }
    }

    pub fn request(&self, leased: bool) -> Accept {
        let outcome = AcceptOutcome::Run { execution: self.execution(leased) };
        Accept { team: self.team, hook: self.hook, delivery: self.delivery(), outcome }
    }

    pub async fn accept(&self, leased: bool) -> Accepted {
        self.store.accept(self.request(leased)).await.unwrap()
    }

    /// A job that this store works on.
    pub async fn job(&self) -> Job {
        self.accept(true).await.job.unwrap()
    }

    pub fn called(&self, operation: u32) -> Event {
        Event::Called {
            at: self.store.clock().now(),
            operation: OperationId(operation),
            module: ModuleId(2),
            attempt: 1,
            note: Value::Undefined,
        }
    }

    pub fn finished(&self, status: Status) -> Update {
        let error = (status == Status::Error).then(|| "refused\0 by the other side".to_owned());
        let finished_at = self.store.clock().now();
        Update::Finished {
            status,
            error,
            operations: 2,
            finished_at,
            counts: true,
            is_told: true,
            name: None,
            is_check: false,
            is_confidential: false,
            retried: None,
        }
    }

    pub async fn append(&self, job: &Job, first_seq: u32, update: Update) -> Result<Appended, Error> {
        self.store
            .append(append(job.execution, self.scenario, job.fence, first_seq, vec![self.called(1)], update))
            .await
    }

    pub async fn stage(&self, job: &Job, first_seq: u32, staged: StagedWrite) -> Result<Appended, Error> {
        let mut append = append(job.execution, self.scenario, job.fence, first_seq, vec![], Update::None);
        append.staged = Some(staged);
        self.store.append(append).await
    }
}

pub fn append(
    execution: ExecutionId,
    scenario: ScenarioId,
    fence: Fence,
    first_seq: u32,
    events: Vec<Event>,
    update: Update,
) -> Append {
    Append { execution, scenario, fence, first_seq, events, staged: None, update }
}

pub fn bundle(id: &str) -> Value {
    Collection::from_iter([("id", Value::text(id)), ("amount", Value::from(12.5))]).into()
}
