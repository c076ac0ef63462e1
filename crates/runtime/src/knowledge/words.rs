//! Values in sentences.

use jiff::tz::TimeZone;
use rouage_model::{Value, json};

use super::items::{cut, local};

/// Characters of a value that stand in a sentence.
const SHORT: usize = 60;

/// A value as it stands in a sentence: texts in quotes, nothing as such.
pub fn quoted(value: &Value, timezone: &TimeZone) -> String {
    match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => "nothing".to_owned(),
        Value::Text(text) if text.is_empty() => "an empty text".to_owned(),
        Value::Text(text) => format!("“{}”", cut(text, SHORT)),
        Value::Date(date) => local(*date, timezone),
        Value::Array(items) => match items.len() {
            0 => "an empty list".to_owned(),
            1 => "a list of 1 item".to_owned(),
            length => format!("a list of {length} items"),
        },
        Value::Collection(_) => "a collection".to_owned(),
        Value::Buffer(_) => "file data".to_owned(),
        Value::Number(_) | Value::Boolean(_) => json::to_string(value),
    }
}

/// A value to be read by itself, cut.
pub fn shown(value: &Value, timezone: &TimeZone, most: usize) -> String {
    match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => String::new(),
        Value::Text(text) => cut(text, most),
        Value::Date(date) => match timezone.iana_name() {
            Some(zone) => format!("{} ({zone})", local(*date, timezone)),
            None => local(*date, timezone),
        },
        Value::Buffer(buffer) => format!("file data, {} bytes", buffer.size()),
        other => cut(&bounded_json(other, most), most),
    }
}

/// JSON of the beginning of a value: enough to be cut, and not the whole of
/// something huge.
fn bounded_json(value: &Value, most: usize) -> String {
    let mut left = most;
    json::to_string(&beginning(value, &mut left, 0))
}

/// The first parts of a value, until there are enough.
fn beginning(value: &Value, left: &mut usize, depth: usize) -> Value {
    *left = left.saturating_sub(2);
    match value {
        Value::Array(items) => {
            let mut kept = Vec::new();
            for item in items.iter() {
                if *left == 0 || depth > 20 {
                    kept.push(Value::from("…"));
                    break;
                }
                kept.push(beginning(item, left, depth + 1));
            }
            kept.into()
        }
        Value::Collection(fields) => {
            let mut kept = rouage_model::Collection::new();
            for (name, value) in fields.iter() {
                if *left == 0 || depth > 20 {
                    kept.insert("…", "…");
                    break;
                }
                *left = left.saturating_sub(name.len());
                kept.insert(name.clone(), beginning(value, left, depth + 1));
            }
            kept.into()
        }
        Value::Text(text) => {
            let short = cut(text, *left);
            *left = left.saturating_sub(short.len());
            short.into()
        }
        other => other.clone(),
    }
}

/// The text with its first letter as a capital and an end.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use rouage_model::Collection;

    use super::*;

    #[test]
    fn values_are_cut_before_they_are_written() {
        let many: Value = (0..1_000_000).map(Value::from).collect::<Vec<_>>().into();
        let text = shown(&many, &TimeZone::UTC, 40);
        assert!(text.starts_with("[0,1,2,") && text.chars().count() <= 41, "{text}");
        let deep = (0..400).fold(Value::from(1), |inner, _| Collection::from_iter([("a", inner)]).into());
        assert!(shown(&deep, &TimeZone::UTC, 2_000).contains('…'));
    }

    #[test]
    fn sentences_begin_and_end_like_sentences() {
        assert_eq!(sentence("the left value is missing"), "The left value is missing.");
        assert_eq!(sentence("é?"), "É?");
        assert_eq!(sentence(""), "");
    }
}
