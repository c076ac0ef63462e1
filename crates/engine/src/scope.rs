//! The bundles that a mapping can name at this point of the flow.
//!
//! Execution is depth first, so this is a stack: a node pushes its bundle and
//! whoever comes back to an earlier point cuts the stack to what it was there.

use rouage_model::{OperationId, Value};

use crate::plan::NodeId;

#[derive(Debug, Clone)]
enum Entry {
    Binding(Binding),
    /// What lies between here and the given position is out of sight.
    Curtain(usize),
}

/// A node's current bundle.
#[derive(Debug, Clone)]
struct Binding {
    node: NodeId,
    operation: OperationId,
    bundle: Value,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    entries: Vec<Entry>,
}

/// How many entries a point of the flow sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Base(usize);

impl Scope {
    pub fn base(&self) -> Base {
        Base(self.entries.len())
    }

    pub fn cut(&mut self, base: Base) {
        self.entries.truncate(base.0);
    }

    pub fn push(&mut self, node: NodeId, operation: OperationId, bundle: Value) {
        self.entries.push(Entry::Binding(Binding { node, operation, bundle }));
    }

    /// Puts the nearest bundle of a node and all that came after it out of
    /// sight. They stay on the stack for those who come back to them.
    pub fn hide_from(&mut self, node: NodeId) {
        let entries = self.entries.iter();
        let at = entries.rev().position(|entry| matches!(entry, Entry::Binding(binding) if binding.node == node));
        if let Some(at) = at {
            self.entries.push(Entry::Curtain(self.entries.len() - 1 - at));
        }
    }

    /// The nearest bundle of a node.
    pub fn bundle(&self, node: NodeId) -> Option<&Value> {
        self.visible().find(|binding| binding.node == node).map(|binding| &binding.bundle)
    }

    /// The operation whose bundle is on its way.
    pub fn latest_operation(&self) -> Option<OperationId> {
        self.visible().next().map(|binding| binding.operation)
    }

    /// The node whose bundle is on its way.
    pub fn latest_node(&self) -> Option<NodeId> {
        self.visible().next().map(|binding| binding.node)
    }

    /// All bundles, in sight or not.
    pub fn bundles(&self) -> impl Iterator<Item = &Value> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Binding(binding) => Some(&binding.bundle),
            Entry::Curtain(_) => None,
        })
    }

    /// What can be named here, from the nearest to the farthest; a node once.
    pub fn named(&self) -> impl Iterator<Item = (NodeId, &Value)> {
        let mut seen = std::collections::HashSet::new();
        self.visible().filter(move |binding| seen.insert(binding.node)).map(|binding| (binding.node, &binding.bundle))
    }

    /// From the nearest to the farthest.
    fn visible(&self) -> impl Iterator<Item = &Binding> {
        let mut end = self.entries.len();
        std::iter::from_fn(move || {
            loop {
                end = end.checked_sub(1)?;
                match &self.entries[end] {
                    Entry::Binding(binding) => return Some(binding),
                    Entry::Curtain(from) => end = *from,
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curtain_hides_until_the_scope_is_cut() {
        let mut scope = Scope::default();
        let bind = |scope: &mut Scope, node: usize| scope.push(NodeId(node), OperationId(1), Value::from(node));
        bind(&mut scope, 1);
        bind(&mut scope, 2);
        bind(&mut scope, 3);
        let base = scope.base();
        scope.hide_from(NodeId(2));
        bind(&mut scope, 4);
        let seen = |scope: &Scope| [1, 2, 3, 4].map(|node| scope.bundle(NodeId(node)).is_some());
        assert_eq!(seen(&scope), [true, false, false, true]);
        scope.cut(base);
        assert_eq!(seen(&scope), [true, true, true, false]);
    }
}
