//! `multipart/form-data` bodies (RFC 7578).

use bytes::{BufMut, Bytes, BytesMut};

use super::{Body, Request};

/// A field of a form: a text or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// Its value.
    pub content: Bytes,
    /// The file's name, when it is a file.
    pub file_name: Option<String>,
    /// The media type; files without one are `application/octet-stream`.
    pub content_type: Option<String>,
}

/// Turns a form into bytes with its `Content-Type`, which replaces the
/// caller's: only we know the boundary.
pub(super) fn encode(request: &mut Request) {
    let Body::Multipart(parts) = &request.body else {
        return;
    };
    let boundary = boundary(parts);
    let body = write(parts, &boundary);
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    request.headers.push(("Content-Type".to_owned(), format!("multipart/form-data; boundary={boundary}")));
    request.body = Body::Bytes(body);
}

/// A boundary that no part contains. It need not be random, only absent.
fn boundary(parts: &[Part]) -> String {
    let mut number = 0_u64;
    loop {
        let candidate = format!("rouage-boundary-{:016x}", rouage_model::clock::split_mix(number));
        let found = parts.iter().any(|part| contains(&part.content, candidate.as_bytes()));
        if !found {
            return candidate;
        }
        number += 1;
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

fn write(parts: &[Part], boundary: &str) -> Bytes {
    let mut out = BytesMut::new();
    for part in parts {
        out.put_slice(format!("--{boundary}\r\n").as_bytes());
        out.put_slice(head(part).as_bytes());
        out.put_slice(b"\r\n\r\n");
        out.put_slice(&part.content);
        out.put_slice(b"\r\n");
    }
    out.put_slice(format!("--{boundary}--\r\n").as_bytes());
    out.freeze()
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
