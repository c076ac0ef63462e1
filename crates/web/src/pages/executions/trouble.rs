//! Errors as people need them: what happened, and what to do.

use rouage_model::execution::Status;
use rouage_model::{Certainty, ErrorKind, ModuleError};

use crate::words;

/// An error as people need it.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What happened, in a sentence.
    pub what: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// How the error begins.
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
        Status::Stopped => ("Somebody stopped the run.", "Read what it left behind before you replay it."),
        _ => ("The run did not end well.", "Read the text below, change what it names and run the scenario again."),
    };
    Some(Trouble { what, advice, first_line: first_line(&raw), raw, kind: String::new(), details: Vec::new() })
}

/// What says most in a line: which fields do not fit, else how the error begins.
fn gist(error: &ModuleError) -> String {
    match error.details.as_slice() {
        details if error.kind == ErrorKind::BundleValidationError && !details.is_empty() => {
            words::cut(&details.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), FIRST_LINE)
        }
        _ => first_line(&error.message),
    }
}

/// An error in words, with what to do.
pub fn trouble(error: &ModuleError) -> Trouble {
    let (what, advice) = match error.certainty {
        Certainty::NotApplied => advice(error.kind),
        Certainty::MaybeApplied => IN_DOUBT,
    };
    Trouble {
        what,
        advice,
        first_line: gist(error),
        raw: error.message.to_string(),
        kind: error.kind.to_string(),
        details: error.details.iter().map(ToString::to_string).collect(),
    }
}

/// An answer that never came says nothing about what was done.
const IN_DOUBT: (&str, &str) = (
    "The call was sent, but no answer came back.",
    "Look at the other side whether it went through, and only then decide: doing it again blindly may do it twice.",
);

fn advice(kind: ErrorKind) -> (&'static str, &'static str) {
    use ErrorKind as K;
    match kind {
        K::AccountValidationError | K::InvalidAccessTokenError => (
            "The other service refused the account.",
            "Open Connections, test the account of this module and renew it.",
        ),
        K::BundleValidationError => (
            "The mapped data does not fit the module.",
            "Compare the input below with what the field named in the text needs, then correct the mapping or add a filter before it.",
        ),
        K::ConnectionError => (
            "The other service could not be reached.",
            "It is usually a passing trouble: run it again. If it stays, check the address and the network.",
        ),
        K::ModuleTimeoutError => {
            ("The other service did not answer in time.", "Try again later, or ask for less at once.")
        }
        K::RateLimitError => {
            ("The other service was asked too often.", "Wait, run less often, or add a Sleep module before this one.")
        }
        K::DuplicateDataError => {
            ("It exists already.", "Search for it first, or ignore this error with an error route.")
        }
        K::DataError => ("The other service refused the data.", "Compare the input below with the text of the error."),
        K::InvalidConfigurationError => {
            ("The module is set up wrongly.", "Open the scenario and correct the module's settings.")
        }
        K::IncompleteDataError => ("Only a part of the data came.", "Run it again a little later."),
        K::DataSizeLimitExceededError | K::MaxFileSizeExceededError | K::MaxResultsExceededError => {
            ("There is more data than allowed.", "Ask for less at once, or raise the limit in the configuration.")
        }
        K::OperationsLimitExceededError | K::ExecutionInterruptedError => (
            "The run was cut because it took too long or too many operations.",
            "Look for a loop, or split the work over several runs.",
        ),
        K::OutOfSpaceError => ("There is no space left.", "Free disk space on the server, then run it again."),
        K::InconsistencyError => (
            "Something could not be committed or undone.",
            "Check by hand what the modules changed before you run it again.",
        ),
        K::RuntimeError => (
            "The module or the other service failed.",
            "If it is a passing trouble, run it again; otherwise change what the text names.",
        ),
        K::UnexpectedError => {
            ("Something went wrong inside Rouage.", "Please report it with the text below. The data is kept.")
        }
    }
}
