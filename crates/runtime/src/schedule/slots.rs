//! What has come of a slot: pure, so that every rule is a table of examples.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rouage_model::scenario::MissedRuns;
use rouage_model::schedule::{self, Scheduling, When};

/// A slot that is later than this was missed.
const GRACE: SignedDuration = SignedDuration::from_mins(1);
/// The most missed runs that are made up for at once.
pub const MOST: u32 = 100;
/// Slots are counted up to here; beyond, only the present matters.
const COUNTED: u32 = 1000;

/// The slots that have come, seen from a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// The first.
    pub first: Timestamp,
    /// The last.
    pub last: Timestamp,
    /// How many.
    pub count: u32,
    /// The first that has not come; `None` when there is none.
    pub next: Option<Timestamp>,
}

/// The slots from `first` up to `now`.
pub fn come(scheduling: &Scheduling, zone: &TimeZone, first: Timestamp, now: Timestamp) -> Slots {
    let mut slots = Slots { first, last: first, count: 1, next: None };
    loop {
        slots.next = schedule::next_run(scheduling, zone, slots.last);
        match slots.next.filter(|next| *next <= now) {
            None => return slots,
            Some(_) if slots.count >= COUNTED => {
                slots.last = now;
                slots.next = schedule::next_run(scheduling, zone, now);
                return slots;
            }
            Some(next) => (slots.last, slots.count) = (next, slots.count + 1),
        }
    }
}

impl Slots {
    /// How many runs to start.
    pub fn runs(&self, rule: MissedRuns, now: Timestamp) -> u32 {
        match rule {
            MissedRuns::Once => 1,
            MissedRuns::Skip => u32::from(now.duration_since(self.last) <= GRACE),
            MissedRuns::Every => self.count.min(MOST),
        }
    }

    /// What people should know of it; `None` when all went by the clock.
    pub fn note(&self, rule: MissedRuns, zone: &TimeZone, now: Timestamp) -> Option<String> {
        let is_late = now.duration_since(self.last) > GRACE;
        let missed = if is_late { self.count } else { self.count - 1 };
        if missed == 0 {
            return None;
        }
        let more_than = if self.count >= COUNTED { "more than " } else { "" };
        let runs = if missed == 1 { "run" } else { "runs" };
        let since = moment(self.first, zone);
        let done = match rule {
            MissedRuns::Skip => "left out".to_owned(),
            MissedRuns::Once if self.count == 1 => "made up for late".to_owned(),
            MissedRuns::Once => "made up for by one run".to_owned(),
            MissedRuns::Every if self.count > MOST => format!("made up for by {MOST} runs, the most at once"),
            MissedRuns::Every => "made up for".to_owned(),
        };
        Some(format!(
            "The server was off: {more_than}{missed} scheduled {runs} since {since} could not start in time, {done}."
        ))
    }
}

/// A moment for people.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%-d %B %Y %H:%M").to_string()
}

/// The first slot of a scenario that is switched on now. At regular intervals
/// that is at once (source: `make-semantics.md` §3.15), as far as start and
/// windows allow.
pub fn first(scheduling: &Scheduling, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    match scheduling.when {
        When::Indefinitely { .. } => schedule::align(scheduling, zone, now, now),
        _ => schedule::next_run(scheduling, zone, now),
    }
}

/// Where a stored slot should be instead, when the clock was set back since it
/// was computed. A slot that is one ahead stays, so that none runs twice; one
/// that is further ahead would keep the scenario waiting for a time that was
/// never there.
pub fn after_clock_jump(
    scheduling: &Scheduling,
    zone: &TimeZone,
    slot: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let next = schedule::next_run(scheduling, zone, now)?;
    let ahead = match scheduling.when {
        When::Indefinitely { .. } => next,
        _ => schedule::next_run(scheduling, zone, next).unwrap_or(next),
    };
    (slot > ahead).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hourly() -> Scheduling {
        Scheduling::every(3600)
    }

    fn came(now: &str) -> Slots {
        come(&hourly(), &TimeZone::UTC, at("2026-11-24T09:00:00Z"), at(now))
    }

    #[test]
    fn a_slot_in_time_is_one_run_under_every_rule() {
        let now = at("2026-11-24T09:00:30Z");
        let slots = came("2026-11-24T09:00:30Z");
        assert_eq!(slots.next, Some(at("2026-11-24T10:00:00Z")));
        for rule in MissedRuns::ALL {
            assert_eq!((slots.runs(rule, now), slots.note(rule, &TimeZone::UTC, now)), (1, None));
        }
    }

    #[test]
    fn missed_slots_follow_the_rule() {
        // 09:00, 10:00 and 11:00 were missed.
        let now = at("2026-11-24T11:30:00Z");
        let slots = came("2026-11-24T11:30:00Z");
        assert_eq!((slots.count, slots.next), (3, Some(at("2026-11-24T12:00:00Z"))));
        let runs = |rule| slots.runs(rule, now);
        assert_eq!((runs(MissedRuns::Once), runs(MissedRuns::Skip), runs(MissedRuns::Every)), (1, 0, 3));
        let note = slots.note(MissedRuns::Skip, &TimeZone::UTC, now).unwrap();
        assert!(note.contains("3 scheduled runs since 24 November 2026 09:00") && note.contains("left out"), "{note}");
    }

    #[test]
    fn with_skip_a_slot_that_has_just_come_still_runs() {
        let now = at("2026-11-24T11:00:10Z");
        let slots = came("2026-11-24T11:00:10Z");
        assert_eq!(slots.runs(MissedRuns::Skip, now), 1);
        assert!(slots.note(MissedRuns::Skip, &TimeZone::UTC, now).unwrap().contains("2 scheduled runs"));
    }

    #[test]
    fn every_missed_run_is_capped_and_said() {
        let scheduling = Scheduling::every(60);
        let now = at("2026-11-24T15:00:30Z");
        let slots = come(&scheduling, &TimeZone::UTC, at("2026-11-24T09:00:00Z"), now);
        assert_eq!((slots.count, slots.runs(MissedRuns::Every, now)), (361, MOST));
        assert!(slots.note(MissedRuns::Every, &TimeZone::UTC, now).unwrap().contains("by 100 runs, the most at once"));
        // A year off costs no more than a day off.
        let now = at("2027-11-24T15:00:30Z");
        let slots = come(&scheduling, &TimeZone::UTC, at("2026-11-24T09:00:00Z"), now);
        assert_eq!((slots.count, slots.next), (COUNTED, Some(at("2027-11-24T15:01:30Z"))));
        assert!(slots.note(MissedRuns::Once, &TimeZone::UTC, now).unwrap().contains("more than"));
    }

    #[test]
    fn an_interval_begins_at_once_and_a_calendar_at_its_time() {
        let now = at("2026-11-24T09:10:00Z");
        assert_eq!(first(&hourly(), &TimeZone::UTC, now), Some(now));
        let daily = Scheduling::parse(r#"{"type":"daily","time":"09:00"}"#).unwrap();
        assert_eq!(first(&daily, &TimeZone::UTC, now), Some(at("2026-11-25T09:00:00Z")));
        let windowed =
            Scheduling::parse(r#"{"type":"indefinitely","interval":60,"restrict":[{"time":["10:00","11:00"]}]}"#);
        assert_eq!(first(&windowed.unwrap(), &TimeZone::UTC, now), Some(at("2026-11-24T10:00:00Z")));
    }

    #[test]
    fn a_clock_that_goes_back_neither_repeats_a_slot_nor_blocks_the_schedule() {
        let daily = Scheduling::parse(r#"{"type":"daily","time":"09:00"}"#).unwrap();
        let jump = |slot: &str, now: &str| after_clock_jump(&daily, &TimeZone::UTC, at(slot), at(now));
        // Ran at 09:00, then an hour back: not again today.
        assert_eq!(jump("2026-11-25T09:00:00Z", "2026-11-24T08:01:00Z"), None);
        // Never jumped.
        assert_eq!(jump("2026-11-25T09:00:00Z", "2026-11-24T09:01:00Z"), None);
        // Years back.
        assert_eq!(jump("2030-01-02T09:00:00Z", "2026-11-24T10:00:00Z"), Some(at("2026-11-25T09:00:00Z")));
        let jump = |slot: &str, now: &str| after_clock_jump(&hourly(), &TimeZone::UTC, at(slot), at(now));
        assert_eq!(jump("2026-11-24T11:00:00Z", "2026-11-24T09:00:00Z"), Some(at("2026-11-24T10:00:00Z")));
        assert_eq!(jump("2026-11-24T10:00:00Z", "2026-11-24T09:00:00Z"), None);
    }
}
