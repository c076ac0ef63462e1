//! Import of several files, and the set-up that asks for each thing once.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

#[allow(unused_imports, reason = "other tests need all of it")]
mod support;

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{App, Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};
use rouage_store::scenarios;
use support::{Answer, Server};

/// A module that wants an account.
struct Send(Spec);

#[async_trait]
impl Module for Send {
    fn spec(&self) -> &Spec {
        &self.0
    }

    async fn run(&self, _call: &Call<'_>) -> Result<Outcome, ModuleError> {
        Ok(Outcome::Bundles(Vec::new()))
    }
}

fn app() -> App {
    let account = Field::new("__IMTCONN__", "Connection", FieldKind::Connection(&["google"])).required();
    let spec = Spec::new("post:Send", 1, "Send", Kind::Action, Effect::Write).parameters(vec![account]);
    App {
        name: "post",
        label: "Post",
        color: "#000000",
        icon: "mail",
        synonyms: &[],
        modules: vec![Arc::new(Send(spec))],
        connections: Vec::new(),
    }
}

async fn import(server: &Server, cookie: &str, files: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, content) in files {
        body.push_str(&format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n"
        ));
    }
    body.push_str("--b--\r\n");
    let headers =
        [("cookie", cookie), ("content-type", "multipart/form-data; boundary=b"), ("sec-fetch-site", "same-origin")];
    server.send("POST", "/import", &headers, &body).await
}

#[tokio::test]
async fn several_files_give_several_scenarios_and_one_page_that_tells() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let one = r#"{"name":"First","flow":[{"id":1,"module":"no:Such"}]}"#;
    let files = [("a.json", one), ("broken.json", "{\n \"flow\": [,]}"), ("list.json", "[1]"), ("b.json", one)];
    let page = import(&server, &cookie, &files).await;
    assert_eq!(page.status, 200);
    for part in [
        "2 scenarios came in",
        "2 files could not be read",
        "broken.json",
        "line 2, column 11",
        "list.json",
        "/setup",
        "1 not available",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert_eq!(scenarios::brief(&server.store, server.team).await.unwrap().len(), 2);
    let none = import(&server, &cookie, &[("x.json", "{"), ("y.json", "]")]).await;
    assert_eq!(none.status, 422);
    assert!(none.body.contains("Nothing came in"), "{}", none.body);
    // One alone goes to its set-up, or back to the form.
    assert!(import(&server, &cookie, &[("a.json", one)]).await.header("location").contains("/setup"));
    let again = import(&server, &cookie, &[("x.json", "{\n,")]).await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("line 2, column 1"), "{}", again.body);
}

#[tokio::test]
async fn one_account_of_the_other_server_is_chosen_once_for_all_its_modules() {
    let server = Server::with_apps(vec![app()], |_| {}).await;
    let cookie = server.owner().await;
    let module = |id: u32, account: u32| {
        format!(
            r#"{{"id":{id},"module":"post:Send","version":1,"parameters":{{"__IMTCONN__":{account}}},"mapper":{{}}}}"#
        )
    };
    let flow = [module(1, 77), module(2, 88), module(3, 77)].join(",");
    let id = server.scenario(&format!(r#"{{"name":"Mails","flow":[{flow}]}}"#)).await;
    let path = format!("/scenarios/{id}/setup");
    let page = server.get(&path, &cookie).await;
    assert!(page.body.contains("name=\"1.__IMTCONN__\"") && page.body.contains("name=\"2.__IMTCONN__\""));
    assert!(!page.body.contains("name=\"3.__IMTCONN__\""), "the account of module 3 is that of module 1");
    assert!(page.body.contains("Used by 2 modules"), "{}", page.body);

    let links = async || {
        let found = scenarios::find(&server.store, server.team, id).await.unwrap().unwrap();
        ["1", "2", "3"].map(|number| found.links.get(&format!("{number}.__IMTCONN__")).is_some())
    };
    let saved = server.post(&path, &cookie, "1.__IMTCONN__=builtin&2.__IMTCONN__=&then=rehearse").await;
    assert_eq!(saved.header("location"), format!("/scenarios/{id}/edit#rehearse"));
    assert_eq!(links().await, [true, false, true]);
    // Where they differ, nothing changes until one is chosen for all.
    server.post(&path, &cookie, "1.__IMTCONN__=~own&2.__IMTCONN__=builtin").await;
    assert_eq!(links().await, [true, true, true]);
}
