//! E-mail: sends through an SMTP account, or into the built-in outbox.
//!
//! To add a module: one file and one line in [`app`].

mod message;
mod send;
mod smtp;

use std::sync::Arc;

use rouage_sdk::{App, ConnectionSpec, Field, FieldKind, Module};

/// The app.
pub fn app() -> App {
    let modules: Vec<Arc<dyn Module>> =
        vec![Arc::new(send::SendEmail::new(3)), Arc::new(send::SendEmail::new(6)), Arc::new(send::SendEmail::new(7))];
    App { name: "email", label: "Email", color: "#b3261e", icon: "email", modules, connections: vec![connection()] }
}

/// An SMTP account.
fn connection() -> ConnectionSpec {
    ConnectionSpec {
        kind: "smtp",
        label: "SMTP",
        help: "The outgoing mail server of your provider. Some ask for an app password instead of your own.",
        fields: vec![
            Field::text("host", "Host").required(),
            Field::new("port", "Port", FieldKind::UnsignedInteger).help("587 for STARTTLS, 465 for TLS, 25 for none."),
            Field::new(
                "security",
                "Encryption",
                FieldKind::Select(vec![("starttls", "STARTTLS"), ("tls", "TLS"), ("none", "None")]),
            )
            .default("starttls"),
            Field::text("user", "User name").help("Empty when the server asks for none."),
            Field::text("ca", "Certificate")
                .advanced()
                .help("As PEM, when your server's is not signed by a public authority."),
            Field::text("from", "Sender").help("Used when a module names no sender; else the user name."),
        ],
        secrets: vec![Field::new("password", "Password", FieldKind::Password)],
        test: Some(Arc::new(smtp::SignIn)),
    }
}
