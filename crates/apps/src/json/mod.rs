//! JSON: reading it and writing it.

mod create_json;
mod parse_json;
mod transform_to_json;

use std::sync::Arc;

use rouage_model::structure::Structure;
use rouage_model::{Collection, ModuleError, StructureId, Value, json};
use rouage_sdk::structure::{Extent, check};
use rouage_sdk::{App, Call, Field, FieldKind, StructureOf, Values};

pub(crate) fn app() -> App {
    App {
        name: "json",
        label: "JSON",
        color: "#5b6b7b",
        icon: "json",
        synonyms: &["parse", "object", "data", "structure"],
        modules: vec![
            Arc::new(create_json::CreateJson::default()),
            Arc::new(parse_json::ParseJson::default()),
            Arc::new(transform_to_json::TransformToJson::default()),
        ],
        connections: Vec::new(),
    }
}

fn structure_field() -> Field {
    Field::new("type", "Data structure", FieldKind::Structure).help("Says which fields there are, so that they can be mapped.")
}

fn space_field() -> Field {
    let options = vec![("", "None"), ("tab", "Tab"), ("2", "2 spaces"), ("4", "4 spaces")];
    Field::new("space", "Indentation", FieldKind::Select(options))
        .default("")
        .advanced()
        .help("How the text is laid out; it makes no difference to programs.")
}

/// The data structure that was chosen, if one was.
async fn structure_of(call: &Call<'_>) -> Result<Option<Structure>, ModuleError> {
    match call.parameters.integer("type") {
        Some(id) => call.host.structure(StructureOf::Id(StructureId(id))).await,
        None => Ok(None),
    }
}

/// A collection, checked and coerced by a structure; anything else as it is.
fn fit(structure: Option<&Structure>, value: Value, call: &Call<'_>) -> Result<Value, ModuleError> {
    let (Some(structure), Value::Collection(data)) = (structure, &value) else { return Ok(value) };
    let checked = check(structure, data, Extent::Whole, &call.timezone);
    checked.map(Collection::into).map_err(ModuleError::validation)
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
