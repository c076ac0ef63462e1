//! Incomplete executions: retries by themselves and by a person's word.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rouage_engine::{Limits as EngineLimits, Remainder, Severity, compile};
use rouage_model::blueprint::Module;
use rouage_model::{Blueprint, Collection, IncompleteId, ModuleId, ScenarioId, TeamId, Value};
use rouage_store::incompletes::{self, Begun, Incomplete, NewRetry};
use rouage_store::{Error, breakpoint, executions, journal, scenarios};

use crate::catalogue::RegistryCatalogue;
use crate::control::ControlError;
use crate::core::Core;
use crate::decide::Decision;
use crate::limits::Limits;
use crate::links;
use crate::retry::{self, Beginning, Impossible, Subject};

/// How often due retries are looked for when nobody rings.
const POLL: Duration = Duration::from_secs(1);
/// The shortest time between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How many are asked for in one transaction: others want to write as well.
const AT_A_TIME: usize = 100;

/// An incomplete execution with all that a person needs to mend it.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The item.
    pub item: Incomplete,
    /// The blueprint that its run had.
    pub blueprint: Arc<Blueprint>,
    /// What the module that failed was given; `Err` says why that is not known.
    pub remainder: Result<Remainder, String>,
}

/// A module as a person edited it for one retry.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// Its static configuration.
    pub parameters: Collection,
    /// Its mapping.
    pub mapper: Collection,
}

/// Starts due retries until the runtime closes.
pub async fn retry_due_forever(core: Arc<Core>) {
    while !core.is_closing() {
        if let Err(error) = retry_due(&core).await {
            tracing::warn!(%error, "due retries could not be started");
        }
        tokio::time::sleep(PAUSE).await;
        tokio::select! {
            () = core.retries.notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn retry_due(core: &Core) -> Result<(), Error> {
    for (team, scenario) in incompletes::due_scenarios(&core.store, core.clock.now()).await? {
        let mut tx = core.store.begin().await?;
        let begun = incompletes::begin_batch(&mut tx, team, scenario).await?;
        breakpoint::pass("retry-before-commit");
        tx.commit().await?;
        breakpoint::pass("retry-after-commit");
        for execution in begun {
            tracing::info!(scenario.id = %scenario, execution.id = %execution, "an incomplete execution is retried");
        }
        core.wake.notify_one();
    }
    Ok(())
}

/// Retries one for a person.
pub async fn retry(core: &Core, team: TeamId, id: IncompleteId) -> Result<Begun, ControlError> {
    begin(core, team, id, NewRetry { version: None, output: None }).await
}

/// Retries several for a person, as many at a time as may be. Those that are
/// resolved or under way are left alone.
pub async fn retry_all(core: &Core, team: TeamId, ids: &[IncompleteId]) -> Result<(), ControlError> {
    // In one order, so that two of these never wait for each other.
    let ids: Vec<IncompleteId> = BTreeSet::from_iter(ids.iter().copied()).into_iter().collect();
    for ids in ids.chunks(AT_A_TIME) {
        let mut tx = core.store.begin().await?;
        for id in ids {
            match incompletes::begin_next(&mut tx, team, *id).await {
                // Deleted meanwhile.
                Ok(()) | Err(Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
        }
        tx.commit().await?;
        core.retries.notify_one();
    }
    Ok(())
}

/// Goes on with one as a person decided.
pub async fn settle(core: &Core, team: TeamId, id: IncompleteId, decision: Decision) -> Result<Begun, ControlError> {
    let output = match decision {
        Decision::Retry | Decision::GoOn => None,
        Decision::Skip => Some(Vec::new()),
        Decision::MarkAsDone(output) => Some(vec![output]),
    };
    begin(core, team, id, NewRetry { version: None, output }).await
}

async fn begin(core: &Core, team: TeamId, id: IncompleteId, retry: NewRetry) -> Result<Begun, ControlError> {
    let mut tx = core.store.begin().await?;
    let begun = incompletes::begin(&mut tx, team, id, retry).await.map_err(refusal)?;
    tx.commit().await?;
    core.wake.notify_one();
    Ok(begun)
}

fn refusal(error: Error) -> ControlError {
    match error {
        Error::NotFound => ControlError::NotFound("incomplete execution"),
        Error::Conflict(text) => ControlError::Conflict(text),
        other => other.into(),
    }
}

/// One of them with its data.
pub async fn open(core: &Core, team: TeamId, id: IncompleteId) -> Result<Option<Opened>, ControlError> {
    let Some(item) = incompletes::find(&core.store, team, id).await? else { return Ok(None) };
    let Some(run) = executions::find(&core.store, team, item.execution).await? else {
        return Err(ControlError::Conflict("the run that it comes from is not in the history any more".into()));
    };
    let version = scenarios::find_version(&core.store, run.scenario, run.version).await?;
    let version = version.ok_or(ControlError::NotFound("scenario"))?;
    let remainder = remainder(core, Subject::from(&run), &item).await?;
    Ok(Some(Opened { item, blueprint: version.blueprint, remainder }))
}

async fn remainder(core: &Core, run: Subject, item: &Incomplete) -> Result<Result<Remainder, Impossible>, Error> {
    let limits: EngineLimits = Limits::of_look(run.origin);
    let Beginning { run: before, .. } = match retry::beginning(core, run, limits).await? {
        Ok(built) => built,
        Err(impossible) => return Ok(Err(impossible)),
    };
    let events = journal::events(&core.store, item.execution).await?;
    Ok(match before.retried(events, item.operation) {
        Ok(retried) => retried.and_then(|run| run.remainder()).ok_or_else(|| "its data was not found".to_owned()),
        Err(divergence) => Err(divergence.to_string()),
    })
}

/// Retries one with its module as a person edited it, in a copy of the
/// scenario that is made for this run. The scenario itself stays as it is.
pub async fn run_edited(core: &Core, team: TeamId, id: IncompleteId, edited: Edited) -> Result<Begun, ControlError> {
    let opened = open(core, team, id).await?.ok_or(ControlError::NotFound("incomplete execution"))?;
    let (scenario, module) = (opened.item.scenario, opened.item.module);
    let current = scenarios::find(&core.store, team, scenario).await?;
    let current = current.ok_or_else(|| ControlError::Conflict("the scenario was deleted".into()))?;
    let run = executions::find(&core.store, team, opened.item.execution).await?;
    let run = run.ok_or(ControlError::NotFound("run"))?;
    let version = scenarios::find_version(&core.store, scenario, run.version).await?;
    let version = version.ok_or(ControlError::NotFound("scenario"))?;
    let blueprint = with_module(&version.blueprint, module, &edited)?;
    let links = relinked(&version.links, &current.links, module);
    check(core, &blueprint, &links, module)?;
    let mut tx = core.store.begin().await?;
    let version = scenarios::create_variant(&mut tx, team, scenario, &blueprint, &links).await.map_err(refusal)?;
    let retry = NewRetry { version: Some(version), output: None };
    let begun = incompletes::begin(&mut tx, team, id, retry).await.map_err(refusal)?;
    tx.commit().await?;
    core.wake.notify_one();
    Ok(begun)
}

/// The module's accounts are today's: the old one may be what failed.
fn relinked(links: &Value, current: &Value, module: ModuleId) -> Value {
    let mut out = links.as_collection().cloned().unwrap_or_default();
    let prefix = format!("{module}.");
    for (key, value) in current.as_collection().into_iter().flat_map(Collection::iter) {
        if key.starts_with(&prefix) {
            out.insert(key.clone(), value.clone());
        }
    }
    out.into()
}

fn check(core: &Core, blueprint: &Blueprint, links: &Value, module: ModuleId) -> Result<(), ControlError> {
    let compiled = compile(&links::apply(blueprint, links), &RegistryCatalogue(&core.registry));
    let wrong = compiled
        .problems
        .into_iter()
        .filter(|problem| problem.module == Some(module) && matches!(problem.severity, Severity::Error));
    let wrong: Vec<_> = wrong.map(|problem| problem.message).collect();
    if wrong.is_empty() { Ok(()) } else { Err(ControlError::Problems(wrong)) }
}

fn with_module(blueprint: &Blueprint, id: ModuleId, edited: &Edited) -> Result<Blueprint, ControlError> {
    let root = replaced(blueprint.root(), id, edited);
    blueprint.with_root(root).map_err(|error| ControlError::Conflict(format!("the scenario cannot be copied: {error}")))
}

/// The document with one module's fields replaced; filters and all else stay.
fn replaced(value: &Value, id: ModuleId, edited: &Edited) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| replaced(item, id, edited)).collect::<Vec<_>>().into(),
        Value::Collection(collection) => {
            let module = Module(value);
            let is_it = !module.name().is_empty() && module.id() == Some(id);
            let mut out = Collection::with_capacity(collection.len());
            for (key, value) in collection.iter() {
                let value = match key.as_ref() {
                    "flow" | "routes" | "branches" | "onerror" | "tools" => replaced(value, id, edited),
                    _ => value.clone(),
                };
                out.insert(key.clone(), value);
            }
            if is_it {
                out.insert("parameters", edited.parameters.clone());
                out.insert("mapper", edited.mapper.clone());
            }
            out.into()
        }
        other => other.clone(),
    }
}

/// How many open incomplete executions hold up the runs of a scenario; 0 when
/// they do not wait for any.
pub async fn holding_up(core: &Core, team: TeamId, id: ScenarioId) -> Result<u64, Error> {
    let Some(scenario) = scenarios::find(&core.store, team, id).await? else { return Ok(0) };
    let settings = scenario.blueprint.settings();
    if !settings.sequential || !settings.incomplete_executions {
        return Ok(0);
    }
    incompletes::count_unresolved(&core.store, team, id).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::json;

    #[test]
    fn an_edit_touches_one_module_and_leaves_its_filter() {
        let blueprint = Blueprint::parse(
            br#"{"flow":[{"id":1,"module":"builtin:BasicRouter","routes":[{"flow":[
                {"id":2,"module":"a:B","parameters":{"x":1},"mapper":{"v":"{{1.old}}"},"filter":{"name":"f"}},
                {"id":3,"module":"a:B","mapper":{"v":2}}]}]}]}"#,
        )
        .unwrap();
        let edited = Edited {
            parameters: Collection::from_iter([("x", 2)]),
            mapper: Collection::from_iter([("v", "{{1.new}}")]),
        };
        let changed = with_module(&blueprint, ModuleId(2), &edited).unwrap();
        let module = changed.module(ModuleId(2)).unwrap();
        assert_eq!(json::to_string(module.mapper()), r#"{"v":"{{1.new}}"}"#);
        assert_eq!(module.parameters().field("x"), &Value::from(2));
        assert_eq!(module.0.field("filter").field("name"), &Value::text("f"));
        assert_eq!(changed.module(ModuleId(3)).unwrap().mapper().field("v"), &Value::from(2));
    }

    #[test]
    fn the_accounts_of_the_edited_module_are_todays() {
        let links = json::parse(br#"{"2.account":1,"3.account":1}"#).unwrap();
        let current = json::parse(br#"{"2.account":7,"3.account":7}"#).unwrap();
        let relinked = relinked(&links, &current, ModuleId(2));
        assert_eq!(json::to_string(&relinked), r#"{"2.account":7,"3.account":1}"#);
    }
}
