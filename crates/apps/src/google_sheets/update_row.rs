//! Update a Row.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Text, Value, sheets};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Settled, Spec};

use super::client::{Finish, Shared, write_effect};
use super::{cells, choices, fields, target};

/// `google-sheets:updateRow`.
pub(super) struct UpdateRow {
    spec: Spec,
    shared: Arc<Shared>,
}

impl UpdateRow {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let spec = Spec::new("google-sheets:updateRow", 2, "Update a Row", Kind::Action, Effect::Write)
            .describe("Changes the given cells of a row; cells without a value stay as they are.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::mode(),
                fields::from(),
                fields::spreadsheet(),
                fields::sheet(),
                fields::row_number(),
                fields::includes_headers(),
                fields::table_first_row(),
                fields::use_column_headers(),
                fields::values(),
                fields::value_input(),
            ])
            .output(vec![
                Field::text("spreadsheetId", "Spreadsheet ID"),
                Field::text("sheetName", "Sheet name"),
                Field::new("rowNumber", "Row number", FieldKind::Integer),
                fields::updates(),
            ])
            .synonyms(&["change", "correct", "edit", "modify", "row", "set", "status", "write"]);
        Self { spec, shared: shared.clone() }
    }
}

/// One range for each run of neighbouring cells that are written, so that the
/// cells between them are not touched.
fn segments(sheet: &str, row: u32, cells: &[Value]) -> Vec<(Text, Vec<Vec<Value>>)> {
    let mut segments: Vec<(u32, Vec<Value>)> = Vec::new();
    for (column, cell) in (0_u32..).zip(cells).filter(|(_, cell)| !cells::is_left(cell)) {
        match segments.last_mut() {
            Some((first, values)) if *first as usize + values.len() == column as usize => values.push(cell.clone()),
            _ => segments.push((column, vec![cell.clone()])),
        }
    }
    let range = |(first, values): (u32, Vec<Value>)| {
        let last = first + u32::try_from(values.len()).unwrap_or(1) - 1;
        (target::row_range(sheet, row, first, last), vec![values])
    };
    segments.into_iter().map(range).collect()
}

/// The totals of one or of several ranges, as `updates`.
fn updates(answer: &Value) -> Collection {
    let Some(responses) = answer.field("responses").as_array() else {
        return answer.as_collection().cloned().unwrap_or_default();
    };
    let sum = |name: &str| responses.iter().filter_map(|response| response.field(name).as_i64()).sum::<i64>();
    let ranges: Vec<&str> = responses.iter().filter_map(|response| response.field("updatedRange").as_text()).collect();
    let entries = [
        ("spreadsheetId", answer.field("spreadsheetId").clone()),
        ("updatedRange", ranges.join(",").into()),
        ("updatedRows", Value::from(1)),
        ("updatedColumns", sum("updatedColumns").into()),
        ("updatedCells", sum("updatedCells").into()),
    ];
    entries.into_iter().collect()
}

fn bundle(id: Text, sheet: Text, row: u32, updates: Collection) -> Value {
    let entries = [
        ("spreadsheetId", Value::Text(id)),
        ("sheetName", Value::Text(sheet)),
        ("rowNumber", Value::from(row + 1)),
        ("updates", updates.into()),
    ];
    Collection::from_iter(entries).into()
}

#[async_trait]
impl Module for UpdateRow {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        write_effect(call)
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let (id, row) = (target::spreadsheet(&call.input)?, target::row_number(&call.input, "rowNumber")?);
        let sheet: Text = target::sheet(&call.input, "sheetId")?.into();
        let client = self.shared.client(call)?;
        let data = segments(&sheet, row, &cells::row(&client, &call.input).await?);
        if data.is_empty() {
            let none = Collection::from_iter([("updatedRows", 0), ("updatedColumns", 0), ("updatedCells", 0)]);
            return Ok(Outcome::bundle(bundle(id, sheet, row, none)));
        }
        let batch = data.len() > 1;
        let request = sheets::Call::Update { id: id.clone(), data, batch, input: cells::value_input(&call.input) };
        let finish: Finish = Box::new(move |answer| Ok(vec![bundle(id, sheet, row, updates(&answer))]));
        client.write(request, finish).await
    }

    /// Writing the same values to the same cells again changes nothing, so a
    /// doubt is settled by doing it.
    async fn settle(&self, _call: &Call<'_>) -> Result<Settled, ModuleError> {
        Ok(Settled::DidNotHappen)
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::of(&self.shared, call, field, search).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::StagedEffect;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn staged(mapper: &str) -> (Vec<(Text, Vec<Vec<Value>>)>, bool) {
        let module = UpdateRow::new(&Arc::default());
        let outcome = Bench::default().run(&module, &value("{}"), &value(mapper)).await.unwrap();
        let Outcome::Staged(staged) = outcome else { panic!("expected a staged effect") };
        let StagedEffect::Sheets(sheets::Call::Update { data, batch, .. }) = staged.effect else {
            panic!("expected an update")
        };
        (data, batch)
    }

    #[tokio::test]
    async fn cells_without_a_value_are_not_touched() {
        let mapper =
            r#"{"spreadsheetId":"/abc","sheetId":"Data","rowNumber":"7","values":{"0":"","1":"b","2":"c","26":"z"}}"#;
        let (data, batch) = staged(mapper).await;
        assert!(batch);
        assert_eq!(data[0], ("Data!B7:C7".into(), vec![vec![Value::text("b"), Value::text("c")]]));
        assert_eq!(data[1], ("Data!AA7".into(), vec![vec![Value::text("z")]]));
    }

    #[tokio::test]
    async fn nothing_to_change_asks_for_nothing() {
        let module = UpdateRow::new(&Arc::default());
        let mapper = value(r#"{"spreadsheetId":"abc","sheetId":"Data","rowNumber":2,"values":{"0":""}}"#);
        let bundles = Bench::default().bundles(&module, &value("{}"), &mapper).await.unwrap();
        assert_eq!(bundles[0].field("updates").field("updatedCells"), &Value::from(0));
    }

    #[tokio::test]
    async fn row_zero_is_refused() {
        let module = UpdateRow::new(&Arc::default());
        let mapper = value(r#"{"spreadsheetId":"abc","sheetId":"Data","rowNumber":0,"values":{"0":"x"}}"#);
        let error = Bench::default().run(&module, &value("{}"), &mapper).await.err().unwrap();
        assert!(error.message.contains("row number"), "{error:?}");
    }

    #[test]
    fn erase_is_a_value() {
        let cells = [cells::cell(&Value::Erase)];
        assert_eq!(segments("A", 0, &cells), [("A!A1".into(), vec![vec![Value::text("")]])]);
    }
}
