//! Errors as people need them: what happened, and what to do about it. The
//! text of the error itself stands beside, for those who can use it.

use std::borrow::Cow;

use rouage_model::{Certainty, ErrorKind, ModuleError};
use rouage_sdk::Field;
use rouage_sdk::guard::refused_address;

use crate::labels;

/// Characters that are told of an error's own text.
const GIST: usize = 160;

/// An error in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What happened, in a sentence.
    pub what: Cow<'static, str>,
    /// What to do about it.
    pub advice: Cow<'static, str>,
    /// What the error says itself, in a line; empty when `what` says it all.
    pub gist: String,
}

/// An error in words. `fields` are those of the module, where they are known:
/// they are named by their labels.
pub fn told(error: &ModuleError, fields: &[Field]) -> Told {
    let (what, advice) = explain(error);
    Told { what, advice, gist: gist(error, fields) }
}

/// The same in a line, for lists and notices.
pub fn brief(error: &ModuleError, fields: &[Field]) -> String {
    let Told { what, gist, .. } = told(error, fields);
    if gist.is_empty() { what.into_owned() } else { format!("{what} {gist}") }
}

/// How an error is kept beside its run: its type, what it says, what does not
/// fit.
pub(crate) fn raw(error: &ModuleError, fields: &[Field]) -> String {
    let details = unfit(error, fields);
    format!("{}: {}{}{details}", error.kind, error.message, if details.is_empty() { "" } else { " " })
}

/// What does not fit, in a line.
fn unfit(error: &ModuleError, fields: &[Field]) -> String {
    error.details.iter().map(|detail| labels::in_labels(detail, fields)).collect::<Vec<_>>().join(" ")
}

/// What is kept of an error beside a run, in a line for people. Other reasons,
/// such as a stop by hand, are sentences already.
pub fn brief_of_raw(text: &str) -> String {
    let parsed = text.split_once(": ").and_then(|(kind, message)| Some((kind.parse::<ErrorKind>().ok()?, message)));
    let Some((kind, message)) = parsed else { return text.to_owned() };
    let unfit = message.strip_prefix("Validation failed for ").and_then(|rest| rest.split_once(" parameter(s). "));
    match unfit {
        Some((_, unfit)) if kind == ErrorKind::BundleValidationError => {
            brief(&ModuleError::validation(vec![unfit.into()]), &[])
        }
        _ => brief(&ModuleError::new(kind, message), &[]),
    }
}

/// What says most in a line: which fields do not fit, else how the error begins.
fn gist(error: &ModuleError, fields: &[Field]) -> String {
    let details = unfit(error, fields);
    let text = match error.kind {
        ErrorKind::BundleValidationError if !details.is_empty() => &details,
        // All of it is in the sentence.
        _ if refused_address(&error.message).is_some() => "",
        _ => error.message.lines().next().unwrap_or_default().trim(),
    };
    cut(text)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(GIST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

type Sentences = (Cow<'static, str>, Cow<'static, str>);

fn explain(error: &ModuleError) -> Sentences {
    if let Some((address, rule)) = refused_address(&error.message) {
        return refused_by_us(address, rule);
    }
    let status = status(&error.message);
    if error.certainty == Certainty::MaybeApplied {
        let what = match status {
            Some(status) => format!("A gateway answered {status}: what the service behind it did is not known.").into(),
            None => "The call was sent, but no answer came back.".into(),
        };
        return (what, LOOK_FIRST.into());
    }
    match status {
        Some(status) => answered(status),
        None if is_empty_field(error) => said(EMPTY_FIELD),
        None => said(advice(error.kind)),
    }
}

fn said((what, advice): (&'static str, &'static str)) -> Sentences {
    (what.into(), advice.into())
}

/// An answer that never came says nothing about what was done.
const LOOK_FIRST: &str =
    "Look at the other side whether it went through, and only then decide: doing it again blindly may do it twice.";

const EMPTY_FIELD: (&str, &str) = (
    "A field that the module needs was empty.",
    "Open the module and fill in the field that is named. If a value is mapped there, a filter before the module can \
     hold back bundles without one.",
);

fn is_empty_field(error: &ModuleError) -> bool {
    error.kind == ErrorKind::BundleValidationError
        && !error.details.is_empty()
        && error.details.iter().all(|detail| labels::tells_of_emptiness(detail))
}

fn refused_by_us(address: &str, rule: &str) -> Sentences {
    let what =
        format!("Rouage itself refused the call, and nothing was sent: {address} is not a public address ({rule}).");
    (what.into(), own_network(address).into())
}

/// What to do about an address that Rouage does not call.
pub(crate) fn own_network(address: &str) -> String {
    format!(
        "Rouage does not call addresses in your own network unless the person who runs it allows it: start it with \
         --allow-net {address}, or add that address to allow_net in rouage.toml."
    )
}

/// The HTTP status with which the text of an error begins, in brackets.
fn status(message: &str) -> Option<u16> {
    let (status, _) = message.strip_prefix('[')?.split_once(']')?;
    status.parse().ok().filter(|status| (400..600).contains(status))
}

/// What a service means by a status.
fn answered(status: u16) -> Sentences {
    let (meaning, advice) = match status {
        400 => (
            "it does not understand what was sent",
            "Compare the address, the headers and the body of the module with what the service asks for.",
        ),
        401 => (
            "it does not accept the account",
            "Check the user name, key or token of this module or of its connection: it may be wrong or have run out.",
        ),
        403 => (
            "the account may not do this",
            "Use an account that is allowed to, or ask the people of that service for the right.",
        ),
        404 => (
            "there is nothing at this address",
            "Check the address and the ids in it: one may be misspelt, or what it names was deleted.",
        ),
        405 => ("it cannot be called by this method", "Choose another method in the module, such as POST for GET."),
        409 => {
            ("what is there already stands against it", "Search for it first, or let an error route ignore this error.")
        }
        410 => ("what was there is gone for good", "Take the address out of the scenario, or ask for the new one."),
        413 => ("what was sent is too large for it", "Send less at once, or a smaller file."),
        415 => ("it does not take this kind of content", "Choose another body type or Content-Type in the module."),
        422 => (
            "it could read what was sent, but a value in it does not fit",
            "Read what the service says, and correct what is mapped to the field that it names.",
        ),
        429 => ("it was asked too often", "Wait, run the scenario less often, or put a Sleep module before this one."),
        502..=504 => ("it is not there at the moment", "It mostly passes: run it again a little later."),
        500..=599 => (
            "the fault is on its side",
            "Run it again later. If it stays, ask the people of that service; the text of the error is what it said.",
        ),
        _ => (
            "it did not accept the request",
            "Read what the service says, and compare it with the module's address, headers and body.",
        ),
    };
    (format!("The other service answered {status}: {meaning}.").into(), advice.into())
}

fn advice(kind: ErrorKind) -> (&'static str, &'static str) {
    use ErrorKind as K;
    match kind {
        K::AccountValidationError | K::InvalidAccessTokenError => (
            "The other service refused the account.",
            "Open Connections, test the account of this module and renew it.",
        ),
        K::BundleValidationError => (
            "What is mapped does not fit the module.",
            "Open the module and correct the field that is named, or put a filter before it that lets only fitting bundles through.",
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
        K::DataError => (
            "The module could not use the data.",
            "Compare what the module was given with the text of the error, then correct its mapping.",
        ),
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
            "The module failed.",
            "If it is a passing trouble, run it again; otherwise change what the text of the error names.",
        ),
        K::UnexpectedError => {
            ("Something went wrong inside Rouage.", "Please report it with the text of the error. The data is kept.")
        }
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::guard::Guard;
    use rouage_sdk::http::error_for_status;

    use super::*;

    #[test]
    fn each_status_has_its_own_words() {
        let what = |status: u16| told(&error_for_status(status, b"boom", None), &[]).what.into_owned();
        assert_eq!(what(500), "The other service answered 500: the fault is on its side.");
        assert_eq!(what(599), "The other service answered 599: the fault is on its side.");
        let own = [400, 401, 403, 404, 413, 418, 422, 429, 500, 503].map(what);
        let different: std::collections::HashSet<_> = own.iter().map(|text| text.split(": ").nth(1)).collect();
        assert_eq!(different.len(), own.len(), "{own:?}");
        assert!(what(502).starts_with("A gateway answered 502"), "it may have happened");
        assert_eq!(told(&error_for_status(500, b"boom", None), &[]).gist, "[500] boom");
    }

    #[test]
    fn who_refused_is_told() {
        let refusal = Guard::default().foresee("http://10.0.0.5/").unwrap();
        let told = told(&refusal.into(), &[]);
        assert!(told.what.starts_with("Rouage itself refused the call"), "{told:?}");
        assert!(told.advice.contains("--allow-net 10.0.0.5") && told.gist.is_empty(), "{told:?}");
    }

    #[test]
    fn what_is_kept_of_an_error_is_told_without_its_type() {
        let error = ModuleError::validation(vec!["Missing value of required parameter 'sheetId'.".into()]);
        assert_eq!(raw(&error, &[]).split_once(' ').unwrap().0, "BundleValidationError:");
        let words = "A field that the module needs was empty. “sheetId” is empty.";
        assert_eq!((brief_of_raw(&raw(&error, &[])), brief(&error, &[])), (words.to_owned(), words.to_owned()));
        let fields = [Field::text("sheetId", "Sheet Name")];
        let words = "A field that the module needs was empty. “Sheet Name” is empty.";
        assert_eq!((brief_of_raw(&raw(&error, &fields)), brief(&error, &fields)), (words.to_owned(), words.to_owned()));
        // As it was kept before.
        let old = brief_of_raw("BundleValidationError: Validation failed for 1 parameter(s).");
        assert_eq!(old, "What is mapped does not fit the module. Validation failed for 1 parameter(s).");
        assert_eq!(brief_of_raw("DataError: no such order"), "The module could not use the data. no such order");
        for whole in ["stopped by hand", "defect: an answer does not fit the run: x", "A: b"] {
            assert_eq!(brief_of_raw(whole), whole);
        }
    }

    #[test]
    fn what_may_have_happened_is_not_called_a_failure_to_send() {
        let told = told(&ModuleError::new(ErrorKind::ConnectionError, "cut").maybe_applied(), &[]);
        assert_eq!(
            (told.what.as_ref(), told.advice.as_ref()),
            ("The call was sent, but no answer came back.", LOOK_FIRST)
        );
    }
}
