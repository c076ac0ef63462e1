//! Bulk Add Rows.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{ModuleError, Value, json};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Prepared, Settled, Spec, Values};

use super::append::Addition;
use super::client::{Shared, write_effect};
use super::{add_row, cells, choices, fields};

/// `google-sheets:addMultipleRows`.
pub(super) struct AddMultipleRows {
    spec: Spec,
    shared: Arc<Shared>,
}

impl AddMultipleRows {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let spec = Spec::new("google-sheets:addMultipleRows", 2, "Bulk Add Rows", Kind::Action, Effect::Write)
            .describe("Adds several rows below the last one of a sheet at once.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::mode(),
                fields::from(),
                fields::spreadsheet(),
                fields::sheet(),
                fields::table_first_row(),
                Field::new("rows", "Rows", FieldKind::Any)
                    .help("Map a list here, such as the array of an aggregator; each of its items becomes a row."),
                fields::insert_unformatted(),
                fields::value_input(),
                fields::insert_data(),
            ])
            .output(vec![
                Field::text("spreadsheetId", "Spreadsheet ID"),
                Field::text("tableRange", "Table range"),
                Field::text("sheetName", "Sheet name"),
                Field::new("rowNumber", "Row number of the first row", FieldKind::Integer),
                fields::updates(),
            ])
            .synonyms(&["add", "append", "bulk", "insert", "list", "many", "several", "write"]);
        Self { spec, shared: shared.clone() }
    }
}

/// The rows as cells. `rows` may be mapped whole, also as JSON text.
fn rows(input: &Values) -> Result<Vec<Vec<Value>>, ModuleError> {
    let given = match input.raw("rows") {
        Value::Text(text) if !text.is_empty() => json::parse(text.as_bytes())
            .map_err(|error| ModuleError::data(format!("the rows are text, but not JSON: {error}")))?,
        other => other.clone(),
    };
    let rows: Vec<Value> = match &given {
        Value::Array(items) => items.to_vec(),
        nothing if nothing.is_nothing() || nothing.as_text() == Some("") => Vec::new(),
        one => vec![one.clone()],
    };
    rows.iter().enumerate().map(|(at, row)| row_cells(at, row)).collect()
}

fn row_cells(at: usize, row: &Value) -> Result<Vec<Value>, ModuleError> {
    let values = match row {
        Value::Collection(row) => row.get("values").cloned().unwrap_or_else(|| Value::Collection(row.clone())),
        other => other.clone(),
    };
    match &values {
        Value::Array(cells) => Ok(cells.iter().map(cells::cell).collect()),
        Value::Collection(cells) => Ok(cells.values().map(cells::cell).collect()),
        _ => Err(ModuleError::data(format!("row {} is neither a list of cells nor a collection", at + 1))),
    }
}

#[async_trait]
impl Module for AddMultipleRows {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        write_effect(call)
    }

    async fn prepare(&self, call: &Call<'_>) -> Result<Prepared, ModuleError> {
        let addition = Addition::new(&call.input, rows(&call.input)?)?;
        if call.connection.is_none() || addition.is_empty() {
            return Ok(Prepared::default());
        }
        self.shared.appends.prepare(call, &self.shared.client(call)?, &addition).await
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let addition = Addition::new(&call.input, rows(&call.input)?)?;
        if addition.is_empty() {
            return Ok(Outcome::bundle(addition.nothing_added()));
        }
        self.shared.appends.run(call, &self.shared.client(call)?, &addition, add_row::bundle).await
    }

    async fn settle(&self, call: &Call<'_>) -> Result<Settled, ModuleError> {
        let addition = Addition::new(&call.input, rows(&call.input)?)?;
        self.shared.appends.settle(call, &self.shared.client(call)?, &addition, add_row::bundle).await
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::of(&self.shared, call, field, search).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::value;

    use super::*;

    fn read(mapper: &str) -> Result<Vec<Vec<Value>>, ModuleError> {
        let Value::Collection(collection) = value(mapper) else { panic!("not a collection") };
        rows(&Values::from((*collection).clone()))
    }

    #[test]
    fn rows_come_in_every_form_that_make_writes() {
        let expected = vec![vec![Value::text("a"), Value::from(1)]];
        for mapper in [
            r#"{"rows":[{"values":["a",1]}]}"#,
            r#"{"rows":[{"values":{"0":"a","1":1}}]}"#,
            r#"{"rows":[["a",1]]}"#,
            r#"{"rows":"[[\"a\",1]]"}"#,
        ] {
            assert_eq!(read(mapper).unwrap(), expected, "{mapper}");
        }
        assert!(read(r#"{"rows":[1]}"#).is_err());
        assert!(read(r#"{"rows":"oops"}"#).is_err());
        assert_eq!(read("{}").unwrap(), Vec::<Vec<Value>>::new());
    }
}
