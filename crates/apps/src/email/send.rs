//! Send an Email.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, Staged, StagedEffect};

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
            .describe("Sends a message, or keeps it in the built-in outbox when no account is chosen.")
            .parameters(vec![
                Field::new("account", "Connection", FieldKind::Connection(&["smtp"]))
                    .help("An SMTP account, or none for the built-in outbox."),
                Field::boolean("saveAfterSent", "Save message after sending").advanced(),
                Field::new("accountImap", "IMAP connection", FieldKind::Keychain(&["imap"]))
                    .advanced()
                    .help("The mailbox in which sent messages are saved."),
                Field::text("folder", "Folder").advanced().help("The folder of the mailbox, such as Sent."),
            ])
            .mapper(mapper())
            .output(vec![
                Field::text("messageId", "Message ID"),
                Field::boolean("saved", "Saved"),
                Field::text("saveError", "Why it was not saved"),
            ])
            .synonyms(&["mail", "smtp", "message", "notify"]);
        Self { spec }
    }
}

/// The fields of a message.
pub(super) fn mapper() -> Vec<Field> {
    let list = |name, label| Field::new(name, label, FieldKind::Array(Vec::new()));
    let attachment = vec![
        Field::text("fileName", "File name"),
        Field::new("data", "Data", FieldKind::Any),
        Field::text("cid", "Content ID").help("To show the file inside the HTML as cid:…"),
    ];
    let header = vec![Field::text("key", "Key"), Field::text("value", "Value")];
    let content = FieldKind::Select(vec![("html", "HTML"), ("text", "Plain text")]);
    let priority = FieldKind::Select(vec![("high", "High"), ("normal", "Normal"), ("low", "Low")]);
    vec![
        list("to", "To").required(),
        Field::text("subject", "Subject"),
        Field::new("contentType", "Content type", content),
        Field::text("html", "Content (HTML)"),
        Field::text("text", "Content (plain text)"),
        Field::new("attachments", "Attachments", FieldKind::Array(attachment)),
        list("cc", "Copy recipient").advanced(),
        list("bcc", "Blind copy recipient").advanced(),
        Field::text("from", "From").advanced(),
        Field::text("sender", "Sender").advanced(),
        Field::text("replyTo", "Reply to").advanced(),
        Field::text("inReplyTo", "In reply to").advanced(),
        list("references", "References").advanced(),
        Field::new("priority", "Priority", priority).advanced(),
        Field::new("headers", "Headers", FieldKind::Array(header)).advanced(),
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
