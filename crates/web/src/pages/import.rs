//! Import: a file or pasted JSON becomes a scenario that is off, and its
//! set-up page says of every module whether it runs the same here, and asks
//! for what only the user can know. Nothing is dropped, nothing is guessed.

use askama::Template;
use axum::extract::{FromRequest, Multipart, Path, Request};
use axum::http::{StatusCode, header};
use rouage_model::structure::Structure;
use rouage_model::{Blueprint, Collection, ModuleId, ScenarioId, TeamId, Value, blueprint};
use rouage_runtime::{Action, Made, Report, ReportStatus};
use rouage_store::hooks::{self, HookSettings};
use rouage_store::scenarios::{self, NewScenario, Scenario};
use rouage_store::{PageRequest, WriteTx, connections, datastores, sheets, structures};

use super::panels::status_words;
use super::scenario::{self, Choice, Head};
use crate::look::{self, Look};
use crate::query::Query;
use crate::render::{self, Form, Layout, Page, Reply};
use crate::{PageError, words};

#[derive(Template)]
#[template(path = "import/show.html")]
struct Show {
    layout: Layout,
    problem: String,
    text: String,
}

/// `GET /import`.
pub async fn show(page: Page) -> Reply {
    let layout = page.layout("Import a scenario", "scenarios").await;
    render::ok(&Show { layout, problem: String::new(), text: String::new() })
}

/// `POST /import`.
pub async fn import(page: Page, request: Request) -> Reply {
    let sent = match read(request).await {
        Ok(sent) => sent,
        Err(problem) => return again(&page, problem, Vec::new()).await,
    };
    let blueprint = match Blueprint::parse(&sent.content) {
        Ok(blueprint) => blueprint,
        Err(error) => return again(&page, sentence(&error), sent.content).await,
    };
    let id = create(&page, blueprint, &sent.name).await?;
    render::see(&format!("/scenarios/{id}/setup?notice=imported"))
}

fn sentence(error: &blueprint::Error) -> String {
    format!(
        "This cannot be imported: {error}. Export the blueprint again in Make (… → Export blueprint) and take that file as it is."
    )
}

/// The form again, with what was pasted unless that is very long.
async fn again(page: &Page, problem: String, content: Vec<u8>) -> Reply {
    let text = if content.len() <= 100_000 { String::from_utf8_lossy(&content).into_owned() } else { String::new() };
    let layout = page.layout("Import a scenario", "scenarios").await;
    Ok(render::page(StatusCode::UNPROCESSABLE_ENTITY, &Show { layout, problem, text }))
}

struct Sent {
    name: String,
    content: Vec<u8>,
}

/// A chosen file wins over pasted text.
async fn read(request: Request) -> Result<Sent, String> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.unwrap_or_default().starts_with("multipart/form-data") {
        return Err("Choose a file or paste a blueprint.".into());
    }
    let too_large = |_| {
        format!(
            "The file is too large or did not arrive; blueprints of up to {} are read.",
            words::bytes(blueprint::MAX_SIZE as u64)
        )
    };
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| error.to_string())?;
    let mut sent = Sent { name: String::new(), content: Vec::new() };
    while let Some(field) = form.next_field().await.map_err(too_large)? {
        let is_file = field.name() == Some("file");
        let name = field.file_name().unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(too_large)?;
        if !content.iter().all(u8::is_ascii_whitespace) && (is_file || sent.content.is_empty()) {
            sent = Sent { name, content: content.to_vec() };
        }
    }
    if sent.content.is_empty() { Err("Choose a file or paste a blueprint.".into()) } else { Ok(sent) }
}

async fn create(page: &Page, blueprint: Blueprint, file: &str) -> Result<ScenarioId, PageError> {
    let own = blueprint.name().trim();
    let file = file.trim_end_matches(".json").trim_end_matches(".blueprint");
    let name = [own, file, "Imported scenario"].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let (scheduling, problem) = page.app.control().schedule_of(&blueprint);
    let new = NewScenario {
        name: words::cut(name, 119),
        links: page.app.control().links_by_name(page.app.team(), &blueprint).await?,
        scheduling,
        blueprint: blueprint.into(),
    };
    let mut tx = page.app.store().begin().await?;
    let id = scenarios::create(&mut tx, page.app.team(), new).await?;
    scenarios::note_schedule(&mut tx, id, problem.as_deref()).await?;
    tx.commit().await?;
    Ok(id)
}

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
    has_choices: bool,
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
    choices: Vec<ChoiceRow>,
}

struct ChoiceRow {
    /// Name of the input: `<module>.<field>`.
    input: String,
    label: String,
    options: Vec<Choice>,
    create: Option<(&'static str, String)>,
}

/// `GET /scenarios/{id}/setup`.
pub async fn show_setup(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, head, report) = scenario::head(&page, id, "setup").await?;
    // All questions, also those that were answered, so that answers can change.
    let questions = page.app.control().check(&scenario.blueprint, &Value::Undefined);
    let offers = Offers::load(&page, &scenario).await?;
    let count = |status| report.modules.iter().filter(|module| module.status == status).count();
    let modules: Vec<ModuleRow> = rows(&page, &scenario, &report, &questions, &offers);
    render::ok(&SetUp {
        layout: page.layout(head.name.clone(), "scenarios").await,
        same: count(ReportStatus::Same),
        check: count(ReportStatus::Check),
        unavailable: count(ReportStatus::Unavailable),
        problems: report.problems.clone(),
        references: ReferenceRow::all(&report),
        has_choices: modules.iter().any(|module| !module.choices.is_empty()),
        modules,
        head,
    })
}

/// What can be chosen.
struct Offers {
    hooks: Vec<(String, String)>,
    connections: Vec<connections::ConnectionRow>,
    spreadsheets: Vec<(String, String)>,
    datastores: Vec<(String, String)>,
    structures: Vec<(String, String)>,
    scenarios: Vec<(String, String)>,
}

impl Offers {
    async fn load(page: &Page, scenario: &Scenario) -> Result<Self, PageError> {
        let (store, team) = (page.app.store(), page.app.team());
        let hooks = hooks::list(store, team).await?;
        let free = hooks.into_iter().filter(|hook| hook.scenario.is_none() || hook.scenario == Some(scenario.id));
        let sheets = sheets::list(store, team, "", PageRequest { page: 1, size: 200 }).await?;
        let (datastores, structures) = (datastores::list(store, team).await?, structures::list(store, team).await?);
        Ok(Self {
            hooks: free.map(|hook| (hook.id.to_string(), hook.name)).collect(),
            connections: connections::list(store, team, None).await?,
            datastores: datastores.into_iter().map(|store| (store.id.to_string(), store.name)).collect(),
            structures: structures.into_iter().map(|row| (row.id.to_string(), row.name)).collect(),
            scenarios: scenarios::brief(store, team).await?.into_iter().map(callable).collect(),
            spreadsheets: sheets
                .items
                .into_iter()
                .map(|sheet| (sheet.id.to_string(), sheet.title.to_string()))
                .collect(),
        })
    }
}

/// A scenario to call, with what it lacks to be called.
fn callable(scenario: scenarios::Brief) -> (String, String) {
    let lacks = match (scenario.is_on, scenario.is_on_demand) {
        (true, true) => "",
        (false, _) => " (is off)",
        (true, false) => " (does not run on demand)",
    };
    (scenario.id.to_string(), format!("{}{lacks}", scenario.name))
}

fn rows(page: &Page, scenario: &Scenario, report: &Report, questions: &Report, offers: &Offers) -> Vec<ModuleRow> {
    let visited = scenario.blueprint.modules();
    let entries = report.modules.iter().zip(&questions.modules).zip(visited);
    let row = |((module, question), visited): (
        (&rouage_runtime::ModuleReport, &rouage_runtime::ModuleReport),
        blueprint::Visited<'_>,
    )| {
        let choices = question.id.map(|id| choices(id, &question.actions, scenario, offers)).unwrap_or_default();
        ModuleRow {
            look: look::of(page.app.registry(), visited.module),
            number: module.id.map(|id| id.to_string()).unwrap_or_default(),
            label: module.label.clone(),
            version: module.version.map(|version| format!("version {version}")).unwrap_or_default(),
            status: status_words(module.status),
            class: module.status.as_str(),
            problems: module.problems.clone(),
            choices,
        }
    };
    entries.map(row).collect()
}

fn choices(id: ModuleId, actions: &[Action], scenario: &Scenario, offers: &Offers) -> Vec<ChoiceRow> {
    actions.iter().map(|action| choice(id, action, scenario, offers)).collect()
}

fn choice(id: ModuleId, action: &Action, scenario: &Scenario, offers: &Offers) -> ChoiceRow {
    let linked = |field: &str| {
        let value = scenario.links.field(&format!("{id}.{field}"));
        value.as_text().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()))
    };
    let was = |was: &Option<String>| was.as_deref().map(|name| format!(" (it was “{name}”)")).unwrap_or_default();
    let (field, label, first, rest) = match action {
        Action::ChooseHook { field, was: old } => {
            let first = vec![("new".to_owned(), "Create a new webhook".to_owned())];
            (*field, format!("Webhook{}", was(old)), first, offers.hooks.clone())
        }
        Action::ChooseConnection { field, kinds, built_in, was: old } => {
            let mut first = Vec::new();
            if *built_in {
                let what = if kinds.contains(&"google") { "Built-in spreadsheets" } else { "Built-in outbox" };
                first.push(("builtin".to_owned(), format!("{what}, no account needed")));
            }
            let fitting = offers.connections.iter().filter(|row| kinds.contains(&row.kind.as_str()));
            (
                *field,
                format!("Connection{}", was(old)),
                first,
                fitting.map(|row| (row.id.to_string(), row.name.clone())).collect(),
            )
        }
        Action::ChooseScenario { field, was: old } => {
            let first = vec![(String::new(), "Choose a scenario".to_owned())];
            (*field, format!("Scenario to call{}", was(old)), first, offers.scenarios.clone())
        }
        Action::ChooseDatastore { field, was: old, structure, .. } => {
            let first = vec![("new".to_owned(), format!("Create a new data store{}", with_fields(structure.as_ref())))];
            (*field, format!("Data store{}", was(old)), first, offers.datastores.clone())
        }
        Action::ChooseStructure { field, was: old, structure, .. } => {
            let none = (String::new(), "None: take the data as it is".to_owned());
            let create = ("new".to_owned(), format!("Create it{}", with_fields(structure.as_ref())));
            let first = if structure.is_some() { vec![create, none] } else { vec![none] };
            (*field, format!("Data structure{}", was(old)), first, offers.structures.clone())
        }
        Action::ChooseSpreadsheet { field, was: old, headers, .. } => {
            let columns = if headers.is_empty() {
                String::new()
            } else {
                format!(" with {}", words::count(headers.len() as u64, "column"))
            };
            let first = vec![
                ("new".to_owned(), format!("Create a built-in spreadsheet{columns}")),
                ("keep".to_owned(), "Keep the one named in the blueprint".to_owned()),
            ];
            (*field, format!("Spreadsheet{}", was(old)), first, offers.spreadsheets.clone())
        }
    };
    let chosen = linked(field);
    let is_first = chosen.is_none();
    let options = first.into_iter().chain(rest).enumerate().map(|(at, (value, label))| Choice {
        is_chosen: chosen.as_deref() == Some(value.as_str()) || (is_first && at == 0),
        value,
        label,
    });
    let options: Vec<Choice> = options.collect();
    let create = match action {
        Action::ChooseConnection { kinds, .. } => {
            kinds.first().map(|kind| ("New connection", format!("/connections/new/{kind}")))
        }
        _ => None,
    };
    ChoiceRow { input: format!("{id}.{field}"), label, options, create }
}

/// What is known of a structure that can be made.
fn with_fields(structure: Option<&Structure>) -> String {
    structure.map_or(String::new(), |structure| {
        format!(" with {}, as the blueprint has it", words::count(structure.fields.len() as u64, "field"))
    })
}

/// The links of a scenario with the names of what they mean instead of ids, to
/// be read.
pub async fn named_links(page: &Page, scenario: &Scenario) -> Result<Value, PageError> {
    let mut links = scenario.links.as_collection().cloned().unwrap_or_default();
    if links.is_empty() {
        return Ok(links.into());
    }
    let questions = page.app.control().check(&scenario.blueprint, &Value::Undefined);
    let offers = Offers::load(page, scenario).await?;
    for module in &questions.modules {
        let Some(id) = module.id else { continue };
        for row in choices(id, &module.actions, scenario, &offers) {
            let chosen = row.options.iter().find(|option| option.is_chosen).filter(|option| option.value != "builtin");
            if let Some(option) = chosen.filter(|_| links.get(&row.input).is_some()) {
                links.insert(row.input, option.label.as_str());
            }
        }
    }
    Ok(links.into())
}

/// `POST /scenarios/{id}/setup`.
pub async fn save_setup(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let scenario = scenarios::find(store, team, id).await?.ok_or(PageError::NotFound)?;
    let questions = page.app.control().check(&scenario.blueprint, &Value::Undefined);
    let mut links = scenario.links.as_collection().cloned().unwrap_or_default();
    let mut made = Made::default();
    let mut tx = store.begin().await?;
    for module in &questions.modules {
        let Some(module_id) = module.id else { continue };
        for action in &module.actions {
            let question = Answer { team, scenario: &scenario, module: module_id, action, form: &form };
            answer(&mut tx, &question, &mut links, &mut made).await?;
        }
    }
    scenarios::set_links(&mut tx, team, id, &links.into()).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    if form.text("then") == "on" {
        return scenario::switch_on(&page, id, &format!("/scenarios/{id}?notice=on")).await;
    }
    render::see(&format!("/scenarios/{id}/setup?notice=saved"))
}

struct Answer<'a> {
    team: TeamId,
    scenario: &'a Scenario,
    module: ModuleId,
    action: &'a Action,
    form: &'a Query,
}

async fn answer(
    tx: &mut WriteTx,
    answer: &Answer<'_>,
    links: &mut Collection,
    made: &mut Made,
) -> Result<(), PageError> {
    let key = |field: &str| format!("{}.{field}", answer.module);
    match answer.action {
        Action::ChooseHook { field, .. } => {
            let key = key(field);
            let chosen = answer.form.text(&key);
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
            match (answer.form.text(&key), answer.form.text(&key).parse::<i64>()) {
                ("builtin", _) => links.insert(key, "builtin"),
                (_, Ok(id)) => links.insert(key, id),
                _ => {}
            }
        }
        Action::ChooseScenario { field, .. } => {
            let key = key(field);
            match answer.form.text(&key).parse::<i64>() {
                Ok(id) => links.insert(key, id),
                Err(_) => drop(links.remove(&key)),
            }
        }
        Action::ChooseDatastore { field, id, was, structure } => {
            let key = key(field);
            match (answer.form.text(&key), answer.form.text(&key).parse::<i64>()) {
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
            match (answer.form.text(&key), answer.form.text(&key).parse::<i64>(), structure) {
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
            match answer.form.text(&key) {
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
