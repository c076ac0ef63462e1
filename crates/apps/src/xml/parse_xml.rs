//! `xml:ParseXML`: text to one bundle.
//!
//! The root is a collection under its name, every child a list; see
//! `rouage_sdk::xml`.

use async_trait::async_trait;
use rouage_model::{ModuleError, Value, json};
use rouage_sdk::{Call, Effect, Field, Kind, Module, Outcome, Spec, xml};

pub(super) struct ParseXml {
    spec: Spec,
}

impl Default for ParseXml {
    fn default() -> Self {
        let spec = Spec::new("xml:ParseXML", 1, "Parse XML", Kind::Action, Effect::Pure)
            .describe("Reads XML text. Children are lists; attributes are in _attributes, text beside them in _value.")
            .parameters(vec![
                super::structure_field(),
                Field::boolean("preserveNumbersAsText", "Preserve numbers as text")
                    .default("false")
                    .advanced()
                    .help("Yes: 1.50 stays as it is written instead of becoming the number 1.5."),
            ])
            .mapper(vec![Field::text("xml", "XML").multiline().required().help("The text to read, usually mapped from an answer.")])
            .synonyms(&["read", "decode", "deserialize", "convert", "soap"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for ParseXml {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let text = call.input.text("xml").unwrap_or_default();
        let root = xml::parse(text, xml::Entities::Xml).map_err(|reason| {
            ModuleError::validation(vec![format!("Source is not valid XML in parameter 'xml': {reason}.").into()])
        })?;
        let preserve = call.parameters.is_true("preserveNumbersAsText");
        Ok(Outcome::bundle(root.to_value(if preserve { |text| Value::text(text) } else { number_or_text })))
    }
}

/// A number when it is written as JSON would write it: 007 and +1 are codes.
fn number_or_text(text: &str) -> Value {
    let digits = text.trim();
    let may_be = digits.len() <= 100 && digits.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    match json::parse(digits.as_bytes()) {
        Ok(number @ Value::Number(_)) if may_be => number,
        _ => Value::text(text),
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::{Collection, ErrorKind};
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn parse(parameters: &str, text: &str) -> Result<String, ModuleError> {
        let mapper = Collection::from_iter([("xml", text)]).into();
        let bundles = Bench::default().bundles(&ParseXml::default(), &value(parameters), &mapper).await?;
        Ok(json::to_string(&bundles.into()))
    }

    #[tokio::test]
    async fn a_real_answer_has_the_paths_that_blueprints_map() {
        let text = r#"<sru:searchRetrieveResponse xmlns:sru="http://x"><sru:version>2.0</sru:version><sru:records><sru:record>a</sru:record></sru:records></sru:searchRetrieveResponse>"#;
        let parameters = r#"{"type":418711,"preserveNumbersAsText":false}"#;
        assert_eq!(
            parse(parameters, text).await.unwrap(),
            r#"[{"sru:searchRetrieveResponse":{"_attributes":{"xmlns:sru":"http://x"},"sru:version":[2],"sru:records":[{"sru:record":["a"]}]}}]"#
        );
    }

    #[tokio::test]
    async fn numbers_are_numbers_unless_preserved() {
        let text = "<a><n>12</n><n>-1.5</n><n>007</n><n>+1</n><n>1e3</n><n/><n>true</n><n x='1'>5</n></a>";
        assert_eq!(
            parse("{}", text).await.unwrap(),
            r#"[{"a":{"n":[12,-1.5,"007","+1",1000,"","true",{"_attributes":{"x":"1"},"_value":5}]}}]"#
        );
        let preserved = parse(r#"{"preserveNumbersAsText":true}"#, "<a><n>1.50</n></a>").await.unwrap();
        assert_eq!(preserved, r#"[{"a":{"n":["1.50"]}}]"#);
    }

    #[tokio::test]
    async fn text_that_is_not_xml_is_a_clear_error() {
        let error = parse("{}", "<a>").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::BundleValidationError);
        assert!(error.details[0].contains("it is cut off"), "{error:?}");
        let missing = parse("{}", "").await.unwrap_err();
        assert_eq!(missing.details[0].as_ref(), "Missing value of required parameter 'xml'.");
    }
}
