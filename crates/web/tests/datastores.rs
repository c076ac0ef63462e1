//! Data stores and data structures, as a person uses their pages.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use rouage_model::datastore::Call;
use rouage_model::{DatastoreId, StructureId, json};
use rouage_store::{datastores, structures};
use support::{Answer, Server};

const FIELDS: &str = "level.0=0&field.0=email&kind.0=text&required.0=1&level.1=0&field.1=age&label.1=Age&kind.1=number";

async fn structure(server: &Server, cookie: &str) -> StructureId {
    let form = format!("name=Customer&strict=1&{FIELDS}&action=save");
    let saved = server.post("/structures/new", cookie, &form).await;
    saved.header("location").trim_start_matches("/structures/").split('?').next().unwrap().parse().unwrap()
}

async fn datastore(server: &Server, cookie: &str, structure: &str) -> DatastoreId {
    let form = format!("name=Customers&structure={structure}&megabytes=1");
    let made = server.post("/datastores", cookie, &form).await;
    made.header("location").trim_start_matches("/datastores/").split('?').next().unwrap().parse().unwrap()
}

async fn get(server: &Server, id: DatastoreId, key: &str) -> String {
    let call = Call::Get { store: id, key: key.into() };
    json::to_string(datastores::read(&server.store, server.team, &call).await.unwrap().unwrap().field("data"))
}

/// Sends a CSV file.
async fn import(server: &Server, cookie: &str, id: DatastoreId, file: &str) -> Answer {
    let body = format!(
        "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\ncontent-type: text/csv\r\n\r\n{file}\r\n--x--\r\n"
    );
    let headers =
        [("cookie", cookie), ("content-type", "multipart/form-data; boundary=x"), ("sec-fetch-site", "same-origin")];
    server.send("POST", &format!("/datastores/{id}/import"), &headers, &body).await
}

#[tokio::test]
async fn a_record_is_added_changed_moved_and_deleted_by_its_form() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let kind = structure(&server, &cookie).await;
    let id = datastore(&server, &cookie, &kind.to_string()).await;
    let empty = server.get(&format!("/datastores/{id}"), &cookie).await;
    assert!(empty.body.contains("No record yet") && empty.body.contains("/structures/"), "{}", empty.body);
    let path = format!("/datastores/{id}/record");
    let refused = server.post(&path, &cookie, "key=ada&f.0=&f.1=old").await;
    assert_eq!(refused.status, 422);
    for part in [
        "Missing value of required parameter &#39;email&#39;",
        "Invalid number in parameter &#39;age&#39;",
        "value=\"old\"",
    ] {
        assert!(refused.body.contains(part), "{part}: {}", refused.body);
    }
    let saved = server.post(&path, &cookie, "key=ada&f.0=ada%40example.org&f.1=36").await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    assert_eq!(get(&server, id, "ada").await, r#"{"email":"ada@example.org","age":36}"#);
    let taken = server.post(&path, &cookie, "key=ada&f.0=x").await;
    assert!(taken.status == 422 && taken.body.contains("already"), "{}", taken.body);
    let page = server.get(&format!("{path}?key=ada"), &cookie).await;
    assert!(page.body.contains("value=\"ada@example.org\"") && page.body.contains("value=\"36\""), "{}", page.body);
    server.post(&path, &cookie, "old_key=ada&key=a%2Fb&f.0=ada%40example.org&f.1=").await;
    assert_eq!(
        (get(&server, id, "ada").await, get(&server, id, "a/b").await),
        ("null".into(), r#"{"email":"ada@example.org"}"#.into())
    );
    let list = server.get(&format!("/datastores/{id}"), &cookie).await;
    assert!(list.body.contains("record?key=a%2Fb") && list.body.contains("1 record"), "{}", list.body);
    let ask = server.get(&format!("{path}/delete?key=a%2Fb"), &cookie).await;
    assert!(ask.body.contains("Delete the record “a/b”?"), "{}", ask.body);
    server.post(&format!("{path}/delete?key=a%2Fb"), &cookie, "").await;
    assert_eq!(get(&server, id, "a/b").await, "null");
}

#[tokio::test]
async fn records_are_searched_and_sorted() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let kind = structure(&server, &cookie).await;
    let id = datastore(&server, &cookie, &kind.to_string()).await;
    import(&server, &cookie, id, "key,email,Age\nk1,b@x,9\nk2,a@x,10\nk3,c@y,\n").await;
    let order = async |query: &str| {
        let page = server.get(&format!("/datastores/{id}?{query}"), &cookie).await;
        let mut found: Vec<_> = ["k1", "k2", "k3"]
            .into_iter()
            .filter_map(|key| Some((page.body.find(&format!("record?key={key}\""))?, key)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, key)| key).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(order("").await, "k1 k2 k3");
    assert_eq!(order("sort=.email&order=desc").await, "k3 k1 k2");
    assert_eq!(order("sort=.age&q=%40x").await, "k1 k2");
    let none = server.get(&format!("/datastores/{id}?q=nobody"), &cookie).await;
    assert!(none.body.contains("No record contains “nobody”"), "{}", none.body);
}

#[tokio::test]
async fn a_file_comes_in_whole_or_not_at_all_and_goes_out_again() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let kind = structure(&server, &cookie).await;
    let id = datastore(&server, &cookie, &kind.to_string()).await;
    let refused = import(&server, &cookie, id, "key,email,age\nk1,a@x,1\nk2,b@x,many\nk3,,3\n").await;
    assert_eq!(refused.status, 422);
    for part in
        ["Nothing was imported", "Line 3, column “age”: “many” is not a number", "Line 4, column “email”: it is empty"]
    {
        assert!(refused.body.contains(part), "{part}: {}", refused.body);
    }
    assert_eq!(get(&server, id, "k1").await, "null");
    let file = "key,email,age\r\nk1,'=x,1\r\nk2,\"b,\"\"c\",\r\n";
    assert_eq!(import(&server, &cookie, id, file).await.status, 303);
    assert_eq!(get(&server, id, "k1").await, r#"{"email":"=x","age":1}"#);
    let out = server.get(&format!("/datastores/{id}/export.csv"), &cookie).await;
    assert_eq!(out.body.trim_start_matches('\u{FEFF}'), file);
    assert!(out.header("content-disposition").contains("Customers.csv"));
}

#[tokio::test]
async fn a_data_store_without_a_structure_takes_any_record() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = datastore(&server, &cookie, "").await;
    let path = format!("/datastores/{id}/record");
    let broken = server.post(&path, &cookie, "key=a&rest=%7B").await;
    assert!(broken.status == 422 && broken.body.contains("not valid JSON"), "{}", broken.body);
    server.post(&path, &cookie, "key=a&rest=%7B%22n%22%3A%5B1%5D%7D").await;
    assert_eq!(get(&server, id, "a").await, r#"{"n":[1]}"#);
    let full = format!("key=b&rest=%7B%22t%22%3A%22{}%22%7D", "x".repeat(1_100_000));
    let full = server.post(&path, &cookie, &full).await;
    assert!(full.status == 422 && full.body.contains("is full"), "{}", &full.body[..500]);
}

#[tokio::test]
async fn a_data_store_is_deleted_only_after_a_question() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = datastore(&server, &cookie, "").await;
    server.post(&format!("/datastores/{id}/settings"), &cookie, "name=Clients&structure=&megabytes=2").await;
    let ask = server.get(&format!("/datastores/{id}/delete"), &cookie).await;
    assert!(ask.body.contains("Delete the data store “Clients”?") && ask.body.contains("0 records"), "{}", ask.body);
    let list = server.get("/datastores?q=CLI", &cookie).await;
    assert!(list.body.contains("Clients") && list.body.contains("of 2.0 MB"), "{}", list.body);
    server.post(&format!("/datastores/{id}/delete"), &cookie, "").await;
    assert_eq!(server.get(&format!("/datastores/{id}"), &cookie).await.status, 404);
    let nothing = server.post("/datastores", &cookie, "name=X&structure=&megabytes=0").await;
    assert_eq!(nothing.status, 422);
}

#[tokio::test]
async fn a_structure_is_drafted_generated_and_guarded() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let draft = server.post("/structures/new", &cookie, &format!("name=&{FIELDS}&action=add")).await;
    assert!(draft.body.contains("name=\"level.2\"") && draft.body.contains("value=\"email\""), "{}", draft.body);
    assert_eq!(structures::list(&server.store, server.team).await.unwrap(), []);
    let sample = "name=S&action=generate&sample=%7B%22id%22%3A1%2C%22in%22%3A%7B%22t%22%3A%22x%22%7D%7D";
    let generated = server.post("/structures/new", &cookie, sample).await;
    for part in ["value=\"id\"", "name=\"level.2\" value=\"1\"", "value=\"t\""] {
        assert!(generated.body.contains(part), "{part}: {}", generated.body);
    }
    let twice =
        server.post("/structures/new", &cookie, "name=S&level.0=0&field.0=a&level.1=0&field.1=a&action=save").await;
    assert!(twice.status == 422 && twice.body.contains("two fields"), "{}", twice.body);
    let id = structure(&server, &cookie).await;
    let store = datastore(&server, &cookie, &id.to_string()).await;
    let page = server.get(&format!("/structures/{id}"), &cookie).await;
    assert!(page.body.contains("Data store “Customers”"), "{}", page.body);
    let refused = server.post(&format!("/structures/{id}/delete"), &cookie, "").await;
    assert!(refused.status == 422 && refused.body.contains("Customers"), "{}", refused.body);
    server.post(&format!("/datastores/{store}/delete"), &cookie, "").await;
    assert_eq!(server.post(&format!("/structures/{id}/delete"), &cookie, "").await.status, 303);
}

#[tokio::test]
async fn a_webhook_enforces_a_structure_and_follows_its_changes() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let kind = structure(&server, &cookie).await;
    let settings = rouage_store::hooks::HookSettings { structure_id: Some(kind), ..Default::default() };
    let hook = server.hook(&settings, false).await;
    let flow = r#"{"name":"S","flow":[{"id":1,"module":"gateway:CustomWebHook","version":1}]}"#;
    let scenario = server.scenario(flow).await;
    server.attach(hook.id, scenario, true).await;
    let send = async |body: &str| {
        let path = format!("/hook/{}", hook.token);
        server.send("POST", &path, &[("content-type", "application/json")], body).await
    };
    let extra = send(r#"{"email":"a@x","more":1}"#).await;
    assert!(
        extra.status == 400 && extra.body.contains("&#39;more&#39;") | extra.body.contains("'more'"),
        "{}",
        extra.body
    );
    assert_eq!(send(r#"{"age":3}"#).await.status, 400);
    assert_eq!(send(r#"{"email":"a@x"}"#).await.status, 200);
    let form = format!("name=Customer&{FIELDS}&action=save");
    server.post(&format!("/structures/{kind}"), &cookie, &form).await;
    assert_eq!(send(r#"{"email":"a@x","more":1}"#).await.status, 200, "it is not strict any more");
    let page = server.get(&format!("/webhooks/{}", hook.id), &cookie).await;
    assert!(page.body.contains("selected>Customer"), "{}", page.body);
}

/// A module with a data store and a data structure, which does nothing.
struct Keep(rouage_sdk::Spec);

#[async_trait::async_trait]
impl rouage_sdk::Module for Keep {
    fn spec(&self) -> &rouage_sdk::Spec {
        &self.0
    }

    async fn run(&self, _: &rouage_sdk::Call<'_>) -> Result<rouage_sdk::Outcome, rouage_model::ModuleError> {
        Ok(rouage_sdk::Outcome::Bundles(Vec::new()))
    }
}

fn keep() -> rouage_sdk::App {
    use rouage_sdk::{Effect, Field, FieldKind, Kind, Spec};
    let spec = Spec::new("keep:Record", 1, "Keep", Kind::Action, Effect::Pure).parameters(vec![
        Field::new("datastore", "Data store", FieldKind::Datastore).required(),
        Field::new("type", "Data structure", FieldKind::Structure),
    ]);
    let modules: Vec<std::sync::Arc<dyn rouage_sdk::Module>> = vec![std::sync::Arc::new(Keep(spec))];
    rouage_sdk::App {
        name: "keep",
        label: "Keep",
        color: "#000000",
        icon: "database",
        synonyms: &[],
        modules,
        connections: vec![],
    }
}

#[tokio::test]
async fn the_set_up_makes_what_a_blueprint_names_or_takes_what_is_there() {
    let server = Server::with_apps(vec![keep()], |_| {}).await;
    let cookie = server.owner().await;
    let file = r#"{"name":"Shop","flow":[{"id":2,"module":"keep:Record","version":1,"parameters":{"datastore":4711,"type":9},
        "metadata":{"restore":{"parameters":{"datastore":{"label":"Customers"},"type":{"label":"Client"}}},
        "expect":[{"name":"data","type":"collection","spec":[{"name":"n","type":"number"}]}]}}]}"#;
    let id = server.scenario(file).await;
    let page = server.get(&format!("/scenarios/{id}/setup"), &cookie).await;
    for part in [
        "choose the data store (it was &#34;Customers&#34;)",
        "Create a new data store with 1 field",
        "Create it with 1 field",
    ] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    server.post(&format!("/scenarios/{id}/setup"), &cookie, "2.datastore=new&2.type=new").await;
    let stores = datastores::list(&server.store, server.team).await.unwrap();
    let known = structures::list(&server.store, server.team).await.unwrap();
    let names: Vec<_> = known.iter().map(|row| row.name.as_str()).collect();
    assert_eq!((stores[0].name.as_str(), names), ("Customers", vec!["Client", "Customers"]));
    let scenario = rouage_store::scenarios::find(&server.store, server.team, id).await.unwrap().unwrap();
    assert_eq!(scenario.links.field("2.datastore").as_i64(), Some(stores[0].id.0));
    assert_eq!(scenario.links.field("2.type").as_i64(), Some(known[0].id.0));
    let page = server.get(&format!("/datastores/{}", stores[0].id), &cookie).await;
    assert!(page.body.contains("Shop"), "the scenario is named as its user: {}", page.body);
    // Answered, the questions can be answered again.
    server.post(&format!("/scenarios/{id}/setup"), &cookie, &format!("2.datastore={}&2.type=", stores[0].id)).await;
    let scenario = rouage_store::scenarios::find(&server.store, server.team, id).await.unwrap().unwrap();
    assert_eq!(scenario.links.get("2.type"), None);
    assert_eq!(datastores::list(&server.store, server.team).await.unwrap().len(), 1);
}
