//! Add/Replace a record.

use async_trait::async_trait;
use rouage_model::{ModuleError, datastore};
use rouage_sdk::structure::Extent;
use rouage_sdk::{Call, FieldChoices, Effect, Field, Kind, Module, Outcome, Spec};

/// `datastore:AddRecord`.
pub(super) struct AddRecord {
    spec: Spec,
}

impl Default for AddRecord {
    fn default() -> Self {
        let spec = Spec::new("datastore:AddRecord", 1, "Add/Replace a record", Kind::Action, Effect::Idempotent)
            .describe("Adds a record to a data store, or replaces the one with the same key.")
            .parameters(vec![super::datastore_field()])
            .mapper(vec![
                super::key_field().help("The name of the record, such as the number of an order. Empty: one is made."),
                Field::boolean("overwrite", "Overwrite an existing record")
                    .required()
                    .default("false")
                    .help("No: a key that exists already is an error."),
                super::record_field(),
            ])
            .output(vec![super::key_field()])
            .synonyms(&["create", "database", "insert", "keep", "new record", "remember", "save", "store", "write"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for AddRecord {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let store = super::store_of(call)?;
        let data = super::data_of(call, store, Extent::Whole).await?;
        let key = call.input.text("key").map(Into::into);
        let add = datastore::Call::Add { store, key, data, overwrite: call.input.is_true("overwrite") };
        Ok(super::stage(add, |answer| vec![super::with_key(&answer)]))
    }

    async fn field_choices(&self, call: &Call<'_>, _: &str, _: &str) -> Result<FieldChoices, ModuleError> {
        super::record_choices(call).await
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::{ErrorKind, Value, json};
    use rouage_sdk::testing::{Bench, value};

    use super::super::tests::staged;
    use super::*;

    const ANSWER: &str = r#"{"key":"k1","data":{"name":"Ada","key":"other"}}"#;

    #[tokio::test]
    async fn an_empty_key_is_left_to_the_store_and_the_output_has_it() {
        let bench = Bench::default();
        let mapper = value(r#"{"key":"","data":{"name":"Ada"},"overwrite":false}"#);
        let (call, output) = staged(&bench, &AddRecord::default(), &mapper, ANSWER).await.unwrap();
        let datastore::Call::Add { key: None, overwrite: false, data, store } = call else { panic!("{call:?}") };
        assert_eq!((data.len(), store.0), (1, 7));
        assert_eq!(json::to_string(&output.into()), r#"[{"key":"k1","name":"Ada"}]"#);
    }

    #[tokio::test]
    async fn the_structure_coerces_and_a_strict_one_refuses_extras() {
        let bench = Bench::default();
        bench.host.set_structure(
            r#"{"strict":true,"spec":[{"name":"age","type":"number"},{"name":"state","type":"text","default":"new"}]}"#,
        );
        let mapper = value(r#"{"key":5,"data":{"age":"36"},"overwrite":true}"#);
        let (call, _) = staged(&bench, &AddRecord::default(), &mapper, ANSWER).await.unwrap();
        let datastore::Call::Add { key: Some(key), data, overwrite: true, .. } = call else { panic!("{call:?}") };
        assert_eq!(
            (key.as_ref(), data.get("age"), data.get("state").and_then(Value::as_text)),
            ("5", Some(&Value::from(36)), Some("new"))
        );
        let mapper = value(r#"{"data":{"age":"old","more":1}}"#);
        let error = staged(&bench, &AddRecord::default(), &mapper, ANSWER).await.unwrap_err();
        assert_eq!((error.kind, error.details.len()), (ErrorKind::BundleValidationError, 2));
    }
}
