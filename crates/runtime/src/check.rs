//! The report on a blueprint: what runs as it is, what a person should look
//! at, what is not available. Used by the import page and by
//! `rouage blueprint check`.

use rouage_engine::check::Finding;
use rouage_engine::{Compiled, Problem, Severity, compile_knowing, native};
use rouage_model::blueprint::Module;
use rouage_model::structure::Structure;
use rouage_model::{Blueprint, ModuleId, Value};
use rouage_sdk::guard::{Guard, Refusal};
use rouage_sdk::registry::Found;
use rouage_sdk::{FieldKind, Registry, Spec};

use crate::calls::{account_fields, is_asked_for};
use crate::carried;
use crate::catalogue::RegistryCatalogue;
use crate::known::Known;
use crate::required::{Empty, empty};
use crate::twice::twice;
use crate::{links, shapes, told};

/// How a module fares here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Runs as in Make.
    Same,
    /// Something is to be chosen or looked at.
    Check,
    /// We do not have it: it stays, readable and disabled.
    Unavailable,
}

impl Status {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Same => "same",
            Status::Check => "check",
            Status::Unavailable => "unavailable",
        }
    }
}

/// What a person may choose for a module.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// An account for a parameter; `built_in` when Rouage's own is possible.
    ChooseConnection {
        /// The field.
        field: &'static str,
        /// Types that fit.
        kinds: &'static [&'static str],
        /// Whether "built-in" is a choice.
        built_in: bool,
        /// The name the account had at the other server, if known.
        was: Option<String>,
    },
    /// A webhook for a trigger.
    ChooseHook {
        /// The field.
        field: &'static str,
        /// The name it had.
        was: Option<String>,
    },
    /// A scenario to call.
    ChooseScenario {
        /// The field.
        field: &'static str,
        /// The name it had, if known.
        was: Option<String>,
    },
    /// A data store.
    ChooseDatastore {
        /// The field.
        field: &'static str,
        /// The id it names at the other server; modules that name the same one
        /// share one here.
        id: String,
        /// The name it had, if known.
        was: Option<String>,
        /// What its records look like, if the blueprint tells.
        structure: Option<Structure>,
    },
    /// A data structure; may be left open.
    ChooseStructure {
        /// The field.
        field: &'static str,
        /// The id it names at the other server.
        id: String,
        /// The name it had, if known.
        was: Option<String>,
        /// What it says, if the blueprint tells.
        structure: Option<Structure>,
    },
    /// A spreadsheet.
    ChooseSpreadsheet {
        /// The field.
        field: &'static str,
        /// The id it names.
        id: String,
        /// The title it had, if known.
        was: Option<String>,
        /// The sheet it names, if any.
        sheet: Option<String>,
        /// Column headers, if known, in order.
        headers: Vec<String>,
    },
}

/// The report on one module.
#[derive(Debug, Clone)]
pub struct ModuleReport {
    /// Its id; placeholders have none.
    pub id: Option<ModuleId>,
    /// `app:Name`.
    pub name: String,
    /// The version it names.
    pub version: Option<i64>,
    /// For people.
    pub label: String,
    /// How it fares.
    pub status: Status,
    /// Reasons, one sentence each.
    pub problems: Vec<String>,
    /// Required fields that are empty, a sentence each; among the problems as
    /// well. Every run that comes to the module would fail there.
    pub missing: Vec<String>,
    /// Choices to make.
    pub actions: Vec<Action>,
}

/// The report on a blueprint.
#[derive(Debug, Clone)]
pub struct Report {
    /// One entry a module, in the blueprint's order.
    pub modules: Vec<ModuleReport>,
    /// What concerns the scenario as a whole.
    pub problems: Vec<String>,
    /// The references that cannot resolve. The sure ones are among the
    /// problems of their modules as well.
    pub references: Vec<Finding>,
    /// Whether nothing stands against switching it on.
    pub can_be_switched_on: bool,
}

/// Said of a webhook that was deleted.
pub(crate) const HOOK_GONE: &str = "the webhook does not exist any more: choose another one";

/// Apps whose accounts Rouage can stand in for.
pub fn has_built_in(kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| matches!(*kind, "google" | "smtp"))
}

/// Checks a blueprint with the links chosen so far.
pub fn check(registry: &Registry, blueprint: &Blueprint, links: &Value) -> Report {
    check_knowing(registry, blueprint, links, &|_| Value::Undefined, &Ground::default())
}

/// What is known beside the blueprint, as far as there is somebody who knows.
#[derive(Default)]
pub(crate) struct Ground<'a> {
    /// What links may name.
    pub known: Option<&'a Known>,
    /// Which addresses may be called.
    pub guard: Option<&'a Guard>,
}

/// Checks a blueprint when it is known what webhooks have learned, and more.
pub(crate) fn check_knowing(
    registry: &Registry,
    blueprint: &Blueprint,
    links: &Value,
    learned: shapes::Learned<'_>,
    ground: &Ground<'_>,
) -> Report {
    let linked = links::apply(blueprint, links);
    let shapes = shapes::of(registry, &linked, links, learned);
    let Compiled { problems, references, .. } = compile_knowing(&linked, &RegistryCatalogue(registry), &shapes);
    let visited = linked.modules();
    let mut modules: Vec<_> = visited
        .iter()
        .map(|visited| {
            let id = visited.module.id();
            let own = problems.iter().filter(|problem| id.is_some() && problem.module == id);
            check_module(registry, visited.module, (links, ground.known), own)
        })
        .collect();
    add_fields(registry, &linked, ground.guard, &mut modules);
    carried::share(&mut modules);
    let general = problems.iter().filter(|problem| problem.module.is_none());
    Report {
        modules,
        problems: general.map(|problem| problem.message.clone()).collect(),
        references,
        can_be_switched_on: problems.iter().all(|problem| problem.severity != Severity::Error),
    }
}

fn check_module<'a>(
    registry: &Registry,
    module: Module<'_>,
    chosen: (&Value, Option<&Known>),
    problems: impl Iterator<Item = &'a Problem>,
) -> ModuleReport {
    let mut report = ModuleReport {
        id: module.id(),
        name: module.name().to_owned(),
        version: module.version(),
        label: module.name().to_owned(),
        status: Status::Same,
        problems: Vec::new(),
        missing: Vec::new(),
        actions: Vec::new(),
    };
    if let Some(info) = native(module.name()) {
        report.label = info.label.to_owned();
    } else {
        match registry.find(module.name(), module.version()) {
            Found::Same(found) => add_actions(&mut report, module, found.spec(), chosen),
            other => report_missing(&mut report, module, &other),
        }
    }
    for problem in problems {
        let status = match problem.severity {
            Severity::Info => Status::Same,
            Severity::Warning | Severity::Error => Status::Check,
            Severity::Unavailable => Status::Unavailable,
        };
        report.status = report.status.max(status);
        if problem.severity != Severity::Unavailable || report.problems.is_empty() {
            report.problems.push(problem.message.clone());
        }
    }
    report
}

/// Adds what is wrong with the fields of modules that can come to run.
fn add_fields(registry: &Registry, linked: &Blueprint, guard: Option<&Guard>, modules: &mut [ModuleReport]) {
    let enabled = linked.enabled_modules();
    let mut twice = twice(&enabled);
    for (visited, id) in enabled.iter().filter_map(|visited| Some((visited, visited.module.id()?))) {
        let Some(report) = modules.iter_mut().find(|report| report.id == Some(id)) else { continue };
        let Empty { fails, doubtful } = empty(registry, visited.module);
        let told = twice.extract_if(.., |(module, _)| *module == id).map(|(_, text)| text);
        report.problems.extend(fails.iter().cloned().chain(doubtful).chain(told));
        report.problems.extend(guard.into_iter().flat_map(|guard| own_network(registry, visited.module, guard)));
        report.missing = fails;
        if !report.problems.is_empty() {
            report.status = report.status.max(Status::Check);
        }
    }
}

/// Addresses of a module that the guard will refuse, a sentence each.
fn own_network(registry: &Registry, module: Module<'_>, guard: &Guard) -> Vec<String> {
    let Found::Same(found) = registry.find(module.name(), module.version()) else { return Vec::new() };
    let (spec, mut told) = (found.spec(), Vec::new());
    for (fields, values) in [(&spec.parameters, module.parameters()), (&spec.mapper, module.mapper())] {
        for field in fields.iter().filter(|field| field.kind == FieldKind::Url) {
            let written = values.field(field.name).as_text().unwrap_or_default();
            if let Some(Refusal::Address { address, rule, .. }) = guard.foresee(written) {
                let advice = told::own_network(&address.to_string());
                told.push(format!("“{}” is not a public address ({rule}). {advice}", field.label));
            }
        }
    }
    told
}

fn report_missing(report: &mut ModuleReport, module: Module<'_>, found: &Found<'_>) {
    report.status = Status::Unavailable;
    let name = module.name();
    report.problems.push(match found {
        _ if module.app() == "placeholder" || name.is_empty() => "an empty place in the scenario".to_owned(),
        Found::OtherVersions(versions) => {
            let versions: Vec<_> = versions.iter().map(ToString::to_string).collect();
            let wanted = module.version().map_or("no version".to_owned(), |version| format!("version {version}"));
            format!("the blueprint has {wanted} of {name}; here is version {}", versions.join(" and "))
        }
        _ => format!("Rouage has no module {name} yet; it stays as it is, and runs end before it"),
    });
}

fn add_actions(report: &mut ModuleReport, module: Module<'_>, spec: &Spec, (links, known): (&Value, Option<&Known>)) {
    spec.label.clone_into(&mut report.label);
    let Some(id) = module.id() else { return };
    let is_gone = |name: &str| {
        let field = spec.parameters.iter().chain(&spec.mapper).find(|field| field.name == name);
        let known = known.zip(field).zip(links::get(links, id, name));
        known.is_some_and(|((known, field), link)| !known.has(&field.kind, link))
    };
    let linked = |name: &str| links::get(links, id, name).is_some() && !is_gone(name);
    for (field, kinds, is_connection) in account_fields(spec) {
        let asked = spec.parameters.iter().filter(|known| is_asked_for(known, spec, module.parameters()));
        let Some(asked) = asked.into_iter().find(|known| known.name == field) else { continue };
        let required = asked.required;
        let built_in = is_connection && has_built_in(kinds);
        if linked(field) || !(required || is_gone(field) || module.parameters().get(field).is_some()) {
            continue;
        }
        let was = restore_label(module, field);
        let account = was.as_deref().map_or(String::new(), |name| format!(" (it was {name:?})"));
        let built_in_text = if built_in { ", or use the built-in one" } else { "" };
        if is_gone(field) {
            report.problems.push("the account is not there any more, or of another type".to_owned());
        }
        report.problems.push(format!("choose an account{account}{built_in_text}"));
        report.actions.push(Action::ChooseConnection { field, kinds, built_in, was });
    }
    for field in spec.parameters.iter().chain(&spec.mapper) {
        match field.kind {
            FieldKind::Hook(_) if is_gone(field.name) => {
                report.problems.push(HOOK_GONE.to_owned());
                report.actions.push(Action::ChooseHook { field: field.name, was: None });
            }
            FieldKind::Hook(_) if !linked(field.name) => {
                let was = restore_label(module, field.name);
                // A module that was made here has none to replace.
                let is_new = was.is_none() && module.parameters().field(field.name).is_nothing();
                report.problems.push(match is_new {
                    true => "create a webhook, or choose one".to_owned(),
                    false => "the webhook gets a new address here: enter it at the sender".to_owned(),
                });
                report.actions.push(Action::ChooseHook { field: field.name, was });
            }
            FieldKind::Scenario if !linked(field.name) => {
                let was = restore_label(module, field.name);
                let name = was.as_deref().map_or(String::new(), |name| format!(" (it was {name:?})"));
                if is_gone(field.name) {
                    report.problems.push("the scenario to call is not there any more".to_owned());
                }
                report.problems.push(format!("choose the scenario to call{name}"));
                report.actions.push(Action::ChooseScenario { field: field.name, was });
            }
            FieldKind::Datastore if !linked(field.name) => {
                if is_gone(field.name) {
                    report.problems.push("the data store is not there any more: choose another one".to_owned());
                }
                carried::add_datastore(report, module, field.name);
            }
            FieldKind::Structure if !linked(field.name) => carried::add_structure(report, module, field.name),
            FieldKind::Spreadsheet if !linked(field.name) => add_spreadsheet(report, module, field.name),
            _ => {}
        }
    }
    // Without a data structure a module runs as well: it takes what comes.
    if report.actions.iter().any(|action| !matches!(action, Action::ChooseStructure { .. })) {
        report.status = Status::Check;
    }
}

fn add_spreadsheet(report: &mut ModuleReport, module: Module<'_>, field: &'static str) {
    let value = match module.mapper().field(field) {
        Value::Undefined => module.parameters().field(field),
        value => value,
    };
    let Some(text) = value.as_text().filter(|text| !text.is_empty() && !text.contains("{{")) else { return };
    let id = text.rsplit('/').next().unwrap_or(text).to_owned();
    let was = restored(module, field).field("path").as_array().and_then(|path| path.last().cloned());
    let was = was.as_ref().and_then(Value::as_text).map(ToOwned::to_owned);
    let sheet = match module.mapper().field("sheetId") {
        Value::Undefined => module.parameters().field("sheetId"),
        sheet => sheet,
    };
    let sheet = sheet.as_text().filter(|sheet| !sheet.contains("{{"));
    report.problems.push(format!(
        "choose the spreadsheet{}",
        was.as_deref().map_or(String::new(), |title| format!(" (it was {title:?})"))
    ));
    report.actions.push(Action::ChooseSpreadsheet {
        field,
        id,
        was,
        sheet: sheet.map(ToOwned::to_owned),
        headers: headers(module),
    });
}

/// The entry that Make's editor kept for a field, to show names for ids.
fn restored<'a>(module: Module<'a>, field: &str) -> &'a Value {
    let restore = module.0.field("metadata").field("restore");
    [restore.field("expect"), restore.field("parameters"), restore]
        .into_iter()
        .map(|part| part.field(field))
        .find(|entry| entry.as_collection().is_some())
        .unwrap_or(&Value::Undefined)
}

pub(crate) fn restore_label(module: Module<'_>, field: &str) -> Option<String> {
    let label = restored(module, field).field("label").as_text()?;
    (!label.is_empty()).then(|| label.to_owned())
}

/// Column headers as Make's editor labelled them: `Order (E)`.
fn headers(module: Module<'_>) -> Vec<String> {
    let metadata = module.0.field("metadata");
    let fields = metadata.field("expect").as_array().unwrap_or_default();
    let values = fields.iter().find(|field| field.field("name").as_text() == Some("values"));
    let nested = restored(module, "includesHeaders").field("nested").as_array().unwrap_or_default();
    let nested = nested.iter().find(|field| field.field("name").as_text() == Some("values"));
    let columns = nested.or(values).map(|values| values.field("spec").as_array().unwrap_or_default());
    let columns = columns.unwrap_or_default();
    let labels = columns.iter().map(|column| column.field("label").as_text().unwrap_or_default());
    let headers: Vec<_> = labels.map(|label| label.rsplit_once(" (").map(|(header, _)| header.to_owned())).collect();
    headers.into_iter().map(Option::unwrap_or_default).collect()
}
