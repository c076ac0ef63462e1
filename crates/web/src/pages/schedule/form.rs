//! The fields of a schedule, and back from what was entered.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use rouage_model::scenario::MissedRuns;
use rouage_model::schedule::{Moment, Scheduling, USUAL_INTERVAL, When, Window};

use crate::query::Query;

/// Empty windows that are offered beside those there are.
const SPARE_WINDOWS: usize = 1;
/// The most windows that a form takes.
const MOST_WINDOWS: usize = 20;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const UNITS: [(&str, &str, u32); 4] =
    [("60", "minutes", 60), ("3600", "hours", 3600), ("86400", "days", 86_400), ("1", "seconds", 1)];

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
        units: UNITS.iter().map(|(value, label, seconds)| choice(value, label, *seconds == unit)).collect(),
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
        ("immediately", "Immediately, as data arrives"),
        ("indefinitely", "At regular intervals"),
        ("once", "Once"),
        ("daily", "Every day"),
        ("weekly", "Days of the week"),
        ("monthly", "Days of the month"),
        ("yearly", "Specified dates"),
        ("on-demand", "On demand"),
    ]
    .into_iter()
}

fn missed_label(rule: MissedRuns) -> &'static str {
    match rule {
        MissedRuns::Once => "Run once to make up for all of them",
        MissedRuns::Skip => "Leave them out",
        MissedRuns::Every => "Run every one of them (100 at most)",
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
    let name = |day: i8| DAYS.get(usize::try_from(day).unwrap_or(0)).copied().unwrap_or_default();
    [1, 2, 3, 4, 5, 6, 0]
        .into_iter()
        .map(|day: i8| choice(&day.to_string(), name(day), chosen.contains(&day)))
        .collect()
}

fn year(chosen: &[i8]) -> Vec<Choice> {
    (1_i8..).zip(MONTHS).map(|(month, name)| choice(&month.to_string(), name, chosen.contains(&month))).collect()
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

/// What was entered: schedule, rule and zone; or everything that is wrong.
pub fn read(form: &Query, old: &Scheduling) -> Result<(Scheduling, MissedRuns, String), Vec<String>> {
    let mut reader = Reader { form, problems: Vec::new(), zone: TimeZone::UTC };
    let timezone = reader.timezone();
    let when = reader.when();
    let scheduling = Scheduling {
        start: reader.moment("start", "the start"),
        end: reader.moment("end", "the end"),
        windows: reader.windows(),
        maximum_runs_per_minute: reader.maximum(),
        other: old.other.clone(),
        when: when.unwrap_or(When::OnDemand),
    };
    if let (Some(start), Some(end)) = (scheduling.start, scheduling.end)
        && end.local(&reader.zone) < start.local(&reader.zone)
    {
        reader.problems.push("The end is before the start.".to_owned());
    }
    let missed = MissedRuns::parse(form.text("missed")).unwrap_or_default();
    if reader.problems.is_empty() { Ok((scheduling, missed, timezone)) } else { Err(reader.problems) }
}

struct Reader<'a> {
    form: &'a Query,
    problems: Vec<String>,
    zone: TimeZone,
}

impl Reader<'_> {
    fn problem<T>(&mut self, text: impl Into<String>) -> Option<T> {
        self.problems.push(text.into());
        None
    }

    fn timezone(&mut self) -> String {
        let name = self.form.text("timezone").to_owned();
        match TimeZone::get(&name) {
            Ok(zone) => self.zone = zone,
            Err(_) => {
                self.problem::<()>(format!("{name:?} is not a time zone; write one such as Europe/Paris."));
            }
        }
        name
    }

    fn when(&mut self) -> Option<When> {
        match self.form.text("kind") {
            "immediately" => Some(When::Immediately),
            "on-demand" => Some(When::OnDemand),
            "indefinitely" => self.interval(),
            "once" => match self.moment("date", "the date") {
                Some(date) => Some(When::Once { date }),
                None => self.problem("Choose the date and time of the run."),
            },
            "daily" => Some(When::Daily { time: self.time()? }),
            "weekly" => {
                let (days, time) = (self.boxes("weekday", 0, 6, "day of the week"), self.time());
                Some(When::Weekly { days: days?, time: time? })
            }
            "monthly" => {
                let (days, time) = (self.boxes("day", 1, 31, "day of the month"), self.time());
                Some(When::Monthly { days: days?, time: time? })
            }
            "yearly" => {
                let (months, days) = (self.boxes("month", 1, 12, "month"), self.boxes("day", 1, 31, "day"));
                let time = self.time();
                Some(When::Yearly { months: months?, days: days?, time: time? })
            }
            _ => self.problem("Choose when the scenario runs."),
        }
    }

    fn interval(&mut self) -> Option<When> {
        let unit =
            UNITS.iter().find(|(value, ..)| *value == self.form.text("unit")).map_or(60, |(.., seconds)| *seconds);
        let every = self.form.text("every").parse::<u32>().ok().filter(|every| *every > 0);
        match every.and_then(|every| every.checked_mul(unit)).filter(|interval| *interval <= 366 * 86_400) {
            Some(interval) if interval < rouage_model::schedule::SHORTEST_INTERVAL => {
                self.problem("Invalid interval: the shortest one is 1 minute.")
            }
            Some(interval) => Some(When::Indefinitely { interval }),
            None => self.problem("Invalid interval: write a whole number, from 1 minute to 366 days."),
        }
    }

    fn time(&mut self) -> Option<Time> {
        match read_time(self.form.text("time")) {
            Some(time) => Some(time),
            None => self.problem("Choose the time of day."),
        }
    }

    fn boxes(&mut self, name: &str, from: i8, to: i8, noun: &str) -> Option<Vec<i8>> {
        let days = numbers(self.form, name, from, to);
        if days.is_empty() { self.problem(format!("Choose at least one {noun}.")) } else { Some(days) }
    }

    /// A moment on the clocks of the zone; stored as an instant, as Make does.
    fn moment(&mut self, name: &str, what: &str) -> Option<Moment> {
        let text = self.form.text(name);
        if text.is_empty() {
            return None;
        }
        let instant = text.parse::<DateTime>().ok().and_then(|local| Moment::Local(local).instant(&self.zone));
        match instant {
            Some(at) => Some(Moment::Instant(at)),
            None => self.problem(format!("{text:?} is not a date and time, in {what}.")),
        }
    }

    fn windows(&mut self) -> Vec<Window> {
        (0..MOST_WINDOWS).filter_map(|index| self.window(index)).collect()
    }

    fn window(&mut self, index: usize) -> Option<Window> {
        let form = self.form;
        let window = Window {
            days: numbers(form, &format!("w{index}.day"), 0, 6),
            months: numbers(form, &format!("w{index}.month"), 1, 12),
            time: self.span(form.text(&format!("w{index}.from")), form.text(&format!("w{index}.to")), index + 1),
        };
        (window != Window::default()).then_some(window)
    }

    fn span(&mut self, from: &str, to: &str, number: usize) -> Option<(u16, u16)> {
        if from.is_empty() && to.is_empty() {
            return None;
        }
        // The last minute of a day is meant as its end.
        let end = |minutes: u16| if minutes == 1439 { 1440 } else { minutes };
        match (minutes(from), minutes(to)) {
            (Some(from), Some(to)) => Some((from, end(to))),
            _ => self.problem(format!("Allowed window {number} needs both times, from and to.")),
        }
    }

    fn maximum(&mut self) -> Option<u32> {
        let text = self.form.text("maximum");
        if text.is_empty() {
            return None;
        }
        match text.parse().ok().filter(|most| (1..=1_000_000).contains(most)) {
            Some(most) => Some(most),
            None => self.problem("The most runs a minute are a whole number from 1, or nothing for no limit."),
        }
    }
}

/// The ticked boxes of a name, sorted, each once.
fn numbers(form: &Query, name: &str, from: i8, to: i8) -> Vec<i8> {
    let ticked = form.pairs().iter().filter(|(key, _)| key == name);
    let mut numbers: Vec<i8> = ticked.filter_map(|(_, value)| value.parse().ok()).collect();
    numbers.retain(|number| (from..=to).contains(number));
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn read_time(text: &str) -> Option<Time> {
    text.parse::<Time>().ok()
}

fn minutes(text: &str) -> Option<u16> {
    let time = read_time(text)?;
    u16::try_from(i16::from(time.hour()) * 60 + i16::from(time.minute())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(form: &str) -> Result<String, Vec<String>> {
        let form = Query::parse(&format!("timezone=Europe%2FParis&{form}"));
        read(&form, &Scheduling::default()).map(|(scheduling, ..)| scheduling.to_json())
    }

    #[test]
    fn every_type_is_entered() {
        let is = |form: &str, json: &str| assert_eq!(stored(form).unwrap(), json, "{form}");
        is("kind=immediately&maximum=30", r#"{"type":"immediately","maximum_runs_per_minute":30}"#);
        is("kind=indefinitely&every=2&unit=3600", r#"{"type":"indefinitely","interval":7200}"#);
        is("kind=once&date=2026-11-24T10:00", r#"{"type":"once","date":"2026-11-24T09:00:00Z"}"#);
        is("kind=daily&time=09:30", r#"{"type":"daily","time":"09:30"}"#);
        is("kind=weekly&weekday=5&weekday=1&time=09:30", r#"{"type":"weekly","days":[1,5],"time":"09:30"}"#);
        is("kind=monthly&day=31&time=09:30", r#"{"type":"monthly","days":[31],"time":"09:30"}"#);
        is("kind=yearly&month=2&day=29&time=09:30", r#"{"type":"yearly","months":[2],"days":[29],"time":"09:30"}"#);
        is("kind=on-demand&every=x", r#"{"type":"on-demand"}"#);
        is(
            "kind=indefinitely&every=1&unit=60&start=2026-12-01T00:00&w0.day=1&w0.from=09:00&w0.to=23:59&w1.month=12",
            r#"{"type":"indefinitely","interval":60,"between":["2026-11-30T23:00:00Z",null],"restrict":[{"days":[1],"time":["09:00","24:00"]},{"months":[12]}]}"#,
        );
    }

    #[test]
    fn everything_that_is_wrong_is_said() {
        let problems = stored("kind=weekly&time=9&start=2026-12-02T00:00&end=2026-12-01T00:00&w0.from=09:00&maximum=0");
        assert_eq!(
            problems.unwrap_err(),
            [
                "Choose at least one day of the week.",
                "Choose the time of day.",
                "Allowed window 1 needs both times, from and to.",
                "The most runs a minute are a whole number from 1, or nothing for no limit.",
                "The end is before the start.",
            ]
        );
        assert!(stored("kind=indefinitely&every=5&unit=1").unwrap_err()[0].starts_with("Invalid interval"));
        assert!(stored("kind=once").unwrap_err()[0].starts_with("Choose the date"));
        assert!(stored("kind=x&timezone=Nowhere").is_err());
    }

    #[test]
    fn what_is_shown_is_read_back() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let json = r#"{"type":"yearly","months":[2,12],"days":[29,31],"time":"06:05","between":["2026-11-24T09:30:00Z","2027-11-24T09:30:00Z"],"restrict":[{"days":[1,2],"time":["22:00","24:00"]}],"maximum_runs_per_minute":3}"#;
        let fields = fields(&Scheduling::parse(json).unwrap(), MissedRuns::Skip, "Europe/Paris", &zone);
        let mut pairs = vec![
            ("kind", fields.kinds.iter().find(|kind| kind.is_on).unwrap().value.clone()),
            ("time", fields.time),
            ("start", fields.start),
            ("end", fields.end),
            ("maximum", fields.maximum),
            ("w0.from", fields.windows[0].from.clone()),
            ("w0.to", fields.windows[0].to.clone()),
        ];
        let ticked = |name: &'static str, boxes: &[Choice]| {
            boxes.iter().filter(|one| one.is_on).map(|one| (name, one.value.clone())).collect::<Vec<_>>()
        };
        pairs.extend(ticked("day", &fields.days));
        pairs.extend(ticked("month", &fields.months));
        pairs.extend(ticked("w0.day", &fields.windows[0].days));
        let form: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(stored(&form.join("&")).unwrap(), json);
    }
}
