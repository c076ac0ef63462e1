//! The texts of a module: its mapper and its filter, compiled and checked.

use rouage_expr::{FilterProblem, Reference, Template};
use rouage_model::blueprint::Module;
use rouage_model::{ModuleId, Text, Value};

use super::Compiler;
use crate::check::{Finding, Reason, against_shape};
use crate::expressions::{Filter, Mapping};
use crate::facts::Kind;
use crate::plan::{NamedFilter, NodeId};
use crate::problem::Severity;

impl Compiler<'_> {
    pub(super) fn texts(&mut self, node: NodeId, module: Module<'_>, previous: Option<NodeId>) {
        let id = self.nodes[node.0].module.id;
        let mark = self.visibility.mark();
        self.show_branches(node, previous);
        self.note_visible(node);
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
        mapping.templates(&mut |path, template| self.look_through(id, path, template));
        mapping
    }

    /// A filter without conditions stops nothing and is none. One that is no
    /// filter at all, as a text in a broken file, lets nothing through.
    pub(super) fn filter(&mut self, id: ModuleId, filter: &Value, field: &str) -> Option<NamedFilter> {
        let conditions = if filter.as_collection().is_some() { filter.field("conditions") } else { filter };
        let name = filter.field("name").as_text().unwrap_or_default().into();
        self.named_filter(id, (name, conditions), field)
    }

    /// The filter of this name, if it has conditions.
    pub(super) fn named_filter(
        &mut self,
        id: ModuleId,
        (name, conditions): (Text, &Value),
        field: &str,
    ) -> Option<NamedFilter> {
        let is_list = conditions.as_array().is_some_and(|conditions| !conditions.is_empty());
        let filter = self.conditions(id, conditions, field);
        (is_list || !filter.is_empty()).then_some(NamedFilter { name, filter })
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
        filter.templates(&mut |template| self.look_through(id, field, template));
        filter
    }

    /// Reports the unknown functions and the references that cannot resolve.
    fn look_through(&mut self, id: ModuleId, field: &str, template: &Template) {
        for name in template.functions() {
            if rouage_expr::find_function(name).is_none() {
                self.report(Some(id), Some(field), Severity::Error, unknown_function(name));
            }
        }
        let finding = |(reference, at), named, reason, suggestion| Finding {
            module: id,
            field: field.to_owned(),
            named,
            reference,
            at,
            reason,
            suggestion,
        };
        let mut found: Vec<Finding> = Vec::new();
        for reference in template.references() {
            if let Some((reason, suggestion)) = self.look_at(&reference) {
                let place = (reference.to_string(), reference.at);
                found.push(finding(place, Some(reference.module), reason, suggestion));
            }
        }
        let names = template.unknown_names().into_iter();
        found.extend(names.map(|place| finding(place, None, Reason::UnknownName, None)));
        for finding in found {
            if finding.reason.severity() == Severity::Warning {
                self.report(Some(id), Some(field), Severity::Warning, finding.to_string());
            }
            self.references.push(finding);
        }
    }

    fn look_at(&self, reference: &Reference) -> Option<(Reason, Option<String>)> {
        let id = reference.module;
        if !self.known.contains(&id) {
            return Some((Reason::NotInScenario, None));
        }
        if !self.visibility.contains(id) {
            return Some((Reason::NotUpstream, None));
        }
        against_shape(reference, self.shapes.get(id)?)
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

fn unknown_function(name: &str) -> String {
    match rouage_expr::suggestion(name) {
        Some(hint) => format!("There is no function {name}(): {hint}"),
        None => format!("There is no function {name}(). Choose one from the list of functions."),
    }
}
