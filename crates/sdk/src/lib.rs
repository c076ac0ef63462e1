//! What the author of an app sees: modules, their forms, connections, the
//! host, the guarded HTTP client, and helpers for tests.
//!
//! An app is a list of [`Module`]s. A module is a [`Spec`] (what the editor
//! shows, what the engine must know) and a `run`. It never sees the database,
//! the engine or another app: what it needs from outside comes through
//! [`Call`], [`Host`] and [`http::Client`].
//!
//! Invariants:
//! - Input is validated and coerced by the spec before `run` sees it.
//! - Every outgoing connection passes [`guard::Guard`].
//! - A module that changes something outside declares [`Effect::Write`] (or
//!   [`Effect::Idempotent`] when repeating is harmless).
//! - Secrets are in [`Secret`], which does not print.
//!
//! To add a module: one new file in the app's folder with spec, `run` and
//! tests, and one line in the app's `mod.rs`.

pub mod choices;
pub mod connection;
pub mod files;
pub mod filter;
pub mod guard;
pub mod host;
pub mod http;
pub mod module;
pub mod params;
pub(crate) mod place;
pub mod polling;
pub mod regex;
pub mod registry;
pub mod shown;
pub mod spec;
pub mod structure;
pub mod subscenario;
pub mod testing;
pub mod xml;

pub use choices::{FieldChoice, FieldChoices, LiveField};
pub use connection::{Connection, ConnectionSpec, ConnectionTest, Secret};
pub use files::Files;
pub use host::{Host, OutboxMail, Staged, StagedEffect, StructureOf, WebhookResponse};
pub use module::{Call, Effect, Module, Outcome, Prepared, Settled};
pub use params::Values;
pub use polling::{Choice, Start, StartOption};
pub use registry::{App, Registry};
pub use rouage_expr::markup_length;
pub use shown::is_shown;
pub use spec::{Field, FieldKind, Kind, Shown, Spec};
