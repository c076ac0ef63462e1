//! E-mail: sends through an SMTP account or into the built-in outbox, and
//! reads mailboxes by IMAP.
//!
//! To add a module: one file and one line in [`app`].

mod account;
mod create_draft;
mod feed_attachments;
mod imap;
mod mail;
mod mailbox;
mod message;
mod move_email;
mod new_email;
mod send;
mod smtp;

use std::sync::Arc;

use rouage_sdk::{App, ConnectionSpec, Field, FieldKind, Module};

/// The app.
pub fn app() -> App {
    let modules: Vec<Arc<dyn Module>> = vec![
        Arc::new(create_draft::CreateDraft::default()),
        Arc::new(move_email::MoveEmail::default()),
        Arc::new(send::SendEmail::new(3)),
        Arc::new(send::SendEmail::new(6)),
        Arc::new(send::SendEmail::new(7)),
        Arc::new(feed_attachments::FeedAttachments::default()),
        Arc::new(new_email::NewEmail::default()),
    ];
    App { name: "email", label: "Email", color: "#b3261e", icon: "email", synonyms: &["mail", "e-mail", "smtp", "imap", "message", "inbox", "gmail", "outlook", "send", "newsletter"], modules, connections: vec![imap(), smtp()] }
}

fn security_field(default: &'static str) -> Field {
    let kinds = vec![("starttls", "STARTTLS"), ("tls", "TLS"), ("none", "None")];
    Field::new("security", "Encryption", FieldKind::Select(kinds)).default(default)
}

fn certificate_field() -> Field {
    Field::text("ca", "Certificate").advanced().help("As PEM, when your server's is not signed by a public authority.")
}

fn password_field() -> Field {
    Field::new("password", "Password", FieldKind::Password)
}

/// A mailbox.
fn imap() -> ConnectionSpec {
    ConnectionSpec {
        kind: "imap",
        label: "IMAP",
        help: "The incoming mail server of your provider. Some ask for an app password instead of your own, or for \
               IMAP to be switched on first.",
        fields: vec![
            Field::text("host", "Host").required(),
            Field::new("port", "Port", FieldKind::UnsignedInteger).help("993 for TLS, 143 for STARTTLS or none."),
            security_field("tls"),
            Field::text("user", "User name").required(),
            certificate_field(),
            Field::text("from", "Sender").help("Used when a draft names no sender; else the user name."),
        ],
        secrets: vec![password_field().required()],
        test: Some(Arc::new(imap::SignIn)),
    }
}

/// An SMTP account.
fn smtp() -> ConnectionSpec {
    ConnectionSpec {
        kind: "smtp",
        label: "SMTP",
        help: "The outgoing mail server of your provider. Some ask for an app password instead of your own.",
        fields: vec![
            Field::text("host", "Host").required(),
            Field::new("port", "Port", FieldKind::UnsignedInteger).help("587 for STARTTLS, 465 for TLS, 25 for none."),
            security_field("starttls"),
            Field::text("user", "User name").help("Empty when the server asks for none."),
            certificate_field(),
            Field::text("from", "Sender").help("Used when a module names no sender; else the user name."),
        ],
        secrets: vec![password_field()],
        test: Some(Arc::new(smtp::SignIn)),
    }
}
