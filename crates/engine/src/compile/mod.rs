//! From a blueprint to a plan. Never fails: what cannot run becomes a node
//! that says so, and everything that is wrong is reported.

mod references;
mod visibility;
mod visible;
mod walk;
mod work;

use std::collections::{HashMap, HashSet};

use rouage_model::ModuleId;
use rouage_model::blueprint::{Blueprint, Place};
use rouage_model::scenario::Settings;

use crate::check::{Finding, Shapes};
use crate::facts::Catalogue;
use crate::plan::{ById, Node, NodeId, Plan};
use crate::problem::{Problem, Severity};
use visibility::Visibility;

pub use visible::{Visible, visible};

/// A plan and what is wrong with its blueprint.
#[derive(Debug)]
pub struct Compiled {
    /// What runs.
    pub plan: Plan,
    /// In document order.
    pub problems: Vec<Problem>,
    /// The references that cannot resolve; each is a problem as well.
    pub references: Vec<Finding>,
}

/// Compiles a blueprint.
pub fn compile(blueprint: &Blueprint, catalogue: &dyn Catalogue) -> Compiled {
    compile_knowing(blueprint, catalogue, &Shapes::none())
}

/// Compiles a blueprint, and checks its references against what is known of
/// the modules' outputs.
pub fn compile_knowing(blueprint: &Blueprint, catalogue: &dyn Catalogue, shapes: &Shapes) -> Compiled {
    let mut compiler = Compiler::new(blueprint, catalogue, shapes);
    let first = compiler.walk(blueprint);
    if first.is_none() {
        compiler.report(None, None, Severity::Error, "The scenario has no modules. Add one to begin.".to_owned());
    }
    compiler.finish(blueprint, first)
}

struct Compiler<'a> {
    catalogue: &'a dyn Catalogue,
    shapes: &'a Shapes,
    references: Vec<Finding>,
    settings: Settings,
    /// Ids anywhere in the file.
    known: HashSet<ModuleId>,
    nodes: Vec<Node>,
    by_id: HashMap<ModuleId, NodeId>,
    problems: Vec<Problem>,
    /// The nodes before this point of the flow, routers included.
    path: Vec<NodeId>,
    /// Where in `path` the current error route or branch of an if-else begins:
    /// aggregators do not reach beyond it.
    barrier: usize,
    /// The modules whose error routes enclose this point.
    failing: Vec<ModuleId>,
    visibility: Visibility,
    /// What each module sees, when somebody asks for it.
    seen: Option<Visible>,
    /// How many modules had no id of their own.
    unnamed: i64,
}

impl<'a> Compiler<'a> {
    fn new(blueprint: &Blueprint, catalogue: &'a dyn Catalogue, shapes: &'a Shapes) -> Self {
        let visited = blueprint.modules();
        Self {
            catalogue,
            shapes,
            references: Vec::new(),
            settings: blueprint.settings(),
            known: visited.iter().filter_map(|visited| visited.module.id()).collect(),
            nodes: Vec::with_capacity(visited.len()),
            by_id: HashMap::with_capacity(visited.len()),
            problems: Vec::new(),
            path: Vec::new(),
            barrier: 0,
            failing: Vec::new(),
            visibility: Visibility::default(),
            seen: None,
            unnamed: 0,
        }
    }

    fn walk(&mut self, blueprint: &Blueprint) -> Option<NodeId> {
        let flow = blueprint.root().field("flow").as_array().unwrap_or_default();
        self.flow(flow, Place::Flow, None).first
    }

    fn report(&mut self, module: Option<ModuleId>, field: Option<&str>, severity: Severity, message: String) {
        self.problems.push(Problem { module, field: field.map(str::to_owned), severity, message });
    }

    fn finish(self, blueprint: &Blueprint, first: Option<NodeId>) -> Compiled {
        let has_errors = self.problems.iter().any(|problem| problem.severity == Severity::Error);
        let plan = Plan {
            nodes: self.nodes,
            by_id: ById::new(self.by_id),
            first,
            name: blueprint.name().into(),
            settings: self.settings,
            has_errors,
        };
        Compiled { plan, problems: self.problems, references: self.references }
    }
}
