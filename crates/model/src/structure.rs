//! Data structures (Make calls the type `udt`): what a bundle or a record must
//! look like.
//!
//! Only the shape is here; checking and coercing values needs the rules of the
//! mapping language and is in the SDK (`sdk::structure`). The form is Make's:
//! `{"strict", "spec": [{"type", "name", "label", "default", "required",
//! "multiline", "options", "spec"}]}`. Source: `make-semantics.md` §7.1.
//!
//! This shape is stored: version 1, fixture in `tests/compat.rs`.

use crate::value::{Collection, Text, Value};

/// How deep structures nest.
pub const MAX_DEPTH: usize = 20;
/// How many fields a structure has, nested ones included.
pub const MAX_FIELDS: usize = 2_000;

/// What a bundle or a record must look like.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Structure {
    /// Refuses what it does not name.
    pub strict: bool,
    /// Its fields in order.
    pub fields: Vec<Field>,
}

/// A field of a structure.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Field {
    /// The raw name; empty for the simple items of an array.
    pub name: Text,
    /// The name for people; empty means the raw name.
    pub label: Text,
    /// Its type.
    pub kind: Kind,
    /// Used when nothing is given.
    pub default: Value,
    /// Must have a value.
    pub required: bool,
    /// Text of several lines.
    pub multiline: bool,
    /// The only values a text may have; empty means any.
    pub options: Vec<Text>,
    /// The fields of a collection or of an array's items. Simple items are one
    /// field without a name; nothing means anything.
    pub spec: Vec<Field>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal $label:literal,)*) => {
        /// The type of a field, by Make's names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// All of them, in the order of the form.
            pub const ALL: &[Kind] = &[$(Kind::$name,)*];

            /// The name in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$name => $text,)* }
            }

            /// The word for people.
            pub fn label(self) -> &'static str {
                match self { $(Kind::$name => $label,)* }
            }

            fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Kind::$name),)* _ => None }
            }
        }
    };
}

kinds! {
    /// Text.
    #[default]
    Text = "text" "Text",
    /// A number.
    Number = "number" "Number",
    /// A whole number.
    Integer = "integer" "Whole number",
    /// A whole number from 0.
    UnsignedInteger = "uinteger" "Whole number from 0",
    /// Yes or no.
    Boolean = "boolean" "Yes / No",
    /// An instant.
    Date = "date" "Date",
    /// Hours, minutes, seconds.
    Time = "time" "Time",
    /// Bytes.
    Buffer = "buffer" "Binary data",
    /// Named fields.
    Collection = "collection" "Collection",
    /// A list.
    Array = "array" "Array",
    /// Anything, unchanged.
    Any = "any" "Any",
}

impl Kind {
    /// The type of a name. Make's forms know many kinds of text; what is not
    /// known here takes anything.
    pub fn parse(name: &str) -> Self {
        if let Some(kind) = Self::from_name(name) {
            return kind;
        }
        match name {
            "string" | "url" | "email" | "select" | "filename" | "password" | "uuid" | "hidden" => Kind::Text,
            "timestamp" => Kind::Date,
            "dynamicCollection" => Kind::Collection,
            _ => Kind::Any,
        }
    }

    /// Whether it has fields of its own.
    pub fn is_nested(self) -> bool {
        matches!(self, Kind::Collection | Kind::Array)
    }

    /// What `erase` leaves in such a field (source: `make-semantics.md` §3.14).
    pub fn cleared(self) -> Value {
        match self {
            Kind::Array => Value::from(Vec::new()),
            Kind::Collection => Value::empty_collection(),
            _ => Value::Null,
        }
    }
}

impl Structure {
    /// Reads `{strict, spec}`, or a list of fields. `Err` says what is wrong,
    /// for people.
    pub fn parse(value: &Value) -> Result<Self, String> {
        let spec = value.get("spec").unwrap_or(value);
        let Some(fields) = spec.as_array() else {
            return Err("a data structure is a list of fields, or an object with a list under \"spec\"".into());
        };
        let mut left = MAX_FIELDS;
        Ok(Self {
            strict: value.field("strict").as_bool().unwrap_or(false),
            fields: read_fields(fields, MAX_DEPTH, &mut left)?,
        })
    }

    /// As it is stored and exported.
    pub fn to_value(&self) -> Value {
        Collection::from_iter([("strict", Value::from(self.strict)), ("spec", write_fields(&self.fields))]).into()
    }

    /// The structure that a sample has: types by its values, in its order.
    pub fn of_sample(sample: &Collection) -> Self {
        Self { strict: false, fields: sample_fields(sample, MAX_DEPTH) }
    }

    /// The field of a raw name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        find(&self.fields, name)
    }

    /// The paths of required fields that a whole record does not have.
    pub fn missing(&self, record: &Collection) -> Vec<String> {
        let mut missing = Vec::new();
        add_missing(&self.fields, record, "", &mut missing);
        missing
    }
}

impl Field {
    /// A field with a name and a type, and nothing else said.
    pub fn new(name: impl Into<Text>, kind: Kind) -> Self {
        Self { name: name.into(), kind, ..Self::default() }
    }

    /// The name for people.
    pub fn title(&self) -> &str {
        if self.label.is_empty() { &self.name } else { &self.label }
    }

    /// The one field without a name that describes simple items, if this is an
    /// array of such.
    pub fn item(&self) -> Option<&Field> {
        self.spec.first().filter(|item| self.kind == Kind::Array && item.name.is_empty())
    }

    /// As it is stored and exported.
    pub fn to_value(&self) -> Value {
        let mut out = Collection::new();
        out.insert("type", self.kind.as_str());
        if !self.name.is_empty() {
            out.insert("name", self.name.clone());
            out.insert("label", if self.label.is_empty() { Value::Null } else { self.label.clone().into() });
            out.insert("default", if self.default.is_nothing() { Value::Null } else { self.default.clone() });
            out.insert("required", self.required);
        }
        if self.kind == Kind::Text {
            out.insert("multiline", self.multiline);
        }
        if !self.options.is_empty() {
            out.insert("options", self.options.iter().map(|option| option.clone().into()).collect::<Vec<Value>>());
        }
        if let Some(item) = self.item() {
            out.insert("spec", item.to_value());
        } else if self.kind.is_nested() {
            out.insert("spec", write_fields(&self.spec));
        }
        out.into()
    }
}

/// The field of a raw name.
pub fn find<'a>(fields: &'a [Field], name: &str) -> Option<&'a Field> {
    fields.iter().find(|field| field.name.as_ref() == name)
}

fn write_fields(fields: &[Field]) -> Value {
    fields.iter().map(Field::to_value).collect::<Vec<_>>().into()
}

fn read_fields(fields: &[Value], depth: usize, left: &mut usize) -> Result<Vec<Field>, String> {
    let mut read: Vec<Field> = Vec::with_capacity(fields.len());
    for field in fields {
        let name = match field.field("name") {
            Value::Text(name) if !name.is_empty() => name.clone(),
            Value::Number(number) => number.to_string().into(),
            _ => return Err("every field of a data structure needs a name".into()),
        };
        if find(&read, &name).is_some() {
            return Err(format!("there are two fields called {name:?}"));
        }
        read.push(Field { name, ..read_field(field, depth, left)? });
    }
    Ok(read)
}

/// A field, its name aside.
fn read_field(field: &Value, depth: usize, left: &mut usize) -> Result<Field, String> {
    if depth == 0 {
        return Err(format!("a data structure may nest at most {MAX_DEPTH} levels deep"));
    }
    *left = left.checked_sub(1).ok_or_else(|| format!("a data structure may have at most {MAX_FIELDS} fields"))?;
    let kind = field.field("type").as_text().map_or(Kind::Any, Kind::parse);
    let options = field.field("options").as_array().unwrap_or_default().iter().filter_map(read_option);
    let spec = match field.field("spec") {
        Value::Array(fields) if kind.is_nested() => read_fields(fields, depth - 1, left)?,
        item @ Value::Collection(_) if kind == Kind::Array => vec![read_field(item, depth - 1, left)?],
        _ => Vec::new(),
    };
    Ok(Field {
        name: Text::default(),
        label: field.field("label").as_text().unwrap_or_default().into(),
        kind,
        default: Some(field.field("default")).filter(|default| !is_empty(default)).cloned().unwrap_or_default(),
        required: field.field("required").as_bool().unwrap_or(false),
        multiline: field.field("multiline").as_bool().unwrap_or(false),
        options: options.collect(),
        spec,
    })
}

fn is_empty(value: &Value) -> bool {
    value.is_nothing() || value.as_text() == Some("")
}

/// An allowed value: a text, or `{label, value}` as in Make's forms.
fn read_option(option: &Value) -> Option<Text> {
    match option.get("value").unwrap_or(option) {
        Value::Text(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

fn sample_fields(sample: &Collection, depth: usize) -> Vec<Field> {
    sample
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| Field { name: name.clone(), ..sample_field(value, depth) })
        .collect()
}

fn sample_field(value: &Value, depth: usize) -> Field {
    let kind = kind_of(value);
    let spec = match value {
        _ if depth <= 1 => Vec::new(),
        Value::Collection(inner) => sample_fields(inner, depth - 1),
        Value::Array(items) => sample_items(items, depth - 1),
        _ => Vec::new(),
    };
    Field { kind, spec, ..Field::default() }
}

/// The items of an array: all fields that any of them has, or the one simple
/// type that all of them have.
fn sample_items(items: &[Value], depth: usize) -> Vec<Field> {
    let mut all = Collection::new();
    for item in items {
        let Value::Collection(item) = item else { continue };
        for (name, value) in item.iter().filter(|(_, value)| !value.is_nothing()) {
            if all.get(name).is_none() {
                all.insert(name.clone(), value.clone());
            }
        }
    }
    if !all.is_empty() {
        return sample_fields(&all, depth);
    }
    let Some(first) = items.first().map(kind_of) else { return Vec::new() };
    let kind = if items.iter().all(|item| kind_of(item) == first) { first } else { Kind::Any };
    vec![Field { kind, ..Field::default() }]
}

fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => Kind::Any,
        Value::Boolean(_) => Kind::Boolean,
        Value::Number(_) => Kind::Number,
        Value::Text(text) if is_moment(text) => Kind::Date,
        Value::Text(_) => Kind::Text,
        Value::Date(_) => Kind::Date,
        Value::Buffer(_) => Kind::Buffer,
        Value::Array(_) => Kind::Array,
        Value::Collection(_) => Kind::Collection,
    }
}

/// JSON has no dates: a text that is a whole ISO 8601 moment with its zone is
/// meant as one. A day alone is not, as it is none everywhere.
fn is_moment(text: &str) -> bool {
    (20..=40).contains(&text.len()) && text.as_bytes()[10] == b'T' && text.parse::<jiff::Timestamp>().is_ok()
}

fn add_missing(fields: &[Field], record: &Collection, path: &str, missing: &mut Vec<String>) {
    for field in fields {
        let path = if path.is_empty() { field.name.to_string() } else { format!("{path}.{}", field.name) };
        match record.get(&field.name) {
            Some(Value::Collection(inner)) => add_missing(&field.spec, inner, &path, missing),
            Some(value) if !is_empty(value) => {}
            _ if field.required => missing.push(path),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn structure(text: &str) -> Result<Structure, String> {
        Structure::parse(&json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn the_form_of_make_is_read_and_written() {
        let text = r#"{"strict":true,"spec":[{"type":"text","name":"email","label":"E-mail","default":null,"required":true,"multiline":false,"options":["a","b"]},{"type":"array","name":"tags","label":null,"default":null,"required":false,"spec":{"type":"number"}},{"type":"collection","name":"buyer","label":null,"default":null,"required":false,"spec":[{"type":"date","name":"born","label":null,"default":"2000-01-01","required":false}]}]}"#;
        assert_eq!(json::to_string(&structure(text).unwrap().to_value()), text);
        let short =
            structure(r#"[{"name":"a","type":"url"},{"name":"b","type":"weird","options":[{"label":"X","value":1}]}]"#);
        let short = short.unwrap();
        assert_eq!(
            (short.fields[0].kind, short.fields[1].kind, &*short.fields[1].options[0]),
            (Kind::Text, Kind::Any, "1")
        );
    }

    #[test]
    fn what_is_no_structure_says_why() {
        for (text, part) in [
            ("7", "list of fields"),
            (r#"[{"type":"text"}]"#, "needs a name"),
            (r#"[{"name":"a"},{"name":"a"}]"#, "two fields called \"a\""),
        ] {
            let error = structure(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        let deep =
            (0..30).fold("[]".to_owned(), |spec, _| format!(r#"[{{"name":"a","type":"collection","spec":{spec}}}]"#));
        assert!(structure(&deep).unwrap_err().contains("levels deep"));
    }

    #[test]
    fn a_sample_gives_types_and_the_fields_of_all_items() {
        let sample =
            json::parse(br#"{"id":1,"paid":true,"items":[{"n":1},{"m":"x"}],"tags":["a"],"none":null}"#).unwrap();
        let structure = Structure::of_sample(sample.as_collection().unwrap());
        let kinds: Vec<_> = structure.fields.iter().map(|field| field.kind.as_str()).collect();
        assert_eq!(kinds, ["number", "boolean", "array", "array", "any"]);
        assert_eq!(structure.fields[2].spec.len(), 2);
        assert_eq!(structure.fields[3].item().unwrap().kind, Kind::Text);
    }

    #[test]
    fn required_fields_are_missed_at_any_depth() {
        let structure = structure(r#"[{"name":"a","required":true},{"name":"b","type":"collection","spec":[{"name":"c","type":"text","required":true}]}]"#).unwrap();
        let record = json::parse(br#"{"a":0,"b":{"c":""}}"#).unwrap();
        assert_eq!(structure.missing(record.as_collection().unwrap()), ["b.c"]);
    }
}
