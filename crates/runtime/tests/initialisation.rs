//! The initialisation of a run: the accounts of its modules are there, or
//! nothing is done.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use rouage_model::execution::Status;
use rouage_model::{Collection, ConnectionId, Value};
use rouage_store::connections::{self, NewConnection};
use rouage_store::incompletes::{self, Filter};
use rouage_store::scenarios;
use support::{Play, Process, Scenario, World, page};

const FLOW: &str = r#"{"id":2,"module":"test:Idempotent","version":1,"mapper":{"text":"before"}},
    {"id":3,"module":"test:Account","version":1,"parameters":{"__IMTCONN__":7},"mapper":{"text":"{{1.text}}"},
     "onerror":[{"id":4,"module":"builtin:Ignore","version":1}]}"#;

async fn account(process: &Process, kind: &str) -> ConnectionId {
    let new = NewConnection {
        kind: kind.into(),
        name: "Shop".into(),
        data: Value::empty_collection(),
        secret: Value::text("secret"),
    };
    let mut tx = process.store.begin().await.unwrap();
    let id = connections::create(&mut tx, process.team, new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn link(process: &Process, scenario: &Scenario, id: ConnectionId) {
    let links = Collection::from_iter([("3.__IMTCONN__", id.0)]).into();
    let mut tx = process.store.begin().await.unwrap();
    scenarios::set_links(&mut tx, process.team, scenario.id, &links).await.unwrap();
    tx.commit().await.unwrap();
    process.control.refresh().await;
}

async fn delete(process: &Process, id: ConnectionId) {
    let mut tx = process.store.begin().await.unwrap();
    connections::delete(&mut tx, process.team, id).await.unwrap();
    tx.commit().await.unwrap();
}

/// Neither the module before it nor its error route: the run does not begin.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_account_is_gone_does_nothing_and_stores_nothing() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(FLOW, r#"{"dlq":true}"#).await;
    let id = account(&process, "test").await;
    link(&process, &scenario, id).await;
    let run = process.send(&scenario, "first").await;
    assert_eq!(process.until_over(run).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["before", "first"]);

    delete(&process, id).await;
    let run = process.send(&scenario, "second").await;
    let ended = process.until_over(run).await;
    assert_eq!(ended.status, Status::Error);
    assert!(ended.error.unwrap().starts_with("AccountValidationError: connection"), "it says which");
    assert_eq!((ended.operations, process.script.effects().len()), (0, 2));
    assert_eq!(process.event_names(run).await, ["started", "failed", "finished"]);
    let stored = incompletes::list(&process.store, process.team, &Filter::default(), page()).await.unwrap();
    assert_eq!(stored.total, 0);
    // Decision D61.
    let off = process.until_off(&scenario).await;
    assert!(off.problem.unwrap().contains("Switched off because"));

    // What arrived is not lost: it is in the run, and can be run again.
    let id = account(&process, "test").await;
    link(&process, &scenario, id).await;
    process.set_enabled(&scenario, true).await;
    let again = process.control.replay(process.team, run).await.unwrap();
    assert_eq!(process.until_over(again).await.status, Status::Success);
    assert_eq!(process.script.effects()[2..], ["before", "second"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_another_type_does_not_do_either() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario(FLOW, "{}").await;
    let id = account(&process, "other").await;
    link(&process, &scenario, id).await;
    let run = process.send(&scenario, "an order").await;
    let ended = process.until_over(run).await;
    let text = ended.error.unwrap();
    assert!(text.contains("of the type other, not test"), "{text}");
    assert!(process.script.effects().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_account_of_a_module_that_is_off_does_not_matter() {
    let world = World::new();
    let process = world.process().await;
    let flow = FLOW.replace(r#""id":3,"#, r#""id":3,"disabled":true,"#);
    let scenario = process.scenario(&flow, "{}").await;
    let id = account(&process, "test").await;
    link(&process, &scenario, id).await;
    delete(&process, id).await;
    let run = process.send(&scenario, "an order").await;
    assert_eq!(process.until_over(run).await.status, Status::Success);
    assert_eq!(process.script.effects(), ["before"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_needs_no_account_of_the_old_version_that_it_never_reaches() {
    let world = World::new();
    let process = world.process().await;
    let flow = FLOW.replace(r#""mapper":{"text":"{{1.text}}"}"#, r#""filter":{"name":"never","conditions":[[{"a":"1","o":"text:equal","b":"2"}]]},"mapper":{"text":"{{1.text}}"}"#);
    let scenario = process.scenario(&flow, r#"{"dlq":true}"#).await;
    let old = account(&process, "test").await;
    link(&process, &scenario, old).await;
    process.script.play("test:Idempotent", Play::Fail(rouage_model::ModuleError::data("bad")));
    let run = process.send(&scenario, "first").await;
    process.until_over(run).await;
    let stored = incompletes::list(&process.store, process.team, &Filter::default(), page()).await.unwrap();
    link(&process, &scenario, account(&process, "test").await).await;
    delete(&process, old).await;
    let begun = process.control.retry_incomplete(process.team, stored.items[0].id).await.unwrap();
    let rouage_store::incompletes::Begun::Run(retry) = begun else { panic!("there is room") };
    let ended = process.until_over(retry).await;
    assert_eq!((ended.status, ended.error), (Status::Success, None));
    let live = scenarios::find(&process.store, process.team, scenario.id).await.unwrap().unwrap();
    assert!(live.enabled && live.problem.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_to_what_is_gone_is_reported_and_keeps_it_from_going_on() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(FLOW, "{}").await;
    for (kind, is_deleted) in [("test", true), ("other", false)] {
        let id = account(&process, kind).await;
        link(&process, &scenario, id).await;
        if is_deleted {
            delete(&process, id).await;
        }
        let refused = process.control.set_enabled(process.team, scenario.id, true).await;
        let Err(rouage_runtime::ControlError::Problems(problems)) = refused else { panic!("{refused:?}") };
        assert!(problems[0].contains("not there any more"), "{problems:?}");
    }
    link(&process, &scenario, account(&process, "test").await).await;
    process.control.set_enabled(process.team, scenario.id, true).await.unwrap();
}
