//! A scenario that calls another one, on the real binary: each call is one run
//! of the child, whenever the program is killed.

use std::time::Duration;

use rouage_test_support::http::{Answer as Scripted, Peer};
use serde_json::json;

use crate::support::{Browser, Place};

fn child(peer: &str) -> String {
    json!({"name": "Price", "flow": [
        {"id": 1, "module": "scenario-service:StartSubscenario", "version": 2, "parameters": {}},
        {"id": 2, "module": "http:ActionSendData", "version": 3, "parameters": {"handleErrors": true},
            "mapper": {"url": format!("{peer}/{{{{1.sku}}}}"), "method": "get"}},
        {"id": 3, "module": "scenario-service:ReturnData", "version": 2, "parameters": {},
            "mapper": {"price": "{{1.sku}} costs {{2.data}}"}}],
        "interface": {"input": [{"name": "sku", "type": "text", "required": true}],
            "output": [{"name": "price", "type": "text"}]},
        "scheduling": {"type": "on-demand"},
        "metadata": {"scenario": {"roundtrips": 1, "maxErrors": 3, "autoCommit": true}}})
    .to_string()
}

const PARENT: &str = r#"{"name":"Quote","flow":[
    {"id":1,"module":"gateway:CustomWebHook","version":1,"parameters":{"hook":1,"maxResults":1}},
    {"id":2,"module":"scenario-service:CallSubscenario","version":2,
        "parameters":{"scenario":"SCN_1","shouldWaitForExecutionEnd":true},"mapper":{"data":{"sku":"{{1.sku}}"}}},
    {"id":3,"module":"email:ActionSendEmail","version":7,"parameters":{"account":1},
        "mapper":{"to":["sales@example.org"],"subject":"{{2.price}}","text":"."}}],
    "metadata":{"instant":true,"scenario":{"roundtrips":1,"maxErrors":3,"autoCommit":true}}}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_waits_is_one_run_of_the_child_over_kills() {
    let peer = Peer::start().await;
    (0..40).for_each(|_| peer.answer(Scripted::Late(Duration::from_millis(60))));
    let place = Place::new(&["--allow-net", &peer.address().to_string()]);
    let file = place.file("child.json", child(&peer.url()).as_bytes());
    place.run(&["import", file.to_str().unwrap(), "--on"]).await;
    let file = place.file("parent.json", PARENT.as_bytes());
    let shop = place.import(&file, &["2.scenario=1"]).await;
    let mut number = 0;
    for pause in [20, 70, 130] {
        let server = place.start().await;
        for _ in 0..3 {
            number += 1;
            shop.post(json!({"sku": format!("s{number}")}).to_string().as_bytes()).await.expect(200);
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
        server.kill().await;
    }
    let server = place.start().await;
    place.idle().await;
    let browser = Browser::open(&server).await;
    let mut subjects = browser.subjects().await;
    subjects.sort();
    let mut expected: Vec<String> = (1..=number).map(|number| format!("s{number} costs ")).collect();
    expected.sort();
    assert_eq!(subjects.len(), expected.len(), "{subjects:?}");
    for (subject, expected) in subjects.iter().zip(&expected) {
        assert!(subject.trim_end().starts_with(expected.trim_end()), "{subject} is not {expected}");
    }
    // Nine parents, and as many children; reading from the peer may repeat.
    assert_eq!(place.executions("success").await.len(), 2 * number);
}
