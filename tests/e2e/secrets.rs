//! No secret leaves the seal: not on a page, in a log, in an export, in a
//! history, in the answer of a connection test, or in the database's files.

use rouage_test_support::google::FakeGoogle;
use rouage_test_support::smtp::FakeSmtp;

use crate::support::{Browser, Place, example, small_order};

const SMTP: &str = "canary-smtp-4711";
const GOOGLE: &str = "canary-google-0815";
const HOOK_KEY: &str = "canary-hook-2342";
/// The canaries as they are and as SMTP and JSON would carry them.
const FORMS: &[&str] = &[SMTP, GOOGLE, HOOK_KEY, "Y2FuYXJ5LX", "NhbmFyeS1", "jYW5hcnkt"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn canaries_are_found_nowhere() {
    let (smtp, google) = (FakeSmtp::start().await, FakeGoogle::start().await);
    smtp.require("shop", SMTP);
    let place = Place::new(&["--allow-net", "127.0.0.1", "--log", "trace"]);
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    let port = smtp.address().port().to_string();
    let fields = [("host", "127.0.0.1"), ("port", &port), ("security", "none"), ("user", "shop"), ("password", SMTP)];
    let mail = browser.connect("smtp", &fields).await;
    // Google refuses this refresh token, so that errors are made with it too.
    let (token_uri, api_root) = (google.token_uri(), google.url());
    let fields = [
        ("client_id", "me"),
        ("token_uri", token_uri.as_str()),
        ("api_root", api_root.as_str()),
        ("client_secret", GOOGLE),
        ("refresh_token", GOOGLE),
    ];
    let sheets = browser.connect("google", &fields).await;
    let key = google.service_account_key();
    let key = key.replace(r#""project_id":"test""#, &format!(r#""project_id":"{GOOGLE}""#));
    let account = browser.connect("google", &[fields[1], fields[2], ("service_account_key", &key)]).await;
    assert!(server.terminate().await.success());
    let links = [format!("3.__IMTCONN__={sheets}"), format!("4.account={mail}")];
    let shop = place.import(&example("order-to-spreadsheet/blueprint.json"), &[&links[0], &links[1]]).await;
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    for number in [2, 4] {
        shop.post(&small_order(number)).await.expect(200);
    }
    place.idle().await;
    assert!(!smtp.messages().is_empty() || !place.executions("error").await.is_empty(), "nothing happened");
    browser.post("/webhooks/1/keys", &[("name", "Shop"), ("key", HOOK_KEY)]).await.expect(200);
    let token = browser.api_token().await;

    let mut seen = vec![("log".to_owned(), place.log().into_bytes())];
    for connection in [mail, sheets, account] {
        let test = browser.post(&format!("/connections/{connection}/test"), &[]).await;
        seen.push((format!("test of {connection}"), test.body));
    }
    for path in pages(&place, &[mail, sheets, account]).await {
        let answer = browser.get(&path).await.expect(200);
        seen.push((path, answer.body));
    }
    for arguments in [&["export", "1"][..], &["executions"], &["doctor"]] {
        seen.push((arguments.join(" "), place.output(arguments).await.stdout));
    }
    for line in place.all_executions().await {
        seen.push((format!("journal {line}"), format!("{:?}", place.journal(&line).await).into_bytes()));
    }
    for entry in std::fs::read_dir(place.data()).unwrap() {
        let path = entry.unwrap().path();
        seen.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }
    assert!(seen.iter().any(|(name, _)| name.ends_with("rouage.db")), "the database is looked at");
    seen.push(("log".to_owned(), place.log().into_bytes()));
    for (name, content) in &seen {
        for canary in FORMS.iter().copied().chain([token.as_str()]) {
            assert!(!contains(content, canary), "{canary} stands in {name}");
        }
    }
    assert!(contains(&std::fs::read(place.data().join("rouage.key")).unwrap(), "\n"));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_data_folder_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new(&[]);
    place.run(&["export"]).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place.data()), mode(&place.data().join("rouage.key"))), (0o700, 0o600));
}

/// Every page there is to see here.
async fn pages(place: &Place, connections: &[i64]) -> Vec<String> {
    let fixed = [
        "/scenarios",
        "/scenarios/1",
        "/scenarios/1/history",
        "/scenarios/1/setup",
        "/scenarios/1/settings",
        "/scenarios/1/export",
        "/webhooks",
        "/webhooks/1",
        "/connections",
        "/connections/new",
        "/connections/new/smtp",
        "/connections/new/google",
        "/spreadsheets",
        "/outbox",
        "/incomplete",
        "/import",
        "/settings",
        "/settings/users",
    ];
    let mut pages: Vec<String> = fixed.iter().map(|page| (*page).to_owned()).collect();
    pages.extend(connections.iter().map(|id| format!("/connections/{id}")));
    let runs = place.all_executions().await;
    pages.extend(runs.iter().map(|line| format!("/executions/{}", line.split(' ').next().unwrap())));
    pages
}

fn contains(content: &[u8], text: &str) -> bool {
    content.windows(text.len()).any(|window| window == text.as_bytes())
}
