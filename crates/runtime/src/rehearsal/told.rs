//! What a call of a module would have done, in words, and what speaks against
//! it: values that are empty with this data, or that do not convert.

use rouage_engine::Call;
use rouage_expr::Template;
use rouage_model::blueprint::Module;
use rouage_model::{Blueprint, Collection, ModuleError, ModuleId, OperationId, Value};
use rouage_sdk::{Effect, Field, FieldKind, Kind, Spec, params};

use super::driver::{Setting, said};
use super::examples::Origin;
use crate::check::restore_label;
use crate::knowledge::items::cut;
use crate::knowledge::words::sentence;

/// Details in one sentence.
const MOST_DETAILS: usize = 3;
/// Empty fields that are named.
const MOST_NAMED: usize = 6;
/// Characters of a value in a sentence.
const SHORT: usize = 60;

/// What one operation would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The operation.
    pub operation: OperationId,
    /// Its module.
    pub module: ModuleId,
    /// What the module would have done, without a beginning: `would add a row:
    /// sheet “Orders”`.
    pub sentence: String,
    /// What a person should look at, sentences.
    pub doubts: Vec<String>,
    /// Where its answer is from.
    pub origin: Origin,
    /// It may give any number of bundles.
    pub gives_many: bool,
}

impl Told {
    /// Says something against it.
    pub fn doubt(&mut self, text: String) {
        if !self.doubts.contains(&text) {
            self.doubts.push(text);
        }
    }
}

/// A pure module that could not be computed.
pub fn not_computed(error: &ModuleError) -> String {
    format!("A real run would fail here with this data: {}", sentence(&said(error)))
}

/// Tells of one call.
pub fn tell(setting: &Setting<'_>, blueprint: &Blueprint, call: &Call, spec: Option<&Spec>) -> Told {
    let module = blueprint.module(call.module);
    let mut told = Told {
        operation: call.operation,
        module: call.module,
        sentence: would(call, module, spec),
        doubts: Vec::new(),
        origin: Origin::Nothing,
        gives_many: spec.is_some_and(|spec| matches!(spec.kind, Kind::Search | Kind::Iterator)),
    };
    let Some(spec) = spec else {
        let text = format!("Rouage has no module {} in this version: a real run ends before it.", call.name);
        told.doubt(text);
        return told;
    };
    if let Some(text) = module.and_then(|module| empty_fields(module, &call.input, spec)) {
        told.doubt(text);
    }
    // One that is computed says so itself.
    let zone = &setting.knowledge.ground().timezone;
    if spec.effect != Effect::Pure
        && let Err(error) = params::validate(&spec.mapper, &call.input, zone)
    {
        told.doubt(not_computed(&error));
    }
    told
}

fn would(call: &Call, module: Option<Module<'_>>, spec: Option<&Spec>) -> String {
    let Some(spec) = spec else { return format!("would call {}", call.name) };
    let what = match spec.kind {
        Kind::Responder => "answer the caller".to_owned(),
        _ => verb(spec.label),
    };
    let details = details(call, module, spec);
    let beginning = if spec.effect == Effect::Pure { String::new() } else { "would ".to_owned() };
    if details.is_empty() { format!("{beginning}{what}") } else { format!("{beginning}{what}: {}", details.join(", ")) }
}

/// A label such as "Add a Row" within a sentence; names of things keep their
/// capitals.
fn verb(label: &str) -> String {
    let label = label.trim_end_matches(" (legacy)");
    let word = |word: &str| {
        let is_plain = word.chars().skip(1).all(|letter| !letter.is_uppercase());
        if is_plain { word.to_lowercase() } else { word.to_owned() }
    };
    label.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// To what or to whom: the few values that say it.
fn details(call: &Call, module: Option<Module<'_>>, spec: &Spec) -> Vec<String> {
    let (mut details, mut method, mut url) = (Vec::new(), None, None);
    for field in spec.mapper.iter().chain(&spec.parameters) {
        let value = match call.input.field(field.name) {
            Value::Undefined => call.parameters.field(field.name),
            value => value,
        };
        let named = || module.and_then(|module| restore_label(module, field.name));
        let text = text_of(value);
        let detail = match (&field.kind, field.name) {
            (FieldKind::Spreadsheet, _) => named().map(|name| format!("spreadsheet “{}”", cut(&name, SHORT))),
            (FieldKind::Datastore, _) => named().map(|name| format!("data store “{}”", cut(&name, SHORT))),
            (FieldKind::Scenario, _) => named().map(|name| format!("scenario “{}”", cut(&name, SHORT))),
            (FieldKind::Sheet, _) => text.map(|text| format!("sheet “{text}”")),
            (FieldKind::Url, _) => {
                url = text;
                None
            }
            (_, "to") => text.map(|text| format!("to {text}")),
            (_, "subject") => text.map(|text| format!("“{text}”")),
            (_, "method") => {
                method = text.map(|text| format!("{} ", text.to_uppercase()));
                None
            }
            (_, "range") => text,
            (_, "key" | "status") => text.map(|text| format!("{} {text}", field.label.to_lowercase())),
            _ => None,
        };
        details.extend(detail);
    }
    if let Some(url) = url {
        details.insert(0, format!("{}{url}", method.unwrap_or_default()));
    }
    details.truncate(MOST_DETAILS);
    details
}

/// A simple value, or a list of such, cut; nothing for the rest.
fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().filter_map(text_of).collect::<Vec<_>>().join(", "),
        Value::Collection(fields) => fields.iter().find_map(|(_, value)| text_of(value))?,
        _ => return None,
    };
    let text = cut(text.trim(), SHORT);
    (!text.is_empty()).then_some(text)
}

/// The mapped fields that this data leaves empty.
fn empty_fields(module: Module<'_>, input: &Value, spec: &Spec) -> Option<String> {
    let mut found = Vec::new();
    let expect = module.0.field("metadata").field("expect");
    let none = Collection::new();
    for (name, raw) in module.mapper().as_collection().unwrap_or(&none).iter() {
        let field = spec.mapper.iter().find(|field| *field.name == **name);
        // To compare with nothing is a question as well.
        if field.is_some_and(|field| field.kind == FieldKind::Filter) {
            continue;
        }
        let place = Place {
            label: field.map_or(name.to_string(), |field| label(field).to_owned()),
            spec: expect_of(expect, name),
        };
        empties(raw, input.field(name), &place, &mut found);
    }
    found.dedup();
    let more = found.len().saturating_sub(MOST_NAMED);
    found.truncate(MOST_NAMED);
    let and_more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!found.is_empty()).then(|| format!("Empty with this data: {}{and_more}.", found.join(", ")))
}

fn label(field: &Field) -> &str {
    if field.label.is_empty() { field.name } else { field.label }
}

/// Where a value stands, for people.
struct Place<'a> {
    label: String,
    /// What Make's editor has kept of the fields in it.
    spec: &'a Value,
}

/// The entry of a field among those that Make's editor has kept.
fn expect_of<'a>(fields: &'a Value, name: &str) -> &'a Value {
    let fields = fields.as_array().unwrap_or_default();
    fields.iter().find(|field| field.field("name").as_text() == Some(name)).unwrap_or(&Value::Undefined)
}

fn empties(raw: &Value, given: &Value, place: &Place<'_>, found: &mut Vec<String>) {
    match raw {
        Value::Text(text) => {
            let is_empty = given.is_nothing() && !matches!(given, Value::Ignore | Value::Erase)
                || given.as_text().is_some_and(str::is_empty);
            // Who writes `{{emptystring}}` wants it so.
            let reads = || Template::parse(text).is_ok_and(|template| !template.references().is_empty());
            if is_empty && text.contains("{{") && reads() {
                found.push(place.label.clone());
            }
        }
        Value::Array(items) => {
            let given = given.as_array().unwrap_or_default();
            for (at, item) in items.iter().enumerate().filter(|_| items.len() == given.len()) {
                let inner = Place { label: format!("{} {}", place.label, at + 1), spec: place.spec };
                empties(item, &given[at], &inner, found);
            }
        }
        Value::Collection(fields) => {
            for (name, item) in fields.iter() {
                let entry = expect_of(place.spec.field("spec"), name);
                let label = entry.field("label").as_text().filter(|label| !label.is_empty()).unwrap_or(name);
                let inner = Place { label: format!("{}: {label}", place.label), spec: entry };
                empties(item, given.field(name), &inner, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;

    #[test]
    fn labels_become_verbs_and_names_stay_names() {
        assert_eq!(verb("Add a Row"), "add a row");
        assert_eq!(verb("Retrieve RSS feed items"), "retrieve RSS feed items");
        assert_eq!(verb("Make a request (legacy)"), "make a request");
    }

    #[test]
    fn only_mapped_values_that_read_something_count_as_empty() {
        let module = json::parse(
            br#"{"id":2,"module":"a:B","mapper":{"a":"{{1.x}}","b":"{{emptystring}}","c":"","values":{"0":"{{1.y}}","1":"k"}},
                "metadata":{"expect":[{"name":"values","spec":[{"name":"0","label":"Order (A)"}]}]}}"#,
        )
        .unwrap();
        let input = json::parse(br#"{"a":"","b":"","c":"","values":{"1":"k"}}"#).unwrap();
        let spec = Spec::new("a:B", 1, "Do", Kind::Action, Effect::Write).mapper(vec![Field::text("a", "Address")]);
        let text = empty_fields(Module(&module), &input, &spec);
        assert_eq!(text.as_deref(), Some("Empty with this data: Address, values: Order (A)."));
    }
}
