//! When a scenario runs: the form, with a preview of what it means.

mod form;
pub mod preview;
mod reading;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use rouage_model::ScenarioId;
use rouage_runtime::{ControlError, Schedule};
use rouage_store::scenarios::{self, Scenario};

use crate::render::{self, Form, Layout, Page, Reply};
use crate::routes::Permission::SignedIn;
use crate::words::{filters, t};
use crate::{PageError, Route, words};
use form::Fields;
use preview::Preview;

#[derive(Template)]
#[template(path = "scenarios/schedule.html")]
struct SchedulePage {
    layout: Layout,
    id: String,
    name: String,
    fields: Fields,
    zones: Vec<String>,
    /// Why it was not saved.
    problems: Vec<String>,
    /// What stands against switching it on.
    obstacles: Vec<String>,
    preview: Option<Preview>,
}

/// The rows of this page.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/scenarios/{id}/schedule", SignedIn, show),
        Route::post("/scenarios/{id}/schedule", SignedIn, save),
    ]
}

/// `GET /scenarios/{id}/schedule`.
pub async fn show(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let scenario = find(&page, id).await?;
    let zone = preview::zone(&scenario.timezone);
    let fields = form::fields(&scenario.scheduling, scenario.missed_runs, &scenario.timezone, &zone);
    draw(&page, &scenario, fields, Vec::new(), true).await
}

/// `POST /scenarios/{id}/schedule`. With `preview` nothing is saved.
pub async fn save(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let scenario = find(&page, id).await?;
    let (scheduling, missed_runs, timezone) = match reading::read(&form, &scenario.scheduling) {
        Ok(read) => read,
        Err(problems) => {
            let zone = preview::zone(&scenario.timezone);
            let stored = form::fields(&scenario.scheduling, scenario.missed_runs, &scenario.timezone, &zone);
            let fields = form::entered(&form, stored);
            return draw(&page, &scenario, fields, problems, false).await;
        }
    };
    // The next run was planned by the old schedule.
    let changed = Scenario { scheduling, missed_runs, timezone, next_run_at: None, ..scenario };
    let mut problems = Vec::new();
    if !form.is_on("preview") {
        let Scenario { scheduling, missed_runs, timezone, .. } = changed.clone();
        let schedule = Schedule { scheduling, missed_runs, timezone };
        match page.app.control().set_schedule(page.app.team(), id, &schedule).await {
            Ok(()) => return render::see(&format!("/scenarios/{id}/settings?notice=saved")),
            Err(ControlError::Problems(found)) => problems = found.iter().map(|text| words::sentence(text)).collect(),
            Err(error) => return Err(super::scenario::refuse(error, "saved")),
        }
    }
    let zone = preview::zone(&changed.timezone);
    let fields = form::fields(&changed.scheduling, changed.missed_runs, &changed.timezone, &zone);
    draw(&page, &changed, fields, problems, true).await
}

async fn find(page: &Page, id: ScenarioId) -> Result<Scenario, PageError> {
    scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)
}

async fn draw(page: &Page, scenario: &Scenario, fields: Fields, problems: Vec<String>, is_readable: bool) -> Reply {
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let obstacles =
        if is_readable && problems.is_empty() { page.app.control().schedule_problems(scenario) } else { Vec::new() };
    let mut fields = fields;
    if !starts_with_data(page, scenario) {
        fields.kinds.retain(|kind| kind.value != "immediately" || kind.is_on);
    }
    let shown = SchedulePage {
        layout: page.layout(t!("Schedule of {name}", name = scenario.name), "scenarios").await,
        id: scenario.id.to_string(),
        name: scenario.name.clone(),
        fields,
        zones: zones(),
        problems,
        obstacles,
        preview: is_readable.then(|| preview::preview(&page.app, scenario)),
    };
    Ok(render::page(status, &shown))
}

/// Whether its first module is an instant trigger: only then can data arrive.
fn starts_with_data(page: &Page, scenario: &Scenario) -> bool {
    let first = scenario.blueprint.trigger();
    let found = first.and_then(|first| page.app.registry().module(first.name(), first.version()));
    found.is_some_and(|found| found.spec().kind == rouage_sdk::Kind::InstantTrigger)
}

/// The names of the time zones, for the list of the field.
fn zones() -> Vec<String> {
    let mut zones: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    zones.retain(|name| name == "UTC" || name.contains('/') && !name.starts_with("Etc/") && !name.starts_with("posix"));
    zones.sort_unstable();
    zones
}
