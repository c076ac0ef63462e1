//! JSON that keeps the types: for the journal, for storage and for `rouage eval`.
//!
//! Plain JSON with these additions, each an object with one name:
//!
//! | value | written |
//! |---|---|
//! | date | `{"$date":"2026-11-24T08:00:00.123Z"}` |
//! | buffer | `{"$buffer":"00ff"}` (hexadecimal), with `"encoding"` when known |
//! | stored file | `{"$file":"<id>","size":300000}`, with `"encoding"` when known |
//! | missing, `ignore`, `erase` | `{"$undefined":true}` `{"$ignore":true}` `{"$erase":true}` |
//! | a number that is not finite | `{"$number":"NaN"}` |
//! | a collection whose first name starts with `$` | `{"$collection":{…}}` |
//!
//! This shape is stored: version 1, fixture in `tests/compat.rs`.

use std::fmt::Write as _;

use crate::json;
use crate::value::{Buffer, Collection, Content, Number, Stored, Text, Value};

/// Reads tagged JSON. What is not a known tag is an ordinary collection.
pub fn parse(bytes: &[u8]) -> Result<Value, json::Error> {
    json::parse(bytes).map(|value| untag(&value))
}

/// Turns parsed tags into values.
pub fn untag(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(untag).collect::<Vec<_>>().into(),
        Value::Collection(collection) => untag_collection(collection),
        other => other.clone(),
    }
}

fn untag_collection(collection: &Collection) -> Value {
    let plain =
        |collection: &Collection| collection.iter().map(|(k, v)| (k.clone(), untag(v))).collect::<Collection>().into();
    let Some((tag, content)) = collection.iter().next().filter(|(key, _)| key.starts_with('$')) else {
        return plain(collection);
    };
    let text = content.as_text();
    let tagged = match (tag.as_ref(), content) {
        ("$date", _) => text.and_then(|text| text.parse().ok()).map(Value::Date),
        ("$buffer", _) => text
            .and_then(|text| hex::decode(text).ok())
            .map(|bytes| Value::Buffer(Buffer::new(bytes).encoded(encoding_of(collection)))),
        ("$file", _) => stored_file(collection).map(Value::Buffer),
        ("$undefined", _) => Some(Value::Undefined),
        ("$ignore", _) => Some(Value::Ignore),
        ("$erase", _) => Some(Value::Erase),
        ("$number", _) => text.and_then(|text| text.parse().ok()).map(|float| Value::Number(Number::Float(float))),
        ("$collection", Value::Collection(inner)) => Some(plain(inner)),
        _ => None,
    };
    tagged.unwrap_or_else(|| plain(collection))
}

fn encoding_of(collection: &Collection) -> Option<Text> {
    collection.get("encoding").and_then(Value::as_text).map(Into::into)
}

fn stored_file(collection: &Collection) -> Option<Buffer> {
    let id = collection.get("$file")?.as_text()?.parse().ok()?;
    let size = u64::try_from(collection.get("size")?.as_i64()?).ok()?;
    Some(Buffer::stored(Stored { id, size }).encoded(encoding_of(collection)))
}

/// Writes tagged JSON without blanks.
pub fn to_string(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

/// Appends tagged JSON.
pub fn write(out: &mut String, value: &Value) {
    match value {
        Value::Undefined => out.push_str(r#"{"$undefined":true}"#),
        Value::Ignore => out.push_str(r#"{"$ignore":true}"#),
        Value::Erase => out.push_str(r#"{"$erase":true}"#),
        Value::Null => out.push_str("null"),
        Value::Boolean(boolean) => out.push_str(if *boolean { "true" } else { "false" }),
        Value::Number(Number::Float(float)) if !float.is_finite() => {
            let _ = write!(out, r#"{{"$number":"{float}"}}"#);
        }
        Value::Number(number) => json::write_number(out, number),
        Value::Text(text) => json::write_text(out, text),
        Value::Date(date) => {
            let _ = write!(out, r#"{{"$date":"{}"}}"#, exact_iso(*date));
        }
        Value::Buffer(buffer) => write_buffer(out, buffer),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Collection(collection) => write_collection(out, collection),
    }
}

/// Milliseconds as everywhere, more digits only where there are more.
fn exact_iso(date: jiff::Timestamp) -> String {
    if date.subsec_nanosecond() % 1_000_000 == 0 { json::iso(date) } else { date.to_string() }
}

fn write_buffer(out: &mut String, buffer: &Buffer) {
    let _ = match &buffer.content {
        Content::Inline(bytes) => write!(out, r#"{{"$buffer":"{}""#, hex::encode(bytes)),
        Content::Stored(Stored { id, size }) => write!(out, r#"{{"$file":"{id}","size":{size}"#),
    };
    if let Some(encoding) = &buffer.encoding {
        out.push_str(r#","encoding":"#);
        json::write_text(out, encoding);
    }
    out.push('}');
}

fn write_collection(out: &mut String, collection: &Collection) {
    let escaped = collection.keys().next().is_some_and(|key| key.starts_with('$'));
    if escaped {
        out.push_str(r#"{"$collection":"#);
    }
    out.push('{');
    for (at, (key, value)) in collection.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        json::write_text(out, key);
        out.push(':');
        write(out, value);
    }
    out.push('}');
    if escaped {
        out.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::BlobId;

    #[test]
    fn every_type_comes_back() {
        let value: Value = [
            ("undefined", Value::Undefined),
            ("ignore", Value::Ignore),
            ("erase", Value::Erase),
            ("null", Value::Null),
            ("date", Value::Date("2026-11-24T08:00:00.123Z".parse().unwrap())),
            ("precise", Value::Date("2026-11-24T08:00:00.123456Z".parse().unwrap())),
            ("buffer", Value::buffer(vec![0, 255])),
            ("file", Value::Buffer(Buffer::stored(Stored { id: BlobId(uuid::Uuid::from_u128(9)), size: 300_000 }))),
            ("infinite", Value::Number(Number::Float(f64::INFINITY))),
            ("digits", Value::Number(Number::Exact("12345678901234567890123".into()))),
            ("lookalike", [("$date", "not a date")].into_iter().collect::<Collection>().into()),
        ]
        .into_iter()
        .collect::<Collection>()
        .into();
        assert_eq!(parse(to_string(&value).as_bytes()).unwrap(), value);
    }
}
