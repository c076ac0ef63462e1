//! Delete a record.

use async_trait::async_trait;
use rouage_model::{ModuleError, datastore};
use rouage_sdk::{Call, Effect, Kind, Module, Outcome, Spec};

/// `datastore:DeleteRecord`. A key that does not exist is no error.
pub(super) struct DeleteRecord {
    spec: Spec,
}

impl Default for DeleteRecord {
    fn default() -> Self {
        let spec = Spec::new("datastore:DeleteRecord", 1, "Delete a record", Kind::Action, Effect::Idempotent)
            .describe("Takes a record out of a data store.")
            .parameters(vec![super::datastore_field()])
            .mapper(vec![super::key_field().required()])
            .output(vec![super::key_field()])
            .synonyms(&["remove", "forget", "database", "store"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for DeleteRecord {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let delete = datastore::Call::Delete { store: super::store_of(call)?, key: super::key_of(call) };
        Ok(super::stage(delete, |answer| vec![answer]))
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::super::tests::staged;
    use super::*;

    #[tokio::test]
    async fn the_output_is_the_deleted_key() {
        let (bench, mapper) = (Bench::default(), value(r#"{"key":12}"#));
        let (call, output) = staged(&bench, &DeleteRecord::default(), &mapper, r#"{"key":"12"}"#).await.unwrap();
        assert!(matches!(call, datastore::Call::Delete { key, .. } if key.as_ref() == "12"));
        assert_eq!(output[0].field("key").as_text(), Some("12"));
    }
}
