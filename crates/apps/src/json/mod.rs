//! JSON: reading it and writing it.

mod create_json;
mod parse_json;
mod transform_to_json;

use std::sync::Arc;

use rouage_model::{Value, json};
use rouage_sdk::{App, Field, FieldKind, Values};

pub(crate) fn app() -> App {
    App {
        name: "json",
        label: "JSON",
        color: "#5b6b7b",
        icon: "json",
        modules: vec![
            Arc::new(create_json::CreateJson::default()),
            Arc::new(parse_json::ParseJson::default()),
            Arc::new(transform_to_json::TransformToJson::default()),
        ],
        connections: Vec::new(),
    }
}

fn structure_field() -> Field {
    Field::new("type", "Data structure", FieldKind::Structure).help("Describes the fields, so that they can be mapped.")
}

fn space_field() -> Field {
    let options = vec![("", "None"), ("tab", "Tab"), ("2", "2 spaces"), ("4", "4 spaces")];
    Field::new("space", "Indentation", FieldKind::Select(options)).help("How the text is laid out.")
}

/// The text of a value, laid out as the parameter `space` says.
fn write(value: &Value, parameters: &Values) -> Value {
    let style = match parameters.text("space") {
        None => json::Style::Compact,
        Some("2") => json::Style::Indented("  "),
        Some("4") => json::Style::Indented("    "),
        Some(_) => json::Style::Indented("\t"),
    };
    let text = json::write(value, style);
    rouage_model::Collection::from_iter([("json", text)]).into()
}
