//! The form of a record: inputs by its data structure, and back.
//!
//! An input is named by its place in the structure (`f.2.0`), so names of
//! fields may be anything. What has no input of its own (fields that the
//! structure does not name, lists of collections) is written as JSON, with
//! dates and binary data as `{"$date": …}`, so that nothing is lost.

use jiff::tz::TimeZone;
use rouage_model::structure::{Field, Kind, Structure, find};
use rouage_model::{Collection, Value, json, tagged};
use rouage_sdk::structure::{Extent, check};

use crate::pages::scenario::Choice;
use crate::query::Query;
use crate::words::t;

/// One input, or a heading of those inside.
pub(super) struct Input {
    pub(super) name: String,
    pub(super) label: String,
    /// The raw name, when the label is another.
    pub(super) raw: String,
    pub(super) help: String,
    /// `text`, `area`, `number`, `select`, `heading` or `kept`.
    pub(super) kind: &'static str,
    pub(super) value: String,
    pub(super) choices: Vec<Choice>,
    pub(super) required: bool,
    pub(super) level: usize,
}

/// The name of the input for fields that have none.
pub(super) const REST: &str = "rest";

/// The inputs for a record; of a new one when there is none.
pub(super) fn inputs(structure: Option<&Structure>, record: Option<&Collection>, zone: &TimeZone) -> Vec<Input> {
    let mut inputs = Vec::new();
    let fields = structure.map_or(&[][..], |structure| &structure.fields);
    add(&mut inputs, fields, record, ("f", 0), zone);
    let is_strict = structure.is_some_and(|structure| structure.strict);
    let rest = record.map(|record| rest(fields, record)).unwrap_or_default();
    if !is_strict || !rest.is_empty() {
        inputs.push(rest_input(structure.is_some(), &rest));
    }
    inputs
}

fn rest_input(is_more: bool, rest: &Collection) -> Input {
    let (label, help) = match is_more {
        true => (t!("Other fields"), t!("Fields that the data structure does not name, as JSON.")),
        false => (t!("Record"), t!("The fields of the record as JSON, such as {\"name\": \"Ada\"}.")),
    };
    Input {
        name: REST.to_owned(),
        label: label.to_owned(),
        raw: String::new(),
        help: help.to_owned(),
        kind: "area",
        value: if rest.is_empty() { String::new() } else { lossless(&rest.clone().into()) },
        choices: Vec::new(),
        required: false,
        level: 0,
    }
}

/// The fields of a record that have no input.
fn rest(fields: &[Field], record: &Collection) -> Collection {
    record.iter().filter(|(name, _)| find(fields, name).is_none()).map(|(n, v)| (n.clone(), v.clone())).collect()
}

fn add(
    inputs: &mut Vec<Input>,
    fields: &[Field],
    record: Option<&Collection>,
    (path, level): (&str, usize),
    zone: &TimeZone,
) {
    for (at, field) in fields.iter().enumerate() {
        let name = format!("{path}.{at}");
        let given = match record {
            Some(record) => record.get(&field.name).unwrap_or(&Value::Undefined),
            None => &field.default,
        };
        let has_inputs = field.kind == Kind::Collection && !field.spec.is_empty();
        inputs.push(input(field, given, name.clone(), level, zone));
        if has_inputs {
            let nothing = Collection::new();
            let inner = record.map(|_| given.as_collection().unwrap_or(&nothing));
            add(inputs, &field.spec, inner, (&name, level + 1), zone);
        }
    }
}

fn input(field: &Field, given: &Value, name: String, level: usize, zone: &TimeZone) -> Input {
    let (kind, value, help) = match field.kind {
        Kind::Collection if !field.spec.is_empty() => ("heading", String::new(), ""),
        Kind::Boolean => ("select", boolean(given), ""),
        _ if !field.options.is_empty() => ("select", shown(given, zone), ""),
        Kind::Number | Kind::Integer | Kind::UnsignedInteger => ("number", shown(given, zone), ""),
        Kind::Date => ("text", shown(given, zone), t!("Such as 2026-11-24 or 2026-11-24 08:30.")),
        Kind::Buffer => ("kept", shown(given, zone), t!("Binary data is set by scenarios.")),
        Kind::Array if field.item().is_some() => ("area", lines(given, zone), t!("One item a line.")),
        Kind::Array | Kind::Collection | Kind::Any => ("area", as_json(given), t!("As JSON.")),
        Kind::Text if field.multiline => ("area", shown(given, zone), ""),
        Kind::Text if given.as_text().is_some_and(|text| text.contains('\n')) => ("area", shown(given, zone), ""),
        _ => ("text", shown(given, zone), ""),
    };
    Input {
        name,
        label: field.title().to_owned(),
        raw: if field.label.is_empty() { String::new() } else { field.name.to_string() },
        help: help.to_owned(),
        kind,
        choices: options(field, &value),
        value,
        required: field.required && !field.kind.is_nested(),
        level: level.min(5),
    }
}

fn options(field: &Field, value: &str) -> Vec<Choice> {
    let choice = |(value_of, label): (&str, &str)| Choice {
        value: value_of.to_owned(),
        label: label.to_owned(),
        is_chosen: value_of == value,
    };
    if field.kind == Kind::Boolean {
        return [("", "–"), ("true", t!("Yes")), ("false", t!("No"))].map(choice).into();
    }
    let own = field.options.iter().map(|option| (option.as_ref(), option.as_ref()));
    std::iter::once(("", "–")).chain(own).map(choice).collect()
}

fn boolean(given: &Value) -> String {
    match given {
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Text(text) => text.to_string(),
        _ => String::new(),
    }
}

/// A value as a person reads and types it.
pub(super) fn shown(value: &Value, zone: &TimeZone) -> String {
    match value {
        nothing if nothing.is_nothing() => String::new(),
        Value::Text(text) => text.to_string(),
        Value::Date(date) if date.subsec_nanosecond() != 0 => json::iso(*date),
        Value::Date(date) => date.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Value::Buffer(buffer) => t!("binary data, {size}", size = crate::words::bytes(buffer.size())),
        other => json::to_string(other),
    }
}

fn lines(given: &Value, zone: &TimeZone) -> String {
    match given {
        Value::Array(items) => items.iter().map(|item| shown(item, zone)).collect::<Vec<_>>().join("\n"),
        other => shown(other, zone),
    }
}

fn as_json(given: &Value) -> String {
    match given {
        nothing if nothing.is_nothing() => String::new(),
        Value::Text(text) if json::parse(text.as_bytes()).is_err() => text.to_string(),
        other => lossless(other),
    }
}

/// Tagged JSON, laid out.
fn lossless(value: &Value) -> String {
    let text = tagged::to_string(value);
    json::parse(text.as_bytes()).map_or(text, |value| json::write(&value, json::Style::Indented("  ")))
}

/// The record that a form holds. `old` is the one it came from. `Err` names
/// everything that does not fit.
pub(super) fn read(
    structure: Option<&Structure>,
    form: &Query,
    old: Option<&Collection>,
    zone: &TimeZone,
) -> Result<Collection, Vec<String>> {
    let mut problems = Vec::new();
    let fields = structure.map_or(&[][..], |structure| &structure.fields);
    let mut record = read_fields(fields, form, old, "f", &mut problems);
    let rest = form.text(REST);
    match json_of(rest) {
        Ok(Value::Collection(rest)) => {
            for (name, value) in rest.iter() {
                record.insert(name.clone(), value.clone());
            }
        }
        Ok(nothing) if nothing.is_nothing() => {}
        Ok(_) => problems.push(t!("The record must be a JSON object, such as {\"name\": \"Ada\"}.").into()),
        Err(problem) => problems.push(problem),
    }
    if let Some(structure) = structure {
        match check(structure, &record, Extent::Whole, zone) {
            Ok(checked) => record = checked,
            Err(misfits) => problems.extend(misfits.iter().map(ToString::to_string)),
        }
    }
    if problems.is_empty() { Ok(record) } else { Err(problems) }
}

fn json_of(text: &str) -> Result<Value, String> {
    if text.is_empty() {
        return Ok(Value::Undefined);
    }
    let value =
        tagged::parse(text.as_bytes()).map_err(|error| t!("This is not valid JSON: {error}.", error = error))?;
    // A handle in a record would outlive the run whose file it is.
    if value.has_stored_file() { Err(t!("This names the file of a run.").to_owned()) } else { Ok(value) }
}

fn read_fields(
    fields: &[Field],
    form: &Query,
    old: Option<&Collection>,
    path: &str,
    problems: &mut Vec<String>,
) -> Collection {
    let mut record = Collection::new();
    for (at, field) in fields.iter().enumerate() {
        let name = format!("{path}.{at}");
        let before = old.and_then(|old| old.get(&field.name));
        let value = match field.kind {
            Kind::Collection if !field.spec.is_empty() => {
                let inner = before.and_then(Value::as_collection);
                let mut read = read_fields(&field.spec, form, inner, &name, problems);
                // What is inside and has no input stays.
                for (name, value) in inner.map(|inner| rest(&field.spec, inner)).unwrap_or_default().iter() {
                    read.insert(name.clone(), value.clone());
                }
                if read.is_empty() { Value::Undefined } else { read.into() }
            }
            Kind::Buffer => before.cloned().unwrap_or_default(),
            _ => typed(field, form.get(&name).unwrap_or_default(), problems),
        };
        if !value.is_nothing() {
            record.insert(field.name.clone(), value);
        }
    }
    record
}

/// What was typed; the check by the structure makes the type of it.
fn typed(field: &Field, text: &str, problems: &mut Vec<String>) -> Value {
    // Browsers send line ends of two characters.
    let text = text.replace("\r\n", "\n");
    if text.trim().is_empty() {
        return Value::Undefined;
    }
    match field.kind {
        Kind::Array if field.item().is_some() => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(Value::from).collect::<Vec<_>>().into()
        }
        Kind::Any => json_of(text.trim()).unwrap_or(Value::text(text)),
        Kind::Array | Kind::Collection => json_of(text.trim()).unwrap_or_else(|problem| {
            problems.push(format!("{}: {problem}", field.title()));
            Value::Undefined
        }),
        Kind::Text => Value::text(text),
        _ => Value::text(text.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structure() -> Structure {
        let text = br#"[{"name":"n","type":"number","required":true},{"name":"at","type":"date"},{"name":"on","type":"boolean"},
            {"name":"in","type":"collection","spec":[{"name":"t","type":"text"}]},
            {"name":"tags","type":"array","spec":{"type":"text"}},{"name":"items","type":"array","spec":[{"name":"p","type":"number"}]}]"#;
        Structure::parse(&json::parse(text).unwrap()).unwrap()
    }

    fn form(record: &Collection) -> Query {
        let inputs = inputs(Some(&structure()), Some(record), &TimeZone::UTC);
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let pairs = inputs.iter().map(|input| format!("{}={}", encode(&input.name), encode(&input.value)));
        Query::parse(&pairs.collect::<Vec<_>>().join("&"))
    }

    #[test]
    fn a_record_comes_back_from_its_form() {
        let text = r#"{"n":1.5,"at":{"$date":"2026-11-24T08:30:00.000Z"},"on":false,"in":{"t":"x","more":1},"tags":["a","b"],"items":[{"p":2}],"extra":{"$date":"2026-11-24T08:30:00.000Z"}}"#;
        let record = tagged::parse(text.as_bytes()).unwrap();
        let record = record.as_collection().unwrap();
        let read = read(Some(&structure()), &form(record), Some(record), &TimeZone::UTC).unwrap();
        assert_eq!(tagged::to_string(&read.into()), text);
    }

    #[test]
    fn what_does_not_fit_is_named_all_at_once() {
        let form = Query::parse("f.0=x&f.1=soon&f.5=%7B&rest=%5B1%5D");
        let problems = read(Some(&structure()), &form, None, &TimeZone::UTC).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
    }
}
