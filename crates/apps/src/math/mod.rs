//! Mathematics: formulas that arrive as text.

mod evaluate;
mod formula;

use std::sync::Arc;

use rouage_sdk::App;

pub(crate) fn app() -> App {
    App {
        name: "math",
        label: "Math",
        color: "#8a4b08",
        icon: "math",
        synonyms: &["calculate", "formula", "compute"],
        modules: vec![Arc::new(evaluate::Evaluate::default())],
        connections: Vec::new(),
    }
}
