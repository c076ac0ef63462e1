//! `json:CreateJSON`: mapped fields to text.
//!
//! The fields are those of the chosen data structure; the mapper holds them
//! under their own names, so that nothing but the mapper is needed to write
//! them.

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Call, FieldChoices, Effect, Field, FieldKind, Kind, Module, Outcome, Spec, choices};

pub(super) struct CreateJson {
    spec: Spec,
}

impl Default for CreateJson {
    fn default() -> Self {
        let spec = Spec::new("json:CreateJSON", 1, "Create JSON", Kind::Action, Effect::Pure)
            .describe("Writes fields as JSON text, as most services on the web take it.")
            .parameters(vec![super::structure_field(), super::space_field()])
            .mapper(vec![
                Field::new("", "Fields", FieldKind::Collection(Vec::new()))
                    .dynamic()
                    .help("The fields of the data structure."),
            ])
            .output(vec![Field::text("json", "JSON string")])
            .synonyms(&["write", "encode", "serialize", "stringify", "object to string"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for CreateJson {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let structure = super::structure_of(call).await?;
        let value = super::fit(structure.as_ref(), call.input.to_value(), call)?;
        Ok(Outcome::bundle(super::write(&value, &call.parameters)))
    }

    async fn field_choices(&self, call: &Call<'_>, _: &str, _: &str) -> Result<FieldChoices, ModuleError> {
        match super::structure_of(call).await? {
            Some(structure) => Ok(FieldChoices::of_fields(choices::of_structure(&structure))),
            None => Err(ModuleError::data("choose the data structure first: it says which fields the JSON has")),
        }
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::Value;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn fields_are_written_in_order_and_ignored_ones_left_out() {
        let mut mapper = rouage_model::Collection::new();
        mapper.insert("b", "x");
        mapper.insert("a", value("[1,null]"));
        mapper.insert("c", Value::Ignore);
        mapper.insert("d", Value::Null);
        let bench = Bench::default();
        let bundles = bench.bundles(&CreateJson::default(), &value(r#"{"type":1}"#), &mapper.into()).await.unwrap();
        assert_eq!(bundles[0].field("json").as_text(), Some(r#"{"b":"x","a":[1,null],"d":null}"#));
    }

    #[tokio::test]
    async fn the_data_structure_gives_types() {
        let bench = Bench::default();
        bench.host.set_structure(r#"[{"name":"n","type":"number"},{"name":"t","type":"text","required":true}]"#);
        let (parameters, mapper) = (value(r#"{"type":1}"#), value(r#"{"n":"7","t":5}"#));
        let bundles = bench.bundles(&CreateJson::default(), &parameters, &mapper).await.unwrap();
        assert_eq!(bundles[0].field("json").as_text(), Some(r#"{"n":7,"t":"5"}"#));
        let error = bench.bundles(&CreateJson::default(), &parameters, &value("{}")).await.unwrap_err();
        assert_eq!(error.details[0].as_ref(), "Missing value of required parameter 't'.");
    }

    #[tokio::test]
    async fn the_layout_follows_the_parameter() {
        let (bench, mapper) = (Bench::default(), value(r#"{"a":1}"#));
        for (space, text) in [("tab", "{\n\t\"a\": 1\n}"), ("4", "{\n    \"a\": 1\n}"), ("", r#"{"a":1}"#)] {
            let parameters = rouage_model::Collection::from_iter([("space", space)]).into();
            let bundles = bench.bundles(&CreateJson::default(), &parameters, &mapper).await.unwrap();
            assert_eq!(bundles[0].field("json").as_text(), Some(text));
        }
    }

    #[tokio::test]
    async fn the_form_has_the_fields_of_the_data_structure() {
        let bench = Bench::default();
        let module = CreateJson::default();
        let call = bench.call(&module, &value("{}"), &value("{}")).unwrap();
        let error = module.field_choices(&call, "", "").await.unwrap_err();
        assert!(error.message.starts_with("choose the data structure first"), "{error:?}");
        bench.host.set_structure(r#"[{"name":"n","type":"array","spec":[{"name":"sku","type":"text"}]}]"#);
        let call = bench.call(&module, &value(r#"{"type":1}"#), &value("{}")).unwrap();
        let fields = module.field_choices(&call, "", "").await.unwrap().fields.unwrap();
        assert_eq!((fields[0].name.as_str(), fields[0].spec[0].name.as_str()), ("n", "sku"));
    }
}
