//! What differs between two states of a scenario, in words: for publishing,
//! and for comparing versions. Places on the canvas do not count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::extract::Path;
use rouage_model::blueprint::{Module, Visited};
use rouage_model::{Blueprint, Collection, ModuleId, ScenarioId, Value, json};
use rouage_sdk::Registry;

use super::answer::{Answer, ok};
use super::draft;
use crate::pages::panels;
use crate::render::Page;
use crate::routes::Permission::SignedIn;
use crate::{Route, look, words};

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/scenarios/{id}/edit/changes", SignedIn, show)]
}

/// Lines that are told of one module.
const MOST_LINES: usize = 30;
/// Values of one module that are compared one by one.
const MOST_VALUES: usize = 2_000;
/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// What happened to a module, or to the scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

impl Kind {
    /// The word in JSON and in class names.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Changed => "changed",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What happened.
    pub kind: Kind,
    /// The module; nothing for the scenario itself.
    pub module: Option<ModuleId>,
    /// Its name for people.
    pub title: String,
    /// What is different, a line each.
    pub fields: Vec<String>,
}

/// A blueprint with its links.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The blueprint.
    pub blueprint: &'a Blueprint,
    /// What stands beside it.
    pub links: &'a Value,
}

/// `GET /scenarios/{id}/edit/changes`: from the live version to the draft.
async fn show(page: Page, Path(id): Path<ScenarioId>) -> Answer {
    let (scenario, draft) = draft::load(&page, id).await?;
    let live = Side { blueprint: &scenario.blueprint, links: &scenario.links };
    let new = Side { blueprint: &draft.blueprint, links: &draft.links };
    let changes = changes(page.app.registry(), live, new);
    let change = |change: &Change| {
        let fields: Vec<Value> = change.fields.iter().map(|line| line.as_str().into()).collect();
        Value::from(Collection::from_iter([
            ("kind", Value::from(change.kind.as_str())),
            ("module", change.module.map(|id| id.0).map_or(Value::Null, Value::from)),
            ("title", change.title.as_str().into()),
            ("fields", fields.into()),
        ]))
    };
    ok(Collection::from_iter([("changes", changes.iter().map(change).collect::<Vec<_>>())]))
}

/// All differences: the new modules, those that are gone, those that changed,
/// each in the order of the flow; the scenario itself last.
pub fn changes(registry: &Registry, old: Side<'_>, new: Side<'_>) -> Vec<Change> {
    let (before, after) = (Modules::of(old.blueprint), Modules::of(new.blueprint));
    let whole = |kind, modules: &Modules<'_>, module: Module<'_>| Change {
        kind,
        module: module.id(),
        title: title(registry, module),
        fields: modules.place(module).into_iter().collect(),
    };
    let missing = |here: &Modules<'_>, there: &Modules<'_>, kind| -> Vec<Change> {
        let gone = here.all.iter().filter(|module| !module.id().is_some_and(|id| there.by_id.contains_key(&id)));
        gone.map(|module| whole(kind, here, *module)).collect()
    };
    let mut found = missing(&after, &before, Kind::Added);
    found.extend(missing(&before, &after, Kind::Removed));
    for module in &after.all {
        let Some(id) = module.id() else { continue };
        let Some(was) = before.by_id.get(&id) else { continue };
        let mut fields = Lines::default();
        compare(&mut fields, registry, *was, *module);
        links(&mut fields, registry, *module, (old.links, new.links));
        if before.places.get(&id) != after.places.get(&id) {
            fields.add(after.place(*module).unwrap_or_else(|| "Moved to another place of the flow".to_owned()));
        }
        if let Some(fields) = fields.finish() {
            found.push(Change { kind: Kind::Changed, module: Some(id), title: title(registry, *module), fields });
        }
    }
    let mut fields = Lines::default();
    scenario(&mut fields, old.blueprint, new.blueprint);
    if before.order(&after) != after.order(&before) {
        fields.add("The order of the modules is another one".to_owned());
    }
    if let Some(fields) = fields.finish() {
        found.push(Change { kind: Kind::Changed, module: None, title: "The scenario".to_owned(), fields });
    }
    found
}

/// The modules of a blueprint, connected or not.
struct Modules<'a> {
    all: Vec<Module<'a>>,
    by_id: HashMap<ModuleId, Module<'a>>,
    places: HashMap<ModuleId, String>,
}

impl<'a> Modules<'a> {
    fn of(blueprint: &'a Blueprint) -> Self {
        let visited = blueprint.modules();
        let place = |visited: &Visited<'_>| Some((visited.module.id()?, panels::place(visited.place)));
        let mut places: HashMap<ModuleId, String> = visited.iter().filter_map(place).collect();
        let mut all: Vec<Module<'a>> = visited.iter().map(|visited| visited.module).collect();
        for loose in blueprint.orphans() {
            places.extend(loose.id().map(|id| (id, "Not connected".to_owned())));
            all.push(loose);
        }
        let by_id = all.iter().filter_map(|module| Some((module.id()?, *module))).collect();
        Self { all, by_id, places }
    }

    /// Where it stands, unless that is the main flow.
    fn place(&self, module: Module<'_>) -> Option<String> {
        self.places.get(&module.id()?).filter(|place| !place.is_empty()).cloned()
    }

    /// The ids that both have, in the order of this one.
    fn order(&self, other: &Modules<'_>) -> Vec<ModuleId> {
        self.all.iter().filter_map(|module| module.id()).filter(|id| other.by_id.contains_key(id)).collect()
    }
}

/// Lines up to a bound.
#[derive(Default)]
struct Lines {
    lines: Vec<String>,
    more: usize,
}

impl Lines {
    fn add(&mut self, line: String) {
        if self.lines.len() < MOST_LINES {
            self.lines.push(line);
        } else {
            self.more += 1;
        }
    }

    fn finish(mut self) -> Option<Vec<String>> {
        if self.more > 0 {
            self.lines.push(format!("and {} more", self.more));
        }
        Some(self.lines).filter(|lines| !lines.is_empty())
    }
}

fn title(registry: &Registry, module: Module<'_>) -> String {
    let look = look::of(registry, module);
    let number = module.id().map(|id| format!(" [{id}]")).unwrap_or_default();
    match module.label() {
        Some(own) => format!("{own} – {}{number}", look.app_label),
        None => format!("{} – {}{number}", look.app_label, look.label),
    }
}

fn compare(lines: &mut Lines, registry: &Registry, was: Module<'_>, is: Module<'_>) {
    if was.0 == is.0 {
        return;
    }
    if (was.name(), was.version()) != (is.name(), is.version()) {
        lines.add(format!("Another module: it was {}", look::of(registry, was).label));
    }
    if was.label() != is.label() {
        lines.add(is.label().map_or("Its own name is gone".to_owned(), |name| format!("Called “{}”", cut(name))));
    }
    if was.is_disabled() != is.is_disabled() {
        lines.add(if is.is_disabled() { "Switched off" } else { "Switched on" }.to_owned());
    }
    let labels = panels::labels(registry, is);
    for (before, after) in [(was.parameters(), is.parameters()), (was.mapper(), is.mapper())] {
        values(lines, before, after, &labels);
    }
    filter(lines, was.filter(), is.filter());
    ways(lines, was, is);
    rest(lines, was, is);
}

/// The values of a form, one by one.
fn values(lines: &mut Lines, before: &Value, after: &Value, labels: &HashMap<String, String>) {
    if before == after {
        return;
    }
    let (old, new) = (leaves(before), leaves(after));
    let names: BTreeSet<&Vec<String>> = old.keys().chain(new.keys()).collect();
    for path in names {
        let label = path_words(path, labels);
        match (old.get(path), new.get(path)) {
            (Some(old), Some(new)) if old != new => {
                lines.add(format!("{label}: “{}” instead of “{}”", cut(new), cut(old)))
            }
            (None, Some(new)) => lines.add(format!("{label}: “{}”", cut(new))),
            (Some(old), None) => lines.add(format!("{label}: empty, it was “{}”", cut(old))),
            _ => {}
        }
    }
}

fn path_words(path: &[String], labels: &HashMap<String, String>) -> String {
    let words = path.iter().enumerate().map(|(level, name)| match labels.get(name) {
        Some(label) if level == 0 => label.as_str(),
        _ => name.as_str(),
    });
    words.collect::<Vec<_>>().join(" › ")
}

/// All values that are not collections themselves, by their path; what is empty
/// is left out.
fn leaves(value: &Value) -> BTreeMap<Vec<String>, String> {
    let mut found = BTreeMap::new();
    let mut open: Vec<(Vec<String>, &Value)> = vec![(Vec::new(), value)];
    while let Some((path, value)) = open.pop() {
        if found.len() >= MOST_VALUES {
            break;
        }
        let below = |name: String| path.iter().cloned().chain([name]).collect::<Vec<_>>();
        match value {
            Value::Collection(inner) => open.extend(inner.iter().map(|(name, value)| (below(name.to_string()), value))),
            // People count from 1.
            Value::Array(items) => {
                open.extend(items.iter().enumerate().map(|(at, item)| (below((at + 1).to_string()), item)));
            }
            Value::Text(text) if !text.is_empty() => drop(found.insert(path, text.to_string())),
            Value::Boolean(yes) => drop(found.insert(path, if *yes { "Yes" } else { "No" }.to_owned())),
            Value::Number(_) => drop(found.insert(path, json::to_string(value))),
            _ => {}
        }
    }
    found
}

fn filter(lines: &mut Lines, before: &Value, after: &Value) {
    let words = |filter: &Value| {
        let name = filter.field("name").as_text().unwrap_or_default().to_owned();
        (name, panels::filter_lines(filter).join(" "))
    };
    let (old, new) = (words(before), words(after));
    let empty = (String::new(), String::new());
    match (old == empty, new == empty) {
        _ if old == new => {}
        (true, _) => lines.add(format!("A filter{}: {}", named(&new.0), cut(&new.1))),
        (_, true) => lines.add(format!("No filter any more{}", named(&old.0))),
        _ if old.1 == new.1 => lines.add(format!("The filter is called “{}”", cut(&new.0))),
        _ => lines.add(format!("Filter{}: {} instead of {}", named(&new.0), cut(&new.1), cut(&old.1))),
    }
}

fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" “{}”", cut(name)) }
}

fn ways(lines: &mut Lines, was: Module<'_>, is: Module<'_>) {
    for (before, after, word) in [(was.routes(), is.routes(), "route"), (was.branches(), is.branches(), "branch")] {
        if before.len() != after.len() {
            let word = if word == "branch" && after.len() != 1 { "branche" } else { word };
            lines.add(format!("{}, it had {}", words::count(after.len() as u64, word), before.len()));
        }
        for (at, (before, after)) in before.iter().zip(after).enumerate() {
            let is_off = |route: &Value| route.field("disabled").as_bool() == Some(true);
            if is_off(before) != is_off(after) {
                let state = if is_off(after) { "off" } else { "on" };
                lines.add(format!("{} {} is switched {state}", words::sentence(word), at + 1));
            }
        }
    }
    if was.error_route().is_empty() != is.error_route().is_empty() {
        lines.add(if is.error_route().is_empty() { "No error route any more" } else { "An error route" }.to_owned());
    }
}

/// What is neither shown nor drawn, but there.
fn rest(lines: &mut Lines, was: Module<'_>, is: Module<'_>) {
    const TOLD: &[&str] = &[
        "parameters",
        "mapper",
        "filter",
        "routes",
        "branches",
        "onerror",
        "tools",
        "metadata",
        "disabled",
        "module",
        "version",
    ];
    let others = |module: Module<'_>| -> BTreeMap<String, Value> {
        let entries = module.0.as_collection().into_iter().flat_map(Collection::iter);
        let others = entries.filter(|(name, _)| !TOLD.contains(&name.as_ref()));
        others.map(|(name, value)| (name.to_string(), value.clone())).collect()
    };
    if others(was) != others(is) {
        lines.add("Other settings of the module".to_owned());
    }
}

/// Accounts and other things of ours that were chosen.
fn links(lines: &mut Lines, registry: &Registry, module: Module<'_>, (before, after): (&Value, &Value)) {
    let Some(id) = module.id() else { return };
    let labels = panels::labels(registry, module);
    let prefix = format!("{id}.");
    let names = [before, after].into_iter().filter_map(Value::as_collection).flat_map(Collection::keys);
    let own: BTreeSet<&str> = names.map(AsRef::as_ref).filter(|name: &&str| name.starts_with(&prefix)).collect();
    for name in own {
        let (old, new) = (before.field(name), after.field(name));
        let field = &name[prefix.len()..];
        let label = labels.get(field).map_or_else(|| link_words(field), String::as_str);
        match (old.is_nothing(), new.is_nothing()) {
            _ if old == new => {}
            (true, false) => lines.add(format!("{label}: chosen")),
            (false, true) => lines.add(format!("{label}: no longer chosen")),
            _ => lines.add(format!("{label}: another choice")),
        }
    }
}

fn link_words(field: &str) -> &'static str {
    match field {
        "__IMTCONN__" | "account" => "Connection",
        "__IMTHOOK__" | "hook" => "Webhook",
        _ => "A choice",
    }
}

fn scenario(lines: &mut Lines, old: &Blueprint, new: &Blueprint) {
    if old.name() != new.name() {
        lines.add(format!("Called “{}”", cut(new.name())));
    }
    let settings = |blueprint: &Blueprint| blueprint.root().field("metadata").field("scenario").clone();
    values(lines, &settings(old), &settings(new), &setting_labels());
    for (name, words) in [("interface", "Its inputs and outputs"), ("scheduling", "When it runs")] {
        if old.root().field(name) != new.root().field(name) {
            lines.add(format!("{words} changed"));
        }
    }
    let texts = |blueprint: &Blueprint| -> Vec<String> {
        crate::diagram::notes(blueprint).into_iter().map(|note| note.text).collect()
    };
    if texts(old) != texts(new) {
        lines.add("The notes changed".to_owned());
    }
}

fn setting_labels() -> HashMap<String, String> {
    let labels = [
        ("roundtrips", "Max number of cycles"),
        ("maxErrors", "Number of consecutive errors"),
        ("autoCommit", "Auto commit"),
        ("autoCommitTriggerLast", "Commit trigger last"),
        ("sequential", "Sequential processing"),
        ("confidential", "Data is confidential"),
        ("dataloss", "Enable data loss"),
        ("dlq", "Store incomplete executions"),
    ];
    labels.into_iter().map(|(name, label)| (name.to_owned(), label.to_owned())).collect()
}

fn cut(text: &str) -> String {
    words::cut(&text.replace(['\n', '\r'], " "), SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(old: &str, new: &str, links: (&str, &str)) -> Vec<(Kind, Option<i64>, Vec<String>)> {
        let parse = |text: &str| Blueprint::parse(text.as_bytes()).unwrap();
        let (old, new) = (parse(old), parse(new));
        let links = (json::parse(links.0.as_bytes()).unwrap(), json::parse(links.1.as_bytes()).unwrap());
        let sides = (Side { blueprint: &old, links: &links.0 }, Side { blueprint: &new, links: &links.1 });
        let found = changes(&Registry::default(), sides.0, sides.1);
        found.into_iter().map(|change| (change.kind, change.module.map(|id| id.0), change.fields)).collect()
    }

    #[test]
    fn a_place_on_the_canvas_is_no_difference() {
        let at = |x: i32| {
            format!(r#"{{"name":"a","flow":[{{"id":1,"module":"a:A","metadata":{{"designer":{{"x":{x},"y":0}}}}}}]}}"#)
        };
        assert_eq!(differences(&at(0), &at(300), ("{}", "{}")), []);
    }

    #[test]
    fn differences_are_told_down_to_the_field() {
        let old =
            r#"{"name":"a","flow":[{"id":1,"module":"a:A","mapper":{"to":"x","list":["a"]}},{"id":2,"module":"b:B"}]}"#;
        let new = r#"{"name":"b","flow":[{"id":1,"module":"a:A","mapper":{"to":"{{2.y}}","list":["a","b"]},"filter":{"name":"Only paid","conditions":[[{"a":"{{1.s}}","o":"text:equal","b":"paid"}]]}},{"id":3,"module":"c:C"}],"metadata":{"scenario":{"dlq":true}}}"#;
        let text = |line: &str| line.to_owned();
        assert_eq!(
            differences(old, new, ("{}", r#"{"1.__IMTCONN__":4}"#)),
            [
                (Kind::Added, Some(3), vec![]),
                (Kind::Removed, Some(2), vec![]),
                (
                    Kind::Changed,
                    Some(1),
                    vec![
                        text("list › 2: “b”"),
                        text("to: “{{2.y}}” instead of “x”"),
                        text("A filter “Only paid”: {{1.s}} is equal to paid"),
                        text("Connection: chosen"),
                    ]
                ),
                (Kind::Changed, None, vec![text("Called “b”"), text("Store incomplete executions: “Yes”")]),
            ]
        );
    }

    #[test]
    fn a_module_that_moved_or_a_switched_route_is_told() {
        let route = |first: &str, second: &str, off: bool| {
            format!(
                r#"{{"flow":[{{"id":1,"module":"builtin:BasicRouter","routes":[{{"flow":[{first}],"disabled":{off}}},{{"flow":[{second}]}}]}}]}}"#
            )
        };
        let module = r#"{"id":2,"module":"a:A"}"#;
        let found = differences(&route(module, "", false), &route("", module, true), ("{}", "{}"));
        assert_eq!(
            found,
            [
                (Kind::Changed, Some(1), vec!["Route 1 is switched off".to_owned()]),
                (Kind::Changed, Some(2), vec!["On route 2 of module 1".to_owned()])
            ]
        );
    }
}
