//! Variables, waiting, small helpers, and what a scenario takes and gives.

use rouage_sdk::{Field, FieldKind};

use super::Entry;

pub(super) fn fill(entry: Entry) -> Entry {
    match entry.name {
        "util:BasicTrigger" => {
            entry.first().synonyms(&["data", "manual", "sample", "start", "test", "try"]).parameters(vec![bundles()])
        }
        "util:ComposeTransformer" => entry
            .synonyms(&["combine", "concatenate", "join", "string", "template", "text"])
            .mapper(vec![Field::text("value", "Text").multiline().help("Text with mapped values in it.")])
            .output(vec![Field::text("value", "Text")]),
        "util:FunctionIncrement" => entry
            .synonyms(&["counter", "increment", "number", "sequence"])
            .parameters(vec![reset()])
            .output(vec![Field::new("i", "i", FieldKind::Integer).help("The count: 1, 2, 3 and so on.")]),
        "util:FunctionSleep" => {
            entry.synonyms(&["delay", "later", "pause", "sleep", "slow down", "time", "wait"]).mapper(vec![
                Field::new("duration", "Delay", FieldKind::UnsignedInteger)
                    .required()
                    .default("1")
                    .help("In seconds, from 1 to 300."),
            ])
        }
        "util:Switcher" => entry
            .synonyms(&["case", "compare", "if", "lookup", "map", "match", "regex", "replace", "translate"])
            .mapper(switch())
            .output(vec![Field::new("output", "Output", FieldKind::Any)]),
        "scenario-service:StartSubscenario" => entry.version(2).first().synonyms(&[
            "input",
            "called",
            "manual",
            "on demand",
            "start",
            "subscenario",
            "trigger",
        ]),
        "scenario-service:ReturnData" => {
            entry.version(2).synonyms(&["answer", "end", "output", "result", "return", "subscenario"]).mapper(vec![
                Field::new("", "Scenario outputs", FieldKind::Collection(Vec::new()))
                    .dynamic()
                    .help("The outputs of this scenario, as they stand on its Inputs and outputs tab."),
            ])
        }
        "scenario-service:NameExecution" => entry.synonyms(&["history", "label", "name", "title"]).mapper(vec![
            Field::text("executionName", "Run name")
                .required()
                .help("Shown in the history, such as the number of the order."),
        ]),
        _ => variables(entry),
    }
}

fn variables(entry: Entry) -> Entry {
    let is_legacy = matches!(entry.name, "util:SetVariable" | "util:GetVariable");
    let entry = if is_legacy { entry.legacy() } else { entry };
    match entry.name {
        "util:SetVariable" | "util:SetVariable2" => entry
            .synonyms(&["keep", "remember", "save", "store", "value", "variable"])
            .mapper(vec![variable_name(), scope(), variable_value()]),
        "util:SetVariables" => {
            entry.synonyms(&["keep", "remember", "save", "several", "store", "value", "variable"]).mapper(vec![
                Field::new("variables", "Variables", FieldKind::Array(vec![variable_name(), variable_value()]))
                    .required()
                    .help("Each has a name and a value."),
                scope(),
            ])
        }
        "util:GetVariable" | "util:GetVariable2" => entry
            .synonyms(&["load", "read", "recall", "value", "variable"])
            .mapper(vec![variable_name().help("The name it was set with.")]),
        "util:GetVariables" => {
            entry.synonyms(&["load", "read", "recall", "several", "value", "variable"]).mapper(vec![
                Field::new(
                    "variables",
                    "Variables",
                    FieldKind::Array(vec![Field::text("", "Variable name").required()]),
                )
                .required()
                .help("The names they were set with."),
            ])
        }
        _ => entry,
    }
}

fn variable_name() -> Field {
    Field::text("name", "Variable name").required().help("You read the value by this name later.")
}

fn variable_value() -> Field {
    Field::new("value", "Variable value", FieldKind::Any).help("Any value or text, with mapped values in it.")
}

fn scope() -> Field {
    let lifetimes = vec![("roundtrip", "One cycle"), ("execution", "One execution")];
    Field::new("scope", "Variable lifetime", FieldKind::Select(lifetimes))
        .required()
        .default("roundtrip")
        .help("One cycle: it is forgotten before the next cycle of the run. One execution: it is kept to the end.")
}

fn reset() -> Field {
    let resets = vec![("run", "After one cycle"), ("execution", "After one scenario run"), ("scenario", "Never")];
    Field::new("reset", "Reset a value", FieldKind::Select(resets))
        .required()
        .default("run")
        .help("When counting begins with 1 again.")
}

fn bundles() -> Field {
    let item = vec![
        Field::text("name", "Name").required(),
        Field::text("value", "Value").required().help("Given as it is written here."),
    ];
    let bundle = Field::new("spec", "Items", FieldKind::Array(item)).required();
    Field::new("values", "Bundles", FieldKind::Array(vec![bundle]))
        .required()
        .help("Each bundle runs once through the scenario; its items can be mapped by name.")
}

fn switch() -> Vec<Field> {
    let case = vec![
        Field::text("pattern", "Pattern").required().help("What the input must be, or must match."),
        Field::new("output", "Output", FieldKind::Any).required().help("Given when the pattern fits."),
    ];
    vec![
        Field::text("input", "Input").help("The value that is compared."),
        Field::boolean("useRegExpMatch", "Use regular expressions to match")
            .required()
            .default("false")
            .help("No: the pattern is the whole value. Yes: the pattern is a regular expression."),
        Field::new("casesTable", "Cases", FieldKind::Array(case))
            .help("Tried from top to bottom; the first that fits counts."),
        Field::new("elseOutput", "Else", FieldKind::Any).help("Given when nothing fits."),
    ]
}
