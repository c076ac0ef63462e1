//! The fields of a schedule as the form shows them.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use rouage_model::scenario::MissedRuns;
use rouage_model::schedule::{Moment, Scheduling, USUAL_INTERVAL, When, Window};

use crate::query::Query;
use crate::words;
use crate::words::{noted, t};

/// Empty windows that are offered beside those there are.
const SPARE_WINDOWS: usize = 1;
/// The most windows that a form takes.
pub const MOST_WINDOWS: usize = 20;

const DAYS: [&str; 7] =
    [noted!("Sun"), noted!("Mon"), noted!("Tue"), noted!("Wed"), noted!("Thu"), noted!("Fri"), noted!("Sat")];
const MONTHS: [&str; 12] = [
    noted!("Jan"),
    noted!("Feb"),
    noted!("Mar"),
    noted!("Apr"),
    noted!("May"),
    noted!("Jun"),
    noted!("Jul"),
    noted!("Aug"),
    noted!("Sep"),
    noted!("Oct"),
    noted!("Nov"),
    noted!("Dec"),
];
/// Value, name and seconds of the units of an interval.
pub const UNITS: [(&str, &str, u32); 4] = [
    ("60", noted!("minutes"), 60),
    ("3600", noted!("hours"), 3600),
    ("86400", noted!("days"), 86_400),
    ("1", noted!("seconds"), 1),
];

/// A choice of a list or of boxes.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its stored value.
    pub value: String,
    /// Its name.
    pub label: String,
    /// Whether it is taken.
    pub is_on: bool,
}

/// A window in which runs are allowed.
#[derive(Debug, Clone)]
pub struct WindowFields {
    /// Its place, from 0.
    pub index: usize,
    /// Its place for people, from 1.
    pub number: usize,
    /// Days of the week.
    pub days: Vec<Choice>,
    /// Months.
    pub months: Vec<Choice>,
    /// From this time.
    pub from: String,
    /// To this time.
    pub to: String,
}

/// All fields as the form shows them.
#[derive(Debug, Clone)]
pub struct Fields {
    /// The types, in Make's words.
    pub kinds: Vec<Choice>,
    /// Amount of the interval.
    pub every: String,
    /// Unit of the interval.
    pub units: Vec<Choice>,
    /// The moment of Once.
    pub date: String,
    /// Time of day.
    pub time: String,
    /// Days of the week.
    pub weekdays: Vec<Choice>,
    /// Days of the month.
    pub days: Vec<Choice>,
    /// Months of the year.
    pub months: Vec<Choice>,
    /// Not before.
    pub start: String,
    /// Not after.
    pub end: String,
    /// Allowed windows.
    pub windows: Vec<WindowFields>,
    /// Whether start, end or windows are set.
    pub has_limits: bool,
    /// Most runs a minute; may be empty.
    pub maximum: String,
    /// What becomes of missed runs.
    pub missed: Vec<Choice>,
    /// The time zone.
    pub timezone: String,
}

/// The fields of a stored schedule.
pub fn fields(scheduling: &Scheduling, missed: MissedRuns, timezone: &str, zone: &TimeZone) -> Fields {
    let kind = scheduling.type_name();
    let (every, unit) = interval(&scheduling.when);
    let (weekdays, days, months) = chosen(&scheduling.when);
    Fields {
        kinds: kinds().map(|(value, label)| choice(value, label, value == kind)).collect(),
        every,
        units: UNITS.iter().map(|(value, label, seconds)| choice(value, words::t(label), *seconds == unit)).collect(),
        date: match scheduling.when {
            When::Once { date } => local(date, zone),
            _ => String::new(),
        },
        time: time_of(&scheduling.when).strftime("%H:%M").to_string(),
        weekdays: week(weekdays),
        days: (1..=31).map(|day: i8| choice(&day.to_string(), &day.to_string(), days.contains(&day))).collect(),
        months: year(months),
        start: scheduling.start.map(|start| local(start, zone)).unwrap_or_default(),
        end: scheduling.end.map(|end| local(end, zone)).unwrap_or_default(),
        windows: windows(&scheduling.windows),
        has_limits: scheduling.start.is_some() || scheduling.end.is_some() || !scheduling.windows.is_empty(),
        maximum: scheduling.maximum_runs_per_minute.map(|most| most.to_string()).unwrap_or_default(),
        missed: MissedRuns::ALL
            .iter()
            .map(|rule| choice(rule.as_str(), missed_label(*rule), *rule == missed))
            .collect(),
        timezone: timezone.to_owned(),
    }
}

fn choice(value: &str, label: &str, is_on: bool) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), is_on }
}

fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    [
        ("immediately", t!("Immediately, as data arrives")),
        ("indefinitely", t!("At regular intervals")),
        ("once", t!("Once")),
        ("daily", t!("Every day")),
        ("weekly", t!("Days of the week")),
        ("monthly", t!("Days of the month")),
        ("yearly", t!("Specified dates")),
        ("on-demand", t!("On demand")),
    ]
    .into_iter()
}

fn missed_label(rule: MissedRuns) -> &'static str {
    match rule {
        MissedRuns::Once => t!("Run once to make up for all of them"),
        MissedRuns::Skip => t!("Leave them out"),
        MissedRuns::Every => t!("Run every one of them (100 at most)"),
    }
}

/// Amount and unit in seconds, in the largest unit that fits.
fn interval(when: &When) -> (String, u32) {
    let interval = match when {
        When::Indefinitely { interval } => *interval,
        _ => USUAL_INTERVAL,
    };
    let unit = [86_400, 3600, 60].into_iter().find(|unit| interval >= *unit && interval % unit == 0).unwrap_or(1);
    ((interval / unit).to_string(), unit)
}

/// Days of the week, days of the month and months; usual ones where there are none.
fn chosen(when: &When) -> (&[i8], &[i8], &[i8]) {
    match when {
        When::Weekly { days, .. } => (days, &[1], &[1]),
        When::Monthly { days, .. } => (&[1, 2, 3, 4, 5], days, &[1]),
        When::Yearly { months, days, .. } => (&[1, 2, 3, 4, 5], days, months),
        _ => (&[1, 2, 3, 4, 5], &[1], &[1]),
    }
}

fn time_of(when: &When) -> Time {
    match when {
        When::Daily { time } | When::Weekly { time, .. } | When::Monthly { time, .. } | When::Yearly { time, .. } => {
            *time
        }
        _ => Time::constant(9, 0, 0, 0),
    }
}

/// Monday first, as most of the world has it.
fn week(chosen: &[i8]) -> Vec<Choice> {
    let name = |day: i8| DAYS.get(usize::try_from(day).unwrap_or(0)).copied().map(words::t).unwrap_or_default();
    [1, 2, 3, 4, 5, 6, 0]
        .into_iter()
        .map(|day: i8| choice(&day.to_string(), name(day), chosen.contains(&day)))
        .collect()
}

fn year(chosen: &[i8]) -> Vec<Choice> {
    (1_i8..)
        .zip(MONTHS)
        .map(|(month, name)| choice(&month.to_string(), words::t(name), chosen.contains(&month)))
        .collect()
}

fn windows(windows: &[Window]) -> Vec<WindowFields> {
    let spare = std::iter::repeat_n(Window::default(), SPARE_WINDOWS);
    let all = windows.iter().cloned().chain(spare).take(MOST_WINDOWS);
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    all.enumerate()
        .map(|(index, window)| WindowFields {
            index,
            number: index + 1,
            days: week(&window.days),
            months: year(&window.months),
            from: window.time.map(|(from, _)| clock(from)).unwrap_or_default(),
            // An input for times knows no 24:00.
            to: window.time.map(|(_, to)| clock(to.min(1439))).unwrap_or_default(),
        })
        .collect()
}

/// For an input of date and time.
fn local(moment: Moment, zone: &TimeZone) -> String {
    moment.local(zone).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// The fields as they were entered, to be mended; `stored` fills the rest.
pub fn entered(form: &Query, stored: Fields) -> Fields {
    let text = |name: &str| form.text(name).to_owned();
    let tick = |name: &str, boxes: Vec<Choice>| -> Vec<Choice> {
        let has = |value: &str| form.pairs().iter().any(|(key, given)| key == name && given == value);
        boxes.into_iter().map(|one| Choice { is_on: has(&one.value), ..one }).collect()
    };
    let empty = windows(&vec![Window::default(); stored.windows.len().saturating_sub(SPARE_WINDOWS)]);
    let window = |window: WindowFields| WindowFields {
        days: tick(&format!("w{}.day", window.index), window.days),
        months: tick(&format!("w{}.month", window.index), window.months),
        from: text(&format!("w{}.from", window.index)),
        to: text(&format!("w{}.to", window.index)),
        ..window
    };
    Fields {
        kinds: tick("kind", stored.kinds),
        every: text("every"),
        units: tick("unit", stored.units),
        date: text("date"),
        time: text("time"),
        weekdays: tick("weekday", stored.weekdays),
        days: tick("day", stored.days),
        months: tick("month", stored.months),
        start: text("start"),
        end: text("end"),
        windows: empty.into_iter().map(window).collect(),
        has_limits: true,
        maximum: text("maximum"),
        missed: tick("missed", stored.missed),
        timezone: text("timezone"),
    }
}
