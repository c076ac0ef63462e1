//! What each module does when a bundle arrives.

use rouage_model::blueprint::{Module, Place};
use rouage_model::{Collection, ModuleId, Value};

use super::Compiler;
use crate::expressions::Mapping;
use crate::facts::Kind;
use crate::natives::{self, Aggregation, Directive, Role, Tool};
use crate::plan::{Aggregator, Branch, Merge, NodeId, Route, Work};
use crate::problem::Severity;

impl Compiler<'_> {
    pub(super) fn kind(&mut self, node: NodeId, module: Module<'_>) {
        let kind = match natives::role(module.name()) {
            Some((kind, _)) => kind,
            None => match self.catalogue.facts(module.name(), module.version()) {
                Some(facts) => facts.kind,
                None => Kind::Unavailable,
            },
        };
        self.nodes[node.0].module.kind = kind;
    }

    pub(super) fn work(&mut self, node: NodeId, module: Module<'_>, previous: Option<NodeId>) {
        let planned = &self.nodes[node.0].module;
        let (id, kind, disabled) = (planned.id, planned.kind, planned.disabled);
        let role = natives::role(module.name()).map(|(_, role)| role);
        let work = match role {
            None if kind == Kind::Unavailable => self.unavailable(id, module),
            None => Work::Call,
            Some(Role::Router) => self.router(node, module),
            Some(Role::IfElse) => self.if_else(node, module),
            Some(Role::Merge) => self.merge(node, module, previous),
            Some(Role::Aggregate(aggregation)) => self.aggregator(node, module, aggregation),
            Some(Role::Tool(tool)) => self.tool(id, module, tool),
            Some(Role::Sleep) => Work::Sleep,
            Some(Role::Return) => Work::Return,
            Some(Role::Directive(directive)) => self.directive(id, directive),
        };
        // A disabled module ends its branch: Make's editor does not let bundles
        // jump over a module whose output later mappings expect.
        self.nodes[node.0].work = if disabled { Work::Disabled } else { work };
    }

    fn unavailable(&mut self, id: ModuleId, module: Module<'_>) -> Work {
        let name = module.name();
        let message = match (name, module.version()) {
            ("" | "placeholder:Placeholder", _) => {
                "This is an empty place. Choose a module for it or delete it.".to_owned()
            }
            (name, None) => format!("The module {name} is not available here. Replace it or switch it off."),
            (name, Some(version)) => {
                format!("The module {name} (version {version}) is not available here. Replace it or switch it off.")
            }
        };
        if !module.is_disabled() {
            self.report(Some(id), None, Severity::Unavailable, message.clone());
        }
        Work::Unavailable(message.into())
    }

    fn tool(&mut self, id: ModuleId, module: Module<'_>, tool: Tool) -> Work {
        if tool == Tool::Increment && module.parameters().field("reset").as_text() == Some("scenario") {
            // A counter that outlives the run is kept by an app.
            if self.catalogue.facts(module.name(), module.version()).is_some() {
                return Work::Call;
            }
            let message = "This counter is never reset in Make. Here it starts again at 1 with every run.".to_owned();
            self.report(Some(id), Some("reset"), Severity::Warning, message);
        }
        Work::Tool(tool)
    }

    fn directive(&mut self, id: ModuleId, directive: Directive) -> Work {
        if directive == Directive::Break && !self.settings.incomplete_executions {
            let message = "Break needs the storing of incomplete executions, which is off for this scenario: an error \
                           here ends the run. Switch it on in the scenario settings."
                .to_owned();
            self.report(Some(id), None, Severity::Warning, message);
        }
        if self.failing.is_empty() {
            return Work::Unavailable("A directive only works on an error route. Move it there or delete it.".into());
        }
        Work::Directive(directive)
    }

    fn router(&mut self, node: NodeId, module: Module<'_>) -> Work {
        let id = self.nodes[node.0].module.id;
        if module.0.field("routes").as_array().is_none() {
            let message = "The router has no list of routes. Open it in the editor and add a route.".to_owned();
            self.report(Some(id), Some("routes"), Severity::Error, message);
        }
        let fallback = integer(module.parameters().field("else")).and_then(|index| usize::try_from(index).ok());
        if fallback.is_some_and(|fallback| fallback >= module.routes().len()) {
            let message = "The fallback route is not one of the router's routes. Choose it again.".to_owned();
            self.report(Some(id), Some("else"), Severity::Warning, message);
        }
        let routes = module.routes().iter().enumerate();
        let routes = routes.map(|(index, route)| Route {
            first: self.route(node, Place::Route(id, index), route),
            disabled: is_disabled(route),
            fallback: fallback == Some(index),
        });
        Work::Router(routes.collect())
    }

    fn route(&mut self, node: NodeId, place: Place, route: &Value) -> Option<NodeId> {
        let Some(flow) = route.field("flow").as_array() else {
            let id = self.nodes[node.0].module.id;
            let message = "One of its ways has no list of modules. Open it in the editor and save it again.".to_owned();
            self.report(Some(id), Some("flow"), Severity::Error, message);
            return None;
        };
        self.flow(flow, place, Some(node)).first
    }

    fn if_else(&mut self, node: NodeId, module: Module<'_>) -> Work {
        let id = self.nodes[node.0].module.id;
        let mut columns = 0..;
        let mut branches = Vec::with_capacity(module.branches().len());
        for (index, branch) in module.branches().iter().enumerate() {
            let condition = self.branch_condition(id, branch);
            let merged = branch.field("merge").as_bool().unwrap_or(false);
            branches.push(Branch {
                first: self.enclosed(|compiler| compiler.route(node, Place::Branch(id, index), branch)),
                disabled: is_disabled(branch),
                condition,
                column: if merged { columns.next() } else { None },
            });
        }
        if branches.is_empty() {
            let message = "The if-else has no branches. Open it in the editor and add one.".to_owned();
            self.report(Some(id), Some("branches"), Severity::Error, message);
        }
        Work::IfElse(branches)
    }

    fn branch_condition(&mut self, id: ModuleId, branch: &Value) -> Option<crate::plan::NamedFilter> {
        if branch.field("type").as_text() == Some("else") {
            return None;
        }
        let name = branch.field("label").as_text().unwrap_or_default().into();
        self.named_filter(id, (name, branch.field("conditions")), "branches")
    }

    fn merge(&mut self, node: NodeId, module: Module<'_>, previous: Option<NodeId>) -> Work {
        let id = self.nodes[node.0].module.id;
        let branching = previous.filter(|previous| matches!(self.nodes[previous.0].work, Work::IfElse(_)));
        let Some(before) = branching else {
            let message = "A merge must come directly after an if-else. Move it there or delete it.".to_owned();
            self.report(Some(id), None, Severity::Error, message.clone());
            return Work::Unavailable(message.into());
        };
        let mark = self.visibility.mark();
        for inside in before.0 + 1..node.0 {
            let inside = self.nodes[inside].module.id;
            self.visibility.show(inside);
        }
        let filters = module.0.field("filters").as_array().unwrap_or_default().iter();
        let filters = filters.map(|filter| self.filter(id, filter, "filters")).collect();
        let columns = self.columns(id, module.0.field("outputs").as_array().unwrap_or_default());
        self.visibility.restore(mark);
        Work::Merge(Merge { branching, filters, columns })
    }

    /// Outputs are written field by field; a run needs them branch by branch.
    fn columns(&mut self, id: ModuleId, outputs: &[Value]) -> Vec<Mapping> {
        let mappings = |output: &Value| output.field("mappings").as_array().map(Vec::from).unwrap_or_default();
        let count = outputs.iter().map(|output| mappings(output).len()).max().unwrap_or(0);
        let mut columns = Vec::with_capacity(count);
        for column in 0..count {
            let fields = outputs.iter().filter_map(|output| {
                Some((output.field("name").as_text()?.to_owned(), mappings(output).get(column)?.clone()))
            });
            let fields = Value::from(fields.collect::<Collection>());
            columns.push(self.mapping(id, &fields));
        }
        columns
    }

    fn aggregator(&mut self, node: NodeId, module: Module<'_>, aggregation: Aggregation) -> Work {
        let id = self.nodes[node.0].module.id;
        let group_by = self.group_by(id, module);
        let stop_if_empty = natives::yes(module.flags().field("stopIfEmpty"));
        let feeder = match self.feeder(node, module) {
            Ok(feeder) => feeder,
            Err(message) => {
                self.report(Some(id), Some("feeder"), Severity::Error, message.clone());
                return Work::Unavailable(message.into());
            }
        };
        self.nodes[feeder.0].aggregators.push(node);
        self.hide_between(feeder, node);
        Work::Aggregate(Aggregator { feeder, aggregation, group_by, stop_if_empty })
    }

    fn group_by(&mut self, id: ModuleId, module: Module<'_>) -> Option<Mapping> {
        let group_by = module.flags().field("groupBy");
        if group_by.is_nothing() || group_by.as_text().is_some_and(str::is_empty) {
            return None;
        }
        let named = Value::from([("groupBy", group_by.clone())].into_iter().collect::<Collection>());
        Some(self.mapping(id, &named))
    }

    fn feeder(&mut self, node: NodeId, module: Module<'_>) -> Result<NodeId, String> {
        let Some(id) = integer(module.parameters().field("feeder")).map(ModuleId) else {
            return Err("The aggregator has no source module. Choose the module whose bundles it gathers.".to_owned());
        };
        let mut before = self.path[self.barrier..].iter().copied().filter(|before| *before != node);
        let found = before.rfind(|before| self.nodes[before.0].module.id == id);
        let Some(feeder) = found else {
            return Err(match self.known.contains(&id) {
                true => format!(
                    "The aggregator's source is module {id}, which does not come before it. Choose one that does."
                ),
                false => {
                    format!("The aggregator's source is module {id}, which is not in the scenario. Choose another.")
                }
            });
        };
        let kind = self.nodes[feeder.0].module.kind;
        if matches!(kind, Kind::Router | Kind::IfElse | Kind::Directive) {
            return Err(format!(
                "The aggregator's source is module {id}, which gives no bundles of its own. Choose another."
            ));
        }
        if !self.visibility.contains(id) {
            let message = format!(
                "Another aggregator before this one gathers what comes from module {id}, so nothing is left for this one."
            );
            let own = self.nodes[node.0].module.id;
            self.report(Some(own), Some("feeder"), Severity::Warning, message);
        }
        Ok(feeder)
    }

    /// After an aggregator neither its source nor anything between is in sight.
    fn hide_between(&mut self, feeder: NodeId, aggregator: NodeId) {
        let from = self.path.iter().rposition(|node| *node == feeder).unwrap_or(self.path.len());
        let hidden = self.path[from..].iter().filter(|node| **node != aggregator);
        let hidden: Vec<ModuleId> = hidden.map(|node| self.nodes[node.0].module.id).collect();
        hidden.into_iter().for_each(|id| self.visibility.hide(id));
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Text(digits) => digits.trim().parse().ok(),
        other => other.as_i64(),
    }
}

fn is_disabled(route: &Value) -> bool {
    route.field("disabled").as_bool().unwrap_or(false)
}
