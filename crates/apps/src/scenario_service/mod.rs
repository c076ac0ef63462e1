//! Scenarios: calling one from another. The modules inside the called scenario
//! (Start, Return output, Customize run name) are the engine's own.

mod call_subscenario;

use std::sync::Arc;

use rouage_sdk::App;

pub(crate) fn app() -> App {
    App {
        name: "scenario-service",
        label: "Scenarios",
        color: "#6d3fc0",
        icon: "scenario-service",
        synonyms: &["subscenario", "sub-scenario", "call", "function", "run", "return", "output", "workflow"],
        modules: vec![Arc::new(call_subscenario::CallSubscenario::default())],
        connections: Vec::new(),
    }
}
