//! Delete a Row.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value, sheets};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::client::{Client, Finish, Shared, write_effect};
use super::{choices, fields, target};

/// `google-sheets:deleteRow`.
pub(super) struct DeleteRow {
    spec: Spec,
    shared: Arc<Shared>,
}

impl DeleteRow {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let spec = Spec::new("google-sheets:deleteRow", 2, "Delete a Row", Kind::Action, Effect::Write)
            .describe("Deletes a row; the rows below move up.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::select(),
                fields::from(),
                fields::spreadsheet(),
                Field::new("sheetId", "Sheet", FieldKind::Sheet).required().help("Kept as the sheet's number (gid), as in Make; its name works as well."),
                fields::row_number(),
            ])
            .output(vec![
                Field::text("spreadsheetId", "Spreadsheet ID"),
                Field::new("rowNumber", "Row number", FieldKind::Integer),
            ])
            .synonyms(&["clear", "erase", "remove", "row"]);
        Self { spec, shared: shared.clone() }
    }
}

/// The sheet's number. Make stores it; a name is looked up.
async fn sheet_number(client: &Client<'_>, call: &Call<'_>) -> Result<i64, ModuleError> {
    let given = target::sheet(&call.input, "sheetId")?.trim();
    if let Ok(number) = given.parse() {
        return Ok(number);
    }
    let spreadsheet = client.read(sheets::Call::Get { id: target::spreadsheet(&call.input)? }).await?;
    let properties = target::properties(&spreadsheet, given);
    let number = properties.map(|properties| properties.get("sheetId").and_then(Value::as_i64).unwrap_or(0));
    number.ok_or_else(|| ModuleError::data(format!("the spreadsheet has no sheet named {given:?}")))
}

#[async_trait]
impl Module for DeleteRow {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        write_effect(call)
    }

    /// A doubt stays one: that a row is there says nothing, because the rows
    /// below have moved up. The user is asked.
    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let (id, row) = (target::spreadsheet(&call.input)?, target::row_number(&call.input, "rowNumber")?);
        let client = self.shared.client(call)?;
        let range: Collection = [
            ("sheetId", Value::from(sheet_number(&client, call).await?)),
            ("dimension", Value::text("ROWS")),
            ("startIndex", row.into()),
            ("endIndex", (row + 1).into()),
        ]
        .into_iter()
        .collect();
        let delete = Collection::from_iter([("range", range)]);
        let request: Value = Collection::from_iter([("deleteDimension", delete)]).into();
        let body = Collection::from_iter([("requests", vec![request])]).into();
        let output =
            Collection::from_iter([("spreadsheetId", Value::Text(id.clone())), ("rowNumber", (row + 1).into())]);
        let finish: Finish = Box::new(move |_| Ok(vec![output.into()]));
        client.write(sheets::Call::BatchUpdate { id, body }, finish).await
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::by_number(&self.shared, call, field, search).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::StagedEffect;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn body(sheet: &str) -> String {
        let bench = Bench::default();
        bench.host.answer_sheets(Ok(value(r#"{"sheets":[{"properties":{"title":"Data","sheetId":99}}]}"#)));
        let mapper = value(&format!(r#"{{"spreadsheetId":"abc","sheetId":{sheet},"rowNumber":5}}"#));
        let outcome = bench.run(&DeleteRow::new(&Arc::default()), &value("{}"), &mapper).await.unwrap();
        let Outcome::Staged(staged) = outcome else { panic!("expected a staged effect") };
        let StagedEffect::Sheets(sheets::Call::BatchUpdate { body, .. }) = staged.effect else {
            panic!("expected a change")
        };
        json::to_string(&body)
    }

    #[tokio::test]
    async fn a_number_is_taken_and_a_name_is_looked_up() {
        let expected = |sheet: u32| {
            format!(
                r#"{{"requests":[{{"deleteDimension":{{"range":{{"sheetId":{sheet},"dimension":"ROWS","startIndex":4,"endIndex":5}}}}}}]}}"#
            )
        };
        assert_eq!(body("454276116").await, expected(454_276_116));
        assert_eq!(body(r#""Data""#).await, expected(99));
    }
}
