//! The settings that stand in a blueprint, with Make's names.

use axum::extract::Path;
use rouage_model::scenario::Settings;
use rouage_model::{Blueprint, ScenarioId, Version};
use rouage_store::scenarios::{self, Scenario};

use super::scenario::{self, refuse};
use crate::query::Query;
use crate::refusal::{Problems, again};
use crate::render::{self, Form, Page, Reply};
use crate::words::t;
use crate::{PageError, Permission, Route};

/// The most cycles and errors that the form takes.
const MOST: u32 = 10_000;

/// The name of the setting, its label, help and value.
type Switch = (&'static str, &'static str, &'static str, bool);

/// The form on the settings tab.
pub struct OptionsForm {
    /// Where it is sent.
    pub action: String,
    /// The version that is edited.
    pub version: String,
    /// Settings that are on or off.
    pub switches: Vec<Switch>,
    /// Most cycles of a run.
    pub roundtrips: u32,
    /// Errors in a row that switch it off.
    pub max_errors: u32,
    /// The largest number for these two.
    pub most: u32,
}

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::post("/scenarios/{id}/options", Permission::SignedIn, save)]
}

/// The form, filled.
#[rustfmt::skip]
pub fn form(scenario: &Scenario) -> OptionsForm {
    let settings = scenario.blueprint.settings();
    OptionsForm {
        action: format!("/scenarios/{}/options", scenario.id),
        version: scenario.version.to_string(),
        switches: vec![
            ("dlq", t!("Store incomplete executions"), t!("A bundle at which a module fails is kept under “Needs a decision”, the others go on. Off: the run ends with an error."), settings.incomplete_executions),
            ("sequential", t!("Sequential processing"), t!("One run at a time, in the order of arrival. Incomplete executions hold up the next runs."), settings.sequential),
            ("confidential", t!("Data is confidential"), t!("The history keeps no bundles: you see what ran, not with which data."), settings.confidential),
            ("dataloss", t!("Enable data loss"), t!("When the store of incomplete executions is full, the scenario goes on and what fails is lost."), settings.data_loss),
            ("autoCommit", t!("Auto commit"), t!("Every module keeps what it did at once. Off: data stores and built-in spreadsheets are written for good only when the cycle has ended well."), settings.auto_commit),
            ("autoCommitTriggerLast", t!("Commit trigger last"), t!("A trigger moves on only when all that it gave has been processed."), settings.auto_commit_trigger_last),
        ],
        roundtrips: settings.roundtrips,
        max_errors: settings.max_errors,
        most: MOST,
    }
}

/// `POST /scenarios/{id}/options`.
async fn save(page: Page, Path(id): Path<ScenarioId>, Form(sent): Form) -> Reply {
    let here = format!("/scenarios/{id}/settings");
    match store(&page, id, &sent).await {
        Ok(()) => render::see(&format!("{here}?notice=saved")),
        Err(error) => again(scenario::show_settings(page.refused(error, ("options", sent), &here)?, Path(id)).await),
    }
}

async fn store(page: &Page, id: ScenarioId, sent: &Query) -> Result<(), PageError> {
    let (store, team) = (page.app.store(), page.app.team());
    let scenario = scenarios::find(store, team, id).await?.ok_or(PageError::NotFound)?;
    let version = Version(sent.text("version").parse().unwrap_or_default());
    let settings = read(sent)?;
    let blueprint = settings.write(&scenario.blueprint).map_err(PageError::internal)?;
    if scenario.enabled {
        check(page, &scenario, &blueprint).await?;
    }
    let mut tx = store.begin().await?;
    scenarios::update_blueprint(&mut tx, team, id, version, &blueprint, &scenario.links).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    Ok(())
}

/// A scenario that is on must be able to stay on.
async fn check(page: &Page, scenario: &Scenario, blueprint: &Blueprint) -> Result<(), PageError> {
    let changed = Scenario { blueprint: std::sync::Arc::new(blueprint.clone()), ..scenario.clone() };
    let problems = page.app.control().reasons_against(&changed).await.map_err(|error| refuse(error, "kept"))?;
    if problems.is_empty() {
        return Ok(());
    }
    Err(refuse(rouage_runtime::ControlError::Problems(problems), t!("kept on with these settings")))
}

fn read(sent: &Query) -> Result<Settings, PageError> {
    let mut problems = Problems::default();
    let mut count = |name: &str| {
        let number = sent.text(name).parse::<u32>().ok().filter(|number| (1..=MOST).contains(number));
        let refusal = || PageError::Invalid(t!("Enter a whole number from 1 to {most}.", most = MOST));
        problems.take(name, number.ok_or_else(refusal))
    };
    let (roundtrips, max_errors) = (count("roundtrips"), count("maxErrors"));
    problems.finish(Settings {
        roundtrips,
        max_errors,
        auto_commit: sent.is_on("autoCommit"),
        auto_commit_trigger_last: sent.is_on("autoCommitTriggerLast"),
        sequential: sent.is_on("sequential"),
        confidential: sent.is_on("confidential"),
        data_loss: sent.is_on("dataloss"),
        incomplete_executions: sent.is_on("dlq"),
    })
}
