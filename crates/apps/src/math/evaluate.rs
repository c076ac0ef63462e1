//! `math:EvaluateExpression`: the value of a formula.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Number, Value};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::formula;

pub(super) struct Evaluate {
    spec: Spec,
}

impl Default for Evaluate {
    fn default() -> Self {
        let spec = Spec::new("math:EvaluateExpression", 1, "Evaluate an expression", Kind::Action, Effect::Pure)
            .describe("Computes a formula such as (2 + 3) * sqrt(16).")
            .mapper(vec![
                Field::text("expression", "Expression")
                    .required()
                    .multiline()
                    .help("Numbers, + - * / % ^, parentheses, functions such as round and max, pi and e; map values into it."),
            ])
            .output(vec![Field::new("result", "Result", FieldKind::Number)])
            .synonyms(&["add", "calculate", "calculator", "compute", "formula", "mathematics", "multiply", "percent", "sum"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for Evaluate {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let text = call.input.text("expression").unwrap_or_default();
        let result = formula::evaluate(text)
            .map_err(|reason| ModuleError::data(format!("the expression cannot be computed: {reason}")))?;
        Ok(Outcome::bundle(Collection::from_iter([("result", Value::Number(Number::from_f64(result)))])))
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn run(mapper: &str) -> Result<String, ModuleError> {
        let bundles = Bench::default().bundles(&Evaluate::default(), &Value::Undefined, &value(mapper)).await?;
        Ok(json::to_string(&bundles[0]))
    }

    #[tokio::test]
    async fn the_result_is_a_number() {
        assert_eq!(run(r#"{"expression":"(2 + 3) * 0.1"}"#).await.unwrap(), r#"{"result":0.5}"#);
        assert_eq!(run(r#"{"expression":7}"#).await.unwrap(), r#"{"result":7}"#);
    }

    #[tokio::test]
    async fn what_cannot_be_computed_is_a_clear_error() {
        let error = run(r#"{"expression":"2 +"}"#).await.unwrap_err();
        assert_eq!(error.kind, rouage_model::ErrorKind::DataError);
        assert!(error.message.contains("ends too early"), "{error:?}");
        assert_eq!(run("{}").await.unwrap_err().kind, rouage_model::ErrorKind::BundleValidationError);
    }
}
