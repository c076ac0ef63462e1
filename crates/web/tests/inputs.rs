//! Inputs and outputs of scenarios: the form of Run once, the API, and the
//! page that edits them.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rouage_model::interface::{Interface, Kind};
use rouage_model::scenario::Scheduling;
use rouage_model::{ModuleError, ScenarioId, Value, json};
use rouage_sdk::{App, Call, Effect, Field as SpecField, FieldKind, Module, Outcome, Spec, spec};
use rouage_store::sheets::tokens;
use rouage_store::{executions, scenarios};
use support::{Answer, Server};

const FILE: &str = r#"{"name":"Sums","kept":{"as":"it is"},"io":{"input_spec":[
    {"name":"n","type":"number","label":"A number","help":"Which one.","required":true,"x-own":1},
    {"name":"mode","type":"select","options":[{"label":"Very fast","value":"fast"},{"label":"Slow","value":"slow"}],"default":"slow"},
    {"name":"at","type":"date"},{"name":"tags","type":"array"}],"output_spec":[{"name":"sum","type":"number"}]},
    "flow":[{"id":1,"module":"scenario-service:StartSubscenario","version":2},
        {"id":2,"module":"scenario-service:ReturnData","version":2,"mapper":{"sum":"{{1.n + 1}}","mode":"{{var.input.mode}}"}}]}"#;

async fn scenario(server: &Server, file: &str) -> ScenarioId {
    let id = server.scenario(file).await;
    let mut tx = server.store.begin().await.unwrap();
    scenarios::set_scheduling(&mut tx, server.team, id, &Scheduling::on_demand()).await.unwrap();
    scenarios::set_enabled(&mut tx, server.team, id, true, None).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn token(server: &Server) -> String {
    let mut tx = server.store.begin().await.unwrap();
    let token = tokens::create(&mut tx, server.team, "Test").await.unwrap();
    tx.commit().await.unwrap();
    format!("Bearer {token}")
}

async fn runs(server: &Server, scenario: ScenarioId) -> usize {
    let filter = executions::Filter { scenario: Some(scenario), ..executions::Filter::default() };
    executions::list(&server.store, server.team, &filter, None, 100).await.unwrap().items.len()
}

fn value(answer: &Answer) -> Value {
    json::parse(answer.body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

#[tokio::test]
async fn run_once_asks_for_the_inputs_and_shows_the_last_ones_again() {
    let server = Server::start().await;
    let (cookie, id) = (server.owner().await, scenario(&server, FILE).await);
    let place = format!("/scenarios/{id}/inputs");
    let asked = server.post(&format!("/scenarios/{id}/run"), &cookie, "how=once").await;
    assert_eq!((asked.status.as_u16(), asked.header("location")), (303, place.as_str()));

    let form = server.get(&place, &cookie).await.body;
    for part in ["A number", "Which one.", r#"type="number" name="input.n""#, "Very fast", "datetime-local", "textarea"]
    {
        assert!(form.contains(part), "{part}: {form}");
    }
    assert!(form.contains(r#"<option value="slow" selected>"#), "the default is chosen: {form}");

    let refused = server.post(&place, &cookie, "input.n=x&input.mode=fast&input.at=soon").await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.body.contains("“n” must be a number, not “x”."), "{}", refused.body);
    assert!(refused.body.contains("“at” must be a date"), "{}", refused.body);
    assert!(refused.body.contains(r#"<option value="fast" selected>"#), "what was chosen stays");
    assert_eq!(runs(&server, id).await, 0);

    let started = server.post(&place, &cookie, "input.n=41&input.mode=fast&input.at=&input.tags=%5B1%5D").await;
    assert!(started.status == 303 && started.header("location").starts_with("/executions/"), "{}", started.body);
    let again = server.get(&place, &cookie).await.body;
    assert!(again.contains(r#"value="41""#) && again.contains(r#"<option value="fast" selected>"#), "{again}");
}

#[tokio::test]
async fn a_program_runs_a_scenario_and_waits_for_its_outputs() {
    let server = Server::start().await;
    let (bearer, id) = (token(&server).await, scenario(&server, FILE).await);
    let place = format!("/api/scenarios/{id}/run");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let answer = server.send("POST", &place, &headers, r#"{"data":{"n":"41"},"responsive":true}"#).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.body);
    let body = value(&answer);
    assert_eq!(body.field("status"), &Value::from(1));
    assert_eq!(json::to_string(body.field("outputs")), r#"{"sum":42,"mode":"slow"}"#);

    let answer = server.send("POST", &place, &headers, r#"{"data":{"n":1}}"#).await;
    let execution = value(&answer).field("executionId").as_text().unwrap().to_owned();
    assert_eq!(json::to_string(&value(&answer)), format!(r#"{{"executionId":"{execution}"}}"#));
    let ended = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let answer = server.send("GET", &format!("/api/executions/{execution}"), &headers, "").await;
            let body = value(&answer);
            if body.get("status").is_some() {
                return body;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert_eq!(ended.await.unwrap().field("outputs").field("sum"), &Value::from(2));
}

#[tokio::test]
async fn a_program_that_asks_wrongly_hears_what_is_wrong_as_json() {
    let server = Server::start().await;
    let (bearer, id) = (token(&server).await, scenario(&server, FILE).await);
    let cookie = server.owner().await;
    let place = format!("/api/scenarios/{id}/run");
    // A browser's cookie is no token.
    for (name, shown) in [("authorization", ""), ("authorization", "Bearer nope"), ("cookie", cookie.as_str())] {
        let answer = server.send("POST", &place, &[(name, shown)], "{}").await;
        assert_eq!((answer.status.as_u16(), value(&answer).field("code")), (401, &Value::text("unauthorized")));
    }
    let headers = [("authorization", bearer.as_str())];
    let misfit = server.send("POST", &place, &headers, r#"{"data":{"n":"x","mode":"none"}}"#).await;
    assert_eq!(misfit.status.as_u16(), 400);
    let details = value(&misfit).field("details").clone();
    let fields: Vec<_> = details.as_array().unwrap().iter().map(|one| one.field("field").as_text().unwrap()).collect();
    assert_eq!(fields, ["n", "mode"]);
    for (body, text) in [
        ("{\n\"a\":", "line 2"),
        ("[1]", "is no object"),
        (r#"{"data":[1]}"#, "\"data\" is an object"),
        (r#"{"responsive":"yes"}"#, "true or false"),
        (r#"{"callbackUrl":"https://x.y"}"#, "not supported"),
    ] {
        let answer = server.send("POST", &place, &headers, body).await;
        assert_eq!(answer.status.as_u16(), 400, "{body}");
        assert!(value(&answer).field("message").as_text().unwrap().contains(text), "{}", answer.body);
    }
    for path in ["/api/scenarios/999/run", "/api/scenarios/x/run"] {
        assert_eq!(server.send("POST", path, &headers, "{}").await.status.as_u16(), 404);
    }
    assert_eq!(server.send("GET", "/api/executions/7", &headers, "").await.status.as_u16(), 404);
    let mut tx = server.store.begin().await.unwrap();
    scenarios::set_enabled(&mut tx, server.team, id, false, None).await.unwrap();
    tx.commit().await.unwrap();
    let off = server.send("POST", &place, &headers, r#"{"data":{"n":1}}"#).await;
    assert_eq!((off.status.as_u16(), value(&off).field("message")), (409, &Value::text("Scenario is not activated")));
    assert_eq!(runs(&server, id).await, 0);
}

#[tokio::test]
async fn inputs_and_outputs_are_edited_and_the_rest_of_the_blueprint_stays() {
    let server = Server::start().await;
    let (cookie, id) = (server.owner().await, scenario(&server, FILE).await);
    let place = format!("/scenarios/{id}/interface");
    let page = server.get(&place, &cookie).await;
    assert!(page.status == 200 && page.body.contains(r#"name="input.0.name" value="n""#), "{}", page.body);

    let rows = "version=1&input.0.was=n&input.0.name=n&input.0.type=integer&input.0.default=&input.0.required=1\
        &input.0.help=Which+one.&input.0.label=A+number&input.1.was=mode&input.1.name=mode&input.1.type=select\
        &input.1.default=fast&input.1.options=fast+%3D+Very+fast%0D%0Aslow&input.2.was=at&input.2.name=at&input.2.delete=1\
        &input.3.was=tags&input.3.name=tags&input.3.type=array&input.3.items=text\
        &output.0.was=sum&output.0.name=sum&output.0.type=number&output.1.name=note&output.1.type=text";
    let added = server.post(&place, &cookie, &format!("{rows}&add=input")).await;
    assert!(added.status == 200 && added.body.contains(r#"name="input.3.name" value="""#), "{}", added.body);
    assert_eq!(scenarios::find(&server.store, server.team, id).await.unwrap().unwrap().version.0, 1);

    let wrong = server.post(&place, &cookie, &rows.replace("input.0.name=n", "input.0.name=1n")).await;
    assert!(wrong.status == 422 && wrong.body.contains("cannot be the name of an input"), "{}", wrong.body);

    let saved = server.post(&place, &cookie, rows).await;
    assert_eq!(saved.status.as_u16(), 303, "{}", saved.body);
    let stored = scenarios::find(&server.store, server.team, id).await.unwrap().unwrap();
    let interface = Interface::of(&stored.blueprint);
    let names: Vec<&str> = interface.inputs.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["n", "mode", "tags"]);
    assert_eq!((interface.inputs[0].kind, interface.inputs[2].item), (Kind::Integer, Some(Kind::Text)));
    assert_eq!(interface.inputs[1].default, Value::text("fast"));
    let root = stored.blueprint.root();
    assert_eq!(root.field("io").field("input_spec").as_array().unwrap()[0].field("x-own"), &Value::from(1));
    assert_eq!(json::to_string(root.field("kept")), r#"{"as":"it is"}"#);
    assert_eq!(root.field("interface"), &Value::Undefined);

    // What somebody else has changed meanwhile is not written over.
    let late = server.post(&place, &cookie, rows).await;
    assert!(late.status == 422 && late.body.contains("changed by somebody else"), "{}", late.body);
}

#[tokio::test]
async fn required_inputs_need_a_scenario_on_demand() {
    let server = Server::start().await;
    let cookie = server.owner().await;
    let id = scenario(
        &server,
        r#"{"name":"x","flow":[{"id":1,"module":"util:ComposeTransformer","mapper":{"value":"a"}}]}"#,
    )
    .await;
    let mut tx = server.store.begin().await.unwrap();
    scenarios::set_scheduling(&mut tx, server.team, id, &Scheduling::every(900)).await.unwrap();
    tx.commit().await.unwrap();
    let place = format!("/scenarios/{id}/interface");
    let row = "version=1&input.0.name=n&input.0.type=number&input.0.required=1";
    let refused = server.post(&place, &cookie, row).await;
    assert!(refused.status == 422 && refused.body.contains("can only run on demand"), "{}", refused.body);
    assert_eq!(server.post(&place, &cookie, &format!("{row}&input.0.default=3")).await.status.as_u16(), 303);

    // Nor can it be switched on.
    let file = r#"{"name":"x","interface":{"input":[{"name":"n","type":"number","required":true}]},"flow":[
        {"id":1,"module":"util:ComposeTransformer","mapper":{"value":"a"}}]}"#;
    let id = server.scenario(file).await;
    let mut tx = server.store.begin().await.unwrap();
    scenarios::set_scheduling(&mut tx, server.team, id, &Scheduling::every(900)).await.unwrap();
    tx.commit().await.unwrap();
    let switched = server.post(&format!("/scenarios/{id}/switch"), &cookie, "on=1").await;
    assert!(switched.body.contains("required inputs"), "{}", switched.body);
}

const CALLER: &str = r#"{"name":"Caller","flow":[{"id":3,"module":"test:Call","version":1,"parameters":{"scenario":"SCN_4882761"},
    "mapper":{},"metadata":{"restore":{"parameters":{"scenario":{"label":"Sums"}}}}}]}"#;

/// An app with a module that calls a scenario.
fn caller() -> Vec<App> {
    let spec = Spec::new("test:Call", 1, "Call", spec::Kind::Action, Effect::Write)
        .parameters(vec![SpecField::new("scenario", "Scenario", FieldKind::Scenario).required()]);
    let modules: Vec<Arc<dyn Module>> = vec![Arc::new(Caller { spec })];
    vec![App {
        name: "test",
        label: "Test",
        color: "#000000",
        icon: "x",
        synonyms: &[],
        modules,
        connections: Vec::new(),
    }]
}

struct Caller {
    spec: Spec,
}

#[async_trait]
impl Module for Caller {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, _call: &Call<'_>) -> Result<Outcome, ModuleError> {
        Ok(Outcome::Bundles(Vec::new()))
    }
}

async fn import(server: &Server, cookie: &str, content: &str) -> String {
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.json\"\r\n\r\n{content}\r\n--b--\r\n"
    );
    let headers =
        [("cookie", cookie), ("content-type", "multipart/form-data; boundary=b"), ("sec-fetch-site", "same-origin")];
    let answer = server.send("POST", "/import", &headers, &body).await;
    answer.header("location").split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_scenario_to_call_is_found_by_its_name_or_chosen() {
    let server = Server::with_apps(caller(), |_| {}).await;
    let cookie = server.owner().await;
    // Nobody of that name yet: it must be chosen.
    let setup = import(&server, &cookie, CALLER).await;
    let page = server.get(&setup, &cookie).await.body;
    assert!(page.contains("Scenario to call (it was “Sums”)") && page.contains("Choose a scenario"), "{page}");
    let id: ScenarioId = setup.split('/').nth(2).unwrap().parse().unwrap();
    let refused = server.post(&format!("/scenarios/{id}/switch"), &cookie, "on=1").await;
    assert!(refused.body.contains("choose the scenario to call"), "{}", refused.body);

    let child = scenario(&server, FILE).await;
    assert_eq!(server.post(&setup, &cookie, &format!("3.scenario={child}&then=save")).await.status.as_u16(), 303);
    let stored = scenarios::find(&server.store, server.team, id).await.unwrap().unwrap();
    assert_eq!(stored.links.field("3.scenario"), &Value::from(child.0));
    assert_eq!(stored.blueprint.flow().next().unwrap().parameters().field("scenario"), &Value::text("SCN_4882761"));

    let diagram = server.get(&format!("/scenarios/{id}"), &cookie).await.body;
    assert!(
        diagram.contains("<dt>Scenario</dt><dd>") && diagram.contains(">Sums<"),
        "the panel shows its name: {diagram}"
    );

    // The next import finds it by itself.
    let setup = import(&server, &cookie, CALLER).await;
    let id: ScenarioId = setup.split('/').nth(2).unwrap().parse().unwrap();
    let stored = scenarios::find(&server.store, server.team, id).await.unwrap().unwrap();
    assert_eq!(stored.links.field("3.scenario"), &Value::from(child.0));
    // Two of that name are no answer.
    scenario(&server, FILE).await;
    let setup = import(&server, &cookie, CALLER).await;
    let id: ScenarioId = setup.split('/').nth(2).unwrap().parse().unwrap();
    let stored = scenarios::find(&server.store, server.team, id).await.unwrap().unwrap();
    assert_eq!(stored.links.field("3.scenario"), &Value::Undefined);
}
