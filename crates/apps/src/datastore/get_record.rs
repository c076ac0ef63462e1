//! Get a record.

use async_trait::async_trait;
use rouage_model::{ModuleError, Value, datastore};
use rouage_sdk::{Call, Effect, Field, Kind, Module, Outcome, Spec};

/// `datastore:GetRecord`.
pub(super) struct GetRecord {
    spec: Spec,
}

impl Default for GetRecord {
    fn default() -> Self {
        let spec = Spec::new("datastore:GetRecord", 1, "Get a record", Kind::Action, Effect::Read)
            .describe("Reads a record by its key. A key that does not exist gives an empty bundle.")
            .parameters(vec![super::datastore_field()])
            .mapper(vec![
                super::key_field().required(),
                Field::boolean("returnWrapped", "Return wrapped output")
                    .default("false")
                    .advanced()
                    .help("Yes: the key beside the record, as Search records gives it."),
            ])
            .synonyms(&["read", "find", "look up", "database", "store"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for GetRecord {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let get = datastore::Call::Get { store: super::store_of(call)?, key: super::key_of(call) };
        let found = call.host.read_datastore(get).await?;
        Ok(Outcome::bundle(match found {
            // What is mapped out of it is empty, and `exist` says no.
            nothing if nothing.is_nothing() => Value::empty_collection(),
            wrapped if call.input.is_true("returnWrapped") => wrapped,
            found => found.field("data").clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn get(mapper: &str, answer: Value) -> String {
        let bench = Bench::default();
        bench.host.answer_datastore(answer);
        let bundles = bench.bundles(&GetRecord::default(), &value(r#"{"datastore":7}"#), &value(mapper)).await.unwrap();
        json::to_string(&bundles.into())
    }

    #[tokio::test]
    async fn fields_stand_alone_or_beside_the_key() {
        let record = value(r#"{"key":"k","data":{"name":"Ada"}}"#);
        assert_eq!(get(r#"{"key":"k","returnWrapped":false}"#, record.clone()).await, r#"[{"name":"Ada"}]"#);
        assert_eq!(get(r#"{"key":"k","returnWrapped":true}"#, record).await, r#"[{"key":"k","data":{"name":"Ada"}}]"#);
        assert_eq!(get(r#"{"key":"x"}"#, Value::Undefined).await, "[{}]");
    }
}
