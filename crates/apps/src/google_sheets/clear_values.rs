//! Clear Values from a Range.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{ModuleError, sheets};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Settled, Spec};

use super::client::{Finish, Shared, write_effect};
use super::{choices, fields, target};

/// `google-sheets:clearValuesFromRange`.
pub(super) struct ClearValues {
    spec: Spec,
    shared: Arc<Shared>,
}

impl ClearValues {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let name = "google-sheets:clearValuesFromRange";
        let spec = Spec::new(name, 2, "Clear Values from a Range", Kind::Action, Effect::Write)
            .describe("Empties every cell of a range; formats stay.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::select(),
                fields::from(),
                fields::spreadsheet(),
                Field::new("sheet", "Sheet Name", FieldKind::Sheet)
                    .required()
                    .help("The tab at the bottom of the spreadsheet."),
                Field::text("range", "Range").required().help("The cells to empty, such as B3:D9, or A2:H for everything below the headers."),
            ])
            .output(vec![Field::text("spreadsheetId", "Spreadsheet ID"), Field::text("clearedRange", "Cleared range")])
            .synonyms(&["delete", "empty", "erase", "reset"]);
        Self { spec, shared: shared.clone() }
    }
}

#[async_trait]
impl Module for ClearValues {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        write_effect(call)
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let (id, sheet) = (target::spreadsheet(&call.input)?, target::sheet(&call.input, "sheet")?);
        let range = target::on_sheet(sheet, call.input.text("range").unwrap_or_default())?;
        let request = sheets::Call::Clear { id, range: range.to_string().into() };
        let finish: Finish = Box::new(|answer| Ok(vec![answer]));
        self.shared.client(call)?.write(request, finish).await
    }

    /// Emptying cells that are empty changes nothing, so a doubt is settled by
    /// doing it again.
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
    async fn the_sheet_stands_before_the_range() {
        let mapper = value(r#"{"spreadsheetId":"/abc","sheet":"List 1","range":"A2:T","select":"list"}"#);
        let outcome = Bench::default().run(&ClearValues::new(&Arc::default()), &value("{}"), &mapper).await.unwrap();
        let Outcome::Staged(staged) = outcome else { panic!("expected a staged effect") };
        let expected = sheets::Call::Clear { id: "abc".into(), range: "'List 1'!A2:T".into() };
        assert_eq!(staged.effect, StagedEffect::Sheets(expected));
    }
}
