//! How far polling triggers have come: as a call needs it, and for the page
//! "Choose where to start".

use jiff::Timestamp;
use rouage_engine::Call as EngineCall;
use rouage_model::{ErrorKind, ModuleError, ModuleId, OperationId, ScenarioId, TeamId, Value, clock};
use rouage_sdk::{Choice, Kind, Module, Outcome, Spec, Start, StartOption};
use rouage_store::{positions, scenarios};

use crate::control::ControlError;
use crate::core::Core;
use crate::host::RuntimeHost;
use crate::plans::Prepared;
use crate::{calls, drafts};

/// Position and start of a polling trigger; nothing for other modules.
pub async fn of(
    core: &Core,
    prepared: &Prepared,
    module: ModuleId,
    spec: &Spec,
) -> Result<(Value, Start), ModuleError> {
    if spec.kind != Kind::PollingTrigger {
        return Ok((Value::Undefined, Start::FromNow));
    }
    let found = positions::find(&core.store, prepared.scenario, key(prepared, module)).await.map_err(|error| {
        let text = format!("the position of {} could not be read: {error}", spec.label);
        ModuleError::new(ErrorKind::ConnectionError, text)
    })?;
    let (position, start) = found.map(|found| (found.position, found.start)).unwrap_or_default();
    Ok((position, chosen(spec, &start)))
}

/// Under what the position is kept. The tries of a draft have one of their own,
/// so that they never take what the live scenario has to deliver.
pub fn key(prepared: &Prepared, module: ModuleId) -> ModuleId {
    if prepared.is_variant { drafts::test_key(module) } else { module }
}

/// Where the trigger starts: as chosen, or as the first that it offers.
fn chosen(spec: &Spec, stored: &Value) -> Start {
    match (stored, spec.starts.first()) {
        (Value::Undefined, Some(StartOption::All)) => Start::All,
        (Value::Undefined, _) => Start::FromNow,
        (stored, _) => Start::from_value(stored),
    }
}

/// The polling trigger of a scenario, for people.
#[derive(Debug, Clone, PartialEq)]
pub struct PollingTrigger {
    /// The module.
    pub module: ModuleId,
    /// Its name.
    pub label: &'static str,
    /// Where it can start.
    pub starts: &'static [StartOption],
    /// Where it starts while it has no position.
    pub start: Start,
    /// The same in words.
    pub start_words: String,
    /// Whether somebody chose that.
    pub is_chosen: bool,
    /// How far it has come, in words; `None` before the first poll.
    pub position: Option<String>,
    /// When that last changed.
    pub updated_at: Option<Timestamp>,
}

/// A scenario's trigger with everything it takes to ask it.
struct Found {
    prepared: std::sync::Arc<Prepared>,
    module: std::sync::Arc<dyn Module>,
    id: ModuleId,
    parameters: Value,
}

async fn find(core: &Core, team: TeamId, id: ScenarioId) -> Result<Option<Found>, ControlError> {
    let scenario = scenarios::find(&core.store, team, id).await?.ok_or(ControlError::NotFound("scenario"))?;
    let Some(prepared) = core.plans.get(core, team, id, scenario.version).await? else { return Ok(None) };
    let linked = crate::links::apply(&scenario.blueprint, &scenario.links);
    let Some(trigger) = prepared.plan.trigger().map(|trigger| trigger.id) else { return Ok(None) };
    let Some(raw) = linked.module(trigger) else { return Ok(None) };
    let Some(module) = core.registry.module(raw.name(), raw.version()).cloned() else { return Ok(None) };
    if module.spec().kind != Kind::PollingTrigger {
        return Ok(None);
    }
    Ok(Some(Found { module, id: trigger, parameters: raw.parameters().clone(), prepared }))
}

/// The polling trigger of a scenario; `None` when it has another first module.
pub async fn trigger(core: &Core, team: TeamId, id: ScenarioId) -> Result<Option<PollingTrigger>, ControlError> {
    let Some(found) = find(core, team, id).await? else { return Ok(None) };
    let (spec, zone) = (found.module.spec(), &found.prepared.timezone);
    let state = positions::find(&core.store, id, found.id).await?;
    let position = state.as_ref().map(|state| &state.position).filter(|position| **position != Value::Undefined);
    let stored = state.as_ref().map_or(&Value::Undefined, |state| &state.start);
    let start = chosen(spec, stored);
    Ok(Some(PollingTrigger {
        module: found.id,
        label: spec.label,
        starts: spec.starts,
        start_words: start.describe(zone),
        start,
        is_chosen: *stored != Value::Undefined,
        position: position.map(|position| found.module.describe_position(position, zone)),
        updated_at: state.as_ref().map(|state| state.updated_at),
    }))
}

/// Lets the trigger start anew from there, whatever it has delivered.
pub async fn restart(core: &Core, team: TeamId, id: ScenarioId, start: &Start) -> Result<(), ControlError> {
    let found = find(core, team, id).await?.ok_or(ControlError::NotFound("polling trigger"))?;
    if !found.module.spec().starts.contains(&start.option()) {
        let text = format!("{} cannot start that way", found.module.spec().label);
        return Err(ControlError::Conflict(text));
    }
    let mut tx = core.store.begin().await?;
    positions::restart(&mut tx, id, found.id, &start.to_value()).await?;
    tx.commit().await?;
    begin_now(core, team, id).await;
    Ok(())
}

/// "From now on" means from the moment that somebody said so and not from the
/// first run, which may be tomorrow: so the trigger is asked where it stands. A
/// failure is only told; the first run then sets the beginning.
pub async fn begin_now(core: &Core, team: TeamId, id: ScenarioId) {
    let begun = async {
        let Some(found) = find(core, team, id).await? else { return Ok(()) };
        let request = found.request();
        let host = found.host(core, team);
        let call = calls::build(&host, &found.prepared, &request, found.module.as_ref()).await;
        let call = call.map_err(|error| found.refused(&error))?;
        if call.start != Start::FromNow || call.position != Value::Undefined {
            return Ok(());
        }
        let answer = calls::run(found.module.as_ref(), &call).await;
        let Outcome::Polled { position, .. } = answer.map_err(|error| found.refused(&error))? else { return Ok(()) };
        let mut tx = core.store.begin().await?;
        positions::begin(&mut tx, id, found.id, &position).await?;
        tx.commit().await?;
        Ok::<_, ControlError>(())
    };
    if let Err(error) = begun.await {
        tracing::warn!(scenario.id = %id, %error, "the trigger could not be asked where it stands");
    }
}

/// The latest items of the trigger, to select the first one.
pub async fn choices(core: &Core, team: TeamId, id: ScenarioId) -> Result<Vec<Choice>, ControlError> {
    let found = find(core, team, id).await?.ok_or(ControlError::NotFound("polling trigger"))?;
    let request = found.request();
    let host = found.host(core, team);
    let listed = async {
        let call = calls::build(&host, &found.prepared, &request, found.module.as_ref()).await?;
        calls::choices(found.module.as_ref(), &call).await
    };
    listed.await.map_err(|error| found.refused(&error))
}

impl Found {
    fn request(&self) -> EngineCall {
        let spec = self.module.spec();
        EngineCall {
            operation: OperationId(0),
            module: self.id,
            name: spec.name.into(),
            version: spec.version,
            parameters: self.parameters.clone(),
            input: Value::empty_collection(),
            attempt: 1,
            called: false,
            note: Value::Undefined,
            not_before: None,
        }
    }

    /// For a look that is no run: the id belongs to none.
    fn host<'a>(&self, core: &'a Core, team: TeamId) -> RuntimeHost<'a> {
        RuntimeHost { core, team, execution: clock::execution_id(core.clock.as_ref()) }
    }

    fn refused(&self, error: &ModuleError) -> ControlError {
        ControlError::Conflict(format!("{} could not look: {}", self.module.spec().label, error.message))
    }
}
