//! What differs between two states of a scenario, in words: for publishing,
//! and for comparing versions. Places on the canvas do not count.

mod fields;

use std::collections::HashMap;

use axum::extract::Path;
use rouage_model::blueprint::{Module, Visited};
use rouage_model::{Blueprint, Collection, ModuleId, ScenarioId, Value};
use rouage_sdk::Registry;

use super::answer::{Answer, ok};
use super::draft;
use crate::pages::panels;
use crate::render::Page;
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{Route, look};

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/scenarios/{id}/edit/changes", SignedIn, show)]
}

/// Lines that are told of one module.
const MOST_LINES: usize = 30;

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
        let mut lines = Lines::default();
        fields::compare(&mut lines, registry, *was, *module);
        fields::links(&mut lines, registry, *module, (old.links, new.links));
        if before.places.get(&id) != after.places.get(&id) {
            lines.add(after.place(*module).unwrap_or_else(|| t!("Moved to another place of the flow").to_owned()));
        }
        if let Some(fields) = lines.finish() {
            found.push(Change { kind: Kind::Changed, module: Some(id), title: title(registry, *module), fields });
        }
    }
    let mut lines = Lines::default();
    fields::scenario(&mut lines, old.blueprint, new.blueprint);
    if before.order(&after) != after.order(&before) {
        lines.add(t!("The order of the modules is another one").to_owned());
    }
    if let Some(fields) = lines.finish() {
        found.push(Change { kind: Kind::Changed, module: None, title: t!("The scenario").to_owned(), fields });
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
            places.extend(loose.id().map(|id| (id, t!("Not connected").to_owned())));
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
            self.lines.push(t!("and {more} more", more = self.more));
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

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::json;

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
