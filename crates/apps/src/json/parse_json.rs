//! `json:ParseJSON`: text to bundles.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value, json};
use rouage_sdk::{Call, Effect, Field, Kind, Module, Outcome, Spec};

pub(super) struct ParseJson {
    spec: Spec,
}

impl Default for ParseJson {
    fn default() -> Self {
        let spec = Spec::new("json:ParseJSON", 1, "Parse JSON", Kind::Search, Effect::Pure)
            .describe("Makes the fields of a JSON text mappable. An array gives one bundle for each of its items.")
            .parameters(vec![super::structure_field()])
            .mapper(vec![Field::text("json", "JSON string").multiline().required().help("The text to read, usually mapped from an answer.")])
            .synonyms(&["read", "decode", "deserialize", "object", "string to object"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for ParseJson {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let text = call.input.text("json").unwrap_or_default();
        let parsed = json::parse(text.as_bytes()).map_err(|error| {
            ModuleError::validation(vec![format!("Source is not valid JSON in parameter 'json': {error}.").into()])
        })?;
        let structure = super::structure_of(call).await?;
        let fitting = |value: Value| super::fit(structure.as_ref(), bundle(value), call);
        let bundles = match parsed {
            Value::Array(items) => items.iter().cloned().map(fitting).collect::<Result<_, _>>()?,
            other => vec![fitting(other)?],
        };
        Ok(Outcome::Bundles(bundles))
    }
}

fn bundle(value: Value) -> Value {
    match value {
        Value::Collection(_) => value,
        other => Collection::from_iter([("value", other)]).into(),
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::Bench;

    use super::*;

    async fn parse(text: &str) -> Result<String, ModuleError> {
        let mapper = Collection::from_iter([("json", text)]).into();
        let bundles = Bench::default().bundles(&ParseJson::default(), &Value::Undefined, &mapper).await?;
        Ok(json::to_string(&bundles.into()))
    }

    #[tokio::test]
    async fn an_array_gives_a_bundle_per_item_and_simple_values_a_field() {
        assert_eq!(parse(r#"{"a":1}"#).await.unwrap(), r#"[{"a":1}]"#);
        assert_eq!(parse(r#"[{"a":1},{"a":2},3]"#).await.unwrap(), r#"[{"a":1},{"a":2},{"value":3}]"#);
        assert_eq!(parse("\"x\"").await.unwrap(), r#"[{"value":"x"}]"#);
        assert_eq!(parse("[]").await.unwrap(), "[]");
    }

    #[tokio::test]
    async fn the_data_structure_gives_types_and_names_what_does_not_fit() {
        let bench = Bench::default();
        bench.host.set_structure(r#"{"strict":true,"spec":[{"name":"at","type":"date"}]}"#);
        let run = async |text: &str| {
            let parameters = Collection::from_iter([("type", 1)]).into();
            let mapper = Collection::from_iter([("json", text)]).into();
            bench.bundles(&ParseJson::default(), &parameters, &mapper).await
        };
        let bundles = run(r#"{"at":"2026-01-02T03:04:05Z"}"#).await.unwrap();
        assert!(matches!(bundles[0].field("at"), Value::Date(_)));
        let error = run(r#"[{"at":"soon"},{"more":1}]"#).await.unwrap_err();
        assert_eq!(error.details[0].as_ref(), "Invalid timestamp in parameter 'at': it is text.");
    }

    #[tokio::test]
    async fn text_that_is_not_json_is_an_error_with_its_place() {
        let error = parse("{\"a\": oops}").await.unwrap_err();
        assert_eq!(error.kind, rouage_model::ErrorKind::BundleValidationError);
        assert!(error.details[0].contains("line 1, column 7"), "{error:?}");
        let missing = parse("").await.unwrap_err();
        assert_eq!(missing.details[0].as_ref(), "Missing value of required parameter 'json'.");
    }
}
