//! Connections: accounts with other services, and their secrets.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{ConnectionId, ModuleError, Value};

use crate::host::Host;
use crate::http;
use crate::spec::Field;

/// A value that does not print, not even in an error or a debug dump.
#[derive(Clone, PartialEq, Default)]
pub struct Secret(Value);

impl Secret {
    /// Wraps a value.
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    /// The value, for the one place that sends it.
    pub fn expose(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A connection as a module sees it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Its type, such as `google`, `smtp`, `basicauth`, `apikeyauth`.
    pub kind: String,
    /// The user's name for it.
    pub name: String,
    /// What may be shown: host names, user names, scopes.
    pub data: Value,
    /// What may not.
    pub secret: Secret,
}

/// Tries a connection without changing anything on the other side.
#[async_trait]
pub trait ConnectionTest: Send + Sync {
    /// What was reached, as sentences for a person. An error says what was
    /// tried and what to do, and never holds a secret.
    async fn test(&self, connection: &Connection, host: &dyn Host, http: &http::Client) -> Result<String, ModuleError>;
}

/// A type of connection: what its form asks for, and how to try it.
#[derive(Clone)]
pub struct ConnectionSpec {
    /// The type's name, as in Make (`google`, `smtp`, …).
    pub kind: &'static str,
    /// For people.
    pub label: &'static str,
    /// Where to get what is asked for, in a sentence or two.
    pub help: &'static str,
    /// What may be shown again.
    pub fields: Vec<Field>,
    /// What is sealed and never shown again.
    pub secrets: Vec<Field>,
    /// How to try it. `None` when only a request of the user's own can tell
    /// whether it works.
    pub test: Option<Arc<dyn ConnectionTest>>,
}

impl fmt::Debug for ConnectionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionSpec")
            .field("kind", &self.kind)
            .field("fields", &self.fields)
            .field("secrets", &self.secrets)
            .field("has_test", &self.test.is_some())
            .finish_non_exhaustive()
    }
}
