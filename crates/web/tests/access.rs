//! Who gets in: the route table, sign-in, forms of other sites.

mod support;

use rouage_web::{Permission, routes};
use support::{PASSWORD, Server};

/// A path of the table with something in its braces.
fn fill(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "1".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_row_of_the_table_refuses_strangers_unless_it_says_otherwise() {
    let server = Server::start().await;
    for route in routes::table() {
        let path = fill(route.path);
        let method = if route.method == "*" { "POST" } else { route.method };
        let answer = server.send(method, &path, &[], "").await;
        let status = answer.status.as_u16();
        match route.permission {
            Permission::Public => {
                assert_ne!(answer.header("location").split('?').next(), Some("/login?next"), "{path}")
            }
            Permission::Webhook => assert_eq!(status, 404, "{path}"),
            Permission::Token => assert_eq!(status, 401, "{path}"),
            Permission::SignedIn | Permission::Owner if method == "GET" => {
                assert_eq!(status, 303, "{path}");
                assert!(answer.header("location").starts_with("/login?next="), "{path}");
            }
            Permission::SignedIn | Permission::Owner => assert_eq!(status, 401, "{path}"),
        }
    }
}

#[tokio::test]
async fn odd_spellings_of_paths_open_nothing() {
    let server = Server::start().await;
    server.owner().await;
    for path in [
        "//scenarios",
        "/SCENARIOS",
        "/scenarios/",
        "/x/../scenarios",
        "/%2e%2e/settings",
        "/scenarios;a=b",
        "/assets/../scenarios",
        "/assets/..%2fscenarios",
        "/scenarios.",
        "/login/../settings",
        "/%73cenarios",
        "/hook/../settings",
    ] {
        let answer = server.get(path, "").await;
        assert!(matches!(answer.status.as_u16(), 303 | 404), "{path}: {}", answer.status);
        assert!(!answer.body.contains("Order"), "{path}");
    }
}

#[tokio::test]
async fn every_page_can_be_opened_by_the_owner_and_is_closed_to_frames_and_scripts() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(r#"{"name":"<script>alert(1)</script>","flow":[{"id":1,"module":"gateway:CustomWebHook"},{"id":2,"module":"no:Such"}]}"#).await;
    let hook = server.hook(&Default::default(), true).await.id;
    server.attach(hook, id, false).await;
    for path in [
        "/scenarios",
        "/import",
        "/webhooks",
        "/outbox",
        "/connections",
        "/connections/new",
        "/incomplete",
        "/settings",
        "/settings/users",
        "/spreadsheets",
        &format!("/scenarios/{id}"),
        &format!("/scenarios/{id}/history"),
        &format!("/scenarios/{id}/setup"),
        &format!("/scenarios/{id}/settings"),
        &format!("/scenarios/{id}/delete"),
        &format!("/webhooks/{hook}"),
        &format!("/webhooks/{hook}/delete"),
    ] {
        let answer = server.get(path, &cookie).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(answer.header("content-security-policy").contains("script-src 'self'"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert!(!answer.body.contains("<script>alert") && !answer.body.contains(" style="), "{path}");
    }
    assert_eq!(server.get("/scenarios/999", &cookie).await.status, 404);
    assert_eq!(server.get("/nothing", &cookie).await.status, 404);
}

#[tokio::test]
async fn the_set_up_link_makes_one_owner() {
    let server = Server::start().await;
    let token = rouage_store::setup::token(&server.store).await.unwrap().unwrap();
    let path = format!("/setup/{token}");
    assert_eq!(server.get("/setup/wrong", "").await.status, 404);
    assert_eq!(server.get(&path, "").await.status, 200);
    let weak = server.post(&path, "", "name=Ada&email=ada@example.org&password=short").await;
    assert_eq!(weak.status, 422);
    let done = server.post(&path, "", "name=Ada&email=ada@example.org&password=a+long+enough+password").await;
    assert_eq!(done.status, 303);
    let set = done.header("set-cookie");
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && !set.contains("Secure"), "{set}");
    assert_eq!(server.get("/scenarios", &done.cookie()).await.status, 200);
    assert_eq!(server.get(&path, "").await.status, 404);
    assert_eq!(server.log_in("ada@example.org", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn sessions_are_new_at_sign_in_and_end_at_sign_out() {
    let server = Server::start().await;
    let first = server.owner().await;
    let form = "email=ada@example.org&password=a+long+enough+password&next=//evil.example";
    let again = server.post("/login", &first, form).await;
    assert_eq!(again.header("location"), "/");
    assert_ne!(again.cookie(), first);
    assert_eq!(server.get("/scenarios", &first).await.status, 303, "the old session has ended");
    server.post("/logout", &again.cookie(), "").await;
    assert_eq!(server.get("/scenarios", &again.cookie()).await.status, 303);
}

#[tokio::test]
async fn guessing_passwords_gets_slow_and_tells_nothing() {
    let server = Server::start().await;
    server.owner().await;
    let known = server.log_in("ada@example.org", "wrong").await;
    let unknown = server.log_in("nobody@example.org", "wrong").await;
    assert_eq!((known.status, known.body.replace("ada@", "nobody@")), (unknown.status, unknown.body));
    for _ in 0..6 {
        server.log_in("ada@example.org", "wrong").await;
    }
    assert_eq!(server.log_in("ada@example.org", PASSWORD).await.status, 429);
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let kind = ("content-type", "application/x-www-form-urlencoded");
    for site in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")] {
        let answer = server.send("POST", "/webhooks", &[("cookie", &cookie), kind, site], "name=x").await;
        assert_eq!(answer.status, 403, "{site:?}");
    }
    let login = server.send("POST", "/login", &[kind, ("sec-fetch-site", "cross-site")], "email=a&password=b").await;
    assert_eq!(login.status, 403);
    assert!(rouage_store::hooks::list(&server.store, server.team).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_the_owner_manages_users() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let form = "name=Bob&email=bob@example.org&password=another+long+password";
    assert_eq!(server.post("/settings/users", &owner, form).await.status, 303);
    let bob = server.log_in("bob@example.org", "another long password").await.cookie();
    assert_eq!(server.get("/scenarios", &bob).await.status, 200);
    assert_eq!(server.get("/settings/users", &bob).await.status, 403);
    assert_eq!(server.post("/settings/users", &bob, form).await.status, 403);
}

#[tokio::test]
async fn one_time_links_open_once() {
    let server = Server::start().await;
    server.owner().await;
    let link = server.parts.one_time_link("/outbox");
    let path = link.strip_prefix("http://rouage.test").unwrap();
    let opened = server.get(path, "").await;
    assert_eq!((opened.status.as_u16(), opened.header("location")), (303, "/outbox"));
    assert_eq!(server.get("/outbox", &opened.cookie()).await.status, 200);
    assert_eq!(server.get(path, "").await.status, 404);
}

#[tokio::test]
async fn live_streams_need_a_session_and_an_own_thing() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = server.scenario(r#"{"name":"x","flow":[{"id":1,"module":"a:B"}]}"#).await;
    let live = format!("/live?fresh=scenario:{id}");
    assert_eq!(server.get(&live, &cookie).await.header("content-type"), "text/event-stream");
    assert_eq!(server.get(&live, "").await.status, 303);
    // Of what is not there nothing is told.
    let once = format!("/live?once=1&fresh=scenario:999,execution:x,webhook:7,editor:999:a,scenario:{id}");
    let told = server.get(&once, &cookie).await.body;
    assert_eq!(told, format!(r#"[{{"topic":"scenario:{id}","event":"changed","data":null}}]"#));
}
