//! Check the existence of a record.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, datastore};
use rouage_sdk::{Call, Effect, Field, Kind, Module, Outcome, Spec};

/// `datastore:ExistRecord`. Its output is called `exist`, without an s.
pub(super) struct ExistRecord {
    spec: Spec,
}

impl Default for ExistRecord {
    fn default() -> Self {
        let label = "Check the existence of a record";
        let spec = Spec::new("datastore:ExistRecord", 1, label, Kind::Action, Effect::Read)
            .describe("Says whether there is a record with a key, such as an order that was seen before.")
            .parameters(vec![super::datastore_field()])
            .mapper(vec![super::key_field().required()])
            .output(vec![Field::boolean("exist", "Exists")])
            .synonyms(&["known", "seen before", "duplicate", "has", "database", "store"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for ExistRecord {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let get = datastore::Call::Get { store: super::store_of(call)?, key: super::key_of(call) };
        let found = call.host.read_datastore(get).await?;
        Ok(Outcome::bundle(Collection::from_iter([("exist", !found.is_nothing())])))
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::Value;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn the_answer_is_called_exist() {
        let bench = Bench::default();
        for (answer, exist) in [(value(r#"{"key":"k","data":{}}"#), true), (Value::Undefined, false)] {
            bench.host.answer_datastore(answer);
            let module = ExistRecord::default();
            let bundles = bench.bundles(&module, &value(r#"{"datastore":7}"#), &value(r#"{"key":"k"}"#)).await.unwrap();
            assert_eq!(bundles[0].field("exist"), &Value::from(exist));
        }
    }
}
