//! Update a Cell.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value, sheets};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Settled, Spec};

use super::client::{Finish, Shared, write_effect};
use super::{cells, choices, fields, target};

/// `google-sheets:updateCell`.
pub(super) struct UpdateCell {
    spec: Spec,
    shared: Arc<Shared>,
}

impl UpdateCell {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let spec = Spec::new("google-sheets:updateCell", 2, "Update a Cell", Kind::Action, Effect::Write)
            .describe("Writes one cell; an empty value empties it.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::select(),
                fields::from(),
                fields::spreadsheet(),
                fields::sheet(),
                Field::text("cell", "Cell").required().help("Column and row of the cell, such as A5."),
                Field::new("value", "Value", FieldKind::Any).help("What the cell will hold."),
                fields::value_input(),
            ])
            .output(vec![Field::text("spreadsheetId", "Spreadsheet ID"), fields::updates()])
            .synonyms(&["cell", "change", "edit", "set", "write"]);
        Self { spec, shared: shared.clone() }
    }
}

fn bundle(answer: &Value) -> Value {
    let entries = [("spreadsheetId", answer.field("spreadsheetId").clone()), ("updates", answer.clone())];
    Collection::from_iter(entries).into()
}

#[async_trait]
impl Module for UpdateCell {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        write_effect(call)
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let (id, sheet) = (target::spreadsheet(&call.input)?, target::sheet(&call.input, "sheetId")?);
        let range = target::on_sheet(sheet, call.input.text("cell").unwrap_or_default())?;
        let cell = cells::cell(call.input.raw("value"));
        let cell = if cells::is_left(&cell) { Value::text("") } else { cell };
        let data = vec![(range.to_string().into(), vec![vec![cell]])];
        let request = sheets::Call::Update { id, data, batch: false, input: cells::value_input(&call.input) };
        let finish: Finish = Box::new(|answer| Ok(vec![bundle(&answer)]));
        self.shared.client(call)?.write(request, finish).await
    }

    /// Writing the same value to the same cell again changes nothing, so a
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

    #[tokio::test]
    async fn a_cell_is_written_alone() {
        let mapper = value(
            r#"{"spreadsheetId":"abc","sheetId":"Lab Order","cell":"S16","value":"Yes","valueInputOption":"RAW"}"#,
        );
        let outcome = Bench::default().run(&UpdateCell::new(&Arc::default()), &value("{}"), &mapper).await.unwrap();
        let Outcome::Staged(staged) = outcome else { panic!("expected a staged effect") };
        let StagedEffect::Sheets(sheets::Call::Update { data, input, .. }) = staged.effect else {
            panic!("expected an update")
        };
        assert_eq!(data, [("'Lab Order'!S16".into(), vec![vec![Value::text("Yes")]])]);
        assert_eq!(input, sheets::ValueInput::Raw);
    }
}
