//! When a failed call is made again.
//!
//! Make has two tables (source: `make-semantics.md` §4.5). Which one counts is
//! what becomes of the bundle:
//!
//! - It *ends the run* (incomplete executions are off, or it cannot be stored:
//!   the first module, a module on an error route): the call is repeated in
//!   place by [`next_attempt`], and the run waits. Make reruns the whole
//!   scenario by this table; repeating only the call that failed does not do
//!   twice what was done before it.
//! - It is *stored*: at once, with a retry by [`next_retry`]. Repeating in
//!   place first would hold up the other bundles of the run for two days, and
//!   in a sequential scenario every later run, which is what the store of
//!   incomplete executions is there to prevent.
//! - An *error route* takes it: at once and without a retry, as the user said
//!   what is to be done.

use jiff::{SignedDuration, Timestamp};
use rouage_model::{Certainty, ModuleError};
use rouage_store::incompletes::Policy;

/// Minutes to wait after the 1st, 2nd … failure of a stored bundle.
const STORED_MINUTES: [i64; 8] = [1, 10, 10, 30, 30, 30, 180, 180];

/// Minutes to wait after the 1st, 2nd … failure (source: `make-semantics.md`
/// §4.5, the table without incomplete executions).
const MINUTES: [i64; ATTEMPTS as usize] = [1, 2, 5, 10, 60, 180, 720, 1440];

/// How often a call is repeated in place.
pub const ATTEMPTS: u32 = 8;

/// Nobody asks us to wait longer than this and is believed.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// When to try again after the given attempt failed; `None`: not at all.
pub fn next_attempt(error: &ModuleError, attempt: u32, now: Timestamp) -> Option<Timestamp> {
    if !error.kind.is_retriable() || error.certainty == Certainty::MaybeApplied {
        return None;
    }
    let minutes = MINUTES.get(usize::try_from(attempt).ok()?.checked_sub(1)?)?;
    let wait = asked_for(error).unwrap_or(SignedDuration::from_mins(*minutes));
    now.checked_add(wait).ok()
}

/// When an incomplete execution is retried by itself after so many automatic
/// retries; `None`: not any more.
pub fn next_retry(policy: Policy, error: &ModuleError, automatic: u32, now: Timestamp) -> Option<Timestamp> {
    if error.certainty == Certainty::MaybeApplied {
        return None;
    }
    let wait = match policy {
        Policy::ByHand => return None,
        Policy::Break { count, interval } => {
            (automatic < count).then(|| SignedDuration::from_mins(i64::from(interval)))?
        }
        Policy::ByError if !error.kind.is_retriable() => return None,
        Policy::ByError => {
            let minutes = STORED_MINUTES.get(usize::try_from(automatic).ok()?)?;
            asked_for(error).unwrap_or(SignedDuration::from_mins(*minutes))
        }
    };
    now.checked_add(wait).ok()
}

/// How long the other side asks us to wait.
fn asked_for(error: &ModuleError) -> Option<SignedDuration> {
    let seconds = error.retry_after?.max(1);
    Some(SignedDuration::from_secs(i64::from(seconds)).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use rouage_model::ErrorKind;

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
        let down = ModuleError::new(ErrorKind::ConnectionError, "503").retry_after(Some(0));
        assert_eq!(seconds(&down, 1), Some(1));
    }

    #[test]
    fn what_may_have_happened_is_not_repeated() {
        assert_eq!(seconds(&ModuleError::new(ErrorKind::ConnectionError, "reset").maybe_applied(), 1), None);
        assert_eq!(seconds(&ModuleError::data("bad"), 1), None);
    }

    fn stored(policy: Policy, error: &ModuleError, automatic: u32) -> Option<i64> {
        next_retry(policy, error, automatic, Timestamp::UNIX_EPOCH).map(Timestamp::as_second)
    }

    #[test]
    fn stored_bundles_wait_by_their_own_table() {
        let error = ModuleError::new(ErrorKind::ModuleTimeoutError, "slow");
        let waits: Vec<_> = (0..9).map(|automatic| stored(Policy::ByError, &error, automatic)).collect();
        let minutes = [1, 10, 10, 30, 30, 30, 180, 180].map(|minutes| Some(minutes * 60));
        assert_eq!((&waits[..8], waits[8]), (&minutes[..], None));
        assert_eq!(stored(Policy::ByError, &ModuleError::data("bad"), 0), None);
        assert_eq!(stored(Policy::ByError, &error.clone().maybe_applied(), 0), None);
        assert_eq!(stored(Policy::ByHand, &error, 0), None);
        let busy = ModuleError::new(ErrorKind::RateLimitError, "busy").retry_after(Some(90));
        assert_eq!(stored(Policy::ByError, &busy, 3), Some(90));
    }

    #[test]
    fn a_break_waits_as_it_says_whatever_the_error() {
        let policy = Policy::Break { count: 2, interval: 15 };
        let waits = [0, 1, 2].map(|automatic| stored(policy, &ModuleError::data("bad"), automatic));
        assert_eq!(waits, [Some(900), Some(900), None]);
    }
}
