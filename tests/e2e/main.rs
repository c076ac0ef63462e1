//! End to end on the real binary: each test starts its own server on a free
//! port with a folder of its own, and looks at it only as people and programs
//! can: over HTTP, at the command line, and at the files.
//!
//! To add a test: a function in the module of its subject. Waiting is
//! [`support::eventually`], never a sleep.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bad_input;
mod crash;
mod demo;
mod examples;
mod foreign;
mod google;
mod lifecycle;
mod mail;
#[path = "../../crates/store/tests/support/postgres.rs"]
mod postgres;
mod secrets;
mod support;
mod webhook_answers;
mod webhooks;
