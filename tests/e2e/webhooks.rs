//! Webhooks as Make has them: what becomes of a request, and who is refused
//! (`make-semantics.md` §1, decisions D40 to D48).

use serde_json::{Value as Json, json};

use crate::support::{Answer, Browser, Imported, Place, Running, Url, eventually, request};

const TAKER: &str = include_str!("blueprints/taker.json");

/// A server whose one scenario takes everything.
struct World {
    place: Place,
    taker: Imported,
    server: Running,
}

impl World {
    async fn new(flags: &[&str]) -> Self {
        let place = Place::new(flags);
        let taker = place.import_text("taker", TAKER).await;
        let server = place.start().await;
        Self { place, taker, server }
    }

    async fn send(&self, method: &str, query: &str, kind: &str, body: &[u8]) -> Answer {
        let headers = [("Content-Type", kind)];
        let headers = if kind.is_empty() { &headers[..0] } else { &headers[..] };
        request(method, &self.taker.hook.with(query), headers, body).await
    }

    /// What the latest run began with.
    async fn bundle(&self) -> Json {
        let latest = &self.place.run(&["executions", "--limit", "1"]).await;
        self.place.journal(latest).await[0]["bundles"][0].clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_request_becomes_one_bundle() {
    let world = World::new(&[]).await;
    let form = "application/x-www-form-urlencoded";
    let parts = b"--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nh\xc3\xa9\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\
        Content-Type: application/octet-stream\r\n\r\n\x00\xff\r\n--b--\r\n";
    let file = json!({"name": "a.bin", "mime": "application/octet-stream", "data": {"$buffer": "00ff"}});
    let json_type = "application/json";
    let cases: &[(&str, &str, &str, &[u8], Json)] = &[
        ("GET", "?a=1&b=x%20y&a=2", "", b"", json!({"a": ["1", "2"], "b": "x y"})),
        ("PUT", "", form, b"n=1&t=a+b%26c", json!({"n": "1", "t": "a b&c"})),
        ("POST", "", "multipart/form-data; boundary=b", parts, json!({"note": "hé", "file": file})),
        (
            "POST",
            "",
            json_type,
            br#"{"n":1.50,"t":"1","b":true,"z":null,"c":{"d":[1]}}"#,
            json!({"n": 1.5, "t": "1", "b": true, "z": null, "c": {"d": [1]}}),
        ),
        ("POST", "?q=1&n=query", json_type, br#"{"n":"body"}"#, json!({"q": "1", "n": "body"})),
        ("POST", "", json_type, b"[1,{\"a\":2}]", json!({"array": [1, {"a": 2}]})),
        ("POST", "", "application/vnd.api+json", br#"{"a":1}"#, json!({"a": 1})),
        ("POST", "", "text/plain", b"hello", json!({"value": "hello", "contentType": "text/plain"})),
        ("POST", "", "text/xml", b"<a/>", json!({"value": "<a/>", "contentType": "text/xml"})),
        ("POST", "", "image/png", b"\x89P", json!({"value": {"$buffer": "8950"}, "contentType": "image/png"})),
        ("DELETE", "", "", b"", json!({})),
    ];
    for (method, query, kind, body, bundle) in cases {
        let answer = world.send(method, query, kind, body).await.expect(200);
        assert_eq!(answer.text(), "Accepted", "{method} {query} {kind}");
        assert_eq!(world.bundle().await, *bundle, "{method} {query} {kind}");
    }
    world.place.idle().await;
    assert_eq!(world.place.executions("success").await.len(), cases.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_method_and_pass_through_are_choices_of_the_webhook() {
    let world = World::new(&[]).await;
    let browser = Browser::open(&world.server).await;
    let form = [("headers", "1"), ("method", "1"), ("stringify", "1")];
    browser.post("/webhooks/1/settings", &form).await.expect(303);
    let headers = [("Content-Type", "application/json"), ("X-Shop", "ciklik"), ("x-make-apikey", "secret")];
    request("PATCH", &world.taker.hook, &headers, b"{\"a\": 1.0 }").await.expect(200);
    let bundle = world.bundle().await;
    assert_eq!(bundle["value"], "{\"a\": 1.0 }", "the text as it came");
    assert_eq!(bundle["__IMTMETHOD__"], "PATCH");
    let listed = bundle["__IMTHEADERS__"].as_array().unwrap();
    assert!(listed.contains(&json!({"name": "x-shop", "value": "ciklik"})), "{bundle}");
    assert!(!bundle.to_string().contains("secret"), "the webhook's own key is not data");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_webhook_looks_all_the_same() {
    let world = World::new(&[]).await;
    let token = world.taker.hook.target.trim_start_matches("/hook/").to_owned();
    assert!(token.len() >= 26, "{token} has less than 128 bits");
    let mut bodies = Vec::new();
    for target in ["/hook/nothing", "/hook/", "/hook", &format!("/hook/{token}x"), &format!("/hook/{token}/more")] {
        let answer = request("POST", &world.server.url(target), &[], b"{}").await.expect(404);
        bodies.push((answer.text(), answer.headers.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(world.place.all_executions().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_json_is_refused_with_its_place_and_not_queued() {
    let world = World::new(&[]).await;
    let answer = world.send("POST", "", "application/json", b"{\"a\": 1,\n  \"b\": }").await.expect(400);
    assert!(answer.text().contains("line 2"), "{}", answer.text());
    assert!(world.place.all_executions().await.is_empty());
    let browser = Browser::open(&world.server).await;
    let page = browser.get("/webhooks/1").await.expect(200).text();
    assert!(page.contains("Refused") && page.contains("line 2"), "the webhook's log says why");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_and_too_many_requests_are_refused() {
    let world = World::new(&["--webhook-body", "1000", "--webhook-rate", "4"]).await;
    world.send("POST", "", "text/plain", &[b'x'; 1000]).await.expect(200);
    world.send("POST", "", "text/plain", &[b'x'; 1001]).await.expect(413);
    // Without an announced length the limit holds all the same.
    let body = format!("3e9\r\n{}\r\n0\r\n\r\n", "x".repeat(1001));
    let answer = chunked(&world.taker.hook, body.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    world.send("GET", "", "", b"").await.expect(200);
    let answer = world.send("GET", "", "", b"").await.expect(429);
    assert_eq!(answer.text(), "Too many requests");
    let wait: u32 = answer.header("retry-after").expect("it says when").parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
}

async fn chunked(url: &Url, body: &[u8]) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(url.address).await.unwrap();
    let head = format!("POST {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", url.target);
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = vec![0; 1024];
    let size = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..size]).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_without_a_listening_scenario_is_gone() {
    let world = World::new(&[]).await;
    let browser = Browser::open(&world.server).await;
    // The first request has been learned, so the webhook does not listen by itself.
    browser.post("/webhooks/1/learn", &[("learn", "stop")]).await.expect(303);
    browser.post("/scenarios/1/switch", &[("on", "0")]).await.expect(303);
    let answer = world.send("POST", "", "application/json", b"{}").await.expect(410);
    assert_eq!(answer.text(), "There is no scenario listening for this webhook.");
    // Run once listens for exactly one request.
    browser.post("/scenarios/1/run", &[]).await.expect(303);
    world.send("POST", "", "application/json", br#"{"once":1}"#).await.expect(200);
    assert_eq!(world.bundle().await, json!({"once": 1}));
    world.send("POST", "", "application/json", b"{}").await.expect(410);
    browser.post("/scenarios/1/switch", &[("on", "1")]).await.expect(303);
    world.send("POST", "", "application/json", b"{}").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_is_learned_and_not_run() {
    let world = World::new(&[]).await;
    let browser = Browser::open(&world.server).await;
    let made = browser.post("/webhooks", &[("name", "New")]).await.expect(303);
    let page = made.header("location").unwrap().to_owned();
    let shown = browser.get(&page).await.text();
    assert!(shown.contains("Waiting for data."), "a new webhook listens for its structure");
    let hook = world.server.url(&format!("/hook/{}", token_on(&shown)));
    let json_type = [("Content-Type", "application/json")];
    let answer = request("POST", &hook, &json_type, br#"{"buyer":{"email":"a@b.c"}}"#).await.expect(200);
    assert_eq!(answer.text(), "Accepted");
    assert!(world.place.all_executions().await.is_empty(), "a sample starts nothing");
    let shown = browser.get(&page).await.text();
    assert!(shown.contains("buyer") && shown.contains("email") && !shown.contains("Waiting for data."));
    request("POST", &hook, &json_type, b"{}").await.expect(410);
}

fn token_on(page: &str) -> String {
    let (_, rest) = page.split_once("/hook/").expect("the page shows the address");
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_addresses_and_structures_are_enforced() {
    let world = World::new(&[]).await;
    let browser = Browser::open(&world.server).await;
    browser.post("/webhooks/1/keys", &[("name", "Shop"), ("key", "open sesame")]).await.expect(200);
    let missing = world.send("POST", "", "application/json", b"{}").await.expect(401);
    let wrong = request("POST", &world.taker.hook, &[("x-make-apikey", "open")], b"").await.expect(401);
    assert_eq!((missing.text(), wrong.text()), ("Unauthorized".into(), "Unauthorized".into()));
    let key = ("X-Make-ApiKey", "open sesame");
    request("POST", &world.taker.hook, &[key], b"").await.expect(200);

    browser.post("/webhooks/1/settings", &[("ips", "192.0.2.0/24")]).await.expect(303);
    request("POST", &world.taker.hook, &[key], b"").await.expect(403);
    let forwarded = [key, ("X-Forwarded-For", "192.0.2.7")];
    request("POST", &world.taker.hook, &forwarded, b"").await.expect(403);
    let structure = r#"[{"name":"id","type":"number","required":true}]"#;
    let form = [("ips", "127.0.0.0/8"), ("structure", structure), ("strict", "1")];
    browser.post("/webhooks/1/settings", &form).await.expect(303);
    let json_type = ("Content-Type", "application/json");
    let answer = request("POST", &world.taker.hook, &[key, json_type], br#"{"id":"x","more":1}"#).await.expect(400);
    assert!(answer.text().contains("id") && answer.text().contains("more"), "{}", answer.text());
    request("POST", &world.taker.hook, &[key, json_type], br#"{"id":"7"}"#).await.expect(200);
    assert_eq!(world.bundle().await, json!({"id": 7}), "text is coerced to what the structure says");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_and_loses_nothing() {
    use rouage_test_support::http::{Answer as Scripted, Peer};
    let peer = Peer::start().await;
    (0..3).for_each(|_| peer.answer(Scripted::Late(std::time::Duration::from_secs(2))));
    let blueprint =
        TAKER.replace(r#""json:TransformToJSON", "version": 1"#, r#""http:ActionSendData", "version": 3"#).replace(
            r#"{"object": "{{1.value}}"}"#,
            &format!(
                r#"{{"url": "{}/", "method": "get", "qs": [{{"name": "n", "value": "{{{{1.n}}}}"}}]}}"#,
                peer.url()
            ),
        );
    let allowed = peer.address().to_string();
    let flags = ["--allow-net", &allowed, "--workers", "1", "--webhook-queue", "2", "--webhook-rate", "0"];
    let place = Place::new(&flags);
    let taker = place.import_text("slow", &blueprint).await;
    let _server = place.start().await;
    let mut accepted = Vec::new();
    let mut refused = None;
    // What waits is counted now and then, so that a few more than two get in.
    for number in 0..500 {
        let answer = request("POST", &taker.hook.with(&format!("?n={number}")), &[], b"").await;
        if answer.status != 200 {
            refused = Some((answer.status, answer.text()));
            break;
        }
        accepted.push(format!("/?n={number}"));
    }
    assert_eq!(refused, Some((400, "Queue is full".to_owned())));
    eventually("all accepted ones were run", async || (peer.requests().len() >= accepted.len()).then_some(())).await;
    place.idle().await;
    let mut seen: Vec<_> = peer.requests().into_iter().map(|request| request.target).collect();
    seen.sort();
    accepted.sort();
    assert_eq!(seen, accepted);
}
