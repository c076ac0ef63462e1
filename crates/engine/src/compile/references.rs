//! The texts of a module: its mapper and its filter, compiled and checked.

use rouage_expr::{FilterProblem, Reference, Template};
use rouage_model::blueprint::Module;
use rouage_model::{ModuleId, Value};

use super::Compiler;
use crate::expressions::{Filter, Mapping};
use crate::facts::Kind;
use crate::plan::{NamedFilter, NodeId};
use crate::problem::Severity;

impl Compiler<'_> {
    pub(super) fn texts(&mut self, node: NodeId, module: Module<'_>, previous: Option<NodeId>) {
        let id = self.nodes[node.0].module.id;
        let mark = self.visibility.mark();
        self.show_branches(node, previous);
        if matches!(module.mapper(), Value::Collection(_)) {
            self.nodes[node.0].mapper = Some(self.mapping(id, module.mapper()));
        }
        self.nodes[node.0].filter = self.filter(id, module.filter(), "filter");
        if self.nodes[node.0].filter.is_some() && previous.is_none() {
            let message = "The first module has a filter, which nothing passes through. It is not used; delete it.";
            self.report(Some(id), Some("filter"), Severity::Warning, message.to_owned());
        }
        self.visibility.restore(mark);
    }

    /// A merge sees the modules of all branches before it, as each column maps
    /// those of its own branch.
    fn show_branches(&mut self, node: NodeId, previous: Option<NodeId>) {
        if self.nodes[node.0].module.kind != Kind::Merge {
            return;
        }
        let Some(branching) = previous else { return };
        for inside in branching.0 + 1..node.0 {
            let id = self.nodes[inside].module.id;
            self.visibility.show(id);
        }
    }

    pub(super) fn mapping(&mut self, id: ModuleId, mapper: &Value) -> Mapping {
        let (mapping, problems) = Mapping::compile(mapper);
        for problem in problems {
            let message = format!("The expression cannot be read: {}", problem.error);
            self.report(Some(id), Some(&problem.path), Severity::Error, message);
        }
        let mut found = Vec::new();
        mapping.templates(&mut |path, template| found.extend(self.look_through(path, template)));
        self.problems.extend(found.into_iter().map(|finding| finding.at(id)));
        mapping
    }

    /// A filter without conditions stops nothing and is none.
    pub(super) fn filter(&mut self, id: ModuleId, filter: &Value, field: &str) -> Option<NamedFilter> {
        let conditions = filter.field("conditions");
        if conditions.as_array().unwrap_or_default().is_empty() {
            return None;
        }
        let name = filter.field("name").as_text().unwrap_or_default().into();
        Some(NamedFilter { name, filter: self.conditions(id, conditions, field) })
    }

    pub(super) fn conditions(&mut self, id: ModuleId, conditions: &Value, field: &str) -> Filter {
        let (filter, problems) = Filter::compile(conditions);
        let mut seen = None;
        for FilterProblem { group, condition, message } in problems {
            let place = (group, condition);
            // An unknown operator is the first thing reported of a condition.
            let is_operator = seen == Some(place) || has_operator(conditions, place);
            seen = Some(place);
            let (severity, what) = match is_operator {
                true => (Severity::Error, "cannot be read"),
                false => (Severity::Warning, "lets nothing through"),
            };
            let message = format!("Condition {} of group {} {what}: {message}", condition + 1, group + 1);
            self.report(Some(id), Some(field), severity, message);
        }
        let mut found = Vec::new();
        filter.templates(&mut |template| found.extend(self.look_through(field, template)));
        self.problems.extend(found.into_iter().map(|finding| finding.at(id)));
        filter
    }

    fn look_through(&self, path: &str, template: &Template) -> Vec<Finding> {
        let unknown = template.functions().into_iter().filter(|name| rouage_expr::find_function(name).is_none());
        let mut found: Vec<Finding> = unknown.map(|name| unknown_function(path, name)).collect();
        let references = template.references();
        found.extend(references.iter().filter_map(|reference| self.look_at(path, reference)));
        let names = template.unknown_names();
        found.extend(names.into_iter().map(|(name, _)| {
            let message = format!(
                "{{{{{name}}}}} names nothing, so it is empty. Put a value from a module or a text in quotes there."
            );
            Finding { field: path.to_owned(), severity: Severity::Warning, message }
        }));
        found
    }

    fn look_at(&self, path: &str, reference: &Reference) -> Option<Finding> {
        let id = reference.module;
        let message = if !self.known.contains(&id) {
            format!(
                "It uses module {id}, which is not in the scenario any more. The value will be empty; map another one."
            )
        } else if !self.visibility.contains(id) {
            format!(
                "It uses module {id}, whose data does not reach this module: it comes later, lies on another route, \
                 or lies between an aggregator and its source. The value will be empty."
            )
        } else {
            return None;
        };
        Some(Finding { field: path.to_owned(), severity: Severity::Warning, message })
    }
}

/// A problem whose module is not known yet.
struct Finding {
    field: String,
    severity: Severity,
    message: String,
}

impl Finding {
    fn at(self, id: ModuleId) -> crate::problem::Problem {
        crate::problem::Problem {
            module: Some(id),
            field: Some(self.field),
            severity: self.severity,
            message: self.message,
        }
    }
}

/// Whether the operator of a condition is one that Make has. Hand-written files
/// sometimes leave the inner list out.
fn has_operator(conditions: &Value, (group, condition): (usize, usize)) -> bool {
    let groups = conditions.as_array().unwrap_or_default();
    let nested = groups.get(group).and_then(Value::as_array).and_then(|group| group.get(condition));
    let found = nested.or(groups.get(condition));
    found.is_some_and(|condition| rouage_expr::is_operator(condition.field("o").as_text().unwrap_or_default()))
}

fn unknown_function(path: &str, name: &str) -> Finding {
    let message = match rouage_expr::suggestion(name) {
        Some(hint) => format!("There is no function {name}(): {hint}"),
        None => format!("There is no function {name}(). Choose one from the list of functions."),
    };
    Finding { field: path.to_owned(), severity: Severity::Error, message }
}
