//! Update a record.

use async_trait::async_trait;
use rouage_model::{ModuleError, datastore};
use rouage_sdk::structure::Extent;
use rouage_sdk::{Call, FieldChoices, Effect, Field, Kind, Module, Outcome, Spec};

/// `datastore:UpdateRecord`.
pub(super) struct UpdateRecord {
    spec: Spec,
}

impl Default for UpdateRecord {
    fn default() -> Self {
        let spec = Spec::new("datastore:UpdateRecord", 1, "Update a record", Kind::Action, Effect::Idempotent)
            .describe("Changes fields of a record. Empty fields stay as they are; the keyword erase clears one.")
            .parameters(vec![super::datastore_field()])
            .mapper(vec![
                super::key_field().required(),
                Field::boolean("upsert", "Insert missing record")
                    .required()
                    .default("false")
                    .help("No: a key that does not exist is an error."),
                Field::boolean("overwriteArrays", "Overwrite an existing array in the record")
                    .default("false")
                    .advanced()
                    .help("No: new items are added to the array that is there."),
                super::record_field(),
            ])
            .output(vec![super::key_field()])
            .synonyms(&["change", "edit", "upsert", "database", "store"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for UpdateRecord {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let store = super::store_of(call)?;
        let data = super::data_of(call, store, Extent::Part).await?;
        let arrays = match call.input.is_true("overwriteArrays") {
            true => datastore::Arrays::Replace,
            false => datastore::Arrays::Append,
        };
        let (key, upsert) = (super::key_of(call), call.input.is_true("upsert"));
        let update = datastore::Call::Update { store, key, data, upsert, arrays };
        Ok(super::stage(update, |answer| vec![super::with_key(&answer)]))
    }

    async fn field_choices(&self, call: &Call<'_>, _: &str, _: &str) -> Result<FieldChoices, ModuleError> {
        super::record_choices(call).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::{Collection, Value, json};
    use rouage_sdk::testing::{Bench, value};

    use super::super::tests::staged;
    use super::*;

    #[tokio::test]
    async fn erase_reaches_the_record_and_ignore_does_not() {
        let bench = Bench::default();
        let data = Collection::from_iter([("a", Value::Erase), ("b", Value::Ignore), ("c", Value::text("x"))]);
        let mapper = Collection::from_iter([
            ("key", Value::text("k")),
            ("data", data.into()),
            ("overwriteArrays", true.into()),
            ("upsert", true.into()),
        ]);
        let answer = r#"{"key":"k","data":{"c":"x"}}"#;
        let (call, output) = staged(&bench, &UpdateRecord::default(), &mapper.into(), answer).await.unwrap();
        let datastore::Call::Update { data, upsert: true, arrays: datastore::Arrays::Replace, .. } = call else {
            panic!("{call:?}")
        };
        // What is ignored is left out when the store merges.
        let record = value(r#"{"a":1,"b":2}"#);
        let merged = datastore::merge(record.as_collection().unwrap(), &data, None, datastore::Arrays::Replace);
        assert_eq!(json::to_string(&merged.into()), r#"{"a":null,"b":2,"c":"x"}"#);
        assert_eq!(json::to_string(&output[0]), r#"{"key":"k","c":"x"}"#);
    }

    #[tokio::test]
    async fn what_is_not_given_is_not_demanded() {
        let bench = Bench::default();
        bench.host.set_structure(r#"[{"name":"email","type":"text","required":true},{"name":"n","type":"number"}]"#);
        let mapper = value(r#"{"key":"k","data":{"n":"","email":""}}"#);
        assert!(staged(&bench, &UpdateRecord::default(), &mapper, "{}").await.is_ok());
        let error = staged(&bench, &UpdateRecord::default(), &value(r#"{"data":{}}"#), "{}").await.unwrap_err();
        assert_eq!(error.details[0].as_ref(), "Missing value of required parameter 'key'.");
    }
}
