//! Data stores on the real binary: exactly once over kills, and rolled back
//! when the cycle fails.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Browser, Place, between};

fn blueprint(auto_commit: bool) -> String {
    let settings = json!({"roundtrips": 1, "maxErrors": 3000, "autoCommit": auto_commit, "dlq": false});
    json!({"name": "Customers", "flow": [
        {"id": 1, "module": "gateway:CustomWebHook", "version": 1, "parameters": {"hook": 1, "maxResults": 1}},
        {"id": 2, "module": "datastore:AddRecord", "version": 1, "parameters": {"datastore": 77},
            "mapper": {"key": "{{1.key}}", "overwrite": false, "data": {"name": "{{1.name}}", "n": "{{1.n}}"}}},
        {"id": 3, "module": "json:ParseJSON", "version": 1, "parameters": {"type": ""},
            "mapper": {"json": "{{1.json}}"}}],
        "metadata": {"instant": true, "scenario": settings}})
    .to_string()
}

fn order(number: usize, json: &str) -> Vec<u8> {
    json!({"key": format!("k{number}"), "name": "Ada", "n": number, "json": json}).to_string().into_bytes()
}

/// The keys in the first data store, as its export has them.
pub async fn keys(browser: &Browser) -> Vec<String> {
    let list = browser.get("/datastores").await.expect(200).text();
    let id = between(&list, "href=\"/datastores/", "\"").expect("there is a data store");
    let csv = browser.get(&format!("/datastores/{id}/export.csv")).await.expect(200).text();
    csv.lines().skip(1).map(|line| line.split(',').next().unwrap().trim_matches('"').to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_accepted_order_is_one_record_over_kills() {
    let place = Place::new(&["--webhook-rate", "0", "--webhook-queue", "0"]);
    let shop = place.import_text("customers", &blueprint(true)).await;
    let (mut accepted, mut number) = (BTreeSet::new(), 0);
    for _ in 0..4 {
        let server = place.start().await;
        let deadline = tokio::time::Instant::now() + Duration::from_millis(400);
        while tokio::time::Instant::now() < deadline {
            number += 1;
            if shop.try_post(&order(number, "{}")).await.is_ok_and(|answer| answer.status == 200) {
                accepted.insert(format!("k{number}"));
            }
        }
        server.kill().await;
    }
    let server = place.start().await;
    place.idle().await;
    let found = keys(&Browser::open(&server).await).await;
    let unique: BTreeSet<String> = found.iter().cloned().collect();
    assert_eq!(unique.len(), found.len());
    assert!(accepted.len() > 12, "only {} orders were accepted", accepted.len());
    assert!(accepted.is_subset(&unique), "lost: {:?}", accepted.difference(&unique));
    assert_eq!(place.executions("error").await, Vec::<String>::new(), "a repeated write would be a duplicate key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cycle_that_fails_is_undone_only_without_auto_commit() {
    for auto_commit in [true, false] {
        let place = Place::new(&[]);
        let shop = place.import_text("customers", &blueprint(auto_commit)).await;
        let server = place.start().await;
        shop.post(&order(1, "{}")).await.expect(200);
        shop.post(&order(2, "this is no JSON")).await.expect(200);
        place.idle().await;
        assert_eq!(place.executions("error").await.len(), 1);
        let mut found = keys(&Browser::open(&server).await).await;
        found.sort();
        let expected: &[&str] = if auto_commit { &["k1", "k2"] } else { &["k1"] };
        assert_eq!(found, expected);
        let failed = place.executions("error").await;
        let journal = place.journal(&failed[0]).await;
        let rolled_back = journal.iter().any(|event: &Value| event["event"] == "rolled-back");
        assert_eq!(rolled_back, !auto_commit);
    }
}
