//! Number formats: how a number, a date or a time is shown.
//!
//! A format is a pattern in the notation that spreadsheets share, such as
//! `#,##0.00`, `0%`, `"$"#,##0.00`, `yyyy-mm-dd` or `h:mm am/pm`. Only what
//! recognising typed input can produce is understood; there is no format menu.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use rouage_model::calendar::MONTHS;
use rouage_model::value::Number;
use rust_decimal::{Decimal, RoundingStrategy};

/// What a pattern shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number, an amount or a percentage.
    Number,
    /// `1.50E+03`.
    Scientific,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// A day and a time of day.
    DateTime,
}

impl Kind {
    /// Whether the number is a date or a time.
    pub fn is_moment(self) -> bool {
        matches!(self, Kind::Date | Kind::Time | Kind::DateTime)
    }
}

/// What the pattern shows.
pub fn kind(pattern: &str) -> Kind {
    let date = pattern.contains(['y', 'd']) || pattern.contains("mmm");
    let time = pattern.contains('h');
    match (date, time) {
        (true, true) => Kind::DateTime,
        (true, false) => Kind::Date,
        (false, true) => Kind::Time,
        (false, false) if pattern.contains('E') => Kind::Scientific,
        (false, false) => Kind::Number,
    }
}

/// The number as the pattern shows it; without one, as an unformatted cell.
pub fn show(number: &Number, pattern: Option<&str>) -> String {
    let Some(pattern) = pattern else { return plain(number) };
    let shown = match kind(pattern) {
        Kind::Number => formatted(number, pattern),
        Kind::Scientific => Some(scientific(number.as_f64())),
        Kind::Date | Kind::Time | Kind::DateTime => moment(number.as_f64()).map(|moment| dated(moment, pattern)),
    };
    shown.unwrap_or_else(|| plain(number))
}

/// The day 0 of serial dates.
const EPOCH: Date = jiff::civil::date(1899, 12, 30);

/// The days from 1899-12-30 to a moment, with the time as a fraction.
pub fn serial(moment: DateTime) -> Number {
    let days = EPOCH.until(moment.date()).map_or(0, |span| span.get_days());
    let time = moment.time();
    let seconds = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
    Number::from_f64(f64::from(days) + f64::from(seconds) / 86_400.0)
}

/// The moment of a serial date; `None` outside the years 1 to 9999.
pub fn moment(serial: f64) -> Option<DateTime> {
    if !(-693_000.0..=2_958_465.999_99).contains(&serial) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked above")]
    let seconds = (serial * 86_400.0).round() as i64;
    let midnight = EPOCH.to_datetime(jiff::civil::Time::midnight());
    midnight.checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
}

fn decimal(number: &Number) -> Option<Decimal> {
    let text = number.to_string();
    Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// At most ten significant digits when there is a fraction. Whole numbers keep
/// all their digits: they are often the id of something.
fn plain(number: &Number) -> String {
    if number.as_i64().is_some() {
        return number.to_string();
    }
    let Some(exact) = decimal(number).filter(|exact| !exact.is_integer()) else { return number.to_string() };
    let whole = exact.trunc().abs();
    let whole_digits = if whole.is_zero() { 0 } else { whole.to_string().len() };
    let decimals = u32::try_from(10_usize.saturating_sub(whole_digits)).unwrap_or(0);
    let rounded = exact.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    // Too small for ten decimals: the digits would vanish.
    if rounded.is_zero() { number.to_string() } else { rounded.normalize().to_string() }
}

/// `#,##0.00`, `0%` and a quoted prefix.
fn formatted(number: &Number, pattern: &str) -> Option<String> {
    let prefix = pattern.split('"').nth(1).unwrap_or_default();
    let decimals =
        pattern.split_once('.').map_or(0, |(_, after)| after.bytes().take_while(|byte| *byte == b'0').count());
    let percent = pattern.ends_with('%');
    let value = if percent { decimal(number)?.checked_mul(Decimal::ONE_HUNDRED)? } else { decimal(number)? };
    let rounded =
        value.round_dp_with_strategy(u32::try_from(decimals).unwrap_or(0), RoundingStrategy::MidpointAwayFromZero);
    let mut digits = format!("{:.decimals$}", rounded.abs());
    if pattern.contains(',') {
        digits = grouped(&digits);
    }
    let sign = if rounded.is_sign_negative() && !rounded.is_zero() { "-" } else { "" };
    Some(format!("{sign}{prefix}{digits}{}", if percent { "%" } else { "" }))
}

/// A comma between thousands.
fn grouped(digits: &str) -> String {
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut text = String::with_capacity(digits.len() + whole.len() / 3);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

fn scientific(number: f64) -> String {
    let text = format!("{number:.2E}");
    let Some((mantissa, exponent)) = text.split_once('E') else { return text };
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}E{sign}{digits:0>2}")
}

/// Fills the letters of a date pattern. `m` is a minute right after the hour
/// or before the second, else a month.
fn dated(moment: DateTime, pattern: &str) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    let mut after_hour = false;
    while let Some(letter) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("am/pm") {
            text.push_str(if moment.hour() < 12 { "AM" } else { "PM" });
            rest = tail;
            continue;
        }
        let length = rest.chars().take_while(|other| *other == letter).count();
        let run = &rest[..length * letter.len_utf8()];
        rest = &rest[run.len()..];
        let minute = letter == 'm' && after_hour;
        if letter.is_ascii_alphabetic() {
            after_hour = letter == 'h';
        }
        let twelve = pattern.contains("am/pm");
        text.push_str(&part(moment, letter, length, minute, twelve).unwrap_or_else(|| run.to_owned()));
    }
    text
}

/// The month of a name or of its first three letters; counts from 1.
pub fn month(name: &str) -> Option<i8> {
    let wanted = |month: &str| month.eq_ignore_ascii_case(name) || month[..3].eq_ignore_ascii_case(name);
    let at = MONTHS.iter().position(|month| wanted(month))?;
    i8::try_from(at + 1).ok()
}

fn part(moment: DateTime, letter: char, length: usize, minute: bool, twelve: bool) -> Option<String> {
    let padded = |number: i16| if length > 1 { format!("{number:02}") } else { number.to_string() };
    let month = MONTHS[usize::try_from(moment.month() - 1).unwrap_or(0).min(11)];
    Some(match letter {
        'y' if length > 2 => format!("{:04}", moment.year()),
        'y' => format!("{:02}", moment.year() % 100),
        'm' if minute => padded(moment.minute().into()),
        'm' if length > 3 => month.to_owned(),
        'm' if length == 3 => month[..3].to_owned(),
        'm' => padded(moment.month().into()),
        'd' => padded(moment.day().into()),
        'h' if twelve => padded(i16::from((moment.hour() + 11) % 12) + 1),
        'h' => padded(moment.hour().into()),
        's' => padded(moment.second().into()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_by_their_pattern() {
        for (number, pattern, shown) in [
            (1234.5, Some("#,##0.00"), "1,234.50"),
            (-1_234_567.0, Some("#,##0"), "-1,234,567"),
            (0.285, Some("0.00%"), "28.50%"),
            (0.125, Some("0%"), "13%"),
            (5.0, Some("\"$\"#,##0.00"), "$5.00"),
            (-5.5, Some("\"$\"#,##0.00"), "-$5.50"),
            (1500.0, Some("0.00E+00"), "1.50E+03"),
            (0.00015, Some("0.00E+00"), "1.50E-04"),
            (1.0 / 3.0, None, "0.3333333333"),
            (1_234.567_890_123_45, None, "1234.56789"),
            (49.9, None, "49.9"),
            (1e-12, None, "1e-12"),
            (123_456_789_012.0, None, "123456789012"),
            (46350.0, Some("yyyy-mm-dd"), "2026-11-24"),
            (46_350.604_166_666_664, Some("yyyy-mm-dd h:mm:ss"), "2026-11-24 14:30:00"),
            (46350.0, Some("mmm d, yyyy"), "Nov 24, 2026"),
            (0.0, Some("h:mm am/pm"), "12:00 AM"),
            (0.5, Some("h:mm am/pm"), "12:00 PM"),
            (0.999_999_999, Some("h:mm:ss"), "0:00:00"),
            (1e12, Some("yyyy-mm-dd"), "1000000000000"),
        ] {
            assert_eq!(show(&Number::from_f64(number), pattern), shown, "{number} {pattern:?}");
        }
    }

    #[test]
    fn serials_go_there_and_back() {
        for (moment_text, days) in
            [("1899-12-30T00:00:00", 0.0), ("1900-01-01T12:00:00", 2.5), ("2026-11-24T18:00:00", 46350.75)]
        {
            let at: DateTime = moment_text.parse().unwrap();
            assert_eq!(serial(at), Number::from_f64(days));
            assert_eq!(moment(days), Some(at));
        }
        assert_eq!(moment(f64::NAN), None);
        assert_eq!(moment(-1e9), None);
    }
}
