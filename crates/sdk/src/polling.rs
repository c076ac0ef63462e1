//! Polling triggers: where they begin, and how far they have come.
//!
//! A polling trigger is asked again and again for what is new. It answers with
//! [`crate::Outcome::Polled`]: the new items, oldest first, and its new
//! position. The runtime keeps the position and hands it back as
//! [`crate::Call::position`]; the trigger keeps nothing itself.
//!
//! The position holds only once the run is committed: when the run is rolled
//! back, the next poll gets the old position and finds the same items again
//! (source: `make-semantics.md` §3.13). A poll without items is a check run;
//! its position holds at once.
//!
//! A position is a collection of the trigger's own making. The keys `lastDate`,
//! `lastId` and `lastRow` are put into words by [`describe`]; a trigger with
//! other keys has its own [`crate::Module::describe_position`]. A trigger that
//! finds itself pointed at something else than its position was taken from
//! (another spreadsheet, another mailbox) ignores it and begins at
//! [`crate::Call::start`]; so it keeps in the position what it was taken from.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_model::{Collection, Text, Value};

/// "Choose where to start": what the first poll delivers. It matters only while
/// there is no position.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Start {
    /// Nothing that is there already.
    #[default]
    FromNow,
    /// What was made at or after this moment.
    Since(Timestamp),
    /// What has this id or a later one.
    FromId(Text),
    /// Everything.
    All,
    /// This item and those after it; a [`Choice::value`] of the trigger.
    First(Value),
}

/// The kinds of [`Start`], as a [`crate::Spec`] lists those that it offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartOption {
    /// [`Start::FromNow`].
    FromNow,
    /// [`Start::Since`].
    Since,
    /// [`Start::FromId`].
    FromId,
    /// [`Start::All`].
    All,
    /// [`Start::First`].
    First,
}

impl StartOption {
    /// All of them, in Make's order.
    pub const ALL: [Self; 5] = [Self::FromNow, Self::Since, Self::FromId, Self::All, Self::First];

    /// The name in forms and in the store.
    pub fn name(self) -> &'static str {
        match self {
            StartOption::FromNow => "now",
            StartOption::Since => "since",
            StartOption::FromId => "id",
            StartOption::All => "all",
            StartOption::First => "first",
        }
    }

    /// Make's words.
    pub fn label(self) -> &'static str {
        match self {
            StartOption::FromNow => "From now on",
            StartOption::Since => "Since specific date",
            StartOption::FromId => "With ID greater than or equal to",
            StartOption::All => "All",
            StartOption::First => "Select the first bundle",
        }
    }

    /// Back from [`StartOption::name`].
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|option| option.name() == name)
    }
}

impl Start {
    /// Its kind.
    pub fn option(&self) -> StartOption {
        match self {
            Start::FromNow => StartOption::FromNow,
            Start::Since(_) => StartOption::Since,
            Start::FromId(_) => StartOption::FromId,
            Start::All => StartOption::All,
            Start::First(_) => StartOption::First,
        }
    }

    /// As it is stored: `{from, value}`. Stored shape, version 1; fixture
    /// `position-v1.jsonl`.
    pub fn to_value(&self) -> Value {
        let value = match self {
            Start::FromNow | Start::All => Value::Undefined,
            Start::Since(at) => Value::Date(*at),
            Start::FromId(id) => Value::Text(id.clone()),
            Start::First(value) => value.clone(),
        };
        let mut stored = Collection::from_iter([("from", self.option().name())]);
        if value != Value::Undefined {
            stored.insert("value", value);
        }
        stored.into()
    }

    /// Back from [`Start::to_value`]; what cannot be read is the default.
    pub fn from_value(stored: &Value) -> Self {
        let value = stored.field("value");
        match (stored.field("from").as_text().and_then(StartOption::parse), value) {
            (Some(StartOption::Since), Value::Date(at)) => Start::Since(*at),
            (Some(StartOption::FromId), Value::Text(id)) => Start::FromId(id.clone()),
            (Some(StartOption::All), _) => Start::All,
            (Some(StartOption::First), value) => Start::First(value.clone()),
            _ => Start::FromNow,
        }
    }

    /// In words: "From now on", "Since 24 November 2026 09:00".
    pub fn describe(&self, zone: &TimeZone) -> String {
        let label = self.option().label();
        match self {
            Start::FromNow | Start::All => label.to_owned(),
            Start::Since(at) => format!("Since {}", moment(*at, zone)),
            Start::FromId(id) => format!("{label} {id}"),
            Start::First(value) => format!("From the chosen first bundle on{}", short(value)),
        }
    }
}

/// One of the items that [`crate::Module::choices`] offers for
/// [`StartOption::First`].
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What [`Start::First`] gets.
    pub value: Value,
    /// What people read: the beginning of the item.
    pub label: String,
}

/// A position with the usual keys, in words.
pub fn describe(position: &Value, zone: &TimeZone) -> String {
    if let Value::Date(at) = position.field("lastDate") {
        return format!("Items after {}", moment(*at, zone));
    }
    match (position.field("lastRow").as_i64(), position.field("lastId")) {
        (Some(0), _) => "Rows from the first one on".to_owned(),
        (Some(row), _) => format!("Rows after row {row}"),
        (None, Value::Text(id)) => format!("Items after {id}"),
        (None, Value::Number(id)) => format!("Items after {id}"),
        _ => "Items after those that were delivered".to_owned(),
    }
}

fn moment(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%-d %B %Y %H:%M").to_string()
}

fn short(value: &Value) -> String {
    match value {
        Value::Text(text) => format!(": {text}"),
        Value::Number(number) => format!(": {number}"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_comes_back_from_the_store() {
        let at: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        for start in
            [Start::FromNow, Start::Since(at), Start::FromId("17".into()), Start::All, Start::First(Value::from(4))]
        {
            assert_eq!(Start::from_value(&start.to_value()), start);
            assert_eq!(StartOption::parse(start.option().name()), Some(start.option()));
        }
        assert_eq!(Start::from_value(&Value::Undefined), Start::FromNow);
        // As every version before wrote it.
        let at: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let stored = include_str!("../../../tests/testdata/compat/position-v1.jsonl");
        let stored = stored.lines().take(5).map(|line| rouage_model::tagged::parse(line.as_bytes()).unwrap());
        let first = Start::First(Value::from(7));
        let expected = [Start::FromNow, Start::All, Start::Since(at), Start::FromId("1042".into()), first];
        assert_eq!(stored.map(|stored| Start::from_value(&stored)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn positions_are_said_in_words() {
        let at: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let position = |key: &str, value: Value| Value::from(Collection::from_iter([(key, value)]));
        assert_eq!(describe(&position("lastDate", Value::Date(at)), &zone), "Items after 24 November 2026 09:00");
        assert_eq!(describe(&position("lastRow", Value::from(7)), &zone), "Rows after row 7");
        assert_eq!(describe(&position("lastId", Value::text("a")), &zone), "Items after a");
        assert_eq!(Start::Since(at).describe(&zone), "Since 24 November 2026 09:00");
    }
}
