//! The process ends at every named place of the runtime and the store, one by
//! one (`store::breakpoint`), is started again, and the auditor judges.

use rouage_test_support::auditor::{Answer, Promise};
use rouage_test_support::http::Answer as Scripted;
use serde_json::json;

use super::{World, ask, body, databases, scenario, tell, told_once};
use crate::support::{Browser, Imported, Place, Store};

/// A world that ended at a breakpoint while it had one request, and was
/// started again; and what the sender heard.
async fn killed_at(store: &Store, breakpoint: &str) -> (World, Answer) {
    let world = World::on(store, &[], &json!({})).await;
    let mut answer = Answer::None;
    world.place.break_at(breakpoint, &[], async |_| answer = world.send("k1").await).await;
    (world, answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_killed_before_the_commit_nobody_hears_accepted() {
    for store in databases().await {
        let (world, answer) = killed_at(&store, "accept-before-commit").await;
        assert_eq!(answer, Answer::None);
        let _server = world.place.start().await;
        assert!(world.place.all_executions().await.is_empty());
        // The sender sends it again, as it has no answer.
        assert_eq!(world.send("k1").await, Answer::Accepted);
        world.judge(&told_once()).await;
        assert_eq!((world.place.all_executions().await.len(), world.told("k1")), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f02_killed_after_the_commit_the_run_is_there() {
    for store in databases().await {
        let (world, answer) = killed_at(&store, "accept-after-commit").await;
        assert_eq!(answer, Answer::None);
        let _server = world.place.start().await;
        world.judge(&Promise { accepted: 0, ..told_once() }).await;
        assert_eq!((world.place.executions("success").await.len(), world.told("k1")), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f03_killed_before_the_first_module_it_runs_once() {
    for store in databases().await {
        let (world, _) = killed_at(&store, "job-taken").await;
        let _server = world.place.start().await;
        world.judge(&Promise { accepted: 0, ..told_once() }).await;
        assert_eq!((world.place.executions("success").await.len(), world.told("k1")), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_killed_during_a_request_it_is_in_doubt_and_a_person_decides() {
    for (store, breakpoint) in databases().await.iter().zip(["called-after-commit", "called-after-commit"]) {
        let (world, answer) = killed_at(store, breakpoint).await;
        let server = world.place.start().await;
        let accepted = usize::from(answer == Answer::Accepted);
        world.judge(&Promise { doubts: 1, accepted, ..told_once() }).await;
        let doubts = world.place.executions("in-doubt").await;
        assert_eq!((doubts.len(), world.told("k1")), (1, 0), "it is not made again by itself");
        let browser = Browser::open(&server).await;
        let id = doubts[0].split(' ').next().unwrap();
        world.auditor.decided_to_retry("k1");
        browser.post(&format!("/executions/{id}/decide"), &[("decision", "retry")]).await.expect(303);
        world.judge(&Promise { accepted, ..told_once() }).await;
        assert_eq!(world.told("k1"), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f05_killed_after_the_reply_it_is_in_doubt_and_not_made_again() {
    for store in databases().await {
        for breakpoint in ["answer-received", "append-before-commit"] {
            let (world, answer) = killed_at(&store, breakpoint).await;
            let _server = world.place.start().await;
            let accepted = usize::from(answer == Answer::Accepted);
            world.judge(&Promise { doubts: 1, accepted, ..told_once() }).await;
            assert_eq!((world.place.executions("in-doubt").await.len(), world.told("k1")), (1, 1));
            if matches!(store, Store::Postgres(_)) {
                break;
            }
        }
    }
}

/// The places of a run that tells and asks, without those above.
const PLAIN: [&str; 5] =
    ["called-before-commit", "append-after-commit", "finish-before-commit", "finish-after-commit", "recovered"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_other_place_of_a_run_it_happens_once() {
    let world = World::new(&[]).await;
    for breakpoint in PLAIN {
        world.place.break_at(breakpoint, &[], async |_| _ = world.send(breakpoint).await).await;
        let server = world.place.start().await;
        if breakpoint == "recovered" {
            world.send(breakpoint).await;
        }
        world.place.idle().await;
        assert_eq!(world.told(breakpoint), 1, "{breakpoint}");
        server.kill().await;
    }
    world.judge(&told_once()).await;
    assert_eq!(world.place.executions("success").await.len(), PLAIN.len());
}

/// A record, a number, and what a cycle without auto commit means for both.
const CYCLE: [&str; 8] = [
    "effect-before-commit",
    "effect-after-commit",
    "counter-before-commit",
    "counter-after-commit",
    "cycle-before-commit",
    "cycle-after-commit",
    "rollback-before-commit",
    "rollback-after-commit",
];

fn cycle() -> String {
    let modules = [
        json!({"id": 2, "module": "util:FunctionIncrement", "version": 1, "parameters": {"reset": "scenario"}}),
        json!({"id": 3, "module": "datastore:AddRecord", "version": 1, "parameters": {"datastore": 77},
            "mapper": {"key": "{{1.key}}", "overwrite": false, "data": {"n": "{{1.key}}"}}}),
        json!({"id": 4, "module": "json:ParseJSON", "version": 1, "parameters": {"type": ""},
            "mapper": {"json": "{{1.json}}"}}),
    ];
    scenario("Cycle", &json!({"autoCommit": false}), &modules)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f08_killed_in_a_transaction_it_is_kept_whole_or_not_at_all() {
    let place = Place::new(&[]);
    let hook = place.import_text("cycle", &cycle()).await;
    let mut kept = Vec::new();
    for breakpoint in CYCLE {
        let fails = breakpoint.starts_with("rollback");
        let json = if fails { "this is no JSON" } else { "{}" };
        let request = json!({"key": breakpoint, "json": json}).to_string();
        place.break_at(breakpoint, &[], async |_| drop(hook.try_post(request.as_bytes()).await)).await;
        if !fails {
            kept.push(breakpoint.to_owned());
        }
        let server = place.start().await;
        place.idle().await;
        server.kill().await;
    }
    let server = place.start().await;
    let mut keys = crate::data_stores::keys(&Browser::open(&server).await).await;
    keys.sort();
    kept.sort();
    assert_eq!(keys, kept);
    assert_eq!(place.executions("success").await.len(), kept.len());
    assert_eq!(place.executions("error").await.len(), CYCLE.len() - kept.len());
}

/// The bundle of a run that fails is stored, and tried again by itself.
const STORED: [&str; 6] = [
    "park-before-commit",
    "park-after-commit",
    "retry-before-commit",
    "retry-after-commit",
    "claim-before-commit",
    "claim-after-commit",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f07_killed_while_a_bundle_is_stored_or_retried_it_is_handled_once() {
    let stores = |target: &str| scenario("Store", &json!({"dlq": true}), &[tell(2, target)]);
    let world = World::with(&Store::Sqlite, &[], stores).await;
    for breakpoint in STORED {
        let headers = vec![("retry-after".to_owned(), "1".to_owned())];
        world.auditor.target.answer(Scripted::Response { status: 429, headers, body: "later".into() });
        world.place.break_at(breakpoint, &[], async |_| _ = world.send(breakpoint).await).await;
        let server = world.place.start().await;
        let browser = Browser::open(&server).await;
        if breakpoint == "park-before-commit" {
            // What the target said was not written down yet, so the call is in
            // doubt, and a person who looked says that it did not happen.
            world.place.idle().await;
            let doubts = world.place.executions("in-doubt").await;
            assert_eq!((doubts.len(), world.told(breakpoint)), (1, 0));
            let id = doubts[0].split(' ').next().unwrap();
            browser.post(&format!("/executions/{id}/decide"), &[("decision", "retry")]).await.expect(303);
        }
        crate::incompletes::until_resolved(&browser).await;
        crate::support::eventually("it is told", async || (world.told(breakpoint) > 0).then_some(())).await;
        world.place.idle().await;
        assert_eq!(world.told(breakpoint), 1, "{breakpoint}");
        server.kill().await;
    }
    world.judge(&told_once()).await;
}

/// A run that waits, for time or for another run.
const WAITING: [&str; 4] = ["wait-before-commit", "wait-after-commit", "child-before-commit", "child-after-commit"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_where_a_run_waits_it_goes_on_once() {
    let parent = |target: &str| {
        let sleep = json!({"id": 3, "module": "util:FunctionSleep", "version": 1, "mapper": {"duration": "1"}});
        let call = json!({"id": 2, "module": "scenario-service:CallSubscenario", "version": 2,
            "parameters": {"scenario": "SCN_1", "shouldWaitForExecutionEnd": true},
            "mapper": {"data": {"key": "{{1.key}}"}}});
        scenario("Wait", &json!({}), &[sleep, call, tell(4, target)])
    };
    let world = World::with(&Store::Sqlite, &[], |target| scenario("Unused", &json!({}), &[ask(2, target)])).await;
    let target = world.auditor.target.url();
    let child = world.place.file("child.json", child(&target).as_bytes());
    let printed = world.place.run(&["import", child.to_str().unwrap(), "--on"]).await;
    let number = printed.split("is scenario ").nth(1).and_then(|rest| rest.lines().next()).unwrap().to_owned();
    let file = world.place.file("parent.json", parent(&target).as_bytes());
    let hook = world.place.import(&file, &[&format!("2.scenario={number}")]).await;
    let world = World { hook, ..world };
    for breakpoint in WAITING {
        world.place.break_at(breakpoint, &[], async |_| _ = world.send(breakpoint).await).await;
        let server = world.place.start().await;
        world.place.idle().await;
        assert_eq!(world.told(breakpoint), 1, "{breakpoint}");
        server.kill().await;
    }
    world.judge(&told_once()).await;
    assert_eq!(world.place.executions("success").await.len(), 2 * WAITING.len());
}

fn child(target: &str) -> String {
    json!({"name": "Child", "flow": [
        {"id": 1, "module": "scenario-service:StartSubscenario", "version": 2, "parameters": {}},
        ask(2, target)],
        "interface": {"input": [{"name": "key", "type": "text"}], "output": []},
        "scheduling": {"type": "on-demand"},
        "metadata": {"scenario": {"roundtrips": 1, "maxErrors": 3, "autoCommit": true}}})
    .to_string()
}

/// A scenario by the clock that reads new rows.
const BY_THE_CLOCK: [&str; 4] =
    ["slot-before-commit", "slot-after-commit", "position-before-commit", "position-after-commit"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_a_slot_or_while_polling_each_row_runs_once() {
    let place = Place::new(&[]);
    let file = place.file("leads.json", crate::watch::BLUEPRINT.as_bytes());
    place.run(&["import", file.to_str().unwrap()]).await;
    for (number, breakpoint) in BY_THE_CLOCK.iter().enumerate() {
        let server = place.start().await;
        let browser = Browser::open(&server).await;
        if number > 0 {
            browser.post("/scenarios/1/switch", &[("on", "0")]).await.expect(303);
        } else {
            crate::watch::append(&server, &browser.api_token().await, "Name").await;
        }
        crate::watch::append(&server, &browser.api_token().await, breakpoint).await;
        server.kill().await;
        place
            .break_at(breakpoint, &[], async |server| {
                let browser = Browser::open(server).await;
                // Its first slot is now; the connection ends with the process.
                let target = if number > 0 { "/scenarios/1/switch" } else { "/scenarios/1/start" };
                let _ = browser.try_post(target, &[("on", "1"), ("start", "all")]).await;
            })
            .await;
        let server = place.start().await;
        let browser = Browser::open(&server).await;
        crate::watch::until_subjects(&browser, number + 1).await;
        place.idle().await;
        server.kill().await;
    }
    let server = place.start().await;
    let subjects = crate::watch::until_subjects(&Browser::open(&server).await, BY_THE_CLOCK.len()).await;
    assert_eq!(subjects.len(), BY_THE_CLOCK.len(), "{subjects:?}");
    for breakpoint in BY_THE_CLOCK {
        let count = subjects.iter().filter(|subject| subject.contains(breakpoint)).count();
        assert_eq!(count, 1, "{breakpoint} in {subjects:?}");
    }
}

/// Runs that are handed back at an end in good order, and a doubt.
const LEAVING: [&str; 4] =
    ["hand-back-before-commit", "hand-back-after-commit", "doubt-before-commit", "doubt-after-commit"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_runs_are_handed_back_or_left_in_doubt_none_is_forgotten() {
    let world = World::new(&["--workers", "1"]).await;
    for breakpoint in &LEAVING[..2] {
        world.auditor.target.answer(Scripted::Late(std::time::Duration::from_secs(1)));
        let (first, second) = (format!("{breakpoint} 1"), format!("{breakpoint} 2"));
        world
            .place
            .break_at(breakpoint, &[], async |server| {
                world.send(&first).await;
                crate::support::eventually("the first is told", async || (world.told(&first) == 1).then_some(())).await;
                // It waits for the first one, as there is one worker.
                world.send(&second).await;
                server.signal("TERM").await;
            })
            .await;
        let server = world.place.start().await;
        world.place.idle().await;
        assert_eq!(world.told(&second), 1, "{breakpoint}");
        server.kill().await;
    }
    for breakpoint in &LEAVING[2..] {
        world.auditor.target.answer(Scripted::Hang);
        let server = world.place.start().await;
        world.send(breakpoint).await;
        crate::support::eventually("it is told", async || (world.told(breakpoint) == 1).then_some(())).await;
        server.kill().await;
        world.place.break_at(breakpoint, &[], async |_| {}).await;
    }
    let _server = world.place.start().await;
    // Those whose call was cut off are in doubt, and listed.
    world.judge(&Promise { doubts: 4, ..told_once() }).await;
    assert_eq!(world.place.executions("in-doubt").await.len(), 4);
}

/// Old runs go in transactions of their own.
const PRUNING: [&str; 2] = ["prune-before-commit", "prune-after-commit"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_old_runs_are_deleted_the_rest_of_the_history_is_whole() {
    let place = Place::new(&["--webhook-rate", "0"]);
    let hook: Imported = place.import_text("taker", include_str!("../blueprints/taker.json")).await;
    let server = place.start().await;
    for number in 0..6 {
        hook.post(&body(&number.to_string())).await.expect(200);
    }
    place.idle().await;
    server.kill().await;
    for (breakpoint, kept) in PRUNING.iter().zip(["4", "2"]) {
        place.break_at(breakpoint, &["--history-runs", kept], async |_| {}).await;
    }
    let _server = place.start_with(&["--history-runs", "2"]).await;
    crate::support::eventually("old runs are deleted", async || {
        (place.all_executions().await.len() == 2).then_some(())
    })
    .await;
    for line in place.all_executions().await {
        let journal = place.journal(&line).await;
        assert_eq!((journal[0]["event"].as_str(), line.contains("success")), (Some("started"), true), "{line}");
        assert_eq!(journal.last().unwrap()["event"], "finished");
    }
}

#[test]
fn every_breakpoint_is_hit_by_a_test() {
    let alone = [
        "accept-before-commit",
        "accept-after-commit",
        "job-taken",
        "called-after-commit",
        "answer-received",
        "answer-read",
        "append-before-commit",
    ];
    let hit: std::collections::BTreeSet<&str> =
        [&alone[..], &PLAIN[..], &CYCLE[..], &STORED[..], &WAITING[..], &BY_THE_CLOCK[..], &LEAVING[..], &PRUNING[..]]
            .concat()
            .into_iter()
            .collect();
    let source = include_str!("../../../crates/store/src/breakpoint.rs");
    let list = source.split("NAMES: &[&str] = &[").nth(1).unwrap().split("];").next().unwrap();
    let named: std::collections::BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(named.len() > 30, "the list was not found");
    assert_eq!(named, hit);
}
