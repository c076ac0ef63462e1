//! Make's own app, as far as it concerns this server: running a scenario.

mod run_scenario_with_inputs;

use std::sync::Arc;

use rouage_sdk::App;

pub(crate) fn app() -> App {
    App {
        name: "make",
        label: "Make",
        color: "#6d00cc",
        icon: "make",
        synonyms: &["scenario", "run", "call", "start"],
        modules: vec![Arc::new(run_scenario_with_inputs::RunScenarioWithInputs::default())],
        connections: Vec::new(),
    }
}
