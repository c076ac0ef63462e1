//! A compiled blueprint: what a run walks over. Immutable and shared by all
//! runs of one version of a scenario.

use std::collections::HashMap;

use rouage_model::blueprint::Place;
use rouage_model::scenario::Settings;
use rouage_model::{ModuleId, Text, Value};

use crate::expressions::{Filter, Mapping};
use crate::facts::Kind;
use crate::natives::{Aggregation, Directive, Tool};

/// A compiled blueprint.
#[derive(Debug)]
pub struct Plan {
    pub(crate) nodes: Vec<Node>,
    pub(crate) by_id: ById,
    pub(crate) first: Option<NodeId>,
    pub(crate) name: Text,
    pub(crate) settings: Settings,
    pub(crate) has_errors: bool,
}

/// What is known about one module of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedModule {
    /// Its id. Modules without one (placeholders) get negative ids.
    pub id: ModuleId,
    /// `app:Name`, as written.
    pub name: Text,
    /// The app version; 1 when the blueprint names none.
    pub version: i64,
    /// The user's own name for it.
    pub label: Option<Text>,
    /// How it takes part in the flow.
    pub kind: Kind,
    /// The flow it stands in.
    pub place: Place,
    /// Its position in that flow, from 0.
    pub position: usize,
    /// Whether the user switched it off.
    pub disabled: bool,
    /// Static configuration.
    pub parameters: Value,
}

/// Where the modules are, sorted by their ids: mappings ask for them often.
#[derive(Debug)]
pub(crate) struct ById(Vec<(ModuleId, NodeId)>);

impl ById {
    pub fn new(nodes: HashMap<ModuleId, NodeId>) -> Self {
        let mut sorted: Vec<_> = nodes.into_iter().collect();
        sorted.sort_unstable();
        Self(sorted)
    }

    pub fn get(&self, id: &ModuleId) -> Option<&NodeId> {
        let at = self.0.binary_search_by_key(id, |(id, _)| *id).ok()?;
        self.0.get(at).map(|(_, node)| node)
    }
}

/// A node's place in [`Plan::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub usize);

#[derive(Debug)]
pub(crate) struct Node {
    pub module: PlannedModule,
    /// Nothing when the blueprint maps nothing.
    pub mapper: Option<Mapping>,
    pub filter: Option<NamedFilter>,
    pub work: Work,
    /// Where its bundles go.
    pub next: Option<NodeId>,
    /// Where bundles come from: the raw predecessor, also when it is a router.
    pub previous: Option<NodeId>,
    pub error_route: Option<NodeId>,
    /// Aggregators that gather what one operation of this node sets going, in
    /// document order.
    pub aggregators: Vec<NodeId>,
}

#[derive(Debug)]
pub(crate) struct NamedFilter {
    pub name: Text,
    pub filter: Filter,
}

/// What happens when a bundle arrives.
#[derive(Debug)]
pub(crate) enum Work {
    /// An app does it.
    Call,
    /// Nobody can do it; the text says why.
    Unavailable(Text),
    /// The bundle ends here.
    Disabled,
    Router(Vec<Route>),
    IfElse(Vec<Branch>),
    Merge(Merge),
    Aggregate(Aggregator),
    Tool(Tool),
    Sleep,
    /// The run ends here and gives what was mapped.
    Return,
    Directive(Directive),
}

#[derive(Debug)]
pub(crate) struct Route {
    pub first: Option<NodeId>,
    pub disabled: bool,
    /// Taken only when no other route accepted.
    pub fallback: bool,
}

#[derive(Debug)]
pub(crate) struct Branch {
    pub first: Option<NodeId>,
    pub disabled: bool,
    /// Nothing for "else".
    pub condition: Option<NamedFilter>,
    /// Which of the merge's columns it fills; nothing when it is not merged.
    pub column: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Merge {
    /// The if-else before it.
    pub branching: Option<NodeId>,
    /// One per merged branch.
    pub filters: Vec<Option<NamedFilter>>,
    /// One mapped collection per merged branch; nothing to pass through.
    pub columns: Vec<Mapping>,
}

#[derive(Debug)]
pub(crate) struct Aggregator {
    /// The node whose operation is gathered.
    pub feeder: NodeId,
    pub aggregation: Aggregation,
    pub group_by: Option<Mapping>,
    pub stop_if_empty: bool,
}

impl Plan {
    /// Every module that takes part in runs, in document order.
    pub fn modules(&self) -> impl ExactSizeIterator<Item = &PlannedModule> {
        self.nodes.iter().map(|node| &node.module)
    }

    /// The module with this id.
    pub fn module(&self, id: ModuleId) -> Option<&PlannedModule> {
        self.by_id.get(&id).map(|node| &self.node(*node).module)
    }

    /// The first module, when it is a trigger.
    pub fn trigger(&self) -> Option<&PlannedModule> {
        self.first_module().filter(|module| module.kind.is_trigger())
    }

    /// The first module, whatever it is.
    pub fn first_module(&self) -> Option<&PlannedModule> {
        self.first.map(|first| &self.node(first).module)
    }

    /// The scenario's name.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// The scenario's settings.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Whether data is pushed to its trigger.
    pub fn is_instant(&self) -> bool {
        self.trigger().is_some_and(|trigger| trigger.kind == Kind::InstantTrigger)
    }

    /// Whether an enabled module of this name takes part, as in
    /// `contains("gateway:WebhookRespond")`.
    pub fn contains(&self, module_name: &str) -> bool {
        self.modules().any(|module| module.name.as_ref() == module_name && !module.disabled)
    }

    /// Whether compiling found no error. Unavailable modules and warnings do
    /// not stand in the way.
    pub fn can_be_switched_on(&self) -> bool {
        !self.has_errors && self.first.is_some()
    }

    /// What the mapping of a module reads of others.
    pub fn references(&self, id: ModuleId) -> Vec<rouage_expr::Reference> {
        let mapper = self.by_id.get(&id).and_then(|node| self.node(*node).mapper.as_ref());
        mapper.into_iter().flat_map(Mapping::references).map(|(_, reference)| reference).collect()
    }

    /// The modules whose bundles a mapping in this module can name, nearest
    /// first. Routers give none; what lies between an aggregator and its
    /// source is out of sight behind the aggregator.
    /// A merge also sees the branches before it.
    pub fn upstream(&self, id: ModuleId) -> Vec<ModuleId> {
        let Some(start) = self.by_id.get(&id).copied() else { return Vec::new() };
        let mut found = Vec::new();
        if let Work::Merge(Merge { branching: Some(branching), .. }) = &self.node(start).work {
            found.extend(self.nodes[branching.0 + 1..start.0].iter().rev().map(|node| node.module.id));
        }
        let mut at = self.node(start).previous;
        while let Some(node) = at.map(|at| self.node(at)) {
            if !matches!(node.work, Work::Router(_) | Work::IfElse(_)) {
                found.push(node.module.id);
            }
            at = match &node.work {
                Work::Aggregate(aggregator) => self.node(aggregator.feeder).previous,
                _ => node.previous,
            };
        }
        found
    }

    /// Whether it has the same modules in the same places as another plan, so
    /// that a run may change from one to the other.
    pub(crate) fn has_shape_of(&self, other: &Plan) -> bool {
        let same = |(one, two): (&Node, &Node)| {
            (one.module.id, &one.module.name, one.next, one.error_route, &one.aggregators)
                == (two.module.id, &two.module.name, two.next, two.error_route, &two.aggregators)
        };
        self.nodes.len() == other.nodes.len() && self.nodes.iter().zip(&other.nodes).all(same)
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    pub(crate) fn is_first(&self, id: NodeId) -> bool {
        self.first == Some(id)
    }
}
