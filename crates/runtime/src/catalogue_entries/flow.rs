//! Flow control: routers and loops. Routes, branches and what a merge puts
//! out are drawn or edited by themselves; they are not fields of a form.

use rouage_sdk::{Field, FieldKind};

use super::Entry;

pub(super) fn fill(entry: Entry) -> Entry {
    match entry.name {
        "builtin:BasicRouter" => {
            entry.synonyms(&["branch", "condition", "fork", "if", "paths", "routes", "several", "split", "switch"])
        }
        "builtin:BasicIfElse" => {
            entry.synonyms(&["branch", "case", "condition", "decide", "else", "if", "only when", "split", "switch"])
        }
        "builtin:BasicMerge" => entry.synonyms(&["combine", "converge", "join", "paths", "together"]),
        "builtin:BasicFeeder" => entry
            .synonyms(&["array", "each", "for", "foreach", "items", "list", "loop", "one by one", "split"])
            .mapper(vec![
                Field::new("array", "Array", FieldKind::Array(Vec::new()))
                    .required()
                    .help("Map a list here, such as the items of an order. Each item becomes a bundle of its own."),
            ])
            .output(position()),
        "builtin:BasicRepeater" => entry
            .synonyms(&["again", "for", "loop", "numbers", "repeat", "times", "while"])
            .mapper(vec![
                Field::new("start", "Initial value", FieldKind::Number)
                    .required()
                    .default("1")
                    .help("The number of the first bundle."),
                Field::new("repeats", "Repeats", FieldKind::Number)
                    .required()
                    .default("1")
                    .help("How many bundles there will be, from 0 to 10,000."),
                Field::new("step", "Step", FieldKind::Number)
                    .required()
                    .default("1")
                    .advanced()
                    .help("How much the number grows from one bundle to the next."),
            ])
            .output(
                [vec![Field::new("i", "i", FieldKind::Number).help("The number of this bundle.")], position()].concat(),
            ),
        _ => entry,
    }
}

/// What every bundle of a loop has beside its own fields.
fn position() -> Vec<Field> {
    vec![
        Field::new("__IMTINDEX__", "Bundle order position", FieldKind::Integer),
        Field::new("__IMTLENGTH__", "Total number of bundles", FieldKind::Integer),
    ]
}
