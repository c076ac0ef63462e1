//! What the modules of a draft put out in the last runs. A module of a run is
//! that of the draft when it has its id and its name, so that a changed draft
//! still has samples; a run of one module alone is a source for that module.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use rouage_engine::trace::OperationTrace;
use rouage_model::blueprint::Module;
use rouage_model::{Blueprint, ExecutionId, ModuleId, ScenarioId, TeamId, Value, journal};
use rouage_store::Error;
use rouage_store::executions::{self, Execution, Filter};

use super::kept::weight;
use super::tree::Known;
use crate::core::Core;
use crate::history::{self, History};

/// Runs among the newest that may be looked at.
const NEWEST: u32 = 20;
/// Runs that are read, until every module has something.
const MOST_READ: usize = 6;
/// Bytes of a run's journal beyond which it is not read for samples.
const LARGEST: u64 = 48 * 1024 * 1024;
/// Bundles of a module that are looked at for fields.
const MOST_BUNDLES: usize = 20;

/// What one module put out.
#[derive(Debug, Clone)]
pub struct Sample {
    /// How many bundles.
    pub bundles: usize,
    /// The last of them.
    pub last: Option<Value>,
    /// Its fields, from the last bundles.
    pub known: Known,
    /// The last error, as an error route sees it.
    pub error: Option<Value>,
    /// Its mapping and its parameters in that run.
    pub settings: (Value, Value),
    /// When the run was accepted.
    pub at: Timestamp,
}

/// What the last runs tell.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    /// The run that most values are of.
    pub run: Option<(ExecutionId, Timestamp)>,
    /// By module of the draft.
    pub modules: BTreeMap<ModuleId, Sample>,
    /// What the run was given as its inputs.
    pub inputs: Value,
}

/// Runs that may serve, newest first.
pub async fn suitable(core: &Core, team: TeamId, scenario: ScenarioId) -> Result<Vec<Execution>, Error> {
    let filter = Filter { scenario: Some(scenario), ..Filter::default() };
    let found = executions::list(&core.store, team, &filter, None, NEWEST).await?.items;
    let serves =
        |run: &Execution| run.status.is_final() && !run.is_check && !run.is_confidential && run.size <= LARGEST;
    Ok(found.into_iter().filter(serves).collect())
}

/// What one run tells, whatever draft asks.
#[derive(Debug, Default)]
pub struct OfRun {
    /// By module of the run, with its name.
    modules: BTreeMap<ModuleId, (String, Sample)>,
    inputs: Value,
}

impl OfRun {
    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        let lasts = self.modules.values().filter_map(|(_, sample)| sample.last.as_ref());
        let settings = self.modules.values().flat_map(|(_, sample)| [&sample.settings.0, &sample.settings.1]);
        lasts.chain(settings).chain([&self.inputs]).map(weight).sum()
    }
}

/// Reads runs until every module of the draft has a sample, and not many.
pub async fn gather(core: &Core, team: TeamId, draft: &Blueprint, runs: &[Execution]) -> Result<Samples, Error> {
    let modules = draft.modules();
    let named: Vec<(ModuleId, &str)> =
        modules.iter().filter_map(|visited| Some((visited.module.id()?, visited.module.name()))).collect();
    let mut samples = Samples::default();
    let mut missing: BTreeSet<ModuleId> = named.iter().map(|(id, _)| *id).collect();
    let first = named.first().map(|(id, _)| *id);
    for run in runs.iter().take(MOST_READ) {
        if missing.is_empty() && samples.run.is_some() {
            break;
        }
        let of_run = read(core, team, run).await?;
        let found = named.iter().filter_map(|(id, name)| {
            let (_, sample) = of_run.modules.get(id).filter(|(then, _)| then == name)?;
            Some((*id, sample))
        });
        for (id, sample) in found {
            let has_output = sample.last.is_some();
            if samples.run.is_none() && has_output && Some(id) == first {
                samples.run = Some((run.id, run.created_at));
                samples.inputs = of_run.inputs.clone();
            }
            let known = samples.modules.entry(id).or_insert_with(|| sample.clone());
            if known.last.is_none() && has_output {
                *known = Sample { error: known.error.take().or(sample.error.clone()), ..sample.clone() };
            }
            if has_output {
                missing.remove(&id);
            }
        }
    }
    Ok(samples)
}

/// A run that is over never changes, so it is read once.
async fn read(core: &Core, team: TeamId, run: &Execution) -> Result<Arc<OfRun>, Error> {
    if let Some(read) = core.knowledge.run(run.id) {
        return Ok(read);
    }
    let of_run = match history::history(core, team, run.id).await? {
        Some(history) => history::beside(move || of_run(&history)).await?,
        None => OfRun::default(),
    };
    let of_run = Arc::new(of_run);
    core.knowledge.keep_run(run.id, &of_run);
    Ok(of_run)
}

fn inputs(history: &History) -> Value {
    match history.journal.first() {
        Some(journal::Event::Started { inputs, .. }) => inputs.clone(),
        _ => Value::Undefined,
    }
}

fn of_run(history: &History) -> OfRun {
    let Some(blueprint) = &history.blueprint else { return OfRun::default() };
    let mut operations: BTreeMap<ModuleId, Vec<&OperationTrace>> = BTreeMap::new();
    for operation in &history.trace.operations {
        operations.entry(operation.module).or_default().push(operation);
    }
    let modules = blueprint.modules();
    let modules = modules.iter().filter_map(|visited| {
        let (id, module) = (visited.module.id()?, visited.module);
        let sample = sample(&module, operations.get(&id)?, history.execution.created_at);
        Some((id, (module.name().to_owned(), sample)))
    });
    OfRun { modules: modules.collect(), inputs: inputs(history) }
}

fn sample(module: &Module<'_>, operations: &[&OperationTrace], at: Timestamp) -> Sample {
    let bundles = operations.iter().map(|operation| operation.output.len()).sum();
    let mut newest = operations.iter().rev().flat_map(|operation| operation.output.iter().rev());
    let last = newest.next().cloned();
    let mut known = last.as_ref().map(Known::of_value).unwrap_or_default();
    for other in newest.take(MOST_BUNDLES) {
        let mut other = Known::of_value(other);
        other.forget_values();
        known.absorb(other);
    }
    let failed = operations.iter().rev().find_map(|operation| operation.error.as_ref());
    Sample {
        bundles,
        last,
        known,
        error: failed.map(journal::error_value),
        settings: (module.mapper().clone(), module.parameters().clone()),
        at,
    }
}
