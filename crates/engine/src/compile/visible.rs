//! Which modules' output can be mapped where, for those who write mappings. It
//! is the compiler's own walk, noted down as it goes.

use std::collections::BTreeMap;

use rouage_model::ModuleId;
use rouage_model::blueprint::Blueprint;

use super::Compiler;
use crate::check::Shapes;
use crate::facts::{Catalogue, Kind};
use crate::plan::NodeId;

/// Modules that are noted for one module; those farther away are left out.
const MOST: usize = 500;

/// What each module sees of the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visible {
    /// By module: those whose bundles can be mapped in it and in the filter
    /// before it, nearest last.
    pub modules: BTreeMap<ModuleId, Vec<ModuleId>>,
    /// By module on an error route: the modules that failed, of which nothing
    /// but `error` can be mapped there.
    pub failed: BTreeMap<ModuleId, Vec<ModuleId>>,
}

/// What each module of a blueprint sees.
pub fn visible(blueprint: &Blueprint, catalogue: &dyn Catalogue) -> Visible {
    let shapes = Shapes::none();
    let mut compiler = Compiler::new(blueprint, catalogue, &shapes);
    compiler.seen = Some(Visible::default());
    compiler.walk(blueprint);
    compiler.seen.unwrap_or_default()
}

impl Compiler<'_> {
    pub(super) fn note_visible(&mut self, node: NodeId) {
        let Some(mut seen) = self.seen.take() else { return };
        let id = self.nodes[node.0].module.id;
        if id >= ModuleId(0) && !seen.modules.contains_key(&id) {
            seen.modules.insert(id, self.visible_now());
            if !self.failing.is_empty() {
                seen.failed.insert(id, self.failing.clone());
            }
        }
        self.seen = Some(seen);
    }

    /// What gives bundles of its own, in the order of the flow.
    fn visible_now(&self) -> Vec<ModuleId> {
        let gives = |id: ModuleId| {
            let node = *self.by_id.get(&id)?;
            let kind = self.nodes[node.0].module.kind;
            let has_output = !matches!(kind, Kind::Router | Kind::IfElse | Kind::Directive);
            (has_output && id >= ModuleId(0)).then_some((node, id))
        };
        let mut found: Vec<(NodeId, ModuleId)> = self.visibility.iter().filter_map(gives).collect();
        found.sort_unstable();
        let far = found.len().saturating_sub(MOST);
        found.into_iter().skip(far).map(|(_, id)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;

    struct Actions;

    impl Catalogue for Actions {
        fn facts(&self, module: &str, _version: Option<i64>) -> Option<Facts> {
            module.starts_with("act:").then_some(Facts { kind: Kind::Action })
        }
    }

    fn seen(flow: &str) -> Visible {
        let blueprint = Blueprint::parse(format!(r#"{{"flow":{flow}}}"#).as_bytes()).unwrap();
        visible(&blueprint, &Actions)
    }

    fn of(found: &BTreeMap<ModuleId, Vec<ModuleId>>, id: i64) -> Vec<i64> {
        found.get(&ModuleId(id)).into_iter().flatten().map(|id| id.0).collect()
    }

    #[test]
    fn routers_give_nothing_and_routes_do_not_see_each_other() {
        let seen = seen(
            r#"[{"id":1,"module":"act:A"},{"id":2,"module":"builtin:BasicRouter","routes":[
                {"flow":[{"id":3,"module":"act:B"},{"id":4,"module":"act:C"}]},{"flow":[{"id":5,"module":"act:D"}]}]}]"#,
        );
        assert!(of(&seen.modules, 1).is_empty());
        assert_eq!(of(&seen.modules, 4), [1, 3]);
        assert_eq!(of(&seen.modules, 5), [1]);
    }

    #[test]
    fn an_aggregator_sees_what_it_hides_from_those_after_it() {
        let seen = seen(
            r#"[{"id":1,"module":"act:A"},{"id":2,"module":"builtin:BasicFeeder"},{"id":3,"module":"act:B"},
                {"id":4,"module":"builtin:BasicAggregator","parameters":{"feeder":2}},{"id":5,"module":"act:C"}]"#,
        );
        assert_eq!(of(&seen.modules, 4), [1, 2, 3]);
        assert_eq!(of(&seen.modules, 5), [1, 4]);
    }

    #[test]
    fn an_error_route_sees_the_error_of_the_module_that_failed() {
        let seen = seen(
            r#"[{"id":1,"module":"act:A"},{"id":2,"module":"act:B","onerror":[{"id":3,"module":"act:C"},
                {"id":4,"module":"builtin:Ignore"}]},{"id":5,"module":"act:D"}]"#,
        );
        assert_eq!((of(&seen.modules, 3), of(&seen.failed, 3)), (vec![1, 2], vec![2]));
        assert_eq!((of(&seen.modules, 4), of(&seen.failed, 4)), (vec![1, 2, 3], vec![2]));
        assert_eq!((of(&seen.modules, 5), of(&seen.failed, 5)), (vec![1, 2], vec![]));
    }

    #[test]
    fn a_merge_sees_the_branches_before_it_and_hides_them() {
        let seen = seen(
            r#"[{"id":1,"module":"act:A"},{"id":2,"module":"builtin:BasicIfElse","branches":[
                {"type":"condition","merge":true,"conditions":[],"flow":[{"id":3,"module":"act:B"}]},
                {"type":"else","merge":true,"flow":[{"id":4,"module":"act:C"}]}]},
                {"id":5,"module":"builtin:BasicMerge","outputs":[]},{"id":6,"module":"act:D"}]"#,
        );
        assert_eq!(of(&seen.modules, 5), [1, 3, 4]);
        assert_eq!(of(&seen.modules, 6), [1, 5]);
    }
}
