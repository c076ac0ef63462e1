//! What the type of an error means for its scenario, beyond the run or the
//! bundle that it ends: Make's table of default treatment (source:
//! `make-semantics.md` §4.2), with our reasons where we differ.

use rouage_model::ErrorKind;

/// What happens to the scenario when nothing handles the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// It counts; `maxErrors` of them in a row switch the scenario off.
    Counts,
    /// It counts, and the schedule pauses.
    Pauses,
    /// The scenario is switched off at once: the account must be renewed.
    RenewAccount,
    /// The scenario is switched off at once: it would go wrong every time, or
    /// do harm.
    SwitchesOff,
}

/// The table.
///
/// We differ from Make in three lines:
/// - `OperationsLimitExceededError` only counts. In Make the credits of the
///   account are used up; here one run was too large, and others are not.
/// - `UnexpectedError` only counts. In Make it locks the scenario; here it is a
///   defect or a failure of ours that mostly passes, and a shop's orders must
///   not be refused for it.
/// - `RateLimitError` and its like pause a schedule only, as in Make; a
///   scenario that runs as data arrives does not refuse data.
pub fn consequence(kind: ErrorKind) -> Consequence {
    match kind {
        ErrorKind::AccountValidationError | ErrorKind::InvalidAccessTokenError => Consequence::RenewAccount,
        ErrorKind::DataSizeLimitExceededError
        | ErrorKind::InconsistencyError
        | ErrorKind::InvalidConfigurationError => Consequence::SwitchesOff,
        ErrorKind::ConnectionError | ErrorKind::IncompleteDataError | ErrorKind::RateLimitError => Consequence::Pauses,
        ErrorKind::BundleValidationError
        | ErrorKind::DataError
        | ErrorKind::DuplicateDataError
        | ErrorKind::ExecutionInterruptedError
        | ErrorKind::MaxFileSizeExceededError
        | ErrorKind::MaxResultsExceededError
        | ErrorKind::ModuleTimeoutError
        | ErrorKind::OperationsLimitExceededError
        | ErrorKind::OutOfSpaceError
        | ErrorKind::RuntimeError
        | ErrorKind::UnexpectedError => Consequence::Counts,
    }
}

/// Why a scenario was switched off at once, and what to do.
pub fn sentence(kind: ErrorKind, module: &str) -> String {
    let (why, what) = match kind {
        ErrorKind::InvalidConfigurationError => {
            ("is not set up so that it can run", "Set it up on the scenario's Set-up tab")
        }
        ErrorKind::InconsistencyError => {
            ("could neither keep nor undo what it had done", "Look at the data that it writes and put it right")
        }
        _ => ("may not transfer any more data", "Raise the quota at the other side"),
    };
    format!("Switched off because {module} {why}. {what}, then switch the scenario on again.")
}
