//! What modules that read or write a mailbox have in common.

use std::time::Duration;

use rouage_model::{ErrorKind, ModuleError};
use rouage_sdk::{Call, Connection, Field, FieldChoice, FieldChoices, FieldKind};

use super::account::Account;
use super::imap::{self, Opened, Trouble};

/// How long saving a message that was sent may take.
const SAVE: Duration = Duration::from_secs(30);

/// The connection.
pub(super) fn account_field() -> Field {
    Field::new("account", "Connection", FieldKind::Connection(&["imap"])).required().help("The mailbox, as an IMAP account.")
}

/// A folder by its path.
pub(super) fn folder_field(name: &'static str, label: &'static str) -> Field {
    Field::text(name, label)
        .required()
        .live()
        .default("INBOX")
        .help("INBOX, or the path of another folder as the server names it.")
}

/// The account of a call.
pub(super) fn account<'a>(call: &'a Call<'_>) -> Result<Account<'a>, ModuleError> {
    let connection = call.connection.as_ref().ok_or_else(|| {
        ModuleError::new(ErrorKind::InvalidConfigurationError, "the module has no IMAP connection: choose one")
    })?;
    Account::new(connection, &imap::PORTS)
}

/// The folders of the mailbox of a call, for an open form.
pub(super) async fn folder_choices(call: &Call<'_>, search: &str) -> Result<FieldChoices, ModuleError> {
    let Some(connection) = &call.connection else {
        return Err(ModuleError::data("choose the connection first"));
    };
    folders(call, connection, search).await
}

/// The folders of a mailbox.
pub(super) async fn folders(
    call: &Call<'_>,
    connection: &Connection,
    search: &str,
) -> Result<FieldChoices, ModuleError> {
    let account = Account::new(connection, &imap::PORTS)?;
    let found = async {
        let mut session = open(call, &account).await?;
        let folders = session.folders().await?;
        session.close().await;
        Ok(folders)
    };
    let folders = within_time(call, &account, found).await?;
    let choices = folders.into_iter().map(|folder| FieldChoice::new(folder.clone(), folder)).collect();
    Ok(FieldChoices::matching(choices, search))
}

/// Signs in.
pub(super) async fn open(call: &Call<'_>, account: &Account<'_>) -> Result<Opened, Trouble> {
    imap::open(account, call.http.guard()).await
}

/// Does the work within the time of the call.
pub(super) async fn within_time<T>(
    call: &Call<'_>,
    account: &Account<'_>,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, ModuleError> {
    let done = tokio::time::timeout(call.timeout, work).await.unwrap_or(Err(Trouble::Silence));
    done.map_err(|trouble| trouble.explain(account))
}

/// Saves a message that was sent.
pub(super) async fn append(
    call: &Call<'_>,
    connection: &Connection,
    folder: &str,
    raw: &[u8],
) -> Result<(), ModuleError> {
    let account = Account::new(connection, &imap::PORTS)?;
    let saved = async {
        let mut session = open(call, &account).await?;
        session.append(folder, "(\\Seen)", raw).await?;
        session.close().await;
        Ok(())
    };
    let saved = tokio::time::timeout(SAVE, saved).await.unwrap_or(Err(Trouble::Silence));
    saved.map_err(|trouble| trouble.explain(&account))
}
