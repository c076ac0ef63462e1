//! What remains to be seen of a run whose bundles are not kept: its calls. What
//! the engine would compute from bundles (filters, routers, iterators) cannot
//! be told any more.

use std::collections::BTreeMap;

use rouage_engine::Trace;
use rouage_engine::trace::{OperationTrace, State};
use rouage_model::journal::Event;
use rouage_model::{Certainty, OperationId, Value};

/// The operations that the journal names.
pub fn trace(events: &[Event]) -> Trace {
    let mut operations: BTreeMap<OperationId, OperationTrace> = BTreeMap::new();
    for event in events {
        let Some((operation, module)) = event.operation() else { continue };
        let at = event.at();
        let traced = operations.entry(operation).or_insert_with(|| OperationTrace {
            operation,
            module,
            cycle: 1,
            started_at: at,
            finished_at: None,
            input: Value::Undefined,
            output: Vec::new(),
            error: None,
            warnings: Vec::new(),
            attempts: 1,
            state: State::Running,
        });
        match event {
            Event::Called { attempt, .. } => (traced.state, traced.attempts) = (State::Running, *attempt),
            Event::Retrying { .. } | Event::Sleeping { .. } => traced.state = State::Waiting,
            Event::Returned { bundles, .. } => {
                (traced.state, traced.finished_at) = (State::Done, Some(at));
                traced.output.clone_from(bundles);
            }
            Event::Failed { error, .. } => {
                (traced.state, traced.finished_at) = (State::Failed, Some(at));
                traced.error = Some(error.clone());
            }
            Event::Parked { error, .. } => {
                traced.state = match error.certainty {
                    Certainty::MaybeApplied => State::InDoubt,
                    Certainty::NotApplied => State::Parked,
                };
                (traced.finished_at, traced.error) = (Some(at), Some(error.clone()));
            }
            _ => {}
        }
    }
    Trace { operations: operations.into_values().collect(), filters: Vec::new() }
}
