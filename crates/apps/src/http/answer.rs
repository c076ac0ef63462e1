//! From an answer to a bundle.

use percent_encoding::percent_decode_str;
use rouage_model::{Buffer, Collection, ErrorKind, ModuleError, Text, Value, json};
use rouage_sdk::http::Response;
use rouage_sdk::xml;

/// The body: parsed when asked for and when it says that it is JSON or XML;
/// otherwise text when it is text, else a buffer.
pub(super) fn data(response: &Response, parse: bool) -> Result<Value, ModuleError> {
    let media = Media::of(response);
    if parse && !response.body.is_empty() {
        let wrong = |kind: &str, reason: String| {
            let text = format!("the answer says that it is {kind}, but it is not valid {kind}: {reason}");
            // The request was made; whatever it changes is changed.
            ModuleError::new(ErrorKind::DataError, text).maybe_applied()
        };
        if media.is("json") {
            return json::parse(&response.body).map_err(|error| wrong("JSON", error.to_string()));
        }
        if media.is("xml") {
            let text = media.text(&response.body).ok_or_else(|| wrong("XML", "it is not text".to_owned()))?;
            let root = xml::parse(&text, xml::Entities::Xml).map_err(|error| wrong("XML", error))?;
            return Ok(root.to_value(|text| Value::text(text)));
        }
    }
    Ok(media.text(&response.body).map_or_else(|| Value::buffer(response.body.clone()), Value::Text))
}

/// The body as a file.
pub(super) fn file(response: &Response) -> Value {
    let encoding = Media::of(response).text(&response.body).map(|_| "utf8".into());
    Value::Buffer(Buffer { bytes: response.body.clone(), encoding })
}

/// The bundle of version 3: headers as rows.
pub(super) fn version_3(response: &Response, data: Value) -> Collection {
    let row = |(name, value): &(String, String)| -> Value {
        Collection::from_iter([("name", name.as_str()), ("value", value.as_str())]).into()
    };
    let mut bundle = Collection::new();
    bundle.insert("statusCode", response.status);
    bundle.insert("headers", response.headers.iter().map(row).collect::<Vec<_>>());
    bundle.insert("cookieHeaders", response.header_values("set-cookie").map(Value::from).collect::<Vec<_>>());
    bundle.insert("data", data);
    bundle.insert("fileSize", response.body.len());
    bundle
}

/// The bundle of version 4: headers by lower-case name; `set-cookie` is a list.
pub(super) fn version_4(response: &Response, data: Value) -> Collection {
    let mut headers = Collection::new();
    for (name, _) in &response.headers {
        let name = name.to_ascii_lowercase();
        let values: Vec<&str> = response.header_values(&name).collect();
        let value: Value = if name == "set-cookie" {
            values.into_iter().map(Value::from).collect::<Vec<_>>().into()
        } else {
            values.join(", ").into()
        };
        headers.insert(name, value);
    }
    let mut bundle = Collection::new();
    bundle.insert("data", data);
    bundle.insert("statusCode", response.status);
    bundle.insert("headers", headers);
    bundle
}

/// The file's name: from `Content-Disposition`, else the end of the address.
/// Only ever a name, never a path.
pub(super) fn file_name(response: &Response) -> String {
    let given = response.header("content-disposition").and_then(disposition_name);
    let segment = || {
        let last = response.url.path_segments()?.next_back()?;
        Some(percent_decode_str(last).decode_utf8_lossy().into_owned())
    };
    let name = given.or_else(segment).unwrap_or_default();
    let name: String =
        name.rsplit(['/', '\\']).next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    if matches!(name.trim(), "" | "." | "..") { "file".to_owned() } else { name.trim().to_owned() }
}

/// `filename*` (RFC 8187) before `filename`.
fn disposition_name(header: &str) -> Option<String> {
    let mut plain = None;
    for parameter in header.split(';').skip(1) {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let (name, value) = (name.trim(), value.trim().trim_matches('"'));
        if name.eq_ignore_ascii_case("filename*") {
            let encoded = value.splitn(3, '\'').nth(2)?;
            return Some(percent_decode_str(encoded).decode_utf8_lossy().into_owned());
        }
        if name.eq_ignore_ascii_case("filename") {
            plain = Some(value.to_owned());
        }
    }
    plain
}

/// What `Content-Type` says.
struct Media {
    kind: String,
    charset: Option<String>,
}

impl Media {
    fn of(response: &Response) -> Self {
        let header = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let mut parts = header.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_owned();
        let charset =
            parts.find_map(|part| part.strip_prefix("charset=")).map(|name| name.trim_matches('"').to_owned());
        Self { kind, charset }
    }

    /// `application/json`, `text/json` and `application/problem+json` for
    /// "json"; the same for "xml".
    fn is(&self, format: &str) -> bool {
        let Some((_, subtype)) = self.kind.split_once('/') else {
            return false;
        };
        subtype == format || subtype.strip_suffix(format).is_some_and(|rest| rest.ends_with('+'))
    }

    fn is_text(&self) -> bool {
        const TEXTS: &[&str] = &["application/javascript", "application/x-www-form-urlencoded", "application/graphql"];
        self.kind.is_empty()
            || self.kind.starts_with("text/")
            || self.is("json")
            || self.is("xml")
            || TEXTS.contains(&self.kind.as_str())
    }

    fn text(&self, body: &[u8]) -> Option<Text> {
        if !self.is_text() {
            return None;
        }
        match self.charset.as_deref() {
            Some("iso-8859-1" | "latin1") => Some(body.iter().copied().map(char::from).collect::<String>().into()),
            None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => std::str::from_utf8(body).ok().map(Text::from),
            // Bytes that we cannot read are not guessed at.
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::url;

    use super::*;

    fn response(content_type: &str, body: &'static [u8]) -> Response {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Response { status: 200, headers, body: body.into(), url: url("https://a.example/files/Report%20%231.pdf?x=1") }
    }

    #[test]
    fn bodies_are_text_when_they_say_so_and_buffers_otherwise() {
        for (content_type, body, name) in [
            ("text/plain", &b"hi"[..], "text"),
            ("application/json; charset=utf-8", b"{}", "text"),
            ("", b"hi", "text"),
            ("", b"\xff\xfe", "buffer"),
            ("text/plain; charset=latin1", b"\xe9", "text"),
            ("text/plain; charset=shift_jis", b"\x83", "buffer"),
            ("image/png", b"hi", "buffer"),
        ] {
            assert_eq!(data(&response(content_type, body), false).unwrap().type_name(), name, "{content_type}");
        }
    }

    #[test]
    fn json_is_parsed_by_its_media_type_only() {
        assert_eq!(data(&response("application/problem+json", b"[1]"), true).unwrap().type_name(), "array");
        assert_eq!(data(&response("text/plain", b"[1]"), true).unwrap().type_name(), "text");
        assert_eq!(data(&response("application/json", b""), true).unwrap(), Value::text(""));
        let error = data(&response("application/json", b"{oops"), true).unwrap_err();
        assert_eq!(error.certainty, rouage_model::Certainty::MaybeApplied);
    }

    #[test]
    fn a_file_name_is_never_a_path() {
        let mut answer = response("application/pdf", b"");
        assert_eq!(file_name(&answer), "Report #1.pdf");
        for (header, name) in [
            ("attachment; filename=\"a b.pdf\"", "a b.pdf"),
            ("attachment; filename=\"x.pdf\"; filename*=UTF-8''%e2%82%ac.pdf", "€.pdf"),
            ("attachment; filename=\"../../etc/passwd\"", "passwd"),
            ("attachment; filename=\"..\"", "file"),
        ] {
            answer.headers = vec![("Content-Disposition".to_owned(), header.to_owned())];
            assert_eq!(file_name(&answer), name);
        }
    }
}
