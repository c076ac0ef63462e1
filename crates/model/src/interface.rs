//! The inputs and outputs of a scenario.
//!
//! They stand in the blueprint, under `interface.input` and
//! `interface.output`, or as nearly every export has them under
//! `io.input_spec` and `io.output_spec`. A field has the shape of the editor's
//! other fields. What we do not know of it is kept when it is edited.
//! Source: `make-semantics.md` §8.1, `blueprint-format.md` §1.
//!
//! Coercing what a run is given is `rouage_sdk::params::inputs`: it needs the
//! rules of the mapping language.

use crate::blueprint::Error;
use crate::value::{Collection, Value};
use crate::{Blueprint, json};

mod edit;

/// The most fields of one side, so that a form stays one.
pub const MOST_FIELDS: usize = 200;

/// What a scenario takes and gives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interface {
    /// Read as `{{var.input.<name>}}`.
    pub inputs: Vec<Field>,
    /// Given by the Return module.
    pub outputs: Vec<Field>,
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Integer,
    /// A whole number from 0.
    UnsignedInteger,
    /// Yes or no.
    Boolean,
    /// An instant.
    Date,
    /// One of the options.
    Select,
    /// A list.
    Array,
    /// Named values.
    Collection,
    /// Named values, or the JSON text of such.
    DynamicCollection,
    /// An e-mail address.
    Email,
    /// An address that starts with http:// or https://.
    Url,
    /// A UUID.
    Uuid,
    /// A colour such as `#22aa44`.
    Color,
    /// Anything, unchanged; also what we have no type for.
    Any,
}

/// Stored names and what people read.
const KINDS: &[(Kind, &str, &str)] = &[
    (Kind::Text, "text", "Text"),
    (Kind::Number, "number", "Number"),
    (Kind::Integer, "integer", "Integer"),
    (Kind::UnsignedInteger, "uinteger", "Unsigned integer"),
    (Kind::Boolean, "boolean", "Boolean"),
    (Kind::Date, "date", "Date"),
    (Kind::Select, "select", "Select"),
    (Kind::Array, "array", "Array"),
    (Kind::Collection, "collection", "Collection"),
    (Kind::DynamicCollection, "dynamicCollection", "Dynamic collection"),
    (Kind::Email, "email", "Email"),
    (Kind::Url, "url", "URL"),
    (Kind::Uuid, "uuid", "UUID"),
    (Kind::Color, "color", "Color"),
    (Kind::Any, "any", "Any"),
];

impl Kind {
    /// All of them, in the order of Make's list.
    pub fn all() -> impl Iterator<Item = Kind> {
        KINDS.iter().map(|(kind, ..)| *kind)
    }

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The name for people.
    pub fn label(self) -> &'static str {
        self.row().2
    }

    /// The kind of a stored name.
    pub fn of(name: &str) -> Option<Kind> {
        KINDS.iter().find(|(_, known, _)| *known == name).map(|(kind, ..)| *kind)
    }

    fn row(self) -> &'static (Kind, &'static str, &'static str) {
        KINDS.iter().find(|(kind, ..)| *kind == self).unwrap_or(&KINDS[0])
    }
}

/// A choice of a select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is given.
    pub value: String,
    /// What people read.
    pub label: String,
}

/// An input or an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The name in mappings.
    pub name: String,
    /// The name for people; empty means the name.
    pub label: String,
    /// A sentence of help; may be empty.
    pub help: String,
    /// Its type.
    pub kind: Kind,
    /// Must have a value.
    pub required: bool,
    /// A text of several lines.
    pub multiline: bool,
    /// Used when nothing is given; nothing when there is none.
    pub default: Value,
    /// Of a collection, or of the collections in an array; empty means any.
    pub fields: Vec<Field>,
    /// What an array of simple values holds.
    pub item: Option<Kind>,
    /// What a select offers.
    pub choices: Vec<Choice>,
    /// As it stands in the blueprint, for the keys that are not above.
    raw: Value,
}

impl Field {
    /// A field of that name and type.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            label: String::new(),
            help: String::new(),
            kind,
            required: false,
            multiline: false,
            default: Value::Null,
            fields: Vec::new(),
            item: None,
            choices: Vec::new(),
            raw: Value::Undefined,
        }
    }

    /// The name for people.
    pub fn title(&self) -> &str {
        if self.label.is_empty() { &self.name } else { &self.label }
    }

    fn read(raw: &Value, level: usize) -> Option<Self> {
        let text = |name: &str| raw.field(name).as_text().unwrap_or_default().to_owned();
        let yes = |name: &str| raw.field(name).as_bool().unwrap_or(false);
        let name = text("name");
        if name.is_empty() || level > json::MAX_DEPTH {
            return None;
        }
        let spec = raw.field("spec");
        Some(Self {
            name,
            label: text("label"),
            help: text("help"),
            kind: Kind::of(raw.field("type").as_text().unwrap_or("any")).unwrap_or(Kind::Any),
            required: yes("required"),
            multiline: yes("multiline"),
            default: match raw.field("default") {
                nothing if nothing.is_nothing() => Value::Null,
                Value::Text(text) if text.is_empty() => Value::Null,
                default => default.clone(),
            },
            fields: read_fields(spec, level + 1),
            item: spec.field("type").as_text().and_then(Kind::of),
            choices: read_choices(raw),
            raw: raw.clone(),
        })
    }
}

fn read_fields(list: &Value, level: usize) -> Vec<Field> {
    list.as_array().unwrap_or_default().iter().filter_map(|raw| Field::read(raw, level)).collect()
}

/// `options` as texts or `{value, label}`, else the bare `validate.enum`.
fn read_choices(raw: &Value) -> Vec<Choice> {
    let listed = raw.field("options").as_array().or(raw.field("validate").field("enum").as_array());
    let plain = |value: &Value| value.as_text().map_or_else(|| json::to_string(value), str::to_owned);
    let choice = |option: &Value| match option {
        Value::Collection(_) => {
            let value = plain(option.field("value"));
            let label = option.field("label").as_text().filter(|label| !label.is_empty()).unwrap_or(&value).to_owned();
            Choice { value, label }
        }
        simple => Choice { value: plain(simple), label: plain(simple) },
    };
    listed.unwrap_or_default().iter().map(choice).collect()
}

impl Interface {
    /// That of a blueprint; empty when it has none.
    pub fn of(blueprint: &Blueprint) -> Self {
        let (new, old) = (blueprint.root().field("interface"), blueprint.root().field("io"));
        let side = |name: &str, spec: &str| {
            let fields = read_fields(new.field(name), 0);
            if fields.is_empty() { read_fields(old.field(spec), 0) } else { fields }
        };
        let mut inputs = side("input", "input_spec");
        if inputs.is_empty()
            && let Some(start) = blueprint.trigger().filter(|first| first.name() == "scenario-service:StartSubscenario")
        {
            // Some files show their inputs only on the module that begins with them.
            inputs = start.interface().iter().filter_map(|raw| Field::read(raw, 0)).collect();
        }
        Self { inputs, outputs: side("output", "output_spec") }
    }

    /// Whether a run cannot begin without being given something.
    pub fn needs_input(&self) -> bool {
        self.inputs.iter().any(|input| input.required && input.default.is_nothing())
    }

    /// The blueprint with this interface instead of its own. Nothing else in
    /// it changes, its wrapper included. It is written where the blueprint
    /// has one: `interface`, `io`, or both.
    pub fn write(&self, blueprint: &Blueprint) -> Result<Blueprint, Error> {
        edit::write(self, blueprint)
    }

    /// What stands against it, one sentence each; all, not the first.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        edit::check(&self.inputs, "input", &mut problems);
        edit::check(&self.outputs, "output", &mut problems);
        problems
    }
}

/// Fields as a blueprint has them.
pub fn stored(fields: &[Field]) -> Value {
    fields.iter().map(edit::stored).collect::<Vec<_>>().into()
}

/// Fields out of their JSON text; none out of an empty one.
pub fn read_list(text: &str) -> Result<Vec<Field>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let list = json::parse_bounded(text.as_bytes()).map_err(|error| error.to_string())?;
    let Some(items) = list.as_array() else { return Err("it is not a list".to_owned()) };
    let fields = read_fields(&list, 0);
    if fields.len() < items.len() {
        return Err("every field needs a name".to_owned());
    }
    Ok(fields)
}

/// Whether a name can be written in a mapping: letters, digits and
/// underscores, beginning with neither a digit nor an underscore and a digit.
pub fn is_name(name: &str) -> bool {
    let is_letter = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let first = name.strip_prefix('_').unwrap_or(name).chars().next();
    !name.is_empty()
        && name.len() <= 128
        && name.chars().all(is_letter)
        && first.is_none_or(|first| !first.is_ascii_digit())
}

fn collection_of<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Collection::from_iter(entries).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IO: &str = r#"{"flow":[],"io":{"input_spec":[{"help":"The id.","name":"id","type":"number","label":"","default":null,"required":true},
        {"name":"mode","type":"select","options":[{"label":"Fast","value":"fast"},"slow"],"default":"slow","x-own":[1]},
        {"name":"rows","type":"array","spec":[{"name":"sku","type":"text"}]},{"name":"account","type":"account:canvas-lms"}],
        "output_spec":[]},"more":{"kept":1.50}}"#;

    fn read(file: &str) -> (Blueprint, Interface) {
        let blueprint = Blueprint::parse(file.as_bytes()).unwrap();
        let interface = Interface::of(&blueprint);
        (blueprint, interface)
    }

    #[test]
    fn both_places_are_read() {
        let (_, old) = read(IO);
        assert_eq!(
            old.inputs.iter().map(|field| field.kind).collect::<Vec<_>>(),
            [Kind::Number, Kind::Select, Kind::Array, Kind::Any]
        );
        assert!(old.inputs[0].required && old.needs_input());
        assert_eq!(old.inputs[1].choices[0], Choice { value: "fast".into(), label: "Fast".into() });
        assert_eq!((old.inputs[1].choices[1].label.as_str(), &old.inputs[1].default), ("slow", &Value::text("slow")));
        assert_eq!(old.inputs[2].fields[0].name, "sku");
        let (_, new) = read(
            r#"{"flow":[],"interface":{"input":[{"name":"a","type":"text","default":"x","required":true}],
            "output":[{"name":"b","type":"date"}]}}"#,
        );
        assert!(!new.needs_input());
        assert_eq!(new.outputs[0].kind, Kind::Date);
        assert_eq!(read(r#"{"flow":[]}"#).1, Interface::default());
        let (_, start) = read(
            r#"{"flow":[{"id":1,"module":"scenario-service:StartSubscenario","metadata":{
            "interface":[{"name":"id","type":"uinteger"}]}}]}"#,
        );
        assert_eq!(start.inputs[0].kind, Kind::UnsignedInteger);
    }

    #[test]
    fn names_are_as_make_takes_them() {
        for name in ["a", "orderId", "_x", "a_1", "_", "SIYA_WORKER"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "1a", "_1", "a b", "a-b", "ü", "a.b", &"x".repeat(129)] {
            assert!(!is_name(name), "{name}");
        }
    }
}
