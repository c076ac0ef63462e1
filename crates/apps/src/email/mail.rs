//! A message of a mailbox as modules give it: MIME to a bundle. The shape is
//! that of Make's samples.

use std::collections::HashMap;

use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders as _, PartType};
use rouage_model::{Collection, Value};
use rouage_sdk::{Field, FieldKind};

use super::imap::Summary;

/// Attachments of one message that are given.
const MOST_ATTACHMENTS: usize = 1_000;
/// What is read of the header of a message.
pub(super) const LARGEST_HEADER: usize = 256 * 1024;
/// Lines that may begin a part of a message.
const MOST_PARTS: usize = 20_000;
/// Signs that may each become a header, an address or a parameter in memory.
const MOST_SIGNS: usize = 3_000_000;

/// What the modules give, for the catalogue.
pub(super) fn output() -> Vec<Field> {
    let person = || vec![Field::text("name", "Name"), Field::text("address", "Email address")];
    let people = || FieldKind::Array(person());
    let texts = || FieldKind::Array(vec![Field::text("", "")]);
    vec![
        Field::new("id", "Email ID (UID)", FieldKind::UnsignedInteger),
        Field::new("date", "Date", FieldKind::Date),
        Field::new("from", "From", FieldKind::Collection(person())),
        Field::new("to", "To", people()),
        Field::new("cc", "Copy recipient", people()),
        Field::new("bcc", "Blind copy recipient", people()),
        Field::new("replyTo", "Reply to", people()),
        Field::text("subject", "Subject"),
        Field::text("text", "Text content"),
        Field::text("html", "HTML content"),
        Field::new("attachments", "Attachments", FieldKind::Array(attachment_fields())),
        Field::text("messageId", "Message ID"),
        Field::new("inReplyTo", "In reply to", texts()),
        Field::new("references", "References", texts()),
        Field::new("headers", "Headers", FieldKind::Collection(Vec::new())),
        Field::new(
            "headersList",
            "Headers (list)",
            FieldKind::Array(vec![Field::text("key", "Key"), Field::new("value", "Value", texts())]),
        ),
        Field::new("flags", "Flags", texts()),
        Field::text("folder", "Folder"),
        Field::new("size", "Size", FieldKind::UnsignedInteger),
        Field::boolean("tooLarge", "Too large to be read"),
    ]
}

/// The fields of an attachment.
pub(super) fn attachment_fields() -> Vec<Field> {
    vec![
        Field::text("fileName", "File name"),
        Field::text("contentType", "Content type"),
        Field::new("fileSize", "File size", FieldKind::UnsignedInteger),
        Field::text("cid", "Content ID"),
        Field::text("contentDisposition", "Content disposition"),
        Field::new("data", "Data", FieldKind::Buffer),
    ]
}

/// The bundle of a message. `whole` says whether `raw` is all of it, or only
/// the header of one that is too large. A message that is built to fill the
/// memory is also given without its content.
pub(super) fn bundle(raw: &[u8], summary: &Summary, folder: &str, whole: bool) -> Value {
    let whole = whole && is_reasonable(raw);
    let raw = if whole { raw } else { header_of(raw) };
    // Bytes without a header are all content; a message without any part
    // cannot be asked for anything.
    let bare =
        || MessageParser::default().parse([b"Subject:\r\n\r\n", raw].concat().as_slice()).map(Message::into_owned);
    let message = MessageParser::default().parse(raw).or_else(bare);
    let Some(message) = message else { return Value::empty_collection() };
    let mut bundle = Collection::new();
    bundle.insert("id", i64::from(summary.uid));
    let written = || message.date().and_then(|date| jiff::Timestamp::from_second(date.to_timestamp()).ok());
    bundle.insert("date", summary.received.or_else(written).map_or(Value::Null, Value::Date));
    bundle
        .insert("from", people(message.from().or_else(|| message.sender())).into_iter().next().unwrap_or(Value::Null));
    for (name, address) in
        [("to", message.to()), ("cc", message.cc()), ("bcc", message.bcc()), ("replyTo", message.reply_to())]
    {
        bundle.insert(name, people(address));
    }
    bundle.insert("subject", text_or_null(message.subject()));
    let (text, html) = if whole { bodies(&message) } else { (Value::Null, Value::Null) };
    bundle.insert("text", text);
    bundle.insert("html", html);
    bundle.insert("attachments", if whole { attachments(&message) } else { Vec::new() });
    bundle.insert("messageId", message.message_id().map_or(Value::Null, |id| Value::text(format!("<{id}>"))));
    bundle.insert("inReplyTo", ids(message.in_reply_to()));
    bundle.insert("references", ids(message.references()));
    headers(&message, &mut bundle);
    bundle.insert("flags", summary.flags.iter().map(|flag| Value::text(flag.as_str())).collect::<Vec<_>>());
    bundle.insert("folder", folder);
    bundle.insert("size", i64::try_from(summary.size).unwrap_or(i64::MAX));
    bundle.insert("tooLarge", !whole);
    bundle.into()
}

/// Whether reading a message takes memory in proportion to its size.
fn is_reasonable(raw: &[u8]) -> bool {
    let parts = raw.windows(3).filter(|bytes| *bytes == b"\n--").count();
    let signs = raw.iter().filter(|byte| matches!(byte, b',' | b';' | b'<' | b'\n')).count();
    parts <= MOST_PARTS && signs <= MOST_SIGNS && header_of(raw).len() < LARGEST_HEADER
}

/// Up to the first empty line, and not too much of it.
fn header_of(raw: &[u8]) -> &[u8] {
    let raw = &raw[..raw.len().min(LARGEST_HEADER)];
    let end = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    end.map_or(raw, |end| &raw[..end + 4])
}

fn people(address: Option<&Address<'_>>) -> Vec<Value> {
    let people = address.into_iter().flat_map(|address| address.iter()).map(|person| {
        Collection::from_iter([("name", text_or_null(person.name())), ("address", text_or_null(person.address()))])
    });
    people.map(Value::from).collect()
}

fn text_or_null(text: Option<&str>) -> Value {
    text.filter(|text| !text.is_empty()).map_or(Value::Null, Value::text)
}

/// The plain text, made of the HTML when there is only that, and the HTML when
/// there is some. Several parts follow each other.
fn bodies(message: &Message<'_>) -> (Value, Value) {
    let texts: Vec<_> = (0..message.text_body_count()).filter_map(|at| message.body_text(at)).collect();
    let htmls: Vec<&str> = message
        .html_bodies()
        .filter_map(|part| match &part.body {
            PartType::Html(html) => Some(html.as_ref()),
            _ => None,
        })
        .collect();
    let joined = |parts: String| text_or_null(Some(&parts));
    (joined(texts.join("\n")), joined(htmls.join("\n")))
}

fn attachments(message: &Message<'_>) -> Vec<Value> {
    message.attachments().take(MOST_ATTACHMENTS).zip(1..).map(|(part, number)| attachment(part, number)).collect()
}

fn attachment(part: &MessagePart<'_>, number: usize) -> Value {
    let kind = part.content_type().map_or_else(
        || if part.is_text() { "text/plain".to_owned() } else { "application/octet-stream".to_owned() },
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*")).to_ascii_lowercase(),
    );
    let disposition = part.content_disposition().map(|disposition| disposition.ctype().to_ascii_lowercase());
    let mut attachment = Collection::new();
    attachment.insert("fileName", file_name(part, &kind, number));
    attachment.insert("contentType", kind);
    attachment.insert("fileSize", part.contents().len());
    attachment.insert("cid", text_or_null(part.content_id()));
    attachment.insert("contentDisposition", text_or_null(disposition.as_deref()));
    attachment.insert("data", Value::buffer(part.contents().to_vec()));
    attachment.into()
}

/// Never a path, and never empty.
fn file_name(part: &MessagePart<'_>, kind: &str, number: usize) -> String {
    let name = part.attachment_name().unwrap_or_default();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(200).collect();
    if !name.trim().is_empty() && !matches!(name.trim(), "." | "..") {
        return name.trim().to_owned();
    }
    let extension = match kind {
        "message/rfc822" => "eml",
        "application/pdf" => "pdf",
        "image/gif" => "gif",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "text/calendar" => "ics",
        "text/csv" => "csv",
        "text/html" => "html",
        "text/plain" => "txt",
        _ => "bin",
    };
    format!("attachment-{number}.{extension}")
}

fn ids(header: &HeaderValue<'_>) -> Vec<Value> {
    let all = header.as_text_list().map(|ids| ids.iter().map(AsRef::as_ref).collect());
    let one = || header.as_text().map(|id| vec![id]);
    all.or_else(one).unwrap_or_default().into_iter().map(|id: &str| Value::text(format!("<{id}>"))).collect()
}

/// Every header under its name in lower case, as it was written.
fn headers(message: &Message<'_>, bundle: &mut Collection) {
    let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
    let mut places = HashMap::new();
    for (name, value) in message.headers_raw() {
        let name = name.trim().to_lowercase();
        let place = *places.entry(name.clone()).or_insert(fields.len());
        if place == fields.len() {
            fields.push((name, Vec::new()));
        }
        fields[place].1.push(Value::text(value.trim()));
    }
    let fields: Vec<(String, Value)> = fields.into_iter().map(|(name, values)| (name, values.into())).collect();
    let list = fields.iter().map(|(name, values)| {
        Collection::from_iter([("key", Value::text(name.as_str())), ("value", values.clone())]).into()
    });
    bundle.insert("headersList", list.collect::<Vec<Value>>());
    bundle.insert("headers", fields.into_iter().collect::<Collection>());
}

#[cfg(test)]
mod tests {
    use rouage_model::json;

    use super::*;

    fn read(raw: &str) -> Value {
        let summary =
            Summary { uid: 30, size: 5, flags: vec!["\\Seen".into()], received: "2026-01-02T03:04:05Z".parse().ok() };
        bundle(raw.replace('\n', "\r\n").as_bytes(), &summary, "INBOX", true)
    }

    const WHOLE: &str = "From: =?utf-8?q?Ad=C3=A9?= <ada@x.example>\nTo: Bob <bob@x.example>, eve@x.example\n\
        Subject: =?iso-8859-1?Q?Caf=E9?=\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-ID: <m1@x.example>\n\
        In-Reply-To: <m0@x.example>\nReferences: <a@x> <b@x>\nReceived: one\nReceived: two\nMIME-Version: 1.0\n\
        Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: multipart/alternative; boundary=A\n\n\
        --A\nContent-Type: text/plain; charset=utf-8\n\nHello\n--A\nContent-Type: text/html\n\n<p>Hello</p>\n--A--\n\
        --B\nContent-Type: application/pdf; name=\"../a b.pdf\"\nContent-Disposition: attachment; filename=\"../a b.pdf\"\n\
        Content-Transfer-Encoding: base64\n\nUERG\n--B\nContent-Type: image/png\nContent-ID: <logo>\n\
        Content-Disposition: inline\nContent-Transfer-Encoding: base64\n\nUE5H\n--B--\n";

    #[test]
    fn a_message_has_people_bodies_and_attachments() {
        let bundle = read(WHOLE);
        for (name, expected) in [
            ("id", "30"),
            ("date", "\"2026-01-02T03:04:05.000Z\""),
            ("from", r#"{"name":"Adé","address":"ada@x.example"}"#),
            ("to", r#"[{"name":"Bob","address":"bob@x.example"},{"name":null,"address":"eve@x.example"}]"#),
            ("cc", "[]"),
            ("subject", "\"Café\""),
            ("text", "\"Hello\""),
            ("html", "\"<p>Hello</p>\""),
            ("messageId", "\"<m1@x.example>\""),
            ("inReplyTo", r#"["<m0@x.example>"]"#),
            ("references", r#"["<a@x>","<b@x>"]"#),
            ("flags", r#"["\\Seen"]"#),
            ("tooLarge", "false"),
        ] {
            assert_eq!(json::to_string(bundle.field(name)), expected, "{name}");
        }
        let headers = bundle.field("headers");
        assert_eq!(json::to_string(headers.field("received")), r#"["one","two"]"#);
        assert_eq!(json::to_string(headers.field("message-id")), r#"["<m1@x.example>"]"#);
        let attachments = bundle.field("attachments").as_array().unwrap();
        assert_eq!(attachments.len(), 2);
        assert_eq!(attachments[0].field("fileName").as_text(), Some("a b.pdf"));
        assert_eq!(attachments[0].field("contentType").as_text(), Some("application/pdf"));
        assert_eq!(attachments[0].field("data"), &Value::buffer("PDF"));
        assert_eq!(attachments[0].field("fileSize").as_i64(), Some(3));
        assert_eq!(attachments[1].field("fileName").as_text(), Some("attachment-2.png"));
        assert_eq!(attachments[1].field("cid").as_text(), Some("logo"));
    }

    #[test]
    fn html_alone_is_also_given_as_text_and_text_alone_is_no_html() {
        let html = read("Content-Type: text/html\n\n<p>Hi <b>you</b></p>");
        assert!(html.field("text").as_text().unwrap().contains("Hi you"), "{html:?}");
        let text = read("Subject: x\n\nplain");
        assert_eq!((text.field("text").as_text(), text.field("html")), (Some("plain"), &Value::Null));
    }

    /// Bytes of a message replaced, doubled and cut off, the same way in every
    /// run.
    #[test]
    fn broken_messages_do_no_harm() {
        let summary = Summary { uid: 30, size: 5, flags: Vec::new(), received: None };
        let whole = WHOLE.replace('\n', "\r\n").into_bytes();
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        let rounds = std::env::var("ROUAGE_ROUNDS").map_or(2_000, |rounds| rounds.parse().unwrap());
        for _ in 0..rounds {
            let mut broken = whole.clone();
            for _ in 0..random(8) {
                let at = random(broken.len());
                match random(4) {
                    0 => broken[at] = b"\r\n-=?;:\"<>()\\\0\xff"[random(15)],
                    1 => broken.truncate(at.max(1)),
                    2 => drop(broken.drain(..at.min(broken.len() - 1))),
                    _ => broken.extend_from_within(at..),
                }
            }
            assert!(bundle(&broken, &summary, "INBOX", true).field("id").as_i64().is_some());
        }
    }

    #[test]
    fn a_message_that_would_fill_the_memory_comes_without_its_content() {
        let head = "From: a@x\nTo: b@x\nSubject: s\nContent-Type: multipart/mixed; boundary=x\n";
        for (raw, why) in [
            (format!("{head}\n{}", "--x\n".repeat(MOST_PARTS + 1)), "parts"),
            (
                format!("{head}\n--x\nContent-Type: message/rfc822\n\nTo: {}", "a,".repeat(MOST_SIGNS)),
                "addresses within",
            ),
            (format!("{head}Cc: {}\n\nx", "a,".repeat(LARGEST_HEADER)), "addresses"),
        ] {
            let bundle = read(&raw);
            assert_eq!(
                (bundle.field("tooLarge"), bundle.field("text")),
                (&Value::Boolean(true), &Value::Null),
                "{why}"
            );
            assert_eq!(bundle.field("subject").as_text(), Some("s"), "{why}");
        }
        assert_eq!(read(WHOLE).field("tooLarge"), &Value::Boolean(false));
    }

    #[test]
    fn whatever_arrives_is_a_bundle() {
        let nested = "Content-Type: multipart/mixed; boundary=x\n\n--x\n".repeat(3_000);
        for raw in [
            "",
            "\n\n",
            "no header",
            "From:\nTo: <<<>>>\nSubject: =?x?q?\n",
            &nested,
            "Content-Type: message/rfc822\n\n",
        ] {
            assert_eq!(read(raw).field("id").as_i64(), Some(30));
        }
    }
}
