//! The laws, judged over a ledger. Pure, so that each can be shown a faked
//! violation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Instant;

use super::{Answer, Effect, Ledger, Run, Sent};

/// What the program promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Law {
    /// Every request that was answered 200 is run, or listed with a reason.
    NothingLost,
    /// No effect is made twice, except where a person said so.
    NothingTwice,
    /// Order is kept where it is promised.
    Order,
    /// After the fault the runs that wait end without a hand.
    Progress,
    /// The history is whole and fits what happened.
    History,
}

/// The effects that a key must have, each by its name.
pub type Expected = Box<dyn Fn(&str) -> Vec<&'static str> + Send + Sync>;

/// What a scenario owes for a request.
pub struct Promise {
    /// The kinds of effects that a run of this key makes.
    pub effects: Expected,
    /// Whether the effects of a lane keep the order of its requests.
    pub in_order: bool,
    /// How many effects may be in doubt: those whose answer a fault cut off.
    pub doubts: usize,
    /// How many requests must have been accepted, or the test shows nothing.
    pub accepted: usize,
    /// The share of runs that must have ended well, in hundredths.
    pub ended_well: usize,
}

impl Promise {
    /// One effect of each of these kinds for every key, in any order; nothing
    /// in doubt, one request at least, 99 of 100 runs well.
    pub fn of(kinds: &[&'static str]) -> Self {
        let kinds = kinds.to_vec();
        Self { effects: Box::new(move |_| kinds.clone()), in_order: false, doubts: 0, accepted: 1, ended_well: 99 }
    }
}

/// A law that was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The law.
    pub law: Law,
    /// What was seen.
    pub what: String,
}

/// How much there was to judge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests sent.
    pub sent: usize,
    /// Answered 200.
    pub accepted: usize,
    /// Answered otherwise.
    pub refused: usize,
    /// Not answered.
    pub unanswered: usize,
    /// Runs of requests, by how they stand.
    pub runs: BTreeMap<String, usize>,
    /// Effects, by kind.
    pub effects: BTreeMap<String, usize>,
}

/// The verdict.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Empty when all laws were kept.
    pub violations: Vec<Violation>,
    /// How much was judged.
    pub counts: Counts,
}

impl Verdict {
    /// Panics with everything that was broken.
    #[track_caller]
    pub fn expect_kept(&self) {
        assert!(self.violations.is_empty(), "{self}");
    }

    /// Whether this law was broken.
    pub fn breaks(&self, law: Law) -> bool {
        self.violations.iter().any(|violation| violation.law == law)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { sent, accepted, refused, unanswered, runs, effects } = &self.counts;
        write!(out, "{sent} sent: {accepted} accepted, {refused} refused, {unanswered} without an answer")?;
        runs.iter().try_for_each(|(status, count)| write!(out, "; {count} runs {status}"))?;
        effects.iter().try_for_each(|(kind, count)| write!(out, "; {count} effects {kind}"))?;
        for violation in &self.violations {
            write!(out, "\n{:?}: {}", violation.law, violation.what)?;
        }
        Ok(())
    }
}

/// The ledger sorted by key.
struct Case<'a> {
    ledger: &'a Ledger,
    promise: &'a Promise,
    sent: BTreeMap<&'a str, Vec<&'a Sent>>,
    runs: BTreeMap<&'a str, Vec<&'a Run>>,
    effects: BTreeMap<(&'a str, &'a str), usize>,
    violations: Vec<Violation>,
}

/// Judges.
pub fn judge(ledger: &Ledger, promise: &Promise) -> Verdict {
    let mut case = Case {
        ledger,
        promise,
        sent: BTreeMap::new(),
        runs: BTreeMap::new(),
        effects: BTreeMap::new(),
        violations: Vec::new(),
    };
    for sent in &ledger.sent {
        case.sent.entry(&sent.key).or_default().push(sent);
    }
    for run in &ledger.runs {
        if let Some(key) = &run.key {
            case.runs.entry(key).or_default().push(run);
        }
    }
    for effect in &ledger.effects {
        *case.effects.entry((&effect.kind, &effect.key)).or_default() += 1;
    }
    case.nothing_lost();
    case.nothing_twice();
    case.order();
    case.progress();
    case.history();
    Verdict { counts: case.counts(), violations: case.violations }
}

const ACTIVE: [&str; 3] = ["queued", "running", "waiting"];

/// Whether a run that lacks an effect says so, with a reason.
fn is_listed(run: &Run) -> bool {
    let has_reason = !run.error.is_empty() || run.events.iter().any(|event| event == "parked");
    run.status == "in-doubt" || matches!(run.status.as_str(), "error" | "warning" | "stopped") && has_reason
}

impl<'a> Case<'a> {
    fn complain(&mut self, law: Law, what: String) {
        self.violations.push(Violation { law, what });
    }

    fn accepted(&self) -> Vec<&'a Sent> {
        self.ledger.sent.iter().filter(|sent| sent.answer == Answer::Accepted).collect()
    }

    fn effect_count(&self, kind: &'a str, key: &'a str) -> usize {
        self.effects.get(&(kind, key)).copied().unwrap_or(0)
    }

    fn runs_of(&self, key: &str) -> Vec<&'a Run> {
        self.runs.get(key).cloned().unwrap_or_default()
    }

    fn nothing_lost(&mut self) {
        for sent in self.accepted() {
            let runs = self.runs_of(&sent.key);
            if runs.is_empty() {
                self.complain(Law::NothingLost, format!("{} was accepted and has no run", sent.key));
                continue;
            }
            for kind in (self.promise.effects)(&sent.key) {
                if self.effect_count(kind, &sent.key) == 0 && !runs.iter().any(|run| is_listed(run)) {
                    self.complain(Law::NothingLost, format!("{} has no {kind}, and no run says why", sent.key));
                }
            }
        }
    }

    fn nothing_twice(&mut self) {
        let double = self.effects.clone().into_iter().filter(|((_, key), count)| {
            let decided = self.ledger.decided.get(*key).copied().unwrap_or(0);
            *count > self.runs_of(key).len().max(1) + decided
        });
        for ((kind, key), count) in double.collect::<Vec<_>>() {
            self.complain(Law::NothingTwice, format!("{key} has {count} times {kind}"));
        }
        for (key, runs) in self.runs.clone() {
            let sent = self.sent.get(key).map_or(0, |sent| sent.iter().filter(|one| may_run(one)).count());
            if runs.len() > sent {
                self.complain(Law::NothingTwice, format!("{key} was sent {sent} times and has {} runs", runs.len()));
            }
        }
    }

    /// Whoever was sent after another one was answered comes after it.
    fn order(&mut self) {
        if !self.promise.in_order {
            return;
        }
        let mut sequences: BTreeMap<(&str, &str), Vec<&Effect>> = BTreeMap::new();
        for effect in &self.ledger.effects {
            if let Some(sent) = self.sent.get(effect.key.as_str()).and_then(|sent| sent.first()) {
                sequences.entry((&effect.kind, &sent.lane)).or_default().push(effect);
            }
        }
        for ((kind, lane), mut effects) in sequences {
            effects.sort_by_key(|effect| effect.at);
            let mut latest: Option<(Instant, &str)> = None;
            for effect in effects {
                let Some(sent) = self.sent.get(effect.key.as_str()).and_then(|sent| sent.first()).copied() else {
                    continue;
                };
                if let Some((begun, key)) = latest.filter(|(begun, _)| sent.ended < *begun) {
                    let text = format!("{kind} of {key} came before that of {} in lane {lane}", sent.key);
                    self.complain(Law::Order, text);
                    latest = Some((begun, key));
                }
                if latest.is_none_or(|(begun, _)| begun < sent.begun) {
                    latest = Some((sent.begun, &sent.key));
                }
            }
        }
    }

    fn progress(&mut self) {
        let accepted = self.accepted().len();
        if accepted < self.promise.accepted {
            let text = format!("only {accepted} requests were accepted, {} were wanted", self.promise.accepted);
            self.complain(Law::Progress, text);
        }
        let runs: Vec<&Run> = self.runs.values().flatten().copied().collect();
        let of = |statuses: &[&str]| runs.iter().filter(|run| statuses.contains(&run.status.as_str())).count();
        let (well, doubts) = (of(&["success", "warning"]), of(&["in-doubt"]));
        if doubts > self.promise.doubts {
            let text = format!("{doubts} runs are in doubt, where {} can be", self.promise.doubts);
            self.complain(Law::Progress, text);
        }
        let judged = runs.len() - doubts.min(self.promise.doubts);
        if well * 100 < judged * self.promise.ended_well {
            let others = runs.iter().filter(|run| !["success", "warning"].contains(&run.status.as_str()));
            let others: Vec<_> =
                others.take(3).map(|run| format!("{} {}: {}", run.id, run.status, run.error)).collect();
            self.complain(Law::Progress, format!("{well} of {judged} runs ended well; {}", others.join("; ")));
        }
    }

    fn history(&mut self) {
        for run in self.ledger.runs.iter().filter(|run| run.key.is_some()) {
            for what in incoherence(run) {
                self.complain(Law::History, format!("run {} ({}) {what}", run.id, run.status));
            }
            let key = run.key.as_deref().unwrap_or_default();
            if run.status != "success" {
                continue;
            }
            for kind in (self.promise.effects)(key) {
                if self.effect_count(kind, key) == 0 {
                    self.complain(Law::History, format!("run {} of {key} is a success without its {kind}", run.id));
                }
            }
        }
        let strangers: BTreeSet<_> =
            self.effects.keys().filter(|(_, key)| !self.runs.contains_key(key)).copied().collect();
        for (kind, key) in strangers {
            self.complain(Law::History, format!("{kind} of {key} is of no run in the history"));
        }
        for (key, sent) in self.sent.clone() {
            if self.runs.contains_key(key) && !sent.iter().any(|one| may_run(one)) {
                self.complain(Law::History, format!("{key} was refused and has a run"));
            }
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts { sent: self.ledger.sent.len(), ..Counts::default() };
        for sent in &self.ledger.sent {
            match sent.answer {
                Answer::Accepted => counts.accepted += 1,
                Answer::Refused(_) => counts.refused += 1,
                Answer::None => counts.unanswered += 1,
            }
        }
        for run in self.runs.values().flatten() {
            *counts.runs.entry(run.status.clone()).or_default() += 1;
        }
        for effect in &self.ledger.effects {
            *counts.effects.entry(effect.kind.clone()).or_default() += 1;
        }
        counts
    }
}

/// A refusal means that nothing was taken.
fn may_run(sent: &Sent) -> bool {
    !matches!(sent.answer, Answer::Refused(_))
}

/// What a run's journal and its status do not agree on.
fn incoherence(run: &Run) -> Vec<&'static str> {
    let first = run.events.first().map(String::as_str);
    let is_over = run.events.last().is_some_and(|event| event == "finished");
    let mut wrong = Vec::new();
    if first != Some("started") {
        wrong.push("does not begin with its start");
    }
    match run.status.as_str() {
        "success" | "warning" if !is_over => wrong.push("has no end in its journal"),
        "error" if run.error.is_empty() => wrong.push("does not say why"),
        "in-doubt" if !run.events.iter().any(|event| event == "called") => wrong.push("called nothing"),
        status if ACTIVE.contains(&status) && is_over => wrong.push("goes on after its end"),
        _ => {}
    }
    if run.events.iter().filter(|event| *event == "finished").count() > 1 {
        wrong.push("ended twice");
    }
    wrong
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::auditor::{MAIL, REQUEST};

    fn sent(start: Instant, number: u64, answer: Answer) -> Sent {
        let begun = start + Duration::from_secs(2 * number);
        let (key, lane) = (format!("k{number}"), "lane".to_owned());
        Sent { key, lane, begun, ended: begun + Duration::from_secs(1), answer }
    }

    fn run(key: &str, status: &str) -> Run {
        let events = ["started", "called", "returned", "finished"].map(str::to_owned).to_vec();
        Run {
            id: format!("run of {key}"),
            key: Some(key.to_owned()),
            status: status.to_owned(),
            error: String::new(),
            events,
        }
    }

    /// Three requests, each run once with one effect, in order.
    fn sound() -> Ledger {
        let start = Instant::now();
        let mut ledger = Ledger::default();
        for number in 1..=3 {
            ledger.sent.push(sent(start, number, Answer::Accepted));
            let key = format!("k{number}");
            ledger.runs.push(run(&key, "success"));
            let at = start + Duration::from_secs(100 + number);
            ledger.effects.push(Effect { kind: REQUEST.to_owned(), key, at });
        }
        ledger
    }

    fn promise() -> Promise {
        Promise { in_order: true, accepted: 3, ..Promise::of(&[REQUEST]) }
    }

    #[track_caller]
    fn broken(ledger: &Ledger, promise: &Promise, wanted: &[Law]) {
        let verdict = judge(ledger, promise);
        let laws: BTreeSet<Law> = verdict.violations.iter().map(|violation| violation.law).collect();
        assert_eq!(laws, wanted.iter().copied().collect(), "{verdict}");
    }

    #[test]
    fn what_is_sound_breaks_no_law() {
        broken(&sound(), &promise(), &[]);
    }

    #[test]
    fn an_accepted_request_without_a_run_is_lost() {
        let mut ledger = sound();
        ledger.runs.pop();
        ledger.effects.pop();
        broken(&ledger, &promise(), &[Law::NothingLost]);
    }

    #[test]
    fn a_missing_effect_without_a_reason_is_lost_and_one_with_a_reason_is_not() {
        let mut ledger = sound();
        ledger.effects.pop();
        ledger.runs[2].status = "warning".to_owned();
        broken(&ledger, &promise(), &[Law::NothingLost]);
        ledger.runs[2].events.insert(2, "parked".to_owned());
        broken(&ledger, &promise(), &[]);
    }

    #[test]
    fn a_second_effect_is_one_too_many_unless_a_person_asked_for_it() {
        let mut ledger = sound();
        let again = Effect { at: ledger.effects[2].at + Duration::from_secs(1), ..ledger.effects[2].clone() };
        ledger.effects.push(again);
        broken(&ledger, &promise(), &[Law::NothingTwice]);
        ledger.decided.insert("k3".to_owned(), 1);
        broken(&ledger, &promise(), &[]);
    }

    #[test]
    fn a_second_run_of_one_request_is_one_too_many() {
        let mut ledger = sound();
        ledger.runs.push(run("k3", "success"));
        broken(&ledger, &promise(), &[Law::NothingTwice]);
        // Its sender had no answer and sent it again: then there may be two.
        let first = ledger.sent[2].clone();
        ledger.sent.push(Sent { answer: Answer::None, ..first });
        broken(&ledger, &promise(), &[]);
    }

    #[test]
    fn effects_in_another_order_are_told() {
        let mut ledger = sound();
        ledger.effects[0].at += Duration::from_secs(50);
        broken(&ledger, &promise(), &[Law::Order]);
        broken(&ledger, &Promise { in_order: false, ..promise() }, &[]);
        // Sent while the other was not answered yet: any order is right.
        let begun = ledger.sent[0].begun;
        ledger.sent[0].ended = begun + Duration::from_secs(60);
        broken(&ledger, &promise(), &[]);
    }

    #[test]
    fn what_still_waits_or_only_errs_is_no_progress() {
        for status in ["waiting", "queued", "error"] {
            let mut ledger = sound();
            ledger.runs[2].status = status.to_owned();
            ledger.runs[2].error = "a reason".to_owned();
            ledger.runs[2].events.pop();
            broken(&ledger, &promise(), &[Law::Progress]);
        }
    }

    #[test]
    fn too_few_requests_show_nothing() {
        broken(&sound(), &Promise { accepted: 4, ..promise() }, &[Law::Progress]);
        let mut all_refused = Ledger::default();
        all_refused.sent.push(sent(Instant::now(), 1, Answer::Refused(503)));
        broken(&all_refused, &Promise::of(&[REQUEST]), &[Law::Progress]);
    }

    #[test]
    fn more_doubts_than_the_fault_explains_are_told() {
        let mut ledger = sound();
        ledger.runs[2].status = "in-doubt".to_owned();
        ledger.runs[2].events.truncate(2);
        broken(&ledger, &promise(), &[Law::Progress]);
        broken(&ledger, &Promise { doubts: 1, ..promise() }, &[]);
    }

    #[test]
    fn a_history_that_does_not_fit_is_told() {
        let mut missing_effect = sound();
        missing_effect.effects.pop();
        broken(&missing_effect, &promise(), &[Law::NothingLost, Law::History]);

        let mut unknown = sound();
        unknown.effects.push(Effect { kind: MAIL.to_owned(), key: "k9".to_owned(), at: Instant::now() });
        broken(&unknown, &promise(), &[Law::History]);

        let mut without_end = sound();
        without_end.runs[0].events.pop();
        broken(&without_end, &promise(), &[Law::History]);

        let mut without_start = sound();
        without_start.runs[0].events.remove(0);
        broken(&without_start, &promise(), &[Law::History]);

        let mut ended_twice = sound();
        ended_twice.runs[0].events.push("finished".to_owned());
        broken(&ended_twice, &promise(), &[Law::History]);
    }

    #[test]
    fn a_refused_request_that_runs_is_told() {
        let mut ledger = sound();
        ledger.sent[2].answer = Answer::Refused(503);
        broken(&ledger, &Promise { accepted: 2, ..promise() }, &[Law::NothingTwice, Law::History]);
    }
}
