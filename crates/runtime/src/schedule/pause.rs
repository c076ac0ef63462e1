//! The rest of 20 minutes after a target was down.
//!
//! Make pauses a scheduled scenario for 20 minutes after a ConnectionError or
//! a RateLimitError, and runs nothing again when incomplete executions are off
//! (source: `make-semantics.md` §4.5). In Rouage only the failure of the first
//! module ends a run by the schedule at once, since the next slot does the same
//! again; a call behind it is made again in its run by the table of
//! `backoff.rs`, or stored as an incomplete execution, so that its work is not
//! lost. The pause is Make's in all cases, counted from the failure: new runs
//! by the clock would only add to the load on a target that asked for less.
//! It ends by itself; a person ends it by switching the scenario on again or by
//! changing its schedule, and Run once never waits for it. IncompleteDataError
//! pauses as well, as in Make. Runs that no clock started pause nothing.

use jiff::{SignedDuration, Timestamp};
use rouage_model::ErrorKind;
use rouage_model::execution::Origin;
use rouage_store::{Error, Job, scenarios};

use crate::core::Core;

const PAUSE: SignedDuration = SignedDuration::from_mins(20);
/// For people.
pub const WHY: &str = "a module could not reach its service, or was asked to slow down.";

/// The end of a pause that lasts. One further ahead than any pause is from
/// before the clock was set back.
pub fn in_force(until: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    until.filter(|until| *until > now && until.duration_since(now) <= PAUSE)
}

/// Notes that a call of a run failed. A failure to note it is only told.
pub async fn after_failure(core: &Core, job: &Job, kind: ErrorKind) {
    let pauses =
        matches!(kind, ErrorKind::ConnectionError | ErrorKind::RateLimitError | ErrorKind::IncompleteDataError);
    if pauses
        && job.origin == Origin::Schedule
        && let Err(error) = rest(core, job).await
    {
        tracing::warn!(scenario.id = %job.scenario, %error, "the schedule could not be paused");
    }
}

async fn rest(core: &Core, job: &Job) -> Result<(), Error> {
    let found = scenarios::find(&core.store, job.team, job.scenario).await?;
    if !found.is_some_and(|scenario| scenario.enabled && scenario.scheduling.is_by_clock()) {
        return Ok(());
    }
    let until = core.clock.now().checked_add(PAUSE).unwrap_or(Timestamp::MAX);
    let mut tx = core.store.begin().await?;
    scenarios::pause(&mut tx, job.scenario, until).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_from_a_time_that_was_never_there_holds_nothing_up() {
        let now: Timestamp = "2026-11-24T09:00:00Z".parse().unwrap();
        let lasts = |seconds: i64| in_force(now.checked_add(SignedDuration::from_secs(seconds)).ok(), now).is_some();
        assert_eq!([lasts(0), lasts(1), lasts(1200), lasts(1201)], [false, true, true, false]);
        assert_eq!(in_force(None, now), None);
    }
}
