//! Reading a schedule from Make's JSON.
//!
//! Numbers may be texts, one number may stand for a list, `null` is as if the
//! key were not there. Everything that cannot be understood is told, with its
//! place; nothing is guessed.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};

use super::{Moment, Scheduling, USUAL_INTERVAL, When, Window};
use crate::json;
use crate::value::{Collection, Value};

/// The types, as the JSON names them.
const TYPES: [&str; 8] = ["immediately", "indefinitely", "once", "daily", "weekly", "monthly", "yearly", "on-demand"];

/// The keys that mean something.
const KEYS: [&str; 9] =
    ["type", "interval", "date", "time", "days", "months", "between", "restrict", "maximum_runs_per_minute"];

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place, such as `restrict[0].time`.
    pub place: String,
    /// What is wrong, and what is expected.
    pub message: String,
}

/// Everything that is wrong with a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}scheduling, `{}`: {}", problem.place, problem.message)?;
        }
        Ok(())
    }
}

impl Scheduling {
    /// Reads JSON text.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let value = json::parse_bounded(text.as_bytes()).map_err(|error| {
            Problems(vec![Problem { place: "scheduling".to_owned(), message: format!("is not JSON: {error}") }])
        })?;
        Self::from_value(&value)
    }

    /// Reads Make's object.
    pub fn from_value(value: &Value) -> Result<Self, Problems> {
        let mut reader = Reader::default();
        let scheduling = reader.scheduling(value);
        match scheduling {
            Some(scheduling) if reader.problems.is_empty() => Ok(scheduling),
            _ => Err(Problems(reader.problems)),
        }
    }
}

/// Collects what is wrong; what it gives then is of no use.
#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn wrong(&mut self, place: &str, message: impl Into<String>) {
        self.problems.push(Problem { place: place.to_owned(), message: message.into() });
    }

    fn scheduling(&mut self, value: &Value) -> Option<Scheduling> {
        let Some(fields) = value.as_collection() else {
            self.wrong("scheduling", "is not an object with a `type`");
            return None;
        };
        let when = self.when(value);
        let (start, end) = self.between(value.field("between"));
        let windows = self.windows(value.field("restrict"));
        let most = present(value.field("maximum_runs_per_minute"));
        let most = most.and_then(|most| self.number("maximum_runs_per_minute", most, 1, 1_000_000));
        let unknown = fields.iter().filter(|(key, _)| !KEYS.contains(&key.as_ref()));
        Some(Scheduling {
            when: when?,
            start,
            end,
            windows,
            maximum_runs_per_minute: most.and_then(|most| u32::try_from(most).ok()),
            other: unknown.map(|(key, value)| (key.clone(), value.clone())).collect::<Collection>(),
        })
    }

    fn when(&mut self, value: &Value) -> Option<When> {
        let name = value.field("type").as_text().unwrap_or_default().trim().to_lowercase();
        match name.as_str() {
            "immediately" => Some(When::Immediately),
            "on-demand" => Some(When::OnDemand),
            "indefinitely" => self.interval(value.field("interval")),
            "once" => Some(When::Once { date: self.moment("date", value.field("date"))? }),
            "daily" => Some(When::Daily { time: self.time(value)? }),
            "weekly" => {
                let (days, time) = (self.list("days", value.field("days"), 0, 6, true), self.time(value));
                Some(When::Weekly { days: days?, time: time? })
            }
            "monthly" => {
                let (days, time) = (self.list("days", value.field("days"), 1, 31, true), self.time(value));
                Some(When::Monthly { days: days?, time: time? })
            }
            "yearly" => {
                let months = self.list("months", value.field("months"), 1, 12, true);
                let (days, time) = (self.list("days", value.field("days"), 1, 31, true), self.time(value));
                Some(When::Yearly { months: months?, days: days?, time: time? })
            }
            _ => {
                let known = TYPES.join(", ");
                self.wrong("type", format!("{} is none of {known}", shown(value.field("type"))));
                None
            }
        }
    }

    fn interval(&mut self, value: &Value) -> Option<When> {
        let interval = match present(value) {
            Some(interval) => self.number("interval", interval, 0, i64::from(u32::MAX))?,
            None => i64::from(USUAL_INTERVAL),
        };
        Some(When::Indefinitely { interval: u32::try_from(interval).ok()? })
    }

    fn time(&mut self, value: &Value) -> Option<Time> {
        let time = value.field("time");
        let read = time.as_text().and_then(read_time);
        if read.is_none() {
            self.wrong("time", format!("{} is not a time of day such as 09:30", shown(time)));
        }
        read
    }

    fn between(&mut self, value: &Value) -> (Option<Moment>, Option<Moment>) {
        let Some(between) = present(value) else { return (None, None) };
        let items = between.as_array().unwrap_or_default();
        if between.as_array().is_none() || items.len() > 2 {
            self.wrong("between", "is not a list of two moments, start and end");
            return (None, None);
        }
        let mut moments = [None, None];
        for (index, item) in items.iter().enumerate().filter(|(_, item)| present(item).is_some()) {
            moments[index] = self.moment(&format!("between[{index}]"), item);
        }
        let [start, end] = moments;
        if let (Some(Moment::Local(start)), Some(Moment::Local(end))) = (start, end)
            && end < start
        {
            self.wrong("between", "the end is before the start");
        }
        if let (Some(Moment::Instant(start)), Some(Moment::Instant(end))) = (start, end)
            && end < start
        {
            self.wrong("between", "the end is before the start");
        }
        (start, end)
    }

    fn windows(&mut self, value: &Value) -> Vec<Window> {
        let Some(windows) = present(value) else { return Vec::new() };
        let Some(windows) = windows.as_array() else {
            self.wrong("restrict", "is not a list of windows");
            return Vec::new();
        };
        windows.iter().enumerate().map(|(index, window)| self.window(index, window)).collect()
    }

    fn window(&mut self, index: usize, window: &Value) -> Window {
        let place = |key: &str| format!("restrict[{index}].{key}");
        if window.as_collection().is_none() {
            self.wrong(&format!("restrict[{index}]"), "is not an object with `days`, `months` or `time`");
        }
        Window {
            days: self.list(&place("days"), window.field("days"), 0, 6, false).unwrap_or_default(),
            months: self.list(&place("months"), window.field("months"), 1, 12, false).unwrap_or_default(),
            time: self.span(&place("time"), window.field("time")),
        }
    }

    fn span(&mut self, place: &str, value: &Value) -> Option<(u16, u16)> {
        let value = present(value)?;
        let ends = value.as_array().unwrap_or_default();
        if value.as_array().is_some() && ends.is_empty() {
            return None;
        }
        let minutes = |end: &Value| end.as_text().and_then(read_minutes);
        let span = match ends {
            [from, to] => minutes(from).zip(minutes(to)),
            _ => None,
        };
        if span.is_none() {
            self.wrong(place, r#"is not two times of day such as ["09:00", "17:00"]"#);
        }
        span
    }

    /// Whole numbers within bounds, sorted, each once.
    fn list(&mut self, place: &str, value: &Value, from: i64, to: i64, required: bool) -> Option<Vec<i8>> {
        let items = match present(value) {
            Some(Value::Array(items)) => items.to_vec(),
            Some(single) => vec![single.clone()],
            None => Vec::new(),
        };
        if items.is_empty() && required {
            self.wrong(place, format!("is empty: choose at least one number from {from} to {to}"));
            return None;
        }
        let mut numbers = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let number = self.number(&format!("{place}[{index}]"), item, from, to)?;
            numbers.push(i8::try_from(number).ok()?);
        }
        numbers.sort_unstable();
        numbers.dedup();
        Some(numbers)
    }

    fn number(&mut self, place: &str, value: &Value, from: i64, to: i64) -> Option<i64> {
        let number = match value {
            Value::Text(digits) => digits.trim().parse().ok(),
            other => other.as_i64(),
        };
        let number = number.filter(|number| (from..=to).contains(number));
        if number.is_none() {
            self.wrong(place, format!("{} is not a whole number from {from} to {to}", shown(value)));
        }
        number
    }

    fn moment(&mut self, place: &str, value: &Value) -> Option<Moment> {
        let moment = match value {
            Value::Date(at) => Some(Moment::Instant(*at)),
            other => other.as_text().and_then(|text| read_moment(text.trim())),
        };
        if moment.is_none() {
            let text = format!("{} is not a date with time such as 2026-11-24T09:30:00Z", shown(value));
            self.wrong(place, text);
        }
        moment
    }
}

fn present(value: &Value) -> Option<&Value> {
    let is_empty = value.is_nothing() || value.as_text().is_some_and(|text| text.trim().is_empty());
    (!is_empty).then_some(value)
}

/// What was found, shortened: it may be anything.
fn shown(value: &Value) -> String {
    if value.is_nothing() {
        return "what is missing".to_owned();
    }
    let text = json::to_string(value);
    if text.chars().count() <= 40 { text } else { text.chars().take(39).chain(['…']).collect() }
}

/// An instant when there is an offset, else a local time.
fn read_moment(text: &str) -> Option<Moment> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Moment::Instant(at));
    }
    text.parse::<DateTime>().ok().map(Moment::Local)
}

/// `H:MM`, `HH:MM` or `HH:MM:SS`.
fn read_time(text: &str) -> Option<Time> {
    let mut parts = text.trim().split(':');
    let number = |part: Option<&str>| part.filter(|part| part.len() <= 2)?.parse::<i8>().ok();
    let (hour, minute) = (number(parts.next())?, number(parts.next())?);
    let second = match parts.next() {
        Some(part) => number(Some(part))?,
        None => 0,
    };
    if parts.next().is_some() { None } else { Time::new(hour, minute, second, 0).ok() }
}

/// Minutes of the day; 24:00 is its end.
fn read_minutes(text: &str) -> Option<u16> {
    if text.trim() == "24:00" {
        return Some(1440);
    }
    let time = read_time(text)?;
    u16::try_from(i16::from(time.hour()) * 60 + i16::from(time.minute())).ok()
}
