//! Scenarios that call scenarios: whether one may be called, and how it came
//! out.

use rouage_engine::{Run, RunContext};
use rouage_model::execution::Status;
use rouage_model::{Collection, ErrorKind, ExecutionId, ModuleError, ScenarioId, TeamId, Text, Value, clock};
use rouage_sdk::subscenario::{Child, Request, State};
use rouage_store::scenarios::{self, Scenario};
use rouage_store::{Lineage, executions, journal, lineages};

use crate::check::{Action, Report};
use crate::core::Core;
use crate::host::RuntimeHost;
use crate::inputs;
use crate::limits::Limits;
use crate::plans::Prepared;

/// How deep scenarios may call each other. One that calls itself ends there.
pub const MOST_LEVELS: usize = 10;

/// Checks that a run may call a scenario, and readies the call.
pub async fn plan(host: &RuntimeHost<'_>, request: Request) -> Result<Child, ModuleError> {
    let core = host.core;
    let callers = callers(host).await.map_err(unreadable)?;
    let scenario = scenarios::find(&core.store, host.team, request.scenario).await.map_err(unreadable)?;
    let scenario = scenario.ok_or_else(|| {
        refusal("the scenario that this module calls does not exist any more: choose another one on the Set-up tab")
    })?;
    let prepared = core.plans.get(core, host.team, scenario.id, scenario.version).await.map_err(unreadable)?;
    let prepared = prepared.ok_or_else(|| refusal(format!("the scenario {:?} cannot be read", scenario.name)))?;
    may_be_called(&scenario, &prepared)?;
    check_levels(&scenario, &callers)?;
    if request.waits && prepared.plan.settings().sequential {
        check_order(&scenario, &callers)?;
    }
    let inputs = inputs::check(&prepared, &request.inputs).map_err(|misfits| {
        let details = misfits.into_iter().map(|misfit| misfit.text).collect();
        let error = ModuleError::validation(details);
        let message =
            format!("the scenario {:?} does not take these inputs: {}", scenario.name, error.details.join(" "));
        ModuleError { message: message.into(), ..error }
    })?;
    let execution = clock::execution_id(core.clock.as_ref());
    Ok(Child { execution, scenario: scenario.id, version: scenario.version, inputs })
}

/// How a called run stands.
pub async fn state(core: &Core, team: TeamId, child: ExecutionId) -> Result<State, rouage_store::Error> {
    let Some(execution) = executions::find(&core.store, team, child).await? else { return Ok(State::Gone) };
    if !execution.status.is_final() {
        return Ok(State::Active);
    }
    let error = execution.error.as_deref().map(Text::from);
    let outputs = match execution.status {
        Status::Success | Status::Warning => outputs(core, &execution).await?,
        _ => Value::empty_collection(),
    };
    Ok(State::Ended { status: execution.status, error, outputs })
}

/// What a run returned: a collection, empty when it returned nothing.
pub async fn outputs(core: &Core, execution: &executions::Execution) -> Result<Value, rouage_store::Error> {
    let found = core.plans.get(core, execution.team, execution.scenario, execution.version).await?;
    let Some(prepared) = found else { return Ok(Value::empty_collection()) };
    let events = journal::events(&core.store, execution.id).await?;
    let (id, scenario, origin) = (execution.id, execution.scenario, execution.origin);
    let context = RunContext { limits: Limits::of_look(origin), ..prepared.context(core, id, scenario, origin) };
    // It ended with this journal, so it can be followed.
    let run = Run::replay(prepared.plan.clone(), context, events).ok();
    Ok(run.and_then(|run| run.outputs().cloned()).unwrap_or_else(Value::empty_collection))
}

/// Links to scenarios of the team that have the name which the one called had
/// at the other server; nothing where none or several have it.
pub async fn links_by_name(
    core: &Core,
    team: TeamId,
    report: &Report,
    links: &mut Collection,
) -> Result<(), rouage_store::Error> {
    let known = scenarios::brief(&core.store, team).await?;
    for module in &report.modules {
        let Some(id) = module.id else { continue };
        for action in &module.actions {
            let Action::ChooseScenario { field, was: Some(name) } = action else { continue };
            let mut named = known.iter().filter(|scenario| scenario.name == *name);
            if let (Some(scenario), None) = (named.next(), named.next()) {
                links.insert(format!("{id}.{field}"), scenario.id.0);
            }
        }
    }
    Ok(())
}

/// Wakes a run that waits for another one, if that has ended.
pub async fn call_back(
    core: &Core,
    team: TeamId,
    parent: ExecutionId,
    child: ExecutionId,
) -> Result<(), rouage_store::Error> {
    let stands = executions::find(&core.store, team, child).await?;
    if stands.is_none_or(|child| child.status.is_final()) {
        let mut tx = core.store.begin().await?;
        executions::wake(&mut tx, parent).await?;
        tx.commit().await?;
    }
    core.wake.notify_one();
    Ok(())
}

/// A run that waits, directly or not, for the one that is to be made.
struct Caller {
    scenario: ScenarioId,
    name: String,
    is_over: bool,
    /// It goes on with what another run began, and so does its place.
    is_retry: bool,
}

impl Caller {
    /// How many levels there are.
    fn levels(callers: &[Caller]) -> usize {
        callers.iter().filter(|caller| !caller.is_retry).count()
    }
}

/// From the run that calls to the one that nobody called.
async fn callers(host: &RuntimeHost<'_>) -> Result<Vec<Caller>, rouage_store::Error> {
    let store = &host.core.store;
    let (mut callers, mut next) = (Vec::new(), Some(host.execution));
    while let Some(execution) = next.filter(|_| Caller::levels(&callers) <= MOST_LEVELS) {
        let lineage = lineages::find(store, execution).await?;
        let is_retry = matches!(lineage, Lineage::Retry { .. });
        if let Some(found) = executions::find(store, host.team, execution).await? {
            let is_over = found.status.is_final();
            callers.push(Caller { scenario: found.scenario, name: found.scenario_name, is_over, is_retry });
        }
        next = match lineage {
            Lineage::Child { parent, .. } => Some(parent),
            Lineage::Retry { origin, .. } => Some(origin),
            _ => None,
        };
    }
    Ok(callers)
}

fn may_be_called(scenario: &Scenario, prepared: &Prepared) -> Result<(), ModuleError> {
    let name = &scenario.name;
    if prepared.plan.is_instant() {
        return Err(refusal(format!("the scenario {name:?} starts with data that is sent to it; it cannot be called")));
    }
    if !scenario.enabled {
        return Err(not_now(format!("the scenario {name:?} is off: switch it on, so that it can be called")));
    }
    if !scenario.scheduling.is_on_demand() {
        let text = format!("the scenario {name:?} runs by a schedule: set it to On demand, so that it can be called");
        return Err(not_now(text));
    }
    Ok(())
}

fn check_levels(scenario: &Scenario, callers: &[Caller]) -> Result<(), ModuleError> {
    if Caller::levels(callers) < MOST_LEVELS {
        return Ok(());
    }
    let levels = callers.iter().rev().filter(|caller| !caller.is_retry);
    let mut names: Vec<&str> = levels.map(|caller| caller.name.as_str()).collect();
    names.push(&scenario.name);
    let text = format!(
        "scenarios call each other more than {MOST_LEVELS} levels deep, so no further one was started: {}",
        names.join(" → ")
    );
    Err(not_now(text))
}

/// A run that waits for its turn behind the one that waits for it would wait
/// for ever.
fn check_order(scenario: &Scenario, callers: &[Caller]) -> Result<(), ModuleError> {
    if !callers.iter().any(|caller| caller.scenario == scenario.id && !caller.is_over) {
        return Ok(());
    }
    let text = format!(
        "the scenario {:?} runs one at a time (sequential processing), and this call would wait for a run that stands \
         behind it: switch sequential processing off, or call it without waiting",
        scenario.name
    );
    Err(not_now(text))
}

/// It may be otherwise at the next run, so the caller is not switched off.
fn not_now(text: impl Into<Text>) -> ModuleError {
    ModuleError::new(ErrorKind::RuntimeError, text)
}

/// It is like this every time.
fn refusal(text: impl Into<Text>) -> ModuleError {
    ModuleError::new(ErrorKind::InvalidConfigurationError, text)
}

/// The store does not answer; worth another try.
pub fn unreadable(error: rouage_store::Error) -> ModuleError {
    ModuleError::new(ErrorKind::ConnectionError, format!("Rouage's own store could not be read: {error}"))
}
