//! What the engine must know about modules that apps bring.

/// Answers which modules exist. Implemented over the registry of apps.
pub trait Catalogue {
    /// The facts about `app:Name` in this version (`None`: the blueprint names
    /// no version). `None` when we do not have such a module.
    fn facts(&self, module: &str, version: Option<i64>) -> Option<Facts>;
}

/// Facts about one module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// How it takes part in a flow.
    pub kind: Kind,
}

/// How a module takes part in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Starts a run when data is pushed to it. First in its scenario.
    InstantTrigger,
    /// Asked for news on a schedule. First in its scenario.
    PollingTrigger,
    /// Does something; usually one bundle in, one out.
    Action,
    /// Reads; any number of bundles out.
    Search,
    /// Sends a bundle down several routes.
    Router,
    /// Sends a bundle down the first branch that fits.
    IfElse,
    /// Where the branches of an if-else meet.
    Merge,
    /// Makes many bundles out of one.
    Iterator,
    /// Makes one bundle out of many.
    Aggregator,
    /// Variables, sleep and other helpers that the engine runs itself.
    Tool,
    /// Ends an error route: Ignore, Resume, Commit, Rollback, Break.
    Directive,
    /// A module that this program does not have.
    Unavailable,
}

impl Kind {
    /// Whether it starts runs.
    pub fn is_trigger(self) -> bool {
        matches!(self, Kind::InstantTrigger | Kind::PollingTrigger)
    }
}
