//! The journal: what happened in an execution, in order.
//!
//! An execution is the fold of its events. They are written before (`Called`)
//! and after (`Returned`, `Failed`) every module call; what the engine can
//! compute again (filters, routers, iterators, aggregators, variables, mapped
//! input) is not written.
//!
//! Stored as tagged JSON ([`crate::tagged`]), one object an event with its
//! name under `event`. This shape is stored: version 1, fixture in
//! `tests/compat.rs`. A name is never reused with another meaning.

use jiff::Timestamp;

use crate::error::{Certainty, ModuleError};
use crate::execution::Status;
use crate::ids::{ModuleId, OperationId};
use crate::value::{Collection, Text, Value};
use crate::{json, tagged};

/// One thing that happened. `at` is the instant it happened; expressions read
/// the latest `at` as `now`, so that a replay computes what the live run did.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The execution was accepted. `bundles` are the trigger's output when it
    /// was pushed to us; `None` when the first module is called like any other.
    Started {
        /// When.
        at: Timestamp,
        /// Output of the trigger.
        bundles: Option<Vec<Value>>,
        /// The scenario inputs of this run (`var.input.*`), a collection;
        /// `Undefined` when there are none.
        inputs: Value,
    },
    /// A call is about to be made. Written, with fsync, before a `Write`.
    Called {
        /// When.
        at: Timestamp,
        /// The operation that calls.
        operation: OperationId,
        /// The module it belongs to.
        module: ModuleId,
        /// Counts from 1; more than 1 for a retry.
        attempt: u32,
        /// What the module wants to remember for settling a doubt, such as the
        /// last row known before an append; `Undefined` when nothing.
        note: Value,
    },
    /// A call gave these bundles.
    Returned {
        /// When.
        at: Timestamp,
        /// The operation that called.
        operation: OperationId,
        /// The module it belongs to.
        module: ModuleId,
        /// Its output, one collection a bundle.
        bundles: Vec<Value>,
    },
    /// A call failed for good (all retries included).
    Failed {
        /// When.
        at: Timestamp,
        /// The operation that called.
        operation: OperationId,
        /// The module it belongs to.
        module: ModuleId,
        /// Why.
        error: ModuleError,
    },
    /// A call failed and will be made again.
    Retrying {
        /// When it failed.
        at: Timestamp,
        /// When the next attempt is due.
        until: Timestamp,
        /// The operation that called.
        operation: OperationId,
        /// The module it belongs to.
        module: ModuleId,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Why.
        error: ModuleError,
    },
    /// The run waits: a Sleep module.
    Sleeping {
        /// When it began.
        at: Timestamp,
        /// When it ends.
        until: Timestamp,
        /// The sleeping operation.
        operation: OperationId,
        /// The module it belongs to.
        module: ModuleId,
    },
    /// A branch was stored as an incomplete execution (error or in doubt).
    Parked {
        /// When.
        at: Timestamp,
        /// The operation that failed or is in doubt.
        operation: OperationId,
        /// The module it belongs to.
        module: ModuleId,
        /// Why.
        error: ModuleError,
    },
    /// The run has used up its time. It ends with a warning; what remains of
    /// it is stored first when the scenario stores incomplete executions.
    Interrupted {
        /// When.
        at: Timestamp,
    },
    /// The transactional modules were committed.
    Committed {
        /// When.
        at: Timestamp,
    },
    /// The transactional modules were rolled back.
    RolledBack {
        /// When.
        at: Timestamp,
    },
    /// The end.
    Finished {
        /// When.
        at: Timestamp,
        /// How it ended.
        status: Status,
        /// Why, when it did not end well.
        error: Option<ModuleError>,
        /// How many operations Make would count.
        operations: u32,
    },
}

impl Event {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Event::Started { at, .. }
            | Event::Called { at, .. }
            | Event::Returned { at, .. }
            | Event::Failed { at, .. }
            | Event::Retrying { at, .. }
            | Event::Sleeping { at, .. }
            | Event::Parked { at, .. }
            | Event::Interrupted { at }
            | Event::Committed { at }
            | Event::RolledBack { at }
            | Event::Finished { at, .. } => *at,
        }
    }

    /// The values it carries.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        let (list, one): (&[Value], Option<&Value>) = match self {
            Event::Started { bundles, inputs, .. } => (bundles.as_deref().unwrap_or_default(), Some(inputs)),
            Event::Returned { bundles, .. } => (bundles, None),
            Event::Called { note, .. } => (&[], Some(note)),
            _ => (&[], None),
        };
        list.iter().chain(one)
    }

    /// The operation that it is of; `None` when it concerns the whole run
    /// (operation 0 stands for that in `Failed`).
    pub fn operation(&self) -> Option<(OperationId, ModuleId)> {
        match self {
            Event::Called { operation, module, .. }
            | Event::Returned { operation, module, .. }
            | Event::Failed { operation, module, .. }
            | Event::Retrying { operation, module, .. }
            | Event::Sleeping { operation, module, .. }
            | Event::Parked { operation, module, .. } => Some((*operation, *module)),
            _ => None,
        }
        .filter(|(operation, _)| operation.0 > 0)
    }

    /// The stored name.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Started { .. } => "started",
            Event::Called { .. } => "called",
            Event::Returned { .. } => "returned",
            Event::Failed { .. } => "failed",
            Event::Retrying { .. } => "retrying",
            Event::Sleeping { .. } => "sleeping",
            Event::Parked { .. } => "parked",
            Event::Interrupted { .. } => "interrupted",
            Event::Committed { .. } => "committed",
            Event::RolledBack { .. } => "rolled-back",
            Event::Finished { .. } => "finished",
        }
    }

    /// The stored text.
    pub fn encode(&self) -> String {
        let mut out = Collection::with_capacity(8);
        out.insert("event", self.name());
        out.insert("at", self.at());
        match self {
            Event::Started { bundles, inputs, .. } => {
                if let Some(bundles) = bundles {
                    out.insert("bundles", bundles.clone());
                }
                if *inputs != Value::Undefined {
                    out.insert("inputs", inputs.clone());
                }
            }
            Event::Called { operation, module, attempt, note, .. } => {
                put_call(&mut out, *operation, *module);
                out.insert("attempt", *attempt);
                if *note != Value::Undefined {
                    out.insert("note", note.clone());
                }
            }
            Event::Returned { operation, module, bundles, .. } => {
                put_call(&mut out, *operation, *module);
                out.insert("bundles", bundles.clone());
            }
            Event::Failed { operation, module, error, .. } | Event::Parked { operation, module, error, .. } => {
                put_call(&mut out, *operation, *module);
                out.insert("error", error_value(error));
            }
            Event::Retrying { operation, module, until, attempt, error, .. } => {
                put_call(&mut out, *operation, *module);
                out.insert("until", *until);
                out.insert("attempt", *attempt);
                out.insert("error", error_value(error));
            }
            Event::Sleeping { operation, module, until, .. } => {
                put_call(&mut out, *operation, *module);
                out.insert("until", *until);
            }
            Event::Interrupted { .. } | Event::Committed { .. } | Event::RolledBack { .. } => {}
            Event::Finished { status, error, operations, .. } => {
                out.insert("status", status.as_str());
                if let Some(error) = error {
                    out.insert("error", error_value(error));
                }
                out.insert("operations", *operations);
            }
        }
        tagged::to_string(&out.into())
    }

    /// Reads a stored text.
    pub fn decode(text: &[u8]) -> Result<Self, DecodeError> {
        let value = tagged::parse(text)?;
        let at = date(&value, "at")?;
        let call = || Ok::<_, DecodeError>((OperationId(count(&value, "operation")?), module(&value)?));
        Ok(match value.field("event").as_text().unwrap_or_default() {
            "started" => {
                let bundles = value.get("bundles").and_then(Value::as_array).map(Vec::from);
                Event::Started { at, bundles, inputs: value.field("inputs").clone() }
            }
            "called" => {
                let (operation, module) = call()?;
                let note = value.field("note").clone();
                Event::Called { at, operation, module, attempt: count(&value, "attempt")?, note }
            }
            "returned" => {
                let (operation, module) = call()?;
                let bundles = value.field("bundles").as_array().ok_or(DecodeError::Field("bundles"))?.to_vec();
                Event::Returned { at, operation, module, bundles }
            }
            "failed" => {
                let (operation, module) = call()?;
                Event::Failed { at, operation, module, error: error(&value)? }
            }
            "parked" => {
                let (operation, module) = call()?;
                Event::Parked { at, operation, module, error: error(&value)? }
            }
            "retrying" => {
                let (operation, module) = call()?;
                let (until, attempt) = (date(&value, "until")?, count(&value, "attempt")?);
                Event::Retrying { at, until, operation, module, attempt, error: error(&value)? }
            }
            "sleeping" => {
                let (operation, module) = call()?;
                Event::Sleeping { at, until: date(&value, "until")?, operation, module }
            }
            "interrupted" => Event::Interrupted { at },
            "committed" => Event::Committed { at },
            "rolled-back" => Event::RolledBack { at },
            "finished" => {
                let status = value.field("status").as_text().unwrap_or_default();
                let status = status.parse().map_err(|_| DecodeError::Field("status"))?;
                let error = value.get("error").map(|_| error(&value)).transpose()?;
                Event::Finished { at, status, error, operations: count(&value, "operations")? }
            }
            other => return Err(DecodeError::Unknown(other.to_owned())),
        })
    }
}

/// Why a stored event cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON.
    #[error("the event is not JSON: {0}")]
    Json(#[from] json::Error),
    /// A field is missing or of the wrong type.
    #[error("the event has no usable field `{0}`")]
    Field(&'static str),
    /// Written by a newer program.
    #[error("the event {0:?} is not known to this version")]
    Unknown(String),
}

fn put_call(out: &mut Collection, operation: OperationId, module: ModuleId) {
    out.insert("operation", operation.0);
    out.insert("module", module.0);
}

fn date(value: &Value, name: &'static str) -> Result<Timestamp, DecodeError> {
    match value.field(name) {
        Value::Date(date) => Ok(*date),
        _ => Err(DecodeError::Field(name)),
    }
}

fn count(value: &Value, name: &'static str) -> Result<u32, DecodeError> {
    value.field(name).as_i64().and_then(|count| u32::try_from(count).ok()).ok_or(DecodeError::Field(name))
}

fn module(value: &Value) -> Result<ModuleId, DecodeError> {
    value.field("module").as_i64().map(ModuleId).ok_or(DecodeError::Field("module"))
}

/// An error as the value that is stored, and that `{{n.error}}` shows.
pub fn error_value(error: &ModuleError) -> Value {
    let mut out = Collection::with_capacity(5);
    out.insert("type", error.kind.to_string());
    out.insert("message", error.message.clone());
    if !error.details.is_empty() {
        out.insert("detail", error.details.iter().map(|line| Value::Text(line.clone())).collect::<Vec<_>>());
    }
    if let Some(seconds) = error.retry_after {
        out.insert("retryAfter", seconds);
    }
    if error.certainty == Certainty::MaybeApplied {
        out.insert("maybeApplied", true);
    }
    out.into()
}

fn error(value: &Value) -> Result<ModuleError, DecodeError> {
    let error = value.field("error");
    let kind = error.field("type").as_text().unwrap_or_default().parse().map_err(|_| DecodeError::Field("error"))?;
    let message: Text = error.field("message").as_text().unwrap_or_default().into();
    let details = error.field("detail").as_array().unwrap_or_default();
    let certainty = match error.field("maybeApplied").as_bool() {
        Some(true) => Certainty::MaybeApplied,
        _ => Certainty::NotApplied,
    };
    Ok(ModuleError {
        kind,
        message,
        details: details.iter().filter_map(Value::as_text).map(Text::from).collect(),
        retry_after: error.field("retryAfter").as_i64().and_then(|seconds| u32::try_from(seconds).ok()),
        certainty,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn every_event_comes_back() {
        let at: Timestamp = "2026-11-24T08:00:00.5Z".parse().unwrap();
        let (operation, module) = (OperationId(3), ModuleId(7));
        let mut error = ModuleError::new(ErrorKind::RateLimitError, "slow down").retry_after(Some(9)).maybe_applied();
        error.details = vec!["one".into()];
        for event in [
            Event::Started { at, bundles: None, inputs: Value::Undefined },
            Event::Started { at, bundles: Some(vec![Value::Undefined, Value::Date(at)]), inputs: Value::Undefined },
            Event::Started { at, bundles: None, inputs: Value::empty_collection() },
            Event::Called { at, operation, module, attempt: 2, note: Value::Undefined },
            Event::Called { at, operation, module, attempt: 1, note: Value::from(57) },
            Event::Returned { at, operation, module, bundles: vec![] },
            Event::Failed { at, operation, module, error: error.clone() },
            Event::Parked { at, operation, module, error: error.clone() },
            Event::Retrying { at, until: at, operation, module, attempt: 1, error: error.clone() },
            Event::Sleeping { at, until: at, operation, module },
            Event::Interrupted { at },
            Event::Committed { at },
            Event::RolledBack { at },
            Event::Finished { at, status: Status::Error, error: Some(error), operations: 4 },
        ] {
            assert_eq!(Event::decode(event.encode().as_bytes()).unwrap(), event);
        }
    }

    #[test]
    fn an_unknown_event_is_refused() {
        let text = br#"{"event":"teleported","at":{"$date":"2026-11-24T08:00:00Z"}}"#;
        assert_eq!(Event::decode(text), Err(DecodeError::Unknown("teleported".into())));
    }
}
