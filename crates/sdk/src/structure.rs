//! Data structures at work: a bundle or a record is checked and coerced by
//! one, with Make's rules and words (source: `make-semantics.md` §1.3, §5.2).
//!
//! Webhooks, data stores, JSON and the pages all use this one check.

use jiff::tz::TimeZone;
use rouage_expr::{Target, coerce};
use rouage_model::structure::{Field, Kind, Structure, find};
use rouage_model::{Collection, Text, Value};

use crate::place::Path;

/// How much of a record is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it: defaults are filled in and what is required must be there.
    Whole,
    /// Some fields: what is not given is not looked at.
    Part,
}

/// Checks and coerces. `Err` names everything that does not fit, one sentence
/// each. Fields that a structure does not name pass untouched unless it is
/// strict; what Make itself adds (`__IMT…`) always passes.
pub fn check(
    structure: &Structure,
    data: &Collection,
    extent: Extent,
    timezone: &TimeZone,
) -> Result<Collection, Vec<Text>> {
    let mut check = Check { strict: structure.strict, extent, timezone, problems: Vec::new() };
    let checked = check.collection(&structure.fields, data, Path::Root);
    if check.problems.is_empty() { Ok(checked) } else { Err(check.problems) }
}

struct Check<'a> {
    strict: bool,
    extent: Extent,
    timezone: &'a TimeZone,
    problems: Vec<Text>,
}

impl Check<'_> {
    fn collection(&mut self, fields: &[Field], data: &Collection, path: Path<'_>) -> Collection {
        let mut checked = Collection::with_capacity(data.len());
        for (name, value) in data.iter() {
            let path = Path::Name(&path, name);
            match find(fields, name) {
                Some(field) => insert(&mut checked, name, self.field(field, value, path)),
                None if self.strict && !name.starts_with("__IMT") => {
                    self.problems.push(format!("Parameter '{path}' is not part of the data structure.").into());
                }
                None => insert(&mut checked, name, value.clone()),
            }
        }
        if self.extent == Extent::Whole {
            for field in fields.iter().filter(|field| data.get(&field.name).is_none()) {
                let value = self.field(field, &Value::Undefined, Path::Name(&path, &field.name));
                insert(&mut checked, &field.name, value);
            }
        }
        checked
    }

    fn field(&mut self, field: &Field, given: &Value, path: Path<'_>) -> Value {
        if !is_missing(field.kind, given) {
            return self.value(field, given, path);
        }
        if self.extent == Extent::Whole && !field.default.is_nothing() && *given != Value::Erase {
            return self.value(field, &field.default, path);
        }
        let is_needed = field.required && (self.extent == Extent::Whole || *given == Value::Erase);
        if is_needed {
            self.problems.push(format!("Missing value of required parameter '{path}'.").into());
        }
        match given {
            // An empty text is nothing where no text is expected.
            Value::Text(_) if field.kind != Kind::Text => Value::Null,
            other => other.clone(),
        }
    }

    fn value(&mut self, field: &Field, given: &Value, path: Path<'_>) -> Value {
        match (field.kind, given) {
            (Kind::Any, _) => given.clone(),
            (Kind::Collection, Value::Collection(_)) if field.spec.is_empty() && !self.strict => given.clone(),
            (Kind::Collection, Value::Collection(inner)) => self.collection(&field.spec, inner, path).into(),
            (Kind::Collection, _) => self.invalid("collection", given, path),
            (Kind::Array, Value::Array(items)) => self.items(field, items, path),
            // One thing where a list is expected is a list of one.
            (Kind::Array, one) => self.items(field, std::slice::from_ref(one), path),
            (kind, _) => match coerce(given, target(kind), self.timezone) {
                Ok(value) => self.allowed(field, value, path),
                Err(_) => self.invalid(noun(kind), given, path),
            },
        }
    }

    fn items(&mut self, field: &Field, items: &[Value], path: Path<'_>) -> Value {
        let mut checked = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let path = Path::Item(&path, at + 1);
            checked.push(match (field.item(), item) {
                _ if field.spec.is_empty() => item.clone(),
                (Some(simple), item) => self.field(simple, item, path),
                (None, Value::Collection(inner)) => self.collection(&field.spec, inner, path).into(),
                (None, _) => self.invalid("collection", item, path),
            });
        }
        checked.into()
    }

    fn allowed(&mut self, field: &Field, value: Value, path: Path<'_>) -> Value {
        let is_one = |text: &str| field.options.iter().any(|option| option.as_ref() == text);
        if !field.options.is_empty() && value.as_text().is_some_and(|text| !is_one(text)) {
            self.problems.push(format!("Prohibited value in parameter '{path}'.").into());
        }
        value
    }

    fn invalid(&mut self, noun: &str, given: &Value, path: Path<'_>) -> Value {
        self.problems.push(format!("Invalid {noun} in parameter '{path}': it is {}.", given.type_name()).into());
        Value::Undefined
    }
}

fn insert(into: &mut Collection, name: &Text, value: Value) {
    if !matches!(value, Value::Undefined | Value::Ignore) {
        into.insert(name.clone(), value);
    }
}

/// Whether there is nothing to coerce. An empty text is something only for a
/// boolean (it means no) and where anything is welcome.
fn is_missing(kind: Kind, given: &Value) -> bool {
    match given {
        Value::Text(text) if text.is_empty() => !matches!(kind, Kind::Any | Kind::Boolean),
        other => other.is_nothing(),
    }
}

fn target(kind: Kind) -> Target {
    Target::from_name(kind.as_str()).unwrap_or(Target::Any)
}

/// What Make calls a value of the type in "Invalid … in parameter".
fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Date => "timestamp",
        Kind::UnsignedInteger => "integer",
        other => other.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;
    use crate::testing::value;

    const STRUCTURE: &str = r#"{"spec":[{"name":"id","type":"number","required":true},{"name":"at","type":"date"},
        {"name":"buyer","type":"collection","spec":[{"name":"email","type":"text","required":true}]},
        {"name":"items","type":"array","spec":[{"name":"price","type":"number"}]},
        {"name":"tags","type":"array","spec":{"type":"text"}},
        {"name":"state","type":"text","default":"open","options":["open","paid"]}]}"#;

    fn run(strict: bool, extent: Extent, data: &Value) -> Result<String, Vec<Text>> {
        let structure = Structure { strict, ..Structure::parse(&value(STRUCTURE)).unwrap() };
        let checked = check(&structure, data.as_collection().unwrap(), extent, &TimeZone::UTC)?;
        Ok(json::to_string(&checked.into()))
    }

    #[test]
    fn values_are_coerced_defaults_filled_in_and_extras_pass() {
        let data = value(r#"{"id":"7","at":"","items":{"price":"1.5"},"tags":3,"more":1,"buyer":null}"#);
        assert_eq!(
            run(false, Extent::Whole, &data).unwrap(),
            r#"{"id":7,"at":null,"items":[{"price":1.5}],"tags":["3"],"more":1,"buyer":null,"state":"open"}"#
        );
    }

    #[test]
    fn everything_that_does_not_fit_is_named() {
        let data = value(r#"{"buyer":{},"items":[{"price":"x"}],"more":1,"state":"new","__IMTHEADERS__":[]}"#);
        let expected = [
            "Missing value of required parameter 'buyer.email'.",
            "Invalid number in parameter 'items[1].price': it is text.",
            "Parameter 'more' is not part of the data structure.",
            "Prohibited value in parameter 'state'.",
            "Missing value of required parameter 'id'.",
        ];
        assert_eq!(run(true, Extent::Whole, &data).unwrap_err(), expected.map(Text::from));
    }

    #[test]
    fn a_part_needs_nothing_but_may_not_erase_what_is_required() {
        assert_eq!(run(false, Extent::Part, &value(r#"{"tags":[1]}"#)).unwrap(), r#"{"tags":["1"]}"#);
        let erased = Collection::from_iter([("id", Value::Erase)]).into();
        assert_eq!(run(false, Extent::Part, &erased).unwrap_err().len(), 1);
    }
}
