//! The log of a run in sentences, with its phases.

use std::collections::{HashMap, HashSet};

use rouage_engine::trace::{OperationTrace, State};
use rouage_model::journal::Event;
use rouage_model::{ModuleError, ModuleId, OperationId};
use rouage_runtime::{History, brief_error};
use rouage_sdk::Field;

use super::trouble::fields_of;
use crate::look;
use crate::render::{Page, Times};
use crate::words;
use crate::words::t;

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
        place: if total > LINES {
            t!("Lines {start} to {end} of {total}", start = start + 1, end = end, total = total)
        } else {
            String::new()
        },
        previous: link(start > 0, start.saturating_sub(LINES)),
        next: link(end < total, end),
    }
}

struct Writer<'a> {
    history: &'a History,
    times: &'a Times,
    names: HashMap<ModuleId, String>,
    /// The fields of the modules that tell of an error.
    fields: HashMap<ModuleId, Vec<Field>>,
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
        let fields = fields_of_failed(page, history);
        let in_journal = history.journal.iter().filter_map(Event::operation).map(|(operation, _)| operation).collect();
        Self { history, times, names, fields, in_journal, lines: Vec::new(), told: 0, of: None }
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
                let given = given.map_or(t!("The trigger is asked for data.").to_owned(), |count| {
                    t!("It was given {count}.", count = count)
                });
                self.say(at, "", t!("Initialisation. {given}", given = given));
            }
            Event::Called { operation, module, attempt, .. } => {
                let what = if *attempt > 1 {
                    t!("is called, attempt {attempt}.", attempt = attempt)
                } else {
                    t!("is called.").to_owned()
                };
                let text = self.operation(*operation, *module, &what);
                self.say(at, "", text);
            }
            Event::Returned { operation, module, bundles, .. } => {
                let what = t!("gave {number}.", number = words::count(bundles.len() as u64, "bundle"));
                let text = self.operation(*operation, *module, &what);
                self.say(at, "success", text);
            }
            Event::Retrying { operation, module, attempt, until, error, .. } => {
                let until = words::exact(*until, &self.times.zone);
                let what = t!(
                    "failed at attempt {attempt}, next one at {until}: {brief}",
                    attempt = attempt,
                    until = until,
                    brief = self.brief(*module, error)
                );
                let text = self.operation(*operation, *module, &what);
                self.say(at, "warning", text);
            }
            Event::Sleeping { operation, module, until, .. } => {
                let what = t!("sleeps until {time}.", time = words::exact(*until, &self.times.zone));
                let text = self.operation(*operation, *module, &what);
                self.say(at, "", text);
            }
            // No module's: commit or rollback could not be made.
            Event::Failed { error, .. } if event.operation().is_none() => {
                self.say(
                    at,
                    "error",
                    t!("Commit or rollback failed: {brief_error}", brief_error = brief_error(error, &[])),
                );
            }
            Event::Failed { operation, module, error, .. } => {
                let what = format!("failed: {}", self.brief(*module, error));
                let text = self.operation(*operation, *module, &what);
                self.say(at, "error", text);
            }
            Event::Parked { operation, module, error, .. } => {
                let what = t!("was stored as an incomplete execution: {brief}", brief = self.brief(*module, error));
                let text = self.operation(*operation, *module, &what);
                self.say(at, "warning", text);
            }
            Event::Committed { .. } => {
                self.say(at, "", t!("Commit: what the transactional modules did is kept.").to_owned())
            }
            Event::RolledBack { .. } => {
                self.say(at, "warning", t!("Rollback: what the transactional modules did is undone.").to_owned());
            }
            Event::Interrupted { .. } => {
                self.say(at, "warning", t!("The time of the run is up; it is interrupted.").to_owned())
            }
            Event::Finished { status, error, .. } => {
                self.tell_operations_before(OperationId(u32::MAX));
                self.of = None;
                let why = error.as_ref().map(|error| format!(" {}", brief_error(error, &[])));
                let text = t!(
                    "Finalisation. The run ended: {status}.{why}",
                    status = words::status(*status),
                    why = why.unwrap_or_default()
                );
                self.say(at, status.as_str(), text);
            }
        }
    }

    /// An error of a module in a line.
    fn brief(&self, module: ModuleId, error: &ModuleError) -> String {
        brief_error(error, self.fields.get(&module).map(Vec::as_slice).unwrap_or_default())
    }

    fn operation(&self, operation: OperationId, module: ModuleId, what: &str) -> String {
        if operation.0 == 0 {
            return t!("The run {what}", what = what);
        }
        let name = self.names.get(&module).cloned().unwrap_or_else(|| t!("Module {module}", module = module));
        t!("Operation {operation}: {name} {what}", operation = operation, name = name, what = what)
    }

    fn say(&mut self, at: jiff::Timestamp, class: &'static str, text: String) {
        self.lines.push(Line { at: words::exact(at, &self.times.zone), class, text, of: self.of });
    }
}

fn fields_of_failed(page: &Page, history: &History) -> HashMap<ModuleId, Vec<Field>> {
    let failed: HashSet<ModuleId> = history
        .journal
        .iter()
        .filter_map(|event| match event {
            Event::Failed { module, .. } | Event::Parked { module, .. } | Event::Retrying { module, .. } => {
                Some(*module)
            }
            _ => None,
        })
        .collect();
    let modules = history.blueprint.iter().flat_map(|blueprint| blueprint.modules());
    let modules = modules.filter_map(|visited| Some((visited.module.id()?, visited.module)));
    let modules = modules.filter(|(id, _)| failed.contains(id));
    modules.map(|(id, module)| (id, fields_of(page.app.registry(), module).input)).collect()
}

fn outcome(operation: &OperationTrace) -> String {
    match operation.state {
        State::Failed => "failed.".to_owned(),
        State::Running | State::Waiting => t!("is at work.").to_owned(),
        _ => t!("gave {number}.", number = words::count(operation.output.len() as u64, "bundle")),
    }
}
