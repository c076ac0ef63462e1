//! The examples that a new scenario can begin with: each does what its card
//! says, with the program's own spreadsheets, data stores and outbox.

use rouage_model::Clock as _;
use rouage_model::clock::SystemClock;
use rouage_test_support::http::{self as peer, Peer};

use crate::support::{Browser, Place, Running, Sheets, Url, between, example, request};

/// Imports an example, posts its payload as often as told, and waits.
async fn posted(folder: &str, times: usize) -> (Place, Running, Vec<crate::support::Answer>) {
    let place = Place::new(&[]);
    let hook = place.import(&example(&format!("{folder}/blueprint.json")), &[]).await;
    let server = place.start().await;
    let payload = std::fs::read(example(&format!("{folder}/input.json"))).unwrap();
    let mut answers = Vec::new();
    for _ in 0..times {
        answers.push(hook.post(&payload).await);
        place.idle().await;
    }
    assert_eq!(place.executions("error").await, Vec::<String>::new(), "{folder}");
    (place, server, answers)
}

async fn sheets(server: &Running) -> (Browser, Sheets, String) {
    let browser = Browser::open(server).await;
    let token = browser.api_token().await;
    (browser, Sheets::new(server, &token), token)
}

/// The id of the spreadsheet that an example names.
fn spreadsheet(folder: &str) -> String {
    let text = std::fs::read_to_string(example(&format!("{folder}/blueprint.json"))).unwrap();
    between(&text, "\"spreadsheetId\": \"/", "\"").unwrap()
}

async fn append(server: &Running, token: &str, place: &str, rows: serde_json::Value) {
    let target = format!("/v4/spreadsheets/{place}:append?valueInputOption=RAW&insertDataOption=INSERT_ROWS");
    let url = Url { address: server.address, target };
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
    let body = serde_json::json!({ "values": rows }).to_string();
    request("POST", &url, &headers, body.as_bytes()).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_form_is_kept_told_and_answered() {
    let (_place, server, answers) = posted("contact-form", 1).await;
    assert_eq!(answers[0].status, 200);
    assert_eq!(answers[0].json()["message"], "Thank you, we will answer soon.");
    let (browser, sheets, _) = sheets(&server).await;
    let rows = sheets.values(&spreadsheet("contact-form"), "Messages!A1:D").await;
    assert_eq!(rows[0], ["Received", "Name", "E-mail", "Message"]);
    assert_eq!(rows[1][1..], ["Ada Lovelace", "ada@example.org", "Do you ship to London?"]);
    assert_eq!(browser.subjects().await, ["Message from Ada Lovelace"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_order_from_france_takes_two_routes_and_not_the_fallback() {
    let (_place, server, _) = posted("route-by-amount", 1).await;
    let (browser, sheets, _) = sheets(&server).await;
    let id = spreadsheet("route-by-amount");
    assert_eq!(sheets.values(&id, "France!A2:D").await[0][0], "4711");
    assert_eq!(sheets.values(&id, "Elsewhere!A2:D").await.len(), 0);
    assert_eq!(browser.subjects().await, ["Large order 4711: 149.9 EUR"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_item_is_a_row_and_all_of_them_one_mail() {
    let (_place, server, _) = posted("order-items", 1).await;
    let (browser, sheets, _) = sheets(&server).await;
    let rows = sheets.values(&spreadsheet("order-items"), "Items!A2:E").await;
    assert_eq!(rows, [["4712", "A-1", "Box", "1", "50"], ["4712", "B-7", "Card", "3", "2.5"]]);
    assert_eq!(browser.subjects().await, ["Your order 4712"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_signs_up_twice_is_one_row() {
    let (_place, server, _) = posted("no-duplicates", 3).await;
    let (_, sheets, _) = sheets(&server).await;
    assert_eq!(sheets.values(&spreadsheet("no-duplicates"), "Sign-ups!A2:C").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_answered_at_once() {
    let (_place, _server, answers) = posted("answer-a-question", 1).await;
    assert_eq!((answers[0].status, answers[0].json()["problem"].as_str()), (404, Some("There is no order 4711.")));
}

/// Imports an example that runs by the clock, through the page of examples.
async fn taken(folder: &str, flags: &[&str]) -> (Place, Running, Browser, Sheets, String) {
    let place = Place::new(flags);
    let server = place.start().await;
    let (browser, sheets, token) = sheets(&server).await;
    let made = browser.post(&format!("/scenarios/new/{folder}"), &[]).await.expect(303);
    assert_eq!(made.header("location"), Some("/scenarios/1/edit?notice=example"));
    (place, server, browser, sheets, token)
}

/// The day of a scenario without another time zone.
fn today() -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(SystemClock.now()).date()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sales_of_yesterday_are_added_up() {
    let (place, server, browser, _, token) = taken("daily-report", &[]).await;
    let yesterday = today().yesterday().unwrap().to_string();
    let rows = serde_json::json!([[yesterday, "Box", 50], ["2020-01-01", "Box", 1000], [yesterday, "Card", 2.5]]);
    append(&server, &token, &format!("{}/values/Sales!A1", spreadsheet("daily-report")), rows).await;
    browser.post("/scenarios/1/run", &[("how", "once")]).await.expect(303);
    place.idle().await;
    assert_eq!(place.executions("success").await.len(), 1);
    let outbox = browser.get("/outbox").await.text();
    let mail = between(&outbox, "href=\"/outbox/", "\"").unwrap();
    let raw = browser.get(&format!("/outbox/{mail}/raw")).await.text();
    assert!(raw.contains("52.5 EUR"), "{raw}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whose_birthday_it_is_gets_a_card() {
    let (place, server, browser, _, token) = taken("birthday-mail", &[]).await;
    let today = today().strftime("%m-%d").to_string();
    let rows = serde_json::json!([["Ada", "ada@example.org", today], ["Bob", "bob@example.org", "02-30"]]);
    append(&server, &token, &format!("{}/values/Customers!A1", spreadsheet("birthday-mail")), rows).await;
    browser.post("/scenarios/1/run", &[("how", "once")]).await.expect(303);
    place.idle().await;
    assert_eq!(browser.subjects().await, ["Happy birthday, Ada!"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_does_not_answer_is_told_and_the_scenario_goes_on() {
    // Rouage itself refuses the way to addresses of the house, as a dead site would.
    let place = Place::new(&[]);
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    let text = std::fs::read_to_string(example("website-check/blueprint.json")).unwrap();
    let dead = text.replace("https://example.org/", "http://127.0.0.1:9/");
    browser.import(dead.as_bytes()).await.expect(303);
    browser.post("/scenarios/1/setup", &[("2.account", "builtin")]).await.expect(303);
    browser.post("/scenarios/1/run", &[("how", "once")]).await.expect(303);
    place.idle().await;
    assert_eq!(browser.subjects().await, ["Your site does not answer"]);
    assert_eq!(place.executions("error").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_of_the_price_list_is_a_row() {
    let shop = Peer::start().await;
    shop.answer(peer::Answer::text(200, "sku,name,price\nA-1,Box,50\nB-7,\"Card, large\",2.5\n"));
    let place = Place::new(&["--allow-net", &shop.address().to_string()]);
    let server = place.start().await;
    let (browser, sheets, _) = sheets(&server).await;
    let text = std::fs::read_to_string(example("csv-to-spreadsheet/blueprint.json")).unwrap();
    let here = text.replace("https://example.org/prices.csv", &format!("{}/prices.csv", shop.url()));
    browser.import(here.as_bytes()).await.expect(303);
    let id = spreadsheet("csv-to-spreadsheet");
    let page = browser.get("/scenarios/1/setup").await.expect(200).text();
    let made = between(&page, "name=\"3.spreadsheetId\"", "</select>").unwrap();
    assert!(made.contains("value=\"new\""), "{made}");
    let form = [("3.__IMTCONN__", "builtin"), ("3.spreadsheetId", "new")];
    browser.post("/scenarios/1/setup", &form).await.expect(303);
    browser.post("/scenarios/1/run", &[("how", "once")]).await.expect(303);
    place.idle().await;
    let rows = sheets.values(&id, "Prices!B2:D").await;
    assert_eq!(rows, [["A-1", "Box", "50"], ["B-7", "Card, large", "2.5"]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_others_can_be_switched_on_as_they_are() {
    let place = Place::new(&[]);
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    for (number, folder) in ["weekly-news", "feed-to-spreadsheet", "new-row-to-email"].into_iter().enumerate() {
        browser.post(&format!("/scenarios/new/{folder}"), &[]).await.expect(303);
        let scenario = format!("/scenarios/{}", number + 1);
        let switched = browser.post(&format!("{scenario}/switch"), &[("on", "1")]).await.expect(303);
        if switched.header("location") == Some(&*format!("{scenario}/start?on=1")) {
            browser.post(&format!("{scenario}/start"), &[("on", "1"), ("start", "now")]).await.expect(303);
        }
        let page = browser.get(&scenario).await.expect(200).text();
        assert!(page.contains("This scenario is on"), "{folder}: {page}");
    }
    browser.get("/scenarios/new?q=mail").await.expect(200);
}
