//! Markdown to HTML.

mod compile;

use std::sync::Arc;

use rouage_sdk::App;

pub(crate) fn app() -> App {
    App {
        name: "markdown",
        label: "Markdown",
        color: "#3d4852",
        icon: "markdown",
        synonyms: &["md", "html", "format", "text"],
        modules: vec![Arc::new(compile::Compile::default())],
        connections: Vec::new(),
    }
}
