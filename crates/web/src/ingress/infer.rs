//! The structure of a bundle: what the mapping panel shows after a sample.
//! Makes Make's `interface`: a list of `{name, type, label, spec}`.

use rouage_model::{Collection, Value};

const MOST_FIELDS: usize = 500;

/// The fields of a bundle.
pub fn infer(bundle: &Collection) -> Value {
    fields(bundle)
}

fn fields(collection: &Collection) -> Value {
    collection.iter().take(MOST_FIELDS).map(|(name, value)| field(name, value)).collect::<Vec<_>>().into()
}

fn field(name: &str, value: &Value) -> Value {
    let mut field = Collection::with_capacity(4);
    field.insert("name", name);
    field.insert("type", type_name(value));
    if let Some(label) = known_label(name) {
        field.insert("label", label);
    }
    match value {
        Value::Collection(inner) => field.insert("spec", fields(inner)),
        Value::Array(items) => {
            if let Some(spec) = items_spec(items) {
                field.insert("spec", spec);
            }
        }
        _ => {}
    }
    field.into()
}

fn known_label(name: &str) -> Option<&'static str> {
    match name {
        "__IMTHEADERS__" => Some("Headers"),
        "__IMTMETHOD__" => Some("Method"),
        _ => None,
    }
}

/// Null says nothing about the type, so anything may come.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => "any",
        other => other.type_name(),
    }
}

/// Collections are merged, so that a field that only some items have is known;
/// simple items are described by one field without a name.
fn items_spec(items: &[Value]) -> Option<Value> {
    let mut merged = Collection::new();
    for item in items.iter().take(MOST_FIELDS) {
        for (name, value) in item.as_collection().into_iter().flat_map(Collection::iter) {
            let is_news = merged.get(name).is_none_or(Value::is_nothing);
            if is_news {
                merged.insert(name.clone(), value.clone());
            }
        }
    }
    if !merged.is_empty() {
        return Some(fields(&merged));
    }
    let first = items.iter().find(|item| !item.is_nothing())?;
    let simple: Collection = [("type", type_name(first))].into_iter().collect();
    Some(simple.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::json;

    #[track_caller]
    fn check(sample: &str, expected: &str) {
        let sample = json::parse(sample.as_bytes()).unwrap();
        assert_eq!(json::to_string(&infer(sample.as_collection().unwrap())), expected);
    }

    #[test]
    fn types_are_kept_at_every_level() {
        check(
            r#"{"id":1,"ok":true,"name":"x","none":null,"buyer":{"email":"a@b"}}"#,
            r#"[{"name":"id","type":"number"},{"name":"ok","type":"boolean"},{"name":"name","type":"text"},{"name":"none","type":"any"},{"name":"buyer","type":"collection","spec":[{"name":"email","type":"text"}]}]"#,
        );
    }

    #[test]
    fn items_of_an_array_are_merged() {
        check(
            r#"{"items":[{"a":null},{"a":1,"b":"x"}],"tags":["t"],"empty":[]}"#,
            r#"[{"name":"items","type":"array","spec":[{"name":"a","type":"number"},{"name":"b","type":"text"}]},{"name":"tags","type":"array","spec":{"type":"text"}},{"name":"empty","type":"array"}]"#,
        );
    }
}
