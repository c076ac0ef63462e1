//! XML: reading it and writing it.

mod parse_xml;
mod transform_to_xml;
mod writer;

use std::sync::Arc;

use rouage_sdk::{App, Field, FieldKind};

pub(crate) fn app() -> App {
    App {
        name: "xml",
        label: "XML",
        color: "#a3541a",
        icon: "xml",
        synonyms: &["parse", "soap", "feed", "data", "tags"],
        modules: vec![Arc::new(parse_xml::ParseXml::default()), Arc::new(transform_to_xml::TransformToXml::default())],
        connections: Vec::new(),
    }
}

fn structure_field() -> Field {
    Field::new("type", "Data structure", FieldKind::Structure).help("Says which fields there are, so that they can be mapped.")
}
