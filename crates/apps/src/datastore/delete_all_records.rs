//! Delete all records.

use async_trait::async_trait;
use rouage_model::{ModuleError, Value, datastore};
use rouage_sdk::{Call, Effect, Kind, Module, Outcome, Spec};

/// `datastore:DeleteAllRecords`. Its bundle is empty.
pub(super) struct DeleteAllRecords {
    spec: Spec,
}

impl Default for DeleteAllRecords {
    fn default() -> Self {
        let spec = Spec::new("datastore:DeleteAllRecords", 1, "Delete all records", Kind::Action, Effect::Idempotent)
            .describe("Empties a data store.")
            .parameters(vec![super::datastore_field()])
            .synonyms(&["clear", "empty", "truncate", "remove", "database", "store"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for DeleteAllRecords {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let all = datastore::Call::DeleteAll { store: super::store_of(call)? };
        Ok(super::stage(all, |_| vec![Value::empty_collection()]))
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::super::tests::staged;
    use super::*;

    #[tokio::test]
    async fn the_flow_goes_on_with_an_empty_bundle() {
        let bench = Bench::default();
        let (call, output) =
            staged(&bench, &DeleteAllRecords::default(), &value("{}"), r#"{"count":3}"#).await.unwrap();
        assert!(matches!(call, datastore::Call::DeleteAll { .. }));
        assert_eq!(output, [Value::empty_collection()]);
    }
}
