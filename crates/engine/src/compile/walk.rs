//! The walk over flows, routes, branches and error routes.

use rouage_model::blueprint::{Module, Place};
use rouage_model::{ModuleId, Value};

use super::Compiler;
use crate::facts::Kind;
use crate::plan::{Node, NodeId, PlannedModule, Work};
use crate::problem::Severity;

/// Both ends of a compiled flow.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ends {
    pub first: Option<NodeId>,
    pub last: Option<NodeId>,
}

impl Compiler<'_> {
    /// Compiles a flow that is entered from `inlet`. Depth is bounded by the
    /// depth of the JSON document.
    pub(super) fn flow(&mut self, modules: &[Value], place: Place, inlet: Option<NodeId>) -> Ends {
        let (length, mark) = (self.path.len(), self.visibility.mark());
        let mut ends = Ends { first: None, last: inlet };
        for (position, raw) in modules.iter().enumerate() {
            let node = self.module(Module(raw), place, position, ends.last);
            if position > 0 {
                self.link(ends.last, node);
            }
            ends = Ends { first: ends.first.or(Some(node)), last: Some(node) };
        }
        self.path.truncate(length);
        self.visibility.restore(mark);
        Ends { last: ends.first.and(ends.last), ..ends }
    }

    /// Bundles of `from` go to `to`; the merged branches of an if-else too.
    fn link(&mut self, from: Option<NodeId>, to: NodeId) {
        let Some(from) = from else { return };
        self.nodes[from.0].next = Some(to);
        if matches!(self.nodes[to.0].work, Work::Merge(_)) {
            for tail in self.merged_tails(from) {
                self.nodes[tail.0].next = Some(to);
            }
        }
    }

    /// The last nodes of the merged branches of an if-else.
    fn merged_tails(&self, branching: NodeId) -> Vec<NodeId> {
        let Work::IfElse(branches) = &self.nodes[branching.0].work else { return Vec::new() };
        let merged = branches.iter().filter(|branch| branch.column.is_some());
        merged.filter_map(|branch| branch.first).map(|first| self.tail(first)).collect()
    }

    fn tail(&self, first: NodeId) -> NodeId {
        let mut tail = first;
        while let Some(next) = self.nodes[tail.0].next {
            tail = next;
        }
        tail
    }

    fn module(&mut self, module: Module<'_>, place: Place, position: usize, previous: Option<NodeId>) -> NodeId {
        let id = self.id_of(module);
        let node = NodeId(self.nodes.len());
        self.nodes.push(Node {
            module: PlannedModule {
                id,
                name: module.name().into(),
                version: module.version().unwrap_or(1),
                label: module.label().map(Into::into),
                kind: Kind::Unavailable,
                place,
                position,
                disabled: module.is_disabled(),
                parameters: module.parameters().clone(),
            },
            mapper: None,
            filter: None,
            work: Work::Disabled,
            next: None,
            previous,
            error_route: None,
            aggregators: Vec::new(),
        });
        self.by_id.entry(id).or_insert(node);
        self.kind(node, module);
        self.check_place(node, place);
        self.texts(node, module, previous);
        self.path.push(node);
        self.visibility.show(id);
        self.error_route(node, module);
        self.work(node, module, previous);
        node
    }

    /// Placeholders have no id; they get negative ones, which no blueprint has.
    fn id_of(&mut self, module: Module<'_>) -> ModuleId {
        let Some(id) = module.id() else {
            self.unnamed += 1;
            return ModuleId(-self.unnamed);
        };
        if self.by_id.contains_key(&id) {
            let message =
                format!("Two modules have the id {id}. Give one of them another id; mappings cannot tell them apart.");
            self.report(Some(id), None, Severity::Error, message);
        }
        id
    }

    fn error_route(&mut self, node: NodeId, module: Module<'_>) {
        let id = self.nodes[node.0].module.id;
        self.failing.push(id);
        let route = self.enclosed(|compiler| compiler.flow(module.error_route(), Place::ErrorRoute(id), Some(node)));
        self.failing.pop();
        self.nodes[node.0].error_route = route.first;
    }

    /// Compiles something that no aggregator reaches out of.
    pub(super) fn enclosed<T>(&mut self, compile: impl FnOnce(&mut Self) -> T) -> T {
        let barrier = std::mem::replace(&mut self.barrier, self.path.len());
        let compiled = compile(self);
        self.barrier = barrier;
        compiled
    }

    fn check_place(&mut self, node: NodeId, place: Place) {
        let planned = &self.nodes[node.0].module;
        let (id, name, kind) = (planned.id, planned.name.clone(), planned.kind);
        let is_first = node == NodeId(0) && place == Place::Flow;
        if kind.is_trigger() && !is_first {
            let message = format!(
                "{name} is a trigger and must be the first module of the scenario. Move it there, or replace it by a search or an action."
            );
            self.report(Some(id), None, Severity::Error, message);
        }
        if name.as_ref() == "scenario-service:StartSubscenario" && !is_first {
            let message = "This module starts the scenario and must be its first one. Move it there or delete it.";
            self.report(Some(id), None, Severity::Error, message.to_owned());
        }
        if kind == Kind::Directive && self.failing.is_empty() {
            let message = format!("{name} only makes sense on an error route. Move it there or delete it.");
            self.report(Some(id), None, Severity::Error, message);
        }
        if self.nodes[node.0].module.disabled && is_first {
            let message = "The first module is switched off, so the scenario does nothing. Switch it on.".to_owned();
            self.report(Some(id), None, Severity::Warning, message);
        }
    }
}
