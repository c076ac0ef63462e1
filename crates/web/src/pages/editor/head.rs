//! What stands in the editor's bar: the name, whether the scenario is on, what
//! it does and when it runs, in words.

use jiff::Timestamp;
use rouage_model::schedule::{self, When};
use rouage_model::{Collection, Value, json};
use rouage_store::drafts::Draft;
use rouage_store::hooks;
use rouage_store::scenarios::{self, Scenario};

use crate::pages::panels;
use crate::pages::schedule::preview;
use crate::render::Page;
use crate::words::t;
use crate::{PageError, words};

/// The bar in words.
pub struct Head {
    /// The scenario.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub is_on: bool,
    /// What the draft does, in a sentence.
    pub sentence: String,
    /// When it runs, such as `Every weekday at 9:00, next run in 14 hours`.
    pub schedule: String,
    /// The time zone of its dates.
    pub timezone: String,
    /// Why it was switched off by itself; may be empty.
    pub problem: String,
    /// Live runs that failed since somebody looked.
    pub failures: u64,
    /// The next run by the schedule.
    next: Option<Timestamp>,
}

impl Head {
    /// For the scripts.
    pub fn to_value(&self) -> Value {
        let id: i64 = self.id.parse().unwrap_or_default();
        Collection::from_iter([
            ("id", Value::from(id)),
            ("name", self.name.as_str().into()),
            ("isOn", self.is_on.into()),
            ("sentence", self.sentence.as_str().into()),
            ("schedule", self.schedule.as_str().into()),
            ("timezone", self.timezone.as_str().into()),
            ("failures", i64::try_from(self.failures).unwrap_or(i64::MAX).into()),
            ("problem", self.problem.as_str().into()),
            ("next", self.next.map(json::iso).map_or(Value::Null, Value::from)),
        ])
        .into()
    }
}

/// The bar of a scenario with its draft.
pub async fn of(page: &Page, live: &Scenario, draft: &Draft) -> Result<Head, PageError> {
    // Another first module may bring another usual schedule.
    let scenario = &page.app.control().published(live, draft);
    let hook = match scenario.hook {
        Some(hook) => hooks::find(page.app.store(), page.app.team(), hook).await?,
        None => None,
    };
    let now = page.app.clock().now();
    let next = scenario.next_run_at.max(scenario.paused_until.filter(|until| *until > now));
    let next = next.filter(|_| scenario.enabled && scenario.scheduling.is_by_clock());
    Ok(Head {
        id: scenario.id.to_string(),
        name: scenario.name.clone(),
        is_on: scenario.enabled,
        sentence: panels::sentence(page.app.registry(), &draft.blueprint, hook.as_ref().map(|hook| hook.name.as_str())),
        schedule: schedule_words(scenario, next, now),
        timezone: scenario.timezone.clone(),
        problem: scenario.problem.clone().unwrap_or_default(),
        failures: scenarios::unseen_failures(page.app.store(), page.app.team(), scenario.id).await?,
        next,
    })
}

/// When it runs. What waits for somebody else is not told as a time.
fn schedule_words(scenario: &Scenario, next: Option<Timestamp>, now: Timestamp) -> String {
    let zone = preview::zone(&scenario.timezone);
    if scenario.blueprint.modules().is_empty() {
        return t!("Not scheduled yet").to_owned();
    }
    match scenario.scheduling.when {
        When::Immediately => t!("As soon as data arrives").to_owned(),
        When::OnDemand => t!("Only when it is asked to").to_owned(),
        _ => {
            let words = schedule::describe(&scenario.scheduling, &zone);
            match next {
                Some(next) => t!("{words}, next run {ahead}", words = words, ahead = ahead(next, now)),
                None if scenario.enabled => t!("{words}, no run any more", words = words),
                None => words,
            }
        }
    }
}

/// Such as `in 14 hours`: rounded, as people say it.
fn ahead(at: Timestamp, now: Timestamp) -> String {
    let minutes = at.duration_since(now).as_secs().max(0).unsigned_abs() / 60;
    match minutes {
        0 => t!("within a minute").to_owned(),
        1..=89 => t!("in {number}", number = words::count(minutes, "minute")),
        90..=2159 => t!("in {number}", number = words::count((minutes + 30) / 60, "hour")),
        _ => t!("in {number}", number = words::count((minutes + 720) / 1440, "day")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_is_told_as_people_say_it() {
        let at = |minutes: i64| Timestamp::from_second(minutes * 60).unwrap();
        let cases = [
            (0, "within a minute"),
            (1, "in 1 minute"),
            (75, "in 75 minutes"),
            (14 * 60 + 10, "in 14 hours"),
            (3 * 1440, "in 3 days"),
        ];
        for (minutes, text) in cases {
            assert_eq!(ahead(at(minutes), at(0)), text);
        }
    }
}
