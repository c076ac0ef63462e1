//! From what was entered back to a schedule; everything that is wrong is said.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use rouage_model::scenario::MissedRuns;
use rouage_model::schedule::{Moment, SHORTEST_INTERVAL, Scheduling, When, Window};

use super::form::{MOST_WINDOWS, UNITS};
use crate::query::Query;
use crate::words::t;

/// What was entered: schedule, rule and zone; or everything that is wrong.
pub fn read(form: &Query, old: &Scheduling) -> Result<(Scheduling, MissedRuns, String), Vec<String>> {
    let mut reader = Reader { form, problems: Vec::new(), zone: TimeZone::UTC };
    let timezone = reader.timezone();
    let when = reader.when();
    let scheduling = Scheduling {
        start: reader.moment("start", t!("the start")),
        end: reader.moment("end", t!("the end")),
        windows: reader.windows(),
        maximum_runs_per_minute: reader.maximum(),
        other: old.other.clone(),
        when: when.unwrap_or(When::OnDemand),
    };
    if let (Some(start), Some(end)) = (scheduling.start, scheduling.end)
        && end.local(&reader.zone) < start.local(&reader.zone)
    {
        reader.problems.push(t!("The end is before the start.").to_owned());
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
                self.problem::<()>(t!(
                    "{name} is not a time zone; write one such as Europe/Paris.",
                    name = format!("{name:?}")
                ));
            }
        }
        name
    }

    fn when(&mut self) -> Option<When> {
        match self.form.text("kind") {
            "immediately" => Some(When::Immediately),
            "on-demand" => Some(When::OnDemand),
            "indefinitely" => self.interval(),
            "once" => match self.moment("date", t!("the date")) {
                Some(date) => Some(When::Once { date }),
                None => self.problem(t!("Choose the date and time of the run.")),
            },
            "daily" => Some(When::Daily { time: self.time()? }),
            "weekly" => {
                let (days, time) = (self.boxes("weekday", 0, 6, t!("day of the week")), self.time());
                Some(When::Weekly { days: days?, time: time? })
            }
            "monthly" => {
                let (days, time) = (self.boxes("day", 1, 31, t!("day of the month")), self.time());
                Some(When::Monthly { days: days?, time: time? })
            }
            "yearly" => {
                let (months, days) = (self.boxes("month", 1, 12, "month"), self.boxes("day", 1, 31, "day"));
                let time = self.time();
                Some(When::Yearly { months: months?, days: days?, time: time? })
            }
            _ => self.problem(t!("Choose when the scenario runs.")),
        }
    }

    fn interval(&mut self) -> Option<When> {
        let unit =
            UNITS.iter().find(|(value, ..)| *value == self.form.text("unit")).map_or(60, |(.., seconds)| *seconds);
        let every = self.form.text("every").parse::<u32>().ok().filter(|every| *every > 0);
        match every.and_then(|every| every.checked_mul(unit)).filter(|interval| *interval <= 366 * 86_400) {
            Some(interval) if interval < SHORTEST_INTERVAL => {
                self.problem(t!("Invalid interval: the shortest one is 1 minute."))
            }
            Some(interval) => Some(When::Indefinitely { interval }),
            None => self.problem(t!("Invalid interval: write a whole number, from 1 minute to 366 days.")),
        }
    }

    fn time(&mut self) -> Option<Time> {
        match read_time(self.form.text("time")) {
            Some(time) => Some(time),
            None => self.problem(t!("Choose the time of day.")),
        }
    }

    fn boxes(&mut self, name: &str, from: i8, to: i8, noun: &str) -> Option<Vec<i8>> {
        let days = numbers(self.form, name, from, to);
        if days.is_empty() { self.problem(t!("Choose at least one {noun}.", noun = noun)) } else { Some(days) }
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
            None => {
                self.problem(t!("{text} is not a date and time, in {what}.", text = format!("{text:?}"), what = what))
            }
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
            _ => self.problem(t!("Allowed window {number} needs both times, from and to.", number = number)),
        }
    }

    fn maximum(&mut self) -> Option<u32> {
        let text = self.form.text("maximum");
        if text.is_empty() {
            return None;
        }
        match text.parse().ok().filter(|most| (1..=1_000_000).contains(most)) {
            Some(most) => Some(most),
            None => self.problem(t!("The most runs a minute are a whole number from 1, or nothing for no limit.")),
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
    use crate::pages::schedule::form::{Choice, fields};

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
