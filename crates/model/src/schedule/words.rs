//! A schedule in words, as in Make: "Every weekday at 09:00".

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;

use super::{Moment, Scheduling, When, Window};
use crate::calendar::{MONTHS, WEEKDAYS};

/// The schedule in a sentence without a full stop. Local times are those of
/// the zone, which is not named.
pub fn describe(scheduling: &Scheduling, zone: &TimeZone) -> String {
    let mut text = when(&scheduling.when, zone);
    if let Some(most) = scheduling.maximum_runs_per_minute.filter(|_| scheduling.is_immediate()) {
        text.push_str(&format!(", at most {most} {} a minute", plural(most, "run")));
    }
    if !scheduling.is_by_clock() {
        return text;
    }
    if !scheduling.windows.is_empty() {
        let windows: Vec<_> = scheduling.windows.iter().map(window).collect();
        text.push_str(&format!(", only {}", windows.join(", or ")));
    }
    if let Some(start) = scheduling.start {
        text.push_str(&format!(", from {} on", moment(start, zone)));
    }
    if let Some(end) = scheduling.end {
        text.push_str(&format!(", until {}", moment(end, zone)));
    }
    text
}

fn when(when: &When, zone: &TimeZone) -> String {
    match when {
        When::Immediately => "Immediately as data arrives".to_owned(),
        When::OnDemand => "On demand".to_owned(),
        When::Indefinitely { interval } => format!("Every {}", duration(*interval)),
        When::Once { date } => format!("Once, on {}", moment(*date, zone)),
        When::Daily { time } => format!("Every day at {}", clock(*time)),
        When::Weekly { days, time } => format!("Every {} at {}", weekdays(days), clock(*time)),
        When::Monthly { days, time } => {
            let days: Vec<_> = days.iter().map(|day| ordinal(*day)).collect();
            format!("On the {} of every month at {}", list(&days), clock(*time))
        }
        When::Yearly { months, days, time } => {
            let days: Vec<_> = days.iter().map(ToString::to_string).collect();
            format!("Every year on {} {} at {}", list(&days), list(&names(months, &MONTHS, 1)), clock(*time))
        }
    }
}

fn duration(seconds: u32) -> String {
    let of = |count: u32, unit: &str| {
        if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
    };
    match seconds {
        day if day > 0 && day % 86_400 == 0 => of(day / 86_400, "day"),
        hour if hour > 0 && hour % 3600 == 0 => of(hour / 3600, "hour"),
        minute if minute > 0 && minute % 60 == 0 => of(minute / 60, "minute"),
        second => of(second, "second"),
    }
}

fn weekdays(days: &[i8]) -> String {
    match days {
        [0, 1, 2, 3, 4, 5, 6] => "day".to_owned(),
        [1, 2, 3, 4, 5] => "weekday".to_owned(),
        [0, 6] => "Saturday and Sunday".to_owned(),
        days => list(&names(days, &WEEKDAYS, 0)),
    }
}

fn window(window: &Window) -> String {
    let mut parts = Vec::new();
    if !window.days.is_empty() {
        let days = match window.days.as_slice() {
            [1, 2, 3, 4, 5] => "weekdays".to_owned(),
            days => list(&names(days, &WEEKDAYS, 0)),
        };
        parts.push(format!("on {days}"));
    }
    if !window.months.is_empty() {
        parts.push(format!("in {}", list(&names(&window.months, &MONTHS, 1))));
    }
    if let Some((from, to)) = window.time {
        let text = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        parts.push(format!("between {} and {}", text(from), text(to)));
    }
    if parts.is_empty() { "at any time".to_owned() } else { parts.join(" ") }
}

fn names(numbers: &[i8], names: &[&str], first: i8) -> Vec<String> {
    let name = |number: &i8| names.get(usize::try_from(number - first).ok()?).map(|name| (*name).to_owned());
    numbers.iter().filter_map(name).collect()
}

fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn ordinal(day: i8) -> String {
    let ending = match (day % 10, day) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{day}{ending}")
}

fn plural(count: u32, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

fn clock(time: Time) -> String {
    time.strftime(if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" }).to_string()
}

fn moment(moment: Moment, zone: &TimeZone) -> String {
    let local: DateTime = moment.local(zone);
    local.strftime("%-d %B %Y at %H:%M").to_string()
}
