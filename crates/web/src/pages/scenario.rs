//! One scenario: diagram, history, settings, and what can be done with it.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use jiff::Timestamp;
use rouage_model::schedule::{self, When};
use rouage_model::{ScenarioId, Value, json};
use rouage_runtime::{ControlError, RunOnce};
use rouage_store::executions::{self, Execution, Filter};
use rouage_store::{drafts, hooks, incompletes, scenarios};

use super::history::{Run, run};
use super::options::{self, OptionsForm};
use super::panels::{self, Panel};
use super::retention::{self, RetentionForm};
use super::schedule::preview::{self, Preview};
use super::{folders, inputs, relink, start};
use crate::diagram::{self, Diagram, Overlay};
use crate::refusal::{self, again};
use crate::render::{self, Ask, Form, Layout, Page, Reply, Times};
use crate::words::{self, Moment};
use crate::words::{filters, t};
use crate::{PageError, look};

/// The head that all tabs of a scenario share.
pub struct Head {
    /// The scenario.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The current tab.
    pub tab: &'static str,
    /// Whether it is on.
    pub is_on: bool,
    /// Whether it is on, and what it does, in words.
    pub sentence: String,
    /// Why it was switched off by itself; may be empty.
    pub problem: String,
    /// What the schedule did otherwise than people expect; may be empty.
    pub schedule_note: String,
    /// How far its polling trigger has come, or where it starts; empty when it
    /// has none.
    pub position: String,
    /// Whether Run once waits for a request.
    pub is_listening: bool,
    /// The webhook it listens to.
    pub hook: Option<HookView>,
    /// Modules that need a choice or are not available.
    pub to_check: usize,
    /// Whether there is a draft that is not published.
    pub has_draft: bool,
    /// How many incomplete executions are open.
    pub incomplete: u64,
    /// Incomplete executions that its runs wait for, in words; may be empty.
    pub held_up_by: String,
}

/// The webhook of a scenario.
pub struct HookView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its whole address.
    pub url: String,
    /// Whether it received anything so far.
    pub is_learning: bool,
}

/// Finds a scenario and makes its head.
pub async fn head(
    page: &Page,
    id: ScenarioId,
    tab: &'static str,
) -> Result<(scenarios::Scenario, Head, rouage_runtime::Report), PageError> {
    let (store, team) = (page.app.store(), page.app.team());
    let scenario = scenarios::find(store, team, id).await?.ok_or(PageError::NotFound)?;
    let hook = match scenario.hook {
        Some(hook) => hooks::find(store, team, hook).await?,
        None => None,
    };
    let report = page.app.control().check_scenario(&scenario).await.map_err(|error| refuse(error, "shown"))?;
    let hook_name = hook.as_ref().map(|hook| hook.name.as_str());
    let holding_up = page.app.control().holding_up(team, id).await.map_err(|error| refuse(error, "shown"))?;
    let does = panels::sentence(page.app.registry(), &scenario.blueprint, hook_name);
    let trigger = page.app.control().polling_trigger(team, id).await.map_err(|error| refuse(error, "shown"))?;
    let position = trigger.map_or(String::new(), |trigger| trigger.position.unwrap_or(trigger.start_words));
    let head = Head {
        id: id.to_string(),
        name: scenario.name.clone(),
        tab,
        is_on: scenario.enabled,
        sentence: format!("{} {does}", schedule_words(&scenario, page.app.clock().now())),
        problem: scenario.problem.clone().unwrap_or_default(),
        has_draft: drafts::find(store, team, id).await?.is_some_and(|draft| draft.is_changed),
        incomplete: incompletes::count_unresolved(store, team, id).await?,
        held_up_by: if holding_up > 0 { words::count(holding_up, "incomplete execution") } else { String::new() },
        schedule_note: scenario.schedule_note.clone().unwrap_or_default(),
        position,
        is_listening: page.app.control().is_listening(id),
        to_check: report.modules.iter().filter(|module| module.status != rouage_runtime::ReportStatus::Same).count(),
        hook: hook.map(|hook| HookView {
            id: hook.id.to_string(),
            url: page.app.address(&format!("/hook/{}", hook.token)),
            name: hook.name,
            is_learning: hook.learning,
        }),
    };
    Ok((scenario, head, report))
}

/// Whether it is on and when it runs, in a sentence or two.
fn schedule_words(scenario: &scenarios::Scenario, now: Timestamp) -> String {
    if !scenario.enabled {
        return t!("This scenario is off: nothing runs until you switch it on or press Run once.").to_owned();
    }
    let zone = preview::zone(&scenario.timezone);
    match scenario.scheduling.when {
        When::Immediately => t!("This scenario is on and runs as soon as data arrives.").to_owned(),
        When::OnDemand => t!("This scenario is on and runs when you press Run once.").to_owned(),
        _ => {
            let words = schedule::describe(&scenario.scheduling, &zone);
            let next = scenario.next_run_at.max(scenario.paused_until.filter(|until| *until > now));
            let next = next.map_or(t!("It has no run any more.").to_owned(), |next| {
                t!("Next run: {moment}.", moment = preview::moment(next, &zone))
            });
            t!(
                "This scenario is on. {words} ({timezone}). {next}",
                words = words,
                timezone = scenario.timezone,
                next = next
            )
        }
    }
}

#[derive(Template)]
#[template(path = "scenarios/diagram.html")]
struct DiagramPage {
    layout: Layout,
    head: Head,
    diagram: Diagram,
    panels: Vec<Panel>,
    runs: Vec<Run>,
    has_sample: bool,
    /// The run that the bubbles on the diagram are of.
    bubbles: Option<(String, Moment)>,
}

/// `GET /scenarios/{id}`.
pub async fn show(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, head, report) = head(&page, id, "diagram").await?;
    let registry = page.app.registry();
    let linked = &scenario.blueprint;
    let links = relink::named_links(&page, &scenario).await?;
    let panels = panels::panels(registry, linked, &report, &links);
    let filter = Filter { scenario: Some(id), ..Filter::default() };
    let recent = executions::list(page.app.store(), page.app.team(), &filter, None, 5).await?;
    let times = page.times().await;
    let (overlay, bubbles) = bubbles(&page, &scenario, &recent.items, &times).await;
    let diagram = diagram::diagram(linked, &|module| look::of(registry, module), &overlay);
    let runs = recent.items.into_iter().map(|execution| run(execution, &times)).collect();
    let has_sample = head.hook.as_ref().is_some_and(|hook| !hook.is_learning);
    let layout = page.layout(head.name.clone(), "scenarios").await;
    render::ok(&DiagramPage { layout, head, diagram, panels, runs, has_sample, bubbles })
}

/// A larger run is not replayed for every look at its scenario.
const LARGEST_FOR_BUBBLES: u64 = 2_000_000;

/// What the last run of this version did, for the diagram; with the run.
async fn bubbles(
    page: &Page,
    scenario: &scenarios::Scenario,
    recent: &[Execution],
    times: &Times,
) -> (Overlay, Option<(String, Moment)>) {
    let fits = |one: &&Execution| {
        one.version == scenario.version && one.status.is_final() && !one.is_check && one.size <= LARGEST_FOR_BUBBLES
    };
    let Some(last) = recent.iter().find(fits) else { return (Overlay::new(), None) };
    // Only an ornament: the page is shown without it as well.
    match page.app.control().history(page.app.team(), last.id).await {
        Ok(Some(history)) => {
            let run = (last.id.to_string(), times.moment(last.created_at));
            (super::executions::overlay(&history), Some(run))
        }
        _ => (Overlay::new(), None),
    }
}

/// An entry of a select box.
#[derive(Clone, serde::Serialize)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

#[derive(Template)]
#[template(path = "scenarios/settings.html")]
struct Settings {
    layout: Layout,
    head: Head,
    preview: Preview,
    options: OptionsForm,
    version: String,
    retention: RetentionForm,
    folders: Vec<Choice>,
}

/// `GET /scenarios/{id}/settings`.
pub async fn show_settings(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, head, _) = head(&page, id, "settings").await?;
    let preview = preview::preview(&page.app, &scenario);
    let layout = page.layout(head.name.clone(), "scenarios").await;
    let version = scenario.version.to_string();
    let retention = retention::of_scenario(&page, id).await?;
    let options = options::form(&scenario);
    let folders = folders::choices(&page, scenario.folder).await?;
    render::ok(&Settings { layout, head, preview, options, version, retention, folders })
}

/// `GET /scenarios/{id}/export`.
pub async fn export(page: Page, Path(id): Path<ScenarioId>) -> Result<Response, PageError> {
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    // The editor asks for what it shows, other pages for what is live.
    let blueprint = match page.query.is_on("draft") {
        true => {
            page.app.control().draft(page.app.team(), id).await.map_err(|error| refuse(error, "exported"))?.blueprint
        }
        false => scenario.blueprint.clone(),
    };
    let text = json::write(blueprint.document(), json::Style::Indented("    "));
    Ok(render::download(&format!("{}.blueprint.json", scenario.name), "application/json", text))
}

/// `POST /scenarios/{id}/switch`.
pub async fn switch(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let on = form.is_on("on");
    let notice = if on { "on" } else { "off" };
    let back = match form.text("back") {
        "list" => format!("/scenarios?notice={notice}"),
        _ => format!("/scenarios/{id}?notice={notice}"),
    };
    if on {
        return switch_on(&page, id, &back).await;
    }
    page.app
        .control()
        .set_enabled(page.app.team(), id, false)
        .await
        .map_err(|error| refuse(error, t!("switched off")))?;
    render::see(&back)
}

/// Switches a scenario on and goes `back`; or asks where its trigger is to
/// start, when nobody has said so yet.
pub async fn switch_on(page: &Page, id: ScenarioId, back: &str) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let scenario = scenarios::find(store, team, id).await?.ok_or(PageError::NotFound)?;
    if start::is_open(page, &scenario).await? {
        return render::see(&format!("/scenarios/{id}/start?on=1"));
    }
    page.app.control().set_enabled(team, id, true).await.map_err(|error| refuse(error, t!("switched on")))?;
    render::see(back)
}

/// `POST /scenarios/{id}/run`.
pub async fn run_once(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let control = page.app.control();
    if form.text("how") == "stop" {
        control.stop_listening(id);
        return render::see(&format!("/scenarios/{id}"));
    }
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    if form.text("how") != "last" && inputs::asks(&scenario) {
        return render::see(&format!("/scenarios/{id}/inputs"));
    }
    let outcome = match form.text("how") {
        "last" => control.run_with_last(page.app.team(), id).await,
        _ => control.run_once(page.app.team(), id, None, &Value::Undefined).await,
    };
    match outcome.map_err(|error| refuse(error, "run"))? {
        RunOnce::Started(execution) => render::see(&format!("/executions/{execution}")),
        RunOnce::Listening => render::see(&format!("/scenarios/{id}?notice=listening")),
    }
}

/// A refusal of the runtime as a page.
pub fn refuse(error: ControlError, what: &str) -> PageError {
    match error {
        ControlError::NotFound(_) => PageError::NotFound,
        ControlError::Problems(problems) => PageError::Invalid(t!(
            "The scenario cannot be {what} yet: {problems}.",
            what = what,
            problems = problems.join("; ")
        )),
        ControlError::Conflict(text) => PageError::Invalid(format!("{text}.")),
        error @ ControlError::Inputs(_) => PageError::Invalid(error.to_string()),
        ControlError::Store(error) => error.into(),
    }
}

/// `POST /scenarios/{id}/rename`.
pub async fn rename(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let here = format!("/scenarios/{id}/settings");
    match store_name(&page, id, form.text("name")).await {
        Ok(()) => render::see(&format!("{here}?notice=renamed")),
        Err(error) => again(show_settings(page.refused(error, ("rename", form), &here)?, Path(id)).await),
    }
}

async fn store_name(page: &Page, id: ScenarioId, name: &str) -> Result<(), PageError> {
    let name = checked_name(name)?;
    let mut tx = page.app.store().begin().await?;
    scenarios::rename(&mut tx, page.app.team(), id, name).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    Ok(())
}

/// A name that people can read, of the field `name`.
pub fn checked_name(name: &str) -> Result<&str, PageError> {
    let refused = |text: &str| Err(refusal::field("name", PageError::Invalid(text.to_owned())));
    match name.chars().count() {
        0 => refused(t!("Enter a name.")),
        1..=120 => Ok(name),
        _ => refused(t!("A name has at most 120 characters.")),
    }
}

/// `POST /scenarios/{id}/duplicate`.
pub async fn duplicate(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    let name = words::cut(&format!("{} (copy)", scenario.name), 120);
    let mut tx = page.app.store().begin().await?;
    let copy = scenarios::duplicate(&mut tx, page.app.team(), id, &name).await?;
    tx.commit().await?;
    render::see(&format!("/scenarios/{copy}/setup?notice=duplicated"))
}

/// `GET /scenarios/{id}/delete`.
pub async fn ask_delete(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    render::ok(&Ask {
        layout: page.layout(t!("Delete a scenario"), "scenarios").await,
        question: t!("Delete the scenario “{name}”?", name = scenario.name),
        consequences: vec![
            t!("It stops running and disappears from the lists.").into(),
            t!("Its webhook stays, but nothing listens to it any more.").into(),
            t!("Export it first if you may want it back.").into(),
        ],
        action: format!("/scenarios/{id}/delete"),
        yes: t!("Delete scenario"),
        back: format!("/scenarios/{id}/settings"),
    })
}

/// `POST /scenarios/{id}/delete`.
pub async fn delete(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    scenarios::delete(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    render::see("/scenarios?notice=deleted")
}
