//! `json:TransformToJSON`: any one value to text. Texts come out quoted.

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

pub(super) struct TransformToJson {
    spec: Spec,
}

impl Default for TransformToJson {
    fn default() -> Self {
        let spec = Spec::new("json:TransformToJSON", 1, "Transform to JSON", Kind::Action, Effect::Pure)
            .describe("Writes any value as JSON text.")
            .parameters(vec![super::space_field()])
            .mapper(vec![Field::new("object", "Object", FieldKind::Any).help("Any mapped value: a collection, a list, a text.")])
            .output(vec![Field::text("json", "JSON string")])
            .synonyms(&["convert", "encode", "escape", "serialize", "stringify"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for TransformToJson {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        Ok(Outcome::bundle(super::write(call.input.raw("object"), &call.parameters)))
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::Value;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn texts_are_quoted_and_collections_written() {
        for (mapper, text) in [
            (r#"{"object":"say \"hi\"\n"}"#, r#""say \"hi\"\n""#),
            (r#"{"object":{"a":[1]}}"#, r#"{"a":[1]}"#),
            ("{}", "null"),
        ] {
            let bench = Bench::default();
            let bundles = bench.bundles(&TransformToJson::default(), &Value::Undefined, &value(mapper)).await.unwrap();
            assert_eq!(bundles[0].field("json").as_text(), Some(text));
        }
    }
}
