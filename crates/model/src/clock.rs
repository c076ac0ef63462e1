//! Time, randomness and ids: the only place that asks the machine for them.
//!
//! Everything else receives a [`Clock`], so that a test can hold time still
//! and a replay sees what the live run saw.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use uuid::Uuid;

use crate::ids::ExecutionId;

/// The source of time and randomness.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The current instant.
    fn now(&self) -> Timestamp;

    /// Fills the buffer with bytes that nobody can guess.
    fn random(&self, bytes: &mut [u8]);
}

/// A clock as it is passed around.
pub type SharedClock = Arc<dyn Clock>;

/// A new execution id, ordered by the clock's time.
pub fn execution_id(clock: &dyn Clock) -> ExecutionId {
    let mut random = [0; 10];
    clock.random(&mut random);
    let milliseconds = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    ExecutionId(uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid())
}

/// A random (version 4) UUID.
pub fn uuid(clock: &dyn Clock) -> Uuid {
    let mut random = [0; 16];
    clock.random(&mut random);
    uuid::Builder::from_random_bytes(random).into_uuid()
}

/// A secret for URLs and cookies: 32 lower-case letters and digits (about 165
/// bits), the form of Make's webhook ids.
pub fn token(clock: &dyn Clock) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(32);
    while text.len() < 32 {
        let mut bytes = [0; 48];
        clock.random(&mut bytes);
        // 252 is the largest multiple of 36 in a byte: the rest would bias.
        let fair = bytes.iter().filter(|byte| **byte < 252);
        text.extend(fair.take(32 - text.len()).map(|byte| char::from(ALPHABET[usize::from(byte % 36)])));
    }
    text
}

/// The machine's clock and the operating system's random source.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where ambient time is read")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where ambient randomness is read")]
    fn random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has a random source, else it could not run TLS either");
    }
}

/// A clock that stands still until told otherwise, with seeded randomness.
#[derive(Debug)]
pub struct SimulatedClock {
    now: Mutex<Timestamp>,
    state: AtomicU64,
}

impl SimulatedClock {
    /// Starts at the given instant; equal seeds give equal random bytes.
    pub fn new(now: Timestamp, seed: u64) -> Self {
        Self { now: Mutex::new(now), state: AtomicU64::new(seed) }
    }

    /// Moves time.
    pub fn advance(&self, by: jiff::SignedDuration) {
        let mut now = self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.checked_add(by).unwrap_or(Timestamp::MAX);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let seed = self.state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
            *byte = split_mix(seed).to_le_bytes()[0];
        }
    }
}

/// The SplitMix64 step: a well-mixed number from a counter. For replayable
/// randomness (`random`, `uuid` and `shuffle` in expressions), never for secrets.
pub fn split_mix(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_make_s_form_and_differ() {
        let (first, second) = (token(&SystemClock), token(&SystemClock));
        assert_eq!(first.len(), 32);
        assert!(first.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        assert_ne!(first, second);
    }

    #[test]
    fn execution_ids_sort_by_time() {
        let clock = SimulatedClock::new(Timestamp::UNIX_EPOCH, 7);
        let first = execution_id(&clock);
        clock.advance(jiff::SignedDuration::from_millis(1));
        assert!(first < execution_id(&clock));
    }
}
