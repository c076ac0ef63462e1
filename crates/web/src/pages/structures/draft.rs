//! A data structure while it is edited: its fields one below the other, each
//! with its level, as the rows of the form are.

use rouage_model::structure::{Field, Kind, Structure};
use rouage_model::{Value, json};

use crate::query::Query;
use crate::words::t;

/// Rows of a form; more are not read.
const MOST_ROWS: usize = 500;

/// A field as its row of the form.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Row {
    /// 0 at the top; a field inside another one is one deeper.
    pub(super) level: usize,
    pub(super) name: String,
    pub(super) label: String,
    pub(super) kind: Kind,
    /// What an array holds: `collection`, a simple type, or empty for anything.
    pub(super) items: String,
    pub(super) default: String,
    pub(super) options: String,
    pub(super) required: bool,
    pub(super) multiline: bool,
}

impl Row {
    /// Whether fields may be inside.
    pub(super) fn takes_fields(&self) -> bool {
        self.kind == Kind::Collection || self.kind == Kind::Array && self.items == "collection"
    }
}

/// All rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Draft {
    pub(super) rows: Vec<Row>,
}

impl Draft {
    /// The rows of a structure.
    pub(super) fn of(structure: &Structure) -> Self {
        let mut rows = Vec::new();
        add_rows(&mut rows, &structure.fields, 0);
        Self { rows }
    }

    /// The rows of a form that was sent.
    pub(super) fn read(form: &Query) -> Self {
        let row = |at: usize| {
            let level = form.get(&format!("level.{at}"))?.parse().ok()?;
            let text = |name: &str| form.text(&format!("{name}.{at}")).to_owned();
            Some(Row {
                level,
                name: text("field"),
                label: text("label"),
                kind: Kind::parse(&text("kind")),
                items: text("items"),
                default: text("default"),
                options: text("options"),
                required: form.is_on(&format!("required.{at}")),
                multiline: form.is_on(&format!("multiline.{at}")),
            })
        };
        Self { rows: (0..MOST_ROWS).map_while(row).collect() }
    }

    /// Does what a button says: `add`, `into.3`, `remove.3`, `up.3`, `down.3`.
    pub(super) fn change(&mut self, action: &str) {
        let (verb, at) = action.split_once('.').unwrap_or((action, ""));
        let at = at.parse().unwrap_or(usize::MAX);
        match verb {
            "add" => self.rows.push(Row::default()),
            "into" if at < self.rows.len() => {
                let level = self.rows[at].level + 1;
                self.rows.insert(self.end(at), Row { level, ..Row::default() });
            }
            "remove" if at < self.rows.len() => drop(self.rows.drain(at..self.end(at))),
            "up" => self.move_up(at),
            "down" if at < self.rows.len() => {
                let next = self.end(at);
                if self.rows.get(next).is_some_and(|row| row.level == self.rows[at].level) {
                    self.move_up(next);
                }
            }
            _ => {}
        }
    }

    /// After the last row inside a row.
    fn end(&self, at: usize) -> usize {
        let level = self.rows[at].level;
        let inside = self.rows[at + 1..].iter().take_while(|row| row.level > level).count();
        at + 1 + inside
    }

    /// Swaps a row, with all inside, with the one before it on its level.
    fn move_up(&mut self, at: usize) {
        let Some(level) = self.rows.get(at).map(|row| row.level) else { return };
        let Some(before) = self.rows[..at].iter().rposition(|row| row.level <= level) else { return };
        if self.rows[before].level == level {
            let end = self.end(at);
            self.rows[before..end].rotate_left(at - before);
        }
    }

    /// The structure; `Err` says what is wrong, for people.
    pub(super) fn structure(&self, strict: bool) -> Result<Structure, String> {
        let mut rows = self.rows.as_slice();
        let fields = fields(&mut rows, 0)?;
        // Its reader has the rules: names, doubles, depth.
        let value = Structure { strict, fields }.to_value();
        Structure::parse(&value).map_err(|problem| t!("This does not work: {problem}.", problem = problem))
    }
}

fn add_rows(rows: &mut Vec<Row>, fields: &[Field], level: usize) {
    for field in fields {
        let items = match (field.kind, field.item(), field.spec.is_empty()) {
            (Kind::Array, Some(item), _) if item.kind != Kind::Any => item.kind.as_str(),
            (Kind::Array, None, false) => "collection",
            _ => "",
        };
        rows.push(Row {
            level,
            name: field.name.to_string(),
            label: field.label.to_string(),
            kind: field.kind,
            items: items.to_owned(),
            default: match &field.default {
                Value::Text(text) => text.to_string(),
                nothing if nothing.is_nothing() => String::new(),
                other => json::to_string(other),
            },
            options: field.options.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", "),
            required: field.required,
            multiline: field.multiline,
        });
        if field.item().is_none() {
            add_rows(rows, &field.spec, level + 1);
        }
    }
}

/// The fields of a level, taken from the front of the rows.
fn fields(rows: &mut &[Row], level: usize) -> Result<Vec<Field>, String> {
    let mut read = Vec::new();
    while let Some((row, rest)) = rows.split_first().filter(|(row, _)| row.level >= level) {
        *rows = rest;
        let inner = fields(rows, level + 1)?;
        // A row that nobody filled in is no field.
        if row.name.is_empty() && row.label.is_empty() && inner.is_empty() {
            continue;
        }
        if row.name.is_empty() {
            return Err(t!("Give the field {label} a name.", label = format!("{:?}", row.label)));
        }
        read.push(field(row, inner));
    }
    Ok(read)
}

fn field(row: &Row, inner: Vec<Field>) -> Field {
    let spec = match row.kind {
        _ if row.takes_fields() => inner,
        Kind::Array if !row.items.is_empty() => vec![Field { kind: Kind::parse(&row.items), ..Field::default() }],
        _ => Vec::new(),
    };
    let options = row.options.split(',').map(str::trim).filter(|option| !option.is_empty());
    Field {
        name: row.name.as_str().into(),
        label: row.label.as_str().into(),
        kind: row.kind,
        default: if row.default.is_empty() { Value::Undefined } else { Value::text(row.default.as_str()) },
        required: row.required,
        multiline: row.multiline && row.kind == Kind::Text,
        options: if row.kind == Kind::Text { options.map(Into::into).collect() } else { Vec::new() },
        spec,
    }
}

/// The rows for a sample: a JSON object, or a list of them.
pub(super) fn generate(sample: &str) -> Result<Draft, String> {
    let sample = sample.trim();
    let value = json::parse(sample.as_bytes()).map_err(|error| broken(sample, &error))?;
    let sample = match &value {
        Value::Array(items) => items.first().and_then(Value::as_collection),
        other => other.as_collection(),
    };
    let sample = sample.ok_or(t!("The sample must be a JSON object, such as {\"name\": \"Ada\", \"age\": 36}."))?;
    Ok(Draft::of(&Structure::of_sample(sample)))
}

/// What is wrong with a sample, and what stands there.
fn broken(sample: &str, error: &json::Error) -> String {
    let rest = sample.get(error.offset..).unwrap_or_default();
    let found: String = rest.lines().next().unwrap_or_default().chars().take(20).collect();
    match found.is_empty() {
        true => t!("The sample is not valid JSON: {error}. It ends there.", error = error),
        false => t!("The sample is not valid JSON: {error}. There stands: {found}", error = error, found = found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"strict":true,"spec":[{"type":"text","name":"a","label":"A","default":"x","required":true,"multiline":true,"options":["x","y"]},{"type":"array","name":"b","label":null,"default":null,"required":false,"spec":[{"type":"collection","name":"c","label":null,"default":null,"required":false,"spec":[{"type":"date","name":"d","label":null,"default":null,"required":false}]}]},{"type":"array","name":"e","label":null,"default":null,"required":false,"spec":{"type":"number"}}]}"#;

    #[test]
    fn a_broken_sample_is_told_with_its_place() {
        let told = generate("{\"a\": 1,\n \"b\": oops}").unwrap_err();
        assert!(told.contains("line 2") && told.contains("column") && told.contains("oops}"), "{told}");
        assert!(generate("{\"a\": ").unwrap_err().ends_with("It ends there."));
    }

    fn draft() -> Draft {
        Draft::of(&Structure::parse(&json::parse(TEXT.as_bytes()).unwrap()).unwrap())
    }

    fn names(draft: &Draft) -> String {
        draft.rows.iter().map(|row| format!("{}{}", row.level, row.name)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_structure_comes_back_from_its_rows() {
        assert_eq!(names(&draft()), "0a 0b 1c 2d 0e");
        assert_eq!(json::to_string(&draft().structure(true).unwrap().to_value()), TEXT);
    }

    #[test]
    fn rows_come_go_and_move_with_what_is_inside() {
        let mut draft = draft();
        draft.change("up.4");
        assert_eq!(names(&draft), "0a 0e 0b 1c 2d");
        draft.change("down.1");
        draft.change("up.2");
        assert_eq!(names(&draft), "0a 0b 1c 2d 0e");
        draft.change("into.2");
        assert_eq!(names(&draft), "0a 0b 1c 2d 2 0e");
        draft.change("remove.1");
        draft.change("add");
        draft.change("up.0");
        assert_eq!(names(&draft), "0a 0e 0");
        assert_eq!(draft.structure(false).unwrap().fields.len(), 2, "an empty row is no field");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let twice = Draft { rows: vec![Row { name: "a".into(), ..Row::default() }; 2] };
        assert!(twice.structure(false).unwrap_err().contains("two fields called \"a\""));
        let nameless = Draft { rows: vec![Row { label: "A".into(), ..Row::default() }] };
        assert!(nameless.structure(false).unwrap_err().contains("a name"));
        assert_eq!(names(&generate(r#"[{"id":1,"buyer":{"name":"x"}}]"#).unwrap()), "0id 0buyer 1name");
        assert!(generate("7").is_err());
    }
}
