//! Scenario settings and scheduling, in Make's words.

use crate::blueprint::{self, Blueprint};
use crate::value::Value;

pub use crate::schedule::Scheduling;

/// `metadata.scenario` of a blueprint. Defaults are those that nearly every
/// export has (source: `blueprint-format.md` §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Largest number of cycles in a run.
    pub roundtrips: u32,
    /// Errors in a row after which the scenario is switched off.
    pub max_errors: u32,
    /// Commit after each module instead of at the end of the cycle.
    pub auto_commit: bool,
    /// Move the trigger's commit to the end.
    pub auto_commit_trigger_last: bool,
    /// One run at a time, in order of arrival.
    pub sequential: bool,
    /// Keep no bundles in the history.
    pub confidential: bool,
    /// When the store of incomplete executions is full, go on and drop.
    pub data_loss: bool,
    /// Store incomplete executions.
    pub incomplete_executions: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            roundtrips: 1,
            max_errors: 3,
            auto_commit: true,
            auto_commit_trigger_last: true,
            sequential: false,
            confidential: false,
            data_loss: false,
            incomplete_executions: false,
        }
    }
}

impl Settings {
    /// Reads the collection; anything missing or odd takes its default.
    pub fn from_value(value: &Value) -> Self {
        let default = Self::default();
        let flag = |name: &str, default| value.field(name).as_bool().unwrap_or(default);
        let count = |name: &str, default| {
            value.field(name).as_i64().and_then(|count| u32::try_from(count).ok()).unwrap_or(default)
        };
        Self {
            roundtrips: count("roundtrips", default.roundtrips),
            max_errors: count("maxErrors", default.max_errors),
            auto_commit: flag("autoCommit", default.auto_commit),
            auto_commit_trigger_last: flag("autoCommitTriggerLast", default.auto_commit_trigger_last),
            sequential: flag("sequential", default.sequential),
            confidential: flag("confidential", default.confidential),
            data_loss: flag("dataloss", default.data_loss),
            incomplete_executions: flag("dlq", default.incomplete_executions),
        }
    }

    /// The same blueprint with these settings. Only what differs is written,
    /// so that keys and values that mean the same stay as they were.
    pub fn write(&self, blueprint: &Blueprint) -> Result<Blueprint, blueprint::Error> {
        let before = blueprint.settings();
        let mut root = blueprint.root().as_collection().cloned().unwrap_or_default();
        let mut metadata = root.get("metadata").and_then(Value::as_collection).cloned().unwrap_or_default();
        let mut stored = metadata.get("scenario").and_then(Value::as_collection).cloned().unwrap_or_default();
        let mut put = |name: &str, old: Value, new: Value| {
            if old != new {
                stored.insert(name, new);
            }
        };
        put("roundtrips", before.roundtrips.into(), self.roundtrips.into());
        put("maxErrors", before.max_errors.into(), self.max_errors.into());
        put("autoCommit", before.auto_commit.into(), self.auto_commit.into());
        put("autoCommitTriggerLast", before.auto_commit_trigger_last.into(), self.auto_commit_trigger_last.into());
        put("sequential", before.sequential.into(), self.sequential.into());
        put("confidential", before.confidential.into(), self.confidential.into());
        put("dataloss", before.data_loss.into(), self.data_loss.into());
        put("dlq", before.incomplete_executions.into(), self.incomplete_executions.into());
        if before == *self {
            return Ok(blueprint.clone());
        }
        metadata.insert("scenario", stored);
        root.insert("metadata", metadata);
        blueprint.edited(root.into())
    }
}

/// What becomes of scheduled runs that could not start in time because the
/// server was off (decision D67). Ours; Make's servers are never off. Stored
/// under its name, which is never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissedRuns {
    /// They are left out.
    Skip,
    /// One run makes up for all of them.
    #[default]
    Once,
    /// Each of them runs.
    Every,
}

impl MissedRuns {
    /// All rules, in the order of the form.
    pub const ALL: [Self; 3] = [Self::Once, Self::Skip, Self::Every];

    /// The stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            MissedRuns::Skip => "skip",
            MissedRuns::Once => "once",
            MissedRuns::Every => "every",
        }
    }

    /// Back from [`MissedRuns::as_str`].
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_written() {
        let text =
            r#"{"name":"A","flow":[],"metadata":{"version":1,"scenario":{"slots":null,"roundtrips":1,"dlq":false}}}"#;
        let blueprint = Blueprint::parse(text.as_bytes()).unwrap();
        let same = blueprint.settings().write(&blueprint).unwrap();
        assert_eq!(same.document(), blueprint.document());
        let wanted = Settings { incomplete_executions: true, max_errors: 5, ..blueprint.settings() };
        let written = wanted.write(&blueprint).unwrap();
        assert_eq!(written.settings(), wanted);
        let expected = r#"{"name":"A","flow":[],"metadata":{"version":1,"scenario":{"slots":null,"roundtrips":1,"dlq":true,"maxErrors":5}}}"#;
        assert_eq!(crate::json::to_string(written.document()), expected);
    }

    #[test]
    fn a_blueprint_without_metadata_gets_it() {
        let blueprint = Blueprint::parse(br#"{"flow":[]}"#).unwrap();
        let wanted = Settings { sequential: true, ..Settings::default() };
        assert_eq!(wanted.write(&blueprint).unwrap().settings(), wanted);
    }
}
