//! The store: everything that lasts. SQLite in one file, or PostgreSQL.
//!
//! It is the only crate that names sea-orm; entities stay inside and plain
//! structs go out. It knows nothing of apps, of running scenarios or of pages.
//!
//! Invariants:
//! - What [`Store::accept`] and [`Store::append`] answer is on the disk. They
//!   go through one writer that commits many requests together ([`commit`]);
//!   a bad request never harms its neighbours.
//! - An append carries the fence of its lease; a worker that was paused beyond
//!   its lease changes nothing.
//! - Every finder takes the team first.
//! - News ([`Change`]) is sent after the commit, never before.
//! - Times are stored as whole microseconds since 1970, JSON as text, payloads
//!   as bytes; both databases get the same shapes from one migration.
//!
//! To add a table: a migration in `migrations/`, an entity in `entities/`, and
//! a module here with plain structs, reads on `&Store` and writes on
//! `&mut WriteTx`; then a test in `tests/` that runs on both databases.

pub mod backup;
pub mod blobs;
pub mod breakpoint;
pub mod commit;
pub mod connections;
pub mod counters;
pub mod datastores;
pub mod deliveries;
pub mod drafts;
pub(crate) mod entities;
mod error;
pub mod executions;
pub mod folders;
pub mod hooks;
pub mod incompletes;
pub mod journal;
pub mod lineages;
pub mod mails;
pub mod notices;
mod notify;
mod open;
mod page;
pub mod positions;
pub mod queue;
mod reserve;
pub mod retention;
pub mod scenarios;
pub mod seal;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod sheets;
mod store;
pub mod structures;
pub mod teams;
pub(crate) mod text;
pub mod transactions;
pub mod users;
pub mod versions;

pub use commit::{
    Accept, AcceptOutcome, Accepted, Append, Appended, Lineage, NewDelivery, NewExecution, StagedWrite, StoreEffect,
    Update,
};
pub use error::Error;
pub use incompletes::NewIncomplete;
pub use mails::NewMail;
pub use page::{Page, PageRequest};
pub use positions::NewPosition;
pub use queue::{FIRST_LEASE, Fence, Job, Renewed};
pub use store::{Change, Metrics, Options, Store, WriteTx};

/// A change of one row by its id: nothing changed means it is not there.
pub(crate) fn one_row(changed: u64) -> Result<(), Error> {
    if changed == 0 { Err(Error::NotFound) } else { Ok(()) }
}
