//! The web: pages, the webhook entry, live events, sign-in.
//!
//! Pages are rendered on the server and work without scripts; scripts only
//! make them nicer. What runs scenarios is behind `Control`, what lasts is
//! behind `Store`; no app is known by name.
//!
//! Invariants:
//! - Every route is a row of [`routes`] and names who may use it; what is not
//!   in the table is refused.
//! - A webhook is answered `Accepted` only after `Control::deliver` returned.
//! - What users and senders wrote is shown as text, or in a sandbox.
//! - Secrets of connections never reach a page.
//!
//! To add a page: a file in `pages/` (view struct, handler, tests), a template
//! at the same path under `web/templates/`, and a row in `routes.rs`.

mod api;
pub mod assets;
mod auto;
mod bearer;
mod client;
pub mod diagram;
pub mod error;
pub mod guard;
pub mod ingress;
mod live;
mod look;
mod mime;
mod pages;
mod pills;
mod query;
pub mod refusal;
pub mod render;
pub mod routes;
mod server;
mod sheets_api;
mod slow_down;
mod state;
mod tree;
pub mod words;

pub use auto::OneTimeLinks;
pub use client::Peer;
pub use error::PageError;
pub use render::{Icon, Layout, Page, icon};
pub use routes::{Permission, Route, router};
pub use server::serve;
pub use state::{App, Parts};
