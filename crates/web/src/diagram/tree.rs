//! The modules of a blueprint as a tree of what follows what.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rouage_model::blueprint::Module;
use rouage_model::{Blueprint, Value};

/// How a module hangs on the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The next module, or the first of a route or branch.
    Flow,
    /// The first module of an error route.
    Error,
    /// A tool of an agent.
    Tool,
}

/// A module in the tree. Parents come before their children. The editor's
/// scripts have the same tree in `web/scripts/editor/tree.ts`.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// Names it in this document: its id, or `@` and its place when it has none.
    pub key: String,
    /// The module.
    pub module: Module<'a>,
    /// Index of the one before it.
    pub parent: Option<usize>,
    /// How it hangs there.
    pub kind: Kind,
    /// The route or branch of its parent that it begins, from 0.
    pub route: Option<usize>,
    /// Whether it or its route is switched off, or it is loose.
    pub is_off: bool,
    /// Whether it lies on the canvas without being connected.
    pub is_loose: bool,
}

/// Levels of nested flows that are followed.
const MOST_LEVELS: usize = 150;

/// Walks all flows in drawing order; loose modules come last.
pub fn build(blueprint: &Blueprint) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let root = blueprint.root();
    let start = Start { parent: None, kind: Kind::Flow, route: None, is_off: false, is_loose: false };
    add_flow(root.field("flow"), "flow", start, 0, &mut entries);
    let orphans = root.field("metadata").field("designer").field("orphans");
    for (index, flow) in orphans.as_array().unwrap_or_default().iter().enumerate() {
        let path = format!("metadata/designer/orphans/{index}");
        add_flow(flow, &path, Start { is_off: true, is_loose: true, ..start }, 0, &mut entries);
    }
    entries
}

#[derive(Clone, Copy)]
struct Start {
    parent: Option<usize>,
    kind: Kind,
    route: Option<usize>,
    is_off: bool,
    is_loose: bool,
}

fn add_flow<'a>(flow: &'a Value, path: &str, start: Start, level: usize, entries: &mut Vec<Entry<'a>>) {
    if level > MOST_LEVELS {
        return;
    }
    let mut next = start;
    for (position, raw) in flow.as_array().unwrap_or_default().iter().enumerate() {
        if raw.as_collection().is_none() {
            continue;
        }
        let path = format!("{path}/{position}");
        let index = entries.len();
        let entry = entry(raw, &path, next);
        let is_off = entry.is_off;
        entries.push(entry);
        let below = |kind, route, is_off| Start { parent: Some(index), kind, route, is_off, ..next };
        for part in ["routes", "branches"] {
            for (route, value) in raw.field(part).as_array().unwrap_or_default().iter().enumerate() {
                let route_off = is_off || value.field("disabled").as_bool() == Some(true);
                let start = below(Kind::Flow, Some(route), route_off);
                add_flow(value.field("flow"), &format!("{path}/{part}/{route}/flow"), start, level + 1, entries);
            }
        }
        add_flow(
            raw.field("onerror"),
            &format!("{path}/onerror"),
            below(Kind::Error, None, is_off),
            level + 1,
            entries,
        );
        for (tool, value) in raw.field("tools").as_array().unwrap_or_default().iter().enumerate() {
            let start = below(Kind::Tool, None, is_off);
            add_flow(value.field("flow"), &format!("{path}/tools/{tool}/flow"), start, level + 1, entries);
        }
        next = Start { parent: Some(index), kind: Kind::Flow, route: None, ..next };
    }
}

/// Whether it joins the branches of the if-else before it.
pub fn is_merge(entry: &Entry<'_>) -> bool {
    entry.kind == Kind::Flow && entry.route.is_none() && entry.module.name() == "builtin:BasicMerge"
}

/// What the lines into a module come from: the one before it; for a merge the
/// ends of the branches that go on, in their order.
pub fn sources(entries: &[Entry<'_>], index: usize) -> Vec<usize> {
    let entry = &entries[index];
    let Some(parent) = entry.parent else { return Vec::new() };
    if !is_merge(entry) {
        return vec![parent];
    }
    let branches = entries[parent].module.branches();
    let goes_on =
        |route: usize| branches.get(route).is_some_and(|branch| branch.field("merge").as_bool() != Some(false));
    // The end of each branch, by its number: modules stand behind their parents.
    let mut ends: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, other) in entries.iter().enumerate().take(index).skip(parent + 1) {
        if other.kind != Kind::Flow {
            continue;
        }
        match (other.parent, other.route) {
            (Some(before), Some(route)) if before == parent && goes_on(route) => drop(ends.insert(route, at)),
            (Some(before), None) => {
                if let Some(end) = ends.values_mut().find(|end| **end == before) {
                    *end = at;
                }
            }
            _ => {}
        }
    }
    let has_empty = (0..branches.len()).any(|route| goes_on(route) && !ends.contains_key(&route));
    let straight = (has_empty || ends.is_empty()).then_some(parent);
    ends.into_values().chain(straight).collect()
}

fn entry<'a>(raw: &'a Value, path: &str, start: Start) -> Entry<'a> {
    let module = Module(raw);
    let mut key = String::new();
    let _ = match module.id() {
        Some(id) => write!(key, "{id}"),
        None => write!(key, "@{path}"),
    };
    Entry {
        key,
        module,
        parent: start.parent,
        kind: start.kind,
        route: start.route,
        is_off: start.is_off || module.is_disabled(),
        is_loose: start.is_loose,
    }
}
