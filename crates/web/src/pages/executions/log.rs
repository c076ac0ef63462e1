//! The log of a run in sentences, with its phases.

use std::collections::{HashMap, HashSet};

use rouage_engine::trace::{OperationTrace, State};
use rouage_model::journal::Event;
use rouage_model::{ModuleId, OperationId};
use rouage_runtime::History;

use super::trouble::first_line;
use crate::look;
use crate::render::{Page, Times};
use crate::words;

/// Lines on one page.
const LINES: usize = 200;

/// A part of the log.
pub struct Log {
    pub lines: Vec<Line>,
    /// Such as `Lines 201 to 400 of 1,022`; empty when all are shown.
    pub place: String,
    /// Query of the lines before; empty when there are none.
    pub previous: String,
    /// Query of the lines after; empty when there are none.
    pub next: String,
}

/// One line.
pub struct Line {
    pub at: String,
    pub class: &'static str,
    pub text: String,
    /// The operation that it tells of.
    pub of: Option<(OperationId, ModuleId)>,
}

/// All lines.
pub fn lines(page: &Page, history: &History, times: &Times) -> Vec<Line> {
    Writer::new(page, history, times).write()
}

/// The part that is asked for.
pub fn log(page: &Page, history: &History, times: &Times) -> Log {
    let all = lines(page, history, times);
    let total = all.len();
    let start = page.query.text("line").parse::<usize>().unwrap_or(0).min(total.saturating_sub(1)) / LINES * LINES;
    let end = total.min(start + LINES);
    let link = |wanted: bool, line: usize| {
        if wanted { format!("{}#log", page.query.with("line", &line.to_string())) } else { String::new() }
    };
    Log {
        lines: all.into_iter().skip(start).take(LINES).collect(),
        place: if total > LINES { format!("Lines {} to {end} of {total}", start + 1) } else { String::new() },
        previous: link(start > 0, start.saturating_sub(LINES)),
        next: link(end < total, end),
    }
}

struct Writer<'a> {
    history: &'a History,
    times: &'a Times,
    names: HashMap<ModuleId, String>,
    /// Operations of which the journal tells.
    in_journal: HashSet<OperationId>,
    lines: Vec<Line>,
    /// Operations that were told, in order.
    told: usize,
    /// The one that is being told.
    of: Option<(OperationId, ModuleId)>,
}

impl<'a> Writer<'a> {
    fn new(page: &Page, history: &'a History, times: &'a Times) -> Self {
        let modules = history.blueprint.iter().flat_map(|blueprint| blueprint.modules());
        let named = modules.filter_map(|visited| {
            let (id, look) = (visited.module.id()?, look::of(page.app.registry(), visited.module));
            Some((id, format!("{} – {} [{id}]", look.app_label, look.label)))
        });
        let names = named.collect();
        let in_journal = history.journal.iter().filter_map(Event::operation).map(|(operation, _)| operation).collect();
        Self { history, times, names, in_journal, lines: Vec::new(), told: 0, of: None }
    }

    fn write(mut self) -> Vec<Line> {
        for event in &self.history.journal {
            self.tell(event);
        }
        self.tell_operations_before(OperationId(u32::MAX));
        self.lines
    }

    /// Operations of modules that the engine runs itself leave no event; they
    /// are told before the next one that does.
    fn tell_operations_before(&mut self, operation: OperationId) {
        let history = self.history;
        while let Some(next) = history.trace.operations.get(self.told).filter(|next| next.operation < operation) {
            self.told += 1;
            if !self.in_journal.contains(&next.operation) {
                let text = self.operation(next.operation, next.module, &outcome(next));
                self.of = Some((next.operation, next.module));
                self.say(next.started_at, "", text);
            }
        }
        let is_it = |next: &OperationTrace| next.operation == operation;
        if history.trace.operations.get(self.told).is_some_and(is_it) {
            self.told += 1;
        }
    }

    fn tell(&mut self, event: &Event) {
        let at = event.at();
        if let Some((operation, _)) = event.operation() {
            self.tell_operations_before(operation);
        }
        self.of = event.operation();
        match event {
            Event::Started { bundles, .. } => {
                let given = bundles.as_ref().map(|bundles| words::count(bundles.len() as u64, "bundle"));
                let given =
                    given.map_or("The trigger is asked for data.".to_owned(), |count| format!("It was given {count}."));
                self.say(at, "", format!("Initialisation. {given}"));
            }
            Event::Called { operation, module, attempt, .. } => {
                let what =
                    if *attempt > 1 { format!("is called, attempt {attempt}.") } else { "is called.".to_owned() };
                let text = self.operation(*operation, *module, &what);
                self.say(at, "", text);
            }
            Event::Returned { operation, module, bundles, .. } => {
                let what = format!("gave {}.", words::count(bundles.len() as u64, "bundle"));
                let text = self.operation(*operation, *module, &what);
                self.say(at, "success", text);
            }
            Event::Retrying { operation, module, attempt, until, error, .. } => {
                let until = words::exact(*until, &self.times.zone);
                let what = format!("failed at attempt {attempt}, next one at {until}: {}", first_line(&error.message));
                let text = self.operation(*operation, *module, &what);
                self.say(at, "warning", text);
            }
            Event::Sleeping { operation, module, until, .. } => {
                let what = format!("sleeps until {}.", words::exact(*until, &self.times.zone));
                let text = self.operation(*operation, *module, &what);
                self.say(at, "", text);
            }
            // No module's: commit or rollback could not be made.
            Event::Failed { error, .. } if event.operation().is_none() => {
                self.say(
                    at,
                    "error",
                    format!("Commit or rollback failed ({}): {}", error.kind, first_line(&error.message)),
                );
            }
            Event::Failed { operation, module, error, .. } => {
                let what = format!("failed ({}): {}", error.kind, first_line(&error.message));
                let text = self.operation(*operation, *module, &what);
                self.say(at, "error", text);
            }
            Event::Parked { operation, module, error, .. } => {
                let what = format!("was stored as an incomplete execution ({}).", error.kind);
                let text = self.operation(*operation, *module, &what);
                self.say(at, "warning", text);
            }
            Event::Committed { .. } => {
                self.say(at, "", "Commit: what the transactional modules did is kept.".to_owned())
            }
            Event::RolledBack { .. } => {
                self.say(at, "warning", "Rollback: what the transactional modules did is undone.".to_owned());
            }
            Event::Interrupted { .. } => {
                self.say(at, "warning", "The time of the run is up; it is interrupted.".to_owned())
            }
            Event::Finished { status, error, .. } => {
                self.tell_operations_before(OperationId(u32::MAX));
                self.of = None;
                let why = error.as_ref().map(|error| format!(" {}: {}", error.kind, first_line(&error.message)));
                let text =
                    format!("Finalisation. The run ended: {}.{}", words::status(*status), why.unwrap_or_default());
                self.say(at, status.as_str(), text);
            }
        }
    }

    fn operation(&self, operation: OperationId, module: ModuleId, what: &str) -> String {
        if operation.0 == 0 {
            return format!("The run {what}");
        }
        let name = self.names.get(&module).cloned().unwrap_or_else(|| format!("Module {module}"));
        format!("Operation {operation}: {name} {what}")
    }

    fn say(&mut self, at: jiff::Timestamp, class: &'static str, text: String) {
        self.lines.push(Line { at: words::exact(at, &self.times.zone), class, text, of: self.of });
    }
}

fn outcome(operation: &OperationTrace) -> String {
    match operation.state {
        State::Failed => "failed.".to_owned(),
        State::Running | State::Waiting => "is at work.".to_owned(),
        _ => format!("gave {}.", words::count(operation.output.len() as u64, "bundle")),
    }
}
