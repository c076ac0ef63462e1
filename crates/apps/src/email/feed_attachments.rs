//! `email:FeedAttachments`: one bundle for each attachment.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::mail;

pub(super) struct FeedAttachments {
    spec: Spec,
}

impl Default for FeedAttachments {
    fn default() -> Self {
        let mut output = mail::attachment_fields();
        output.push(Field::new("__IMTLENGTH__", "Total number of bundles", FieldKind::UnsignedInteger));
        output.push(Field::new("__IMTINDEX__", "Bundle order position", FieldKind::UnsignedInteger));
        let spec = Spec::new("email:FeedAttachments", 7, "Iterate attachments", Kind::Iterator, Effect::Pure)
            .takes_files()
            .describe("Gives each attachment of a message as a bundle of its own.")
            .mapper(vec![Field::new("array", "Attachments", FieldKind::Array(Vec::new()))
                    .help("Map the attachments of a message here, such as those of Watch emails.")])
            .output(output)
            .synonyms(&["attachment", "each", "files", "iterator", "loop", "mail", "split"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for FeedAttachments {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let items = call.input.array("array");
        let bundles = items.iter().zip(1_i64..).map(|(item, number)| bundle(item, number, items.len()));
        Ok(Outcome::Bundles(bundles.collect()))
    }
}

fn bundle(item: &Value, number: i64, count: usize) -> Value {
    let mut bundle = match item {
        Value::Collection(fields) => (**fields).clone(),
        other => Collection::from_iter([("value", other.clone())]),
    };
    bundle.insert("__IMTLENGTH__", count);
    bundle.insert("__IMTINDEX__", number);
    bundle.into()
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn each_attachment_is_a_bundle() {
        for (mapper, bundles) in [
            (
                r#"{"array":[{"fileName":"a","data":"x"},{"fileName":"b"}]}"#,
                r#"[{"fileName":"a","data":"x","__IMTLENGTH__":2,"__IMTINDEX__":1},{"fileName":"b","__IMTLENGTH__":2,"__IMTINDEX__":2}]"#,
            ),
            (r#"{"array":{"fileName":"a"}}"#, r#"[{"fileName":"a","__IMTLENGTH__":1,"__IMTINDEX__":1}]"#),
            (r#"{"array":[]}"#, "[]"),
            ("{}", "[]"),
        ] {
            let found =
                Bench::default().bundles(&FeedAttachments::default(), &value("{}"), &value(mapper)).await.unwrap();
            assert_eq!(json::to_string(&found.into()), bundles, "{mapper}");
        }
    }
}
