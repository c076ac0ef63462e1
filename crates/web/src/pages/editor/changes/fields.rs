//! What differs within one module, or in the scenario itself, a line each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rouage_model::blueprint::Module;
use rouage_model::{Blueprint, Collection, Value, json};
use rouage_sdk::Registry;

use super::Lines;
use crate::pages::panels;
use crate::words::t;
use crate::{look, words};

/// Values of one module that are compared one by one.
const MOST_VALUES: usize = 2_000;
/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// How one module differs from what it was.
pub(super) fn compare(lines: &mut Lines, registry: &Registry, was: Module<'_>, is: Module<'_>) {
    if was.0 == is.0 {
        return;
    }
    if (was.name(), was.version()) != (is.name(), is.version()) {
        lines.add(t!("Another module: it was {label}", label = look::of(registry, was).label));
    }
    if was.label() != is.label() {
        lines.add(
            is.label().map_or(t!("Its own name is gone").to_owned(), |name| t!("Called “{cut}”", cut = cut(name))),
        );
    }
    if was.is_disabled() != is.is_disabled() {
        lines.add(if is.is_disabled() { t!("Switched off") } else { t!("Switched on") }.to_owned());
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
                lines.add(t!("{label}: “{cut}” instead of “{other}”", label = label, cut = cut(new), other = cut(old)))
            }
            (None, Some(new)) => lines.add(format!("{label}: “{}”", cut(new))),
            (Some(old), None) => lines.add(t!("{label}: empty, it was “{cut}”", label = label, cut = cut(old))),
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
            Value::Boolean(yes) => drop(found.insert(path, if *yes { t!("Yes") } else { t!("No") }.to_owned())),
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
        (true, _) => lines.add(t!("A filter{named}: {cut}", named = named(&new.0), cut = cut(&new.1))),
        (_, true) => lines.add(t!("No filter any more{named}", named = named(&old.0))),
        _ if old.1 == new.1 => lines.add(t!("The filter is called “{cut}”", cut = cut(&new.0))),
        _ => lines.add(t!(
            "Filter{named}: {cut} instead of {other}",
            named = named(&new.0),
            cut = cut(&new.1),
            other = cut(&old.1)
        )),
    }
}

fn named(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" “{}”", cut(name)) }
}

fn ways(lines: &mut Lines, was: Module<'_>, is: Module<'_>) {
    for (before, after, word) in [(was.routes(), is.routes(), "route"), (was.branches(), is.branches(), "branch")] {
        if before.len() != after.len() {
            let word = if word == "branch" && after.len() != 1 { "branche" } else { word };
            lines.add(t!(
                "{number}, it had {count}",
                number = words::count(after.len() as u64, word),
                count = before.len()
            ));
        }
        for (at, (before, after)) in before.iter().zip(after).enumerate() {
            let is_off = |route: &Value| route.field("disabled").as_bool() == Some(true);
            if is_off(before) != is_off(after) {
                let state = if is_off(after) { "off" } else { "on" };
                lines.add(t!(
                    "{sentence} {at} is switched {state}",
                    sentence = words::sentence(word),
                    at = at + 1,
                    state = state
                ));
            }
        }
    }
    if was.error_route().is_empty() != is.error_route().is_empty() {
        lines.add(
            if is.error_route().is_empty() { t!("No error route any more") } else { t!("An error route") }.to_owned(),
        );
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
        lines.add(t!("Other settings of the module").to_owned());
    }
}

/// Accounts and other things of ours that were chosen.
pub(super) fn links(lines: &mut Lines, registry: &Registry, module: Module<'_>, (before, after): (&Value, &Value)) {
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
            (true, false) => lines.add(t!("{label}: chosen", label = label)),
            (false, true) => lines.add(t!("{label}: no longer chosen", label = label)),
            _ => lines.add(t!("{label}: another choice", label = label)),
        }
    }
}

fn link_words(field: &str) -> &'static str {
    match field {
        "__IMTCONN__" | "account" => t!("Connection"),
        "__IMTHOOK__" | "hook" => t!("Webhook"),
        _ => t!("A choice"),
    }
}

/// What is not of a module: name, settings, interface, notes.
pub(super) fn scenario(lines: &mut Lines, old: &Blueprint, new: &Blueprint) {
    if old.name() != new.name() {
        lines.add(t!("Called “{cut}”", cut = cut(new.name())));
    }
    let settings = |blueprint: &Blueprint| blueprint.root().field("metadata").field("scenario").clone();
    values(lines, &settings(old), &settings(new), &setting_labels());
    for (name, words) in [("interface", t!("Its inputs and outputs")), ("scheduling", t!("When it runs"))] {
        if old.root().field(name) != new.root().field(name) {
            lines.add(t!("{words} changed", words = words));
        }
    }
    let texts = |blueprint: &Blueprint| -> Vec<String> {
        crate::diagram::notes(blueprint).into_iter().map(|note| note.text).collect()
    };
    if texts(old) != texts(new) {
        lines.add(t!("The notes changed").to_owned());
    }
}

fn setting_labels() -> HashMap<String, String> {
    let labels = [
        ("roundtrips", t!("Max number of cycles")),
        ("maxErrors", t!("Number of consecutive errors")),
        ("autoCommit", t!("Auto commit")),
        ("autoCommitTriggerLast", t!("Commit trigger last")),
        ("sequential", t!("Sequential processing")),
        ("confidential", t!("Data is confidential")),
        ("dataloss", t!("Enable data loss")),
        ("dlq", t!("Store incomplete executions")),
    ];
    labels.into_iter().map(|(name, label)| (name.to_owned(), label.to_owned())).collect()
}

fn cut(text: &str) -> String {
    words::cut(&text.replace(['\n', '\r'], " "), SHOWN)
}
