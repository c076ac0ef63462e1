//! The set-up of a scenario: what of it runs the same here, and what only the
//! user can know, asked once for each thing.

use askama::Template;
use axum::extract::Path;
use rouage_model::{Collection, ModuleId, ScenarioId, TeamId, Value, blueprint};
use rouage_runtime::{Action, Made, Report, ReportStatus};
use rouage_store::hooks::{self, HookSettings};
use rouage_store::scenarios::{self, Scenario};
use rouage_store::{WriteTx, sheets};

use super::panels::status_words;
use super::relink::{self, Offers};
use super::scenario::{self, Head};
use crate::PageError;
use crate::look::{self, Look};
use crate::query::Query;
use crate::render::{self, Form, Layout, Page, Reply};
use crate::words::{filters, t};

#[derive(Template)]
#[template(path = "import/setup.html")]
struct SetUp {
    layout: Layout,
    head: Head,
    same: usize,
    check: usize,
    unavailable: usize,
    problems: Vec<String>,
    modules: Vec<ModuleRow>,
    /// What is to be chosen, each thing once.
    groups: Vec<relink::Group>,
    /// How many of them nobody has answered.
    open: usize,
    references: Vec<ReferenceRow>,
}

/// A mapped value that may stay empty.
struct ReferenceRow {
    /// The module in whose field it stands.
    module: String,
    field: String,
    message: String,
    is_sure: bool,
}

impl ReferenceRow {
    /// Of a scenario; those that are sure to be wrong first.
    fn all(report: &rouage_runtime::Report) -> Vec<Self> {
        let row = |finding: &rouage_runtime::Finding| Self {
            module: finding.module.to_string(),
            field: finding.field.clone(),
            message: finding.to_string(),
            is_sure: finding.is_sure(),
        };
        let mut rows: Vec<Self> = report.references.iter().map(row).collect();
        rows.sort_by_key(|row| !row.is_sure);
        rows
    }
}

struct ModuleRow {
    look: Look,
    number: String,
    label: String,
    version: String,
    status: &'static str,
    class: &'static str,
    problems: Vec<String>,
    /// Where its questions stand on the page.
    anchor: String,
    has_id: bool,
}

/// `GET /scenarios/{id}/setup`.
pub async fn show(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, head, report) = scenario::head(&page, id, "setup").await?;
    // All questions, also those that were answered, so that answers can change.
    let questions = page.app.control().check(&scenario.blueprint, &Value::Undefined);
    let offers = Offers::load(&page, &scenario).await?;
    let count = |status| report.modules.iter().filter(|module| module.status == status).count();
    let groups = relink::groups(&page, &scenario, &questions, &offers);
    let modules = rows(&page, &scenario, &report, &groups);
    render::ok(&SetUp {
        layout: page.layout(head.name.clone(), "scenarios").await,
        same: count(ReportStatus::Same),
        check: count(ReportStatus::Check),
        unavailable: count(ReportStatus::Unavailable),
        problems: report.problems.clone(),
        references: ReferenceRow::all(&report),
        open: groups.iter().filter(|group| group.is_open).count(),
        groups,
        modules,
        head,
    })
}

fn rows(page: &Page, scenario: &Scenario, report: &Report, groups: &[relink::Group]) -> Vec<ModuleRow> {
    let visited = scenario.blueprint.modules();
    let row = |(module, visited): (&rouage_runtime::ModuleReport, blueprint::Visited<'_>)| {
        let number = module.id.map(|id| id.to_string()).unwrap_or_default();
        let asks = |group: &&relink::Group| group.is_open && group.users.iter().any(|user| user.number == number);
        ModuleRow {
            look: look::of(page.app.registry(), visited.module),
            label: module.label.clone(),
            version: module.version.map(|version| t!("version {version}", version = version)).unwrap_or_default(),
            status: status_words(module.status),
            class: module.status.as_str(),
            problems: module.problems.clone(),
            anchor: groups.iter().find(asks).map(|group| group.anchor.clone()).unwrap_or_default(),
            has_id: module.id.is_some(),
            number,
        }
    };
    report.modules.iter().zip(visited).map(row).collect()
}

/// `POST /scenarios/{id}/setup`.
pub async fn save(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let scenario = scenarios::find(store, team, id).await?.ok_or(PageError::NotFound)?;
    let questions = page.app.control().check(&scenario.blueprint, &Value::Undefined);
    let mut links = scenario.links.as_collection().cloned().unwrap_or_default();
    let mut made = Made::default();
    let first = relink::first_keys(&scenario, &questions);
    let mut tx = store.begin().await?;
    for module in &questions.modules {
        let Some(module_id) = module.id else { continue };
        for action in &module.actions {
            let asked = relink::thing(&scenario, module_id, action);
            let of_all = first.iter().find(|(thing, _)| *thing == asked).map(|(_, key)| key.as_str());
            let question = Answer { team, scenario: &scenario, module: module_id, action, form: &form, of_all };
            answer(&mut tx, &question, &mut links, &mut made).await?;
        }
    }
    scenarios::set_links(&mut tx, team, id, &links.into()).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    match form.text("then") {
        "on" => scenario::switch_on(&page, id, &format!("/scenarios/{id}?notice=on")).await,
        "edit" => render::see(&format!("/scenarios/{id}/edit")),
        "rehearse" => render::see(&format!("/scenarios/{id}/edit#rehearse")),
        _ => render::see(&format!("/scenarios/{id}/setup?notice=saved")),
    }
}

struct Answer<'a> {
    team: TeamId,
    scenario: &'a Scenario,
    module: ModuleId,
    action: &'a Action,
    form: &'a Query,
    /// The input that is asked once for all modules with the same thing.
    of_all: Option<&'a str>,
}

impl Answer<'_> {
    /// What was chosen for this module, or for all that use the same thing.
    fn chosen(&self, key: &str) -> &str {
        let own = self.form.get(key).or_else(|| self.form.get(self.of_all?));
        own.unwrap_or_default().trim()
    }
}

async fn answer(
    tx: &mut WriteTx,
    answer: &Answer<'_>,
    links: &mut Collection,
    made: &mut Made,
) -> Result<(), PageError> {
    let key = |field: &str| format!("{}.{field}", answer.module);
    if answer.chosen(&relink::key(answer.module, answer.action)) == relink::OWN {
        return Ok(());
    }
    match answer.action {
        Action::ChooseHook { field, .. } => {
            let key = key(field);
            let chosen = answer.chosen(&key);
            if chosen.is_empty() {
                return Ok(());
            }
            let hook = match chosen.parse() {
                Ok(id) => id,
                Err(_) => new_hook(tx, answer.team, &answer.scenario.name).await?,
            };
            hooks::attach(tx, answer.team, hook, Some(answer.scenario.id)).await?;
            links.insert(key, hook.0);
        }
        Action::ChooseConnection { field, .. } => {
            let key = key(field);
            match (answer.chosen(&key), answer.chosen(&key).parse::<i64>()) {
                ("builtin", _) => links.insert(key, "builtin"),
                (_, Ok(id)) => links.insert(key, id),
                _ => {}
            }
        }
        Action::ChooseScenario { field, .. } => {
            let key = key(field);
            match answer.chosen(&key).parse::<i64>() {
                Ok(id) => links.insert(key, id),
                Err(_) => drop(links.remove(&key)),
            }
        }
        Action::ChooseDatastore { field, id, was, structure } => {
            let key = key(field);
            match (answer.chosen(&key), answer.chosen(&key).parse::<i64>()) {
                ("new", _) => {
                    let name = was.as_deref().unwrap_or(&answer.scenario.name);
                    links.insert(key, made.datastore(tx, answer.team, id, (name, structure.as_ref())).await?);
                }
                (_, Ok(id)) => links.insert(key, id),
                _ => {}
            }
        }
        Action::ChooseStructure { field, id, was, structure } => {
            let key = key(field);
            match (answer.chosen(&key), answer.chosen(&key).parse::<i64>(), structure) {
                ("new", _, Some(structure)) => {
                    let name = was.as_deref().unwrap_or(&answer.scenario.name);
                    links.insert(key, made.structure(tx, answer.team, id, (name, structure)).await?);
                }
                (_, Ok(id), _) => links.insert(key, id),
                _ => drop(links.remove(&key)),
            }
        }
        Action::ChooseSpreadsheet { field, id, was, sheet, headers } => {
            let key = key(field);
            match answer.chosen(&key) {
                "" => {}
                "keep" => {
                    links.remove(&key);
                }
                "new" => {
                    let title = was.as_deref().unwrap_or(&answer.scenario.name);
                    let sheet_title = sheet.as_deref().unwrap_or("Sheet1");
                    let wanted = sheets::Wanted { id, title, sheet_title, headers };
                    sheets::ensure(tx, answer.team, wanted).await?;
                    links.insert(key, id.as_str());
                }
                chosen => links.insert(key, chosen),
            }
        }
    }
    Ok(())
}

async fn new_hook(tx: &mut WriteTx, team: TeamId, name: &str) -> Result<rouage_model::HookId, PageError> {
    let hook = hooks::create(tx, team, name, &HookSettings::default()).await?;
    hooks::set_learning(tx, team, hook.id, true).await?;
    Ok(hook.id)
}
