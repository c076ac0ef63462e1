//! The queue of a webhook whose scenario does not run as data arrives:
//! requests are kept in order, and a run takes the oldest.

use std::sync::Arc;

use rouage_model::execution::Origin;
use rouage_model::{ExecutionId, Value, clock};
use rouage_store::{Accept, AcceptOutcome, NewDelivery, NewExecution, deliveries, executions, scenarios};

use crate::core::Core;
use crate::hooks::{DeliverError, Delivered, LiveHook};

/// The most requests that one run takes.
const MOST: i64 = 100;

/// Keeps a request for a later run. Durable on return.
pub async fn keep(
    core: &Core,
    hook: &LiveHook,
    delivery: NewDelivery,
    payload: Vec<Value>,
) -> Result<Delivered, DeliverError> {
    if core.queue_limit > 0 {
        let waiting = deliveries::queue_length(&core.store, hook.team, hook.hook.id).await?;
        if waiting >= core.queue_limit {
            return Err(DeliverError::QueueFull);
        }
    }
    let outcome = AcceptOutcome::Queue { payload };
    let accepted = core.store.accept(Accept { team: hook.team, hook: hook.hook.id, delivery, outcome }).await?;
    Ok(Delivered { delivery: accepted.delivery, execution: None, reply: None })
}

/// Starts a run with the oldest requests that wait, as many as the trigger's
/// "maximum number of results" says. `None` when none waits.
pub async fn run_next(
    core: &Arc<Core>,
    scenario: &scenarios::Scenario,
) -> Result<Option<ExecutionId>, rouage_store::Error> {
    let Some(hook) = scenario.hook else { return Ok(None) };
    let trigger = scenario.blueprint.trigger();
    let wanted = trigger.and_then(|trigger| trigger.parameters().field("maxResults").as_i64()).unwrap_or(1);
    let wanted = u32::try_from(wanted.clamp(1, MOST)).unwrap_or(1);
    let mut tx = core.store.begin().await?;
    let taken = deliveries::take_queued(&mut tx, scenario.team, hook, wanted).await?;
    if taken.is_empty() {
        return Ok(None);
    }
    let ids: Vec<_> = taken.iter().map(|queued| queued.id).collect();
    let execution = NewExecution {
        id: clock::execution_id(core.clock.as_ref()),
        team: scenario.team,
        scenario: scenario.id,
        version: scenario.version,
        origin: Origin::Manual,
        bundles: Some(taken.into_iter().flat_map(|queued| queued.payload).collect()),
        leased: false,
        created_at: core.clock.now(),
    };
    let id = execution.id;
    executions::enqueue(&mut tx, execution).await?;
    deliveries::link(&mut tx, &ids, id).await?;
    tx.commit().await?;
    core.wake.notify_one();
    Ok(Some(id))
}
