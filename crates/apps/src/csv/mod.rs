//! CSV: reading it. Make's modules that write it have no id that is known.

mod parse_csv;
mod records;

use std::sync::Arc;

use rouage_sdk::App;

pub(crate) fn app() -> App {
    App {
        name: "csv",
        label: "CSV",
        color: "#2f7d4f",
        icon: "csv",
        synonyms: &["comma separated", "table", "file", "export", "excel"],
        modules: vec![Arc::new(parse_csv::ParseCsv::default())],
        connections: Vec::new(),
    }
}
