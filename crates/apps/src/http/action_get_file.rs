//! `http:ActionGetFile` versions 2 and 3: download a file.
//!
//! Version 2 also takes headers and a query; it has no `handleErrors` and
//! stops at an error.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::cookies::Jars;
use super::{answer, exchange, v3};

pub(super) struct ActionGetFile {
    spec: Spec,
    jars: Arc<Jars>,
}

impl ActionGetFile {
    pub(super) fn new(version: i64, jars: Arc<Jars>) -> Self {
        let mut output = v3::output();
        output.push(Field::text("fileName", "File name"));
        let spec = Spec::new("http:ActionGetFile", version, "Get a file (legacy)", Kind::Action, Effect::Read)
            .legacy()
            .describe("Downloads a file.")
            .parameters(vec![v3::handle_errors()])
            .mapper(mapper(version))
            .output(output)
            .synonyms(&["attachment", "download", "fetch", "file", "image", "pdf"]);
        Self { spec, jars }
    }
}

fn mapper(version: i64) -> Vec<Field> {
    // The other fields of version 3 have the values of a plain GET.
    let shown: &[&str] = match version {
        2 => &["url", "method", "headers", "qs"],
        _ => &["url", "serializeUrl", "method", "shareCookies"],
    };
    let mut fields = v3::mapper(false);
    fields.retain(|field| shown.contains(&field.name));
    fields.push(Field::boolean("followRedirect", "Follow redirect")
            .advanced()
            .default("true")
            .help("Yes: goes on to the address that the server names instead."));
    let method = fields.iter_mut().find(|field| field.name == "method");
    if let Some(method) = method {
        method.kind = FieldKind::Select(vec![("get", "GET")]);
        method.advanced = true;
    }
    fields
}

#[async_trait]
impl Module for ActionGetFile {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let request = v3::build(call, &self.jars)?;
        let arriving = exchange::send(call, request, call.parameters.is_true("handleErrors")).await?;
        let answer = answer::file(call, arriving).await?;
        let name = answer::file_name(&answer.head);
        let mut bundle = answer::version_3(answer);
        bundle.insert("fileName", name);
        Ok(Outcome::bundle(bundle))
    }
}

#[cfg(test)]
mod tests {
    use rouage_model::Value;
    use rouage_sdk::testing::{Bench, RecordedTransport, value};

    use super::*;

    #[tokio::test]
    async fn a_file_comes_with_its_name_after_redirects() {
        let network = RecordedTransport::new();
        network.answer(302, &[("location", "/real/photo.png")], "");
        network.answer(200, &[("content-type", "image/png")], "PNG");
        let mapper = value(r#"{"url":"https://files.example/x","method":"GET","serializeUrl":false}"#);
        let module = ActionGetFile::new(3, Arc::default());
        let bundles = Bench::new(&network).bundles(&module, &value("{}"), &mapper).await.unwrap();
        assert_eq!(bundles[0].field("data"), &Value::buffer("PNG"));
        assert_eq!(bundles[0].field("fileName").as_text(), Some("photo.png"));
        assert_eq!(bundles[0].field("fileSize").as_i64(), Some(3));
        assert_eq!(network.seen()[1].url, "https://files.example/real/photo.png");
    }
}
