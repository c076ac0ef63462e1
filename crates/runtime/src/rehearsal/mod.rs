//! Rehearsals: a draft run with sample data, without touching anything.
//!
//! The engine walks over the draft with a driver of its own, in memory. Nothing
//! is stored, no position moves, no request is consumed, and no module that
//! reads or changes anything is called: it is answered with an example of its
//! output (see `examples`). Only modules that are pure are computed, with
//! nothing around them but a clock (see `computed`). So a rehearsal may be made
//! at any time, of anything, by anybody who may see the scenario.
//!
//! What would stop a real run is told and does not stop a rehearsal, as its
//! purpose is to show all of the way: a value that does not convert, a module
//! that this program does not have.

mod computed;
mod driver;
mod examples;
mod told;

use rouage_model::{ModuleId, ScenarioId, TeamId, Value};

use crate::control::{Control, ControlError};
use crate::history::{History, beside};

pub use examples::Origin as ExampleOrigin;
pub use told::Told;

/// A draft that was run with sample data.
pub struct Rehearsal {
    /// As pages show a run. Its execution was never stored and cannot be found.
    pub history: History,
    /// What the trigger was given, or the inputs; nothing when the scenario
    /// begins by itself.
    pub given: Given,
    /// What each operation of a module would have done, in order.
    pub told: Vec<Told>,
    /// It was ended before it was over: it took too long.
    pub is_cut: bool,
}

/// What a rehearsal began with.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The bundles of the first module; the inputs as the only one when the
    /// scenario has no trigger.
    pub bundles: Vec<Value>,
    /// Where they are from.
    pub origin: ExampleOrigin,
    /// The first module, when it takes them.
    pub module: Option<ModuleId>,
}

impl Control {
    /// Runs the draft of a scenario with sample data. `sample` takes the place
    /// of what is known of the first module's output: a collection, or an array
    /// of them.
    pub async fn rehearse(&self, team: TeamId, id: ScenarioId, sample: &Value) -> Result<Rehearsal, ControlError> {
        let draft = self.draft(team, id).await?;
        if draft.blueprint.flow().next().is_none() {
            return Err(ControlError::Problems(vec!["add a first module: there is nothing to run yet".to_owned()]));
        }
        let sample = sample_bundles(sample)?;
        let knowledge = self.knowledge(team, id).await?;
        let (core, runtime) = (self.core.clone(), tokio::runtime::Handle::current());
        let now = core.clock.now();
        let rehearsed = beside(move || {
            let setting = driver::Setting { core: &core, team, draft: &draft, knowledge: &knowledge, runtime, now };
            driver::rehearse(&setting, sample)
        });
        Ok(rehearsed.await?)
    }
}

/// What a person gave as the bundles of the trigger.
fn sample_bundles(sample: &Value) -> Result<Option<Vec<Value>>, ControlError> {
    let bundles = match sample {
        nothing if nothing.is_nothing() => return Ok(None),
        Value::Array(items) => items.to_vec(),
        one => vec![one.clone()],
    };
    let fits = !bundles.is_empty() && bundles.iter().all(|bundle| bundle.as_collection().is_some());
    let text = "the sample data must be a JSON object, or a list of objects, one for each bundle";
    if fits { Ok(Some(bundles)) } else { Err(ControlError::Problems(vec![text.to_owned()])) }
}
