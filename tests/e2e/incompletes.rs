//! Incomplete executions on the real binary: kept, retried, killed in the
//! middle of a retry, and resolved once.

use rouage_test_support::http::{Answer as Scripted, Peer};
use serde_json::json;

use crate::support::{Browser, Imported, Place, Running, between, eventually};

/// Every order is told to a peer, then a message goes out.
fn blueprint(peer: &str) -> String {
    let settings = json!({"roundtrips": 1, "maxErrors": 3, "autoCommit": true, "dlq": true, "sequential": false});
    json!({"name": "Tell the stock", "flow": [
        {"id": 1, "module": "gateway:CustomWebHook", "version": 1, "parameters": {"hook": 1, "maxResults": 1}},
        {"id": 2, "module": "http:ActionSendData", "version": 3, "parameters": {"handleErrors": true},
            "mapper": {"url": format!("{peer}/{{{{1.order}}}}"), "method": "post", "bodyType": "raw",
                "contentType": "application/json", "data": "{{1.order}}"}},
        {"id": 3, "module": "email:ActionSendEmail", "version": 7, "parameters": {"account": 1},
            "mapper": {"to": ["sales@example.org"], "subject": "Told {{1.order}}", "text": "Done."}}],
        "metadata": {"instant": true, "scenario": settings}})
    .to_string()
}

struct World {
    peer: Peer,
    place: Place,
    shop: Imported,
    server: Running,
}

impl World {
    async fn new() -> Self {
        let peer = Peer::start().await;
        let place = Place::new(&["--allow-net", &peer.address().to_string()]);
        let shop = place.import_text("stock", &blueprint(&peer.url())).await;
        let server = place.start().await;
        Self { peer, place, shop, server }
    }

    async fn order(&self, number: usize) {
        self.shop.post(json!({"order": number}).to_string().as_bytes()).await.expect(200);
    }

    fn told(&self) -> Vec<String> {
        self.peer.requests().into_iter().map(|request| request.target).collect()
    }

    async fn restarted(self) -> Self {
        let World { peer, place, shop, server } = self;
        server.kill().await;
        let server = place.start().await;
        Self { peer, place, shop, server }
    }
}

/// The ids of the incomplete executions that the page lists.
pub async fn listed(browser: &Browser) -> Vec<String> {
    let page = browser.get("/incomplete").await.expect(200).text();
    page.split("<a href=\"/incomplete/").skip(1).filter_map(|rest| between(rest, "", "\"")).collect()
}

pub async fn until_resolved(browser: &Browser) {
    eventually("nothing is open any more", async || listed(browser).await.is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_bundle_is_retried_and_goes_on() {
    let world = World::new().await;
    world.peer.answer(Scripted::text(400, "out of stock"));
    world.order(7).await;
    // The scripted answer is for the first that asks.
    world.place.idle().await;
    world.order(8).await;
    world.place.idle().await;
    // The run that kept its order is a warning.
    assert_eq!(world.place.executions("warning").await.len(), 1);
    let browser = Browser::open(&world.server).await;
    let items = listed(&browser).await;
    assert_eq!(items.len(), 1);
    let page = browser.get(&format!("/incomplete/{}", items[0])).await.expect(200).text();
    assert!(page.contains("out of stock") && page.contains("Tell the stock"), "{page}");
    browser.post(&format!("/incomplete/{}/settle", items[0]), &[("decision", "retry")]).await.expect(303);
    until_resolved(&browser).await;
    let mut subjects = browser.subjects().await;
    subjects.sort();
    assert_eq!(subjects, ["Told 7", "Told 8"]);
    let mut told = world.told();
    told.sort();
    assert_eq!(told, ["/7", "/7", "/8"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_that_is_killed_is_in_doubt_and_not_repeated_by_itself() {
    let world = World::new().await;
    world.peer.answer(Scripted::text(400, "closed"));
    world.order(7).await;
    world.place.idle().await;
    let browser = Browser::open(&world.server).await;
    let items = listed(&browser).await;
    world.peer.answer(Scripted::Hang);
    browser.post(&format!("/incomplete/{}/settle", items[0]), &[("decision", "retry")]).await.expect(303);
    eventually("the retry is on its way", async || (world.told().len() == 2).then_some(())).await;
    let world = world.restarted().await;
    world.place.idle().await;
    let doubts = world.place.executions("in-doubt").await;
    assert_eq!((doubts.len(), world.told().len()), (1, 2), "{doubts:?}");
    // A person says that it happened; the rest follows, once.
    let browser = Browser::open(&world.server).await;
    let id = doubts[0].split(' ').next().unwrap();
    browser.post(&format!("/executions/{id}/decide"), &[("decision", "done")]).await.expect(303);
    until_resolved(&browser).await;
    world.place.idle().await;
    assert_eq!(browser.subjects().await, ["Told 7"]);
    assert_eq!(world.told().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_happened_is_kept_apart_and_decided_by_a_person() {
    let world = World::new().await;
    // The request is on its way when the connection breaks.
    world.peer.answer(Scripted::Reset);
    world.order(7).await;
    world.place.idle().await;
    let browser = Browser::open(&world.server).await;
    let items = listed(&browser).await;
    assert_eq!((items.len(), world.told().len()), (1, 1), "it is not repeated by itself");
    let page = browser.get(&format!("/incomplete/{}", items[0])).await.expect(200).text();
    assert!(page.contains("nobody can tell whether it went through") && !page.contains("run it again"), "{page}");
    browser.post(&format!("/incomplete/{}/settle", items[0]), &[("decision", "skip")]).await.expect(303);
    until_resolved(&browser).await;
    assert_eq!((browser.subjects().await.len(), world.told().len()), (0, 1));
}
