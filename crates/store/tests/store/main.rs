//! The store's promises, each on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod blobs;
mod drafts;
mod fixtures;
mod group_commit;
mod history;
mod incompletes;
mod lineages;
mod opening;
mod positions;
mod queue;
mod schedule;
mod staged;
mod subscenarios;
mod tables;
mod values;
