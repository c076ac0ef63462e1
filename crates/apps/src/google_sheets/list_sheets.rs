//! List Sheets.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value, sheets};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::client::Shared;
use super::{cells, choices, fields, target};

/// `google-sheets:listSheets`.
pub(super) struct ListSheets {
    spec: Spec,
    shared: Arc<Shared>,
}

impl ListSheets {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let spec = Spec::new("google-sheets:listSheets", 2, "List Sheets", Kind::Search, Effect::Read)
            .describe("Lists the sheets of a spreadsheet, one bundle each.")
            .parameters(vec![fields::connection()])
            .mapper(vec![fields::select(), fields::from(), fields::spreadsheet()])
            .output(output())
            .synonyms(&["names", "tabs", "worksheets"]);
        Self { spec, shared: shared.clone() }
    }
}

/// A sheet's properties, as the fields of an output.
pub(super) fn output() -> Vec<Field> {
    vec![
        Field::new("sheetId", "Sheet ID", FieldKind::Integer),
        Field::text("title", "Title"),
        Field::new("index", "Index", FieldKind::Integer),
        Field::text("sheetType", "Sheet type"),
    ]
}

#[async_trait]
impl Module for ListSheets {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The properties stand in the bundle itself, where blueprints look for
    /// them, and under `properties` as Google gives them.
    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let id = target::spreadsheet(&call.input)?;
        let spreadsheet = self.shared.client(call)?.read(sheets::Call::Get { id }).await?;
        let sheets = spreadsheet.field("sheets").as_array().unwrap_or_default();
        let bundles: Vec<Value> = sheets.iter().map(|sheet| bundle(sheet.field("properties"))).collect();
        Ok(Outcome::Bundles(if bundles.is_empty() { cells::nothing_found() } else { bundles }))
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::of(&self.shared, call, field, search).await
    }
}

fn bundle(properties: &Value) -> Value {
    let mut bundle: Collection = properties.as_collection().cloned().unwrap_or_default();
    bundle.insert("properties", properties.clone());
    bundle.into()
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn each_sheet_is_a_bundle_with_its_title() {
        let bench = Bench::default();
        let answer =
            r#"{"sheets":[{"properties":{"title":"One","sheetId":0}},{"properties":{"title":"Two","sheetId":7}}]}"#;
        bench.host.answer_sheets(Ok(value(answer)));
        let mapper = value(r#"{"select":"map","spreadsheetId":"abc"}"#);
        let bundles = bench.bundles(&ListSheets::new(&Arc::default()), &value("{}"), &mapper).await.unwrap();
        assert_eq!(bundles.len(), 2);
        assert_eq!(bundles[1].field("title"), &Value::text("Two"));
        assert_eq!(bundles[1].field("properties").field("sheetId"), &Value::from(7));
    }
}
