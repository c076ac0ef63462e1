//! Data structures: what a bundle must look like. Values are coerced where
//! that loses nothing; everything that does not fit is named.
//! Source: `make-semantics.md` §1.3 and §5.

use jiff::tz::TimeZone;
use rouage_expr::{Target, coerce};
use rouage_model::{Collection, Value};

/// Checks and coerces a bundle. The error names every problem.
pub fn apply(structure: &Value, strict: bool, bundle: &Collection) -> Result<Collection, String> {
    let spec = structure.get("spec").unwrap_or(structure);
    let strict = strict || structure.field("strict").as_bool().unwrap_or(false);
    let mut problems = Vec::new();
    let checked = collection(spec, strict, bundle, "", &mut problems);
    if problems.is_empty() {
        Ok(checked)
    } else {
        Err(format!("The data does not fit the structure: {}.", problems.join("; ")))
    }
}

fn collection(spec: &Value, strict: bool, value: &Collection, path: &str, problems: &mut Vec<String>) -> Collection {
    let fields = spec.as_array().unwrap_or_default();
    let known = |name: &str| fields.iter().any(|field| field.field("name").as_text() == Some(name));
    let mut out = Collection::with_capacity(value.len());
    for (name, item) in value.iter() {
        let is_own = name.starts_with("__IMT");
        match fields.iter().find(|field| field.field("name").as_text() == Some(name)) {
            Some(field) => out.insert(name.clone(), checked(field, strict, item, &join(path, name), problems)),
            None if strict && !is_own => problems.push(format!("{} is not part of it", join(path, name))),
            None => out.insert(name.clone(), item.clone()),
        }
    }
    for field in fields.iter().filter(|field| field.field("required").as_bool() == Some(true)) {
        let name = field.field("name").as_text().unwrap_or_default();
        if known(name) && value.get(name).is_none_or(Value::is_nothing) {
            problems.push(format!("{} is missing", join(path, name)));
        }
    }
    out
}

fn checked(field: &Value, strict: bool, value: &Value, path: &str, problems: &mut Vec<String>) -> Value {
    if value.is_nothing() {
        return value.clone();
    }
    let spec = field.field("spec");
    let wanted = field.field("type").as_text().unwrap_or("any");
    match (wanted, value) {
        ("collection", Value::Collection(inner)) => collection(spec, strict, inner, path, problems).into(),
        ("collection", _) => misfit(wanted, value, path, problems),
        ("array", Value::Array(items)) => {
            let item =
                |(at, item): (usize, &Value)| array_item(spec, strict, item, &format!("{path}[{}]", at + 1), problems);
            items.iter().enumerate().map(item).collect::<Vec<_>>().into()
        }
        // One thing where a list is expected is a list of one.
        ("array", other) => vec![array_item(spec, strict, other, &format!("{path}[1]"), problems)].into(),
        _ => simple(wanted, value).unwrap_or_else(|| misfit(wanted, value, path, problems)),
    }
}

fn array_item(spec: &Value, strict: bool, item: &Value, path: &str, problems: &mut Vec<String>) -> Value {
    match (spec, item) {
        (Value::Array(_), Value::Collection(inner)) => collection(spec, strict, inner, path, problems).into(),
        (Value::Collection(_), item) => checked(spec, strict, item, path, problems),
        _ => item.clone(),
    }
}

fn simple(wanted: &str, value: &Value) -> Option<Value> {
    let target = match wanted {
        "text" => Target::Text,
        "number" => Target::Number,
        "boolean" => Target::Boolean,
        "date" => Target::Date,
        "buffer" => Target::Buffer,
        _ => return Some(value.clone()),
    };
    coerce(value, target, &TimeZone::UTC).ok()
}

fn misfit(wanted: &str, value: &Value, path: &str, problems: &mut Vec<String>) -> Value {
    problems.push(format!("{path} should be of type {wanted} but is {}", value.type_name()));
    value.clone()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::json;

    fn check(strict: bool, sample: &str) -> Result<String, String> {
        let structure = r#"{"spec":[{"name":"id","type":"number","required":true},{"name":"at","type":"date"},
            {"name":"buyer","type":"collection","spec":[{"name":"email","type":"text","required":true}]},
            {"name":"items","type":"array","spec":[{"name":"price","type":"number"}]},
            {"name":"tags","type":"array","spec":{"type":"text"}}]}"#;
        let structure = json::parse(structure.as_bytes()).unwrap();
        let sample = json::parse(sample.as_bytes()).unwrap();
        apply(&structure, strict, sample.as_collection().unwrap()).map(|bundle| json::to_string(&bundle.into()))
    }

    #[test]
    fn values_are_coerced_and_extras_pass() {
        assert_eq!(
            check(false, r#"{"id":"7","items":[{"price":"1.5"}],"tags":3,"more":1}"#).unwrap(),
            r#"{"id":7,"items":[{"price":1.5}],"tags":["3"],"more":1}"#
        );
    }

    #[test]
    fn every_problem_is_named() {
        let text = check(true, r#"{"buyer":{},"items":[{"price":"x"}],"more":1}"#).unwrap_err();
        for part in
            ["id is missing", "buyer.email is missing", "items[1].price should be of type number", "more is not part"]
        {
            assert!(text.contains(part), "{text}");
        }
    }
}
