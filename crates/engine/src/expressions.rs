//! The one place where the engine meets the mapping language: what a run
//! offers to expressions, and what their errors become.

use bytes::Bytes;
use jiff::Timestamp;
use rouage_expr::{Budget, Context, EvalError, Explanation, Lookup, MappingError, Random};
pub(crate) use rouage_expr::{Filter, Mapping};
use rouage_model::{Collection, ErrorKind, ExecutionId, ModuleError, ModuleId, Stored, Value};

use crate::context::RunContext;
use crate::plan::{NamedFilter, Plan, Work};
use crate::run::Notes;
use crate::scope::Scope;

/// The surroundings of one evaluation.
pub(crate) struct Surroundings<'a> {
    pub plan: &'a Plan,
    pub scope: &'a Scope,
    pub context: &'a RunContext,
    pub now: Timestamp,
    pub random: &'a Random,
    pub notes: &'a Notes,
}

impl Lookup for Surroundings<'_> {
    fn bundle(&self, module: ModuleId) -> Option<&Value> {
        let id = *self.plan.by_id.get(&module)?;
        // An if-else is bound only so that its merge knows the branch.
        match self.plan.node(id).work {
            Work::IfElse(_) => None,
            _ => self.scope.bundle(id),
        }
    }

    fn variable(&self, scope: &str, name: &str) -> Option<Value> {
        match scope {
            "input" => self.context.inputs.get(name).cloned(),
            "team" => self.context.team_variables.get(name).cloned(),
            "organization" => self.context.organization_variables.get(name).cloned(),
            "scenario" => scenario_variable(self.context, name),
            _ => None,
        }
    }

    fn file(&self, file: &Stored) -> Result<Bytes, String> {
        self.context.files.read(file)
    }
}

fn scenario_variable(context: &RunContext, name: &str) -> Option<Value> {
    match name {
        "id" => Some(context.scenario.0.into()),
        "name" => Some(context.scenario_name.clone().into()),
        "url" => Some(context.scenario_url.clone().into()),
        "executionId" => Some(context.execution.to_string().into()),
        _ => None,
    }
}

impl Surroundings<'_> {
    /// The mapped input of a module: always a collection.
    pub fn map(&self, mapper: Option<&Mapping>) -> Result<Value, ModuleError> {
        let Some(mapper) = mapper else { return Ok(Value::empty_collection()) };
        let value = self.value(mapper)?;
        match value {
            Value::Collection(_) => Ok(value),
            _ => Ok(Value::empty_collection()),
        }
    }

    /// The value of a mapping that need not be a collection.
    fn value(&self, mapping: &Mapping) -> Result<Value, ModuleError> {
        let budget = Budget::default();
        let allowed = budget.bytes_left();
        let value = mapping.evaluate(&self.evaluation(self.random, &budget)).map_err(mapping_error);
        self.notes.grow(allowed - budget.bytes_left());
        self.notes.warn(budget.take_warnings());
        value
    }

    /// Whether the bundle may go on.
    pub fn passes(&self, named: &NamedFilter) -> Result<bool, ModuleError> {
        let budget = Budget::default();
        named.filter.passes(&self.evaluation(self.random, &budget)).map_err(|error| filter_error(&named.name, &error))
    }

    /// The same for people. Uses randomness of its own, so that recording a
    /// run does not change what the run does.
    pub fn explain(&self, named: &NamedFilter, passed: bool) -> Explanation {
        let (budget, random) = (Budget::default(), Random::new(0));
        let explanation = named.filter.explain(&self.evaluation(&random, &budget));
        // Conditions that the verdict did not need may fail when they are asked.
        explanation.unwrap_or(Explanation { passed, groups: Vec::new() })
    }

    fn evaluation<'a>(&'a self, random: &'a Random, budget: &'a Budget) -> Context<'a> {
        Context {
            lookup: self,
            now: self.now,
            timezone: &self.context.timezone,
            random,
            execution_id: Some(self.context.execution),
            budget,
        }
    }
}

/// Randomness that the execution decides.
pub(crate) fn random(execution: ExecutionId) -> Random {
    let (high, low) = execution.0.as_u64_pair();
    Random::new(high ^ low)
}

fn mapping_error(error: MappingError) -> ModuleError {
    ModuleError::new(ErrorKind::DataError, error.to_string())
}

fn filter_error(name: &str, error: &EvalError) -> ModuleError {
    ModuleError::new(ErrorKind::DataError, format!("Failed to evaluate filter '{name}': {error}"))
}

/// `{"error": …}`, what an error route sees as the bundle of the failed module.
pub(crate) fn error_bundle(error: &ModuleError) -> Value {
    let error = rouage_model::journal::error_value(error);
    [("error", error)].into_iter().collect::<Collection>().into()
}
