//! The modules of a blueprint as a tree of what follows what.

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

/// A module in the tree. Parents come before their children.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The module.
    pub module: Module<'a>,
    /// Index of the one before it.
    pub parent: Option<usize>,
    /// How it hangs there.
    pub kind: Kind,
    /// Whether its route is switched off.
    pub is_off: bool,
}

/// Levels of nested flows that are followed.
const MOST_LEVELS: usize = 150;

/// Walks all flows in drawing order; loose modules come last.
pub fn build(blueprint: &Blueprint) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let root = blueprint.root();
    add_flow(root.field("flow"), Start { parent: None, kind: Kind::Flow, is_off: false }, 0, &mut entries);
    let orphans = root.field("metadata").field("designer").field("orphans");
    for flow in orphans.as_array().unwrap_or_default() {
        add_flow(flow, Start { parent: None, kind: Kind::Flow, is_off: true }, 0, &mut entries);
    }
    entries
}

#[derive(Clone, Copy)]
struct Start {
    parent: Option<usize>,
    kind: Kind,
    is_off: bool,
}

fn add_flow<'a>(flow: &'a Value, start: Start, level: usize, entries: &mut Vec<Entry<'a>>) {
    if level > MOST_LEVELS {
        return;
    }
    let mut next = start;
    for raw in flow.as_array().unwrap_or_default() {
        let module = Module(raw);
        let is_off = next.is_off || module.is_disabled();
        let index = entries.len();
        entries.push(Entry { module, parent: next.parent, kind: next.kind, is_off });
        let below = |kind, is_off| Start { parent: Some(index), kind, is_off };
        for route in module.routes().iter().chain(module.branches()) {
            let route_off = is_off || route.field("disabled").as_bool() == Some(true);
            add_flow(route.field("flow"), below(Kind::Flow, route_off), level + 1, entries);
        }
        add_flow(raw.field("onerror"), below(Kind::Error, is_off), level + 1, entries);
        for tool in raw.field("tools").as_array().unwrap_or_default() {
            add_flow(tool.field("flow"), below(Kind::Tool, is_off), level + 1, entries);
        }
        next = Start { parent: Some(index), kind: Kind::Flow, is_off: next.is_off };
    }
}
