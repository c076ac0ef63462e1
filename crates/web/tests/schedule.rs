//! The schedule of a scenario and where its trigger starts, on their pages.

#![allow(clippy::unwrap_used, reason = "helpers of tests may stop the test")]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use axum::http::StatusCode;
use rouage_model::scenario::MissedRuns;
use rouage_model::{Collection, ModuleError, ScenarioId, Value};
use rouage_sdk::{App, Call, Choice, Effect, Kind, Module, Outcome, Spec, Start, StartOption};
use rouage_store::scenarios;
use support::Server;

/// Knows seven items.
struct Watch(Spec);

#[async_trait]
impl Module for Watch {
    fn spec(&self) -> &Spec {
        &self.0
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let first = match (&call.position, &call.start) {
            (Value::Undefined, Start::First(item)) => item.as_i64().unwrap(),
            (Value::Undefined, Start::All) => 1,
            (Value::Undefined, _) => 8,
            (position, _) => position.field("lastId").as_i64().unwrap() + 1,
        };
        let bundles = (first..=7).map(|id| Collection::from_iter([("id", id)]).into()).collect();
        Ok(Outcome::Polled { bundles, position: Collection::from_iter([("lastId", 7)]).into() })
    }

    async fn choices(&self, _call: &Call<'_>) -> Result<Vec<Choice>, ModuleError> {
        Ok((5..=7_i64).rev().map(|id| Choice { value: id.into(), label: format!("Item <{id}>") }).collect())
    }
}

fn app() -> App {
    const STARTS: &[StartOption] = &[StartOption::FromNow, StartOption::Since, StartOption::All, StartOption::First];
    let watch = Spec::new("shop:Watch", 1, "Watch Orders", Kind::PollingTrigger, Effect::Read).starts(STARTS);
    App {
        name: "shop",
        label: "Shop",
        color: "#000000",
        icon: "shopping-cart",
        synonyms: &[],
        modules: vec![Arc::new(Watch(watch))],
        connections: Vec::new(),
    }
}

struct World {
    server: Server,
    cookie: String,
    id: ScenarioId,
}

impl World {
    async fn new() -> Self {
        let server = Server::with_apps(vec![app()], |_| {}).await;
        let cookie = server.owner().await;
        let id = server.scenario(r#"{"name":"Orders","flow":[{"id":1,"module":"shop:Watch","version":1}]}"#).await;
        Self { server, cookie, id }
    }

    async fn page(&self, path: &str) -> String {
        let answer = self.server.get(&format!("/scenarios/{}{path}", self.id), &self.cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }

    async fn send(&self, path: &str, form: &str) -> support::Answer {
        self.server.post(&format!("/scenarios/{}{path}", self.id), &self.cookie, form).await
    }

    async fn scenario(&self) -> scenarios::Scenario {
        scenarios::find(&self.server.store, self.server.team, self.id).await.unwrap().unwrap()
    }
}

const WEEKDAYS: &str = "kind=weekly&weekday=1&weekday=2&weekday=3&weekday=4&weekday=5&time=09:00&timezone=Europe/Paris\
                        &missed=skip";

#[tokio::test]
async fn a_preview_says_what_a_schedule_means_and_saves_nothing() {
    let world = World::new().await;
    let before = world.scenario().await;
    let answer = world.send("/schedule", &format!("{WEEKDAYS}&preview=1")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("Every weekday at 09:00 (Europe/Paris)."), "{}", answer.body);
    assert_eq!(answer.body.matches(", 09:00</li>").count(), 5);
    assert!(answer.body.contains("A run asks Watch Orders once, also when nothing is new"), "{}", answer.body);
    assert_eq!(world.scenario().await.scheduling, before.scheduling);
}

#[tokio::test]
async fn a_schedule_is_saved_and_shown_wherever_the_scenario_is() {
    let world = World::new().await;
    let answer = world.send("/schedule", WEEKDAYS).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (StatusCode::SEE_OTHER, "/scenarios/1/settings?notice=saved")
    );
    let saved = world.scenario().await;
    assert_eq!(saved.scheduling.to_json(), r#"{"type":"weekly","days":[1,2,3,4,5],"time":"09:00"}"#);
    assert_eq!(
        (saved.timezone.as_str(), saved.missed_runs, saved.next_run_at),
        ("Europe/Paris", MissedRuns::Skip, None)
    );
    assert!(world.page("/settings").await.contains("Every weekday at 09:00 (Europe/Paris)."));
    let form = world.page("/schedule").await;
    assert!(form.contains(r#"value="weekly" checked"#) && form.contains(r#"<option value="skip" selected>"#));
    // Switched on, the next run is said on the page and in the list.
    world.server.runtime.control().set_enabled(world.server.team, world.id, true).await.unwrap();
    assert!(world.scenario().await.next_run_at.is_some());
    assert!(world.page("").await.contains("Next run: "));
    let list = world.server.get("/scenarios", &world.cookie).await.body;
    assert!(list.contains("Next run <time"), "{list}");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_was_entered_stays() {
    let world = World::new().await;
    let answer = world.send("/schedule", "kind=monthly&time=07:15&timezone=Nowhere&w0.from=08:00").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in ["Choose at least one day of the month.", "is not a time zone", "needs both times"] {
        assert!(answer.body.contains(text), "{text}");
    }
    assert!(answer.body.contains(r#"value="07:15""#) && answer.body.contains(r#"value="monthly" checked"#));
    assert!(world.scenario().await.scheduling.is_immediate());
    // What can be saved and not be switched on.
    let answer = world.send("/schedule", "kind=immediately&timezone=UTC&preview=1").await;
    assert!(answer.body.contains("It cannot be switched on like this"), "{}", answer.body);
}

#[tokio::test]
async fn a_polling_scenario_asks_where_to_start_before_it_is_first_switched_on() {
    let world = World::new().await;
    world.send("/schedule", WEEKDAYS).await;
    let answer = world.send("/switch", "on=1").await;
    assert_eq!(answer.header("location"), "/scenarios/1/start?on=1");
    assert!(!world.scenario().await.enabled);
    let page = world.page("/start?on=1").await;
    for text in ["From now on", "Since specific date", "All", "Select the first bundle", "Start here and switch on"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains("With ID greater"), "it does not offer that");
    let listed = world.page("/start?on=1&start=first&list=1").await;
    assert!(listed.contains("Item &#60;7&#62;"), "{listed}");
    assert_eq!(world.send("/start", "on=1&start=since&since=").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = world.send("/start", "on=1&start=first&first=6").await;
    assert_eq!(answer.header("location"), "/scenarios/1?notice=on");
    assert!(world.scenario().await.enabled);
    assert!(world.page("").await.contains("From the chosen first bundle on: 6. <a"));
    // Once chosen it is not asked again.
    world.send("/switch", "on=0").await;
    assert_eq!(world.send("/switch", "on=1").await.header("location"), "/scenarios/1?notice=on");
}

#[tokio::test]
async fn the_position_is_said_in_words_and_can_be_reset() {
    let world = World::new().await;
    world.send("/start", "start=now").await;
    assert!(world.page("/start").await.contains("<strong>So far:</strong> Items after 7."));
    world.send("/start", "start=all").await;
    assert!(world.page("").await.contains("All. <a href=\"/scenarios/1/start\">"));
    let other = world.server.scenario(r#"{"name":"Other","flow":[]}"#).await;
    let answer = world.server.get(&format!("/scenarios/{other}/start"), &world.cookie).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}
