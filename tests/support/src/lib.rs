//! Servers on loopback for tests and benchmarks: a Google with its token
//! endpoint and Sheets API, an SMTP server, Debian's IMAP server, and an HTTP
//! peer that records; and the auditor, who judges by what they saw.
//!
//! They speak the real protocols over real sockets, so that the code under
//! test is the code that ships. Each can be told to fail in the ways that the
//! real ones do. They know nothing of Rouage but the words of `model`, and
//! must never be a dependency of anything that ships.
//!
//! To add a fault: a variant in the server's own `Fault`, one arm where it is
//! taken, and a test that needs it.

pub mod auditor;
pub mod dovecot;
pub mod google;
pub mod http;
mod server;
pub mod smtp;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks; a test that panicked while it held the lock has already failed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
