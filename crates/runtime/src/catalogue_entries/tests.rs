use rouage_engine::{Severity, compile};
use rouage_model::{Blueprint, Collection, Value, json};
use rouage_sdk::{FieldKind, testing};

use super::*;
use crate::catalogue::RegistryCatalogue;

/// What a form writes when a module is added: the default of every field that
/// is shown.
fn defaults(fields: &[Field]) -> Value {
    let given = fields.iter().filter_map(|field| {
        let text = field.default?;
        let value = if field.kind == FieldKind::Boolean { Value::from(text == "true") } else { Value::text(text) };
        Some((field.name, value))
    });
    given.collect::<Collection>().into()
}

fn module(entry: &Entry) -> String {
    let part = |fields: &[Field]| json::to_string(&defaults(fields));
    let (parameters, mapper) = (part(&entry.parameters), part(&entry.mapper));
    // Where a loop begins is the one thing that no default can say.
    let parameters = parameters.replacen('{', r#"{"feeder":1,"#, 1).replace(",}", "}");
    let routes = match entry.kind.as_str() {
        "router" => r#","routes":[{"flow":[]}]"#,
        "if-else" => r#","branches":[{"flow":[]}]"#,
        _ => "",
    };
    format!(
        r#"{{"id":2,"module":{:?},"version":{},"parameters":{parameters},"mapper":{mapper}{routes}}}"#,
        entry.name, entry.version
    )
}

/// A scenario in which the module stands where it belongs.
fn scenario(entry: &Entry) -> String {
    let module = module(entry);
    let first = r#"{"id":1,"module":"builtin:BasicFeeder","version":1,"mapper":{"array":"{{1}}"}"#;
    match entry.kind.as_str() {
        _ if entry.is_first => format!(r#"{{"flow":[{module}]}}"#),
        "directive" => {
            format!(r#"{{"flow":[{first},"onerror":[{module}]}}],"metadata":{{"scenario":{{"dlq":true}}}}}}"#)
        }
        "merge" => {
            let branching = r#"{"id":3,"module":"builtin:BasicIfElse","branches":[{"flow":[],"merge":true}]}"#;
            format!(r#"{{"flow":[{first}}},{branching},{module}]}}"#)
        }
        _ => format!(r#"{{"flow":[{first}}},{module}]}}"#),
    }
}

#[test]
fn a_module_made_of_the_defaults_of_its_entry_compiles() {
    let registry = Registry::default();
    for entry in natives() {
        let text = scenario(&entry);
        let blueprint = Blueprint::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        let compiled = compile(&blueprint, &RegistryCatalogue(&registry));
        let problems = compiled.problems.iter().filter(|problem| problem.module != Some(rouage_model::ModuleId(1)));
        let bad: Vec<_> = problems.filter(|problem| problem.severity >= Severity::Error).collect();
        assert!(bad.is_empty(), "{}: {bad:?}\n{text}", entry.name);
    }
}

#[test]
fn every_native_has_a_form_that_keeps_the_contract_of_the_apps() {
    for entry in natives() {
        let fields = [&entry.parameters, &entry.mapper, &entry.flags];
        assert_eq!(testing::check_module_form(entry.name, &fields), Vec::<String>::new());
        assert!(!entry.synonyms.is_empty() || entry.is_legacy, "{} cannot be found by other words", entry.name);
        let has_form = entry.fields().next().is_some();
        let needs_none = ["router", "if-else", "merge", "directive"].contains(&entry.kind.as_str());
        assert!(has_form || needs_none || entry.is_first, "{} has no fields", entry.name);
    }
}

#[test]
fn the_entries_of_the_engine_and_of_the_apps_do_not_overlap() {
    let mut names: Vec<_> = natives().map(|entry| (entry.name, entry.version)).collect();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    assert_eq!(count, rouage_engine::natives().len());
}
