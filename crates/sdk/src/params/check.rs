//! The walk over values and their spec.

use jiff::tz::TimeZone;
use rouage_expr::{Target, coerce};
use rouage_model::{Collection, Text, Value};

use crate::place::Path;
use crate::shown::is_shown;
use crate::spec::{Field, FieldKind};

/// Checks a collection, or says everything that does not fit.
pub(super) fn collection(fields: &[Field], given: &Collection, timezone: &TimeZone) -> Result<Collection, Vec<Text>> {
    let mut check = Check { timezone, problems: Vec::new() };
    let checked = check.collection(fields, given, Path::Root);
    if check.problems.is_empty() { Ok(checked) } else { Err(check.problems) }
}

struct Check<'a> {
    timezone: &'a TimeZone,
    problems: Vec<Text>,
}

impl Check<'_> {
    fn collection(&mut self, fields: &[Field], given: &Collection, path: Path<'_>) -> Collection {
        let mut checked = Collection::with_capacity(given.len());
        for (name, value) in given.iter() {
            let value = match fields.iter().find(|field| !field.name.is_empty() && field.name == name.as_ref()) {
                Some(field) => self.field(field, value, is_required(field, fields, given), Path::Name(&path, name)),
                None => value.clone(),
            };
            if !matches!(value, Value::Undefined | Value::Ignore) {
                checked.insert(name.clone(), value);
            }
        }
        let is_left_out = |field: &&Field| given.get(field.name).is_none() && !field.name.is_empty();
        for field in fields.iter().filter(is_left_out) {
            let required = is_required(field, fields, given);
            let value = self.field(field, &Value::Undefined, required, Path::Name(&path, field.name));
            if !matches!(value, Value::Undefined) {
                checked.insert(field.name, value);
            }
        }
        checked
    }

    fn field(&mut self, field: &Field, given: &Value, required: bool, path: Path<'_>) -> Value {
        if *given == Value::Erase {
            return Value::Erase;
        }
        if !is_missing(&field.kind, given) {
            return self.value(&field.kind, given, path);
        }
        if let Some(default) = field.default {
            return self.value(&field.kind, &Value::text(default), path);
        }
        if required {
            self.problems.push(format!("Missing value of required parameter '{path}'.").into());
        }
        match given {
            // An empty text stays one where a text is expected.
            Value::Text(_) if is_textual(&field.kind) => given.clone(),
            Value::Null => Value::Null,
            _ => Value::Undefined,
        }
    }

    fn value(&mut self, kind: &FieldKind, given: &Value, path: Path<'_>) -> Value {
        match kind {
            FieldKind::Array(item) => self.array(item, given, path),
            FieldKind::Collection(fields) => self.inner(fields, given, path),
            FieldKind::Select(options) => self.select(options, given, path),
            FieldKind::Url => self.url(given, path),
            _ => match scalar(kind, given, self.timezone) {
                Some(value) => value,
                None => self.problem(noun(kind), path),
            },
        }
    }

    fn inner(&mut self, fields: &[Field], given: &Value, path: Path<'_>) -> Value {
        match given {
            Value::Collection(_) if fields.is_empty() => given.clone(),
            Value::Collection(collection) => self.collection(fields, collection, path).into(),
            _ => self.problem("collection", path),
        }
    }

    fn array(&mut self, item: &[Field], given: &Value, path: Path<'_>) -> Value {
        let one = [given.clone()];
        let items = given.as_array().unwrap_or(&one);
        let mut checked = Vec::with_capacity(items.len());
        let kept = items.iter().enumerate().filter(|(_, value)| !matches!(value, Value::Undefined | Value::Ignore));
        for (at, value) in kept {
            let path = Path::Item(&path, at + 1);
            checked.push(match item {
                [] => value.clone(),
                [field] if field.name.is_empty() => self.field(field, value, field.required, path),
                fields => self.inner(fields, value, path),
            });
        }
        checked.into()
    }

    /// Stored values are compared without case, because blueprints hold both
    /// `post` and `POST`; the module sees the spelling of the spec.
    fn select(&mut self, options: &[(&'static str, &'static str)], given: &Value, path: Path<'_>) -> Value {
        let Some(Value::Text(text)) = scalar(&FieldKind::Text, given, self.timezone) else {
            return self.problem("value", path);
        };
        if options.is_empty() {
            return Value::Text(text);
        }
        // A tab is a stored value too.
        let same = |stored: &str| stored == text.as_ref() || stored.eq_ignore_ascii_case(text.trim());
        match options.iter().find(|(stored, _)| same(stored)) {
            Some((stored, _)) => Value::text(*stored),
            None => {
                self.problems.push(format!("Prohibited value in parameter '{path}'.").into());
                Value::Undefined
            }
        }
    }

    fn url(&mut self, given: &Value, path: Path<'_>) -> Value {
        let Some(Value::Text(text)) = scalar(&FieldKind::Text, given, self.timezone) else {
            return self.problem("URL", path);
        };
        let text = text.trim();
        let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        if !matches!(scheme.as_deref(), Some("http" | "https")) {
            return self.problem("URL", path);
        }
        Value::text(text)
    }

    fn problem(&mut self, noun: &str, path: Path<'_>) -> Value {
        self.problems.push(format!("Invalid {noun} in parameter '{path}'.").into());
        Value::Undefined
    }
}

/// What is not shown need not be filled in.
fn is_required(field: &Field, fields: &[Field], given: &Collection) -> bool {
    field.required && is_shown(field, fields, given)
}

/// Whether there is nothing to coerce. An empty text is something only for a
/// boolean (it means no) and where anything is welcome.
pub(super) fn is_missing(kind: &FieldKind, given: &Value) -> bool {
    match given {
        Value::Text(text) if text.is_empty() => match kind {
            FieldKind::Any | FieldKind::Boolean => false,
            FieldKind::Select(options) => !options.iter().any(|(stored, _)| stored.is_empty()),
            _ => true,
        },
        other => other.is_nothing(),
    }
}

fn is_textual(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Text
            | FieldKind::Password
            | FieldKind::Email
            | FieldKind::Url
            | FieldKind::Buffer
            | FieldKind::Select(_)
            | FieldKind::Spreadsheet
            | FieldKind::Sheet
    )
}

/// What Make calls a value of the kind in "Invalid … in parameter".
fn noun(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Number => "number",
        FieldKind::Integer | FieldKind::UnsignedInteger => "integer",
        FieldKind::Boolean => "boolean",
        FieldKind::Date => "timestamp",
        FieldKind::Time => "time",
        FieldKind::Buffer => "buffer",
        FieldKind::Email => "email address",
        FieldKind::Collection(_) => "collection",
        FieldKind::Url => "URL",
        _ => "text",
    }
}

/// A simple value by Make's coercion table; `None` when it does not fit.
/// What only the runtime or the app understands (hooks, accounts, filters) is
/// left as it is.
fn scalar(kind: &FieldKind, given: &Value, timezone: &TimeZone) -> Option<Value> {
    let target = match kind {
        FieldKind::Text | FieldKind::Password | FieldKind::Email | FieldKind::Spreadsheet | FieldKind::Sheet => {
            Target::Text
        }
        FieldKind::Number => Target::Number,
        FieldKind::Integer => Target::Integer,
        FieldKind::UnsignedInteger => Target::UnsignedInteger,
        FieldKind::Boolean => Target::Boolean,
        FieldKind::Date => Target::Date,
        FieldKind::Time => Target::Time,
        FieldKind::Buffer => Target::Buffer,
        _ => return Some(given.clone()),
    };
    coerce(given, target, timezone).ok()
}
