//! Tools that outlive a run. The other tools are the engine's own.

mod function_increment;

use std::sync::Arc;

use rouage_sdk::App;

pub(crate) fn app() -> App {
    App {
        name: "util",
        label: "Tools",
        color: "#6b4bb8",
        icon: "util",
        synonyms: &["helpers", "tools", "utilities"],
        modules: vec![Arc::new(function_increment::FunctionIncrement::default())],
        connections: Vec::new(),
    }
}
