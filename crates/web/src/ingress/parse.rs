//! From a request to one bundle. Pure.
//!
//! Query and body are merged; where both have a name, the body wins. A name
//! that comes several times in a query or form becomes an array. JSON is read
//! only when the type says JSON, files only in multipart (attack case A11).
//! Source: `make-semantics.md` §1.2, decisions D40 to D42.

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use rouage_model::{Collection, Value, json};

use super::{Refusal, access, multipart, pairs_value};
use crate::query::Query;

/// A request that arrived completely.
pub struct Incoming<'a> {
    /// Its method, upper case.
    pub method: &'a str,
    /// Its query without `?`.
    pub query: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// What the webhook's owner wants besides the data.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// `__IMTHEADERS__`.
    pub headers: bool,
    /// `__IMTMETHOD__`.
    pub method: bool,
    /// JSON as one text under `value`.
    pub stringify: bool,
}

/// Makes the bundle.
pub fn bundle(incoming: &Incoming<'_>, options: Options) -> Result<Collection, Refusal> {
    let mut bundle = Collection::new();
    for (name, value) in form(incoming.query) {
        bundle.insert(name, value);
    }
    for (name, value) in body(incoming, options)?.iter() {
        bundle.insert(name.clone(), value.clone());
    }
    if options.headers {
        bundle.insert("__IMTHEADERS__", pairs_value(header_pairs(incoming.headers, Show::ForBundle)));
    }
    if options.method {
        bundle.insert("__IMTMETHOD__", incoming.method);
    }
    Ok(bundle)
}

fn body(incoming: &Incoming<'_>, options: Options) -> Result<Collection, Refusal> {
    let content_type = content_type(incoming.headers)?;
    if incoming.body.is_empty() {
        return Ok(Collection::new());
    }
    let (kind, parameters) = content_type.split_once(';').unwrap_or((&content_type, ""));
    let kind = kind.trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/x-www-form-urlencoded" => Ok(form(&String::from_utf8_lossy(&incoming.body)).into_iter().collect()),
        "multipart/form-data" => multipart::parse(parameters, &incoming.body).map_err(Refusal::invalid),
        _ if is_json(&kind) && options.stringify => Ok(single(text_or_buffer(&incoming.body, parameters), None)),
        _ if is_json(&kind) => json_body(&incoming.body),
        _ => Ok(single(text_or_buffer(&incoming.body, parameters), Some(&content_type))),
    }
}

/// Exactly one, or none at all.
fn content_type(headers: &HeaderMap) -> Result<String, Refusal> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let first = values.next().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    if values.next().is_some() {
        return Err(Refusal::invalid("The request has several Content-Type headers."));
    }
    Ok(first.unwrap_or_default())
}

fn is_json(kind: &str) -> bool {
    matches!(kind, "application/json" | "text/json") || kind.ends_with("+json")
}

fn json_body(body: &[u8]) -> Result<Collection, Refusal> {
    match json::parse_bounded(body) {
        Ok(Value::Collection(collection)) => Ok(collection.as_ref().clone()),
        Ok(array @ Value::Array(_)) => Ok([("array", array)].into_iter().collect()),
        Ok(other) => Ok(single(other, None)),
        Err(error) => Err(Refusal::invalid(format!("The body is not valid JSON: {error}."))),
    }
}

fn single(value: Value, content_type: Option<&str>) -> Collection {
    let mut collection: Collection = [("value", value)].into_iter().collect();
    if let Some(content_type) = content_type {
        collection.insert("contentType", content_type);
    }
    collection
}

/// Text where the bytes are text, bytes otherwise.
fn text_or_buffer(body: &Bytes, parameters: &str) -> Value {
    let charset = multipart::parameter(parameters, "charset").unwrap_or_default().to_ascii_lowercase();
    if matches!(charset.as_str(), "iso-8859-1" | "latin1" | "us-ascii") {
        return Value::from(body.iter().map(|byte| char::from(*byte)).collect::<String>());
    }
    match std::str::from_utf8(body) {
        Ok(text) => Value::from(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(_) => Value::buffer(body.clone()),
    }
}

/// Pairs in the order of their first appearance.
pub(super) fn form(text: &str) -> Vec<(String, Value)> {
    let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
    for (name, value) in Query::parse(text).pairs() {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(Value::from(value.as_str())),
            None => fields.push((name.clone(), vec![Value::from(value.as_str())])),
        }
    }
    let value = |mut values: Vec<Value>| if values.len() == 1 { values.remove(0) } else { Value::from(values) };
    fields.into_iter().map(|(name, values)| (name, value(values))).collect()
}

/// For whom headers are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// The scenario: all but the webhook's own key.
    ForBundle,
    /// The webhook's log: no credentials.
    ForLog,
}

/// Header names (lower case) and values in order.
pub fn header_pairs(headers: &HeaderMap, show: Show) -> Vec<(String, String)> {
    let is_hidden = |name: &str| match name {
        access::KEY_HEADER => true,
        "authorization" | "proxy-authorization" | "cookie" => show == Show::ForLog,
        _ => false,
    };
    let pairs = headers.iter().filter(|(name, _)| !is_hidden(name.as_str()));
    pairs.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(content_type: &str, query: &str, body: &[u8], options: Options) -> Result<String, String> {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        }
        let incoming = Incoming { method: "PUT", query, headers: &headers, body: Bytes::copy_from_slice(body) };
        bundle(&incoming, options).map(|bundle| json::to_string(&bundle.into())).map_err(|refusal| refusal.text)
    }

    #[track_caller]
    fn check(content_type: &str, query: &str, body: &str, expected: &str) {
        assert_eq!(parse(content_type, query, body.as_bytes(), Options::default()).unwrap(), expected);
    }

    #[test]
    fn query_and_body_are_one_bundle_and_the_body_wins() {
        check("", "a=1&b=two+words", "", r#"{"a":"1","b":"two words"}"#);
        check("application/json", "a=1&b=2", r#"{"b":true,"c":[1]}"#, r#"{"a":"1","b":true,"c":[1]}"#);
        check("application/x-www-form-urlencoded", "x=0", "a=1&a=2&b=%C3%A9", r#"{"x":"0","a":["1","2"],"b":"é"}"#);
    }

    #[test]
    fn json_of_any_shape_is_taken() {
        check("application/vnd.api+json; charset=utf-8", "", r#"{"a":null}"#, r#"{"a":null}"#);
        check("application/json", "", "[1,2]", r#"{"array":[1,2]}"#);
        check("application/json", "", "7", r#"{"value":7}"#);
        check("application/json", "q=1", "", r#"{"q":"1"}"#);
    }

    #[test]
    fn broken_json_is_refused_with_its_place() {
        let text = parse("application/json", "", b"{\"a\":\n 1,}", Options::default()).unwrap_err();
        assert!(text.contains("line 2"), "{text}");
    }

    #[test]
    fn other_types_are_text_or_bytes() {
        check("text/plain", "", "hello", r#"{"value":"hello","contentType":"text/plain"}"#);
        check("application/xml", "", "<a/>", r#"{"value":"<a/>","contentType":"application/xml"}"#);
        check(
            "",
            "",
            r#"{"files":{"path":"/etc/passwd"}}"#,
            r#"{"value":"{\"files\":{\"path\":\"/etc/passwd\"}}","contentType":""}"#,
        );
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, "image/png".parse().unwrap())]);
        let incoming =
            Incoming { method: "POST", query: "", headers: &headers, body: Bytes::from_static(b"\x89PNG\xff") };
        assert_eq!(bundle(&incoming, Options::default()).unwrap().get("value").unwrap().type_name(), "buffer");
        assert_eq!(
            parse("text/plain; charset=ISO-8859-1", "", b"\xe9", Options::default()).unwrap(),
            r#"{"value":"é","contentType":"text/plain; charset=ISO-8859-1"}"#
        );
    }

    #[test]
    fn a_file_in_json_is_only_data() {
        check("application/json", "", r#"{"files":{"path":"/etc/passwd"}}"#, r#"{"files":{"path":"/etc/passwd"}}"#);
    }

    #[test]
    fn two_content_types_are_refused() {
        let mut headers = HeaderMap::new();
        headers.append(header::CONTENT_TYPE, "application/json".parse().unwrap());
        headers.append(header::CONTENT_TYPE, "multipart/form-data; boundary=x".parse().unwrap());
        let incoming = Incoming { method: "POST", query: "", headers: &headers, body: Bytes::from_static(b"{}") };
        assert_eq!(bundle(&incoming, Options::default()).unwrap_err().status.as_u16(), 400);
    }

    #[test]
    fn pass_through_headers_and_method() {
        let options = Options { headers: true, method: true, stringify: true };
        assert_eq!(
            parse("application/json", "q=1", b"{broken", options).unwrap(),
            r#"{"q":"1","value":"{broken","__IMTHEADERS__":[{"name":"content-type","value":"application/json"}],"__IMTMETHOD__":"PUT"}"#
        );
    }

    #[test]
    fn keys_never_reach_bundle_or_log() {
        let pairs = [(access::KEY_HEADER, "k"), ("authorization", "Bearer s"), ("x-a", "1")];
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (name.parse::<header::HeaderName>().unwrap(), value.parse().unwrap()))
            .collect();
        let names = |show| header_pairs(&headers, show).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(Show::ForLog), ["x-a"]);
        assert_eq!(names(Show::ForBundle), ["authorization", "x-a"]);
    }
}
