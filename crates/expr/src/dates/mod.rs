//! Dates: instants seen in a time zone. The rules and tokens are those of
//! moment-timezone, which Make documents (`iml.md` §2.4, §3, §5.2).

mod format;
mod parse;
mod text;
mod tokens;
mod weeks;

use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use rouage_model::Value;
pub(crate) use rouage_model::calendar::{MONTHS, WEEKDAYS};

pub(crate) use format::format;
pub(crate) use parse::parse;
pub(crate) use text::{parse_text, time_of_day};

/// A name of the tz database that is compiled in, so that the machine's own
/// files cannot change a result.
pub(crate) fn timezone(name: &str) -> Option<TimeZone> {
    static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    if name.eq_ignore_ascii_case("utc") {
        return Some(TimeZone::UTC);
    }
    DATABASE.get(name).ok()
}

/// A value where a date is expected: text is read, a number is milliseconds.
pub(crate) fn from_value(value: &Value, timezone: &TimeZone) -> Result<Timestamp, String> {
    match value {
        Value::Date(date) => Ok(*date),
        Value::Text(text) => parse_text(text, timezone),
        Value::Number(number) => {
            #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and the range is checked after")]
            let milliseconds = number.as_f64().trunc() as i64;
            Timestamp::from_millisecond(milliseconds).map_err(|_| format!("'{number}' is not a valid date"))
        }
        other => Err(format!("a {} is not a date", other.type_name())),
    }
}

/// The instant of a wall-clock time; in a gap it moves forward, of two it is
/// the earlier (decision D15).
pub(crate) fn to_timestamp(local: DateTime, timezone: &TimeZone) -> Result<Timestamp, String> {
    timezone.to_timestamp(local).map_err(|_| out_of_range())
}

/// Adds whole calendar units to the wall clock, keeping its time; a day that
/// the month does not have becomes its last (decision D15).
pub(crate) fn add_calendar(date: Timestamp, months: i64, days: i64, timezone: &TimeZone) -> Result<Timestamp, String> {
    let span = Span::new()
        .try_months(months)
        .and_then(|span| if days == 0 { Ok(span) } else { Span::new().try_days(days) })
        .map_err(|_| out_of_range())?;
    let local = timezone.to_datetime(date).checked_add(span).map_err(|_| out_of_range())?;
    moved(date, local, timezone)
}

/// The instant of a changed wall clock. In the hour that autumn repeats it
/// keeps the offset that the date had before.
fn moved(before: Timestamp, local: DateTime, timezone: &TimeZone) -> Result<Timestamp, String> {
    let kept = timezone.to_offset(before).to_timestamp(local).ok();
    match kept.filter(|kept| timezone.to_datetime(*kept) == local) {
        Some(kept) => Ok(kept),
        None => to_timestamp(local, timezone),
    }
}

/// Adds exact time.
pub(crate) fn add_milliseconds(date: Timestamp, milliseconds: f64) -> Result<Timestamp, String> {
    if !milliseconds.is_finite() || milliseconds.abs() > 1e15 {
        return Err(out_of_range());
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let nanoseconds = i128::from(milliseconds.round() as i64) * 1_000_000;
    Timestamp::from_nanosecond(date.as_nanosecond() + nanoseconds).map_err(|_| out_of_range())
}

/// A field of the wall-clock time that rolls over when out of range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Second,
    Minute,
    Hour,
    /// Sunday is 1.
    Weekday,
    DayOfMonth,
    Month,
    Year,
}

/// The date with one field set; what is out of range rolls into the next.
pub(crate) fn set(date: Timestamp, field: Field, value: i64, timezone: &TimeZone) -> Result<Timestamp, String> {
    let local = timezone.to_datetime(date);
    let span = match field {
        Field::Second => Span::new().try_seconds(value - i64::from(local.second())),
        Field::Minute => Span::new().try_minutes(value - i64::from(local.minute())),
        Field::Hour => Span::new().try_hours(value - i64::from(local.hour())),
        Field::Weekday => Span::new().try_days(value - 1 - i64::from(weekday(local))),
        Field::DayOfMonth => Span::new().try_days(value - i64::from(local.day())),
        Field::Month => Span::new().try_months(value - i64::from(local.month())),
        Field::Year => Span::new().try_years(value - i64::from(local.year())),
    };
    let local = span.and_then(|span| local.checked_add(span)).map_err(|_| out_of_range())?;
    moved(date, local, timezone)
}

/// Sunday is 0.
pub(crate) fn weekday(local: DateTime) -> i8 {
    local.weekday().to_sunday_zero_offset()
}

/// The number of an English weekday (Sunday is 1) or month name, long or
/// short, in any case.
pub(crate) fn number_of_name(names: &[&str], name: &str) -> Option<i64> {
    let name = name.trim().to_lowercase();
    let position = names.iter().position(|full| {
        let full = full.to_lowercase();
        name.len() >= 3 && full.starts_with(&name)
    });
    position.and_then(|at| i64::try_from(at + 1).ok())
}

pub(crate) fn out_of_range() -> String {
    "the date is out of range (years -9999 to 9999)".to_owned()
}
