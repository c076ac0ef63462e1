//! Add a Row.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{Call, Effect, Field, FieldChoices, FieldKind, Kind, Module, Outcome, Prepared, Settled, Spec};

use super::append::Addition;
use super::client::{Client, Shared, write_effect};
use super::{cells, choices, fields, target};

/// `google-sheets:addRow`.
pub(super) struct AddRow {
    spec: Spec,
    shared: Arc<Shared>,
}

impl AddRow {
    /// Version 2 and version 3 take the same fields.
    pub(super) fn new(shared: &Arc<Shared>, version: i64) -> Self {
        let spec = Spec::new("google-sheets:addRow", version, "Add a Row", Kind::Action, Effect::Write)
            .describe("Adds a row below the last one of a sheet.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::mode(),
                fields::from(),
                fields::spreadsheet(),
                fields::sheet(),
                fields::includes_headers(),
                fields::table_first_row(),
                fields::use_column_headers(),
                fields::values(),
                fields::insert_unformatted(),
                fields::value_input(),
                fields::insert_data(),
            ])
            .output(vec![
                Field::text("spreadsheetId", "Spreadsheet ID"),
                Field::text("tableRange", "Table range"),
                Field::text("sheetName", "Sheet name"),
                Field::new("rowNumber", "Row number", FieldKind::Integer),
                fields::updates(),
            ])
            .synonyms(&[
                "add",
                "append",
                "create",
                "excel",
                "insert",
                "line",
                "log",
                "new row",
                "order",
                "save",
                "sheet",
                "spreadsheet",
                "table",
                "write",
            ]);
        let spec = if version == 2 { spec } else { spec.legacy() };
        Self { spec, shared: shared.clone() }
    }

    async fn addition(&self, client: &Client<'_>, call: &Call<'_>) -> Result<Addition, ModuleError> {
        Addition::new(&call.input, vec![cells::row(client, &call.input).await?])
    }
}

/// Make's bundle out of Google's answer to an append.
pub(super) fn bundle(answer: &Value) -> Value {
    let updates = answer.field("updates");
    let (sheet, row) = target::first_row(updates.field("updatedRange"));
    let bundle: Collection = [
        ("spreadsheetId", answer.field("spreadsheetId").clone()),
        ("tableRange", answer.field("tableRange").clone()),
        ("sheetName", sheet.into()),
        ("rowNumber", row.map(|row| row + 1).into()),
        ("updates", updates.clone()),
    ]
    .into_iter()
    .collect();
    bundle.into()
}

#[async_trait]
impl Module for AddRow {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        write_effect(call)
    }

    async fn prepare(&self, call: &Call<'_>) -> Result<Prepared, ModuleError> {
        if call.connection.is_none() {
            return Ok(Prepared::default());
        }
        let client = self.shared.client(call)?;
        let addition = self.addition(&client, call).await?;
        self.shared.appends.prepare(call, &client, &addition).await
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let client = self.shared.client(call)?;
        let addition = self.addition(&client, call).await?;
        self.shared.appends.run(call, &client, &addition, bundle).await
    }

    async fn settle(&self, call: &Call<'_>) -> Result<Settled, ModuleError> {
        let client = self.shared.client(call)?;
        let addition = self.addition(&client, call).await?;
        self.shared.appends.settle(call, &client, &addition, bundle).await
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::of(&self.shared, call, field, search).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::sheets::{self, InsertData, ValueInput};
    use rouage_sdk::StagedEffect;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    fn module() -> AddRow {
        AddRow::new(&Arc::default(), 2)
    }

    /// The append that a built-in spreadsheet is asked for, and its bundle.
    async fn staged(mapper: &str, answer: &str) -> (sheets::Call, Vec<Value>) {
        let bench = Bench::default();
        let outcome = bench.run(&module(), &value("{}"), &value(mapper)).await.unwrap();
        let Outcome::Staged(staged) = outcome else { panic!("expected a staged effect") };
        let StagedEffect::Sheets(call) = staged.effect else { panic!("expected a spreadsheet call") };
        (call, (staged.finish)(value(answer)).unwrap())
    }

    #[tokio::test]
    async fn a_built_in_append_is_staged_with_make_s_columns() {
        let mapper = r#"{"mode":"select","from":"drive","spreadsheetId":"/abc","sheetId":"My orders","includesHeaders":true,
            "insertDataOption":"INSERT_ROWS","valueInputOption":"USER_ENTERED","insertUnformatted":false,
            "values":{"0":"Ada","2":12.5,"3":""}}"#;
        let answer = r#"{"spreadsheetId":"abc","tableRange":"'My orders'!A1:C4","updates":{"updatedRange":"'My orders'!A5:C5","updatedRows":1}}"#;
        let (call, bundles) = staged(mapper, answer).await;
        let row = vec![Value::text("Ada"), Value::Null, Value::from(12.5), Value::Null];
        assert_eq!(
            call,
            sheets::Call::Append {
                id: "abc".into(),
                range: "'My orders'!A1:CZ1".into(),
                values: vec![row],
                input: ValueInput::UserEntered,
                insert: InsertData::InsertRows,
            }
        );
        assert_eq!(bundles[0].field("rowNumber"), &Value::from(5));
        assert_eq!(bundles[0].field("sheetName"), &Value::text("My orders"));
    }

    #[tokio::test]
    async fn a_missing_spreadsheet_is_said_before_anything_is_sent() {
        let error = Bench::default().run(&module(), &value("{}"), &value(r#"{"sheetId":"A"}"#)).await.err().unwrap();
        assert_eq!(error.kind, rouage_model::ErrorKind::BundleValidationError);
    }

    #[tokio::test]
    async fn headers_may_name_the_columns() {
        let bench = Bench::default();
        bench.host.answer_sheets(Ok(value(r#"{"values":[["Name","Status"]]}"#)));
        let mapper = r#"{"spreadsheetId":"abc","sheetId":"Orders","useColumnHeaders":true,"values":{"Status":"paid"}}"#;
        let outcome = bench.run(&module(), &value("{}"), &value(mapper)).await.unwrap();
        let Outcome::Staged(staged) = outcome else { panic!("expected a staged effect") };
        let StagedEffect::Sheets(sheets::Call::Append { values, .. }) = staged.effect else {
            panic!("expected an append")
        };
        assert_eq!(values, [[Value::Null, Value::text("paid")]]);
    }

    #[tokio::test]
    async fn a_built_in_write_is_idempotent() {
        let bench = Bench::default();
        let module = module();
        let mapper = value(r#"{"spreadsheetId":"abc","sheetId":"Orders"}"#);
        let call = bench.call(&module, &value("{}"), &mapper).unwrap();
        assert_eq!(module.effect(&call), Effect::Idempotent);
    }
}
