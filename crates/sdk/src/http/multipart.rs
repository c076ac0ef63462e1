//! `multipart/form-data` bodies (RFC 7578).

use bytes::{BufMut, BytesMut};
use rouage_model::Content;

use super::{Body, Request};

/// A field of a form: a text or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// Its value.
    pub content: Content,
    /// The file's name, when it is a file.
    pub file_name: Option<String>,
    /// The media type; files without one are `application/octet-stream`.
    pub content_type: Option<String>,
}

/// Turns a form into bytes, or pieces where files are stored, with its `Content-Type`, which replaces the
/// caller's: only we know the boundary.
pub(super) fn encode(request: &mut Request) {
    let Body::Multipart(parts) = &request.body else {
        return;
    };
    let boundary = boundary(parts);
    let body = write(parts, &boundary);
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    request.headers.push(("Content-Type".to_owned(), format!("multipart/form-data; boundary={boundary}")));
    request.body = body;
}

/// A boundary that no part contains. For bytes that are here it need not be
/// random, only absent. A stored file is not searched: there the boundary comes
/// out of the random ids of the files, which were not known to who made them.
fn boundary(parts: &[Part]) -> String {
    let mut number = parts.iter().fold(0, |number, part| match &part.content {
        Content::Stored(file) => {
            let (high, low) = file.id.0.as_u64_pair();
            rouage_model::clock::split_mix(number ^ high.rotate_left(17) ^ low)
        }
        Content::Inline(_) => number,
    });
    loop {
        let candidate = format!("rouage-boundary-{:016x}", rouage_model::clock::split_mix(number));
        let is_in =
            |part: &Part| matches!(&part.content, Content::Inline(bytes) if contains(bytes, candidate.as_bytes()));
        if !parts.iter().any(is_in) {
            return candidate;
        }
        number = number.wrapping_add(1);
    }
}

fn contains(content: &[u8], wanted: &[u8]) -> bool {
    // Nearly every content has no such start, so that one pass is enough.
    let mut rest = content;
    while let Some(at) = rest.iter().position(|byte| *byte == wanted[0]) {
        if rest[at..].starts_with(wanted) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

fn write(parts: &[Part], boundary: &str) -> Body {
    let mut pieces = Vec::new();
    let mut out = BytesMut::new();
    for part in parts {
        out.put_slice(format!("--{boundary}\r\n").as_bytes());
        out.put_slice(head(part).as_bytes());
        out.put_slice(b"\r\n\r\n");
        match &part.content {
            Content::Inline(bytes) => out.put_slice(bytes),
            Content::Stored(_) => {
                pieces.push(Content::Inline(out.split().freeze()));
                pieces.push(part.content.clone());
            }
        }
        out.put_slice(b"\r\n");
    }
    out.put_slice(format!("--{boundary}--\r\n").as_bytes());
    if pieces.is_empty() {
        return Body::Bytes(out.freeze());
    }
    pieces.push(Content::Inline(out.freeze()));
    Body::Pieces(pieces)
}

fn head(part: &Part) -> String {
    let mut head = format!("Content-Disposition: form-data; name=\"{}\"", escape(&part.name));
    if let Some(file_name) = &part.file_name {
        head.push_str(&format!("; filename=\"{}\"", escape(file_name)));
    }
    let content_type = match &part.content_type {
        Some(given) => Some(given.chars().filter(|character| !character.is_control()).collect()),
        None => part.file_name.as_ref().map(|_| "application/octet-stream".to_owned()),
    };
    if let Some(content_type) = content_type {
        head.push_str(&format!("\r\nContent-Type: {content_type}"));
    }
    head
}

/// As browsers do: quotes and line breaks percent-encoded, the rest as UTF-8.
fn escape(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
