//! Input that is broken, odd or huge: a clear message, nothing done by half,
//! memory bounded, and the server goes on.

use crate::support::{Browser, Place, Running, exchange, request};

const TAKER: &str = include_str!("blueprints/taker.json");
/// The most memory that a server may ever take, in MiB.
const MOST_MEMORY: u64 = 300;
const MEGABYTE: usize = 1024 * 1024;

fn deep() -> Vec<u8> {
    [b"{\"flow\":".to_vec(), vec![b'['; 100_000], vec![b']'; 100_000], b"}".to_vec()].concat()
}

/// A blueprint of so many bytes whose parts are as small as they can be.
fn huge(size: usize) -> Vec<u8> {
    let mut text = br#"{"name":"Huge","flow":[],"metadata":{"x":[1"#.to_vec();
    while text.len() < size - 4 {
        text.extend_from_slice(b",1");
    }
    text.extend_from_slice(b"]}}");
    text
}

/// The taker with one part of its text replaced.
fn taker(from: &str, to: &str) -> Vec<u8> {
    assert!(TAKER.contains(from), "{from}");
    TAKER.replace(from, to).into_bytes()
}

/// Files that are no blueprint, and what the message must say.
fn broken() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        ("truncated", TAKER.as_bytes()[..300].to_vec(), "line"),
        ("not-utf-8", [br#"{"name":""#.as_slice(), b"\xff\xfe", br#"","flow":[]}"#].concat(), "UTF-8"),
        ("deep", deep(), "512"),
        ("too-large", huge(50 * MEGABYTE + 10), "bytes"),
        ("blank", b" ".to_vec(), "cut off"),
        ("no-flow", b"{\"name\":\"x\"}".to_vec(), "flow"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_blueprints_are_refused_in_clear_words_at_the_command_line() {
    let place = Place::new(&[]);
    for (name, content, word) in broken() {
        let file = place.file(&format!("{name}.json"), &content);
        let said = place.complaint(&["import", file.to_str().unwrap()]).await;
        assert!(said.contains(&format!("{name}.json")) && said.contains(word), "{name}: {said}");
        assert!(!said.contains("panicked"), "{name}: {said}");
        let checked = place.output(&["blueprint", "check", file.to_str().unwrap()]).await;
        let line: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert_eq!(line["ok"], false, "{name}: {line}");
        assert!(line["problems"].to_string().contains(word), "{name}: {line}");
    }
    assert_eq!(place.run(&["export"]).await, "", "nothing was imported by half");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_blueprints_are_imported_with_a_word_on_every_module() {
    let place = Place::new(&[]);
    let cases: &[(&str, Vec<u8>, &str)] = &[
        ("unknown", taker("json:TransformToJSON", "acme:Unheard"), "not available"),
        ("version", taker(r#""json:TransformToJSON", "version": 1"#, r#""json:TransformToJSON", "version": 99"#), "99"),
        ("twice", taker(r#""id": 2"#, r#""id": 1"#), "1"),
        ("text-id", taker(r#""id": 2"#, r#""id": "2""#), "2"),
        ("no-routes", taker("json:TransformToJSON", "builtin:BasicRouter"), "2"),
        ("duplicate-key", taker(r#""id": 2"#, r#""id": 2, "id": 2"#), "2"),
    ];
    for (name, content, word) in cases {
        let file = place.file(&format!("{name}.json"), content);
        let output = place.output(&["import", file.to_str().unwrap()]).await;
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(word) && !said.contains("panicked"), "{name}: {said}");
        let checked = place.output(&["blueprint", "check", file.to_str().unwrap()]).await;
        let line: serde_json::Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert!(line["modules"].is_array(), "{name}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_payloads_are_refused_and_the_server_goes_on() {
    let place = Place::new(&[]);
    let shop = place.import_text("taker", TAKER).await;
    let mut server = place.start().await;
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    for (body, word) in [
        (br#"{"a":"#.to_vec(), "line 1"),
        (b"{\"a\":\"\xff\"}".to_vec(), "UTF-8"),
        (deep, "512"),
        (br#"{"a":01}"#.to_vec(), "line 1"),
        (br#"{"a":1} {"#.to_vec(), "line 1"),
    ] {
        let answer = shop.post(&body).await.expect(400);
        assert!(answer.text().contains(word), "{word}: {}", answer.text());
    }
    assert!(place.all_executions().await.is_empty());
    // The same name twice is odd, but data: the last one wins, as everywhere.
    shop.post(br#"{"value":1,"value":2}"#).await.expect(200);
    place.idle().await;
    let run = &place.all_executions().await[0];
    assert_eq!(place.journal(run).await[0]["bundles"][0], serde_json::json!({"value": 2}));
    for _ in 0..3 {
        fifty_megabytes(&shop.hook).await;
    }
    // Small values take far more room than their text, so they are counted.
    let many = huge(5 * MEGABYTE);
    let answers = tokio::join!(shop.post(&many), shop.post(&many));
    for answer in [answers.0, answers.1] {
        assert!(answer.clone().expect(400).text().contains("more than 500000 values"), "{}", answer.text());
    }
    // The most that is taken.
    let many = huge(2 * 499_000);
    let answers = tokio::join!(shop.post(&many), shop.post(&many));
    assert_eq!((answers.0.status, answers.1.status), (200, 200));
    place.idle().await;
    lives(&mut server).await;
}

/// Refused, though a client that insists on sending all of it may only see
/// the connection close.
async fn fifty_megabytes(hook: &crate::support::Url) {
    let body = vec![b' '; 50 * MEGABYTE];
    if let Ok(answer) = exchange("POST", hook, &[("Content-Type", "application/json")], &body).await {
        assert_eq!(answer.status, 413, "{}", answer.text());
    }
}

async fn lives(server: &mut Running) {
    assert!(server.is_alive(), "the server is gone");
    request("GET", &server.url("/health"), &[], b"").await.expect(200);
    let memory = server.peak_memory();
    println!("peak memory: {memory} MiB");
    assert!(memory < MOST_MEMORY, "{memory} MiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_blueprints_are_refused_on_the_import_page() {
    let place = Place::new(&[]);
    let mut server = place.start().await;
    let browser = Browser::open(&server).await;
    for (name, content, word) in broken().into_iter().filter(|(name, ..)| !matches!(*name, "too-large" | "blank")) {
        let answer = browser.import(&content).await.expect(422);
        assert!(answer.text().contains(word), "{name}: {}", answer.text());
    }
    assert_eq!(place.run(&["export"]).await, "");
    lives(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_blueprint_does_not_take_all_the_memory() {
    let place = Place::new(&[]);
    let mut server = place.start().await;
    let browser = Browser::open(&server).await;
    let answer = browser.import(&huge(50 * MEGABYTE - 1024)).await;
    assert!(matches!(answer.status, 303 | 413 | 422), "{}: {}", answer.status, answer.text());
    lives(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spreadsheet_that_is_gone_is_named_and_the_next_order_is_taken() {
    use crate::support::{ORDERS_SPREADSHEET, example, small_order};
    let place = Place::new(&[]);
    let shop = place.import(&example("order-to-spreadsheet/blueprint.json"), &[]).await;
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    browser.post(&format!("/spreadsheets/{ORDERS_SPREADSHEET}/delete"), &[]).await.expect(303);
    shop.post(&small_order(1)).await.expect(200);
    place.idle().await;
    let failed = place.executions("error").await;
    assert!(failed.len() == 1 && failed[0].contains("not found"), "{failed:?}");
    browser.post(&format!("/spreadsheets/{ORDERS_SPREADSHEET}/restore"), &[]).await.expect(303);
    shop.post(&small_order(5)).await.expect(200);
    place.idle().await;
    assert_eq!(place.executions("success").await.len(), 1);
}
