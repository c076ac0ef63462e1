//! The ends of an error route.

use rouage_sdk::{Field, FieldKind};

use super::Entry;

pub(super) fn fill(entry: Entry) -> Entry {
    match entry.name {
        "builtin:Ignore" => entry.synonyms(&["continue", "error", "error handler", "skip"]),
        "builtin:Resume" => {
            entry.synonyms(&["continue", "default", "error", "error handler", "fallback", "substitute"]).mapper(vec![
                Field::new("", "Substitute output", FieldKind::Collection(Vec::new()))
                    .dynamic()
                    .help("Used in place of what the failed module would have given."),
            ])
        }
        "builtin:Commit" => entry.synonyms(&["end", "error", "error handler", "finish", "keep", "stop"]),
        "builtin:Rollback" => entry.synonyms(&["cancel", "end", "error", "error handler", "stop", "undo"]),
        "builtin:Break" => entry
            .synonyms(&["again", "error", "error handler", "incomplete", "later", "retry", "store"])
            .mapper(retry()),
        _ => entry,
    }
}

fn retry() -> Vec<Field> {
    vec![
        Field::boolean("retry", "Automatically complete execution")
            .required()
            .default("true")
            .help("Yes: it is tried again by itself. No: it waits for you under Incomplete executions."),
        Field::new("count", "Number of attempts", FieldKind::UnsignedInteger)
            .default("3")
            .shown("retry", &["true"])
            .help("From 1 to 10,000."),
        Field::new("interval", "Interval between attempts", FieldKind::UnsignedInteger)
            .default("15")
            .shown("retry", &["true"])
            .help("In minutes, from 1 to 44,640 (31 days)."),
    ]
}
