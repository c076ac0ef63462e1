//! Input as if a person had typed it (`USER_ENTERED`), in the way of an
//! en-US sheet.
//!
//! Recognised: a leading apostrophe (text), `=` (formula), booleans, numbers
//! with thousands, `$`, `%` and exponents, days, times, and both. What is not
//! recognised is text, as it came. ISO instants with a `T` stay text, as they
//! do at Google.

use jiff::civil::{Date, DateTime, Time};
use rouage_model::value::Number;
use rouage_model::{Value, json};

use super::cell::Cell;
use super::format;

/// The cell that typing gives; `today` completes days without a year.
pub fn recognise(typed: &str, today: Date) -> Cell {
    if let Some(text) = typed.strip_prefix('\'') {
        return Cell::text(text);
    }
    if typed.len() > 1 && typed.starts_with('=') {
        return Cell::Formula(typed.into());
    }
    let trimmed = typed.trim();
    // Nothing that is recognised is longer, and most texts end here.
    if trimmed.len() > 40 {
        return Cell::text(typed);
    }
    boolean(trimmed).or_else(|| number(trimmed)).or_else(|| moment(trimmed, today)).unwrap_or_else(|| Cell::text(typed))
}

fn boolean(text: &str) -> Option<Cell> {
    if text.eq_ignore_ascii_case("true") {
        return Some(Cell::Boolean(true));
    }
    text.eq_ignore_ascii_case("false").then_some(Cell::Boolean(false))
}

/// `1234`, `1,234.50`, `-$5`, `50%`, `1.5e3`.
fn number(text: &str) -> Option<Cell> {
    let (mut negative, mut rest) = sign(text);
    let dollar = rest.strip_prefix('$');
    if let Some(after) = dollar {
        let (also_negative, after) = sign(after.trim_start());
        negative ^= also_negative;
        rest = after;
    }
    let percent = rest.strip_suffix('%');
    let digits = percent.map_or(rest, str::trim_end);
    let (mantissa, exponent) = exponent(digits)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole_digits = thousands(whole)?;
    let grouped = whole.contains(',');
    let pattern = match (dollar.is_some(), percent.is_some(), exponent.is_some()) {
        (true, true, _) | (true, _, true) | (_, true, true) => return None,
        (true, ..) if fraction.is_empty() => Some("\"$\"#,##0"),
        (true, ..) => Some("\"$\"#,##0.00"),
        (_, true, _) if fraction.is_empty() => Some("0%"),
        (_, true, _) => Some("0.00%"),
        (.., true) => Some("0.00E+00"),
        _ if grouped && fraction.is_empty() => Some("#,##0"),
        _ if grouped => Some("#,##0.00"),
        _ => None,
    };
    let power = exponent.unwrap_or(0) - if percent.is_some() { 2 } else { 0 };
    Some(Cell::Number(value(negative, &whole_digits, fraction, power)?, pattern.map(Into::into)))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Splits off `e3`. Not a number at all when it is malformed.
fn exponent(digits: &str) -> Option<(&str, Option<i32>)> {
    let Some((mantissa, exponent)) = digits.split_once(['e', 'E']) else { return Some((digits, None)) };
    let unsigned = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let valid = (1..=3).contains(&unsigned.len()) && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    if valid { Some((mantissa, exponent.parse().ok())) } else { None }
}

/// The digits without commas, which must part thousands.
fn thousands(whole: &str) -> Option<String> {
    if !whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b',') {
        return None;
    }
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let proper = rest.is_empty() || ((1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3));
    proper.then(|| whole.replace(',', ""))
}

/// Through JSON text, so that digits that no double holds are kept.
fn value(negative: bool, whole: &str, fraction: &str, power: i32) -> Option<Number> {
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if negative { "-" } else { "" };
    let mantissa = format!("{sign}{whole}{point}{fraction}");
    if power != 0 {
        let number: f64 = format!("{mantissa}e{power}").parse().ok()?;
        return number.is_finite().then(|| Number::from_f64(number));
    }
    match json::parse(mantissa.as_bytes()) {
        Ok(Value::Number(number)) => Some(number),
        _ => None,
    }
}

/// A day, a time, or a day and a time.
fn moment(text: &str, today: Date) -> Option<Cell> {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if let Some((time, pattern)) = time(text) {
        return Some(dated(DateTime::from_parts(jiff::civil::date(1899, 12, 30), time), pattern.to_owned()));
    }
    if let Some((day, pattern)) = day(text, today) {
        return Some(dated(DateTime::from_parts(day, Time::midnight()), pattern));
    }
    // The time begins at the last blank before the first colon.
    let blank = text[..text.find(':')?].rfind(' ')?;
    let (day, day_pattern) = day(text[..blank].trim_end(), today)?;
    let (time, time_pattern) = time(text[blank..].trim_start())?;
    let time_pattern = if time_pattern == "h:mm" { "h:mm:ss" } else { time_pattern };
    Some(dated(DateTime::from_parts(day, time), format!("{day_pattern} {time_pattern}")))
}

fn dated(moment: DateTime, pattern: String) -> Cell {
    Cell::Number(format::serial(moment), Some(pattern.into()))
}

/// `14:30`, `14:30:15`, `2:30 PM`.
fn time(text: &str) -> Option<(Time, &'static str)> {
    let lower = text.to_ascii_lowercase();
    let half = ["am", "pm"].into_iter().find(|half| lower.ends_with(half));
    let clock = half.map_or(lower.as_str(), |half| lower.trim_end_matches(half).trim_end());
    let mut parts = clock.split(':');
    let mut hour: i8 = short_number(parts.next()?)?;
    let minute = parts.next()?;
    let second = parts.next();
    if parts.next().is_some() || minute.len() != 2 || second.is_some_and(|second| second.len() != 2) {
        return None;
    }
    if let Some(half) = half {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + if half == "pm" { 12 } else { 0 };
    }
    let pattern = match (second.is_some(), half.is_some()) {
        (false, false) => "h:mm",
        (true, false) => "h:mm:ss",
        (false, true) => "h:mm am/pm",
        (true, true) => "h:mm:ss am/pm",
    };
    let second = second.map_or(Some(0), short_number)?;
    Some((Time::new(hour, short_number(minute)?, second, 0).ok()?, pattern))
}

fn short_number(text: &str) -> Option<i8> {
    let valid = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if valid { text.parse().ok() } else { None }
}

/// `2026-11-24`, `11/24/2026`, `11/24/26`, `11/24`, `Nov 24, 2026`,
/// `24 November 2026`, `24-Nov-2026`, `Nov 24`.
fn day(text: &str, today: Date) -> Option<(Date, String)> {
    let separator = if text.contains('/') { "/" } else { "-" };
    let parts: Vec<&str> = text.split(separator).collect();
    let numeric = parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !numeric || parts.len() < 2 {
        return named_day(text, today);
    }
    match parts[..] {
        [year, month, day] if year.len() == 4 => {
            let date = Date::new(year.parse().ok()?, short_number(month)?, short_number(day)?).ok()?;
            Some((date, ["yyyy", "mm", "dd"].join(separator)))
        }
        [month, day, year] => {
            let date = Date::new(full_year(year)?, short_number(month)?, short_number(day)?).ok()?;
            Some((date, ["m", "d", if year.len() == 4 { "yyyy" } else { "yy" }].join(separator)))
        }
        [month, day] if separator == "/" => {
            Some((Date::new(today.year(), short_number(month)?, short_number(day)?).ok()?, "m/d".to_owned()))
        }
        _ => None,
    }
}

/// Two digits up to 29 are of this century, others of the last.
fn full_year(text: &str) -> Option<i16> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i16 = text.parse().ok()?;
    match text.len() {
        4 => Some(year),
        2 => Some(if year < 30 { 2000 + year } else { 1900 + year }),
        _ => None,
    }
}

/// A day with the month's name.
fn named_day(text: &str, today: Date) -> Option<(Date, String)> {
    let words: Vec<&str> = text.split([' ', '-']).filter(|word| !word.is_empty()).collect();
    let separator = if text.contains('-') { "-" } else { " " };
    let name_pattern = |name: &str| if name.len() > 3 { "mmmm" } else { "mmm" };
    let at = |year: i16, month: &str, day: &str| Date::new(year, format::month(month)?, short_number(day)?).ok();
    match words[..] {
        [month, day, year] if format::month(month).is_some() => {
            let (day, comma) = day.strip_suffix(',').map_or((day, ""), |day| (day, ","));
            Some((at(full_year(year)?, month, day)?, format!("{} d{comma} yyyy", name_pattern(month))))
        }
        [day, month, year] => {
            let pattern = ["d", name_pattern(month), "yyyy"].join(separator);
            Some((at(full_year(year)?, month, day)?, pattern))
        }
        [month, day] if format::month(month).is_some() => {
            Some((at(today.year(), month, day)?, format!("{}{separator}d", name_pattern(month))))
        }
        [day, month] => Some((at(today.year(), month, day)?, format!("d{separator}{}", name_pattern(month)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is typed, what it is shown as, and the value behind it (`None`: text).
    const CASES: &[(&str, &str, Option<f64>)] = &[
        ("1234", "1234", Some(1234.0)),
        (" 12 ", "12", Some(12.0)),
        ("007", "7", Some(7.0)),
        ("49.90", "49.9", Some(49.9)),
        (".5", "0.5", Some(0.5)),
        ("-3", "-3", Some(-3.0)),
        ("+33612345678", "33612345678", Some(33_612_345_678.0)),
        ("1,234.50", "1,234.50", Some(1234.5)),
        ("1,234", "1,234", Some(1234.0)),
        ("12,34", "12,34", None),
        ("50%", "50%", Some(0.5)),
        ("12.5%", "12.50%", Some(0.125)),
        ("$5", "$5", Some(5.0)),
        ("-$1,234.5", "-$1,234.50", Some(-1234.5)),
        ("1.5e3", "1.50E+03", Some(1500.0)),
        ("1e999", "1e999", None),
        ("e3", "e3", None),
        ("-", "-", None),
        ("$", "$", None),
        ("%", "%", None),
        ("2026-11-24", "2026-11-24", Some(46350.0)),
        ("2026/11/24", "2026/11/24", Some(46350.0)),
        ("11/24/2026", "11/24/2026", Some(46350.0)),
        ("11/24/26", "11/24/26", Some(46350.0)),
        ("11/24", "11/24", Some(46350.0)),
        ("24/11/2026", "24/11/2026", None),
        ("2026-02-30", "2026-02-30", None),
        ("Nov 24, 2026", "Nov 24, 2026", Some(46350.0)),
        ("24 november 2026", "24 November 2026", Some(46350.0)),
        ("24-Nov-2026", "24-Nov-2026", Some(46350.0)),
        ("14:30", "14:30", Some(0.604_166_666_666_666_6)),
        ("2:30 pm", "2:30 PM", Some(0.604_166_666_666_666_6)),
        ("25:00", "25:00", None),
        ("2026-11-24 18:00", "2026-11-24 18:00:00", Some(46350.75)),
        ("11/24/2026 6:00:00 PM", "11/24/2026 6:00:00 PM", Some(46350.75)),
        ("2026-11-24T18:00:00Z", "2026-11-24T18:00:00Z", None),
        ("'0612", "0612", None),
        ("''", "'", None),
        ("hello", "hello", None),
        ("=", "=", None),
        ("été 2026", "été 2026", None),
        ("12 rue des Écoles", "12 rue des Écoles", None),
        ("1-2-3-4", "1-2-3-4", None),
        ("1.2.3", "1.2.3", None),
    ];

    #[test]
    fn typed_input_is_recognised_as_google_does() {
        for (typed, shown, number) in CASES {
            let cell = recognise(typed, jiff::civil::date(2026, 1, 2));
            assert_eq!(cell.shown(), *shown, "{typed}");
            let found = match &cell {
                Cell::Number(number, _) => Some(number.as_f64()),
                _ => None,
            };
            match (found, number) {
                (Some(found), Some(wanted)) => assert!((found - wanted).abs() < 1e-9, "{typed}: {found}"),
                (found, wanted) => assert_eq!(found, *wanted, "{typed}"),
            }
        }
    }

    #[test]
    fn booleans_formulas_and_long_digits_are_kept() {
        let today = jiff::civil::date(2026, 1, 2);
        assert_eq!(recognise("True", today), Cell::Boolean(true));
        assert_eq!(recognise("=SUM(A1:A2)", today), Cell::Formula("=SUM(A1:A2)".into()));
        assert_eq!(recognise("12345678901234567890123", today).shown(), "12345678901234567890123");
        assert_eq!(recognise("", today), Cell::Empty);
        assert_eq!(recognise("'", today), Cell::Empty);
    }
}
