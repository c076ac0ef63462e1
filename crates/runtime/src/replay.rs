//! Replay: today's scenario with the trigger data and the inputs of an old run.
//! All modules run again (source: `make-semantics.md` §6, trap 34).

use std::sync::Arc;

use rouage_engine::Kind;
use rouage_model::execution::Origin;
use rouage_model::journal::Event;
use rouage_model::{ExecutionId, ModuleId, TeamId, Value, clock};
use rouage_store::executions::{self, Execution};
use rouage_store::{Lineage, NewExecution, journal, scenarios};

use crate::control::ControlError;
use crate::core::Core;
use crate::inputs;
use crate::plans::Prepared;

/// Why a run cannot be replayed, in a sentence; `None` when it can.
pub fn reason_against(execution: &Execution) -> Option<&'static str> {
    if execution.is_single_module() {
        return Some("Only one module was run here, so there is no trigger data to replay.");
    }
    if execution.is_check {
        return Some("This was a check run: the trigger found nothing, so there is no data to replay.");
    }
    if execution.is_confidential {
        return Some("The scenario is confidential: the data of this run was not kept.");
    }
    if execution.origin == Origin::Retry {
        return Some("This run completed a part of another one. Replay the run that it comes from.");
    }
    None
}

/// Starts the replay of a run; gives the new run.
pub async fn replay(core: &Arc<Core>, team: TeamId, id: ExecutionId) -> Result<ExecutionId, ControlError> {
    let source = executions::find(&core.store, team, id).await?.ok_or(ControlError::NotFound("execution"))?;
    let scenario = scenarios::find(&core.store, team, source.scenario).await?;
    let scenario = scenario.ok_or(ControlError::NotFound("scenario"))?;
    let today = core.plans.get(core, team, scenario.id, scenario.version).await?;
    let today = today.ok_or(ControlError::NotFound("scenario"))?;
    let (bundles, given) = data_of(core, team, id).await?;
    let has_trigger = today.plan.trigger().is_some_and(|trigger| trigger.kind.is_trigger());
    if bundles.is_none() && has_trigger {
        let text = "this run got no data from its trigger, so there is nothing to replay".to_owned();
        return Err(ControlError::Conflict(text));
    }
    let execution = NewExecution {
        id: clock::execution_id(core.clock.as_ref()),
        team,
        scenario: scenario.id,
        version: scenario.version,
        origin: Origin::Replay,
        // A first module that is no trigger runs again like the others.
        bundles: bundles.filter(|_| has_trigger),
        inputs: inputs::check(&today, &given).map_err(ControlError::Inputs)?,
        lineage: Lineage::Replay { source: id },
        leased: true,
        created_at: core.clock.now(),
    };
    Ok(inputs::start(core, execution).await?)
}

/// What the trigger gave in an old run, and the inputs that it was given; or why
/// it cannot be replayed.
pub async fn data_of(core: &Core, team: TeamId, id: ExecutionId) -> Result<(Option<Vec<Value>>, Value), ControlError> {
    let source = executions::find(&core.store, team, id).await?.ok_or(ControlError::NotFound("execution"))?;
    if let Some(reason) = reason_against(&source) {
        return Err(ControlError::Conflict(reason.trim_end_matches('.').to_owned()));
    }
    let then = core.plans.get(core, team, source.scenario, source.version).await?;
    let events = journal::events(&core.store, id).await?;
    if events.is_empty() {
        return Err(ControlError::Conflict("the data of this run was not kept, so there is nothing to replay".into()));
    }
    Ok(data(&events, then.as_deref()))
}

/// What the trigger gave in a run, and the inputs that the run was given.
fn data(events: &[Event], then: Option<&Prepared>) -> (Option<Vec<Value>>, Value) {
    let Some(Event::Started { bundles, inputs, .. }) = events.first() else { return (None, Value::Undefined) };
    if bundles.is_some() {
        return (bundles.clone(), inputs.clone());
    }
    let trigger = then.and_then(|then| then.plan.trigger());
    let polled =
        trigger.filter(|trigger| trigger.kind == Kind::PollingTrigger).map(|trigger| polled(events, trigger.id));
    (polled.filter(|bundles| !bundles.is_empty()), inputs.clone())
}

/// What a trigger gave in all cycles.
fn polled(events: &[Event], trigger: ModuleId) -> Vec<Value> {
    let given = events.iter().filter_map(|event| match event {
        Event::Returned { module, bundles, .. } if *module == trigger => Some(bundles),
        _ => None,
    });
    given.flatten().cloned().collect()
}
