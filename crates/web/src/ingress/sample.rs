//! A sample that a person pastes instead of sending a request.

use rouage_model::{Collection, Value, json};

use super::parse;

/// Why a pasted text shows no structure.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// A sentence for people.
    pub problem: String,
    /// The line that is wrong, from 1, where there is one.
    pub line: Option<usize>,
}

/// The bundle that a request with this text would make: JSON, or the query or
/// form text of an address, with or without what stands before the `?`.
pub fn sample(text: &str) -> Result<Collection, Unreadable> {
    let text = text.trim();
    let is_json = text.starts_with(['{', '[', '"']);
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    if text.is_empty() {
        return Err(Unreadable { problem: "Paste what the sender sends.".to_owned(), line: None });
    }
    if !is_json && query.contains('=') && !query.contains(['\n', ' ', '{']) {
        return Ok(parse::form(query).into_iter().collect());
    }
    match json::parse_bounded(text.as_bytes()) {
        Ok(Value::Collection(collection)) => Ok(collection.as_ref().clone()),
        Ok(array @ Value::Array(_)) => Ok([("array", array)].into_iter().collect()),
        Ok(other) => Ok([("value", other)].into_iter().collect()),
        Err(error) => Err(Unreadable {
            problem: format!("Line {} is not valid JSON: {} (character {}).", error.line, error.reason, error.column),
            line: Some(error.line),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, (String, Option<usize>)> {
        let bundle = sample(text).map_err(|error| (error.problem, error.line))?;
        Ok(json::to_string(&bundle.into()))
    }

    #[test]
    fn json_and_query_text_are_read_as_a_request_would_be() {
        assert_eq!(read(" {\"a\":1} ").unwrap(), r#"{"a":1}"#);
        assert_eq!(read("[1]").unwrap(), r#"{"array":[1]}"#);
        assert_eq!(read("name=Ada&tag=1&tag=2").unwrap(), r#"{"name":"Ada","tag":["1","2"]}"#);
        assert_eq!(read("https://example.com/hook?name=Ada+L").unwrap(), r#"{"name":"Ada L"}"#);
    }

    #[test]
    fn what_is_broken_is_named_with_its_line() {
        let (problem, line) = read("{\n  \"a\": 1,\n  \"b\": x\n}").unwrap_err();
        assert_eq!(line, Some(3));
        assert!(problem.starts_with("Line 3 is not valid JSON"), "{problem}");
        assert_eq!(read("  ").unwrap_err().1, None);
        assert_eq!(read("Hello there").unwrap_err().1, Some(1));
    }
}
