//! Writing a schedule as Make's JSON.

use jiff::civil::Time;

use super::{Moment, Scheduling, When, Window};
use crate::json;
use crate::value::{Collection, Value};

impl Scheduling {
    /// Its type, as the JSON names it.
    pub fn type_name(&self) -> &'static str {
        match self.when {
            When::Immediately => "immediately",
            When::Indefinitely { .. } => "indefinitely",
            When::Once { .. } => "once",
            When::Daily { .. } => "daily",
            When::Weekly { .. } => "weekly",
            When::Monthly { .. } => "monthly",
            When::Yearly { .. } => "yearly",
            When::OnDemand => "on-demand",
        }
    }

    /// Make's object.
    pub fn to_value(&self) -> Value {
        let mut out = Collection::new();
        out.insert("type", self.type_name());
        match &self.when {
            When::Immediately | When::OnDemand => {}
            When::Indefinitely { interval } => out.insert("interval", *interval),
            When::Once { date } => out.insert("date", moment(*date)),
            When::Daily { time } => out.insert("time", clock(*time)),
            When::Weekly { days, time } | When::Monthly { days, time } => {
                out.insert("days", numbers(days));
                out.insert("time", clock(*time));
            }
            When::Yearly { months, days, time } => {
                out.insert("months", numbers(months));
                out.insert("days", numbers(days));
                out.insert("time", clock(*time));
            }
        }
        if self.start.is_some() || self.end.is_some() {
            let end = |end: Option<Moment>| end.map_or(Value::Null, moment);
            out.insert("between", vec![end(self.start), end(self.end)]);
        }
        if !self.windows.is_empty() {
            out.insert("restrict", self.windows.iter().map(window).collect::<Vec<_>>());
        }
        if let Some(most) = self.maximum_runs_per_minute {
            out.insert("maximum_runs_per_minute", most);
        }
        for (key, value) in self.other.iter() {
            out.insert(key.clone(), value.clone());
        }
        out.into()
    }

    /// The same as JSON text.
    pub fn to_json(&self) -> String {
        json::to_string(&self.to_value())
    }
}

fn numbers(numbers: &[i8]) -> Value {
    numbers.iter().map(|number| Value::from(i64::from(*number))).collect::<Vec<_>>().into()
}

fn clock(time: Time) -> String {
    let text = time.strftime("%H:%M").to_string();
    if time.second() == 0 { text } else { time.strftime("%H:%M:%S").to_string() }
}

fn moment(moment: Moment) -> Value {
    match moment {
        Moment::Instant(at) => at.to_string().into(),
        Moment::Local(local) => local.to_string().into(),
    }
}

fn window(window: &Window) -> Value {
    let mut out = Collection::new();
    if !window.days.is_empty() {
        out.insert("days", numbers(&window.days));
    }
    if !window.months.is_empty() {
        out.insert("months", numbers(&window.months));
    }
    if let Some((from, to)) = window.time {
        let text = |minutes: u16| Value::from(format!("{:02}:{:02}", minutes / 60, minutes % 60));
        out.insert("time", vec![text(from), text(to)]);
    }
    out.into()
}
