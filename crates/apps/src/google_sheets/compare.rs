//! Whether a row that is read is the row that was to be written, although
//! Google turns typed text into numbers, dates and booleans.

use jiff::civil::{Date, DateTime};
use rouage_model::{Value, json};

/// How alike a written and a read value are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// Surely not the same.
    Different,
    /// One may have become the other, such as a formula its result.
    Possible,
    /// The same.
    Same,
}

/// A row as it was to be written, and as it was read. It is the same when no
/// cell is different and most of what was written is surely the same.
pub(super) fn row_likeness(written: &[Value], found: &[Value]) -> Likeness {
    let empty = Value::Null;
    let (mut filled, mut same) = (0, 0);
    for at in 0..written.len().max(found.len()) {
        let (written, found) = (written.get(at).unwrap_or(&empty), found.get(at).unwrap_or(&empty));
        if is_empty(written) {
            // Formulas of the table may fill columns that were not written.
            continue;
        }
        filled += 1;
        match likeness(written, found) {
            Likeness::Different => return Likeness::Different,
            Likeness::Possible => {}
            Likeness::Same => same += 1,
        }
    }
    if same > 0 && same * 2 >= filled { Likeness::Same } else { Likeness::Possible }
}

fn is_empty(value: &Value) -> bool {
    value.is_nothing() || value.as_text() == Some("")
}

fn likeness(written: &Value, found: &Value) -> Likeness {
    let wanted = text(written);
    if wanted == text(found) {
        return Likeness::Same;
    }
    if wanted.starts_with('=') {
        return Likeness::Possible;
    }
    match found {
        Value::Number(number) => number_likeness(&wanted, number.as_f64()),
        Value::Boolean(boolean) if wanted.eq_ignore_ascii_case(if *boolean { "true" } else { "false" }) => {
            Likeness::Same
        }
        Value::Text(found) if wanted.trim() == found.trim() || wanted.strip_prefix('\'') == Some(found) => {
            Likeness::Same
        }
        Value::Text(found) => text_likeness(&wanted, found),
        _ => Likeness::Different,
    }
}

/// Text that became a number: a number, a date's serial number, or an amount
/// with a currency, a percent sign or separators, which depend on the locale.
fn number_likeness(wanted: &str, found: f64) -> Likeness {
    let close = |number: f64| (number - found).abs() <= 1e-9 * number.abs().max(1.0);
    if let Ok(number) = wanted.trim().parse::<f64>() {
        return if close(number) { Likeness::Same } else { Likeness::Different };
    }
    if let Some(serial) = serial_number(wanted) {
        // A second of tolerance: serial numbers are fractions of a day.
        return if (serial - found).abs() < 1.0 / 86_400.0 { Likeness::Same } else { Likeness::Different };
    }
    if wanted.bytes().any(|byte| byte.is_ascii_digit()) { Likeness::Possible } else { Likeness::Different }
}

/// A server may show numbers and dates as text.
fn text_likeness(wanted: &str, found: &str) -> Likeness {
    let (Ok(wanted), Ok(found)) = (wanted.trim().parse::<f64>(), found.trim().parse::<f64>()) else {
        return Likeness::Different;
    };
    if (wanted - found).abs() <= 1e-9 * wanted.abs().max(1.0) { Likeness::Same } else { Likeness::Different }
}

/// Days since 1899-12-30 of an ISO date, with or without a time.
pub(super) fn serial_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let moment: DateTime = match text.parse::<Date>() {
        Ok(date) if text.len() == 10 => date.into(),
        _ if text.len() >= 16 && text.is_ascii() => text.trim_end_matches('Z').parse().ok()?,
        _ => return None,
    };
    Some(serial_days(moment))
}

/// Days since 1899-12-30, as sheets count.
pub(super) fn serial_days(moment: DateTime) -> f64 {
    let epoch: DateTime = Date::constant(1899, 12, 30).into();
    moment.duration_since(epoch).as_secs_f64() / 86_400.0
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        other => json::to_string(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_text_is_recognised_as_what_google_made_of_it() {
        let number = |number: f64| Value::from(number);
        for (written, found, expected) in [
            (Value::text("12.50"), number(12.5), Likeness::Same),
            (Value::text("2026-11-24"), number(46350.0), Likeness::Same),
            (Value::text("2026-11-24 12:00:00"), number(46350.5), Likeness::Same),
            (Value::text("2026-11-24"), number(46351.0), Likeness::Different),
            (Value::text("$12"), number(12.0), Likeness::Possible),
            (Value::text("=A1+1"), number(3.0), Likeness::Possible),
            (Value::text("true"), Value::Boolean(true), Likeness::Same),
            (Value::from(true), Value::Boolean(true), Likeness::Same),
            (Value::text("'007"), Value::text("007"), Likeness::Same),
            (Value::text("Ada"), Value::text("Grace"), Likeness::Different),
        ] {
            assert_eq!(likeness(&written, &found), expected, "{written:?} and {found:?}");
        }
    }

    #[test]
    fn possibilities_alone_recognise_no_row_and_exclude_none() {
        let formula = [Value::text("=NOW()")];
        assert_eq!(row_likeness(&formula, &[Value::from(1)]), Likeness::Possible);
        let row = [Value::text("Ada"), Value::text("=NOW()")];
        assert_eq!(row_likeness(&row, &[Value::text("Ada"), Value::from(1), Value::text("more")]), Likeness::Same);
        assert_eq!(row_likeness(&row, &[Value::text("Grace"), Value::from(1)]), Likeness::Different);
    }
}
