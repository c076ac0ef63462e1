//! `kill -9` at any moment: what was accepted happens once, and what may have
//! happened is said to be so. The fault cases by number are in `faults/`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rouage_test_support::http::{Answer as Scripted, Peer};
use tokio::task::JoinSet;

use crate::postgres;
use crate::support::{
    Browser, COUPON_FIELD, Imported, ORDERS_SHEET, ORDERS_SPREADSHEET, Place, Sheets, Store, eventually, example,
    small_order,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f10_accepted_orders_happen_once_whenever_the_program_is_killed() {
    kill_at_random(&Store::Sqlite, 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f10_accepted_orders_happen_once_whenever_the_program_is_killed_on_postgres() {
    if let Some(url) = postgres::new_database().await {
        kill_at_random(&Store::Postgres(url), 3).await;
    }
}

/// Who posts, and what came of it.
struct Shop {
    hook: Imported,
    next: AtomicUsize,
    accepted: Mutex<BTreeSet<usize>>,
    closed: AtomicBool,
}

impl Shop {
    /// Posts one order after the other. An order without an answer is not
    /// posted again: it may have been taken, and then it must be there once.
    async fn trade(&self) {
        while !self.closed.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            match self.hook.try_post(&small_order(number)).await {
                Ok(answer) => {
                    assert_eq!((answer.status, answer.text().as_str()), (200, "Accepted"));
                    self.accepted.lock().unwrap().insert(number);
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(15)).await,
            }
            // The load of a busy shop, not a benchmark.
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
}

/// Moments that nobody chose, printed so that a failure can be told.
struct Moments(u64);

impl Moments {
    fn new() -> Self {
        let seed = u64::from(std::process::id());
        println!("seed of the moments: {seed}");
        Self(seed)
    }

    fn next(&mut self) -> Duration {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(100 + (self.0 >> 33) % 900)
    }
}

async fn kill_at_random(store: &Store, rounds: usize) {
    let peer = Peer::start().await;
    // Slow enough that a kill often falls into a request.
    (0..5_000).for_each(|_| peer.answer(Scripted::Late(Duration::from_millis(40))));
    let flags = ["--allow-net", &peer.address().to_string(), "--webhook-rate", "0", "--webhook-queue", "0"];
    let place = Place::on(store, &flags);
    let link = format!("{COUPON_FIELD}={}/", peer.url());
    let hook = place.import(&example("order-to-spreadsheet/blueprint.json"), &[&link]).await;
    let shop =
        Arc::new(Shop { hook, next: AtomicUsize::new(1), accepted: Mutex::default(), closed: AtomicBool::new(false) });
    let mut traders = JoinSet::new();
    for _ in 0..3 {
        let shop = shop.clone();
        traders.spawn(async move { shop.trade().await });
    }
    let mut moments = Moments::new();
    for _ in 0..rounds {
        let server = place.start().await;
        tokio::time::sleep(moments.next()).await;
        server.kill().await;
    }
    let server = place.start().await;
    shop.closed.store(true, Ordering::Relaxed);
    while let Some(trader) = traders.join_next().await {
        trader.unwrap();
    }
    place.idle().await;
    let browser = Browser::open(&server).await;
    let sheets = Sheets::new(&server, &browser.api_token().await);
    let accepted = shop.accepted.lock().unwrap().clone();
    println!("{} of {} orders were accepted", accepted.len(), shop.next.load(Ordering::Relaxed) - 1);
    assert!(accepted.len() > rounds * 5, "the shop hardly traded");
    let rows = sheets.values(ORDERS_SPREADSHEET, ORDERS_SHEET).await;
    let rows = count(rows.iter().map(|row| row[4].as_str()));
    let arrived: BTreeSet<usize> = rows.keys().copied().collect();
    judge("row", &accepted, &arrived, &rows);
    let mails = browser.subjects().await;
    let mails = count(mails.iter().map(|subject| subject.split(' ').nth(2).unwrap()));
    judge("mail", &every(2, &accepted), &every(2, &arrived), &mails);
    judge_requests(&place, &peer, &every(3, &arrived)).await;
    assert_eq!(place.executions("error").await, Vec::<String>::new());
}

fn every(step: usize, orders: &BTreeSet<usize>) -> BTreeSet<usize> {
    orders.iter().copied().filter(|number| number.is_multiple_of(step)).collect()
}

fn count<'a>(numbers: impl Iterator<Item = &'a str>) -> BTreeMap<usize, usize> {
    let mut counts = BTreeMap::new();
    for number in numbers {
        *counts.entry(number.parse().unwrap()).or_default() += 1;
    }
    counts
}

/// Every accepted order is there, and none is there twice. One that was taken
/// without an answer may be there, and then all of it is.
fn judge(what: &str, accepted: &BTreeSet<usize>, arrived: &BTreeSet<usize>, found: &BTreeMap<usize, usize>) {
    let missing: Vec<_> = accepted.iter().filter(|number| !found.contains_key(number)).collect();
    assert!(missing.is_empty(), "accepted orders without a {what}: {missing:?}");
    let double: Vec<_> = found.iter().filter(|(_, count)| **count > 1).collect();
    assert!(double.is_empty(), "orders with more than one {what}: {double:?}");
    let found: BTreeSet<usize> = found.keys().copied().collect();
    assert_eq!(found, *arrived, "{what}s and rows differ");
}

/// A request is never made twice; one whose answer was lost is listed as in
/// doubt and not forgotten.
async fn judge_requests(place: &Place, peer: &Peer, wanted: &BTreeSet<usize>) {
    let mut requests = BTreeMap::new();
    for request in peer.requests() {
        let number = usize::try_from(request.json()["order"].as_u64().unwrap()).unwrap();
        *requests.entry(number).or_insert(0) += 1;
    }
    let double: Vec<_> = requests.iter().filter(|(_, count)| **count > 1).collect();
    assert!(double.is_empty(), "orders that were told twice: {double:?}");
    let mut in_doubt = BTreeSet::new();
    for line in place.executions("in-doubt").await {
        let journal = place.journal(&line).await;
        in_doubt.insert(usize::try_from(journal[0]["bundles"][0]["order_id"].as_u64().unwrap()).unwrap());
    }
    println!("{} requests, {} in doubt", requests.len(), in_doubt.len());
    let forgotten: Vec<_> =
        wanted.iter().filter(|number| !requests.contains_key(number) && !in_doubt.contains(number)).collect();
    assert!(forgotten.is_empty(), "orders neither told nor in doubt: {forgotten:?}");
    assert!(in_doubt.is_subset(wanted), "{in_doubt:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_a_request_in_doubt_is_listed_and_waits_for_a_decision() {
    let peer = Peer::start().await;
    (0..2).for_each(|_| peer.answer(Scripted::Hang));
    let place = Place::new(&["--allow-net", &peer.address().to_string()]);
    let link = format!("{COUPON_FIELD}={}/", peer.url());
    let shop = place.import(&example("order-to-spreadsheet/blueprint.json"), &[&link]).await;
    let server = place.start().await;
    let link = server.set_up_link.clone();
    for number in [3, 9] {
        shop.post(&small_order(number)).await.expect(200);
    }
    eventually("both requests are made", async || (peer.requests().len() == 2).then_some(())).await;
    server.kill().await;
    let server = place.start().await;
    assert_eq!(server.set_up_link, link, "the set-up link stays until it is used");
    place.idle().await;
    let doubts = place.executions("in-doubt").await;
    assert_eq!(doubts.len(), 2);
    let browser = Browser::open(&server).await;
    for (line, decision) in doubts.iter().zip(["done", "retry"]) {
        let id = line.split(' ').next().unwrap();
        let page = browser.get(&format!("/executions/{id}")).await.expect(200).text();
        assert!(page.contains("Your decision"), "{page}");
        browser.post(&format!("/executions/{id}/decide"), &[("decision", decision)]).await.expect(303);
    }
    place.idle().await;
    assert_eq!(place.executions("in-doubt").await, Vec::<String>::new());
    assert_eq!(place.executions("success").await.len(), 2);
    assert_eq!(peer.requests().len(), 3, "only the one that was decided so is made again");
    let sheets = Sheets::new(&server, &browser.api_token().await);
    assert_eq!(sheets.values(ORDERS_SPREADSHEET, ORDERS_SHEET).await.len(), 2, "earlier routes are not repeated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f06_a_run_resumes_at_the_item_where_it_was_killed() {
    const ITEMS: usize = 100;
    const KILLED_AT: usize = 57;
    let peer = Peer::start().await;
    (1..KILLED_AT).for_each(|_| peer.answer(Scripted::text(200, "ok")));
    peer.answer(Scripted::Hang);
    let place = Place::new(&["--allow-net", &peer.address().to_string()]);
    let blueprint = with_a_call_for_every_item(&peer.url());
    let shop = place.import(&place.file("walk.json", blueprint.as_bytes()), &[]).await;
    let server = place.start().await;
    let items: Vec<_> =
        (1..=ITEMS).map(|item| serde_json::json!({"field": format!("f{item}"), "value": item})).collect();
    let payload = serde_json::json!({"id": 1, "email": "a@b.c", "changed": items, "has_active_subscription": true});
    shop.post(payload.to_string().as_bytes()).await.expect(200);
    eventually("the run is in the middle", async || (peer.requests().len() == KILLED_AT).then_some(())).await;
    server.kill().await;
    let server = place.start().await;
    place.idle().await;
    let asked: Vec<String> = peer.requests().into_iter().map(|request| request.target).collect();
    let item = |number: usize| format!("/{number}");
    let wanted: Vec<String> = (1..=KILLED_AT).chain(KILLED_AT..=ITEMS).map(item).collect();
    assert_eq!(asked, wanted, "only the reading call without an answer is made again");
    let browser = Browser::open(&server).await;
    let sheets = Sheets::new(&server, &browser.api_token().await);
    let rows = sheets.values("1updat3dSubscripti0nR0uag3Examp1e00000000003", "Changes!A2:F").await;
    assert_eq!(rows.len(), 1);
    let fields: Vec<String> = (1..=ITEMS).map(|item| format!("f{item}")).collect();
    assert_eq!((rows[0][2].as_str(), rows[0][3].as_str()), ("100", fields.join(", ").as_str()), "nothing is missing");
}

/// The example with the iterator, where every item asks the peer something.
fn with_a_call_for_every_item(peer: &str) -> String {
    let text = std::fs::read_to_string(example("updated-subscription/blueprint.json")).unwrap();
    let mut blueprint: serde_json::Value = serde_json::from_str(&text).unwrap();
    let call = serde_json::json!({
        "id": 9, "module": "http:ActionSendData", "version": 3, "parameters": {"handleErrors": true},
        "mapper": {"url": format!("{peer}/{{{{2.value}}}}"), "method": "get"}, "metadata": {}
    });
    blueprint["flow"].as_array_mut().unwrap().insert(2, call);
    blueprint.to_string()
}
