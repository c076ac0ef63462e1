//! Get a Cell.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::client::Shared;
use super::{cells, choices, fields, target};

/// `google-sheets:getCell`.
pub(super) struct GetCell {
    spec: Spec,
    shared: Arc<Shared>,
}

impl GetCell {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let spec = Spec::new("google-sheets:getCell", 2, "Get a Cell", Kind::Action, Effect::Read)
            .describe("Reads one cell.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::select(),
                fields::from(),
                fields::spreadsheet(),
                fields::sheet(),
                Field::text("cell", "Cell").required().help("Column and row of the cell, such as A5."),
                fields::value_render(),
                fields::date_render(),
            ])
            .output(vec![Field::new("value", "Value", FieldKind::Any)])
            .synonyms(&["cell", "read", "value"]);
        Self { spec, shared: shared.clone() }
    }
}

#[async_trait]
impl Module for GetCell {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let (id, sheet) = (target::spreadsheet(&call.input)?, target::sheet(&call.input, "sheetId")?);
        let range = target::on_sheet(sheet, call.input.text("cell").unwrap_or_default())?;
        let answer = self.shared.client(call)?.read(cells::values_call(id, &range, &call.input)).await?;
        let value = cells::rows(&answer).first().and_then(|row| row.first()).cloned();
        Ok(Outcome::bundle(Collection::from_iter([("value", value.unwrap_or(Value::text("")))])))
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::of(&self.shared, call, field, search).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn an_empty_cell_is_an_empty_text() {
        for (answer, expected) in [("{}", r#"{"value":""}"#), (r#"{"values":[[7]]}"#, r#"{"value":7}"#)] {
            let bench = Bench::default();
            bench.host.answer_sheets(Ok(value(answer)));
            let mapper = value(r#"{"spreadsheetId":"abc","sheetId":"Data","cell":"B3"}"#);
            let bundles = bench.bundles(&GetCell::new(&Arc::default()), &value("{}"), &mapper).await.unwrap();
            assert_eq!(bundles, [value(expected)]);
        }
    }
}
