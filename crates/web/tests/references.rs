//! The reference of functions, and the mapped values that may stay empty.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use support::Server;

#[tokio::test]
async fn the_reference_lists_every_function_and_finds_by_words() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let all = server.get("/functions", &cookie).await;
    assert_eq!(all.status, 200);
    for function in rouage_expr::functions() {
        assert!(all.body.contains(&format!("id=\"{}\"", function.name)), "{}", function.name);
    }
    assert!(all.body.contains("emptystring") && all.body.contains("Not in Make"));
    let found = server.get("/functions?q=formatdate", &cookie).await;
    assert!(found.body.contains("id=\"formatDate\"") && !found.body.contains("id=\"parseDate\""));
    let missing = server.get("/functions?q=toNumber", &cookie).await;
    assert!(missing.body.contains("Did you mean parseNumber?"), "{}", missing.body);
    assert_ne!(server.get("/functions", "").await.status, 200);
}

#[tokio::test]
async fn the_set_up_page_lists_values_that_may_stay_empty() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let file = r#"{"name":"Orders","flow":[{"id":1,"module":"util:SetVariables","version":1,"mapper":{"scope":"roundtrip",
        "variables":[{"name":"customer","value":"x"}]}},{"id":2,"module":"util:SetVariable2","version":1,
        "mapper":{"name":"a","scope":"roundtrip","value":"{{1.Customer}} {{1.other}} {{9.gone}}"}}]}"#;
    let id = server.scenario(file).await;
    let page = server.get(&format!("/scenarios/{id}/setup"), &cookie).await;
    assert_eq!(page.status, 200);
    for expected in ["Mapped values that may stay empty", "Did you mean {{1.customer}}?", "Not seen yet", "module 9"] {
        assert!(page.body.contains(expected), "{expected}: {}", page.body);
    }
    let clean = server.scenario(
        r#"{"name":"Clean","flow":[{"id":1,"module":"util:SetVariable2","version":1,"mapper":{"name":"a"}}]}"#,
    );
    let clean = server.get(&format!("/scenarios/{}/setup", clean.await), &cookie).await;
    assert!(!clean.body.contains("may stay empty"));
}
