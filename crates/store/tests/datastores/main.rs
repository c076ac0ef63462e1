//! Data stores, data structures, and what a run can take back, each on SQLite
//! and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod records;
mod transactions;
