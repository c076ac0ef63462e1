//! What the page of a connection says of a test.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{ErrorKind, ModuleError, Value};
use rouage_sdk::{App, Connection, ConnectionSpec, ConnectionTest, Field, FieldKind, Host, http};
use rouage_store::connections::{self, NewConnection};
use support::{Answer, Server};

/// Works when its secret is `right`.
struct Door;

#[async_trait]
impl ConnectionTest for Door {
    async fn test(&self, connection: &Connection, _: &dyn Host, _: &http::Client) -> Result<String, ModuleError> {
        match connection.secret.expose().field("key").as_text() {
            Some("right") => Ok("The <door> opened.".to_owned()),
            _ => Err(ModuleError::new(ErrorKind::AccountValidationError, "the <door> stayed shut")),
        }
    }
}

fn app() -> App {
    let spec = |kind, test| ConnectionSpec { kind, label: kind, help: "Help.", fields: vec![], secrets: vec![], test };
    let door: Arc<dyn ConnectionTest> = Arc::new(Door);
    App {
        name: "house",
        label: "House",
        color: "#000000",
        icon: "plug",
        synonyms: &[],
        modules: vec![],
        connections: vec![spec("door", Some(door)), spec("wall", None)],
    }
}

/// The page before and after a test.
async fn pages(kind: &str, key: &str) -> (Answer, Answer) {
    let server = Server::with_apps(vec![app()], |_| {}).await;
    let cookie = server.owner().await;
    let secret = rouage_model::Collection::from_iter([("key", key)]).into();
    let new = NewConnection { kind: kind.to_owned(), name: "Mine".to_owned(), data: Value::empty_collection(), secret };
    let mut tx = server.store.begin().await.unwrap();
    let id = connections::create(&mut tx, server.team, new).await.unwrap();
    tx.commit().await.unwrap();
    let before = server.get(&format!("/connections/{id}"), &cookie).await;
    (before, server.post(&format!("/connections/{id}/test"), &cookie, "").await)
}

#[tokio::test]
async fn a_test_that_succeeds_says_what_was_reached() {
    let (before, after) = pages("door", "right").await;
    assert!(before.body.contains("/test\"") && !before.body.contains("door&#62; opened"), "{}", before.body);
    assert_eq!(after.status, 200);
    assert!(after.body.contains("<span>The &#60;door&#62; opened.</span>"), "{}", after.body);
    assert!(!after.body.contains("The test failed"), "{}", after.body);
}

#[tokio::test]
async fn a_test_that_fails_says_why_without_the_secret() {
    let (_, after) = pages("door", "wrong-key").await;
    assert!(after.body.contains("<b>The test failed.</b> the &#60;door&#62; stayed shut"), "{}", after.body);
    assert!(!after.body.contains("wrong-key"), "{}", after.body);
}

#[tokio::test]
async fn a_kind_without_a_test_offers_none_and_says_when_it_is_tried() {
    let (before, after) = pages("wall", "any").await;
    assert!(!before.body.contains("/test\"") && before.body.contains("tried at its first use"), "{}", before.body);
    assert!(after.body.contains("This kind of connection is tried at its first use."), "{}", after.body);
}

#[tokio::test]
async fn what_is_pasted_as_a_file_gets_an_area_and_the_key_comes_first() {
    let mut house = app();
    house.connections[0].fields = vec![Field::text("client_id", "Client ID"), Field::text("ca", "Certificate")];
    house.connections[0].secrets = vec![Field::new("service_account_key", "Key", FieldKind::Password)];
    let server = Server::with_apps(vec![house], |_| {}).await;
    let cookie = server.owner().await;
    let form = server.get("/connections/new/door", &cookie).await.body;
    let place = |text: &str| form.find(text).unwrap_or_else(|| panic!("{text} is missing in {form}"));
    assert!(place("<textarea name=\"service_account_key\"") < place("name=\"client_id\""));
    assert!(place("name=\"client_id\"") < place("<textarea name=\"ca\""));
}
