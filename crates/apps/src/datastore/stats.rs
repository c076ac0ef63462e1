//! Count records.

use async_trait::async_trait;
use rouage_model::{ModuleError, datastore};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

/// `datastore:Stats`.
pub(super) struct Stats {
    spec: Spec,
}

impl Default for Stats {
    fn default() -> Self {
        let spec = Spec::new("datastore:Stats", 1, "Count records", Kind::Action, Effect::Read)
            .describe("Says how many records a data store has.")
            .parameters(vec![super::datastore_field()])
            .output(vec![Field::new("count", "Count", FieldKind::UnsignedInteger)])
            .synonyms(&["number", "how many", "size", "database", "store"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for Stats {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let count = datastore::Call::Count { store: super::store_of(call)? };
        call.host.read_datastore(count).await.map(Outcome::bundle)
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::Value;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn the_answer_is_called_count() {
        let bench = Bench::default();
        bench.host.answer_datastore(value(r#"{"count":3}"#));
        let bundles = bench.bundles(&Stats::default(), &value(r#"{"datastore":7}"#), &Value::Undefined).await.unwrap();
        assert_eq!(bundles[0].field("count"), &Value::from(3));
    }
}
