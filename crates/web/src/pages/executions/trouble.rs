//! Errors as people need them: what happened, and what to do.

use std::borrow::Cow;

use rouage_model::ModuleError;
use rouage_model::blueprint::Module;
use rouage_model::execution::Status;
use rouage_runtime::{ToldError, brief_of_raw, entry, told_error};
use rouage_sdk::{Field, Registry};

use crate::words;
use crate::words::t;

/// An error as people need it.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What happened, in a sentence.
    pub what: String,
    /// What to do about it.
    pub advice: String,
    /// How the error begins; empty when the sentence says it all.
    pub first_line: String,
    /// The error as it came.
    pub raw: String,
    /// Its type.
    pub kind: String,
    /// Further lines of the error.
    pub details: Vec<String>,
}

/// Characters of an error's first line beside what happened.
const FIRST_LINE: usize = 160;

pub fn first_line(raw: &str) -> String {
    words::cut(raw.lines().next().unwrap_or_default().trim(), FIRST_LINE)
}

/// The whole reason of a run that was stopped and left nothing in doubt.
const STOPPED: &str = "stopped by hand";

/// The reason of a run that no operation gives.
pub fn unnamed_trouble(execution: &rouage_store::executions::Execution) -> Option<Trouble> {
    let raw = execution.error.clone()?;
    let (what, advice) = match execution.status {
        // The sentence above says all there is to say.
        Status::Stopped if raw == STOPPED => return None,
        // Its modules say the same.
        Status::Warning => return None,
        Status::Stopped => (t!("Somebody stopped the run."), t!("Read what it left behind before you replay it.")),
        _ => (
            t!("The run did not end well."),
            t!("Read the text of the error, change what it names and run the scenario again."),
        ),
    };
    let first_line = first_line(&brief_of_raw(&raw));
    let (what, advice) = (what.to_owned(), advice.to_owned());
    Some(Trouble { what, advice, first_line, raw, kind: String::new(), details: Vec::new() })
}

/// The fields of a module's form and of what it gives.
#[derive(Default)]
pub struct Fields {
    pub input: Vec<Field>,
    pub output: Vec<Field>,
}

/// What is known of the fields of a module of a blueprint.
pub fn fields_of(registry: &Registry, module: Module<'_>) -> Fields {
    let Some(entry) = entry(registry, module.name(), module.version()) else { return Fields::default() };
    Fields { input: [entry.mapper, entry.parameters].concat(), output: entry.output }
}

/// An error in words, with what to do.
pub fn trouble(error: &ModuleError) -> Trouble {
    trouble_of(error, &[])
}

/// The same where the fields of the module are known.
pub fn trouble_of(error: &ModuleError, fields: &[Field]) -> Trouble {
    let ToldError { what, advice, gist } = told_error(error, fields);
    Trouble {
        what: translated(what),
        advice: translated(advice),
        first_line: gist,
        raw: error.message.to_string(),
        kind: error.kind.to_string(),
        details: error.details.iter().map(ToString::to_string).collect(),
    }
}

/// In the language of the request, unless a value stands in it.
fn translated(text: Cow<'static, str>) -> String {
    match text {
        Cow::Borrowed(text) => words::t(text).to_owned(),
        Cow::Owned(text) => text,
    }
}
