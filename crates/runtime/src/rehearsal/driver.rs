//! The driver of a rehearsal: answers every step of the engine at once, in
//! memory, within bounds.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rouage_engine::{Call, Catalogue, Facts, Files, Kind, Limits, Plan, Run, RunContext, Step, Trace, compile};
use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::{Blueprint, Collection, ErrorKind, ExecutionId, ModuleError, OperationId, TeamId, Value, Version};
use rouage_store::Lineage;
use rouage_store::drafts::Draft;
use rouage_store::executions::Execution;
use tokio::runtime::Handle;

use super::examples::{self, Example, Examples};
use super::told::{self, Told};
use super::{Given, Rehearsal, computed};
use crate::catalogue::RegistryCatalogue;
use crate::core::Core;
use crate::files;
use crate::history::History;
use crate::knowledge::Knowledge;
use crate::links;

/// What one rehearsal may use: enough to see every way, and not to hold up the
/// server.
const LIMITS: Limits = Limits { operations: 2_000, bundles: 5_000, memory: 64 << 20, cycles: Some(1) };
/// How long it may work.
const LONGEST: SignedDuration = SignedDuration::from_secs(5);

/// What a rehearsal goes by.
pub struct Setting<'a> {
    pub core: &'a Arc<Core>,
    pub team: TeamId,
    pub draft: &'a Draft,
    pub knowledge: &'a Knowledge,
    /// For what a module asks while it computes.
    pub runtime: Handle,
    /// The moment at which everything happens: what sleeps does so in no time.
    pub now: Timestamp,
}

/// Every module can be called in a rehearsal, also one that we do not have.
struct Rehearsed<'a>(RegistryCatalogue<'a>);

impl Catalogue for Rehearsed<'_> {
    fn facts(&self, module: &str, version: Option<i64>) -> Option<Facts> {
        let is_module = module.contains(':') && !module.starts_with("placeholder:");
        self.0.facts(module, version).or(is_module.then_some(Facts { kind: Kind::Action }))
    }
}

/// Runs a draft.
pub fn rehearse(setting: &Setting<'_>, sample: Option<Vec<Value>>) -> Rehearsal {
    let blueprint = links::apply(&setting.draft.blueprint, &setting.draft.links);
    let plan = Arc::new(compile(&blueprint, &Rehearsed(RegistryCatalogue(&setting.core.registry))).plan);
    let examples = Examples::new(setting, &blueprint);
    let mut rehearsing = Rehearsing { setting, plan, blueprint, examples, journal: Vec::new(), told: Vec::new() };
    let given = rehearsing.given(sample);
    let (run, is_cut) = rehearsing.go(&given);
    rehearsing.finish(run, given, is_cut)
}

struct Rehearsing<'a> {
    setting: &'a Setting<'a>,
    plan: Arc<Plan>,
    blueprint: Blueprint,
    examples: Examples,
    journal: Vec<Event>,
    told: Vec<Told>,
}

impl Rehearsing<'_> {
    /// With what it begins: what a person gave, else what is known.
    fn given(&self, sample: Option<Vec<Value>>) -> Given {
        let ground = self.setting.knowledge.ground();
        let first = self.plan.first_module();
        let origin = if sample.is_some() { examples::Origin::Given } else { examples::Origin::Nothing };
        match first.filter(|first| first.kind.is_trigger() || examples::is_foreign(self.setting, first)) {
            Some(first) => {
                let example = self.examples.of(first.id);
                let (bundles, origin) = match sample {
                    Some(bundles) => (bundles, origin),
                    None => (vec![example.bundle.clone()], example.origin),
                };
                Given { bundles, origin, module: Some(first.id) }
            }
            None => Given { bundles: sample.unwrap_or_else(|| vec![ground.inputs.clone()]), origin, module: None },
        }
    }

    fn context(&self) -> RunContext {
        let (ground, core) = (self.setting.knowledge.ground(), self.setting.core);
        RunContext {
            // Also the seed of what is random: two rehearsals with the same
            // data are the same.
            execution: ExecutionId::NIL,
            scenario: ground.scenario,
            scenario_name: ground.name.clone(),
            scenario_url: ground.url.clone(),
            timezone: ground.timezone.clone(),
            team_variables: Collection::new(),
            organization_variables: Collection::new(),
            inputs: ground.inputs.clone(),
            limits: LIMITS,
            files: Files::new(Arc::new(files::Reader::new(core.store.clone(), self.setting.team))),
        }
    }

    fn go(&mut self, given: &Given) -> (Run, bool) {
        let mut run = Run::new(self.plan.clone(), self.context()).recording();
        let clock = self.setting.core.clock.as_ref();
        loop {
            if clock.now().duration_since(self.setting.now) > LONGEST {
                return (run, true);
            }
            let event = match run.next() {
                Step::Finished => return (run, false),
                step => self.answer(step, given),
            };
            if run.apply(&event).is_err() {
                // Each answer fits its step, so this is a defect; what there is
                // so far is shown.
                tracing::error!(scenario.id = %self.setting.draft.scenario, "an answer of a rehearsal does not fit");
                return (run, true);
            }
            // Nothing was done, so there is nothing to keep or to undo.
            if !matches!(event, Event::Committed { .. } | Event::RolledBack { .. }) {
                self.journal.push(event);
            }
        }
    }

    fn answer(&mut self, step: Step, given: &Given) -> Event {
        let at = self.setting.now;
        match step {
            Step::NotStarted | Step::Finished => match given.module {
                Some(_) => Event::Started { at, bundles: Some(given.bundles.clone()), inputs: Value::Undefined },
                None => {
                    let inputs = given.bundles.first().cloned().unwrap_or_default();
                    Event::Started { at, bundles: None, inputs }
                }
            },
            Step::Call(call) => self.call(&call),
            Step::Sleep(sleep) => {
                let (operation, module) = (sleep.operation, sleep.module);
                Event::Returned { at, operation, module, bundles: Vec::new() }
            }
            Step::Park(parked) => {
                let (operation, module) = (parked.operation, parked.module);
                Event::Parked { at, operation, module, error: parked.error }
            }
            Step::Commit => Event::Committed { at },
            Step::Rollback => Event::RolledBack { at },
            Step::Finish(verdict) => {
                let (status, operations) = (verdict.status, verdict.operations);
                Event::Finished { at, status, error: verdict.error, operations }
            }
        }
    }

    /// What a module would have been asked, with an example for an answer.
    fn call(&mut self, call: &Call) -> Event {
        let example = self.examples.of(call.module);
        let found = self.setting.core.registry.module(&call.name, Some(call.version));
        let computed = found.and_then(|module| computed::compute(self.setting, module.as_ref(), call));
        let mut told = told::tell(self.setting, &self.blueprint, call, found.map(|module| module.spec()));
        let bundles = match computed {
            Some(Ok(bundles)) => {
                told.origin = examples::Origin::Computed;
                bundles
            }
            other => {
                if let Some(Err(error)) = other {
                    told.doubt(told::not_computed(&error));
                }
                told.origin = example.origin;
                answers(example, &told)
            }
        };
        self.told.push(told);
        Event::Returned { at: self.setting.now, operation: call.operation, module: call.module, bundles }
    }

    fn finish(self, run: Run, given: Given, is_cut: bool) -> Rehearsal {
        let mut trace = run.trace().clone();
        add_warnings(&mut trace, &self.told);
        // How long nothing takes tells nobody anything.
        trace.operations.iter_mut().for_each(|operation| operation.finished_at = None);
        let has_warnings = trace.operations.iter().any(|operation| !operation.warnings.is_empty());
        let execution = self.execution(run.operations(), has_warnings || is_cut);
        let blueprint = Some(self.setting.draft.blueprint.clone());
        let history = History { execution, blueprint, trace, problem: None, journal: self.journal };
        Rehearsal { history, given, told: self.told, is_cut }
    }

    /// The row that it would have been.
    fn execution(&self, operations: u32, has_warnings: bool) -> Execution {
        let (setting, at) = (self.setting, self.setting.now);
        let (status, error) = match self.journal.last() {
            Some(Event::Finished { status: Status::Success, .. }) | None if has_warnings => (Status::Warning, None),
            Some(Event::Finished { status, error, .. }) => (*status, error.as_ref().map(ModuleError::to_string)),
            _ => (Status::Warning, None),
        };
        Execution {
            id: ExecutionId::NIL,
            team: setting.team,
            scenario: setting.draft.scenario,
            scenario_name: setting.knowledge.ground().name.to_string(),
            version: Version(-1),
            origin: Origin::Draft,
            status,
            created_at: at,
            started_at: Some(at),
            finished_at: Some(at),
            wake_at: None,
            operations,
            size: 0,
            error,
            delivery: None,
            takeovers: 0,
            stop_requested: false,
            name: None,
            is_check: false,
            is_confidential: false,
            lineage: Lineage::None,
        }
    }
}

/// One bundle, or two of what gives any number: that something is done for each
/// of them is then seen.
fn answers(example: &Example, told: &Told) -> Vec<Value> {
    if told.gives_many { vec![example.bundle.clone(), example.second.clone()] } else { vec![example.bundle.clone()] }
}

/// Warnings stand at their operations, where the pages of a run look for them.
fn add_warnings(trace: &mut Trace, told: &[Told]) {
    let mut warnings: BTreeMap<OperationId, &Told> = told.iter().map(|told| (told.operation, told)).collect();
    for operation in &mut trace.operations {
        if let Some(told) = warnings.remove(&operation.operation) {
            operation.warnings.extend(told.doubts.iter().cloned());
        }
    }
}

/// Errors that are no sentence yet.
pub fn said(error: &ModuleError) -> String {
    if error.kind == ErrorKind::BundleValidationError && !error.details.is_empty() {
        return error.details.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    }
    error.message.to_string()
}
