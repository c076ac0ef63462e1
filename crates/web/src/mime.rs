//! Attachments of a stored message (RFC 5322, 2045). Only as much as our own
//! outbox writes: multipart trees, base64 and quoted-printable.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const MOST_LEVELS: usize = 8;

/// The content of the attachment with this index, counted over the message.
pub fn attachment(raw: &[u8], index: usize) -> Option<Vec<u8>> {
    let mut found = Vec::new();
    walk(raw, 0, &mut found);
    let (headers, body) = *found.get(index)?;
    decode(&header(headers, "content-transfer-encoding").unwrap_or_default(), body)
}

fn walk<'a>(part: &'a [u8], level: usize, found: &mut Vec<(&'a [u8], &'a [u8])>) {
    let Some((headers, body)) = split(part).filter(|_| level < MOST_LEVELS) else { return };
    let kind = header(headers, "content-type").unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with("multipart/") {
        let parameters = kind.split_once(';').map_or("", |(_, parameters)| parameters);
        let boundary = crate::ingress::parameter(parameters, "boundary").unwrap_or_default();
        for inner in parts(body, &boundary) {
            walk(inner, level + 1, found);
        }
        return;
    }
    let disposition = header(headers, "content-disposition").unwrap_or_default().to_ascii_lowercase();
    if disposition.starts_with("attachment") || disposition.contains("filename") {
        found.push((headers, body));
    }
}

fn split(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = part.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&part[..at], &part[at + 4..]))
}

/// A header's value with its continuation lines joined.
fn header(headers: &[u8], wanted: &str) -> Option<String> {
    let text = String::from_utf8_lossy(headers).replace("\r\n ", " ").replace("\r\n\t", " ");
    let mut lines = text.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned())
}

fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}").into_bytes();
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(step) = body[at..].windows(delimiter.len()).position(|window| window == delimiter) {
        let found = at + step;
        if let Some(start) = start {
            parts.push(body.get(start..found.saturating_sub(2)).unwrap_or_default());
        }
        at = found + delimiter.len();
        if body[at..].starts_with(b"--") {
            break;
        }
        at = (at + 2).min(body.len());
        start = Some(at);
    }
    parts
}

fn decode(encoding: &str, body: &[u8]) -> Option<Vec<u8>> {
    match encoding.to_ascii_lowercase().as_str() {
        "base64" => {
            let plain: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            STANDARD.decode(plain).ok()
        }
        "quoted-printable" => Some(quoted_printable(body)),
        _ => Some(body.to_vec()),
    }
}

fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let digit = |at: usize| body.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while at < body.len() {
        match (body[at], digit(at + 1), digit(at + 2)) {
            (b'=', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            (b'=', _, _) if body[at + 1..].starts_with(b"\r\n") => at += 3,
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attachments_are_found_in_nested_parts() {
        let raw = "Subject: x\r\nContent-Type: multipart/mixed;\r\n boundary=\"a\"\r\n\r\n--a\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b--\r\n--a\r\nContent-Disposition: attachment; filename=\"x.txt\"\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n--a\r\nContent-Disposition: attachment; filename=y\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n--a--\r\n";
        assert_eq!(attachment(raw.as_bytes(), 0).unwrap(), b"hello");
        assert_eq!(attachment(raw.as_bytes(), 1).unwrap(), b"a=bc");
        assert_eq!(attachment(raw.as_bytes(), 2), None);
        for end in 0..raw.len() {
            let _ = attachment(&raw.as_bytes()[..end], 0);
        }
    }
}
