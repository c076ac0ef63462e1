//! A polling trigger on the real binary: new rows of a built-in spreadsheet
//! become messages, each once, over restarts and kills.

use crate::support::{Browser, Place, Running, Url, eventually, request};

/// Rows of `leads` become messages in the outbox.
pub const BLUEPRINT: &str = r#"{"name":"Leads","flow":[
    {"id":1,"module":"google-sheets:watchRows","version":2,"mapper":{},"parameters":{"from":"drive","mode":"select",
        "limit":10,"sheetId":"Leads","__IMTCONN__":1,"spreadsheetId":"/leads","tableFirstRow":"A1:Z1",
        "includesHeaders":true}},
    {"id":2,"module":"email:ActionSendEmail","version":7,"parameters":{"account":1,"saveAfterSent":false},
        "mapper":{"to":["sales@example.org"],"subject":"Lead {{1.`0`}} of row {{1.`__ROW_NUMBER__`}}","text":"Call."}}],
    "metadata":{"scenario":{"roundtrips":1,"maxErrors":3,"autoCommit":true,"autoCommitTriggerLast":true}}}"#;

/// Fills rows in as a program with a token does.
pub async fn append(server: &Running, token: &str, name: &str) {
    let target = "/v4/spreadsheets/leads/values/Leads!A1:append?valueInputOption=RAW&insertDataOption=INSERT_ROWS";
    let url = Url { address: server.address, target: target.to_owned() };
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    request("POST", &url, &headers, format!(r#"{{"values":[["{name}"]]}}"#).as_bytes()).await.expect(200);
}

pub async fn until_subjects(browser: &Browser, count: usize) -> Vec<String> {
    eventually("the messages", async || {
        let mut subjects = browser.subjects().await;
        subjects.sort();
        (subjects.len() >= count).then_some(subjects)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_rows_of_a_built_in_spreadsheet_run_once_each() {
    let place = Place::new(&[]);
    let file = place.file("leads.json", BLUEPRINT.as_bytes());
    place.run(&["import", file.to_str().unwrap()]).await;
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    let token = browser.api_token().await;
    for name in ["Name", "Ada", "Bob"] {
        append(&server, &token, name).await;
    }
    // The switch asks where to start first; on, it runs at once.
    let asked = browser.post("/scenarios/1/switch", &[("on", "1")]).await.expect(303);
    assert_eq!(asked.header("location"), Some("/scenarios/1/start?on=1"));
    browser.post("/scenarios/1/start", &[("on", "1"), ("start", "all")]).await.expect(303);
    let first = ["Lead Ada of row 2", "Lead Bob of row 3"];
    assert_eq!(until_subjects(&browser, 2).await, first);
    place.idle().await;
    // Killed and started again it goes on where it was; Run once polls now.
    server.kill().await;
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    append(&server, &token, "Grace").await;
    browser.post("/scenarios/1/run", &[("how", "once")]).await.expect(303);
    assert_eq!(until_subjects(&browser, 3).await, ["Lead Ada of row 2", "Lead Bob of row 3", "Lead Grace of row 4"]);
    let page = browser.get("/scenarios/1").await.expect(200).text();
    assert!(page.contains("Rows after row 4") && page.contains("Next run: "), "{page}");
}
