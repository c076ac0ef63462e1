//! From an answer to a bundle.

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use rouage_model::{Collection, ErrorKind, ModuleError, Text, Value, json};
use rouage_sdk::files::Writer;
use rouage_sdk::http::{Arriving, MAX_BYTES, Response};
use rouage_sdk::{Call, xml};

use super::exchange;

/// The body: parsed when asked for and when it says that it is JSON or XML;
/// otherwise text when it is text, else a buffer.
fn data(response: &Response, parse: bool) -> Result<Value, ModuleError> {
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

/// An answer with its body.
pub(super) struct Answer {
    /// Status, headers and address.
    pub(super) head: Response,
    /// How many bytes its body has.
    pub(super) size: u64,
    /// What its body becomes.
    pub(super) data: Value,
}

/// Reads the body: what is text, JSON or XML into memory, anything else into a
/// file.
pub(super) async fn read(call: &Call<'_>, mut answer: Arriving, parse: bool) -> Result<Answer, ModuleError> {
    if !Media::of(answer.head()).is_text() {
        return file(call, answer).await;
    }
    answer.limit_to(MAX_BYTES);
    let what = exchange::what(&answer.head().url);
    let response = answer.collect().await.map_err(|error| error.into_module_error(&what))?;
    let data = data(&response, parse)?;
    Ok(Answer { size: response.body.len() as u64, head: Response { body: Bytes::new(), ..response }, data })
}

/// Reads the body into a file, piece by piece.
pub(super) async fn file(call: &Call<'_>, answer: Arriving) -> Result<Answer, ModuleError> {
    let (media, what) = (Media::of(answer.head()), exchange::what(&answer.head().url));
    let mut text = Utf8::default();
    let see = |chunk: &[u8]| text.see(chunk);
    let (head, buffer) = answer.store(Writer::new(call.host.files()), &what, see).await?;
    let encoding = media.encoding().filter(|encoding| *encoding != "utf8" || text.is_valid());
    let size = buffer.size();
    Ok(Answer { head, size, data: Value::Buffer(buffer.encoded(encoding.map(Into::into))) })
}

/// Whether bytes that come in parts are UTF-8.
#[derive(Default)]
struct Utf8 {
    /// The beginning of a letter that goes on in the next part.
    open: Vec<u8>,
    is_broken: bool,
}

impl Utf8 {
    fn see(&mut self, part: &[u8]) {
        if self.is_broken {
            return;
        }
        // The end of the open letter, apart from the rest, so that the rest
        // is not copied.
        let mut rest = part;
        while !self.open.is_empty() && !rest.is_empty() {
            self.open.push(rest[0]);
            rest = &rest[1..];
            match std::str::from_utf8(&self.open) {
                Ok(_) => self.open.clear(),
                Err(error) if error.error_len().is_some() => return self.is_broken = true,
                Err(_) => {}
            }
        }
        match std::str::from_utf8(rest) {
            Ok(_) => {}
            Err(error) if error.error_len().is_some() => self.is_broken = true,
            Err(error) => self.open.extend_from_slice(&rest[error.valid_up_to()..]),
        }
    }

    fn is_valid(&self) -> bool {
        !self.is_broken && self.open.is_empty()
    }
}

/// The bundle of version 3: headers as rows.
pub(super) fn version_3(answer: Answer) -> Collection {
    let row = |(name, value): &(String, String)| -> Value {
        Collection::from_iter([("name", name.as_str()), ("value", value.as_str())]).into()
    };
    let head = &answer.head;
    let mut bundle = Collection::new();
    bundle.insert("statusCode", head.status);
    bundle.insert("headers", head.headers.iter().map(row).collect::<Vec<_>>());
    bundle.insert("cookieHeaders", head.header_values("set-cookie").map(Value::from).collect::<Vec<_>>());
    bundle.insert("data", answer.data);
    bundle.insert("fileSize", i64::try_from(answer.size).unwrap_or(i64::MAX));
    bundle
}

/// The bundle of version 4: headers by lower-case name; `set-cookie` is a list.
pub(super) fn version_4(answer: Answer) -> Collection {
    let response = &answer.head;
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
    let status = response.status;
    bundle.insert("data", answer.data);
    bundle.insert("statusCode", status);
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

    /// The encoding of a text. Bytes that we cannot read are not guessed at.
    fn encoding(&self) -> Option<&'static str> {
        match self.charset.as_deref() {
            _ if !self.is_text() => None,
            Some("iso-8859-1" | "latin1") => Some("latin1"),
            None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => Some("utf8"),
            Some(_) => None,
        }
    }

    fn text(&self, body: &[u8]) -> Option<Text> {
        match self.encoding()? {
            "latin1" => Some(body.iter().copied().map(char::from).collect::<String>().into()),
            _ => std::str::from_utf8(body).ok().map(Text::from),
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
    fn utf8_is_known_however_it_is_cut() {
        let whole = "aé€😀z".as_bytes();
        for cut in 0..whole.len() {
            let mut text = Utf8::default();
            text.see(&whole[..cut]);
            assert_eq!(text.is_valid(), std::str::from_utf8(&whole[..cut]).is_ok(), "{cut}");
            text.see(&whole[cut..]);
            assert!(text.is_valid(), "{cut}");
            text.see(b"\xff");
            assert!(!text.is_valid());
        }
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
