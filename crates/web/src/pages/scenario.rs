//! One scenario: diagram, history, settings, and what can be done with it.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use rouage_model::execution::Status;
use rouage_model::scenario::Scheduling;
use rouage_model::{ScenarioId, json};
use rouage_runtime::{ControlError, RunOnce};
use rouage_store::executions::{self, Execution, Filter};
use rouage_store::{PageRequest, hooks, scenarios};

use super::panels::{self, Panel};
use crate::diagram::{self, Diagram, Overlay};
use crate::render::{self, Ask, Form, Layout, Page, Pager, Reply, Times};
use crate::words::{self, Moment};
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
    /// Whether Run once waits for a request.
    pub is_listening: bool,
    /// The webhook it listens to.
    pub hook: Option<HookView>,
    /// Modules that need a choice or are not available.
    pub to_check: usize,
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
    let report = page.app.control().check(&scenario.blueprint, &scenario.links);
    let hook_name = hook.as_ref().map(|hook| hook.name.as_str());
    let does = panels::sentence(page.app.registry(), &scenario.blueprint, hook_name);
    let head = Head {
        id: id.to_string(),
        name: scenario.name.clone(),
        tab,
        is_on: scenario.enabled,
        sentence: format!("{} {does}", schedule_words(scenario.enabled, &scenario.scheduling)),
        problem: scenario.problem.clone().unwrap_or_default(),
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

fn schedule_words(is_on: bool, scheduling: &Scheduling) -> String {
    if !is_on {
        return "This scenario is off: nothing runs until you switch it on or press Run once.".to_owned();
    }
    match scheduling {
        Scheduling::Immediately { .. } => "This scenario is on and runs as soon as data arrives.".to_owned(),
        Scheduling::Indefinitely { interval } if interval % 60 == 0 => {
            format!("This scenario is on and runs every {}.", words::count(u64::from(interval / 60), "minute"))
        }
        Scheduling::Indefinitely { interval } => format!("This scenario is on and runs every {interval} seconds."),
        Scheduling::OnDemand => "This scenario is on and runs when you press Run once.".to_owned(),
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
}

/// A run in a list.
pub struct Run {
    /// The execution.
    pub id: String,
    /// Its status in a word.
    pub status: &'static str,
    /// Its status as class.
    pub class: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// When it was accepted.
    pub at: Moment,
    /// How long it took; empty while it runs.
    pub duration: String,
    /// Operations.
    pub operations: String,
    /// What started it.
    pub origin: &'static str,
    /// Why it failed; may be empty.
    pub error: String,
}

/// For lists.
pub fn run(execution: Execution, times: &Times) -> Run {
    let finished = execution.finished_at.map(|at| at.duration_since(execution.created_at));
    Run {
        id: execution.id.to_string(),
        status: words::status(execution.status),
        class: execution.status.as_str(),
        icon: words::status_icon(execution.status),
        at: times.moment(execution.created_at),
        duration: finished.map(words::duration).unwrap_or_default(),
        operations: words::count(u64::from(execution.operations), "operation"),
        origin: words::origin(execution.origin),
        error: execution.error.unwrap_or_default(),
    }
}

/// `GET /scenarios/{id}`.
pub async fn show(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, head, report) = head(&page, id, "diagram").await?;
    let registry = page.app.registry();
    let linked = &scenario.blueprint;
    let diagram = diagram::diagram(linked, &|module| look::of(registry, module), &Overlay::new());
    let panels = panels::panels(registry, linked, &report, &scenario.links);
    let filter = Filter { scenario: Some(id), ..Filter::default() };
    let recent = PageRequest { page: 1, size: 5 };
    let recent = executions::list(page.app.store(), page.app.team(), &filter, recent).await?;
    let times = page.times().await;
    let runs = recent.items.into_iter().map(|execution| run(execution, &times)).collect();
    let has_sample = head.hook.as_ref().is_some_and(|hook| !hook.is_learning);
    let layout = page.layout(head.name.clone(), "scenarios").await;
    render::ok(&DiagramPage { layout, head, diagram, panels, runs, has_sample })
}

#[derive(Template)]
#[template(path = "scenarios/history.html")]
struct History {
    layout: Layout,
    head: Head,
    search: String,
    statuses: Vec<Choice>,
    from: String,
    to: String,
    runs: Vec<Run>,
    pager: Pager,
    is_filtered: bool,
}

/// An entry of a select box.
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

const STATUSES: &[Status] = &[
    Status::Success,
    Status::Warning,
    Status::Error,
    Status::Running,
    Status::Queued,
    Status::Waiting,
    Status::InDoubt,
    Status::Stopped,
];

/// `GET /scenarios/{id}/history`.
pub async fn history(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (_, head, _) = head(&page, id, "history").await?;
    let times = page.times().await;
    let day = |name: &str, hour: &str| {
        let text = format!("{}T{hour}", page.query.text(name));
        let local: Option<jiff::civil::DateTime> = text.parse().ok();
        local.and_then(|local| local.to_zoned_datetime(times.zone.clone()).ok()).map(|zoned| zoned.timestamp())
    };
    let status: Option<Status> = page.query.text("status").parse().ok();
    let filter = Filter {
        scenario: Some(id),
        status,
        text: page.search().map(str::to_owned),
        from: day("from", "00:00:00"),
        to: day("to", "23:59:59.999999"),
    };
    let list = executions::list(page.app.store(), page.app.team(), &filter, page.request()).await?;
    let statuses = STATUSES.iter().map(|known| Choice {
        value: known.as_str().to_owned(),
        label: words::status(*known).to_owned(),
        is_chosen: status == Some(*known),
    });
    render::ok(&History {
        layout: page.layout(head.name.clone(), "scenarios").await,
        search: page.query.text("q").to_owned(),
        statuses: statuses.collect(),
        from: page.query.text("from").to_owned(),
        to: page.query.text("to").to_owned(),
        is_filtered: filter.status.is_some() || filter.text.is_some() || filter.from.is_some() || filter.to.is_some(),
        pager: Pager::new(&list, &page.query, "run"),
        runs: list.items.into_iter().map(|execution| run(execution, &times)).collect(),
        head,
    })
}

#[derive(Template)]
#[template(path = "scenarios/settings.html")]
struct Settings {
    layout: Layout,
    head: Head,
    kind: &'static str,
    minutes: u32,
    timezone: String,
    rows: Vec<(&'static str, &'static str, String)>,
    version: String,
}

/// `GET /scenarios/{id}/settings`.
pub async fn show_settings(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, head, _) = head(&page, id, "settings").await?;
    let (kind, minutes) = match scenario.scheduling {
        Scheduling::Immediately { .. } => ("immediately", 15),
        Scheduling::Indefinitely { interval } => ("indefinitely", (interval / 60).max(1)),
        Scheduling::OnDemand => ("on-demand", 15),
    };
    let settings = scenario.blueprint.settings();
    let yes = |yes: bool| if yes { "Yes".to_owned() } else { "No".to_owned() };
    let rows = vec![
        (
            "Store incomplete executions",
            "Keeps the bundle at which a module failed, and lets the rest of the run go on.",
            yes(settings.incomplete_executions),
        ),
        ("Sequential processing", "One run at a time, in the order of arrival.", yes(settings.sequential)),
        ("Data is confidential", "The history keeps no bundles.", yes(settings.confidential)),
        ("Enable data loss", "Goes on when incomplete executions are full.", yes(settings.data_loss)),
        ("Auto commit", "Commits after every module instead of at the end.", yes(settings.auto_commit)),
        (
            "Commit trigger last",
            "The trigger is committed after everything else.",
            yes(settings.auto_commit_trigger_last),
        ),
        ("Max number of cycles", "How many cycles a run may have.", settings.roundtrips.to_string()),
        ("Number of consecutive errors", "So many errors in a row switch it off.", settings.max_errors.to_string()),
    ];
    let layout = page.layout(head.name.clone(), "scenarios").await;
    let version = scenario.version.to_string();
    render::ok(&Settings { layout, head, kind, minutes, timezone: scenario.timezone, rows, version })
}

/// `POST /scenarios/{id}/settings`.
pub async fn save_settings(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let minutes: u32 = form.text("minutes").parse().unwrap_or(15);
    let scheduling = match form.text("kind") {
        "immediately" => Scheduling::default(),
        "indefinitely" if (1..=44_640).contains(&minutes) => Scheduling::Indefinitely { interval: minutes * 60 },
        "indefinitely" => return Err(PageError::Invalid("The interval is 1 to 44640 minutes.".into())),
        _ => Scheduling::OnDemand,
    };
    let timezone = form.text("timezone");
    if jiff::tz::TimeZone::get(timezone).is_err() {
        return Err(PageError::Invalid(format!("{timezone:?} is not a time zone; write one such as Europe/Paris.")));
    }
    let mut tx = page.app.store().begin().await?;
    scenarios::set_scheduling(&mut tx, page.app.team(), id, &scheduling).await?;
    scenarios::set_timezone(&mut tx, page.app.team(), id, timezone).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    render::see(&format!("/scenarios/{id}/settings?notice=saved"))
}

/// `GET /scenarios/{id}/export`.
pub async fn export(page: Page, Path(id): Path<ScenarioId>) -> Result<Response, PageError> {
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    let text = json::write(scenario.blueprint.document(), json::Style::Indented("    "));
    Ok(render::download(&format!("{}.blueprint.json", scenario.name), "application/json", text))
}

/// `POST /scenarios/{id}/switch`.
pub async fn switch(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let on = form.is_on("on");
    page.app.control().set_enabled(page.app.team(), id, on).await.map_err(|error| refuse(error, "switched on"))?;
    let notice = if on { "on" } else { "off" };
    match form.text("back") {
        "list" => render::see(&format!("/scenarios?notice={notice}")),
        _ => render::see(&format!("/scenarios/{id}?notice={notice}")),
    }
}

/// `POST /scenarios/{id}/run`.
pub async fn run_once(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let control = page.app.control();
    if form.text("how") == "stop" {
        control.stop_listening(id);
        return render::see(&format!("/scenarios/{id}"));
    }
    let outcome = match form.text("how") {
        "last" => control.run_with_last(page.app.team(), id).await,
        _ => control.run_once(page.app.team(), id, None).await,
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
        ControlError::Problems(problems) => {
            PageError::Invalid(format!("The scenario cannot be {what} yet: {}.", problems.join("; ")))
        }
        ControlError::Conflict(text) => PageError::Invalid(format!("{text}.")),
        ControlError::Store(error) => error.into(),
    }
}

/// `POST /scenarios/{id}/rename`.
pub async fn rename(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let name = checked_name(form.text("name"))?;
    let mut tx = page.app.store().begin().await?;
    scenarios::rename(&mut tx, page.app.team(), id, name).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    render::see(&format!("/scenarios/{id}/settings?notice=renamed"))
}

/// A name that people can read.
pub fn checked_name(name: &str) -> Result<&str, PageError> {
    match name.chars().count() {
        0 => Err(PageError::Invalid("Enter a name.".into())),
        1..=120 => Ok(name),
        _ => Err(PageError::Invalid("A name has at most 120 characters.".into())),
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
        layout: page.layout("Delete a scenario", "scenarios").await,
        question: format!("Delete the scenario “{}”?", scenario.name),
        consequences: vec![
            "It stops running and disappears from the lists.".into(),
            "Its webhook stays, but nothing listens to it any more.".into(),
            "Export it first if you may want it back.".into(),
        ],
        action: format!("/scenarios/{id}/delete"),
        yes: "Delete scenario",
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
