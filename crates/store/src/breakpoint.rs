//! Named places at which a test ends the process as `kill -9` would:
//! `ROUAGE_BREAK_AT=<name>`, or `<name>:<which time>`, in the environment.
//!
//! They exist in builds with `debug_assertions` only. A released program has
//! no code here, looks at no variable, and cannot be ended by one.
//! `tests/e2e/faults/breakpoints.rs` hits every name of [`NAMES`] and lets the
//! auditor judge; a new place needs a word there and a way to it in that test.

/// Every place, in the order of a run. What is written has two: the moment
/// before the commit, and the one after it when nobody has been told.
pub const NAMES: &[&str] = &[
    "accept-before-commit",
    "accept-after-commit",
    "job-taken",
    "append-before-commit",
    "append-after-commit",
    "called-before-commit",
    "called-after-commit",
    "answer-received",
    "answer-read",
    "effect-before-commit",
    "effect-after-commit",
    "counter-before-commit",
    "counter-after-commit",
    "child-before-commit",
    "child-after-commit",
    "wait-before-commit",
    "wait-after-commit",
    "park-before-commit",
    "park-after-commit",
    "cycle-before-commit",
    "cycle-after-commit",
    "rollback-before-commit",
    "rollback-after-commit",
    "finish-before-commit",
    "finish-after-commit",
    "claim-before-commit",
    "claim-after-commit",
    "retry-before-commit",
    "retry-after-commit",
    "slot-before-commit",
    "slot-after-commit",
    "position-before-commit",
    "position-after-commit",
    "prune-before-commit",
    "prune-after-commit",
    "recovered",
    "hand-back-before-commit",
    "hand-back-after-commit",
    "doubt-before-commit",
    "doubt-after-commit",
];

/// Passes a place; the process ends here when that was asked for.
#[cfg(debug_assertions)]
pub fn pass(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WANTED: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();
    debug_assert!(NAMES.contains(&name), "{name} is not in the list of breakpoints");
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("ROUAGE_BREAK_AT").ok()?;
        let (name, times) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), AtomicU32::new(times.parse().ok()?)))
    });
    if let Some((_, left)) = wanted.as_ref().filter(|(wanted, _)| wanted == name)
        && left.fetch_sub(1, Ordering::AcqRel) == 1
    {
        // Like `kill -9`: no destructor, no handler, no buffer is written, and
        // all threads end at once.
        std::process::abort();
    }
}

/// Passes a place.
#[cfg(not(debug_assertions))]
pub fn pass(_name: &str) {}
