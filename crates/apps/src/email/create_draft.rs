//! `email:ActionCreateDraft`: a message that waits in a folder to be sent.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Settled, Spec};

use super::imap::Query;
use super::{mailbox, message, send, smtp};

pub(super) struct CreateDraft {
    spec: Spec,
}

impl Default for CreateDraft {
    fn default() -> Self {
        let folder = Field::text("folder", "Folder").required().live();
        let mut mapper = vec![folder.help("Where drafts are kept, such as Drafts.")];
        mapper.extend(send::mapper());
        let spec = Spec::new("email:ActionCreateDraft", 7, "Create a draft", Kind::Action, Effect::Write)
            .describe("Puts a message into a folder of a mailbox, to be looked at and sent by a person.")
            .parameters(vec![mailbox::account_field()])
            .mapper(mapper)
            .output(vec![
                Field::new("id", "Email ID (UID)", FieldKind::UnsignedInteger),
                Field::text("messageId", "Message ID"),
                Field::text("folder", "Folder"),
            ])
            .synonyms(&["mail", "imap", "draft", "prepare", "reply"]);
        Self { spec }
    }
}

/// The same for every attempt, so that a doubt can be settled.
fn message_id(call: &Call<'_>) -> String {
    format!("<{}@rouage>", call.key())
}

fn bundle(call: &Call<'_>, uid: Option<u32>) -> Value {
    Collection::from_iter([
        ("id", uid.map_or(Value::Null, |uid| Value::from(i64::from(uid)))),
        ("messageId", Value::text(message_id(call))),
        ("folder", call.input.raw("folder").clone()),
    ])
    .into()
}

#[async_trait]
impl Module for CreateDraft {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let account = mailbox::account(call)?;
        let sender = smtp::default_sender(account.connection);
        let composed = message::compose(&call.input, sender, &message_id(call), call.host.clock().now())?;
        let folder = call.input.text("folder").unwrap_or_default();
        let raw = composed.mail.raw;
        let mut sending = false;
        let appended = async {
            let mut session = mailbox::open(call, &account).await?;
            sending = true;
            let uid = session.append(folder, "(\\Draft \\Seen)", &raw).await?;
            session.close().await;
            Ok(uid)
        };
        match mailbox::within_time(call, &account, appended).await {
            Ok(uid) => Ok(Outcome::bundle(bundle(call, uid))),
            // An answer that refuses is none to doubt.
            Err(error) if sending && error.kind.is_retriable() => Err(error.maybe_applied()),
            Err(error) => Err(error),
        }
    }

    /// Looks for the message by its id.
    async fn settle(&self, call: &Call<'_>) -> Result<Settled, ModuleError> {
        let account = mailbox::account(call)?;
        let folder = call.input.text("folder").unwrap_or_default();
        let query = Query { contains: vec![("HEADER MESSAGE-ID", message_id(call))], ..Query::default() };
        let found = async {
            let mut session = mailbox::open(call, &account).await?;
            session.open(folder, false).await?;
            session.search(&query).await
        };
        Ok(match mailbox::within_time(call, &account, found).await?.last() {
            Some(uid) => Settled::Happened(vec![bundle(call, Some(*uid))]),
            None => Settled::DidNotHappen,
        })
    }

    async fn field_choices(&self, call: &Call<'_>, _field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        mailbox::folder_choices(call, search).await
    }
}
