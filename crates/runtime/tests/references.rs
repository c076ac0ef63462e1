//! The static check of a scenario knows what its webhook has learned.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

#[allow(unused_imports, reason = "other tests script their modules")]
mod support;

use rouage_model::json;
use rouage_store::{hooks, scenarios};
use support::World;

const READ: &str =
    r#"{"id":2,"module":"test:Read","version":1,"mapper":{"text":"{{1.Text}} {{1.customer.name}} {{1.lines.id}}"}}"#;
const LEARNED: &[u8] =
    br#"[{"name":"text","type":"text"},{"name":"customer","type":"collection","spec":[{"name":"name","type":"text"}]},
    {"name":"lines","type":"array","spec":[{"name":"id","type":"number"}]}]"#;

#[tokio::test]
async fn references_are_compared_with_the_learned_structure() {
    let world = World::new();
    let process = world.process().await;
    let scenario = process.scenario_off(READ, "{}").await;
    let check = async || {
        let stored = scenarios::find(&process.store, process.team, scenario.id).await.unwrap().unwrap();
        let report = process.control.check_scenario(&stored).await.unwrap();
        assert!(report.can_be_switched_on);
        let said = report.references.iter().map(|finding| (finding.reason.as_str(), finding.suggestion.clone()));
        said.collect::<Vec<_>>()
    };
    assert_eq!(check().await, [], "nothing is known yet");

    let hook = process.control.hook(&scenario.token).unwrap().hook.id;
    let mut tx = process.store.begin().await.unwrap();
    hooks::set_interface(&mut tx, process.team, hook, &json::parse(LEARNED).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    process.control.refresh().await;
    let expected = [("wrong-case", Some("1.text".to_owned())), ("no-index", Some("1.lines[].id".to_owned()))];
    assert_eq!(check().await, expected);
}
