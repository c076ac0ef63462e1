//! What can be chosen in an open form: sheets of the spreadsheet that stands
//! in another field, columns of that sheet, folders of a mailbox.

use rouage_model::structure::{self, Structure};
use rouage_model::{Value, interface};

use crate::spec::FieldKind;

/// The most choices of one answer; a search narrows them down.
pub const MOST_CHOICES: usize = 200;

/// What can be chosen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FieldChoices {
    /// In the order to show them.
    pub choices: Vec<FieldChoice>,
    /// Of a dynamic field: what its own fields are.
    pub fields: Option<Vec<LiveField>>,
    /// Whether more were left out.
    pub more: bool,
}

/// One thing to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChoice {
    /// What is stored.
    pub value: String,
    /// What people read.
    pub label: String,
    /// A second line, such as where it is kept; may be empty.
    pub note: String,
}

impl FieldChoice {
    /// A choice without a note.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), note: String::new() }
    }

    /// Adds a second line.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

impl FieldChoices {
    /// The choices whose label or value has the words that are searched for,
    /// cut to [`MOST_CHOICES`].
    pub fn matching(choices: Vec<FieldChoice>, search: &str) -> Self {
        let words: Vec<String> = search.split_whitespace().map(str::to_lowercase).collect();
        let fits = |choice: &FieldChoice| {
            let text = format!("{} {}", choice.label, choice.value).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let mut choices: Vec<_> = choices.into_iter().filter(fits).collect();
        let more = choices.len() > MOST_CHOICES;
        choices.truncate(MOST_CHOICES);
        Self { choices, fields: None, more }
    }

    /// The fields of a dynamic field.
    pub fn of_fields(fields: Vec<LiveField>) -> Self {
        Self { fields: Some(fields), ..Self::default() }
    }
}

/// A field that is only known while a form is open.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveField {
    /// The raw name, as in the blueprint.
    pub name: String,
    /// The name for people.
    pub label: String,
    /// Its type; what a list or a collection holds is in `spec`.
    pub kind: FieldKind,
    /// Must have a value.
    pub required: bool,
    /// More than one line of text.
    pub is_multiline: bool,
    /// A sentence of help; may be empty.
    pub help: String,
    /// Used when nothing is given, as text.
    pub default: Option<String>,
    /// Of a select: stored value and label.
    pub options: Vec<(String, String)>,
    /// Of a collection or of the collections in an array; one field named ""
    /// for an array of simple values.
    pub spec: Vec<LiveField>,
}

impl LiveField {
    /// A field that may be left empty.
    pub fn new(name: impl Into<String>, label: impl Into<String>, kind: FieldKind) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind,
            required: false,
            is_multiline: false,
            help: String::new(),
            default: None,
            options: Vec::new(),
            spec: Vec::new(),
        }
    }
}

/// The inputs or outputs of a scenario, as fields of a form.
pub fn of_interface(fields: &[interface::Field]) -> Vec<LiveField> {
    fields.iter().map(of_interface_field).collect()
}

fn of_interface_field(field: &interface::Field) -> LiveField {
    let spec = match (field.kind, field.item) {
        (interface::Kind::Array, Some(item)) if field.fields.is_empty() => {
            vec![LiveField::new("", "", interface_kind(item))]
        }
        _ => of_interface(&field.fields),
    };
    LiveField {
        required: field.required,
        is_multiline: field.multiline,
        help: field.help.clone(),
        default: shown_default(&field.default),
        options: field.choices.iter().map(|choice| (choice.value.clone(), choice.label.clone())).collect(),
        spec,
        ..LiveField::new(field.name.clone(), field.title(), interface_kind(field.kind))
    }
}

fn interface_kind(kind: interface::Kind) -> FieldKind {
    use interface::Kind;
    match kind {
        Kind::Text | Kind::Uuid | Kind::Color => FieldKind::Text,
        Kind::Number => FieldKind::Number,
        Kind::Integer => FieldKind::Integer,
        Kind::UnsignedInteger => FieldKind::UnsignedInteger,
        Kind::Boolean => FieldKind::Boolean,
        Kind::Date => FieldKind::Date,
        Kind::Select => FieldKind::Select(Vec::new()),
        Kind::Array => FieldKind::Array(Vec::new()),
        Kind::Collection | Kind::DynamicCollection => FieldKind::Collection(Vec::new()),
        Kind::Email => FieldKind::Email,
        Kind::Url => FieldKind::Url,
        Kind::Any => FieldKind::Any,
    }
}

/// The fields of a data structure, as fields of a form.
pub fn of_structure(structure: &Structure) -> Vec<LiveField> {
    of_structure_fields(&structure.fields)
}

fn of_structure_fields(fields: &[structure::Field]) -> Vec<LiveField> {
    fields.iter().map(of_structure_field).collect()
}

fn of_structure_field(field: &structure::Field) -> LiveField {
    let label = if field.label.is_empty() { &field.name } else { &field.label };
    let is_select = field.kind == structure::Kind::Text && !field.options.is_empty();
    let kind = if is_select { FieldKind::Select(Vec::new()) } else { structure_kind(field.kind) };
    LiveField {
        required: field.required,
        is_multiline: field.multiline,
        default: shown_default(&field.default),
        options: field.options.iter().map(|option| (option.to_string(), option.to_string())).collect(),
        spec: of_structure_fields(&field.spec),
        ..LiveField::new(field.name.to_string(), label.to_string(), kind)
    }
}

fn structure_kind(kind: structure::Kind) -> FieldKind {
    use structure::Kind;
    match kind {
        Kind::Text => FieldKind::Text,
        Kind::Number => FieldKind::Number,
        Kind::Integer => FieldKind::Integer,
        Kind::UnsignedInteger => FieldKind::UnsignedInteger,
        Kind::Boolean => FieldKind::Boolean,
        Kind::Date => FieldKind::Date,
        Kind::Time => FieldKind::Time,
        Kind::Buffer => FieldKind::Buffer,
        Kind::Collection => FieldKind::Collection(Vec::new()),
        Kind::Array => FieldKind::Array(Vec::new()),
        Kind::Any => FieldKind::Any,
    }
}

/// A default as the text that a form shows; collections and lists have none.
fn shown_default(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Boolean(boolean) => Some(boolean.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::json;

    #[test]
    fn a_structure_becomes_the_fields_of_a_form() {
        let text = br#"[{"name":"state","type":"text","label":"State","options":["new","paid"],"default":"new"},
            {"name":"items","type":"array","spec":[{"name":"sku","type":"text","required":true}]}]"#;
        let fields = of_structure(&Structure::parse(&json::parse(text).unwrap()).unwrap());
        assert_eq!((fields[0].label.as_str(), fields[0].default.as_deref()), ("State", Some("new")));
        assert_eq!((&fields[0].kind, fields[0].options.len()), (&FieldKind::Select(Vec::new()), 2));
        assert!(fields[1].spec[0].required && fields[1].label == "items");
    }

    #[test]
    fn a_search_looks_at_every_word_and_long_lists_are_cut() {
        let choices = |count: usize| (0..count).map(|at| FieldChoice::new(at.to_string(), format!("Order list {at}")));
        let found = FieldChoices::matching(choices(300).collect(), "LIST 29");
        assert_eq!((found.choices.len(), found.more), (13, false));
        let all = FieldChoices::matching(choices(300).collect(), "");
        assert_eq!((all.choices.len(), all.more), (MOST_CHOICES, true));
    }
}
