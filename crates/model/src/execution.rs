//! An execution: one run of a scenario, and how it stands.

use serde::{Deserialize, Serialize};

macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $type { $($(#[$variant_doc])* #[serde(rename = $name)] $variant,)* }

        impl $type {
            /// The stored name.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok($type::$variant),)*
                    other => Err(format!("{other:?} is not a {}", stringify!($type))),
                }
            }
        }
    };
}

named! {
    /// Where an execution stands.
    Status {
        /// Accepted and waiting for a worker.
        Queued = "queued",
        /// A worker has it.
        Running = "running",
        /// Waiting for a moment in time: a sleep or a retry.
        Waiting = "waiting",
        /// Something may have happened; a person must decide.
        InDoubt = "in-doubt",
        /// Ended well.
        Success = "success",
        /// Ended, with something stored or cut short.
        Warning = "warning",
        /// Ended by an error.
        Error = "error",
        /// Ended by a person.
        Stopped = "stopped",
    }
}

impl Status {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Status::Success | Status::Warning | Status::Error | Status::Stopped)
    }
}

named! {
    /// What started an execution.
    Origin {
        /// A request to a webhook.
        Webhook = "webhook",
        /// The schedule.
        Schedule = "schedule",
        /// Somebody pressed Run once.
        Manual = "manual",
        /// The command line or the API.
        Api = "api",
        /// An incomplete execution is tried again.
        Retry = "retry",
        /// The data of an earlier run, with today's scenario.
        Replay = "replay",
        /// Another scenario called it.
        Scenario = "scenario",
        /// Somebody pressed Run once in the editor, on what is not published.
        Draft = "draft",
    }
}

named! {
    /// Where an incomplete execution stands.
    IncompleteStatus {
        /// Waits for a person.
        Unresolved = "unresolved",
        /// Will be retried at a known time.
        Pending = "pending",
        /// Being retried.
        InProgress = "in-progress",
        /// Done with.
        Resolved = "resolved",
    }
}

named! {
    /// Why an execution is incomplete.
    IncompleteReason {
        /// An error that was stored instead of ending the run.
        Error = "error",
        /// A call was made and no answer is known: it may have happened.
        MayHaveHappened = "may-have-happened",
    }
}
