//! The runtime: takes jobs, drives runs, calls modules, writes the journal,
//! waits, retries, recovers.
//!
//! It knows the engine (what comes next), the registry (how to do it) and the
//! store (what is true), and no app and no page by name. Pages speak to it
//! through [`Control`].
//!
//! Invariants:
//! - A `Write` is called only after its `Called` event is committed.
//! - An answer is used for the next step at once, but nothing irreversible
//!   happens before it is committed: events are flushed before every `Write`,
//!   before every wait and at the end.
//! - A job whose fence is lost changes nothing any more.
//! - Live runs and recovery are the same code: replay the journal, go on.

mod backoff;
mod calls;
mod catalogue;
mod check;
mod control;
mod core;
mod driver;
mod history;
mod hooks;
mod host;
mod import;
mod journal;
mod links;
mod plans;
mod replies;
mod worker;

pub use check::{Action, ModuleReport, Report, Status as ReportStatus, check};
pub use control::{Control, ControlError, Decision, RunOnce};
pub use core::Parts;
pub use history::History;
pub use hooks::{DeliverError, Delivered, LiveHook, LiveScenario};
pub use import::{ImportRequest, Imported};
pub use links::BUILT_IN;
pub use replies::Reply;
pub use worker::Runtime;
