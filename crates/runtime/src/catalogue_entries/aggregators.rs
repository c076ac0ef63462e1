//! Aggregators: where the loop begins, what is gathered, and how.

use rouage_sdk::{Field, FieldKind};

use super::Entry;

pub(super) fn fill(mut entry: Entry) -> Entry {
    entry.flags = flags();
    let mut parameters = vec![source()];
    parameters.extend(own_parameters(entry.name));
    let entry = entry.parameters(parameters);
    match entry.name {
        "builtin:BasicAggregator" => entry
            .synonyms(&["array", "collect", "combine", "end of loop", "gather", "group", "list", "together"])
            .mapper(vec![
                any("Aggregated fields").help("Choose what is kept of each bundle; it becomes an item of the array."),
            ])
            .output(output(Field::new("array", "Array", FieldKind::Array(Vec::new())))),
        "util:TextAggregator" => entry
            .synonyms(&["combine", "concatenate", "gather", "join", "lines", "list", "together"])
            .mapper(vec![
                Field::text("value", "Text").multiline().help("Written once for each bundle; the texts are joined."),
            ])
            .output(output(Field::text("text", "Text"))),
        "util:FunctionAggregator2" => entry
            .synonyms(&["add up", "average", "count", "maximum", "minimum", "sum", "total"])
            .mapper(vec![
                Field::new("value", "Value", FieldKind::Number).required().help("The number to take of each bundle."),
            ])
            .output(output(Field::new("result", "Result", FieldKind::Number))),
        "util:AggregateAggregator" => entry
            .synonyms(&["columns", "csv", "gather", "join", "rows", "text"])
            .mapper(vec![any("Aggregated fields").help("Each field is a column, each bundle a row.")])
            .output(output(Field::text("text", "Text"))),
        "json:AggregateToJSON" => entry
            .synonyms(&["array", "encode", "gather", "serialize", "stringify"])
            .mapper(vec![any("Fields").help("What is written of each bundle.")])
            .output(output(Field::text("json", "JSON string"))),
        _ => entry,
    }
}

fn own_parameters(name: &str) -> Vec<Field> {
    match name {
        "util:TextAggregator" => separator("rowSeparator", "Row separator", "otherRowSeparator", true),
        "util:AggregateAggregator" => {
            let mut both = separator("columnSeparator", "Column separator", "otherColumnSeparator", false);
            both.extend(separator("rowSeparator", "Row separator", "otherRowSeparator", false));
            both
        }
        "util:FunctionAggregator2" => vec![calculation()],
        "json:AggregateToJSON" => vec![structure(), space()],
        "builtin:BasicAggregator" => vec![target()],
        _ => Vec::new(),
    }
}

/// Where the loop begins.
fn source() -> Field {
    Field::new("feeder", "Source module", FieldKind::Module)
        .required()
        .help("The module where the loop begins, such as an iterator: everything it gives in one go is put together.")
}

/// Make's choice of a field of a later module whose shape the items have.
fn target() -> Field {
    Field::text("target", "Target structure type")
        .advanced()
        .help("Kept from Make: the field of a later module that the items are meant for. Empty means your own choice.")
}

fn calculation() -> Field {
    let functions =
        vec![("sum", "Sum"), ("avg", "Average"), ("count", "Count"), ("max", "Largest"), ("min", "Smallest")];
    Field::new("fn", "Aggregate function", FieldKind::Select(functions))
        .required()
        .default("sum")
        .help("What is calculated from the numbers.")
}

/// A separator out of Make's list, and the one that a person writes.
fn separator(name: &'static str, label: &'static str, other: &'static str, may_be_empty: bool) -> Vec<Field> {
    let mut options = vec![("\n", "New row"), ("\t", "Tab"), ("other", "Other")];
    if may_be_empty {
        options.insert(0, ("", "Nothing"));
    }
    let default = if name == "columnSeparator" { "\t" } else { "\n" };
    vec![
        Field::new(name, label, FieldKind::Select(options)).default(default).help("What stands between the texts."),
        Field::text(other, "Separator").shown(name, &["other"]).help("Any text, such as a comma and a space."),
    ]
}

fn structure() -> Field {
    Field::new("type", "Data structure", FieldKind::Structure).help("Says which fields each item of the JSON has.")
}

fn space() -> Field {
    let options = vec![("", "None"), ("tab", "Tab"), ("2", "2 spaces"), ("4", "4 spaces")];
    Field::new("space", "Indentation", FieldKind::Select(options))
        .default("")
        .advanced()
        .help("How the text is laid out.")
}

/// The whole mapper: each of its keys is a field that a person chooses.
fn any(label: &'static str) -> Field {
    Field::new("", label, FieldKind::Collection(Vec::new())).dynamic()
}

fn flags() -> Vec<Field> {
    vec![
        Field::new("groupBy", "Group by", FieldKind::Any)
            .advanced()
            .help("One result for each different value of this expression, such as the customer of an order."),
        Field::boolean("stopIfEmpty", "Stop processing after an empty aggregation")
            .advanced()
            .help("Yes: when there was nothing to put together, what follows does not run."),
    ]
}

fn output(result: Field) -> Vec<Field> {
    vec![
        result,
        Field::new("__IMTKEY__", "Key", FieldKind::Any).help("The value of Group by."),
        Field::new("__IMTAGGLENGTH__", "Number of bundles", FieldKind::Integer),
    ]
}
