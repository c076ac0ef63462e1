//! The order of rows: as text, as numbers or as dates, whichever way.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_model::{Value, json};

use super::compare::{serial_days, serial_number};

/// What rows are ordered by.
#[derive(PartialEq)]
pub(super) enum SortKey {
    Text(String, bool),
    Number(f64, bool),
    Nothing,
}

impl SortKey {
    pub(super) fn new(value: &Value, kind: &str, descending: bool, timezone: &TimeZone) -> Self {
        let number = match kind {
            "number" => number(value),
            "date" => instant(value, timezone),
            _ if value.is_nothing() => return SortKey::Nothing,
            _ => return SortKey::Text(text(value), descending),
        };
        number.map_or(SortKey::Nothing, |number| SortKey::Number(number, descending))
    }
}

impl Eq for SortKey {}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        let directed = |order: Ordering, descending: bool| if descending { order.reverse() } else { order };
        match (self, other) {
            (SortKey::Text(left, descending), SortKey::Text(right, _)) => directed(left.cmp(right), *descending),
            (SortKey::Number(left, descending), SortKey::Number(right, _)) => {
                directed(left.total_cmp(right), *descending)
            }
            (SortKey::Nothing, SortKey::Nothing) => Ordering::Equal,
            (SortKey::Nothing, _) => Ordering::Greater,
            _ => Ordering::Less,
        }
    }
}

/// A value as text; nothing is empty text.
fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        nothing if nothing.is_nothing() => String::new(),
        Value::Date(date) => json::iso(*date),
        other => json::to_string(other),
    }
}

/// A number, also as a sheet shows it: `1,250.50`.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number.as_f64()),
        Value::Text(text) => text.trim().replace([',', ' '], "").parse().ok(),
        _ => None,
    }
}

/// A date as a serial number in the scenario's zone, which is how a sheet
/// without zones means it.
fn instant(value: &Value, timezone: &TimeZone) -> Option<f64> {
    let zoned = |instant: Timestamp| serial_days(timezone.to_datetime(instant));
    match value {
        Value::Date(date) => Some(zoned(*date)),
        Value::Text(text) => match text.trim().parse::<Timestamp>() {
            Ok(instant) => Some(zoned(instant)),
            Err(_) => serial_number(text).or_else(|| number(value)),
        },
        _ => number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(kind: &str, descending: bool, values: &[&str]) -> Vec<String> {
        let mut values: Vec<Value> = values.iter().map(|text| Value::text(*text)).collect();
        values.sort_by_cached_key(|value| SortKey::new(value, kind, descending, &TimeZone::UTC));
        values.iter().map(text).collect()
    }

    #[test]
    fn numbers_and_dates_are_read_as_a_sheet_shows_them() {
        assert_eq!(order("string", false, &["9", "1,250.50", "10"]), ["1,250.50", "10", "9"]);
        assert_eq!(order("number", false, &["1,250.50", "soon", "9", "10"]), ["9", "10", "1,250.50", "soon"]);
        assert_eq!(order("number", true, &["9", "soon", "10"]), ["10", "9", "soon"]);
        let dates = ["2026-11-24 08:00:00", "2026-11-24T07:00:00.000Z", "2026-11-23"];
        assert_eq!(order("date", true, &dates), dates);
    }

    #[test]
    fn a_date_is_meant_in_the_scenario_s_zone() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let date: Timestamp = "2026-11-23T23:30:00Z".parse().unwrap();
        assert_eq!(instant(&Value::Date(date), &paris), serial_number("2026-11-24 00:30:00"));
    }
}
