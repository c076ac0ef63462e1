//! What becomes of a request, and what its caller hears.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::scenario::Scheduling;
use rouage_model::{ModuleError, Value};
use rouage_runtime::{DeliverError, Reply, RunOnce};
use rouage_store::{executions, hooks, scenarios};
use support::{Play, Process, Scenario, World};

const READ: &str = r#"{"id":2,"module":"test:Read","version":1,"mapper":{"text":"{{1.text}}"}}"#;
const RESPOND: &str = r#"{"id":3,"module":"gateway:WebhookRespond","version":1,"mapper":{"text":"{{2.text}}"}}"#;

async fn learn(process: &Process, scenario: &Scenario) -> rouage_model::HookId {
    let hook = process.control.hook(&scenario.token).unwrap().hook.id;
    let mut tx = process.store.begin().await.unwrap();
    hooks::set_learning(&mut tx, process.team, hook, true).await.unwrap();
    tx.commit().await.unwrap();
    process.control.refresh().await;
    hook
}

#[tokio::test]
async fn a_hook_is_found_by_its_token_alone() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(READ, "{}").await;
    assert_eq!(process.control.hook(&scenario.token).unwrap().scenario.as_ref().unwrap().id, scenario.id);
    for token in ["", &scenario.token[1..], &format!("{}x", scenario.token), &"a".repeat(32)] {
        assert!(process.control.hook(token).is_none());
    }
}

#[tokio::test]
async fn a_scenario_that_is_off_takes_only_the_request_it_waits_for() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(READ, "{}").await;
    let refused = process.deliver(&scenario, "one").await;
    assert!(matches!(refused, Err(DeliverError::NobodyListens)));
    let run = process.control.run_once(process.team, scenario.id, None, &Value::Undefined).await.unwrap();
    assert!(run == RunOnce::Listening && process.control.is_listening(scenario.id));
    let execution = process.send(&scenario, "two").await;
    let ended = process.until_over(execution).await;
    assert_eq!((ended.status, ended.origin), (Status::Success, Origin::Manual));
    assert!(!process.control.is_listening(scenario.id));
    assert!(matches!(process.deliver(&scenario, "three").await, Err(DeliverError::NobodyListens)));
    assert!(!process.control.stop_listening(scenario.id));
    assert_eq!(process.script.calls().len(), 1);
}

#[tokio::test]
async fn a_learning_hook_keeps_the_structure_and_runs_only_what_is_on() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(READ, "{}").await;
    for is_on in [false, true] {
        process.set_enabled(&scenario, is_on).await;
        let hook = learn(&process, &scenario).await;
        let delivered = process.deliver(&scenario, "a sample").await.unwrap();
        assert_eq!(delivered.execution.is_some(), is_on);
        let learned = hooks::find(&process.store, process.team, hook).await.unwrap().unwrap();
        assert_eq!((learned.learning, learned.interface), (false, Value::text("a sample")));
    }
}

#[tokio::test]
async fn what_does_not_run_as_data_arrives_waits_and_run_once_takes_the_oldest() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(READ, "{}").await;
    let mut tx = process.store.begin().await.unwrap();
    scenarios::set_scheduling(&mut tx, process.team, scenario.id, &Scheduling::on_demand()).await.unwrap();
    tx.commit().await.unwrap();
    process.control.refresh().await;
    for text in ["first", "second"] {
        assert_eq!(process.deliver(&scenario, text).await.unwrap().execution, None);
    }
    for text in ["first", "second"] {
        let run = process.control.run_once(process.team, scenario.id, None, &Value::Undefined).await.unwrap();
        let RunOnce::Started(execution) = run else { panic!("nothing was taken from the queue") };
        assert_eq!(process.until_over(execution).await.status, Status::Success);
        let events = process.events(execution).await;
        let Event::Started { bundles: Some(bundles), .. } = &events[0] else { panic!("{events:?}") };
        assert_eq!(bundles.iter().map(|bundle| bundle.field("text")).collect::<Vec<_>>(), [&Value::text(text)]);
    }
    // Nothing waits any more: the next run waits for a request.
    let run = process.control.run_once(process.team, scenario.id, None, &Value::Undefined).await.unwrap();
    assert_eq!(run, RunOnce::Listening);
    assert!(process.deliver(&scenario, "third").await.unwrap().execution.is_some());
}

#[tokio::test]
async fn a_full_queue_refuses_and_what_it_took_is_run() {
    let world = World::new();
    let change = |parts: &mut rouage_runtime::Parts| (parts.workers, parts.queue_limit) = (1, 3);
    let process = world.process_with(change).await;
    let scenario = process.scenario(READ, "{}").await;
    process.script.play("test:Read", Play::Hang);
    let mut taken = vec![process.send(&scenario, "first").await];
    process.script.hangs.notified().await;
    // How many wait is counted anew every fifth of a second.
    let refused = tokio::time::timeout(std::time::Duration::from_secs(10), async {
        loop {
            match process.deliver(&scenario, "next").await {
                Ok(delivered) => taken.push(delivered.execution.unwrap()),
                Err(error) => return error,
            }
        }
    });
    assert!(matches!(refused.await.unwrap(), DeliverError::QueueFull));
    assert!(taken.len() >= 5, "{} taken", taken.len());
    process.script.go_on.notify_one();
    for execution in taken {
        assert_eq!(process.until_over(execution).await.status, Status::Success);
    }
}

#[tokio::test]
async fn a_waiting_caller_hears_the_answer_the_failure_or_the_end() {
    let world = World::new();
    let process = world.process().await;
    let flow = format!(r#"{READ},{RESPOND}"#);
    let scenario = process.scenario(&flow, "{}").await;
    let answered = process.deliver(&scenario, "hello").await.unwrap();
    let Reply::Response(response) = answered.reply.unwrap().await.unwrap() else { panic!("it must answer") };
    assert_eq!(&response.body[..], b"hello");

    process.script.play("test:Read", Play::Fail(ModuleError::data("bad")));
    let failed = process.deliver(&scenario, "hello").await.unwrap();
    assert!(matches!(failed.reply.unwrap().await.unwrap(), Reply::Failed));

    let filtered = RESPOND.replacen('{', r#"{"filter":{"conditions":[[{"a":"1","b":"2","o":"text:equal"}]]},"#, 1);
    let silent = process.scenario(&format!("{READ},{filtered}"), "{}").await;
    let ended = process.deliver(&silent, "hello").await.unwrap();
    assert!(matches!(ended.reply.unwrap().await.unwrap(), Reply::NoResponse));

    // Only those with a Webhook response let their callers wait.
    let plain = process.scenario(READ, "{}").await;
    assert!(process.deliver(&plain, "hello").await.unwrap().reply.is_none());
    assert_eq!(process.control.waiting_callers(), 0);
}

#[tokio::test]
async fn a_run_whose_caller_hangs_up_before_it_is_stored_runs_all_the_same() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(READ, "{}").await;
    // The flag that something may wait falls with the first claim.
    let first = process.send(&scenario, "one").await;
    process.until_over(first).await;
    let cut = tokio::time::timeout(std::time::Duration::ZERO, process.deliver(&scenario, "two")).await;
    assert!(cut.is_err());
    process.until_calls(2).await;
    let all = executions::list(&process.store, process.team, &executions::Filter::default(), None, 50).await.unwrap();
    for execution in all.items {
        let ended = process.until_over(execution.id).await;
        assert_eq!((ended.status, ended.takeovers), (Status::Success, 0));
    }
}

#[tokio::test]
async fn a_wait_ends_with_its_scenario() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(READ, "{}").await;
    process.control.run_once(process.team, scenario.id, None, &Value::Undefined).await.unwrap();
    let mut tx = process.store.begin().await.unwrap();
    rouage_store::scenarios::delete(&mut tx, process.team, scenario.id).await.unwrap();
    tx.commit().await.unwrap();
    process.control.refresh().await;
    assert!(!process.control.is_listening(scenario.id));
    assert!(matches!(process.deliver(&scenario, "an order").await, Err(DeliverError::NobodyListens)));
}
