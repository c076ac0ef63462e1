//! "Choose where to start": what a polling trigger delivers first, how far it
//! has come, and how to begin again.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use jiff::civil::DateTime;
use rouage_model::schedule::Moment as Local;
use rouage_model::{ScenarioId, json};
use rouage_runtime::PollingTrigger;
use rouage_sdk::{Start, StartOption};
use rouage_store::scenarios::{self, Scenario};

use super::scenario::refuse;
use super::schedule::preview;
use crate::query::Query;
use crate::render::{self, Form, Layout, Page, Reply};
use crate::routes::Permission::SignedIn;
use crate::words::{filters, t};
use crate::{PageError, Route};

#[derive(Template)]
#[template(path = "scenarios/start.html")]
struct StartPage {
    layout: Layout,
    id: String,
    name: String,
    label: &'static str,
    /// How far it has come; may be empty.
    position: String,
    /// Where it starts while it has no position.
    start: String,
    options: Vec<Choosable>,
    /// The latest items, when they were asked for.
    items: Vec<Item>,
    /// Whether items can be asked for and were not.
    may_list: bool,
    problem: String,
    since: String,
    from_id: String,
    /// Switches on afterwards.
    on: bool,
    estimate: String,
    timezone: String,
}

struct Choosable {
    name: &'static str,
    label: &'static str,
    help: &'static str,
    is_on: bool,
}

struct Item {
    value: String,
    label: String,
}

/// The rows of this page.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/scenarios/{id}/start", SignedIn, show), Route::post("/scenarios/{id}/start", SignedIn, choose)]
}

/// Whether somebody should choose before the scenario is first switched on.
pub async fn is_open(page: &Page, scenario: &Scenario) -> Result<bool, PageError> {
    let control = page.app.control();
    if !control.reasons_against(scenario).await.map_err(|error| refuse(error, "shown"))?.is_empty() {
        return Ok(false);
    }
    let trigger =
        control.polling_trigger(page.app.team(), scenario.id).await.map_err(|error| refuse(error, "shown"))?;
    Ok(trigger.is_some_and(|trigger| trigger.starts.len() > 1 && !trigger.is_chosen && trigger.position.is_none()))
}

/// `GET /scenarios/{id}/start`. With `on` the scenario is switched on
/// afterwards, with `list` the latest items are shown.
pub async fn show(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, trigger) = find(&page, id).await?;
    let form = page.query.clone();
    let chosen = form.get("start").and_then(StartOption::parse).unwrap_or_else(|| trigger.start.option());
    draw(&page, &scenario, &trigger, chosen, &form, String::new()).await
}

/// `POST /scenarios/{id}/start`.
pub async fn choose(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let (scenario, trigger) = find(&page, id).await?;
    let Some(option) = StartOption::parse(form.text("start")) else {
        return Err(PageError::Invalid(t!("Choose where to start.").into()));
    };
    let start = match read(option, &form, &scenario) {
        Ok(start) => start,
        Err(problem) => return draw(&page, &scenario, &trigger, option, &form, problem).await,
    };
    let (control, team) = (page.app.control(), page.app.team());
    control.restart_trigger(team, id, &start).await.map_err(|error| refuse(error, "changed"))?;
    if !form.is_on("on") {
        return render::see(&format!("/scenarios/{id}/start?notice=saved"));
    }
    control.set_enabled(team, id, true).await.map_err(|error| refuse(error, t!("switched on")))?;
    render::see(&format!("/scenarios/{id}?notice=on"))
}

async fn find(page: &Page, id: ScenarioId) -> Result<(Scenario, PollingTrigger), PageError> {
    let team = page.app.team();
    let scenario = scenarios::find(page.app.store(), team, id).await?.ok_or(PageError::NotFound)?;
    let trigger = page.app.control().polling_trigger(team, id).await.map_err(|error| refuse(error, "shown"))?;
    Ok((scenario, trigger.ok_or(PageError::NotFound)?))
}

fn read(option: StartOption, form: &Query, scenario: &Scenario) -> Result<Start, String> {
    let zone = preview::zone(&scenario.timezone);
    match option {
        StartOption::FromNow => Ok(Start::FromNow),
        StartOption::All => Ok(Start::All),
        StartOption::Since => {
            let local = form.text("since").parse::<DateTime>().ok();
            let at = local.and_then(|local| Local::Local(local).instant(&zone));
            at.map(Start::Since).ok_or_else(|| t!("Choose the date and time to start from.").to_owned())
        }
        StartOption::FromId => match form.text("id") {
            "" => Err(t!("Write the ID to start from.").to_owned()),
            id => Ok(Start::FromId(id.into())),
        },
        StartOption::First => json::parse_bounded(form.text("first").as_bytes())
            .map(Start::First)
            .map_err(|_| t!("Choose the first bundle from the list.").to_owned()),
    }
}

async fn draw(
    page: &Page,
    scenario: &Scenario,
    trigger: &PollingTrigger,
    chosen: StartOption,
    form: &Query,
    problem: String,
) -> Reply {
    let offers_items = trigger.starts.contains(&StartOption::First);
    let asked = form.is_on("list") || chosen == StartOption::First;
    let (items, trouble) = if offers_items && asked { items(page, scenario.id).await } else { Default::default() };
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let zone = preview::zone(&scenario.timezone);
    let since = match &trigger.start {
        Start::Since(at) => zone.to_datetime(*at).strftime("%Y-%m-%dT%H:%M").to_string(),
        _ => String::new(),
    };
    let from_id = if let Start::FromId(id) = &trigger.start { id.to_string() } else { String::new() };
    let or = |entered: &str, stored: String| if entered.is_empty() { stored } else { entered.to_owned() };
    let shown = StartPage {
        layout: page.layout(t!("Where {name} starts", name = scenario.name), "scenarios").await,
        id: scenario.id.to_string(),
        name: scenario.name.clone(),
        label: trigger.label,
        position: trigger.position.clone().unwrap_or_default(),
        start: trigger.start_words.clone(),
        options: trigger.starts.iter().map(|option| choosable(*option, *option == chosen)).collect(),
        may_list: offers_items && items.is_empty(),
        items,
        problem: if problem.is_empty() { trouble } else { problem },
        since: or(form.text("since"), since),
        from_id: or(form.text("id"), from_id),
        on: form.is_on("on"),
        estimate: preview::estimate(&page.app, scenario, &zone, page.app.clock().now()),
        timezone: scenario.timezone.clone(),
    };
    Ok(render::page(status, &shown))
}

/// The latest items, or why they cannot be listed.
async fn items(page: &Page, id: ScenarioId) -> (Vec<Item>, String) {
    match page.app.control().trigger_choices(page.app.team(), id).await {
        Ok(choices) if choices.is_empty() => (Vec::new(), t!("There is nothing yet to choose from.").to_owned()),
        Ok(choices) => {
            let item = |choice: rouage_sdk::Choice| Item { value: json::to_string(&choice.value), label: choice.label };
            (choices.into_iter().map(item).collect(), String::new())
        }
        Err(error) => (Vec::new(), format!("{error}.")),
    }
}

fn choosable(option: StartOption, is_on: bool) -> Choosable {
    let help = match option {
        StartOption::FromNow => t!("What is there already is left alone; only what comes later runs."),
        StartOption::Since => t!("What was made at or after this moment, oldest first."),
        StartOption::FromId => t!("What has this ID or a later one."),
        StartOption::All => t!("Everything that is there, oldest first, and then what comes later."),
        StartOption::First => t!("The item that you choose and everything after it."),
    };
    Choosable { name: option.name(), label: t(option.label()), help, is_on }
}
