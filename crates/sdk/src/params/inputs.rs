//! What a scenario is given, checked and coerced by its inputs.
//!
//! The rules are those of a module's parameters; the fields are known only at
//! run time. Names that the scenario does not have pass through.
//! Source: `make-semantics.md` §8.1 and §5.2.

use jiff::tz::TimeZone;
use rouage_expr::{Target, coerce};
use rouage_model::interface::{Field, Kind};
use rouage_model::{Collection, Text, Value, json};

/// A value that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Which, as a path: `order.items[2].sku`.
    pub field: String,
    /// Why, as a sentence.
    pub text: Text,
}

/// Checks and coerces what is given. Defaults take the place of what is
/// missing; every value that does not fit is told.
pub fn inputs(fields: &[Field], given: &Value, timezone: &TimeZone) -> Result<Value, Vec<Misfit>> {
    let none = Collection::new();
    let given = match given {
        Value::Collection(given) => given,
        nothing if nothing.is_nothing() => &none,
        _ => return Err(vec![Misfit { field: String::new(), text: "The inputs are not a collection.".into() }]),
    };
    let mut check = Check { timezone, misfits: Vec::new() };
    let checked = check.collection(fields, given, "");
    if check.misfits.is_empty() { Ok(checked.into()) } else { Err(check.misfits) }
}

struct Check<'a> {
    timezone: &'a TimeZone,
    misfits: Vec<Misfit>,
}

impl Check<'_> {
    fn collection(&mut self, fields: &[Field], given: &Collection, path: &str) -> Collection {
        let mut checked = Collection::with_capacity(given.len().max(fields.len()));
        for field in fields {
            let path = if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) };
            let value = self.field(field, given.get(&field.name).unwrap_or(&Value::Undefined), &path);
            if !matches!(value, Value::Undefined | Value::Ignore) {
                checked.insert(field.name.as_str(), value);
            }
        }
        for (name, value) in given.iter().filter(|(_, value)| !matches!(value, Value::Undefined | Value::Ignore)) {
            if !fields.iter().any(|field| field.name == name.as_ref()) {
                checked.insert(name.clone(), value.clone());
            }
        }
        checked
    }

    fn field(&mut self, field: &Field, given: &Value, path: &str) -> Value {
        if !is_missing(field, given) {
            return self.value(field, given, path);
        }
        if !field.default.is_nothing() {
            return self.value(field, &field.default, path);
        }
        if field.required {
            return self.misfit(path, format!("{} is required.", quoted(path)));
        }
        match given {
            // An empty text is a text; for anything else it is no value.
            Value::Text(_) if is_textual(field.kind) => given.clone(),
            Value::Null | Value::Erase => Value::Null,
            _ => Value::Undefined,
        }
    }

    fn value(&mut self, field: &Field, given: &Value, path: &str) -> Value {
        match field.kind {
            Kind::Collection | Kind::DynamicCollection => self.inner(field, given, path),
            Kind::Array => self.array(field, given, path),
            Kind::Select => self.select(field, given, path),
            kind => self.simple(kind, given, path),
        }
    }

    fn simple(&mut self, kind: Kind, given: &Value, path: &str) -> Value {
        match coerced(kind, given, self.timezone) {
            Some(value) => value,
            None => self.misfit(path, format!("{} must be {}, not {}.", quoted(path), noun(kind), shown(given))),
        }
    }

    fn inner(&mut self, field: &Field, given: &Value, path: &str) -> Value {
        let parsed = given.as_text().and_then(|text| json::parse_bounded(text.as_bytes()).ok());
        match parsed.as_ref().unwrap_or(given) {
            value @ Value::Collection(_) if field.fields.is_empty() => value.clone(),
            Value::Collection(collection) => self.collection(&field.fields, collection, path).into(),
            _ => self.misfit(path, format!("{} must be a collection, not {}.", quoted(path), shown(given))),
        }
    }

    /// The JSON text of a list is one; anything else is a list of itself.
    fn array(&mut self, field: &Field, given: &Value, path: &str) -> Value {
        let parsed = given.as_text().and_then(|text| json::parse_bounded(text.as_bytes()).ok());
        let parsed = parsed.filter(|parsed| parsed.as_array().is_some());
        let one = [given.clone()];
        let items = parsed.as_ref().unwrap_or(given).as_array().unwrap_or(&one);
        let mut checked = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let path = format!("{path}[{}]", at + 1);
            checked.push(match (field.item, item) {
                (Some(kind), item) => self.simple(kind, item, &path),
                (None, item) if field.fields.is_empty() => item.clone(),
                (None, Value::Collection(inner)) => self.collection(&field.fields, inner, &path).into(),
                (None, item) => {
                    self.misfit(&path, format!("{} must be a collection, not {}.", quoted(&path), shown(item)))
                }
            });
        }
        checked.into()
    }

    fn select(&mut self, field: &Field, given: &Value, path: &str) -> Value {
        let text = coerced(Kind::Text, given, self.timezone);
        let text = text.as_ref().and_then(Value::as_text).unwrap_or_default();
        match field.choices.iter().find(|choice| choice.value == text) {
            Some(choice) => choice.value.as_str().into(),
            None if field.choices.is_empty() => text.into(),
            None => {
                let known: Vec<_> = field.choices.iter().take(20).map(|choice| quoted(&choice.value)).collect();
                self.misfit(
                    path,
                    format!("{} must be one of {}, not {}.", quoted(path), known.join(", "), shown(given)),
                )
            }
        }
    }

    fn misfit(&mut self, path: &str, text: String) -> Value {
        self.misfits.push(Misfit { field: path.to_owned(), text: text.into() });
        Value::Undefined
    }
}

fn is_missing(field: &Field, given: &Value) -> bool {
    match given {
        Value::Text(text) if text.is_empty() => match field.kind {
            Kind::Any => field.required || !field.default.is_nothing(),
            Kind::Select => !field.choices.iter().any(|choice| choice.value.is_empty()),
            _ => true,
        },
        other => other.is_nothing(),
    }
}

fn is_textual(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Select | Kind::Email | Kind::Url | Kind::Uuid | Kind::Color | Kind::Any)
}

fn coerced(kind: Kind, given: &Value, timezone: &TimeZone) -> Option<Value> {
    let target = match kind {
        Kind::Number => Target::Number,
        Kind::Integer => Target::Integer,
        Kind::UnsignedInteger => Target::UnsignedInteger,
        Kind::Boolean => Target::Boolean,
        Kind::Date => Target::Date,
        Kind::Any | Kind::Array => Target::Any,
        Kind::Collection | Kind::DynamicCollection => Target::Collection,
        Kind::Text | Kind::Select | Kind::Email | Kind::Url | Kind::Uuid | Kind::Color => Target::Text,
    };
    let value = coerce(given, target, timezone).ok()?;
    let fits = match (kind, value.as_text().map(str::trim)) {
        (Kind::Email, Some(text)) => is_email(text),
        (Kind::Url, Some(text)) => text.starts_with("http://") || text.starts_with("https://"),
        (Kind::Uuid, Some(text)) => is_uuid(text),
        (Kind::Color, Some(text)) => is_color(text),
        _ => true,
    };
    fits.then_some(value)
}

fn is_email(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) && !text.contains(char::is_whitespace)
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.chars().all(|character| character == '-' || character.is_ascii_hexdigit())
}

fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    matches!(digits.len(), 3 | 6 | 8) && digits.chars().all(|digit| digit.is_ascii_hexdigit())
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "a number",
        Kind::Integer => "a whole number",
        Kind::UnsignedInteger => "a whole number from 0",
        Kind::Boolean => "yes or no",
        Kind::Date => "a date",
        Kind::Email => "an e-mail address",
        Kind::Url => "an address that begins with http:// or https://",
        Kind::Uuid => "a UUID",
        Kind::Color => "a colour such as #22aa44",
        Kind::Collection | Kind::DynamicCollection => "a collection",
        _ => "a text",
    }
}

fn quoted(text: &str) -> String {
    format!("“{text}”")
}

/// A value in a sentence; what is long or has parts is only named.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) if text.chars().count() <= 40 => quoted(text),
        Value::Text(_) => "a text".to_owned(),
        Value::Boolean(_) | Value::Number(_) => json::to_string(value),
        other => format!("a value of the type {}", other.type_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::value;
    use rouage_model::Blueprint;
    use rouage_model::interface::Interface;

    fn fields() -> Vec<Field> {
        let file = r##"{"flow":[],"interface":{"input":[
            {"name":"name","type":"text","required":true},
            {"name":"count","type":"uinteger","default":"3"},
            {"name":"at","type":"date"},
            {"name":"on","type":"boolean"},
            {"name":"mode","type":"select","options":["fast","slow"]},
            {"name":"mail","type":"email"},{"name":"url","type":"url"},{"name":"id","type":"uuid"},{"name":"ink","type":"color"},
            {"name":"buyer","type":"collection","spec":[{"name":"age","type":"integer","required":true}]},
            {"name":"rows","type":"array","spec":[{"name":"sku","type":"text"}]},
            {"name":"tags","type":"array","spec":{"type":"number"}},
            {"name":"free","type":"dynamicCollection"}]}}"##;
        Interface::of(&Blueprint::parse(file.as_bytes()).unwrap()).inputs
    }

    fn check(given: &str) -> Result<String, Vec<String>> {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let checked = inputs(&fields(), &value(given), &paris);
        checked
            .map(|value| json::to_string(&value))
            .map_err(|misfits| misfits.into_iter().map(|misfit| misfit.text.to_string()).collect())
    }

    #[test]
    fn given_values_are_coerced_and_defaults_stand_in() {
        assert_eq!(check(r#"{"name":"a"}"#).unwrap(), r#"{"name":"a","count":3}"#);
        assert_eq!(
            check(
                r##"{"name":7,"count":"12","at":"2026-11-24T10:00","on":"true","mode":"slow","mail":"a@b.c","ink":"#0Af",
                "url":"https://x.y","id":"0196f7a0-1111-7222-8333-444455556666","buyer":"{\"age\":\"40\"}","rows":{"sku":1},
                "tags":["1",2],"free":"{\"x\":1}","extra":true}"##
            )
            .unwrap(),
            r##"{"name":"7","count":12,"at":"2026-11-24T09:00:00.000Z","on":true,"mode":"slow","mail":"a@b.c","url":"https://x.y","id":"0196f7a0-1111-7222-8333-444455556666","ink":"#0Af","buyer":{"age":40},"rows":[{"sku":"1"}],"tags":[1,2],"free":{"x":1},"extra":true}"##
        );
    }

    #[test]
    fn every_field_that_does_not_fit_is_told() {
        let told = check(
            r#"{"name":"","count":-1,"at":"soon","mode":"Fast","mail":"a b@c","url":"ftp://x","id":"7","ink":"red",
            "buyer":{},"rows":[1],"tags":["x"],"free":"no"}"#,
        );
        let told = told.unwrap_err();
        assert_eq!(told.len(), 12, "{told:#?}");
        for text in [
            "“name” is required.",
            "“count” must be a whole number from 0, not -1.",
            "“mode” must be one of “fast”, “slow”, not “Fast”.",
            "“buyer.age” is required.",
            "“rows[1]” must be a collection, not 1.",
            "“tags[1]” must be a number, not “x”.",
        ] {
            assert!(told.iter().any(|told| told == text), "{text} in {told:#?}");
        }
        assert_eq!(check("3").unwrap_err(), ["The inputs are not a collection."]);
        assert_eq!(check("null").unwrap_err(), ["“name” is required."]);
    }

    #[test]
    fn an_empty_text_is_no_number() {
        assert_eq!(check(r#"{"name":"a","count":"","at":"","free":""}"#).unwrap(), r#"{"name":"a","count":3}"#);
    }
}
