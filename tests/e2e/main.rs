//! End to end on the real binary: each test starts its own server on a free
//! port with a folder of its own, and looks at it only as people and programs
//! can: over HTTP, at the command line, and at the files.
//!
//! To add a test: a function in the module of its subject. Waiting is
//! [`support::eventually`], never a sleep.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod backups;
mod bad_input;
mod crash;
mod data_stores;
mod demo;
mod examples;
mod faults;
mod foreign;
mod google;
mod incompletes;
mod lifecycle;
mod mail;
mod new_scenarios;
mod picker_words;
#[path = "../../crates/store/tests/support/postgres.rs"]
mod postgres;
mod secrets;
mod subscenarios;
mod support;
mod watch;
mod webhook_answers;
mod webhooks;
