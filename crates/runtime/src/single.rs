//! "Run this module only": one module by itself, on bundles that a person
//! writes down.
//!
//! The run gets a variant of the scenario in which each module that the mapping
//! reads is a Basic trigger with the values given, under its own number, and
//! the module follows them. So the mapping is evaluated as in any run, and what
//! was written down is never read as an expression.

use std::collections::BTreeMap;
use std::sync::Arc;

use rouage_engine::{Kind, compile};
use rouage_model::execution::Origin;
use rouage_model::{Blueprint, Collection, ExecutionId, ModuleId, ScenarioId, TeamId, Value, clock};
use rouage_store::drafts::Draft;
use rouage_store::executions::{self, Filter};
use rouage_store::{Lineage, NewExecution, scenarios};

use crate::catalogue::RegistryCatalogue;
use crate::control::ControlError;
use crate::core::Core;
use crate::{history, links};

/// Runs among the last that are looked at for values.
const LAST: u32 = 20;

/// A value that the mapping of a module reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The module whose bundle it is in.
    pub module: ModuleId,
    /// The field of the bundle; empty for the whole bundle.
    pub field: String,
    /// What it was in the last run; `Undefined` when that is not known.
    pub value: Value,
}

/// What a module is taken from.
pub struct Subject<'a> {
    scenario: ScenarioId,
    blueprint: &'a Blueprint,
    links: &'a Value,
}

impl<'a> Subject<'a> {
    /// What is being edited.
    pub fn of_draft(draft: &'a Draft) -> Self {
        Self { scenario: draft.scenario, blueprint: &draft.blueprint, links: &draft.links }
    }

    fn of(scenario: &'a scenarios::Scenario) -> Self {
        Self { scenario: scenario.id, blueprint: &scenario.blueprint, links: &scenario.links }
    }
}

/// What the module reads, with the values of the last run.
pub async fn wanted(core: &Core, team: TeamId, id: ScenarioId, module: ModuleId) -> Result<Vec<Wanted>, ControlError> {
    let scenario = find(core, team, id).await?;
    wanted_by(core, team, &Subject::of(&scenario), module).await
}

/// [`wanted`] of a module that need not be published.
pub async fn wanted_by(
    core: &Core,
    team: TeamId,
    subject: &Subject<'_>,
    module: ModuleId,
) -> Result<Vec<Wanted>, ControlError> {
    let fields = fields(core, subject, module)?;
    let last = last_bundles(core, team, subject.scenario).await?;
    let value = |module: &ModuleId, field: &str| match last.get(module) {
        Some(bundle) if field.is_empty() => bundle.clone(),
        Some(bundle) => bundle.field(field).clone(),
        None => Value::Undefined,
    };
    Ok(fields.into_iter().map(|(module, field)| Wanted { value: value(&module, &field), module, field }).collect())
}

/// Starts a run of the module alone.
pub async fn run(
    core: &Arc<Core>,
    team: TeamId,
    id: ScenarioId,
    module: ModuleId,
    given: &[Wanted],
) -> Result<ExecutionId, ControlError> {
    let scenario = find(core, team, id).await?;
    run_alone(core, team, &Subject::of(&scenario), module, given).await
}

/// [`run`] of a module that need not be published.
pub async fn run_alone(
    core: &Core,
    team: TeamId,
    subject: &Subject<'_>,
    module: ModuleId,
    given: &[Wanted],
) -> Result<ExecutionId, ControlError> {
    fields(core, subject, module)?;
    let id = subject.scenario;
    let blueprint = alone(subject.blueprint, module, given).ok_or(ControlError::NotFound("module"))?;
    let mut tx = core.store.begin().await?;
    let version = scenarios::create_variant(&mut tx, team, id, &blueprint, subject.links).await?;
    let execution = NewExecution {
        id: clock::execution_id(core.clock.as_ref()),
        team,
        scenario: id,
        version,
        origin: Origin::Manual,
        bundles: None,
        inputs: Value::Undefined,
        lineage: Lineage::None,
        leased: false,
        created_at: core.clock.now(),
    };
    let run = execution.id;
    // Together, so that no variant is left without a run.
    executions::enqueue(&mut tx, execution).await?;
    tx.commit().await?;
    core.wake.notify_one();
    Ok(run)
}

async fn find(core: &Core, team: TeamId, id: ScenarioId) -> Result<scenarios::Scenario, ControlError> {
    scenarios::find(&core.store, team, id).await?.ok_or(ControlError::NotFound("scenario"))
}

/// Module and field of everything that the mapping reads; or why the module
/// cannot run by itself.
fn fields(core: &Core, subject: &Subject<'_>, module: ModuleId) -> Result<Vec<(ModuleId, String)>, ControlError> {
    let linked = links::apply(subject.blueprint, subject.links);
    let plan = compile(&linked, &RegistryCatalogue(&core.registry)).plan;
    let planned = plan.module(module).ok_or(ControlError::NotFound("module"))?;
    let reason = match planned.kind {
        Kind::Action | Kind::Search | Kind::Iterator | Kind::Tool => None,
        Kind::InstantTrigger | Kind::PollingTrigger => Some("a trigger starts the whole scenario; use Run once"),
        Kind::Router | Kind::IfElse | Kind::Merge => Some("it only directs bundles and gives none of its own"),
        Kind::Aggregator => Some("an aggregator needs all bundles of its source; use Run once"),
        Kind::Directive => Some("it only says what becomes of an error"),
        Kind::Unavailable => Some("this program does not have it"),
    };
    if let Some(reason) = reason {
        return Err(ControlError::Conflict(format!("module {module} cannot run by itself: {reason}")));
    }
    let mut fields: Vec<(ModuleId, String)> = Vec::new();
    for reference in plan.references(module) {
        let field = (reference.module, reference.path.first().cloned().unwrap_or_default());
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    // The whole bundle has all of its fields.
    let whole: Vec<ModuleId> = fields.iter().filter(|(_, field)| field.is_empty()).map(|(module, _)| *module).collect();
    fields.retain(|(module, field)| field.is_empty() || !whole.contains(module));
    Ok(fields)
}

/// The last bundle that each module gave in the last run that can be shown.
async fn last_bundles(core: &Core, team: TeamId, id: ScenarioId) -> Result<BTreeMap<ModuleId, Value>, ControlError> {
    let filter = Filter { scenario: Some(id), ..Filter::default() };
    let last = executions::list(&core.store, team, &filter, None, LAST).await?.items.into_iter().find(|execution| {
        execution.status.is_final()
            && !execution.is_single_module()
            && !execution.is_check
            && !execution.is_confidential
    });
    let Some(last) = last else { return Ok(BTreeMap::new()) };
    let Some(history) = history::history(core, team, last.id).await? else { return Ok(BTreeMap::new()) };
    let operations = history.trace.operations;
    Ok(operations.into_iter().filter_map(|one| Some((one.module, one.output.into_iter().next()?))).collect())
}

/// The blueprint with nothing but the module, behind what it reads.
fn alone(blueprint: &Blueprint, module: ModuleId, given: &[Wanted]) -> Option<Blueprint> {
    let mut bundles: BTreeMap<ModuleId, Collection> = BTreeMap::new();
    for wanted in given {
        let bundle = bundles.entry(wanted.module).or_default();
        match (&wanted.value, wanted.field.is_empty()) {
            (Value::Collection(whole), true) => *bundle = whole.as_ref().clone(),
            (_, true) => {}
            (value, false) => {
                bundle.insert(wanted.field.as_str(), value.clone());
            }
        }
    }
    let mut own = blueprint.module(module)?.0.as_collection()?.clone();
    for part in ["filter", "onerror", "routes", "branches", "disabled"] {
        own.remove(part);
    }
    let mut flow: Vec<Value> = bundles.into_iter().map(|(id, bundle)| stand_in(id, bundle)).collect();
    flow.push(own.into());
    let mut root = blueprint.root().as_collection()?.clone();
    root.insert("flow", flow);
    root.insert("metadata", metadata(root.get("metadata").cloned().unwrap_or_default()));
    blueprint.with_root(root.into()).ok()
}

/// A module that gives one bundle, as it was written down.
fn stand_in(id: ModuleId, bundle: Collection) -> Value {
    let field = |(name, value): (&rouage_model::Text, &Value)| -> Value {
        Collection::from_iter([("name", Value::Text(name.clone())), ("value", value.clone())]).into()
    };
    let spec: Vec<Value> = bundle.iter().map(field).collect();
    let entry: Value = Collection::from_iter([("spec", spec)]).into();
    let parameters = Collection::from_iter([("values", vec![entry])]);
    let label = Collection::from_iter([("name", format!("Values written down for module {id}"))]);
    Collection::from_iter([
        ("id", Value::from(id.0)),
        ("module", "util:BasicTrigger".into()),
        ("version", 1.into()),
        ("parameters", parameters.into()),
        ("mapper", Value::empty_collection()),
        ("metadata", Collection::from_iter([("designer", Value::from(label))]).into()),
    ])
    .into()
}

/// The settings of a try: one cycle, nothing stored, nobody waits for it.
fn metadata(metadata: Value) -> Value {
    let mut metadata = metadata.as_collection().cloned().unwrap_or_default();
    let mut settings = metadata.get("scenario").and_then(Value::as_collection).cloned().unwrap_or_default();
    settings.insert("roundtrips", 1);
    settings.insert("dlq", false);
    settings.insert("sequential", false);
    settings.insert("autoCommit", true);
    metadata.insert("scenario", settings);
    metadata.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::json;

    #[test]
    fn what_the_module_reads_stands_before_it_under_its_own_number() {
        let blueprint = Blueprint::parse(
            br#"{"name":"Orders","flow":[{"id":1,"module":"a:Hook"},{"id":2,"module":"builtin:BasicRouter","routes":[
                {"flow":[{"id":7,"module":"a:Do","mapper":{"x":"{{1.a}}"},"filter":{"conditions":[]},"onerror":[]}]}]}],
                "metadata":{"scenario":{"confidential":true,"dlq":true}}}"#,
        )
        .unwrap();
        let given = [Wanted { module: ModuleId(1), field: "a".into(), value: "{{now}}".into() }];
        let variant = alone(&blueprint, ModuleId(7), &given).unwrap();
        let modules: Vec<_> = variant.flow().map(|module| (module.id().unwrap().0, module.name().to_owned())).collect();
        assert_eq!(modules, [(1, "util:BasicTrigger".to_owned()), (7, "a:Do".to_owned())]);
        let settings = variant.settings();
        assert!(settings.confidential && !settings.incomplete_executions);
        let written = json::to_string(variant.flow().next().unwrap().parameters());
        assert_eq!(written, r#"{"values":[{"spec":[{"name":"a","value":"{{now}}"}]}]}"#);
        assert!(variant.module(ModuleId(7)).unwrap().filter().is_nothing());
        assert!(alone(&blueprint, ModuleId(9), &given).is_none());
    }
}
