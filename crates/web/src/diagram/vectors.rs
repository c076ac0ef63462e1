//! Test vectors that the editor's scripts read as well
//! (`web/scripts/editor/geometry.test.ts`): places, lines, loops and notes of
//! some blueprints. `UPDATE_EXPECT=1` writes what this side draws.

use std::path::PathBuf;

use rouage_model::{Blueprint, Collection, Value, json};
use rouage_sdk::Registry;

use super::{Diagram, Overlay, diagram};

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/layout.json")
}

#[test]
fn drawings_are_as_the_scripts_draw_them() {
    let file = json::parse(&std::fs::read(vectors()).unwrap()).unwrap();
    let mut now = Vec::new();
    for case in file.as_array().unwrap() {
        let mut kept: Collection = case.as_collection().unwrap().clone();
        kept.insert("drawing", drawn(case.field("blueprint")));
        now.push(Value::from(kept));
    }
    let now = Value::from(now);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let lines: Vec<String> = now.as_array().unwrap().iter().map(json::to_string).collect();
        std::fs::write(vectors(), format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    } else {
        let cases = file.as_array().unwrap().iter().zip(now.as_array().unwrap());
        for (expected, found) in cases {
            assert_eq!(json::to_string(found), json::to_string(expected));
        }
    }
}

/// Writes the drawings of a folder of blueprints for a comparison by hand.
#[test]
fn drawings_of_a_folder_are_written_when_asked_for() {
    let Some(target) = std::env::var_os("ROUAGE_DRAWINGS") else { return };
    for file in std::fs::read_dir("/work/shared/blueprints").unwrap() {
        let path = file.unwrap().path();
        let Ok(blueprint) = Blueprint::parse(&std::fs::read(&path).unwrap()) else { continue };
        let text = json::to_string(&drawn(blueprint.root()));
        std::fs::write(PathBuf::from(&target).join(path.file_name().unwrap()), text).unwrap();
    }
}

fn drawn(blueprint: &Value) -> Value {
    let blueprint = Blueprint::parse(json::to_string(blueprint).as_bytes()).unwrap();
    let registry = Registry::default();
    let drawing = diagram(&blueprint, &|module| crate::look::of(&registry, module), &Overlay::new());
    let parts = [
        ("places", places(&drawing)),
        ("lines", lines(&drawing)),
        (
            "areas",
            drawing
                .areas
                .iter()
                .map(|area| {
                    row(&[&area.key, &area.path, &area.width.to_string(), &area.level.to_string(), &area.y.to_string()])
                })
                .collect::<Vec<_>>()
                .into(),
        ),
        ("notes", notes(&drawing)),
    ];
    parts.into_iter().collect::<Collection>().into()
}

fn row(texts: &[&str]) -> Value {
    texts.iter().map(|text| Value::text(*text)).collect::<Vec<_>>().into()
}

fn places(drawing: &Diagram) -> Value {
    drawing
        .nodes
        .iter()
        .map(|node| row(&[&node.key, &node.x.to_string(), &node.y.to_string()]))
        .collect::<Vec<_>>()
        .into()
}

fn lines(drawing: &Diagram) -> Value {
    let line = |link: &super::Link| {
        let chip = link.chip.as_ref().map(|chip| format!("{} {} {}", chip.text, chip.x, chip.y)).unwrap_or_default();
        let filter = format!("{} {} {}", link.filter.x, link.filter.y, link.filter.class);
        row(&[&link.key, &link.path, &link.class, &chip, filter.trim(), &link.filter.lines.join("|")])
    };
    drawing.links.iter().map(line).collect::<Vec<_>>().into()
}

fn notes(drawing: &Diagram) -> Value {
    let note = |note: &super::NoteBox| {
        let texts: Vec<&str> = note.lines.iter().map(|line| line.text.as_str()).collect();
        row(&[
            &note.index.to_string(),
            &format!("{} {} {}", note.x, note.y, note.height),
            &note.color,
            &texts.join("|"),
            &note.line,
        ])
    };
    drawing.notes.iter().map(note).collect::<Vec<_>>().into()
}
