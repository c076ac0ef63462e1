//! Create a Spreadsheet.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value, sheets};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::client::{Finish, Shared, write_effect};
use super::fields;

/// `google-sheets:createSpreadsheet`.
pub(super) struct CreateSpreadsheet {
    spec: Spec,
    shared: Arc<Shared>,
}

impl CreateSpreadsheet {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let name = "google-sheets:createSpreadsheet";
        let spec = Spec::new(name, 2, "Create a Spreadsheet", Kind::Action, Effect::Write)
            .describe("Creates a spreadsheet with the given sheets.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                Field::new("properties", "Properties", FieldKind::Collection(properties())).required().help("What the spreadsheet is called, and how it counts."),
                Field::new("sheets", "Sheets", FieldKind::Array(vec![sheet()]))
                    .help("The tabs it begins with; without any, it has one."),
            ])
            .output(vec![
                Field::text("spreadsheetId", "Spreadsheet ID"),
                Field::text("spreadsheetUrl", "Spreadsheet URL"),
                Field::new("properties", "Properties", FieldKind::Collection(properties())),
                Field::new("sheets", "Sheets", FieldKind::Array(vec![sheet()])),
            ])
            .synonyms(&["add", "excel", "file", "make", "new", "workbook"]);
        Self { spec, shared: shared.clone() }
    }
}

fn properties() -> Vec<Field> {
    vec![
        Field::text("title", "Title").required(),
        Field::text("locale", "Locale").advanced().help("Such as en_US or fr_FR: how dates and numbers look."),
        Field::text("autoRecalc", "Recalculation interval").advanced().help("ON_CHANGE, MINUTE or HOUR."),
        Field::text("timeZone", "Time zone").advanced().help("Such as Europe/Paris."),
        Field::new("defaultFormat", "Default format", FieldKind::Collection(Vec::new()))
            .advanced()
            .help("As Google's API describes it."),
    ]
}

fn sheet() -> Field {
    let properties = vec![Field::text("title", "Title"), Field::new("index", "Index", FieldKind::UnsignedInteger)];
    Field::new("properties", "Properties", FieldKind::Collection(properties))
}

/// Without what is empty: Google takes an empty locale for a wrong one.
fn filled(value: &Value) -> Value {
    match value {
        Value::Collection(collection) => {
            let entries = collection.iter().map(|(key, value)| (key.clone(), filled(value)));
            let entries = entries.filter(|(_, value)| !is_empty(value));
            entries.collect::<Collection>().into()
        }
        Value::Array(items) => items.iter().map(filled).filter(|item| !is_empty(item)).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Collection(collection) => collection.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Text(text) => text.is_empty(),
        other => other.is_nothing(),
    }
}

#[async_trait]
impl Module for CreateSpreadsheet {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        write_effect(call)
    }

    /// A doubt stays one: the id of what may have been created is not known.
    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let mut body = Collection::new();
        for name in ["properties", "sheets"] {
            let value = filled(call.input.raw(name));
            if !is_empty(&value) {
                body.insert(name, value);
            }
        }
        let finish: Finish = Box::new(|answer| Ok(vec![answer]));
        self.shared.client(call)?.write(sheets::Call::Create { body: body.into() }, finish).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::StagedEffect;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn what_is_empty_is_not_sent() {
        let mapper = value(
            r#"{"properties":{"title":"test","locale":"","defaultFormat":{}},"sheets":[{"properties":{"title":"dane"}}]}"#,
        );
        let module = CreateSpreadsheet::new(&Arc::default());
        let outcome = Bench::default().run(&module, &value("{}"), &mapper).await.unwrap();
        let Outcome::Staged(staged) = outcome else { panic!("expected a staged effect") };
        let StagedEffect::Sheets(sheets::Call::Create { body }) = staged.effect else { panic!("expected a creation") };
        let expected = r#"{"properties":{"title":"test"},"sheets":[{"properties":{"title":"dane"}}]}"#;
        assert_eq!(json::to_string(&body), expected);
    }
}
