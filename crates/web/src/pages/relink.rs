//! What a blueprint names and this server must be told: accounts, webhooks,
//! spreadsheets, data stores, data structures, scenarios. Each thing of the
//! other server is asked for once, however many modules use it.

use rouage_model::structure::Structure;
use rouage_model::{ModuleId, Value};
use rouage_runtime::{Action, Report};
use rouage_store::scenarios::{self, Scenario};
use rouage_store::{PageRequest, connections, datastores, hooks, sheets, structures};

use super::scenario::Choice;
use crate::look::{self, Look};
use crate::render::Page;
use crate::words::t;
use crate::{PageError, words};

/// A choice that leaves the links of its modules as they are, each its own.
pub const OWN: &str = "~own";

/// A question.
pub struct ChoiceRow {
    /// Name of the input: `<module>.<field>`.
    pub input: String,
    /// What is to be chosen.
    pub label: String,
    /// From what.
    pub options: Vec<Choice>,
    /// Where a new one is made, with the words for it.
    pub create: Option<(&'static str, String)>,
}

/// A thing of the other server with the modules that use it: one choice for all.
pub struct Group {
    /// Its place on the page, for links to it.
    pub anchor: String,
    /// The question of its first module.
    pub choice: ChoiceRow,
    /// Its symbol.
    pub icon: &'static str,
    /// Who uses it.
    pub users: Vec<User>,
    /// Nothing is chosen yet.
    pub is_open: bool,
}

/// A module that uses it.
pub struct User {
    /// Its look.
    pub look: Look,
    /// Its number.
    pub number: String,
}

/// What makes two questions the same one.
type Thing = (&'static str, String);

/// The thing that a question of a module asks for.
pub fn thing(scenario: &Scenario, module: ModuleId, action: &Action) -> Thing {
    let named = |field: &str| {
        let found = scenario.blueprint.module(module);
        let value = found.map(|found| match found.mapper().field(field) {
            Value::Undefined => found.parameters().field(field).clone(),
            value => value.clone(),
        });
        match value {
            Some(Value::Text(text)) => text.to_string(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        }
    };
    match action {
        Action::ChooseConnection { field, kinds, was, .. } => {
            let id = named(field);
            let id = if id.is_empty() { was.clone().unwrap_or_default() } else { id };
            ("account", format!("{} {id}", kinds.join(",")))
        }
        // Each is the beginning of something of its own.
        Action::ChooseHook { .. } => ("webhook", module.to_string()),
        Action::ChooseScenario { field, .. } => ("scenario", named(field)),
        Action::ChooseDatastore { id, .. } => ("datastore", id.clone()),
        Action::ChooseStructure { id, .. } => ("structure", id.clone()),
        Action::ChooseSpreadsheet { id, .. } => ("spreadsheet", id.clone()),
    }
}

fn field_of(action: &Action) -> &'static str {
    match action {
        Action::ChooseConnection { field, .. }
        | Action::ChooseHook { field, .. }
        | Action::ChooseScenario { field, .. }
        | Action::ChooseDatastore { field, .. }
        | Action::ChooseStructure { field, .. }
        | Action::ChooseSpreadsheet { field, .. } => field,
    }
}

/// The name of the input of a question.
pub fn key(module: ModuleId, action: &Action) -> String {
    format!("{module}.{}", field_of(action))
}

/// The name of the first input that asks for each thing.
pub fn first_keys(scenario: &Scenario, questions: &Report) -> Vec<(Thing, String)> {
    let mut first: Vec<(Thing, String)> = Vec::new();
    for (module, action) in asked(questions) {
        let thing = thing(scenario, module, action);
        if !first.iter().any(|(known, _)| *known == thing) {
            first.push((thing, key(module, action)));
        }
    }
    first
}

fn asked(questions: &Report) -> impl Iterator<Item = (ModuleId, &Action)> {
    let with_ids = questions.modules.iter().filter_map(|report| Some((report.id?, report)));
    with_ids.flat_map(|(id, report)| report.actions.iter().map(move |action| (id, action)))
}

/// All questions, each thing once, in the order of the blueprint.
pub fn groups(page: &Page, scenario: &Scenario, questions: &Report, offers: &Offers) -> Vec<Group> {
    let mut things: Vec<(Thing, Group, Vec<Option<Value>>)> = Vec::new();
    for (module, action) in asked(questions) {
        let thing = thing(scenario, module, action);
        let Some(found) = scenario.blueprint.module(module) else { continue };
        let user = || User { look: look::of(page.app.registry(), found), number: module.to_string() };
        let link = scenario.links.get(&key(module, action)).cloned();
        if let Some((_, group, links)) = things.iter_mut().find(|(known, ..)| *known == thing) {
            if !group.users.iter().any(|known| known.number == module.to_string()) {
                group.users.push(user());
            }
            links.push(link);
            continue;
        }
        let group = Group {
            anchor: format!("link-{}", things.len() + 1),
            choice: choice(module, action, scenario, offers),
            icon: icon(thing.0),
            users: vec![user()],
            is_open: false,
        };
        things.push((thing, group, vec![link]));
    }
    things.into_iter().map(|(_, group, links)| finished(group, &links)).collect()
}

/// Where modules were given different things, that stays until somebody
/// chooses one for all.
fn finished(mut group: Group, links: &[Option<Value>]) -> Group {
    group.is_open = links.iter().any(Option::is_none);
    if links.iter().any(|link| link != &links[0]) && links.iter().any(Option::is_some) {
        for option in &mut group.choice.options {
            option.is_chosen = false;
        }
        let label = t!("As it is: not the same for all of these modules").to_owned();
        group.choice.options.insert(0, Choice { value: OWN.to_owned(), label, is_chosen: true });
    }
    group
}

fn icon(kind: &str) -> &'static str {
    match kind {
        "account" => "key-round",
        "webhook" => "webhook",
        "scenario" => "workflow",
        "datastore" => "database",
        "structure" => "braces",
        _ => "table",
    }
}

/// What can be chosen.
pub struct Offers {
    hooks: Vec<(String, String)>,
    connections: Vec<connections::ConnectionRow>,
    /// Types of connections and their names for people.
    kinds: Vec<(&'static str, &'static str)>,
    spreadsheets: Vec<(String, String)>,
    datastores: Vec<(String, String)>,
    structures: Vec<(String, String)>,
    scenarios: Vec<(String, String)>,
}

impl Offers {
    /// Reads all of it.
    pub async fn load(page: &Page, scenario: &Scenario) -> Result<Self, PageError> {
        let (store, team) = (page.app.store(), page.app.team());
        let hooks = hooks::list(store, team).await?;
        let free = hooks.into_iter().filter(|hook| hook.scenario.is_none() || hook.scenario == Some(scenario.id));
        let sheets = sheets::list(store, team, "", PageRequest { page: 1, size: 200 }).await?;
        let (datastores, structures) = (datastores::list(store, team).await?, structures::list(store, team).await?);
        Ok(Self {
            hooks: free.map(|hook| (hook.id.to_string(), hook.name)).collect(),
            connections: connections::list(store, team, None).await?,
            kinds: page.app.registry().connections().map(|spec| (spec.kind, t(spec.label))).collect(),
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
        (false, _) => t!(" (is off)"),
        (true, false) => t!(" (does not run on demand)"),
    };
    (scenario.id.to_string(), format!("{}{lacks}", scenario.name))
}

/// The questions of one module.
pub fn choices(id: ModuleId, actions: &[Action], scenario: &Scenario, offers: &Offers) -> Vec<ChoiceRow> {
    actions.iter().map(|action| choice(id, action, scenario, offers)).collect()
}

fn choice(id: ModuleId, action: &Action, scenario: &Scenario, offers: &Offers) -> ChoiceRow {
    let linked = |field: &str| {
        let value = scenario.links.field(&format!("{id}.{field}"));
        value.as_text().map(str::to_owned).or_else(|| value.as_i64().map(|number| number.to_string()))
    };
    let was =
        |was: &Option<String>| was.as_deref().map(|name| t!(" (it was “{name}”)", name = name)).unwrap_or_default();
    let (field, label, first, rest) = match action {
        Action::ChooseHook { field, was: old } => {
            let first = vec![("new".to_owned(), t!("Create a new webhook").to_owned())];
            (*field, t!("Webhook{was}", was = was(old)), first, offers.hooks.clone())
        }
        Action::ChooseConnection { field, kinds, built_in, was: old } => {
            let mut first = Vec::new();
            if *built_in {
                let what = if kinds.contains(&"google") { t!("Built-in spreadsheets") } else { t!("Built-in outbox") };
                first.push(("builtin".to_owned(), t!("{what}, no account needed", what = what)));
            }
            let fitting = offers.connections.iter().filter(|row| kinds.contains(&row.kind.as_str()));
            (
                *field,
                t!("Connection{kind_words}{was}", kind_words = kind_words(kinds, offers), was = was(old)),
                first,
                fitting.map(|row| (row.id.to_string(), row.name.clone())).collect(),
            )
        }
        Action::ChooseScenario { field, was: old } => {
            let first = vec![(String::new(), t!("Choose a scenario").to_owned())];
            (*field, t!("Scenario to call{was}", was = was(old)), first, offers.scenarios.clone())
        }
        Action::ChooseDatastore { field, was: old, structure, .. } => {
            let first = vec![(
                "new".to_owned(),
                t!("Create a new data store{with_fields}", with_fields = with_fields(structure.as_ref())),
            )];
            (*field, t!("Data store{was}", was = was(old)), first, offers.datastores.clone())
        }
        Action::ChooseStructure { field, was: old, structure, .. } => {
            let none = (String::new(), t!("None: take the data as it is").to_owned());
            let create =
                ("new".to_owned(), t!("Create it{with_fields}", with_fields = with_fields(structure.as_ref())));
            let first = if structure.is_some() { vec![create, none] } else { vec![none] };
            (*field, t!("Data structure{was}", was = was(old)), first, offers.structures.clone())
        }
        Action::ChooseSpreadsheet { field, was: old, headers, .. } => {
            let columns = if headers.is_empty() {
                String::new()
            } else {
                t!(" with {number}", number = words::count(headers.len() as u64, "column"))
            };
            let first = vec![
                ("new".to_owned(), t!("Create a built-in spreadsheet{columns}", columns = columns)),
                ("keep".to_owned(), t!("Keep the one named in the blueprint").to_owned()),
            ];
            (*field, t!("Spreadsheet{was}", was = was(old)), first, offers.spreadsheets.clone())
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
            kinds.first().map(|kind| (t!("New connection"), format!("/connections/new/{kind}")))
        }
        _ => None,
    };
    ChoiceRow { input: format!("{id}.{field}"), label, options, create }
}

/// The type of an account, when there is only one that fits.
fn kind_words(kinds: &[&str], offers: &Offers) -> String {
    let label = |kind: &&str| offers.kinds.iter().find(|(known, _)| known == kind).map(|(_, label)| *label);
    match kinds {
        [one] => label(one).map_or(String::new(), |label| format!(": {label}")),
        _ => String::new(),
    }
}

/// What is known of a structure that can be made.
fn with_fields(structure: Option<&Structure>) -> String {
    structure.map_or(String::new(), |structure| {
        t!(" with {number}, as the blueprint has it", number = words::count(structure.fields.len() as u64, "field"))
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
