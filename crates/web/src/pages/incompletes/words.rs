//! What an incomplete execution is, in words for people.

use rouage_model::ErrorKind;
use rouage_model::execution::{IncompleteReason, IncompleteStatus};
use rouage_store::incompletes::{AT_ONCE, Incomplete, Policy};

use crate::render::Times;
use crate::words;
use crate::words::{noted, t};

/// How often the types that are tried by themselves are tried.
const BY_ERROR: u32 = 8;

/// The statuses with their names, in Make's words.
pub const STATUSES: &[(IncompleteStatus, &str)] = &[
    (IncompleteStatus::Unresolved, noted!("Unresolved")),
    (IncompleteStatus::Pending, noted!("Pending")),
    (IncompleteStatus::InProgress, noted!("In progress")),
    (IncompleteStatus::Resolved, noted!("Resolved")),
];

pub fn status(item: &Incomplete) -> &'static str {
    STATUSES.iter().find(|(status, _)| *status == item.status).map_or("", |(_, label)| words::t(label))
}

/// The style of its status.
pub fn class(item: &Incomplete) -> &'static str {
    match (item.status, item.reason) {
        (IncompleteStatus::Resolved, _) => "success",
        (IncompleteStatus::InProgress, _) => "running",
        (IncompleteStatus::Pending, _) => "waiting",
        (IncompleteStatus::Unresolved, IncompleteReason::MayHaveHappened) => "in-doubt",
        (IncompleteStatus::Unresolved, IncompleteReason::Error) => "warning",
    }
}

/// What it means.
pub fn meaning(item: &Incomplete) -> &'static str {
    match (item.reason, item.error.kind) {
        (IncompleteReason::MayHaveHappened, _) => {
            t!(
                "The call was sent and nobody can tell whether it went through, so it is not repeated by itself. This bundle has stopped here; the rest of the run went on."
            )
        }
        (_, ErrorKind::ExecutionInterruptedError) => {
            t!("The run took longer than it may. Everything that it had not done yet is kept here and can go on.")
        }
        (IncompleteReason::Error, _) => {
            t!(
                "The bundle that failed is kept here with all its data, and nothing is lost. It has stopped at this module; the rest of the run went on."
            )
        }
    }
}

/// What happens next, and what a person should do.
pub fn next_step(item: &Incomplete, is_on: bool, times: &Times) -> String {
    match item.status {
        IncompleteStatus::Resolved => t!("Nothing is left to do. It disappears from here after 30 days.").to_owned(),
        IncompleteStatus::InProgress => t!("A run goes on with it right now.").to_owned(),
        IncompleteStatus::Pending if item.asked => {
            t!("It is retried as soon as there is room: at most {at_once} of a scenario are retried at a time.", at_once = AT_ONCE)
        }
        IncompleteStatus::Pending if !is_on => {
            t!("It would be retried by itself, but the scenario is off. Switch the scenario on, or retry it now.")
                .to_owned()
        }
        IncompleteStatus::Pending => {
            let at = item.retry_at.map(|at| words::exact(at, &times.zone)).unwrap_or_default();
            t!("It is retried by itself at {at} ({tries}). You need not do anything, or can retry it now.", at = at, tries = tries(item))
        }
        IncompleteStatus::Unresolved => match item.reason {
            IncompleteReason::MayHaveHappened => {
                t!("Look at the other side whether it is there. Then choose: retry when it is not, mark as done when it is, or skip it.")
                    .to_owned()
            }
            IncompleteReason::Error if item.automatic > 0 => {
                t!("All automatic retries failed. Mend the cause, then retry it; or correct the module for this bundle.")
                    .to_owned()
            }
            IncompleteReason::Error => {
                t!("Mend the cause, then retry it; or correct the module for this bundle and run it with the correction.")
                    .to_owned()
            }
        },
    }
}

/// Such as `automatic retry 2 of 8`.
pub fn tries(item: &Incomplete) -> String {
    let most = match item.policy {
        Policy::Break { count, .. } => count,
        Policy::ByError | Policy::ByHand => BY_ERROR,
    };
    t!("automatic retry {number} of {most}", number = item.automatic.saturating_add(1), most = most)
}
