//! What the forms of the editor ask for: the catalogue, and live choices.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::structure::Structure;
use rouage_model::{ModuleError, ScenarioId, Value, json};
use rouage_sdk::{App, Call, Effect, Field, FieldChoice, FieldChoices, FieldKind, Kind, Module, Outcome, Spec};
use rouage_store::connections::{self, NewConnection};
use rouage_store::{sheets, structures};
use support::{Answer, Server};

/// A module whose choices say what it was given.
struct Shelf(Spec);

impl Shelf {
    fn new(name: &'static str) -> Self {
        let spec = Spec::new(name, 1, "Put on a shelf", Kind::Action, Effect::Write)
            .describe("Puts something on a shelf.")
            .parameters(vec![
                Field::new("account", "Connection", FieldKind::Connection(&["google"])),
                Field::new("store", "Data store", FieldKind::Datastore),
                Field::new("structure", "Data structure", FieldKind::Structure),
                Field::new("hook", "Webhook", FieldKind::Hook("gateway-webhook")),
                Field::new("called", "Scenario", FieldKind::Scenario),
            ])
            .mapper(vec![
                Field::new("book", "Spreadsheet", FieldKind::Spreadsheet),
                Field::text("shelf", "Shelf").live(),
                Field::new("size", "Size", FieldKind::UnsignedInteger).default("3"),
                Field::new("rows", "Rows", FieldKind::Array(vec![Field::text("place", "Place").live()])),
                Field::new("data", "Inputs", FieldKind::Collection(Vec::new())).dynamic(),
            ]);
        Self(spec)
    }
}

#[async_trait]
impl Module for Shelf {
    fn spec(&self) -> &Spec {
        &self.0
    }

    async fn run(&self, _: &Call<'_>) -> Result<Outcome, ModuleError> {
        Ok(Outcome::Bundles(Vec::new()))
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        assert_ne!(search, "break down", "a module may break down");
        let account = call.connection.as_ref().map_or("nobody", |connection| connection.name.as_str());
        let given =
            format!("{}, {}", json::to_string(&call.parameters.to_value()), json::to_string(&call.input.to_value()));
        Ok(FieldChoices::matching(vec![FieldChoice::new(field, account).note(given)], search))
    }
}

fn app() -> App {
    App {
        name: "shop",
        label: "Shop",
        color: "#123456",
        icon: "plug",
        synonyms: &["store"],
        modules: vec![Arc::new(Shelf::new("shop:Shelf"))],
        connections: vec![],
    }
}

struct World {
    server: Server,
    cookie: String,
    scenario: ScenarioId,
}

impl World {
    async fn new() -> Self {
        let server = Server::with_apps(vec![app()], |_| {}).await;
        let cookie = server.owner().await;
        let file = r#"{"name":"Main","flow":[{"id":1,"module":"shop:Shelf","version":1,"onerror":[
            {"id":2,"module":"builtin:Resume","version":1}],
            "metadata":{"interface":[{"name":"place","type":"text","label":"Place"}]}}],
            "interface":{"output":[{"name":"total","type":"number","required":true}]}}"#;
        let scenario = server.scenario(file).await;
        Self { server, cookie, scenario }
    }

    async fn post(&self, body: &str) -> Answer {
        let path = format!("/scenarios/{}/choices", self.scenario);
        let headers =
            [("cookie", self.cookie.as_str()), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        self.server.send("POST", &path, &headers, body).await
    }

    async fn choices(&self, module: &str, links: &str, field: &str, search: &str) -> Value {
        let body = format!(r#"{{"module":{module},"links":{links},"field":{field:?},"search":{search:?}}}"#);
        let answer = self.post(&body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        json::parse(answer.body.as_bytes()).unwrap()
    }

    async fn shelf(&self, links: &str, field: &str) -> Value {
        self.choices(r#"{"id":1,"module":"shop:Shelf","version":1,"mapper":{}}"#, links, field, "").await
    }

    async fn connection(&self) -> i64 {
        let mut tx = self.server.store.begin().await.unwrap();
        let new = NewConnection {
            kind: "google".to_owned(),
            name: "Ada's account".to_owned(),
            data: Value::empty_collection(),
            secret: Value::empty_collection(),
        };
        let id = connections::create(&mut tx, self.server.team, new).await.unwrap();
        tx.commit().await.unwrap();
        id.0
    }
}

fn labels(answer: &Value) -> Vec<&str> {
    let choices = answer.field("choices").as_array().unwrap().iter();
    choices.map(|choice| choice.field("label").as_text().unwrap()).collect()
}

fn problem(answer: &Value) -> &str {
    answer.field("problem").as_text().unwrap_or_default()
}

#[tokio::test]
async fn the_catalogue_is_kept_by_the_browser_under_its_hash() {
    let world = World::new().await;
    let page = world.server.get(&format!("/scenarios/{}/edit", world.scenario), &world.cookie).await;
    let at = page.body.find("/editor/catalogue.json?v=").unwrap();
    let url = page.body[at..].split('"').next().unwrap();
    let answer = world.server.get(url, &world.cookie).await;
    assert!(answer.header("cache-control").contains("immutable"), "{}", answer.header("cache-control"));
    let catalogue = json::parse(answer.body.as_bytes()).unwrap();
    let modules = catalogue.field("modules").as_array().unwrap();
    let shelf = modules.iter().find(|module| module.field("name").as_text() == Some("shop:Shelf")).unwrap();
    let account = json::to_string(&shelf.field("parameters").as_array().unwrap()[0]);
    let expected = r#"{"name":"account","label":"Connection","type":"connection","live":true,"kinds":["google"]}"#;
    assert_eq!(account, expected);
    let tag = answer.header("etag").to_owned();
    let again = [("cookie", world.cookie.as_str()), ("if-none-match", tag.as_str())];
    assert_eq!(world.server.send("GET", url, &again, "").await.status, 304);
    assert_ne!(world.server.get(url, "").await.status, 200);
}

#[tokio::test]
async fn the_app_sees_what_is_filled_in_and_fits() {
    let world = World::new().await;
    let id = world.connection().await;
    let module = r#"{"id":1,"module":"shop:Shelf","parameters":{"account":77,"store":5},
        "mapper":{"shelf":"x","rows":"{{2.rows}}","size":"large"}}"#;
    let found = world.choices(module, &format!(r#"{{"1.account":{id}}}"#), "rows.3.place", "").await;
    let choice = &found.field("choices").as_array().unwrap()[0];
    assert_eq!(choice.field("value"), &Value::text("rows.place"));
    assert_eq!(choice.field("label"), &Value::text("Ada's account"));
    // The store's id is another server's; a size that is no number is none yet.
    let given = choice.field("note").as_text().unwrap();
    assert!(given.contains(r#""shelf":"x""#) && given.contains(r#""rows":"{{2.rows}}""#), "{given}");
    assert!(!given.contains("large") && !given.contains("\"store\":5"), "{given}");
}

#[tokio::test]
async fn what_the_team_has_is_listed() {
    let world = World::new().await;
    world.connection().await;
    let store = &world.server.store;
    let mut tx = store.begin().await.unwrap();
    let book = sheets::create(&mut tx, world.server.team, "Orders 2026").await.unwrap();
    sheets::create(&mut tx, world.server.team, "Customers").await.unwrap();
    let structure = Structure::parse(&json::parse(br#"[{"name":"sku","type":"text"}]"#).unwrap()).unwrap();
    structures::create(&mut tx, world.server.team, "Article", &structure).await.unwrap();
    tx.commit().await.unwrap();
    world.server.hook(&rouage_store::hooks::HookSettings::default(), false).await;
    let accounts = world.shelf("{}", "account").await;
    assert_eq!(labels(&accounts), ["Built-in spreadsheets", "Ada's account"]);
    assert_eq!(labels(&world.shelf("{}", "structure").await), ["Article"]);
    assert_eq!(world.shelf("{}", "hook").await.field("choices").as_array().unwrap().len(), 1);
    assert_eq!(labels(&world.shelf("{}", "store").await), [""; 0]);
    let shelf = r#"{"id":1,"module":"shop:Shelf"}"#;
    let found = world.choices(shelf, r#"{"1.account":"builtin"}"#, "book", "order").await;
    assert_eq!(found.field("choices").as_array().unwrap()[0].field("value"), &Value::text(book));
    assert_eq!(labels(&found), ["Orders 2026"]);
    assert_eq!(labels(&world.shelf("{}", "book").await).len(), 2);
}

#[tokio::test]
async fn a_called_scenario_says_its_inputs() {
    let world = World::new().await;
    let file = r#"{"name":"Child","flow":[],"interface":{"input":[{"name":"sku","type":"text","required":true,
        "help":"The article."},{"name":"lines","type":"array","spec":{"type":"number"}}]}}"#;
    let child = world.server.scenario(file).await;
    assert_eq!(labels(&world.shelf("{}", "called").await), ["Child"]);
    let found = world.shelf(&format!(r#"{{"1.called":{}}}"#, child.0), "data").await;
    let expected = r#"[{"name":"sku","label":"sku","type":"text","required":true,"mappable":true,"help":"The article."},{"name":"lines","label":"lines","type":"array","mappable":true,"spec":[{"name":"","label":"","type":"number","mappable":true}]}]"#;
    assert_eq!(json::to_string(found.field("fields")), expected);
    assert_eq!(problem(&world.shelf("{}", "data").await), "Choose the scenario first.");
    let gone = world.shelf(r#"{"1.called":999}"#, "data").await;
    assert_eq!(problem(&gone), "The scenario that is called does not exist any more: choose another.");
}

#[tokio::test]
async fn modules_of_the_engine_know_their_fields_from_the_draft() {
    let world = World::new().await;
    let resume = world.choices(r#"{"id":2,"module":"builtin:Resume"}"#, "{}", "", "").await;
    let place = r#"[{"name":"place","label":"Place","type":"text","mappable":true}]"#;
    assert_eq!(json::to_string(resume.field("fields")), place);
    let outputs = world.choices(r#"{"id":3,"module":"scenario-service:ReturnData"}"#, "{}", "", "").await;
    let total = r#"[{"name":"total","label":"total","type":"number","required":true,"mappable":true}]"#;
    assert_eq!(json::to_string(outputs.field("fields")), total);
    let loose = world.choices(r#"{"id":9,"module":"builtin:Resume"}"#, "{}", "", "").await;
    assert_eq!(problem(&loose), "This module must stand on an error route: move it there.");
}

#[tokio::test]
async fn whatever_is_wrong_is_a_sentence_and_never_a_failure_of_ours() {
    let world = World::new().await;
    let unknown = world.choices(r#"{"id":1,"module":"no:Such"}"#, "{}", "x", "").await;
    assert_eq!(problem(&unknown), r#"Rouage does not have the module "no:Such", so there is nothing to choose."#);
    let field = world.shelf("{}", "nothing.here").await;
    assert_eq!(problem(&field), r#"Put on a shelf has no field "nothing.here" to choose for."#);
    let gone = world.shelf(r#"{"1.account":99}"#, "shelf").await;
    assert_eq!(problem(&gone), "Connection 99 does not exist any more: choose another one.");
    let shelf = r#"{"id":1,"module":"shop:Shelf"}"#;
    let broken = world.choices(shelf, "{}", "shelf", "break down").await;
    assert!(problem(&broken).contains("the module broke down"), "{broken:?}");
    let native = world.choices(r#"{"id":1,"module":"util:Switcher"}"#, "{}", "input", "").await;
    assert_eq!(problem(&native), "There is nothing to choose for Input: write the value.");
    for body in ["", "[]", "{", r#"{"module":7}"#, r#"{"field":"x"}"#] {
        let answer = world.post(body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        assert!(answer.body.contains("\"problem\""), "{}", answer.body);
    }
    for body in [
        r#"{"module":{}}"#,
        r#"{"module":{"id":{},"module":[]},"links":[1],"field":{},"search":4}"#,
        r#"{"module":{"module":"shop:Shelf","parameters":7,"mapper":[1]},"field":"shelf"}"#,
    ] {
        assert_eq!(world.post(body).await.status, 200, "{body}");
    }
    let elsewhere = World { scenario: ScenarioId(999), ..world };
    assert_eq!(elsewhere.post(r#"{"module":{"module":"shop:Shelf"},"field":"shelf"}"#).await.status, 404);
}
