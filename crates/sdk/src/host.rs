//! What Rouage itself offers a running module.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::structure::Structure;
use rouage_model::{
    Clock, ConnectionId, DatastoreId, ExecutionId, ModuleError, ModuleId, StructureId, Text, Value, datastore, sheets,
};

use crate::connection::Secret;
use crate::files::Files;
use crate::subscenario;

/// The runtime as a module sees it. Implemented over the store by the runtime
/// and by [`crate::testing::FakeHost`].
#[async_trait]
pub trait Host: Send + Sync {
    /// Time and randomness.
    fn clock(&self) -> &dyn Clock;

    /// Reads from the built-in spreadsheets. Calls that write are refused:
    /// they go through [`StagedEffect::Sheets`].
    async fn read_sheets(&self, call: sheets::Call) -> Result<Value, sheets::ApiError>;

    /// Reads from a data store. Calls that write are refused: they go through
    /// [`StagedEffect::Datastore`].
    async fn read_datastore(&self, call: datastore::Call) -> Result<Value, ModuleError>;

    /// The data structure of an id or of a data store; `None` when a data
    /// store has none. A structure that does not exist any more is an error.
    async fn structure(&self, of: StructureOf) -> Result<Option<Structure>, ModuleError>;

    /// Checks whether a scenario can be called from this run with these inputs,
    /// and readies the run.
    async fn plan_child(&self, request: subscenario::Request) -> Result<subscenario::Child, ModuleError>;

    /// How a run stands that this run has called.
    async fn child(&self, child: ExecutionId) -> Result<subscenario::State, ModuleError>;

    /// Answers the caller that waits for this run. `false` when nobody waits
    /// any more or it was answered before.
    async fn respond(&self, response: WebhookResponse) -> bool;

    /// The stored files of the team; what is written belongs to this run.
    fn files(&self) -> Arc<dyn Files>;

    /// Keeps a renewed secret of a connection, sealed.
    async fn renew_secret(&self, connection: ConnectionId, secret: Secret) -> Result<(), ModuleError>;
}

/// Which data structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructureOf {
    /// The one with this id.
    Id(StructureId),
    /// The one of a data store.
    Datastore(DatastoreId),
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
    /// sheets, `{messageId}` for mail, what the call says for data stores.
    pub finish: Box<dyn FnOnce(Value) -> Result<Vec<Value>, ModuleError> + Send>,
}

/// The kinds of staged effects.
#[derive(Debug, Clone, PartialEq)]
pub enum StagedEffect {
    /// A write to a built-in spreadsheet.
    Sheets(sheets::Call),
    /// A message for the built-in outbox.
    Mail(OutboxMail),
    /// A write to a data store.
    Datastore(datastore::Call),
    /// Counts a module of the scenario up by one. Answers `{value}`.
    Counter {
        /// The module that counts.
        module: ModuleId,
    },
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
