//! Files of bundles: stored when a webhook brings them, shown as a name and a
//! size, and only ever downloaded.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use std::time::Duration;

use rouage_model::BlobId;
use rouage_store::{blobs, executions, hooks};
use support::Server;

const FLOW: &str = r#"{"name":"Files","flow":[
    {"id":1,"module":"gateway:CustomWebHook","version":1,"parameters":{},"mapper":{}},
    {"id":2,"module":"util:ComposeTransformer","version":1,"mapper":{"value":"{{length(1.report.data)}}"}}]}"#;

/// The page of a run whose webhook brought a file of so many bytes.
async fn page_of_run(server: &Server, cookie: &str, size: usize) -> String {
    let scenario = server.scenario(FLOW).await;
    let hook = server.hook(&hooks::HookSettings::default(), false).await;
    server.attach(hook.id, scenario, true).await;
    let content = "<script>alert(1)</script>".repeat(size / 25 + 1);
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"report\"; filename=\"a \u{fc}.html\"\r\n\
         Content-Type: text/html\r\n\r\n{}\r\n--b--\r\n",
        &content[..size]
    );
    let headers = [("content-type", "multipart/form-data; boundary=b")];
    let answer = server.send("POST", &format!("/hook/{}", hook.token), &headers, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let over = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            let filter = executions::Filter::default();
            let found = executions::list(&server.store, server.team, &filter, None, 1).await.unwrap().items;
            if let Some(run) = found.into_iter().find(|run| run.status.is_final()) {
                return run.id;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let run = over.await.unwrap();
    server.get(&format!("/executions/{run}"), cookie).await.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_is_a_link_to_a_safe_download() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let body = page_of_run(&server, &cookie, 400_000).await;
    assert!(body.len() < 100_000 && !body.contains("alert(1)"), "{} bytes", body.len());
    let at = body.find("/files/").unwrap_or_else(|| panic!("there is no link to a file in\n{body}"));
    let link = body[at..].split('"').next().unwrap();
    assert!(body.contains("a ü.html, file data"), "{body}");

    let file = server.get(link, &cookie).await;
    assert_eq!((file.status.as_u16(), file.body.len()), (200, 400_000));
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-disposition", "attachment; filename=\"a _.html\"; filename*=UTF-8''a%20%C3%BC%2Ehtml"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(file.header(name), value, "{name}");
    }
    assert!(file.header("cache-control").contains("no-store"), "{}", file.header("cache-control"));

    let path = link.split('?').next().unwrap();
    assert_eq!(server.get(path, "").await.status, 303);
    assert_eq!(server.get("/files/0196f7a0111172228333444455556666", &cookie).await.status, 404);
    assert_eq!(server.get("/files/x", &cookie).await.status, 404);
    // Half a file is none.
    let half = blobs::create(&server.store, server.team, None).await.unwrap();
    blobs::append(&server.store, half, 0, b"half").await.unwrap();
    assert_eq!(server.get(&format!("/files/{half}"), &cookie).await.status, 404);
    // Nor is one of another team.
    let other: BlobId = blobs::create(&server.store, rouage_model::TeamId(server.team.0 + 1), None).await.unwrap();
    blobs::finish(&server.store, other, 0).await.unwrap();
    assert_eq!(server.get(&format!("/files/{other}"), &cookie).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_file_stays_in_its_bundle() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let body = page_of_run(&server, &cookie, 1_000).await;
    assert!(!body.contains("/files/") && body.contains("file data, 1"), "{body}");
    assert_eq!(blobs::usage(&server.store).await.unwrap(), (0, 0));
}
