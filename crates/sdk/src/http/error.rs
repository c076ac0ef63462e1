//! What can go wrong with a request, and what an answer that is an error means.

use jiff::Timestamp;
use rouage_model::{ErrorKind, ModuleError};

use super::Response;
use crate::guard::Refusal;

/// How much of an answer's body an error text quotes, in characters.
const EXCERPT: usize = 500;
/// The longest wait that we accept from a server, in seconds: a day.
const MAX_RETRY_AFTER: i64 = 86_400;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The guard refused it; nothing was sent.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No connection: name, network or TLS; nothing was sent.
    #[error("no connection: {0}")]
    NotSent(String),
    /// No whole answer in time.
    #[error("no answer in time")]
    TimedOut {
        /// Whether the request may have been sent.
        sent: bool,
    },
    /// The connection broke after the request was sent, or the answer was cut
    /// short or garbled.
    #[error("no whole answer: {0}")]
    Broken(String),
    /// The answer is larger than this many bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(u64),
    /// It cannot be sent as it is.
    #[error("{0}")]
    InvalidRequest(String),
}

impl TransportError {
    /// As a module reports it. `what` says what was tried, such as
    /// "calling api.example.com".
    pub fn into_module_error(self, what: &str) -> ModuleError {
        let text = format!("{what}: {self}");
        match self {
            TransportError::Refused(refusal) => refusal.into(),
            TransportError::InvalidRequest(_) => ModuleError::data(text),
            TransportError::NotSent(_) => ModuleError::new(ErrorKind::ConnectionError, text),
            TransportError::TimedOut { sent: false } => ModuleError::new(ErrorKind::ModuleTimeoutError, text),
            TransportError::TimedOut { sent: true } => {
                ModuleError::new(ErrorKind::ModuleTimeoutError, text).maybe_applied()
            }
            TransportError::Broken(_) => ModuleError::new(ErrorKind::ConnectionError, text).maybe_applied(),
            TransportError::TooLarge(_) => ModuleError::new(ErrorKind::MaxFileSizeExceededError, text).maybe_applied(),
        }
    }
}

/// The error of an answer by its status (`make-semantics.md` §10.7). The
/// message starts with the status in brackets, as Make's does.
pub fn error_for_status(status: u16, body: &[u8], retry_after: Option<u32>) -> ModuleError {
    let kind = match status {
        401 | 403 => ErrorKind::AccountValidationError,
        408 => ErrorKind::ModuleTimeoutError,
        409 => ErrorKind::DuplicateDataError,
        429 => ErrorKind::RateLimitError,
        400..=499 => ErrorKind::DataError,
        502..=504 => ErrorKind::ConnectionError,
        _ => ErrorKind::RuntimeError,
    };
    let error = ModuleError::new(kind, format!("[{status}] {}", excerpt(status, body))).retry_after(retry_after);
    // A gateway that lost sight of the server behind it cannot say what that did.
    if matches!(status, 502 | 504) { error.maybe_applied() } else { error }
}

fn excerpt(status: u16, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() {
        let status = ::http::StatusCode::from_u16(status).ok();
        return status.and_then(|status| status.canonical_reason()).unwrap_or("no further word").to_owned();
    }
    let mut short: String = text.chars().take(EXCERPT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// How many seconds the answer's `Retry-After` asks to wait, given in seconds
/// or as a date; at most a day.
pub fn retry_after(response: &Response, now: Timestamp) -> Option<u32> {
    let text = response.header("retry-after")?.trim();
    let seconds = match text.parse::<i64>() {
        Ok(seconds) => seconds,
        Err(_) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => MAX_RETRY_AFTER,
        Err(_) => jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second() - now.as_second(),
    };
    u32::try_from(seconds.clamp(0, MAX_RETRY_AFTER)).ok()
}
