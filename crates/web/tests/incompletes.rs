//! Incomplete executions on their pages: found, explained, retried, decided,
//! corrected and deleted after a question.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rouage_model::execution::{IncompleteStatus, Status};
use rouage_model::{Collection, ErrorKind, ModuleError, ScenarioId, Value};
use rouage_runtime::RunOnce;
use rouage_sdk::{App, Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};
use rouage_store::incompletes::{self, Filter, Incomplete};
use rouage_store::{PageRequest, executions, notices, scenarios};
use support::Server;

/// Fails for what it is told to fail for, and else gives what it was given.
struct Picky(Spec);

#[async_trait]
impl Module for Picky {
    fn spec(&self) -> &Spec {
        &self.0
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let text = call.input.text("text").unwrap_or_default().to_owned();
        match text.as_str() {
            "bad <order>" => Err(ModuleError::new(ErrorKind::DataError, "refused <by> them")),
            "down" => Err(ModuleError::new(ErrorKind::ConnectionError, "nobody answers")),
            "lost" => Err(ModuleError::new(ErrorKind::ConnectionError, "reset").maybe_applied()),
            "account" => Err(ModuleError::new(ErrorKind::AccountValidationError, "renew it")),
            _ => Ok(Outcome::bundle(Collection::from_iter([("text", text)]))),
        }
    }
}

fn app() -> App {
    let module = |name, effect| -> Arc<dyn Module> {
        let fields = vec![
            Field::text("text", "Text of the order").required().help("What is sent."),
            Field::new("list", "List", FieldKind::Array(vec![])),
        ];
        Arc::new(Picky(Spec::new(name, 1, "Send an order", Kind::Action, effect).mapper(fields)))
    };
    App {
        name: "shop",
        label: "Shop",
        color: "#000000",
        icon: "shopping-cart",
        synonyms: &[],
        modules: vec![module("shop:Send", Effect::Write), module("shop:Note", Effect::Pure)],
        connections: Vec::new(),
    }
}

struct World {
    server: Server,
    cookie: String,
    scenario: ScenarioId,
}

impl World {
    async fn new(settings: &str) -> Self {
        let server = Server::with_apps(vec![app()], |_| {}).await;
        let cookie = server.owner().await;
        let blueprint = format!(
            r#"{{"name":"Orders","flow":[{{"id":1,"module":"shop:Note","version":1,"mapper":{{"text":"x"}}}},
            {{"id":2,"module":"shop:Send","version":1,"mapper":{{"text":"{{{{1.order}}}}"}}}},
            {{"id":3,"module":"shop:Note","version":1,"mapper":{{"text":"{{{{2.text}}}}"}}}}],
            "metadata":{{"scenario":{settings}}}}}"#
        );
        let scenario = server.scenario(&blueprint).await;
        Self { server, cookie, scenario }
    }

    /// Runs with an order and gives the run.
    async fn run(&self, order: &str) -> executions::Execution {
        let bundle: Value = Collection::from_iter([("order", order)]).into();
        let control = &self.server.parts.control;
        let started = control.run_once(self.server.team, self.scenario, Some(vec![bundle]), &Value::Undefined).await;
        let RunOnce::Started(id) = started.unwrap() else { panic!("it must start") };
        self.until(id, |run| run.status.is_final()).await
    }

    async fn until(
        &self,
        id: rouage_model::ExecutionId,
        is_so: impl Fn(&executions::Execution) -> bool,
    ) -> executions::Execution {
        for _ in 0..1_000 {
            let found = executions::find(&self.server.store, self.server.team, id).await.unwrap().unwrap();
            if is_so(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never got there");
    }

    async fn store_one(&self, order: &str) -> Incomplete {
        let run = self.run(order).await;
        assert_eq!(run.status, Status::Warning, "{:?}", run.error);
        self.items().await.into_iter().find(|item| item.execution == run.id).unwrap()
    }

    async fn items(&self) -> Vec<Incomplete> {
        let (store, team) = (&self.server.store, self.server.team);
        incompletes::list(store, team, &Filter::default(), PageRequest::default()).await.unwrap().items
    }

    async fn until_status(&self, id: rouage_model::IncompleteId, status: IncompleteStatus) {
        for _ in 0..1_000 {
            let found = incompletes::find(&self.server.store, self.server.team, id).await.unwrap().unwrap();
            if found.status == status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never got there");
    }

    async fn get(&self, path: &str) -> String {
        let answer = self.server.get(path, &self.cookie).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Sends a form; where it leads.
    async fn post(&self, path: &str, form: &str) -> String {
        let answer = self.server.post(path, &self.cookie, form).await;
        assert_eq!(answer.status.as_u16(), 303, "{path}: {}", answer.body);
        answer.header("location").to_owned()
    }
}

const DLQ: &str = r#"{"dlq":true}"#;

#[tokio::test]
async fn a_page_says_what_happened_what_it_means_and_what_to_do() {
    let world = World::new(DLQ).await;
    assert!(world.get("/incomplete").await.contains("Nothing needs you"));
    let item = world.store_one("bad <order>").await;
    let list = world.get("/incomplete").await;
    assert!(list.contains("refused &#60;by&#62; them") && list.contains("aria-label=\"1 waiting\""), "{list}");
    let page = world.get(&format!("/incomplete/{}", item.id)).await;
    for text in [
        "The module could not use the data.",
        "nothing is lost",
        "Mend the cause, then retry it",
        "Shop",
        "Send an order · 2",
        "bad &#60;order&#62;",
        "Input of the module",
        "Correct the module and run",
    ] {
        assert!(page.contains(text), "{text} is missing: {page}");
    }
    assert_eq!(world.server.get("/incomplete/999", &world.cookie).await.status, 404);
}

#[tokio::test]
async fn it_is_found_by_status_scenario_and_text() {
    let world = World::new(DLQ).await;
    let item = world.store_one("bad <order>").await;
    world.store_one("down").await;
    let shown = async |query: &str| world.get(&format!("/incomplete?{query}")).await.matches("What to do").count();
    assert_eq!(shown("").await, 2);
    assert_eq!(shown("status=pending").await, 1);
    assert_eq!(shown("status=resolved").await, 0);
    assert_eq!(shown("q=REFUSED").await, 1);
    assert_eq!(shown("q=2&status=unresolved").await, 1);
    assert_eq!(shown(&format!("scenario={}", world.scenario)).await, 2);
    assert_eq!(shown("scenario=999").await, 0);
    assert!(world.get("/incomplete?q=nowhere").await.contains("Nothing fits"));
    world.post(&format!("/incomplete/{}/settle", item.id), "decision=skip").await;
    world.until_status(item.id, IncompleteStatus::Resolved).await;
    assert_eq!((shown("").await, shown("status=all").await), (1, 2));
}

#[tokio::test]
async fn what_is_retried_by_itself_says_when_and_how_often() {
    let world = World::new(DLQ).await;
    let item = world.store_one("down").await;
    let page = world.get(&format!("/incomplete/{}", item.id)).await;
    assert!(page.contains("the scenario is off"), "{page}");
    let mut tx = world.server.store.begin().await.unwrap();
    scenarios::set_enabled(&mut tx, world.server.team, world.scenario, true, None).await.unwrap();
    tx.commit().await.unwrap();
    let page = world.get(&format!("/incomplete/{}", item.id)).await;
    assert!(page.contains("It is retried by itself at") && page.contains("automatic retry 1 of 8"), "{page}");
    assert!(world.get("/incomplete").await.contains("automatic retry 1 of 8"));
}

#[tokio::test]
async fn several_are_retried_and_deleted_together() {
    let world = World::new(DLQ).await;
    let (one, two) = (world.store_one("bad <order>").await, world.store_one("bad <order>").await);
    let three = world.store_one("down").await;
    let answer = world.server.post("/incomplete/selected", &world.cookie, "action=retry").await;
    assert_eq!(answer.status, 422, "nothing is ticked");
    let form = format!("action=retry&id={}&id={}", one.id, two.id);
    assert_eq!(world.post("/incomplete/selected", &form).await, "/incomplete?notice=retrying");
    for id in [one.id, two.id] {
        for _ in 0..1_000 {
            let found = incompletes::find(&world.server.store, world.server.team, id).await.unwrap().unwrap();
            if found.attempts == 1 && found.status == IncompleteStatus::Unresolved {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let found = incompletes::find(&world.server.store, world.server.team, id).await.unwrap().unwrap();
        assert_eq!((found.attempts, found.status), (1, IncompleteStatus::Unresolved), "it failed again");
    }
    let form = format!("action=delete&id={}&id={}", one.id, two.id);
    let question = world.server.post("/incomplete/selected", &world.cookie, &form).await;
    assert!(question.body.contains("Delete 2 incomplete executions?"), "{}", question.body);
    assert_eq!(world.items().await.len(), 3, "the question deletes nothing");
    let form = format!("id={}&id={}", one.id, two.id);
    assert_eq!(world.post("/incomplete/delete", &form).await, "/incomplete?notice=deleted");
    assert_eq!(world.items().await.iter().map(|item| item.id).collect::<Vec<_>>(), [three.id]);
    let all = world.server.post("/incomplete/selected", &world.cookie, "action=delete-all&status=open&q=").await;
    assert!(all.body.contains("Delete 1 incomplete execution?"), "{}", all.body);
}

#[tokio::test]
async fn one_is_deleted_only_after_a_question() {
    let world = World::new(DLQ).await;
    let id = world.store_one("bad <order>").await.id;
    let delete = format!("/incomplete/{id}/delete");
    let question = world.get(&delete).await;
    assert!(question.contains("Delete what failed at module 2 of “Orders”?"), "{question}");
    assert_eq!(world.items().await.len(), 1);
    assert_eq!(world.post(&delete, "").await, "/incomplete?notice=deleted");
    assert!(world.items().await.is_empty());
    assert_eq!(world.server.post(&delete, &world.cookie, "").await.status, 404);
}

#[tokio::test]
async fn what_may_have_happened_is_marked_as_done_with_a_typed_output() {
    let world = World::new(DLQ).await;
    let id = world.store_one("lost").await.id;
    let page = world.get(&format!("/incomplete/{id}")).await;
    assert!(page.contains("nobody can tell whether it went through"), "{page}");
    let settle = format!("/incomplete/{id}/settle");
    for wrong in ["decision=done&output=%7B", "decision=done&output=7", "decision=perhaps"] {
        assert_eq!(world.server.post(&settle, &world.cookie, wrong).await.status, 422, "{wrong}");
    }
    let run = world.post(&settle, "decision=done&output=%7B%22text%22%3A%22by+hand%22%7D").await;
    world.until_status(id, IncompleteStatus::Resolved).await;
    let page = world.get(run.split('?').next().unwrap()).await;
    assert!(page.contains("by hand"), "{page}");
    let again = world.server.post(&settle, &world.cookie, "decision=retry").await;
    assert!(again.body.contains("It is resolved already"), "{}", again.body);
}

#[tokio::test]
async fn the_module_is_corrected_for_one_bundle_and_typing_is_kept_when_it_is_wrong() {
    let world = World::new(DLQ).await;
    let id = world.store_one("bad <order>").await.id;
    let edit = format!("/incomplete/{id}/edit");
    let page = world.get(&edit).await;
    for text in ["Text of the order", "name=\"mapper.text\"", "{{1.order}}", "name=\"mapper.list\"", "As JSON."] {
        assert!(page.contains(text), "{text} is missing: {page}");
    }
    for (form, problem) in
        [("mapper.text=fine&mapper.list=%5B1", "List is not JSON"), ("mapper.text=%7B%7Bupper(1.order%7D%7D", "")]
    {
        let refused = world.server.post(&edit, &world.cookie, form).await;
        assert_eq!(refused.status.as_u16(), 422, "{}", refused.body);
        assert!(refused.body.contains(problem) && refused.body.contains("role=\"alert\""), "{}", refused.body);
    }
    assert_eq!(world.items().await[0].status, IncompleteStatus::Unresolved);
    let run = world.post(&edit, "mapper.text=good+%7B%7B1.order%7D%7D&mapper.list=").await;
    assert!(run.starts_with("/executions/"), "{run}");
    world.until_status(id, IncompleteStatus::Resolved).await;
    let page = world.get(run.split('?').next().unwrap()).await;
    assert!(page.contains("good bad &#60;order&#62;"), "{page}");
    let current = scenarios::find(&world.server.store, world.server.team, world.scenario).await.unwrap().unwrap();
    assert_eq!(current.version.0, 1, "the scenario stays");
}

#[tokio::test]
async fn a_confidential_scenario_shows_no_values() {
    let world = World::new(r#"{"dlq":true,"confidential":true}"#).await;
    let id = world.store_one("bad <order>").await.id;
    for path in [format!("/incomplete/{id}"), format!("/incomplete/{id}/edit")] {
        let page = world.get(&path).await;
        assert!(page.contains("its values are not shown") && !page.contains("bad &#60;order&#62;"), "{page}");
    }
}

#[tokio::test]
async fn runs_that_wait_for_one_say_so_with_a_link() {
    let world = World::new(r#"{"dlq":true,"sequential":true}"#).await;
    let id = world.store_one("bad <order>").await.id;
    let bundle: Value = Collection::from_iter([("order", "second")]).into();
    let control = &world.server.parts.control;
    let started = control.run_once(world.server.team, world.scenario, Some(vec![bundle]), &Value::Undefined).await;
    let RunOnce::Started(run) = started.unwrap() else { panic!("it must start") };
    world.until(run, |run| run.status == Status::Waiting).await;
    let link = format!("/incomplete?scenario={}", world.scenario);
    for path in [format!("/executions/{run}"), format!("/scenarios/{}", world.scenario)] {
        let page = world.get(&path).await;
        assert!(page.contains("in order") && page.contains(&link), "{path}: {page}");
    }
    assert!(world.get(&format!("/incomplete/{id}")).await.contains("new runs wait until this is resolved"));
    world.post(&format!("/incomplete/{id}/settle"), "decision=skip").await;
    assert_eq!(world.until(run, |run| run.status.is_final()).await.status, Status::Success);
    assert!(!world.get(&format!("/executions/{run}")).await.contains(&link));
}

#[tokio::test]
async fn a_notice_is_on_every_page_until_it_is_read() {
    let world = World::new(DLQ).await;
    let mut tx = world.server.store.begin().await.unwrap();
    scenarios::set_enabled(&mut tx, world.server.team, world.scenario, true, None).await.unwrap();
    tx.commit().await.unwrap();
    world.run("account").await;
    let mut unread = Vec::new();
    for _ in 0..1_000 {
        unread = notices::unread(&world.server.store, world.server.team, 5).await.unwrap();
        if !unread.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let notice = unread.remove(0);
    for path in ["/scenarios", "/settings", "/incomplete"] {
        assert!(world.get(path).await.contains("“Orders”: Switched off because the account"), "{path}");
    }
    let form = "back=%2Foutbox";
    assert_eq!(world.post(&format!("/notices/{}/read", notice.id), form).await, "/outbox");
    assert!(!world.get("/outbox").await.contains("Switched off because"));
}

#[tokio::test]
async fn the_owner_sets_how_much_is_stored() {
    let world = World::new(DLQ).await;
    assert!(world.get("/incomplete").await.contains("How much may be stored"));
    assert_eq!(world.server.post("/incomplete/limits", &world.cookie, "items=x&megabytes=1").await.status, 422);
    world.post("/incomplete/limits", "items=5&megabytes=2").await;
    let limits = incompletes::limits(&world.server.store).await.unwrap();
    assert_eq!((limits.items, limits.bytes), (5, 2_000_000));
}
