//! What the caller of a webhook hears (`make-semantics.md` §1.4; traps 17 and
//! 18), over the real runtime and store.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rouage_model::execution::Status;
use rouage_model::scenario::Scheduling;
use rouage_model::{Collection, ExecutionId, ModuleError, ScenarioId};
use rouage_sdk::{App, Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, WebhookResponse};
use rouage_store::hooks::{Hook, HookSettings};
use rouage_store::{executions, hooks, scenarios};
use support::{Answer, Server};
use tokio::sync::Notify;

/// Lets `test:Wait` go on.
#[derive(Default)]
struct Gate {
    go_on: Notify,
}

struct Scripted {
    spec: Spec,
    gate: Arc<Gate>,
}

#[async_trait]
impl Module for Scripted {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        match self.spec.name {
            "test:Wait" => self.gate.go_on.notified().await,
            "test:Fail" => return Err(ModuleError::data("a detail that must not leak")),
            "gateway:WebhookRespond" => {
                let body = call.input.text("body").unwrap_or_default().to_owned().into();
                call.host.respond(WebhookResponse { status: 201, headers: Vec::new(), body }).await;
            }
            _ => {}
        }
        Ok(Outcome::bundle(Collection::new()))
    }
}

fn apps(gate: &Arc<Gate>) -> Vec<App> {
    let module = |name: &'static str, kind| -> Arc<dyn Module> {
        let body = Field::new("body", "Body", FieldKind::Text);
        let spec = Spec::new(name, 1, name, kind, Effect::Idempotent).mapper(vec![body]);
        Arc::new(Scripted { spec, gate: gate.clone() })
    };
    let app = |name, modules| App {
        name,
        label: name,
        color: "#000000",
        icon: "x",
        synonyms: &[],
        modules,
        connections: Vec::new(),
    };
    let hook = module("gateway:CustomWebHook", Kind::InstantTrigger);
    let respond = module("gateway:WebhookRespond", Kind::Responder);
    let tests = vec![module("test:Fail", Kind::Action), module("test:Wait", Kind::Action)];
    vec![app("gateway", vec![hook, respond]), app("test", tests)]
}

const RESPOND: &str = r#"{"id":8,"module":"gateway:WebhookRespond","version":1,"mapper":{"body":"first"}}"#;
const FAIL: &str = r#"{"id":5,"module":"test:Fail","version":1}"#;
const WAIT: &str = r#"{"id":6,"module":"test:Wait","version":1}"#;
const RETURN: &str = r#"{"id":7,"module":"scenario-service:ReturnData","version":2,"mapper":{"secret":"sesame"}}"#;

struct World {
    server: Server,
    gate: Arc<Gate>,
    scenario: ScenarioId,
    hook: Hook,
}

impl World {
    async fn new(flow: &str) -> Self {
        Self::with(flow, Duration::from_secs(20)).await
    }

    async fn with(flow: &str, response_timeout: Duration) -> Self {
        let gate = Arc::new(Gate::default());
        let server = Server::with_apps(apps(&gate), |parts| parts.limits.response_timeout = response_timeout).await;
        let trigger = r#"{"id":1,"module":"gateway:CustomWebHook","version":1}"#;
        let settings = r#""metadata":{"scenario":{"maxErrors":1}}"#;
        let scenario = server.scenario(&format!(r#"{{"name":"x","flow":[{trigger},{flow}],{settings}}}"#)).await;
        let hook = server.hook(&HookSettings::default(), false).await;
        server.attach(hook.id, scenario, true).await;
        Self { server, gate, scenario, hook }
    }

    async fn call(&self) -> Answer {
        self.server
            .send("POST", &format!("/hook/{}", self.hook.token), &[("content-type", "application/json")], "{}")
            .await
    }

    /// The latest run, once there is one.
    async fn run(&self) -> executions::Execution {
        loop {
            if let Some(run) = self.runs().await.into_iter().next() {
                return run;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn runs(&self) -> Vec<executions::Execution> {
        let filter = executions::Filter { scenario: Some(self.scenario), ..executions::Filter::default() };
        let runs = executions::list(&self.server.store, self.server.team, &filter, None, 10).await.unwrap();
        runs.items
    }

    async fn until_over(&self) -> executions::Execution {
        let over = tokio::time::timeout(Duration::from_secs(20), async {
            loop {
                let run = self.run().await;
                if run.status.is_final() {
                    return run;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        over.await.unwrap()
    }

    async fn scenario(&self) -> scenarios::Scenario {
        scenarios::find(&self.server.store, self.server.team, self.scenario).await.unwrap().unwrap()
    }
}

fn said(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body.as_str())
}

#[tokio::test]
async fn trap_17_the_answers_have_make_s_statuses_and_texts() {
    let world = World::new(WAIT).await;
    // The default is sent when it is stored, while the run goes on.
    let accepted = world.call().await;
    assert_eq!(said(&accepted), (200, "Accepted"));
    assert!(accepted.header("content-type").starts_with("text/plain"));
    assert!(!world.run().await.status.is_final());
    world.gate.go_on.notify_one();
    world.until_over().await;

    let (store, team) = (&world.server.store, world.server.team);
    let mut tx = store.begin().await.unwrap();
    scenarios::set_enabled(&mut tx, team, world.scenario, false, None).await.unwrap();
    tx.commit().await.unwrap();
    world.server.runtime.control().refresh().await;
    assert_eq!(said(&world.call().await), (410, "There is no scenario listening for this webhook."));

    let mut tx = store.begin().await.unwrap();
    hooks::set_enabled(&mut tx, team, world.hook.id, false).await.unwrap();
    tx.commit().await.unwrap();
    world.server.runtime.control().refresh().await;
    assert_eq!(said(&world.call().await), (410, "Gone"));
}

#[tokio::test]
async fn trap_17_a_full_queue_is_a_400() {
    let world = World::new(WAIT).await;
    let (store, team) = (&world.server.store, world.server.team);
    let mut tx = store.begin().await.unwrap();
    scenarios::set_scheduling(&mut tx, team, world.scenario, &Scheduling::on_demand()).await.unwrap();
    tx.commit().await.unwrap();
    world.server.runtime.control().refresh().await;
    // The limit of these tests.
    for _ in 0..100 {
        assert_eq!(said(&world.call().await), (200, "Accepted"));
    }
    assert_eq!(said(&world.call().await), (400, "Queue is full"));
}

#[tokio::test]
async fn trap_18_only_the_first_response_counts() {
    let second = RESPOND.replace("first", "second").replace("8", "9");
    let world = World::new(&format!("{RESPOND},{second}")).await;
    assert_eq!(said(&world.call().await), (201, "first"));
    assert_eq!(world.until_over().await.status, Status::Success);
}

#[tokio::test]
async fn trap_18_after_the_time_out_the_caller_hears_accepted_and_the_run_goes_on() {
    let world = World::with(&format!("{WAIT},{RESPOND}"), Duration::from_millis(50)).await;
    assert_eq!(said(&world.call().await), (200, "Accepted"));
    assert!(!world.run().await.status.is_final());
    world.gate.go_on.notify_one();
    assert_eq!(world.until_over().await.status, Status::Success);
}

#[tokio::test]
async fn trap_18_what_a_scenario_returns_is_no_response() {
    let world = World::new(RETURN).await;
    let answer = world.call().await;
    assert_eq!(said(&answer), (200, "Accepted"));
    assert_eq!(world.until_over().await.status, Status::Success);
    // Not even where a response is waited for, and was never reached.
    let world = World::new(&format!("{RETURN},{RESPOND}")).await;
    let answer = world.call().await;
    assert_eq!(said(&answer), (200, "Accepted"));
    assert!(!answer.headers.values().any(|value| value.to_str().unwrap().contains("sesame")));
}

#[tokio::test]
async fn a_caller_whose_response_is_not_reached_hears_accepted_at_the_end() {
    let blocked = RESPOND
        .replace("\"version\":1", r#""version":1,"filter":{"conditions":[[{"a":"1","o":"text:equal","b":"2"}]]}"#);
    let world = World::new(&format!("{WAIT},{blocked}")).await;
    let (answer, ()) = tokio::join!(world.call(), async {
        while world.server.runtime.control().waiting_callers() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.gate.go_on.notify_one();
    });
    assert_eq!(said(&answer), (200, "Accepted"));
    assert_eq!(world.until_over().await.status, Status::Success);
}

#[tokio::test]
async fn d45_a_run_that_fails_before_its_response_is_a_500_without_details() {
    let world = World::new(&format!("{FAIL},{RESPOND}")).await;
    assert_eq!(said(&world.call().await), (500, "Scenario failed to complete."));
    let ended = world.until_over().await;
    assert!(ended.error.unwrap().contains("must not leak"));
    // It counts: the next one finds nobody.
    assert_eq!(until_off(&world).await, (410, "There is no scenario listening for this webhook.".to_owned()));
}

async fn until_off(world: &World) -> (u16, String) {
    let off = tokio::time::timeout(Duration::from_secs(20), async {
        while world.scenario().await.enabled {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    off.await.unwrap();
    world.server.runtime.control().refresh().await;
    let answer = world.call().await;
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn an_error_after_the_response_does_not_switch_the_scenario_off() {
    let world = World::new(&format!("{RESPOND},{FAIL}")).await;
    for _ in 0..3 {
        assert_eq!(said(&world.call().await), (201, "first"));
        assert_eq!(world.until_over().await.status, Status::Error);
    }
    let scenario = world.scenario().await;
    assert_eq!((scenario.enabled, scenario.consecutive_errors), (true, 0));
}

#[tokio::test]
async fn a_run_that_is_stopped_tells_its_caller() {
    let world = World::new(&format!("{WAIT},{RESPOND}")).await;
    let (answer, _) = tokio::join!(world.call(), async {
        while world.server.runtime.control().waiting_callers() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let run: ExecutionId = world.run().await.id;
        world.server.runtime.control().stop(world.server.team, run).await.unwrap();
        world.gate.go_on.notify_one();
        run
    });
    assert_eq!(said(&answer), (500, "Scenario failed to complete."));
}
