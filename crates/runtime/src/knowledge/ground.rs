//! What previews are evaluated against: the last bundle of each module, the
//! inputs and the names of the scenario, its time zone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_engine::Visible;
use rouage_expr::{Budget, Context, Lookup, Mapping, Random, Reference};
use rouage_model::{ExecutionId, ModuleId, ScenarioId, Text, Value};

use super::tree::Known;

/// Steps that one preview may take: far less than a run may, as it is asked for
/// with every key, and far more than a mapping of a person needs.
const STEPS: u64 = 200_000;
/// Bytes of values that it may make.
const BYTES: u64 = 8 * 1024 * 1024;

/// Everything that is known of a draft's data.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The last bundle of each module.
    pub bundles: BTreeMap<ModuleId, Value>,
    /// The last error of each module, as its error route sees it.
    pub errors: BTreeMap<ModuleId, Value>,
    /// The fields of each module's bundles.
    pub known: BTreeMap<ModuleId, Known>,
    /// The variables that modules set, by name.
    pub variables: BTreeMap<String, Known>,
    /// Which modules are in sight where.
    pub visible: Visible,
    /// `var.input`: those of the last run, or the defaults.
    pub inputs: Value,
    /// The scenario.
    pub scenario: ScenarioId,
    /// Its name.
    pub name: Text,
    /// Its page.
    pub url: Text,
    /// The run that most values are of.
    pub execution: Option<ExecutionId>,
    /// The zone of its dates.
    pub timezone: TimeZone,
    /// The moment that `now` stands for.
    pub now: Timestamp,
}

/// A budget of a preview.
pub fn budget() -> Budget {
    Budget::new(STEPS, BYTES)
}

impl Ground {
    /// What a reference leads to, as far as its fields are known.
    pub fn follow(&self, reference: &Reference) -> Option<Known> {
        self.known.get(&reference.module)?.follow(&reference.steps)
    }

    /// What a variable of this name was last set to.
    pub fn variable(&self, name: &str) -> Option<Known> {
        self.variables.get(name).cloned()
    }

    /// The value of a mapping with the last data; nothing when it has none.
    pub fn evaluate(&self, mapping: &Mapping) -> Option<Value> {
        let everywhere = Sight { ground: self, bundles: Seen::All };
        let value = everywhere.evaluate(self.now, |context| mapping.evaluate(context)).ok()?;
        (!matches!(value, Value::Undefined | Value::Ignore)).then_some(value)
    }

    /// What a module sees.
    pub fn sight(&self, module: ModuleId) -> Sight<'_> {
        Sight { ground: self, bundles: Seen::At(module) }
    }

    /// Whether a module's output can be mapped at another.
    pub fn is_visible(&self, named: ModuleId, at: ModuleId) -> bool {
        self.visible.modules.get(&at).is_some_and(|visible| visible.contains(&named))
    }

    /// The bundle of a module as another one sees it.
    pub fn bundle_at(&self, named: ModuleId, at: ModuleId) -> Option<&Value> {
        if !self.is_visible(named, at) {
            return None;
        }
        let has_failed = self.visible.failed.get(&at).is_some_and(|failed| failed.contains(&named));
        if has_failed { self.errors.get(&named) } else { self.bundles.get(&named) }
    }

    fn of_scenario(&self, name: &str) -> Option<Value> {
        match name {
            "id" => Some(self.scenario.0.into()),
            "name" => Some(self.name.clone().into()),
            "url" => Some(self.url.clone().into()),
            "executionId" => self.execution.map(|id| id.to_string().into()),
            _ => None,
        }
    }
}

/// What can be named at one place.
pub struct Sight<'a> {
    ground: &'a Ground,
    bundles: Seen<'a>,
}

enum Seen<'a> {
    All,
    At(ModuleId),
    /// Those of one bundle that came along, from the nearest on.
    These(&'a [(ModuleId, Value)]),
}

impl<'a> Sight<'a> {
    /// What one bundle of a run saw.
    pub fn of(ground: &'a Ground, bundles: &'a [(ModuleId, Value)]) -> Self {
        Self { ground, bundles: Seen::These(bundles) }
    }

    /// Evaluates within a budget of its own. Randomness is fixed, so that a
    /// preview does not flicker.
    pub fn evaluate<T>(&self, now: Timestamp, run: impl FnOnce(&Context<'_>) -> T) -> T {
        let budget = budget();
        run(&Context {
            lookup: self,
            now,
            timezone: &self.ground.timezone,
            random: &Random::new(7),
            execution_id: self.ground.execution,
            budget: &budget,
        })
    }
}

impl Lookup for Sight<'_> {
    fn bundle(&self, module: ModuleId) -> Option<&Value> {
        match self.bundles {
            Seen::All => self.ground.bundles.get(&module),
            Seen::At(at) => self.ground.bundle_at(module, at),
            Seen::These(bundles) => bundles.iter().find(|(id, _)| *id == module).map(|(_, bundle)| bundle),
        }
    }

    fn variable(&self, scope: &str, name: &str) -> Option<Value> {
        match scope {
            "input" => self.ground.inputs.get(name).cloned(),
            "scenario" => self.ground.of_scenario(name),
            _ => None,
        }
    }
}
