//! Add a Sheet.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value, sheets};
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Prepared, Settled, Spec};

use super::client::{Finish, Shared, write_effect};
use super::{choices, fields, list_sheets, target};

/// `google-sheets:addSheet`.
pub(super) struct AddSheet {
    spec: Spec,
    shared: Arc<Shared>,
}

impl AddSheet {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let properties = vec![
            Field::text("title", "Title").required(),
            Field::new("index", "Index", FieldKind::UnsignedInteger).help("0 is the first place."),
        ];
        let spec = Spec::new("google-sheets:addSheet", 2, "Add a Sheet", Kind::Action, Effect::Write)
            .describe("Adds a sheet to a spreadsheet.")
            .parameters(vec![fields::connection()])
            .mapper(vec![
                fields::select(),
                fields::from(),
                fields::spreadsheet(),
                Field::new("properties", "Properties", FieldKind::Collection(properties))
                    .required()
                    .help("What the sheet is called, and where it stands."),
            ])
            .output(list_sheets::output())
            .synonyms(&["create", "new", "tab", "worksheet"]);
        Self { spec, shared: shared.clone() }
    }

    /// The properties of the sheet with the title, when there is one.
    async fn look(&self, call: &Call<'_>) -> Result<Option<Value>, ModuleError> {
        let id = target::spreadsheet(&call.input)?;
        let spreadsheet = self.shared.client(call)?.read(sheets::Call::Get { id }).await?;
        let title = call.input.raw("properties").field("title").as_text().unwrap_or_default();
        Ok(target::properties(&spreadsheet, title).map(|properties| properties.clone().into()))
    }
}

fn bundle(answer: &Value) -> Value {
    let reply = answer.field("replies").as_array().and_then(|replies| replies.first()).cloned().unwrap_or_default();
    reply.field("addSheet").field("properties").clone()
}

#[async_trait]
impl Module for AddSheet {
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
        let existed = self.look(call).await?.is_some();
        Ok(Prepared { note: Collection::from_iter([("existed", existed)]).into(), ..Prepared::default() })
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let id = target::spreadsheet(&call.input)?;
        let properties = call.input.raw("properties").clone();
        let add: Value = Collection::from_iter([("properties", properties)]).into();
        let request: Value = Collection::from_iter([("addSheet", add)]).into();
        let body = Collection::from_iter([("requests", vec![request])]).into();
        let finish: Finish = Box::new(|answer| Ok(vec![bundle(&answer)]));
        self.shared.client(call)?.write(sheets::Call::BatchUpdate { id, body }, finish).await
    }

    /// Titles are unique in a spreadsheet: a sheet that was not there before
    /// and is there now is ours, and where it was there before ours was refused.
    async fn settle(&self, call: &Call<'_>) -> Result<Settled, ModuleError> {
        match (call.note.field("existed").as_bool(), self.look(call).await?) {
            (Some(false), Some(properties)) => Ok(Settled::Happened(vec![properties])),
            (_, None) | (Some(true), _) => Ok(Settled::DidNotHappen),
            (None, Some(_)) => Ok(Settled::Unknown),
        }
    }

    async fn field_choices(&self, call: &Call<'_>, field: &str, search: &str) -> Result<FieldChoices, ModuleError> {
        choices::of(&self.shared, call, field, search).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::StagedEffect;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn the_answer_s_properties_are_the_bundle() {
        let mapper = value(r#"{"spreadsheetId":"abc","properties":{"title":"New","index":0}}"#);
        let outcome = Bench::default().run(&AddSheet::new(&Arc::default()), &value("{}"), &mapper).await.unwrap();
        let Outcome::Staged(staged) = outcome else { panic!("expected a staged effect") };
        let StagedEffect::Sheets(sheets::Call::BatchUpdate { body, .. }) = staged.effect else {
            panic!("expected a change")
        };
        assert_eq!(json::to_string(&body), r#"{"requests":[{"addSheet":{"properties":{"title":"New","index":0}}}]}"#);
        let answer = value(r#"{"replies":[{"addSheet":{"properties":{"sheetId":5,"title":"New"}}}]}"#);
        assert_eq!((staged.finish)(answer).unwrap(), [value(r#"{"sheetId":5,"title":"New"}"#)]);
    }
}
