//! What can go wrong in a module, in Make's words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::value::Text;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The type of an error. Decides what happens next; the names are Make's
        /// and scenarios compare them as text (source: `make-semantics.md` §4.2).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorKind { $($(#[$doc])* $name,)* }

        impl fmt::Display for ErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(ErrorKind::$name => stringify!($name),)* })
            }
        }

        impl FromStr for ErrorKind {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $(stringify!($name) => Ok(ErrorKind::$name),)*
                    other => Err(format!("{other:?} is not an error type")),
                }
            }
        }
    };
}

kinds! {
    /// Credentials refused; the connection must be renewed.
    AccountValidationError,
    /// The input of a module does not fit before it is called.
    BundleValidationError,
    /// The other side cannot be reached or is down; worth another try.
    ConnectionError,
    /// The other side understood and refused the data.
    DataError,
    /// A quota of transferred data is used up.
    DataSizeLimitExceededError,
    /// The thing exists already.
    DuplicateDataError,
    /// The run took longer than it may.
    ExecutionInterruptedError,
    /// A trigger got only part of its data.
    IncompleteDataError,
    /// Commit or rollback failed.
    InconsistencyError,
    /// The token was revoked.
    InvalidAccessTokenError,
    /// The module is set up wrongly.
    InvalidConfigurationError,
    /// A file is larger than allowed.
    MaxFileSizeExceededError,
    /// More results than allowed.
    MaxResultsExceededError,
    /// No answer in time.
    ModuleTimeoutError,
    /// A limit of operations is reached.
    OperationsLimitExceededError,
    /// Storage is full.
    OutOfSpaceError,
    /// Too many requests; worth another try later.
    RateLimitError,
    /// Anything else.
    RuntimeError,
    /// A defect of ours.
    UnexpectedError,
}

impl ErrorKind {
    /// Whether trying again later may help by itself (Make's backoff table).
    pub fn is_retriable(self) -> bool {
        matches!(self, ErrorKind::ConnectionError | ErrorKind::RateLimitError | ErrorKind::ModuleTimeoutError)
    }
}

/// Whether the effect of a failed call may have happened all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Certainty {
    /// Surely not applied: refused, or never sent. May be repeated.
    #[default]
    NotApplied,
    /// Sent, and no answer came: it may have happened. Must not be repeated
    /// blindly (see "in doubt" in `crates/README.md`).
    MaybeApplied,
}

/// The failure of one operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct ModuleError {
    /// Decides the treatment.
    pub kind: ErrorKind,
    /// For people: what was tried on what, what came back, what to do.
    pub message: Text,
    /// Further lines, such as one per invalid parameter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Text>,
    /// How long the other side asked us to wait, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// Whether the effect may have happened.
    #[serde(default)]
    pub certainty: Certainty,
}

impl ModuleError {
    /// An error whose effect surely did not happen.
    pub fn new(kind: ErrorKind, message: impl Into<Text>) -> Self {
        Self { kind, message: message.into(), details: Vec::new(), retry_after: None, certainty: Certainty::NotApplied }
    }

    /// The other side refused the data.
    pub fn data(message: impl Into<Text>) -> Self {
        Self::new(ErrorKind::DataError, message)
    }

    /// Marks that the effect may have happened.
    #[must_use]
    pub fn maybe_applied(mut self) -> Self {
        self.certainty = Certainty::MaybeApplied;
        self
    }

    /// Adds what the other side asked us to wait, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: Option<u32>) -> Self {
        self.retry_after = seconds;
        self
    }

    /// Make's text for input that does not fit: one detail per parameter.
    pub fn validation(details: Vec<Text>) -> Self {
        let mut error = Self::new(
            ErrorKind::BundleValidationError,
            format!("Validation failed for {} parameter(s).", details.len()),
        );
        error.details = details;
        error
    }
}
