//! The words of Rouage: values and bundles, ids, the blueprint, executions and
//! their journal, error kinds, and the clock.
//!
//! Every other crate may use this one and it uses none of them. It has no
//! async code, no database and no network.
//!
//! Invariants:
//! - A [`Value`] is immutable and shared; cloning one is a reference count.
//! - [`json`] reads any bytes without panicking, without unbounded recursion
//!   and without losing digits; what it reads it can write again.
//! - Time, randomness and ids come from [`clock`] and from nowhere else.
//!
//! To add a journal event: add a variant to [`journal::Event`], give it a name
//! in its serialised form that is never reused, and extend the compatibility
//! fixture in `tests/compat.rs`.

pub mod a1;
pub mod blueprint;
pub mod buffer;
pub mod calendar;
pub mod clock;
pub mod datastore;
pub mod error;
pub mod execution;
pub mod ids;
pub mod interface;
pub mod journal;
pub mod json;
pub mod merge;
pub mod reconcile;
pub mod scenario;
pub mod schedule;
pub mod sheets;
pub mod structure;
pub mod tagged;
pub mod value;

pub use blueprint::Blueprint;
pub use buffer::{Buffer, Content, Stored};
pub use clock::Clock;
pub use error::{Certainty, ErrorKind, ModuleError};
pub use ids::*;
pub use merge::{links_of, merge, merge_links};
pub use reconcile::{reconcile, reconcile_with};
pub use value::{Collection, Number, Text, Value};
