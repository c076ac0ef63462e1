//! What can be mapped, as the editor gets it: names, labels, types, paths that
//! can be put into an expression, and values that are cut for reading.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_engine::Visible;
use rouage_model::{Collection, ExecutionId, ModuleId, Value, json};

use super::tree::Known;

/// Items of all modules together.
const MOST: usize = 20_000;
/// Items of one module, however many modules there are.
const LEAST: usize = 60;
/// Items of one module, however few there are.
const MOST_OF_ONE: usize = 1_500;
/// Characters of a value that are shown.
const LONGEST: usize = 120;

/// What can be mapped in a draft.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Items {
    /// The run that most values are of.
    pub run: Option<(ExecutionId, Timestamp)>,
    /// By module.
    pub modules: BTreeMap<ModuleId, ModuleItems>,
    /// What can be mapped where.
    pub visible: Visible,
    /// Types only.
    pub is_confidential: bool,
    /// Inputs and the like.
    pub variables: Vec<Item>,
}

/// What one module puts out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModuleItems {
    /// How many bundles the last run gave.
    pub bundles: usize,
    /// Where it is known from.
    pub from: Source,
    /// Its fields.
    pub items: Vec<Item>,
    /// Fields that are not listed.
    pub more: usize,
}

/// Where an output is known from; the first that knows something counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// Bundles of a run.
    Run,
    /// What a webhook has received.
    Webhook,
    /// What the editor of Make has kept in the blueprint.
    Sample,
    /// What the app says of it.
    Description,
    /// What is mapped in the module.
    Mapping,
    /// Nothing is known.
    #[default]
    None,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Source::Run => "run",
            Source::Webhook => "webhook",
            Source::Sample => "sample",
            Source::Description => "description",
            Source::Mapping => "mapping",
            Source::None => "none",
        }
    }
}

/// Something that can be mapped.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Item {
    /// The raw name.
    pub name: String,
    /// For people; the raw name when there is no other.
    pub label: String,
    /// Its type.
    pub kind: &'static str,
    /// The expression that names it, without braces.
    pub path: String,
    /// Its last value, cut.
    pub sample: Option<String>,
    /// Of a collection, or of the items of an array.
    pub fields: Vec<Item>,
    /// Fields that are not listed.
    pub more: usize,
}

/// How many items one of so many modules may have.
pub fn share(modules: usize) -> usize {
    (MOST / modules.max(1)).clamp(LEAST, MOST_OF_ONE)
}

/// Writes trees as items, until there are too many.
pub struct Writer<'t> {
    /// The zone in which dates are shown.
    pub timezone: &'t TimeZone,
    /// Whether values are shown.
    pub has_values: bool,
    /// How many items may still be written.
    pub left: usize,
}

impl Writer<'_> {
    /// The fields of a tree below a path. Gives also how many were left out.
    pub fn fields(&mut self, known: &Known, path: &str) -> (Vec<Item>, usize) {
        let mut items = Vec::with_capacity(known.fields.len().min(self.left));
        for (at, field) in known.fields.iter().enumerate() {
            if self.left == 0 {
                return (items, known.more + known.fields.len() - at);
            }
            self.left -= 1;
            items.push(self.item(field, path));
        }
        (items, known.more)
    }

    fn item(&mut self, known: &Known, parent: &str) -> Item {
        let path = if known.name.is_empty() { parent.to_owned() } else { below(parent, &known.name) };
        let inside = if known.kind == "array" { format!("{path}[]") } else { path.clone() };
        let (fields, more) = self.fields(known, &inside);
        let label = match (known.label.trim(), known.name.as_str()) {
            ("", "") => "Item",
            ("", name) => name,
            (label, _) => label,
        };
        let sample = known.value.as_ref().filter(|_| self.has_values).and_then(|value| sample(value, self.timezone));
        let kind = if known.kind.is_empty() { "any" } else { known.kind };
        Item { name: known.name.clone(), label: label.to_owned(), kind, path, sample, fields, more }
    }
}

/// The path to a field. A name in backticks cannot have a backtick itself.
pub fn below(parent: &str, name: &str) -> String {
    if rouage_expr::is_plain_name(name) {
        format!("{parent}.{name}")
    } else if name.contains('`') {
        let whole =
            if parent.bytes().all(|byte| byte.is_ascii_digit()) { format!("`{parent}`") } else { parent.to_owned() };
        format!("get({whole}; \"{}\")", name.replace('"', "\"\""))
    } else {
        format!("{parent}.`{name}`")
    }
}

/// A value in a few words; `None` when its fields say it all.
pub fn sample(value: &Value, timezone: &TimeZone) -> Option<String> {
    Some(match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => return None,
        Value::Collection(_) => return None,
        Value::Array(items) if items.len() == 1 => "1 item".to_owned(),
        Value::Array(items) => format!("{} items", items.len()),
        Value::Buffer(buffer) => format!("file data, {} bytes", buffer.size()),
        Value::Text(text) => cut(text, LONGEST),
        Value::Date(date) => local(*date, timezone),
        Value::Number(_) | Value::Boolean(_) => json::to_string(value),
    })
}

/// A moment as it is read in the scenario's zone.
pub fn local(at: Timestamp, timezone: &TimeZone) -> String {
    timezone.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The beginning of a long text.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Items {
    /// As JSON.
    pub fn to_value(&self) -> Value {
        let ids = |lists: &BTreeMap<ModuleId, Vec<ModuleId>>| {
            let list = |ids: &Vec<ModuleId>| ids.iter().map(|id| Value::from(id.0)).collect::<Vec<_>>();
            lists.iter().map(|(id, ids)| (id.to_string(), list(ids))).collect::<Collection>()
        };
        let run = self.run.map(|(id, at)| {
            Collection::from_iter([("id", Value::from(id.to_string())), ("at", at.to_string().into())])
        });
        let modules = self.modules.iter().map(|(id, module)| (id.to_string(), module.to_value()));
        Collection::from_iter([
            ("run", run.map_or(Value::Null, Value::from)),
            ("modules", modules.collect::<Collection>().into()),
            ("visible", ids(&self.visible.modules).into()),
            ("failed", ids(&self.visible.failed).into()),
            ("confidential", self.is_confidential.into()),
            ("variables", list(&self.variables)),
        ])
        .into()
    }
}

impl ModuleItems {
    fn to_value(&self) -> Value {
        let mut out = Collection::from_iter([
            ("bundles", Value::from(self.bundles)),
            ("from", self.from.as_str().into()),
            ("items", list(&self.items)),
        ]);
        if self.more > 0 {
            out.insert("more", self.more);
        }
        out.into()
    }
}

fn list(items: &[Item]) -> Value {
    items.iter().map(Item::to_value).collect::<Vec<_>>().into()
}

impl Item {
    fn to_value(&self) -> Value {
        let mut out = Collection::from_iter([
            ("name", Value::from(self.name.as_str())),
            ("label", self.label.as_str().into()),
            ("type", self.kind.into()),
            ("path", self.path.as_str().into()),
        ]);
        if let Some(sample) = &self.sample {
            out.insert("sample", sample.as_str());
        }
        if !self.fields.is_empty() {
            out.insert("spec", list(&self.fields));
        }
        if self.more > 0 {
            out.insert("more", self.more);
        }
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        fn walk(items: &[Item], into: &mut Vec<String>) {
            for item in items {
                into.push(item.path.clone());
                walk(&item.fields, into);
            }
        }
        let known = Known::of_value(&json::parse(text.as_bytes()).unwrap());
        let mut writer = Writer { timezone: &TimeZone::UTC, has_values: true, left: 100 };
        let mut found = Vec::new();
        walk(&writer.fields(&known, "3").0, &mut found);
        found
    }

    #[test]
    fn paths_are_expressions_that_lead_to_their_value() {
        let text = r#"{"a":1,"First name":"x","0":"A","é":1,"a-b":1,"b`c":{"d":1},
            "rows":[{"x y":1,"n":[[2]]}],"tags":["t"]}"#;
        let found = paths(text);
        let expected = [
            "3.a",
            "3.`First name`",
            "3.`0`",
            "3.é",
            "3.`a-b`",
            "get(`3`; \"b`c\")",
            "get(`3`; \"b`c\").d",
            "3.rows",
            "3.rows[].`x y`",
            "3.rows[].n",
            "3.rows[].n[]",
            "3.rows[].n[][]",
            "3.tags",
            "3.tags[]",
        ];
        assert_eq!(found, expected);
        let probe = |path: &str| {
            let line = format!(
                r#"{{"expr":{},"bundles":{{"3":{text}}}}}"#,
                json::to_string(&Value::from(format!("{{{{{path}}}}}")))
            );
            let line = json::parse(line.as_bytes()).unwrap();
            rouage_expr::probe(&line, &rouage_model::clock::SystemClock)
        };
        for path in expected {
            assert_ne!(probe(path).field("type").as_text(), Some("null"), "{path}: {:?}", probe(path));
        }
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let known = Known::of_value(&json::parse(br#"{"a":{"x":1,"y":2},"b":3,"c":4}"#).unwrap());
        let mut writer = Writer { timezone: &TimeZone::UTC, has_values: false, left: 2 };
        let (items, more) = writer.fields(&known, "1");
        assert_eq!((items.len(), more, items[0].fields.len(), items[0].more), (1, 2, 1, 1));
        assert!(items[0].fields[0].sample.is_none());
    }
}
