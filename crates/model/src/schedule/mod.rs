//! When a scenario runs by itself: Make's scheduling, in its words.
//!
//! The JSON is Make's (source: `make-semantics.md` §3.15); keys that we do not
//! know are kept. Reading ([`Scheduling::from_value`]) takes what people and
//! exports write and tells everything that is wrong with the rest. What a
//! schedule means is in [`next_run`]; in words it is [`describe`].
//!
//! Stored shape, version 1; fixture `scheduling-v1.jsonl`.

mod next;
mod read;
#[cfg(test)]
mod tests;
mod words;
mod write;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

pub use next::{align, next_run};
pub use read::{Problem, Problems};
pub use words::describe;

use crate::value::Collection;

/// Seconds between two runs at regular intervals, at least.
pub const SHORTEST_INTERVAL: u32 = 60;
/// Seconds between two runs when nobody says otherwise.
pub const USUAL_INTERVAL: u32 = 900;

/// When a scenario runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Scheduling {
    /// The type and what belongs to it.
    pub when: When,
    /// No run before (`between`).
    pub start: Option<Moment>,
    /// No run after (`between`).
    pub end: Option<Moment>,
    /// Runs only in one of these (`restrict`); none: at any time.
    pub windows: Vec<Window>,
    /// At most so many starts a minute; for [`When::Immediately`].
    pub maximum_runs_per_minute: Option<u32>,
    /// Keys that mean nothing to us.
    pub other: Collection,
}

/// The type of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// As data arrives; for instant triggers.
    Immediately,
    /// At regular intervals.
    Indefinitely {
        /// Seconds between two runs; below [`SHORTEST_INTERVAL`] it can be
        /// kept but not switched on.
        interval: u32,
    },
    /// Once.
    Once {
        /// That moment.
        date: Moment,
    },
    /// Every day.
    Daily {
        /// Local time.
        time: Time,
    },
    /// On days of the week.
    Weekly {
        /// 0 = Sunday to 6, in order, at least one.
        days: Vec<i8>,
        /// Local time.
        time: Time,
    },
    /// On days of the month.
    Monthly {
        /// 1 to 31, in order, at least one.
        days: Vec<i8>,
        /// Local time.
        time: Time,
    },
    /// On specified dates of the year.
    Yearly {
        /// 1 to 12, in order, at least one.
        months: Vec<i8>,
        /// 1 to 31, in order, at least one.
        days: Vec<i8>,
        /// Local time.
        time: Time,
    },
    /// Only by Run once, another scenario or the API.
    OnDemand,
}

/// A moment as people give it: with or without an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// An instant.
    Instant(Timestamp),
    /// A time on the clocks of the scenario's time zone.
    Local(DateTime),
}

impl Moment {
    /// The instant. A local time that the clocks skip moves forward by the
    /// gap; one that they show twice is the earlier (decision D15).
    pub fn instant(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Moment::Instant(at) => Some(at),
            Moment::Local(local) => zone.to_ambiguous_timestamp(local).compatible().ok(),
        }
    }

    /// The time on the clocks of the zone.
    pub fn local(self, zone: &TimeZone) -> DateTime {
        match self {
            Moment::Instant(at) => zone.to_datetime(at),
            Moment::Local(local) => local,
        }
    }
}

/// A window in which runs are allowed: all that it names must be so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// Days of the week, 0 = Sunday; empty: any.
    pub days: Vec<i8>,
    /// Months, 1 to 12; empty: any.
    pub months: Vec<i8>,
    /// From and to, in minutes of the day (0 to 1440), both included. From
    /// after to goes past midnight; each day is then judged by itself. `None`:
    /// the whole day.
    pub time: Option<(u16, u16)>,
}

impl Scheduling {
    /// A schedule of a type, with nothing else said.
    pub fn new(when: When) -> Self {
        Self {
            when,
            start: None,
            end: None,
            windows: Vec::new(),
            maximum_runs_per_minute: None,
            other: Collection::new(),
        }
    }

    /// As data arrives.
    pub fn immediately() -> Self {
        Self::new(When::Immediately)
    }

    /// Every so many seconds.
    pub fn every(interval: u32) -> Self {
        Self::new(When::Indefinitely { interval })
    }

    /// Only when asked.
    pub fn on_demand() -> Self {
        Self::new(When::OnDemand)
    }

    /// Whether it runs as data arrives.
    pub fn is_immediate(&self) -> bool {
        matches!(self.when, When::Immediately)
    }

    /// Whether it runs only when asked.
    pub fn is_on_demand(&self) -> bool {
        matches!(self.when, When::OnDemand)
    }

    /// Whether it runs by the clock.
    pub fn is_by_clock(&self) -> bool {
        !self.is_immediate() && !self.is_on_demand()
    }
}

impl Default for Scheduling {
    fn default() -> Self {
        Self::immediately()
    }
}
