//! Get Range Values.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{ModuleError, Value};
use rouage_sdk::{Call, FieldChoices, Effect, Field, Kind, Module, Outcome, Spec};

use super::client::Shared;
use super::{cells, choices, fields, target};

/// `google-sheets:getSheetContent`.
pub(super) struct GetSheetContent {
    spec: Spec,
    shared: Arc<Shared>,
}

impl GetSheetContent {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let spec = Spec::new("google-sheets:getSheetContent", 2, "Get Range Values", Kind::Search, Effect::Read)
            .describe("Reads a range, one bundle for each of its rows.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::select(),
                fields::from(),
                fields::spreadsheet(),
                fields::sheet(),
                Field::text("range", "Range").required().help("The cells to read, such as A1:D25, or A:I for whole columns."),
                fields::includes_headers(),
                fields::table_first_row(),
                fields::value_render(),
                fields::date_render(),
            ])
            .output(fields::row_output())
            .synonyms(&["all rows", "cells", "list", "range", "read", "rows", "table"]);
        Self { spec, shared: shared.clone() }
    }
}

#[async_trait]
impl Module for GetSheetContent {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Columns count from the start of the range, so `"0"` is its first column
    /// wherever that is. The row of headers is left out when it is in the range.
    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let (id, sheet) = (target::spreadsheet(&call.input)?, target::sheet(&call.input, "sheetId")?);
        let range = target::on_sheet(sheet, call.input.text("range").unwrap_or_default())?;
        let header = call.input.is_true("includesHeaders").then_some(target::table(&call.input)?.first_row).flatten();
        let answer = self.shared.client(call)?.read(cells::values_call(id.clone(), &range, &call.input)).await?;
        let rows = (range.first_row.unwrap_or(0)..).zip(cells::rows(&answer));
        let rows: Vec<(u32, &[Value])> = rows.filter(|(row, _)| Some(*row) != header).collect();
        if rows.is_empty() {
            return Ok(Outcome::Bundles(cells::nothing_found()));
        }
        let bundles = rows.iter().enumerate().map(|(at, (row, values))| {
            let mut bundle = cells::bundle(values, 0);
            bundle.insert("__IMTLENGTH__", rows.len());
            bundle.insert("__IMTINDEX__", at + 1);
            bundle.insert("__ROW_NUMBER__", row + 1);
            bundle.insert("__SPREADSHEET_ID__", id.clone());
            bundle.insert("__SHEET__", sheet);
            bundle.into()
        });
        Ok(Outcome::Bundles(bundles.collect()))
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::of(&self.shared, call, field, search).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::sheets;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn read(range: &str, headers: bool, answer: &str) -> (Vec<Value>, Vec<sheets::Call>) {
        let bench = Bench::default();
        bench.host.answer_sheets(Ok(value(answer)));
        let mapper =
            format!(r#"{{"spreadsheetId":"abc","sheetId":"Data","range":"{range}","includesHeaders":{headers}}}"#);
        let module = GetSheetContent::new(&Arc::default());
        let bundles = bench.bundles(&module, &value("{}"), &value(&mapper)).await.unwrap();
        (bundles, bench.host.sheets_calls())
    }

    #[tokio::test]
    async fn keys_count_from_the_start_of_the_range() {
        let (bundles, calls) = read("D4:J6", false, r#"{"values":[["d4","e4"],[],["d6"]]}"#).await;
        let sheets::Call::Values { ranges, .. } = &calls[0] else { panic!("expected a read") };
        assert_eq!(&*ranges[0], "Data!D4:J6");
        assert_eq!(bundles.len(), 3);
        assert_eq!(bundles[0].field("1"), &Value::text("e4"));
        assert_eq!(bundles[2].field("__ROW_NUMBER__"), &Value::from(6));
    }

    #[tokio::test]
    async fn the_header_row_is_left_out_when_it_is_in_the_range() {
        let (inside, _) = read("A:D", true, r#"{"values":[["Name"],["Ada"]]}"#).await;
        assert_eq!(inside.len(), 1);
        assert_eq!(inside[0].field("0"), &Value::text("Ada"));
        let (outside, _) = read("A2:D9", true, r#"{"values":[["Ada"]]}"#).await;
        assert_eq!(outside[0].field("__ROW_NUMBER__"), &Value::from(2));
    }

    #[tokio::test]
    async fn an_empty_range_is_one_marker_bundle() {
        let (bundles, _) = read("A1:B2", false, "{}").await;
        assert_eq!(bundles, [value(r#"{"__IMTLENGTH__":0}"#)]);
    }
}
