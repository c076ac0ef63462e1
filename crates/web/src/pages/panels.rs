//! What a module is set to, and a scenario in words: parts that several pages
//! share.

use std::collections::HashMap;

use rouage_model::blueprint::{Module, Place, Visited};
use rouage_model::{Blueprint, ModuleId, Value, json};
use rouage_runtime::{Report, ReportStatus};
use rouage_sdk::Registry;

use crate::diagram;
use crate::look::{self, Look};
use crate::pills::{self, Pill};
use crate::words::t;

/// The settings of a module, to be read.
pub struct Panel {
    /// Where links to it lead, such as `m4`.
    pub anchor: String,
    /// Its number; empty without an id.
    pub number: String,
    /// Its look.
    pub look: Look,
    /// The user's name for it; may be empty.
    pub own_name: String,
    /// Where it stands, in words; may be empty.
    pub place: String,
    /// The filter before it, one line a condition; may be empty.
    pub filter: Vec<String>,
    /// The filter's name.
    pub filter_name: String,
    /// Static configuration and mapped input.
    pub fields: Vec<Field>,
    /// What to look at.
    pub problems: Vec<String>,
    /// Notes of the user.
    pub notes: Vec<String>,
    /// Whether it can run by itself.
    pub can_run: bool,
}

/// A field of a module with its value.
pub struct Field {
    /// Its name for people.
    pub label: String,
    /// How deep it is nested, 0 to 5.
    pub level: usize,
    /// Its value; empty for what has fields of its own.
    pub pills: Vec<Pill>,
}

/// Fields of one module that are shown.
const MOST_FIELDS: usize = 200;

/// The panels of all modules, in order.
pub fn panels(registry: &Registry, blueprint: &Blueprint, report: &Report, links: &Value) -> Vec<Panel> {
    let app_of = pills::apps(registry, blueprint);
    let notes = diagram_notes(blueprint);
    let problems: HashMap<ModuleId, &Vec<String>> =
        report.modules.iter().filter_map(|module| Some((module.id?, &module.problems))).collect();
    let panel = |visited: &rouage_model::blueprint::Visited<'_>| {
        let module = visited.module;
        let id = module.id();
        let number = id.map(|id| id.to_string()).unwrap_or_default();
        Panel {
            anchor: format!("m{number}"),
            look: look::of(registry, module),
            own_name: module.label().unwrap_or_default().to_owned(),
            place: place(visited.place),
            filter: filter_lines(module.filter()),
            filter_name: module.filter().field("name").as_text().unwrap_or_default().to_owned(),
            fields: fields(registry, module, links, &app_of),
            problems: id.and_then(|id| problems.get(&id)).map(|lines| (*lines).clone()).unwrap_or_default(),
            can_run: can_run(registry, module),
            notes: id.and_then(|id| notes.get(&id.0)).cloned().unwrap_or_default(),
            number,
        }
    };
    blueprint.modules().iter().map(panel).collect()
}

/// Whether "Run this module only" makes sense.
fn can_run(registry: &Registry, module: Module<'_>) -> bool {
    use rouage_sdk::spec::Kind as Own;
    if let Some(native) = rouage_engine::native(module.name()) {
        return matches!(native.kind, rouage_engine::Kind::Iterator | rouage_engine::Kind::Tool);
    }
    let kind = registry.module(module.name(), module.version()).map(|found| found.spec().kind);
    kind.is_some_and(|kind| !matches!(kind, Own::InstantTrigger | Own::PollingTrigger))
}

fn diagram_notes(blueprint: &Blueprint) -> HashMap<i64, Vec<String>> {
    let mut by_module: HashMap<i64, Vec<String>> = HashMap::new();
    for note in diagram::notes(blueprint).into_iter().filter(|note| !note.text.is_empty()) {
        for module in note.modules {
            by_module.entry(module).or_default().push(note.text.clone());
        }
    }
    by_module
}

pub fn place(place: Place) -> String {
    match place {
        Place::Flow => String::new(),
        Place::Route(router, index) => t!("On route {index} of module {router}", index = index + 1, router = router),
        Place::Branch(owner, index) => t!("On branch {index} of module {owner}", index = index + 1, owner = owner),
        Place::ErrorRoute(owner) => t!("When module {owner} fails", owner = owner),
        Place::Tool(owner) => t!("A tool of module {owner}", owner = owner),
    }
}

fn fields(registry: &Registry, module: Module<'_>, links: &Value, app_of: &dyn Fn(ModuleId) -> String) -> Vec<Field> {
    let number = module.id().map(|id| id.to_string()).unwrap_or_default();
    let labels = labels(registry, module);
    let mut fields = Vec::new();
    for part in [module.parameters(), module.mapper()] {
        for (name, value) in part.as_collection().into_iter().flat_map(rouage_model::Collection::iter) {
            let label = labels.get(name.as_ref()).cloned().unwrap_or_else(|| name.to_string());
            // What was chosen here takes the place of Make's own ids.
            match links.field(&format!("{number}.{name}")) {
                Value::Undefined => add(&mut fields, label, value, 0, app_of),
                Value::Text(text) if text.as_ref() == "builtin" => {
                    add(&mut fields, label, &Value::from(t!("Built-in")), 0, app_of)
                }
                chosen => add(&mut fields, label, chosen, 0, app_of),
            }
        }
    }
    fields
}

/// Labels from our own spec, else those that Make's editor left in the file.
pub fn labels(registry: &Registry, module: Module<'_>) -> HashMap<String, String> {
    let mut labels = HashMap::new();
    let metadata = module.0.field("metadata");
    for list in [metadata.field("parameters"), metadata.field("expect")] {
        for field in list.as_array().unwrap_or_default() {
            if let (Some(name), Some(label)) = (field.field("name").as_text(), field.field("label").as_text()) {
                labels.insert(name.to_owned(), label.to_owned());
            }
        }
    }
    if let Some(known) = registry.module(module.name(), module.version()) {
        let spec = known.spec();
        for field in spec.parameters.iter().chain(&spec.mapper) {
            labels.insert(field.name.to_owned(), t(field.label).to_owned());
        }
    }
    labels
}

fn add(fields: &mut Vec<Field>, label: String, value: &Value, level: usize, app_of: &dyn Fn(ModuleId) -> String) {
    if fields.len() >= MOST_FIELDS || value.is_nothing() {
        return;
    }
    let nested: Vec<(String, &Value)> = match value {
        Value::Collection(inner) => inner.iter().map(|(name, value)| (name.to_string(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (format!("{}", at + 1), item)).collect(),
        _ => Vec::new(),
    };
    let is_simple = !matches!(value, Value::Collection(_) | Value::Array(_));
    let pills = match value {
        Value::Text(text) => pills::split(text, app_of),
        Value::Boolean(yes) => vec![plain(if *yes { t!("Yes") } else { t!("No") })],
        other if is_simple => vec![plain(&json::to_string(other))],
        _ if nested.is_empty() => vec![plain("empty")],
        _ => Vec::new(),
    };
    fields.push(Field { label, level: level.min(5), pills });
    for (name, value) in nested {
        add(fields, name, value, level + 1, app_of);
    }
}

fn plain(text: &str) -> Pill {
    Pill { kind: "text", text: text.to_owned(), app: String::new() }
}

/// One line a condition; groups are separated by `or`.
pub fn filter_lines(filter: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, group) in filter.field("conditions").as_array().unwrap_or_default().iter().enumerate() {
        for (position, condition) in group.as_array().unwrap_or_default().iter().enumerate() {
            let joint = match (at, position) {
                (0, 0) => "",
                (_, 0) => t!("or "),
                _ => t!("and "),
            };
            let text = |name: &str| match condition.field(name) {
                Value::Text(text) => text.to_string(),
                Value::Undefined => String::new(),
                other => json::to_string(other),
            };
            let operator = operator_words(&text("o"));
            lines.push(format!("{joint}{} {operator} {}", text("a"), text("b")).trim_end().to_owned());
        }
    }
    lines
}

/// `text:contain:ci` → `contains (any case)`.
pub fn operator_words(operator: &str) -> String {
    let mut parts = operator.split(':');
    let (kind, name, option) = match (parts.next(), parts.next(), parts.next()) {
        (Some(name), None, _) => ("", name, ""),
        (Some(kind), Some(name), option) => (kind, name, option.unwrap_or_default()),
        _ => ("", "", ""),
    };
    let words = match name {
        "" | "exist" => t!("exists"),
        "notexist" => t!("does not exist"),
        "equal" => t!("is equal to"),
        "notequal" => t!("is not equal to"),
        "contain" => t!("contains"),
        "notcontain" => t!("does not contain"),
        "startwith" => t!("starts with"),
        "notstartwith" => t!("does not start with"),
        "endwith" => t!("ends with"),
        "notendwith" => t!("does not end with"),
        "pattern" => t!("matches the pattern"),
        "notpattern" => t!("does not match the pattern"),
        "greater" => t!("is greater than"),
        "less" => t!("is less than"),
        "greaterorequal" => t!("is at least"),
        "lessorequal" => t!("is at most"),
        other => other,
    };
    let kind = if matches!(kind, "" | "text" | "boolean") { String::new() } else { format!(" ({kind})") };
    let case = if option == "ci" { t!(" (any case)") } else { "" };
    format!("{words}{kind}{case}")
}

/// A scenario in one sentence: what starts it and what it does.
pub fn sentence(registry: &Registry, blueprint: &Blueprint, hook: Option<&str>) -> String {
    let mut modules = blueprint.modules();
    // Empty places are where something will stand; they do nothing.
    modules.retain(|visited| !visited.module.name().starts_with("placeholder:"));
    let Some(first) = modules.first() else { return t!("This scenario is empty.").to_owned() };
    let trigger = look::of(registry, first.module);
    let start = match hook {
        Some(name) if trigger.is_instant => t!("When data arrives at the webhook “{name}”", name = name),
        _ if trigger.is_instant => t!("When data arrives at its webhook").to_owned(),
        _ => t!("Starting with {app_and_module}", app_and_module = app_and_module(&trigger)),
    };
    let acts = |visited: &&Visited<'_>| {
        !matches!(visited.place, Place::ErrorRoute(_))
            && !visited.module.is_disabled()
            && !visited.module.name().is_empty()
    };
    let is_flow = |name: &str| name.starts_with("builtin:");
    let is_work = |name: &str| !is_flow(name) && !name.starts_with("util:");
    let steps_of = |is_told: &dyn Fn(&str) -> bool| -> Vec<String> {
        let told = modules.iter().skip(1).filter(acts).filter(|visited| is_told(visited.module.name()));
        told.map(|visited| app_and_module(&look::of(registry, visited.module))).collect()
    };
    // Tools are told only where nothing else is done.
    let mut steps = steps_of(&is_work);
    if steps.is_empty() {
        steps = steps_of(&|name| !is_flow(name));
    }
    let more = steps.len().saturating_sub(5);
    steps.truncate(5);
    if more > 0 {
        steps.push(t!("{more} more", more = more));
    }
    match steps.len() {
        0 if trigger.is_instant => t!("{start}, nothing is done with it yet: add a module after it.", start = start),
        0 => t!("It runs {app_and_module}.", app_and_module = app_and_module(&trigger)),
        1 => t!("{start}, it goes to {steps}.", start = start, steps = steps[0]),
        count => t!(
            "{start}, it goes to {count} and {other}.",
            start = start,
            count = steps[..count - 1].join(", "),
            other = steps[count - 1]
        ),
    }
}

/// A module with its app, without brackets in brackets.
fn app_and_module(look: &Look) -> String {
    if look.label.contains('(') {
        format!("{} – {}", look.app_label, look.label)
    } else {
        format!("{} ({})", look.app_label, look.label)
    }
}

/// How a module fared in the report, for badges.
pub fn status_words(status: ReportStatus) -> &'static str {
    match status {
        ReportStatus::Same => t!("Same"),
        ReportStatus::Check => t!("Please check"),
        ReportStatus::Unavailable => t!("Not available"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_read_as_sentences() {
        let filter = json::parse(
            br#"{"conditions":[[{"a":"{{1.status}}","o":"text:equal:ci","b":"paid"},{"a":"{{1.x}}","o":"exist"}],[{"a":"{{1.n}}","b":"3","o":"number:greater"}]]}"#,
        )
        .unwrap();
        assert_eq!(
            filter_lines(&filter),
            ["{{1.status}} is equal to (any case) paid", "and {{1.x}} exists", "or {{1.n}} is greater than (number) 3"]
        );
    }

    #[test]
    fn a_scenario_is_told_in_a_sentence() {
        let file = br#"{"flow":[{"id":1,"module":"x:Y"},{"id":2,"module":"builtin:BasicRouter","routes":[
            {"flow":[{"id":3,"module":"google-sheets:addRow"}]},{"flow":[{"id":4,"module":"email:Send"}]}]}]}"#;
        let text = sentence(&Registry::default(), &Blueprint::parse(file).unwrap(), None);
        assert_eq!(text, "Starting with X (Y), it goes to Google Sheets (Add row) and Email (Send).");
    }

    #[test]
    fn empty_places_are_left_out_and_tools_are_better_than_nothing() {
        let told = |flow: &str| {
            let file = format!(r#"{{"flow":[{flow}]}}"#);
            sentence(&Registry::default(), &Blueprint::parse(file.as_bytes()).unwrap(), None)
        };
        let vacant = r#"{"id":9,"module":"placeholder:Placeholder"}"#;
        let (first, tool) = (r#"{"id":1,"module":"x:Y"}"#, r#"{"id":2,"module":"util:Note"}"#);
        let router = |flow: &str| {
            format!(
                r#"{first},{{"id":3,"module":"builtin:BasicRouter","routes":[{{"flow":[{flow}]}},{{"flow":[{vacant}]}}]}}"#
            )
        };
        assert_eq!(told(""), "This scenario is empty.");
        assert_eq!(told(vacant), "This scenario is empty.");
        assert_eq!(told(first), "It runs X (Y).");
        assert_eq!(told(&router(vacant)), "It runs X (Y).");
        assert_eq!(told(&router(tool)), "Starting with X (Y), it goes to Tools (Note).");
    }

    #[test]
    fn no_brackets_stand_in_brackets() {
        let blueprint = Blueprint::parse(br#"{"flow":[{"id":1,"module":"http:Call"}]}"#).unwrap();
        let mut look = look::of(&Registry::default(), blueprint.modules()[0].module);
        assert_eq!(app_and_module(&look), format!("{} (Call)", look.app_label));
        look.label = "Make a request (legacy)".to_owned();
        assert_eq!(app_and_module(&look), format!("{} – Make a request (legacy)", look.app_label));
    }
}
