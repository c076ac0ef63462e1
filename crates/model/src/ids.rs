//! Ids, each a type of its own so that none is taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta] $name:ident;)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

number_id! {
    /// A team: owner of scenarios, connections, webhooks and spreadsheets.
    TeamId;
    /// A person who signs in.
    UserId;
    /// A scenario.
    ScenarioId;
    /// A webhook.
    HookId;
    /// One request that a webhook received.
    DeliveryId;
    /// A connection: an account with another service.
    ConnectionId;
    /// A message in the built-in outbox.
    MailId;
    /// An incomplete execution.
    IncompleteId;
    /// A folder of scenarios.
    FolderId;
    /// A data store: a table of records by key.
    DatastoreId;
    /// A data structure: what a bundle or a record must look like.
    StructureId;
    /// The `id` of a module in its blueprint; unique within the blueprint.
    ModuleId;
}

/// Which published state of a scenario; counts from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub i32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One run of a scenario. A UUID version 7, so that ids sort by time; shown as
/// 32 hexadecimal characters as Make does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExecutionId(pub uuid::Uuid);

impl ExecutionId {
    /// Of no execution that was ever stored.
    pub const NIL: Self = Self(uuid::Uuid::nil());
}

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl FromStr for ExecutionId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        uuid::Uuid::parse_str(text).map(Self)
    }
}

/// A file that the store keeps as a blob. A UUID version 7, so that nobody can
/// guess one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobId(pub uuid::Uuid);

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl FromStr for BlobId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        uuid::Uuid::parse_str(text).map(Self)
    }
}

/// The position of an operation in its execution; counts from 1 over all
/// modules. Together with the execution it is the key that makes an effect
/// recognisable: `execution.operation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationId(pub u32);

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
