//! When a schedule is due: pure and total.
//!
//! Calendar types work on local dates. A date that does not exist (31 February,
//! the 31st of a short month, 29 February in most years) is skipped. A local
//! time that the clocks skip in spring moves forward by the gap; one that they
//! show twice in autumn is due the first time only (decision D15). Windows are
//! judged by what the clocks really show.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Scheduling, When, Window};

/// How far ahead a date is looked for. The rarest possible one, a 29 February
/// on a given day of the week, comes within 40 years.
const YEARS: i16 = 41;
const DAYS: usize = 366 * YEARS as usize;

/// The first moment strictly after `after` at which the scenario is due;
/// `None` when there is none (any more).
///
/// At regular intervals it is one interval after `after`, but the start of the
/// schedule when that lies ahead, and the opening of a window when that falls
/// between windows.
pub fn next_run(scheduling: &Scheduling, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let next = match &scheduling.when {
        When::Immediately | When::OnDemand => None,
        When::Indefinitely { interval } => {
            let interval = SignedDuration::from_secs(i64::from((*interval).max(1)));
            align(scheduling, zone, after.checked_add(interval).ok()?, after)
        }
        When::Once { date } => {
            let at = date.instant(zone).filter(|at| *at > after)?;
            is_allowed(scheduling, zone, at).then_some(at)
        }
        When::Daily { time } => on_dates(scheduling, zone, after, *time, |_| true),
        When::Weekly { days, time } => on_dates(scheduling, zone, after, *time, |date| days.contains(&weekday(date))),
        When::Monthly { days, time } => on_dates(scheduling, zone, after, *time, |date| days.contains(&date.day())),
        When::Yearly { months, days, time } => {
            let exists = months.iter().any(|month| days.iter().any(|day| Date::new(2024, *month, *day).is_ok()));
            let is_one = |date: Date| months.contains(&date.month()) && days.contains(&date.day());
            if exists { on_dates(scheduling, zone, after, *time, is_one) } else { None }
        }
    };
    next.filter(|next| is_before_end(scheduling, zone, *next))
}

/// The first moment from `wanted` on that the schedule's start, end and windows
/// allow, for runs at regular intervals; when the start is still ahead of
/// `now`, that start is the first moment.
pub fn align(scheduling: &Scheduling, zone: &TimeZone, wanted: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let start = scheduling.start.and_then(|start| start.instant(zone));
    let wanted = match start {
        Some(start) if start > now => start,
        _ => wanted,
    };
    let opened = if is_in_window(&scheduling.windows, zone, wanted) {
        wanted
    } else {
        opening(&scheduling.windows, zone, wanted)?
    };
    is_before_end(scheduling, zone, opened).then_some(opened)
}

/// The first date of the kind at whose time the clocks are past `after`.
fn on_dates(
    scheduling: &Scheduling,
    zone: &TimeZone,
    after: Timestamp,
    time: Time,
    is_one: impl Fn(Date) -> bool,
) -> Option<Timestamp> {
    let start = scheduling.start.and_then(|start| start.instant(zone));
    // The start itself may be due.
    let after = match start {
        Some(start) if start > after => start.checked_sub(SignedDuration::from_nanos(1)).ok()?,
        _ => after,
    };
    let end = scheduling.end.and_then(|end| end.instant(zone));
    // From yesterday on: a time that the clocks skip may move past midnight.
    for date in dates(zone, after).filter(|date| is_one(*date)) {
        let Ok(at) = zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible() else { continue };
        if end.is_some_and(|end| at > end) {
            return None;
        }
        if at > after && is_in_window(&scheduling.windows, zone, at) {
            return Some(at);
        }
    }
    None
}

/// The local dates from the day before a moment on.
fn dates(zone: &TimeZone, from: Timestamp) -> impl Iterator<Item = Date> {
    let today = zone.to_datetime(from).date();
    let first = today.yesterday().unwrap_or(today);
    first.series(1.day()).take(DAYS)
}

/// The first opening of a window after a moment that lies in none.
fn opening(windows: &[Window], zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    for date in dates(zone, after) {
        let openings = windows.iter().filter(|window| window.has_day(date)).flat_map(|window| window.openings(date));
        let instants = openings.filter_map(|local| zone.to_ambiguous_timestamp(local).compatible().ok());
        let first = instants.filter(|at| *at > after && is_in_window(windows, zone, *at)).min();
        if first.is_some() {
            return first;
        }
    }
    None
}

fn is_allowed(scheduling: &Scheduling, zone: &TimeZone, at: Timestamp) -> bool {
    let has_begun = scheduling.start.and_then(|start| start.instant(zone)).is_none_or(|start| at >= start);
    has_begun && is_in_window(&scheduling.windows, zone, at)
}

fn is_before_end(scheduling: &Scheduling, zone: &TimeZone, at: Timestamp) -> bool {
    scheduling.end.and_then(|end| end.instant(zone)).is_none_or(|end| at <= end)
}

fn is_in_window(windows: &[Window], zone: &TimeZone, at: Timestamp) -> bool {
    windows.is_empty() || windows.iter().any(|window| window.holds(zone.to_datetime(at)))
}

impl Window {
    /// Whether the clocks show a time in the window.
    pub fn holds(&self, local: DateTime) -> bool {
        self.has_day(local.date()) && self.has_time(local.time())
    }

    fn has_day(&self, date: Date) -> bool {
        (self.days.is_empty() || self.days.contains(&weekday(date)))
            && (self.months.is_empty() || self.months.contains(&date.month()))
    }

    fn has_time(&self, time: Time) -> bool {
        let Some((from, to)) = self.time else { return true };
        let second = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
        let is_past_second = time.subsec_nanosecond() > 0;
        let (from, to) = (i32::from(from) * 60, i32::from(to) * 60);
        let (is_from, is_to) = (second >= from, second < to || second == to && !is_past_second);
        match from.cmp(&to) {
            std::cmp::Ordering::Less => is_from && is_to,
            std::cmp::Ordering::Equal => true,
            std::cmp::Ordering::Greater => is_from || is_to,
        }
    }

    /// Where the window may open on a date: at its time, and at midnight,
    /// where one that goes past midnight goes on.
    fn openings(&self, date: Date) -> impl Iterator<Item = DateTime> + use<> {
        let from = self.time.map_or(0, |(from, _)| from);
        let hour = i8::try_from(from / 60).ok();
        let minute = i8::try_from(from % 60).ok();
        let time = hour.zip(minute).and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok());
        [Some(Time::midnight()), time].into_iter().flatten().map(move |time| date.to_datetime(time))
    }
}

/// 0 = Sunday.
fn weekday(date: Date) -> i8 {
    date.weekday().to_sunday_zero_offset()
}
