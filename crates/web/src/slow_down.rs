//! Makes guessing passwords slow, per account and per address.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rouage_model::clock::SharedClock;

/// Failures that cost nothing; people mistype.
const FREE: u32 = 5;
const LONGEST: SignedDuration = SignedDuration::from_mins(5);
const FORGET_AFTER: SignedDuration = SignedDuration::from_mins(30);
const MOST_KEYS: usize = 20_000;

struct Entry {
    failures: u32,
    open_at: Timestamp,
    forget_at: Timestamp,
}

/// Failed attempts by key (`account:…`, `address:…`).
pub struct SlowDown {
    entries: Mutex<HashMap<String, Entry>>,
    clock: SharedClock,
}

impl SlowDown {
    /// Nobody has failed yet.
    pub fn new(clock: SharedClock) -> Self {
        Self { entries: Mutex::default(), clock }
    }

    /// How long the keys must wait before the next attempt counts.
    pub fn wait(&self, keys: &[String]) -> Option<SignedDuration> {
        let now = self.clock.now();
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let open_at = keys.iter().filter_map(|key| entries.get(key)).map(|entry| entry.open_at).max()?;
        (open_at > now).then(|| open_at.duration_since(now))
    }

    /// Counts a failure: from the sixth on the wait doubles, 1 s to 5 min.
    pub fn failed(&self, keys: &[String]) {
        let now = self.clock.now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() > MOST_KEYS {
            entries.retain(|_, entry| entry.forget_at > now);
        }
        for key in keys {
            let entry = entries.entry(key.clone()).or_insert(Entry { failures: 0, open_at: now, forget_at: now });
            entry.failures = if entry.forget_at < now { 1 } else { entry.failures.saturating_add(1) };
            let seconds = match entry.failures.checked_sub(FREE + 1) {
                None => 0,
                Some(steps) => 1_i64 << steps.min(16),
            };
            let wait = SignedDuration::from_secs(seconds).min(LONGEST);
            entry.open_at = now.checked_add(wait).unwrap_or(now);
            entry.forget_at = now.checked_add(FORGET_AFTER).unwrap_or(now);
        }
    }

    /// A success: the keys start afresh.
    pub fn succeeded(&self, keys: &[String]) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            entries.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::clock::SimulatedClock;
    use std::sync::Arc;

    #[test]
    fn waits_grow_and_a_success_ends_them() {
        let clock = Arc::new(SimulatedClock::new(Timestamp::UNIX_EPOCH, 1));
        let slow = SlowDown::new(clock.clone());
        let keys = ["account:a".to_owned(), "address:1.2.3.4".to_owned()];
        for _ in 0..FREE {
            slow.failed(&keys);
        }
        assert_eq!(slow.wait(&keys), None);
        slow.failed(&keys);
        assert_eq!(slow.wait(&keys), Some(SignedDuration::from_secs(1)));
        slow.failed(&keys);
        assert_eq!(slow.wait(&["account:a".to_owned()]), Some(SignedDuration::from_secs(2)));
        clock.advance(SignedDuration::from_secs(2));
        assert_eq!(slow.wait(&keys), None);
        slow.succeeded(&keys);
        slow.failed(&keys);
        assert_eq!(slow.wait(&keys), None);
    }
}
