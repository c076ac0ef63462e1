//! Send an Email.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, Staged, StagedEffect};

use super::{mailbox, message, smtp};

/// Who sends when there is neither an account nor a sender.
const OUTBOX_SENDER: &str = "Rouage <rouage@localhost>";

/// `email:ActionSendEmail`.
pub(super) struct SendEmail {
    spec: Spec,
}

impl SendEmail {
    /// Versions 3, 6 and 7 take the same fields.
    pub(super) fn new(version: i64) -> Self {
        let spec = Spec::new("email:ActionSendEmail", version, "Send an Email", Kind::Action, Effect::Write)
            .describe("Sends an e-mail, or keeps it in the built-in outbox when no account is chosen.")
            .parameters(vec![
                Field::new("account", "Connection", FieldKind::Connection(&["smtp"]))
                    .help("An SMTP account, or the built-in outbox of Rouage, which only keeps the message."),
                Field::boolean("saveAfterSent", "Save message after sending")
                    .default("false")
                    .advanced()
                    .help("Yes: a copy is put into a folder of your mailbox, such as Sent."),
                Field::new("accountImap", "IMAP connection", FieldKind::Keychain(&["imap"]))
                    .advanced()
                    .shown("saveAfterSent", &["true"])
                    .help("The mailbox in which sent messages are saved."),
                Field::text("folder", "Folder")
                    .live()
                    .advanced()
                    .shown("saveAfterSent", &["true"])
                    .help("The folder of the mailbox, such as Sent."),
            ])
            .mapper(mapper())
            .output(vec![
                Field::text("messageId", "Message ID"),
                Field::boolean("saved", "Saved"),
                Field::text("saveError", "Why it was not saved"),
            ])
            .synonyms(&["alert", "gmail", "mail", "message", "notification", "notify", "outbox", "outlook", "smtp", "tell"]);
        Self { spec: if version < 7 { spec.legacy() } else { spec } }
    }
}

/// The fields of a message.
pub(super) fn mapper() -> Vec<Field> {
    let list = |name, label, item| Field::new(name, label, FieldKind::Array(vec![Field::new("", item, FieldKind::Any)]));
    let attachment = vec![
        Field::text("fileName", "File name").help("Such as invoice.pdf."),
        Field::new("data", "Data", FieldKind::Any).help("The file, mapped from an earlier module."),
        Field::text("cid", "Content ID").advanced().help("To show the file inside the HTML, as cid: and this name."),
    ];
    let header = vec![Field::text("key", "Key"), Field::text("value", "Value")];
    let content = FieldKind::Select(vec![("html", "HTML"), ("text", "Plain text")]);
    let priority = FieldKind::Select(vec![("high", "High"), ("normal", "Normal"), ("low", "Low")]);
    vec![
        list("to", "To", "Email address").required().help("Whom it goes to, one address each."),
        Field::text("subject", "Subject").help("The line that is seen first."),
        Field::new("contentType", "Content type", content)
            .default("html")
            .help("HTML can have links, bold words and pictures."),
        Field::text("html", "Content")
            .multiline()
            .shown("contentType", &["html"])
            .help("The message; HTML tags such as <b>…</b> and <br> are understood."),
        Field::text("text", "Content").multiline().shown("contentType", &["text"]).help("The message as plain text."),
        Field::new("attachments", "Attachments", FieldKind::Array(attachment)).help("Files that go with it."),
        list("cc", "Copy recipient", "Email address").advanced().help("Who gets a copy, seen by everybody."),
        list("bcc", "Blind copy recipient", "Email address").advanced().help("Who gets a copy without being seen."),
        Field::text("from", "From").advanced().help("Who it is from; empty means the sender of the connection."),
        Field::text("sender", "Sender").advanced().help("Who sent it on behalf of the one it is from."),
        Field::text("replyTo", "Reply to").advanced().help("Where answers go instead of the sender."),
        Field::text("inReplyTo", "In reply to").advanced().help("The Message ID of the message that this one answers."),
        list("references", "References", "Message ID").advanced().help("The messages of the conversation so far."),
        Field::new("priority", "Priority", priority).default("normal").advanced().help("How mail programs mark it."),
        Field::new("headers", "Headers", FieldKind::Array(header)).advanced().help("Further headers of the message."),
    ]
}

fn bundle(message_id: &str) -> Collection {
    Collection::from_iter([("messageId", message_id)])
}

/// Copies a sent message to the folder that the form names. The message is on
/// its way: what goes wrong now is told and is no error, which could send it
/// again.
async fn save(call: &Call<'_>, raw: &[u8], bundle: &mut Collection) {
    if !call.parameters.is_true("saveAfterSent") {
        return;
    }
    let saved = match call.keychain("accountImap") {
        Some(mailbox) => mailbox::append(call, mailbox, call.parameters.text_or("folder", "Sent"), raw).await,
        None => Err(ModuleError::data("no IMAP connection is chosen")),
    };
    bundle.insert("saved", saved.is_ok());
    if let Err(error) = saved {
        bundle.insert("saveError", error.message);
    }
}

#[async_trait]
impl Module for SendEmail {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The outbox takes a message exactly once, in the transaction of its answer.
    fn effect(&self, call: &Call<'_>) -> Effect {
        if call.connection.is_none() { Effect::Idempotent } else { Effect::Write }
    }

    /// The message id is the same for every attempt, so that mail programs and
    /// servers that look for duplicates find one. A doubt stays one: a mail
    /// server cannot be asked what it took.
    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let message_id = format!("<{}@rouage>", call.key());
        let sender = call.connection.as_ref().map_or(OUTBOX_SENDER, smtp::default_sender);
        let composed = message::compose(&call.input, sender, &message_id, call.host.clock().now())?;
        let Some(connection) = &call.connection else {
            let finish = Box::new(move |_| Ok(vec![bundle(&message_id).into()]));
            return Ok(Outcome::Staged(Staged { effect: StagedEffect::Mail(composed.mail), finish }));
        };
        smtp::deliver(connection, call.http.guard(), &composed.message, call.timeout).await?;
        let mut bundle = bundle(&message_id);
        save(call, &composed.mail.raw, &mut bundle).await;
        Ok(Outcome::bundle(bundle))
    }

    async fn field_choices(&self, call: &Call<'_>, _field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        match call.keychain("accountImap") {
            Some(mailbox) => mailbox::folders(call, mailbox, search).await,
            None => Err(ModuleError::data("choose the IMAP connection first")),
        }
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::Value;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn without_an_account_the_message_is_kept_in_the_outbox() {
        let bench = Bench::default();
        let mapper = value(
            r#"{"to":["ada@example.com"],"cc":[],"bcc":[],"from":"","subject":"Hello","contentType":"html","html":"<b>x</b>","attachments":[],"headers":[],"references":[],"priority":"normal"}"#,
        );
        let module = SendEmail::new(7);
        let call = bench.call(&module, &value(r#"{"saveAfterSent":false}"#), &mapper).unwrap();
        assert_eq!(module.effect(&call), Effect::Idempotent);
        let Outcome::Staged(staged) = module.run(&call).await.unwrap() else { panic!("expected a staged effect") };
        let StagedEffect::Mail(mail) = staged.effect else { panic!("expected a mail") };
        let message_id = format!("<{}@rouage>", call.key());
        assert_eq!(&*mail.message_id, message_id);
        assert_eq!(&*mail.from, "Rouage <rouage@localhost>");
        assert_eq!(mail.html.as_deref(), Some("<b>x</b>"));
        assert_eq!((staged.finish)(Value::Null).unwrap()[0].field("messageId"), &Value::text(message_id));
    }

    #[tokio::test]
    async fn version_3_takes_one_recipient_as_text() {
        let mapper = value(r#"{"to":"someone@example.com","subject":"New","html":"<p>x</p>","attachments":[]}"#);
        let outcome = Bench::default().run(&SendEmail::new(3), &value("{}"), &mapper).await.unwrap();
        assert!(matches!(outcome, Outcome::Staged(_)));
    }
}
