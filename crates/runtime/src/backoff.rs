//! When a failed call is made again.
//!
//! Make reruns the whole scenario by this table; Rouage repeats only the call
//! that failed, so that what was done before it is not done twice.

use jiff::{SignedDuration, Timestamp};
use rouage_model::{Certainty, ErrorKind, ModuleError};

/// Minutes to wait after the 1st, 2nd … failure (source: `make-semantics.md`
/// §4.5, the table without incomplete executions).
const MINUTES: [i64; 8] = [1, 2, 5, 10, 60, 180, 720, 1440];

/// Nobody asks us to wait longer than this and is believed.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// When to try again after the given attempt failed; `None`: not at all.
pub fn next_attempt(error: &ModuleError, attempt: u32, now: Timestamp) -> Option<Timestamp> {
    if !error.kind.is_retriable() || error.certainty == Certainty::MaybeApplied {
        return None;
    }
    let minutes = MINUTES.get(usize::try_from(attempt).ok()?.checked_sub(1)?)?;
    let wait = match (error.kind, error.retry_after) {
        (ErrorKind::RateLimitError, Some(seconds)) => SignedDuration::from_secs(i64::from(seconds)).min(LONGEST),
        _ => SignedDuration::from_mins(*minutes),
    };
    now.checked_add(wait).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(error: &ModuleError, attempt: u32) -> Option<i64> {
        next_attempt(error, attempt, Timestamp::UNIX_EPOCH).map(Timestamp::as_second)
    }

    #[test]
    fn waits_follow_the_table_and_end() {
        let error = ModuleError::new(ErrorKind::ConnectionError, "down");
        let waits: Vec<_> = (1..=9).map(|attempt| seconds(&error, attempt)).collect();
        let minutes = [1, 2, 5, 10, 60, 180, 720, 1440].map(|minutes| Some(minutes * 60));
        assert_eq!(waits[..8], minutes);
        assert_eq!(waits[8], None);
    }

    #[test]
    fn retry_after_is_honoured_up_to_a_day() {
        let error = ModuleError::new(ErrorKind::RateLimitError, "slow down");
        assert_eq!(seconds(&error.clone().retry_after(Some(7)), 1), Some(7));
        assert_eq!(seconds(&error.retry_after(Some(u32::MAX)), 1), Some(86_400));
    }

    #[test]
    fn what_may_have_happened_is_not_repeated() {
        assert_eq!(seconds(&ModuleError::new(ErrorKind::ConnectionError, "reset").maybe_applied(), 1), None);
        assert_eq!(seconds(&ModuleError::data("bad"), 1), None);
    }
}
