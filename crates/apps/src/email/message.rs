//! A message out of the mapped fields: addresses, headers and parts, checked so
//! that nothing mapped can add a header, a recipient or a command of its own.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use jiff::Timestamp;
use lettre::Message;
use lettre::message::header::{self, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Body, Mailbox, Mailboxes, MessageBuilder, MultiPart, SinglePart};
use rouage_model::{ModuleError, Text, Value, json};
use rouage_sdk::params::bytes_of;
use rouage_sdk::{OutboxMail, Values};

/// How many recipients one message may have, copies included.
const MAX_RECIPIENTS: usize = 500;

/// Headers that have a field of their own, or that frame the message.
const RESERVED: &[&str] = &[
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-id",
    "return-path",
];

/// A message ready to be sent or kept.
pub(super) struct Composed {
    /// For the built-in outbox.
    pub(super) mail: OutboxMail,
    /// With its envelope, for a server.
    pub(super) message: Message,
}

/// An attached or embedded file.
struct File {
    name: String,
    kind: String,
    data: Bytes,
    content_id: Option<String>,
}

/// Builds the message. `sender` is used when the module names none.
pub(super) fn compose(input: &Values, sender: &str, message_id: &str, now: Timestamp) -> Result<Composed, ModuleError> {
    let (to, cc, bcc) = (mailboxes(input, "to")?, mailboxes(input, "cc")?, mailboxes(input, "bcc")?);
    check_count(to.len() + cc.len() + bcc.len())?;
    let from = mailbox("from", input.text("from").unwrap_or(sender))?;
    let subject = line("the subject", input.raw("subject"))?;
    let files = input.array("attachments").iter().filter_map(|file| attachment(file).transpose());
    let files = files.collect::<Result<Vec<File>, ModuleError>>()?;
    let (text, html) = bodies(input);

    let mut builder = Message::builder()
        .message_id(Some(message_id.to_owned()))
        .date(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(now.as_second()).unwrap_or(0)))
        .mailbox(header::From::from(Mailboxes::from(from.clone())))
        .subject(subject.clone());
    for mailbox in &to {
        builder = builder.to(mailbox.clone());
    }
    for mailbox in &cc {
        builder = builder.cc(mailbox.clone());
    }
    for mailbox in &bcc {
        builder = builder.bcc(mailbox.clone());
    }
    let builder = further_headers(builder, input)?;
    let message = finish(builder, text.as_deref(), html.as_deref(), &files)?;
    let texts = |mailboxes: &[Mailbox]| mailboxes.iter().map(|mailbox| mailbox.to_string().into()).collect();
    let mail = OutboxMail {
        from: from.to_string().into(),
        to: texts(&to),
        cc: texts(&cc),
        bcc: texts(&bcc),
        subject: subject.into(),
        text: text.map(Text::from),
        html: html.map(Text::from),
        message_id: message_id.into(),
        raw: message.formatted().into(),
        attachments: files.iter().map(File::summary).collect(),
    };
    Ok(Composed { mail, message })
}

fn check_count(recipients: usize) -> Result<(), ModuleError> {
    match recipients {
        0 => Err(ModuleError::data("the message has no recipient")),
        1..=MAX_RECIPIENTS => Ok(()),
        _ => Err(ModuleError::data(format!(
            "the message has {recipients} recipients; at most {MAX_RECIPIENTS} are sent at once"
        ))),
    }
}

/// Texts, or collections with `email` or `address` and perhaps `name` (old
/// exports). One text may hold several addresses separated by commas.
fn mailboxes(input: &Values, field: &str) -> Result<Vec<Mailbox>, ModuleError> {
    let one = [input.raw(field).clone()];
    let items = input.raw(field).as_array().unwrap_or(&one);
    let mut found = Vec::with_capacity(items.len());
    for item in items {
        let address = item.get("email").or_else(|| item.get("address"));
        let text = line(field, address.unwrap_or(item))?;
        if text.trim().is_empty() {
            continue;
        }
        match (address, item.field("name").as_text().filter(|name| !name.is_empty())) {
            (Some(_), Some(name)) => {
                let name = line(field, &Value::text(name))?;
                found.push(Mailbox::new(Some(name), mailbox(field, &text)?.email));
            }
            _ => found.extend(parse_list(field, &text)?),
        }
    }
    Ok(found)
}

fn parse_list(field: &str, text: &str) -> Result<Vec<Mailbox>, ModuleError> {
    let text = text.trim().trim_end_matches([',', ';']).replace(';', ",");
    let parsed: Mailboxes = text.parse().map_err(|_| invalid_address(field, &text))?;
    Ok(parsed.into_iter().collect())
}

fn mailbox(field: &str, text: &str) -> Result<Mailbox, ModuleError> {
    let text = line(field, &Value::text(text))?;
    text.trim().parse().map_err(|_| invalid_address(field, &text))
}

fn invalid_address(field: &str, text: &str) -> ModuleError {
    ModuleError::data(format!("{text:?} in `{field}` is not an e-mail address such as ada@example.com"))
}

/// A text that becomes part of a header: a line break in it would start a
/// header or a command of the sender's own making.
fn line(what: &str, value: &Value) -> Result<String, ModuleError> {
    let text = match value {
        Value::Text(text) => text.to_string(),
        nothing if nothing.is_nothing() => String::new(),
        Value::Number(number) => number.to_string(),
        other => json::to_string(other),
    };
    if text.chars().any(|character| character.is_control() && character != '\t') {
        return Err(ModuleError::data(format!("{what} contains a line break or another control character")));
    }
    Ok(text)
}

fn bodies(input: &Values) -> (Option<String>, Option<String>) {
    let (text, html) = (input.text("text").map(str::to_owned), input.text("html").map(str::to_owned));
    match input.text("contentType") {
        Some("text") => (Some(text.unwrap_or_default()), None),
        // HTML is only the usual choice: a text by itself is not thrown away.
        Some("html") if html.is_some() || text.is_none() => (None, Some(html.unwrap_or_default())),
        _ if html.is_some() => (None, html),
        _ => (Some(text.unwrap_or_default()), None),
    }
}

fn further_headers(mut builder: MessageBuilder, input: &Values) -> Result<MessageBuilder, ModuleError> {
    if let Some(sender) = input.text("sender") {
        builder = builder.sender(mailbox("sender", sender)?);
    }
    if let Some(address) = input.text("replyTo") {
        builder = builder.reply_to(mailbox("replyTo", address)?);
    }
    if input.text("inReplyTo").is_some() {
        builder = builder.in_reply_to(bracketed(&line("inReplyTo", input.raw("inReplyTo"))?));
    }
    let one = [input.raw("references").clone()];
    let references = input.raw("references").as_array().unwrap_or(&one);
    let references = references.iter().map(|id| line("references", id)).collect::<Result<Vec<_>, _>>()?;
    let references: Vec<String> = references.iter().flat_map(|ids| message_ids(ids)).collect();
    if !references.is_empty() {
        builder = builder.references(references.join(" "));
    }
    builder = match input.text("priority") {
        Some("high") => raw(raw(builder, "X-Priority", "1")?, "Importance", "high")?,
        Some("low") => raw(raw(builder, "X-Priority", "5")?, "Importance", "low")?,
        _ => builder,
    };
    for header in input.array("headers") {
        let (name, value) = (line("a header", header.field("key"))?, line("a header", header.field("value"))?);
        if RESERVED.contains(&name.trim().to_ascii_lowercase().as_str()) {
            return Err(ModuleError::data(format!("the header {name:?} has a field of its own; use that")));
        }
        builder = raw(builder, name.trim(), &value)?;
    }
    Ok(builder)
}

fn raw(builder: MessageBuilder, name: &str, value: &str) -> Result<MessageBuilder, ModuleError> {
    let allowed = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
    let parsed = HeaderName::new_from_ascii(name.to_owned()).ok().filter(|_| allowed);
    let parsed = parsed.ok_or_else(|| ModuleError::data(format!("{name:?} is not the name of a header")))?;
    Ok(builder.raw_header(HeaderValue::new(parsed, value.to_owned())))
}

fn bracketed(id: &str) -> String {
    let id = id.trim();
    if id.starts_with('<') { id.to_owned() } else { format!("<{id}>") }
}

/// The ids of a text. People map several with whatever sign between.
fn message_ids(text: &str) -> Vec<String> {
    if !text.contains('<') {
        return text.split_whitespace().map(bracketed).collect();
    }
    let ids = text.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0.trim()));
    ids.filter(|id| !id.is_empty()).map(bracketed).collect()
}

/// `None` for an item without name and data, which an empty mapping leaves.
fn attachment(file: &Value) -> Result<Option<File>, ModuleError> {
    let name = line("the name of an attachment", file.get("fileName").unwrap_or_else(|| file.field("filename")))?;
    let Some(data) = bytes_of(file.field("data")) else {
        if name.is_empty() {
            return Ok(None);
        }
        return Err(ModuleError::data(format!("the attachment {name:?} has no data")));
    };
    let name = if name.is_empty() { "attachment".to_owned() } else { name };
    let content_id = line("the content id of an attachment", file.field("cid"))?;
    let content_id = content_id.trim().trim_matches(['<', '>']);
    if content_id.contains(['<', '>', ' ']) {
        return Err(ModuleError::data(format!("{content_id:?} is not a content id")));
    }
    let kind = mime_guess::from_path(&name).first_or_octet_stream().to_string();
    let content_id = (!content_id.is_empty()).then(|| content_id.to_owned());
    Ok(Some(File { name, kind, data, content_id }))
}

impl File {
    fn summary(&self) -> (Text, Text, u64) {
        (self.name.as_str().into(), self.kind.as_str().into(), self.data.len() as u64)
    }

    fn part(&self) -> Result<SinglePart, ModuleError> {
        let kind = ContentType::parse(&self.kind).or_else(|_| ContentType::parse("application/octet-stream"));
        let kind = kind
            .map_err(|error| ModuleError::data(format!("the attachment {:?} has no media type: {error}", self.name)))?;
        let attachment = match &self.content_id {
            Some(id) => Attachment::new_inline_with_name(id.clone(), self.name.clone()),
            None => Attachment::new(self.name.clone()),
        };
        Ok(attachment.body(Body::new(self.data.to_vec()), kind))
    }
}

/// Body alone; with embedded files around the HTML, with others around all.
fn finish(
    builder: MessageBuilder,
    text: Option<&str>,
    html: Option<&str>,
    files: &[File],
) -> Result<Message, ModuleError> {
    let body = match html {
        Some(html) => SinglePart::html(html.to_owned()),
        None => SinglePart::plain(text.unwrap_or_default().to_owned()),
    };
    let (embedded, attached): (Vec<&File>, Vec<&File>) =
        files.iter().partition(|file| html.is_some() && file.content_id.is_some());
    let built = if files.is_empty() {
        builder.singlepart(body)
    } else if attached.is_empty() {
        builder.multipart(related(body, &embedded)?)
    } else {
        let mixed = MultiPart::mixed();
        let mut mixed =
            if embedded.is_empty() { mixed.singlepart(body) } else { mixed.multipart(related(body, &embedded)?) };
        for file in attached {
            mixed = mixed.singlepart(file.part()?);
        }
        builder.multipart(mixed)
    };
    built.map_err(|error| ModuleError::data(format!("the message cannot be built: {error}")))
}

fn related(body: SinglePart, files: &[&File]) -> Result<MultiPart, ModuleError> {
    files.iter().try_fold(MultiPart::related().singlepart(body), |part, file| Ok(part.singlepart(file.part()?)))
}

#[cfg(test)]
mod tests {
    use rouage_model::ErrorKind;
    use rouage_sdk::testing::value;

    use super::*;

    fn build(mapper: &str) -> Result<Composed, ModuleError> {
        let input = value(mapper).as_collection().cloned().unwrap();
        let now = "2026-11-24T08:00:00Z".parse().unwrap();
        compose(&input.into(), "rouage@localhost", "<1.2@rouage>", now)
    }

    fn raw_text(composed: &Composed) -> String {
        String::from_utf8_lossy(&composed.mail.raw).into_owned()
    }

    #[test]
    fn make_s_fields_become_a_message() {
        let composed = build(
            r#"{"to":["Ada <ada@example.com>"],"cc":[{"email":"c@example.com","name":"Cé"}],"bcc":["b@example.com"],
            "subject":"Héllo","contentType":"text","text":"Bonjour","from":"","sender":"","replyTo":"r@example.com",
            "inReplyTo":"x@y","references":["a@b","<c@d>"],"priority":"high","headers":[{"key":"X-Order","value":"7"}],"attachments":[]}"#,
        )
        .unwrap();
        let raw = raw_text(&composed);
        for expected in [
            "From: rouage@localhost\r\n",
            "To: Ada <ada@example.com>\r\n",
            "Reply-To: r@example.com\r\n",
            "In-Reply-To: <x@y>\r\n",
            "References: <a@b> <c@d>\r\n",
            "Message-ID: <1.2@rouage>\r\n",
            "Date: Tue, 24 Nov 2026 08:00:00 +0000\r\n",
            "X-Priority: 1\r\n",
            "X-Order: 7\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
        ] {
            assert!(raw.contains(expected), "{expected:?} is missing in\n{raw}");
        }
        assert!(!raw.contains("b@example.com"), "a blind copy shows in the message");
        let envelope: Vec<String> = composed.message.envelope().to().iter().map(ToString::to_string).collect();
        assert_eq!(envelope.len(), 3);
        assert!(envelope.contains(&"b@example.com".to_owned()));
        assert_eq!(&*composed.mail.subject, "Héllo");
    }

    #[test]
    fn recipients_come_in_every_form() {
        for to in [
            r#"["a@example.com, b@example.com"]"#,
            r#""a@example.com;b@example.com""#,
            r#"[{"address":"a@example.com"},"b@example.com",""]"#,
        ] {
            let composed = build(&format!(r#"{{"to":{to},"subject":"x","html":"<p>x</p>"}}"#)).unwrap();
            assert_eq!(composed.mail.to.len(), 2, "{to}");
            assert!(raw_text(&composed).contains("text/html"));
        }
    }

    #[test]
    fn nothing_mapped_can_add_a_header_or_a_recipient() {
        for mapper in [
            r#"{"to":["a@example.com\r\nBcc: x@example.com"],"subject":"x"}"#,
            r#"{"to":["a@example.com"],"subject":"x\r\nBcc: x@example.com"}"#,
            r#"{"to":["a@example.com"],"subject":"x","from":"a@example.com\nX: y"}"#,
            r#"{"to":["a@example.com"],"subject":"x","headers":[{"key":"X-A","value":"b\r\nBcc: x@example.com"}]}"#,
            r#"{"to":["a@example.com"],"subject":"x","headers":[{"key":"X-A: b","value":"c"}]}"#,
            r#"{"to":["a@example.com"],"subject":"x","headers":[{"key":"bcc","value":"x@example.com"}]}"#,
            r#"{"to":["a@example.com"],"subject":"x","inReplyTo":"<a>\r\nBcc: x@example.com"}"#,
            r#"{"to":["a@example.com"],"subject":"x","attachments":[{"fileName":"a\r\nX: y","data":"x"}]}"#,
            r#"{"to":["a@example.com"],"subject":"x","attachments":[{"fileName":"a","data":"x","cid":"a>\r\nX: y"}]}"#,
            r#"{"to":["not an address"],"subject":"x"}"#,
            r#"{"to":[],"subject":"x"}"#,
        ] {
            let error = build(mapper).err().unwrap_or_else(|| panic!("{mapper} was accepted"));
            assert_eq!(error.kind, ErrorKind::DataError, "{mapper}");
        }
    }

    #[test]
    fn the_number_of_recipients_is_bounded() {
        let to: Vec<String> = (0..501).map(|number| format!("\"a{number}@example.com\"")).collect();
        let error = build(&format!(r#"{{"to":[{}],"subject":"x"}}"#, to.join(","))).err().unwrap();
        assert!(error.message.contains("501"), "{error:?}");
    }

    #[test]
    fn files_are_attached_or_embedded() {
        let composed = build(
            r#"{"to":["a@example.com"],"subject":"x","contentType":"html","html":"<img src='cid:logo'>",
            "attachments":[{"fileName":"logo.png","data":"png","cid":"logo"},{"fileName":"bill.pdf","data":"pdf"}]}"#,
        )
        .unwrap();
        let raw = raw_text(&composed);
        for expected in
            ["multipart/mixed", "multipart/related", "Content-ID: <logo>", "image/png", "application/pdf", "bill.pdf"]
        {
            assert!(raw.contains(expected), "{expected:?} is missing in\n{raw}");
        }
        assert_eq!(composed.mail.attachments[1], ("bill.pdf".into(), "application/pdf".into(), 3));
    }
}
