//! What Rouage itself offers a running module.

use async_trait::async_trait;
use rouage_model::{Clock, ConnectionId, ModuleError, Text, Value, sheets};

use crate::connection::Secret;

/// The runtime as a module sees it. Implemented over the store by the runtime
/// and by [`crate::testing::FakeHost`].
#[async_trait]
pub trait Host: Send + Sync {
    /// Time and randomness.
    fn clock(&self) -> &dyn Clock;

    /// Reads from the built-in spreadsheets. Calls that write are refused:
    /// they go through [`StagedEffect::Sheets`].
    async fn read_sheets(&self, call: sheets::Call) -> Result<Value, sheets::ApiError>;

    /// Answers the caller that waits for this run. `false` when nobody waits
    /// any more or it was answered before.
    async fn respond(&self, response: WebhookResponse) -> bool;

    /// Keeps a renewed secret of a connection, sealed.
    async fn renew_secret(&self, connection: ConnectionId, secret: Secret) -> Result<(), ModuleError>;
}

/// The answer of a Webhook response module.
#[derive(Debug, Clone, PartialEq)]
pub struct WebhookResponse {
    /// HTTP status, 100 to 999.
    pub status: u16,
    /// Headers in order; names and values are checked by the web server.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: bytes::Bytes,
}

/// An effect in Rouage's own store, made when the operation's answer is
/// written down, in the same transaction.
pub struct Staged {
    /// What to do.
    pub effect: StagedEffect,
    /// Makes the output out of the effect's answer: Google's JSON body for
    /// sheets, `{messageId}` for mail.
    pub finish: Box<dyn FnOnce(Value) -> Result<Vec<Value>, ModuleError> + Send>,
}

/// The kinds of staged effects.
#[derive(Debug, Clone, PartialEq)]
pub enum StagedEffect {
    /// A write to a built-in spreadsheet.
    Sheets(sheets::Call),
    /// A message for the built-in outbox.
    Mail(OutboxMail),
}

/// A message as the outbox keeps it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OutboxMail {
    /// The `From` address, possibly with a name.
    pub from: Text,
    /// Recipients.
    pub to: Vec<Text>,
    /// Copies.
    pub cc: Vec<Text>,
    /// Blind copies.
    pub bcc: Vec<Text>,
    /// Subject.
    pub subject: Text,
    /// Plain text, when there is one.
    pub text: Option<Text>,
    /// HTML, when there is one.
    pub html: Option<Text>,
    /// `Message-ID`, with angle brackets.
    pub message_id: Text,
    /// The whole message as it would be sent (RFC 5322), attachments included.
    pub raw: bytes::Bytes,
    /// File name, media type and size of each attachment, in order.
    pub attachments: Vec<(Text, Text, u64)>,
}
