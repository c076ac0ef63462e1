//! What a schedule means: a sentence, the next runs, and how many calls it
//! makes a day.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rouage_model::schedule::{self, Scheduling, When};
use rouage_sdk::{Effect, Kind};
use rouage_store::scenarios::Scenario;

use crate::App;
use crate::words;
use crate::words::t;

/// Runs that are shown.
const SHOWN: usize = 5;
/// Runs of a day that are counted: one a minute.
const MOST: usize = 1440;

/// The preview.
#[derive(Debug, Clone)]
pub struct Preview {
    /// When it runs, with the zone.
    pub sentence: String,
    /// The next runs, on the clocks of the zone.
    pub next: Vec<String>,
    /// What is to be known beside them; may be empty.
    pub note: String,
    /// Calls a day, in words; may be empty.
    pub estimate: String,
}

/// The preview of a scenario with its schedule.
pub fn preview(app: &App, scenario: &Scenario) -> Preview {
    let (scheduling, now) = (&scenario.scheduling, app.clock().now());
    let zone = zone(&scenario.timezone);
    let by_clock = scheduling.is_by_clock();
    let words = schedule::describe(scheduling, &zone);
    // What is planned already stands first: the rhythm began with an earlier run.
    let planned = scenario.next_run_at.filter(|at| scenario.enabled && by_clock && *at > now);
    let rest = runs(scheduling, &zone, planned.unwrap_or(now));
    let next: Vec<_> = planned.into_iter().chain(rest).take(SHOWN).collect();
    let is_interval = matches!(scheduling.when, When::Indefinitely { .. });
    Preview {
        sentence: if by_clock { format!("{words} ({}).", scenario.timezone) } else { format!("{words}.") },
        note: match (by_clock, next.is_empty()) {
            (false, _) => String::new(),
            (true, true) => t!("It has no run any more: its dates have passed or do not exist.").to_owned(),
            (true, false) if is_interval && !scenario.enabled => {
                t!("When you switch the scenario on it runs at once, and then in this rhythm.").to_owned()
            }
            (true, false) => String::new(),
        },
        next: next.iter().map(|at| moment(*at, &zone)).collect(),
        estimate: estimate(app, scenario, &zone, now),
    }
}

/// The runs after a moment.
fn runs<'a>(scheduling: &'a Scheduling, zone: &'a TimeZone, after: Timestamp) -> impl Iterator<Item = Timestamp> + 'a {
    std::iter::successors(schedule::next_run(scheduling, zone, after), move |last| {
        schedule::next_run(scheduling, zone, *last)
    })
}

/// Such as `Mon 24 Nov 2026, 09:00`.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// The zone of a scenario.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// How many calls to other services a day makes, as far as that can be known
/// before.
pub fn estimate(app: &App, scenario: &Scenario, zone: &TimeZone, now: Timestamp) -> String {
    let modules = scenario.blueprint.modules();
    let mut callers = 0;
    for module in modules.iter().skip(1).map(|visited| visited.module) {
        let found = app.registry().module(module.name(), module.version());
        let calls = found.is_some_and(|found| found.spec().effect != Effect::Pure);
        callers += u64::from(calls && !module.is_disabled());
    }
    let first = scenario.blueprint.trigger();
    let first = first.and_then(|first| app.registry().module(first.name(), first.version()));
    let trigger = first.map(|first| first.spec()).filter(|spec| spec.kind == Kind::PollingTrigger);
    let own = u64::from(first.is_some_and(|first| first.spec().effect != Effect::Pure) && trigger.is_none());
    let calls = |count: u64| words::count(count, "call");
    if scenario.scheduling.is_on_demand() {
        return String::new();
    }
    if scenario.scheduling.is_immediate() && callers == 0 {
        return t!("Every request makes one run, which calls no other service.").to_owned();
    }
    if scenario.scheduling.is_immediate() {
        let calls = calls(callers);
        return t!(
            "Every request makes one run, with up to {calls} to other services and more where data is split.",
            calls = calls
        );
    }
    let tomorrow = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    let runs = runs(&scenario.scheduling, zone, now).take_while(|at| *at <= tomorrow).take(MOST).count() as u64;
    let each = match trigger {
        Some(spec) if callers == 0 => t!("asks {label} once, also when nothing is new", label = t(spec.label)),
        Some(spec) => t!(
            "asks {label} once, also when nothing is new, and makes up to {calls} more for everything new that it finds",
            label = t(spec.label),
            calls = calls(callers)
        ),
        None if callers + own == 0 => t!("makes no call to other services").to_owned(),
        None => t!("makes up to {calls} to other services, and more where data is split", calls = calls(callers + own)),
    };
    if runs == 0 {
        return t!("No run in the next 24 hours. A run {each}.", each = each);
    }
    if trigger.is_none() && callers + own == 0 {
        return t!("{number} a day. A run {each}.", number = words::count(runs, "run"), each = each);
    }
    let a_day = runs * if trigger.is_some() { 1 } else { callers + own };
    let at_least = if trigger.is_some() { t!("at least") } else { t!("up to") };
    t!(
        "{number} a day: {at_least} {calls} a day. A run {each}.",
        number = words::count(runs, "run"),
        at_least = at_least,
        calls = calls(a_day),
        each = each
    )
}
