//! The contract that every app and every form must keep, checked by tests.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use rouage_model::{Collection, Value};

use crate::params;
use crate::registry::App;
use crate::spec::{Field, FieldKind, Kind, Shown, Spec};

/// Everything in which the apps do not keep the contract: names are sorted,
/// unique and belong to their app; everything has a label and a sentence;
/// icons and colours are set; every form is one that [`check_form`] accepts.
pub fn check_specs(apps: &[App]) -> Vec<String> {
    let mut problems = Vec::new();
    let names: Vec<&str> = apps.iter().map(|app| app.name).collect();
    if !names.is_sorted() {
        problems.push(format!("the apps are not sorted: {names:?}"));
    }
    let mut seen = BTreeSet::new();
    for app in apps {
        check_app(app, &mut problems);
        for spec in app.modules.iter().map(|module| module.spec()) {
            if !seen.insert((spec.name, spec.version)) {
                problems.push(format!("{} version {} exists twice", spec.name, spec.version));
            }
        }
    }
    problems
}

fn check_app(app: &App, problems: &mut Vec<String>) {
    let color = app
        .color
        .strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if app.label.is_empty() || app.icon.is_empty() || !color {
        problems.push(format!("app {} lacks a label, an icon or a #rrggbb colour", app.name));
    }
    for module in &app.modules {
        check_spec(app.name, module.spec(), problems);
    }
    for connection in &app.connections {
        if connection.label.is_empty() || connection.help.is_empty() {
            problems.push(format!("connection {} lacks a label or help", connection.kind));
        }
        problems.extend(check_form(connection.kind, &[&connection.fields, &connection.secrets]));
    }
}

fn check_spec(app: &str, spec: &Spec, problems: &mut Vec<String>) {
    if spec.app() != app || !spec.name.contains(':') {
        problems.push(format!("{} is not named {app}:…", spec.name));
    }
    if spec.label.is_empty() || spec.description.is_empty() {
        problems.push(format!("{} lacks a label or a description", spec.name));
    }
    if spec.starts.is_empty() == (spec.kind == Kind::PollingTrigger) {
        problems.push(format!("{}: polling triggers, and only they, say where they can begin", spec.name));
    }
    if !spec.description.ends_with('.') {
        problems.push(format!("{}: the description is no sentence: {:?}", spec.name, spec.description));
    }
    problems.extend(check_module_form(spec.name, &[&spec.parameters, &spec.mapper]));
    check_fields(spec.name, &spec.output, problems);
}

/// As [`check_form`] for the form of a module, in which every field also has a
/// sentence of help: whoever fills it in may never have seen the service.
pub fn check_module_form(place: &str, lists: &[&Vec<Field>]) -> Vec<String> {
    let mut problems = check_form(place, lists);
    let silent = lists.iter().copied().flatten().filter(|field| field.help.is_empty());
    problems.extend(silent.map(|field| format!("{place}, field {:?} has no help", field.name)));
    problems
}

/// Everything that is wrong with a form of one or more lists of fields: names
/// are unique and fields have labels; help is a sentence; defaults fit; what
/// must be filled in can be seen; conditions name fields and values that exist.
pub fn check_form(place: &str, lists: &[&Vec<Field>]) -> Vec<String> {
    let mut problems = Vec::new();
    for list in lists {
        check_fields(place, list, &mut problems);
        check_conditions(place, list, lists, &mut problems);
    }
    problems
}

fn check_fields(place: &str, fields: &[Field], problems: &mut Vec<String>) {
    let mut names = BTreeSet::new();
    for field in fields {
        let place = format!("{place}, field {:?}", field.name);
        if !names.insert(field.name) {
            problems.push(format!("{place} exists twice"));
        }
        problems.extend(faults(field).into_iter().map(|fault| format!("{place} {fault}")));
        if let FieldKind::Array(inner) | FieldKind::Collection(inner) = &field.kind {
            check_fields(&place, inner, problems);
        }
    }
}

/// What is wrong with a field by itself.
fn faults(field: &Field) -> Vec<String> {
    let mut faults = Vec::new();
    if field.label.is_empty() && !field.name.is_empty() {
        faults.push("has no label".to_owned());
    }
    if !field.help.is_empty() && !field.help.ends_with(['.', '?']) {
        faults.push(format!("has help that is no sentence: {:?}", field.help));
    }
    if field.default.is_some()
        && let Err(error) =
            params::validate(std::slice::from_ref(field), &Value::from(Collection::new()), &TimeZone::UTC)
    {
        faults.push(format!("has a default that does not fit: {:?}", error.details));
    }
    if field.required && field.advanced && field.default.is_none() {
        faults.push("is required, but hidden under advanced settings without a default".to_owned());
    }
    if field.is_dynamic && !matches!(field.kind, FieldKind::Collection(_)) {
        faults.push("is dynamic, but no collection".to_owned());
    }
    if let FieldKind::Select(options) = &field.kind {
        let values: BTreeSet<_> = options.iter().map(|(value, _)| value).collect();
        if values.len() != options.len() || options.iter().any(|(_, label)| label.is_empty()) {
            faults.push("has options without a label, or twice the same".to_owned());
        }
        if field.unoffered.iter().any(|value| !values.contains(value) || field.default == Some(*value)) {
            faults.push("does not offer an option that it does not have, or its default".to_owned());
        }
    }
    faults
}

/// Conditions of a list of fields; `form` is where they may look as well.
fn check_conditions(place: &str, fields: &[Field], form: &[&Vec<Field>], problems: &mut Vec<String>) {
    for field in fields {
        if let Some(shown) = &field.shown {
            let siblings = fields.iter().filter(|other| other.name != field.name);
            let other = siblings.chain(form.iter().copied().flatten()).find(|other| other.name == shown.field);
            if let Err(fault) = check_condition(shown, other) {
                problems.push(format!("{place}, field {:?} {fault}", field.name));
            }
        }
        if let FieldKind::Array(inner) | FieldKind::Collection(inner) = &field.kind {
            check_conditions(place, inner, form, problems);
        }
    }
}

fn check_condition(shown: &Shown, other: Option<&Field>) -> Result<(), String> {
    let Some(other) = other else {
        return Err(format!("is shown depending on {:?}, which does not exist", shown.field));
    };
    let is_possible = |value: &str| match &other.kind {
        FieldKind::Select(options) => options.iter().any(|(option, _)| *option == value),
        FieldKind::Boolean => matches!(value, "true" | "false"),
        _ => true,
    };
    match shown.values.iter().find(|value| !is_possible(value)) {
        Some(value) => Err(format!("is shown with {:?} of {:?}, which cannot be chosen", value, shown.field)),
        None if shown.values.is_empty() => Err("is never shown".to_owned()),
        None => Ok(()),
    }
}
