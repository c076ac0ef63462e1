//! `email:ActionMoveEmail`: a message from one folder to another.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Settled, Spec};

use super::mailbox;

pub(super) struct MoveEmail {
    spec: Spec,
}

impl Default for MoveEmail {
    fn default() -> Self {
        let spec = Spec::new("email:ActionMoveEmail", 7, "Move an email", Kind::Action, Effect::Write)
            .describe("Moves a message to another folder of its mailbox.")
            .parameters(vec![mailbox::account_field()])
            .mapper(vec![
                mailbox::folder_field("folder", "Folder"),
                Field::new("id", "Email ID (UID)", FieldKind::UnsignedInteger)
                    .required()
                    .help("The number of the message in its folder, mapped from Watch emails."),
                Field::text("destinationFolder", "Destination folder")
                    .required()
                    .live()
                    .help("The path of the folder to which it goes, as the server names it."),
            ])
            .output(vec![Field::text("folder", "Folder")])
            .synonyms(&["archive", "file", "folder", "imap", "label", "mail"]);
        Self { spec }
    }
}

fn uid(call: &Call<'_>) -> Result<u32, ModuleError> {
    let uid = call.input.integer("id").and_then(|id| u32::try_from(id).ok()).filter(|id| *id > 0);
    uid.ok_or_else(|| {
        ModuleError::validation(vec!["Invalid integer in parameter 'id': the number of a message.".into()])
    })
}

fn bundle(call: &Call<'_>) -> Value {
    Collection::from_iter([("folder", call.input.raw("destinationFolder").clone())]).into()
}

#[async_trait]
impl Module for MoveEmail {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let (account, uid) = (mailbox::account(call)?, uid(call)?);
        let text = |name: &str| call.input.text(name).unwrap_or_default();
        let (from, to) = (text("folder"), text("destinationFolder"));
        let mut moving = false;
        let moved = async {
            let mut session = mailbox::open(call, &account).await?;
            session.open(from, true).await?;
            if session.summaries(&[uid]).await?.is_empty() {
                return Err(ModuleError::data(format!("there is no message {uid} in the folder {from:?}")).into());
            }
            moving = true;
            session.move_to(uid, to).await?;
            session.close().await;
            Ok(())
        };
        match mailbox::within_time(call, &account, moved).await {
            Ok(()) => Ok(Outcome::bundle(bundle(call))),
            Err(error) if moving && error.kind.is_retriable() => Err(error.maybe_applied()),
            Err(error) => Err(error),
        }
    }

    /// A message that is still where it was has not been moved.
    async fn settle(&self, call: &Call<'_>) -> Result<Settled, ModuleError> {
        let (account, uid) = (mailbox::account(call)?, uid(call)?);
        let folder = call.input.text("folder").unwrap_or_default();
        let there = async {
            let mut session = mailbox::open(call, &account).await?;
            session.open(folder, false).await?;
            Ok(!session.summaries(&[uid]).await?.is_empty())
        };
        Ok(if mailbox::within_time(call, &account, there).await? {
            Settled::DidNotHappen
        } else {
            Settled::Happened(vec![bundle(call)])
        })
    }

    async fn field_choices(&self, call: &Call<'_>, _field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        mailbox::folder_choices(call, search).await
    }
}
