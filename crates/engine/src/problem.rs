//! What is wrong with a blueprint, in words for its owner.

use rouage_model::ModuleId;

/// One thing to mend or to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where; `None` for the scenario as a whole.
    pub module: Option<ModuleId>,
    /// Which field of it, as `to[1].address`, `filter` or `groupBy`.
    pub field: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and what to do.
    pub message: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Please check; the scenario may not do what was meant.
    Warning,
    /// The module is not part of this program: runs that reach it fail there.
    Unavailable,
    /// The scenario cannot be switched on.
    Error,
}
