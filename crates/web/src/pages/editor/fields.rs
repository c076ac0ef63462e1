//! Fields of forms as JSON: the twin of `Field` in `web/scripts/editor/editor.ts`.
//! What is usual (no help, not required) is left out.

use rouage_model::{Collection, Value};
use rouage_sdk::{Field, FieldKind, LiveField};

use crate::words::t;

/// Fields of a module's form.
pub fn of_spec(fields: &[Field], is_in_mapper: bool) -> Value {
    fields.iter().map(|field| of_field(field, is_in_mapper)).collect::<Vec<_>>().into()
}

fn of_field(field: &Field, is_in_mapper: bool) -> Value {
    let mut json = head(field.name, t(field.label), &field.kind);
    mark(&mut json, "required", field.required);
    mark(&mut json, "advanced", field.advanced);
    mark(&mut json, "multiline", field.is_multiline);
    mark(&mut json, "mappable", field.is_mappable(is_in_mapper));
    mark(&mut json, "live", field.is_live || field.is_dynamic || field.kind.is_live());
    mark(&mut json, "dynamic", field.is_dynamic);
    say(&mut json, "help", Some(field.help).filter(|help| !help.is_empty()).map(t));
    say(&mut json, "default", field.default);
    if let Some(shown) = &field.shown {
        let values: Vec<Value> = shown.values.iter().copied().map(Value::from).collect();
        let condition = [("field", Value::from(shown.field)), ("values", values.into())];
        json.insert("shown", condition.into_iter().collect::<Collection>());
    }
    match &field.kind {
        FieldKind::Select(choices) if !choices.is_empty() => {
            let offered = choices.iter().copied().filter(|(value, _)| !field.unoffered.contains(value));
            json.insert("options", options(offered.map(|(value, label)| (value, t(label)))));
        }
        FieldKind::Array(inner) | FieldKind::Collection(inner) if !inner.is_empty() => {
            json.insert("spec", of_spec(inner, is_in_mapper));
        }
        FieldKind::Hook(kind) => json.insert("kinds", kinds(&[kind])),
        FieldKind::Connection(types) | FieldKind::Keychain(types) => json.insert("kinds", kinds(types)),
        _ => {}
    }
    json.into()
}

/// Fields that are only known while a form is open. They are always mapped.
pub fn of_live(fields: &[LiveField]) -> Value {
    fields.iter().map(of_live_field).collect::<Vec<_>>().into()
}

fn of_live_field(field: &LiveField) -> Value {
    let mut json = head(&field.name, &field.label, &field.kind);
    mark(&mut json, "required", field.required);
    mark(&mut json, "multiline", field.is_multiline);
    json.insert("mappable", true);
    say(&mut json, "help", Some(field.help.as_str()).filter(|help| !help.is_empty()));
    say(&mut json, "default", field.default.as_deref());
    if !field.options.is_empty() {
        json.insert("options", options(field.options.iter().map(|(value, label)| (value.as_str(), label.as_str()))));
    }
    if !field.spec.is_empty() {
        json.insert("spec", of_live(&field.spec));
    }
    json.into()
}

fn head(name: &str, label: &str, kind: &FieldKind) -> Collection {
    [("name", name), ("label", label), ("type", type_of(kind))].into_iter().collect()
}

fn mark(json: &mut Collection, name: &str, is_so: bool) {
    if is_so {
        json.insert(name, true);
    }
}

fn say(json: &mut Collection, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        json.insert(name, text);
    }
}

fn kinds(kinds: &[&str]) -> Value {
    kinds.iter().copied().map(Value::from).collect::<Vec<_>>().into()
}

fn options<'a>(options: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let option = |(value, label)| Value::from([("value", value), ("label", label)].into_iter().collect::<Collection>());
    options.map(option).collect::<Vec<_>>().into()
}

/// The word for a type in the scripts.
fn type_of(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Any => "any",
        FieldKind::Text => "text",
        FieldKind::Number => "number",
        FieldKind::Integer => "integer",
        FieldKind::UnsignedInteger => "uinteger",
        FieldKind::Boolean => "boolean",
        FieldKind::Date => "date",
        FieldKind::Time => "time",
        FieldKind::Buffer => "buffer",
        FieldKind::Url => "url",
        FieldKind::Email => "email",
        FieldKind::Password => "password",
        FieldKind::Select(_) => "select",
        FieldKind::Array(_) => "array",
        FieldKind::Collection(_) => "collection",
        FieldKind::Filter => "filter",
        FieldKind::Hook(_) => "hook",
        FieldKind::Connection(_) => "connection",
        FieldKind::Keychain(_) => "keychain",
        FieldKind::Structure => "structure",
        FieldKind::Datastore => "datastore",
        FieldKind::Spreadsheet => "spreadsheet",
        FieldKind::Sheet => "sheet",
        FieldKind::Scenario => "scenario",
        FieldKind::Module => "module",
    }
}
