//! What goes wrong with a mail server, and what it means for a module.

use rouage_model::{ErrorKind, ModuleError};

use crate::email::account::{Account, renew};

/// What went wrong.
#[derive(Debug)]
pub(in crate::email) enum Trouble {
    /// No answer in time.
    Silence,
    /// The connection broke.
    Broken(String),
    /// The server says goodbye, in its words.
    Bye(String),
    /// The server sent what is no IMAP, or more than it may.
    Protocol(String),
    /// The server understood and refused: its code, if any, and its words.
    Refused { code: String, text: String },
    /// User or password are not accepted.
    SignIn(String),
    /// Found by us.
    Module(ModuleError),
}

impl From<ModuleError> for Trouble {
    fn from(error: ModuleError) -> Self {
        Trouble::Module(error)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Trouble::Broken(error.to_string())
    }
}

impl Trouble {
    /// The error of a module.
    pub(in crate::email) fn explain(self, account: &Account<'_>) -> ModuleError {
        let server = account.server();
        match self {
            Trouble::Module(error) => error,
            Trouble::SignIn(reason) => renew(account.connection, &reason),
            Trouble::Silence => {
                let text = format!("the mail server {server} did not answer in time");
                ModuleError::new(ErrorKind::ModuleTimeoutError, text)
            }
            Trouble::Broken(reason) => {
                let text = format!("the connection to the mail server {server} broke: {reason}");
                ModuleError::new(ErrorKind::ConnectionError, text)
            }
            Trouble::Bye(reason) => {
                let text = format!("the mail server {server} ended the connection: {reason}");
                ModuleError::new(ErrorKind::ConnectionError, text)
            }
            Trouble::Protocol(reason) => {
                let text = format!("the mail server {server} cannot be understood: {reason}. Is it an IMAP server?");
                ModuleError::new(ErrorKind::ConnectionError, text)
            }
            Trouble::Refused { code, text } => refused(&code, &format!("the mail server {server} answered: {text}")),
        }
    }
}

/// By the codes of RFC 5530.
fn refused(code: &str, text: &str) -> ModuleError {
    let kind = match code {
        "OVERQUOTA" => ErrorKind::OutOfSpaceError,
        "LIMIT" => ErrorKind::RateLimitError,
        "UNAVAILABLE" | "INUSE" | "SERVERBUG" => ErrorKind::ConnectionError,
        _ => ErrorKind::DataError,
    };
    ModuleError::new(kind, text)
}
