//! `multipart/form-data` (RFC 7578) of a body that arrived completely. Text
//! parts become texts; parts with a file name become `{name, mime, data}`. The
//! file name is only ever text (attack case A12).

use bytes::Bytes;
use rouage_model::{Collection, Value};

const MOST_PARTS: usize = 1_000;

/// Reads all parts. `parameters` is the rest of the content type.
pub fn parse(parameters: &str, body: &Bytes) -> Result<Collection, String> {
    let boundary = parameter(parameters, "boundary").filter(|boundary| !boundary.is_empty());
    let boundary = boundary.ok_or("The multipart body has no boundary in its Content-Type.")?;
    let delimiter = format!("--{boundary}").into_bytes();
    let mut at = find(body, &delimiter, 0).ok_or("The multipart body does not contain its boundary.")?;
    let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
    for _ in 0..MOST_PARTS {
        at += delimiter.len();
        if body[at..].starts_with(b"--") {
            return Ok(collect(fields));
        }
        let start = at + body[at..].iter().position(|byte| *byte == b'\n').ok_or("The multipart body is cut off.")? + 1;
        let separator = [b"\r\n", delimiter.as_slice()].concat();
        let end = find(body, &separator, start.saturating_sub(2)).ok_or("The multipart body is cut off.")?;
        let (name, value) = part(body, start, end.max(start))?;
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => fields.push((name, vec![value])),
        }
        at = end + 2;
    }
    Err(format!("The multipart body has more than {MOST_PARTS} parts."))
}

fn collect(fields: Vec<(String, Vec<Value>)>) -> Collection {
    let value = |mut values: Vec<Value>| if values.len() == 1 { values.remove(0) } else { Value::from(values) };
    fields.into_iter().map(|(name, values)| (name, value(values))).collect()
}

fn part(body: &Bytes, start: usize, end: usize) -> Result<(String, Value), String> {
    let blank =
        find(&body[..end], b"\r\n\r\n", start).ok_or("A part of the multipart body has no end of its headers.")?;
    let headers = String::from_utf8_lossy(&body[start..blank]).into_owned();
    let header = |wanted: &str| {
        let mut lines = headers.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
    };
    let disposition = header("content-disposition").unwrap_or_default();
    let name = parameter(&disposition, "name").ok_or("A part of the multipart body has no name.")?;
    let content = body.slice(blank + 4..end);
    let Some(file) = parameter(&disposition, "filename") else {
        return Ok((name, Value::from(String::from_utf8_lossy(&content).into_owned())));
    };
    let mime = header("content-type").unwrap_or_else(|| "application/octet-stream".to_owned());
    let file: Collection = [("name", Value::from(file)), ("mime", Value::from(mime)), ("data", Value::buffer(content))]
        .into_iter()
        .collect();
    Ok((name, file.into()))
}

/// A parameter of a header value, quoted or not.
pub fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    while !rest.is_empty() {
        let end = part_end(rest);
        if let Some((name, value)) = rest[..end].split_once('=')
            && name.trim().eq_ignore_ascii_case(wanted)
        {
            return Some(unquote(value.trim()));
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    None
}

/// The next `;` outside of quotes.
fn part_end(text: &str) -> usize {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => return at,
            _ => {}
        }
    }
    text.len()
}

fn unquote(value: &str) -> String {
    match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        // Browsers escape only the quote; a backslash before anything else is
        // a part of a Windows path.
        Some(inner) => inner.replace("\\\"", "\"").replace("%22", "\""),
        None => value.to_owned(),
    }
}

fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let first = *needle.first()?;
    let mut at = from;
    while let Some(step) = haystack.get(at..)?.iter().position(|byte| *byte == first) {
        at += step;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::json;

    fn read(body: &str) -> Result<String, String> {
        let body = Bytes::from(body.replace('\n', "\r\n"));
        parse(" boundary=\"b d\"", &body).map(|fields| json::to_string(&fields.into()))
    }

    #[test]
    fn texts_and_files_come_in_order() {
        let body = "preamble\n--b d\nContent-Disposition: form-data; name=\"a\"\n\none\n--b d\n\
            Content-Disposition: form-data; name=\"f\"; filename=\"../../x;y.txt\"\nContent-Type: text/plain\n\nline\n\nend\n--b d\n\
            Content-Disposition: form-data; name=\"a\"\n\n\n--b d--\n";
        assert_eq!(
            read(body).unwrap(),
            r#"{"a":["one",""],"f":{"name":"../../x;y.txt","mime":"text/plain","data":"line\r\n\r\nend"}}"#
        );
        assert_eq!(read("--b d--").unwrap(), "{}");
    }

    #[test]
    fn broken_bodies_say_why() {
        for (body, text) in [
            ("nothing", "does not contain"),
            ("--b d\nContent-Disposition: form-data; name=a\n\nno end", "cut off"),
            ("--b d\n\n\n\nx\n--b d--", "no name"),
            ("--b d", "cut off"),
        ] {
            assert!(read(body).unwrap_err().contains(text), "{body}: {:?}", read(body));
        }
        assert!(parse("", &Bytes::new()).unwrap_err().contains("boundary"));
    }

    #[test]
    fn every_cut_of_a_body_is_survived() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n\r\n--\r\n--b--\r\n";
        for end in 0..body.len() {
            let _ = parse("boundary=b", &Bytes::copy_from_slice(&body.as_bytes()[..end]));
        }
        assert!(parse("boundary=b", &Bytes::from_static(body.as_bytes())).is_ok());
    }
}
