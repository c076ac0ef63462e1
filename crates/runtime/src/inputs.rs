//! The inputs of a run: what it is given, checked by what the scenario takes;
//! and starting runs that are given something.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::tz::TimeZone;
use rouage_model::interface::{Field, Interface};
use rouage_model::{Collection, ExecutionId, Value};
use rouage_sdk::params::{self, Misfit};
use rouage_store::{NewExecution, executions};

use crate::core::Core;
use crate::plans::Prepared;
use crate::worker;

/// What the run has as `var.input.*`: coerced, with defaults, so that a replay
/// has the same. `Undefined` when the scenario takes nothing and nothing is
/// given.
pub fn check(prepared: &Prepared, given: &Value) -> Result<Value, Vec<Misfit>> {
    check_for(&prepared.interface, &prepared.timezone, given)
}

/// [`check`] for a scenario that is not prepared yet.
pub fn check_for(interface: &Interface, timezone: &TimeZone, given: &Value) -> Result<Value, Vec<Misfit>> {
    let inputs = params::inputs(&interface.inputs, given, timezone)?;
    Ok(if inputs == Value::empty_collection() { Value::Undefined } else { inputs })
}

/// The inputs of a run that is given none. One that does not fit its own type
/// is left out.
pub fn defaults(interface: &Interface, timezone: &TimeZone) -> Value {
    let default = |field: &Field| {
        let mut field = field.clone();
        field.required = false;
        let inputs = params::inputs(std::slice::from_ref(&field), &Value::Undefined, timezone).ok()?;
        Some((field.name.clone(), inputs.get(&field.name)?.clone()))
    };
    interface.inputs.iter().filter_map(default).collect::<Collection>().into()
}

/// Starts a run: on this node when it has room and nothing waits that would be
/// overtaken, else on whichever takes it from the store.
pub async fn start(core: &Arc<Core>, execution: NewExecution) -> Result<ExecutionId, rouage_store::Error> {
    let id = execution.id;
    // In a task of its own, for the reason given at `hooks::deliver`.
    let core = core.clone();
    let starting = tokio::spawn(async move {
        if worker::may_lease(&core, u64::MAX) {
            let job = core.store.start(execution).await?;
            worker::take(&core, job);
            return Ok(());
        }
        let mut tx = core.store.begin().await?;
        executions::enqueue(&mut tx, execution).await?;
        tx.commit().await?;
        core.has_backlog.store(true, Ordering::Release);
        core.wake.notify_one();
        Ok::<_, rouage_store::Error>(())
    });
    starting.await.map_err(|ended| rouage_store::Error::Database(ended.to_string())).flatten()?;
    Ok(id)
}
