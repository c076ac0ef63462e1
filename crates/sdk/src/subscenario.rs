//! Calling another scenario: what the modules that do it have in common.
//!
//! The child is made in the transaction that writes the call down
//! ([`Prepared::child`]), so a call makes one child, whatever breaks. From then
//! on the call is only settled: at once when it does not wait, else when the
//! child has ended.

use rouage_model::execution::Status;
use rouage_model::{Collection, ErrorKind, ExecutionId, ModuleError, ScenarioId, Text, Value, Version};

use crate::module::{Call, Prepared, Settled};

/// What a module wants to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The scenario, of the same team.
    pub scenario: ScenarioId,
    /// What it is given: a collection or nothing.
    pub inputs: Value,
    /// Whether the call waits for its end.
    pub waits: bool,
}

/// A run that is to be made: checked, its inputs coerced.
#[derive(Debug, Clone, PartialEq)]
pub struct Child {
    /// Its id.
    pub execution: ExecutionId,
    /// The scenario.
    pub scenario: ScenarioId,
    /// The version that runs.
    pub version: Version,
    /// Its inputs.
    pub inputs: Value,
}

/// How a child stands.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It is not over.
    Active,
    /// It is over.
    Ended {
        /// How.
        status: Status,
        /// Why, when it did not end well.
        error: Option<Text>,
        /// What it returned: a collection.
        outputs: Value,
    },
    /// Nothing is known of it any more.
    Gone,
}

/// How a call ended that waited, or did not wait, for its child.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// It does not wait.
    Started,
    /// The child ended well, or with a warning.
    Returned {
        /// Which of the two.
        status: Status,
        /// What it returned: a collection.
        outputs: Value,
    },
}

const CHILD: &str = "child";
const WAITS: &str = "waits";

/// Has the child checked and readied; it is made with the call's event.
pub async fn prepare(call: &Call<'_>, request: Request) -> Result<Prepared, ModuleError> {
    let waits = request.waits;
    let child = call.host.plan_child(request).await?;
    let note = [(CHILD, Value::from(child.execution.to_string())), (WAITS, waits.into())];
    Ok(Prepared { note: Collection::from_iter(note).into(), child: Some(child), guard: None })
}

/// The run that a call has started, as [`prepare`] noted it.
pub fn child_of(note: &Value) -> Option<ExecutionId> {
    note.field(CHILD).as_text()?.parse().ok()
}

/// Looks what became of the child. `bundle` makes the output out of its id and
/// how it ended.
pub async fn settle(call: &Call<'_>, bundle: fn(ExecutionId, Ending) -> Value) -> Result<Settled, ModuleError> {
    let Some(child) = child_of(&call.note) else { return Ok(Settled::Unknown) };
    if call.note.field(WAITS).as_bool() != Some(true) {
        return Ok(Settled::Happened(vec![bundle(child, Ending::Started)]));
    }
    Ok(match call.host.child(child).await? {
        State::Active => Settled::Pending(child),
        State::Ended { status: status @ (Status::Success | Status::Warning), outputs, .. } => {
            Settled::Happened(vec![bundle(child, Ending::Returned { status, outputs })])
        }
        State::Ended { error, .. } => Settled::Failed(failure(error.as_deref())),
        State::Gone => Settled::Failed(failure(Some("its run was deleted from the history"))),
    })
}

/// Not of the child's own kind: what the child could mend by trying again it
/// has tried, and its accounts are not those of the caller.
fn failure(error: Option<&str>) -> ModuleError {
    let text = format!("the scenario that was called failed: {}", error.unwrap_or("no reason was given"));
    ModuleError::new(ErrorKind::RuntimeError, text)
}

/// A scenario as `parameter` names it. Only a link counts: the number in a
/// blueprint is another server's.
pub fn chosen(call: &Call<'_>, parameter: &str) -> Result<ScenarioId, ModuleError> {
    let linked = call.parameters.integer(parameter).or_else(|| call.input.integer(parameter));
    linked.map(ScenarioId).ok_or_else(|| {
        let text = "no scenario is chosen yet: choose the one to call on the scenario's Set-up tab";
        ModuleError::new(ErrorKind::InvalidConfigurationError, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::value;

    #[test]
    fn a_note_that_was_stored_once_is_still_read() {
        // As version 1 wrote it; runs wait for a long time. Do not change it.
        let note = value(r#"{"child":"0196f7a0111172228333444455556666","waits":true}"#);
        assert_eq!(child_of(&note).unwrap().to_string(), "0196f7a0111172228333444455556666");
        assert_eq!(note.field(WAITS).as_bool(), Some(true));
        assert_eq!(child_of(&value(r#"{"existed":true}"#)), None);
    }
}
