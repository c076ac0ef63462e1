//! `http:DownloadFile` version 4: download a file.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::cookies::Jars;
use super::{answer, exchange, v4};

pub(super) struct DownloadFile {
    spec: Spec,
    jars: Arc<Jars>,
}

impl DownloadFile {
    pub(super) fn new(jars: Arc<Jars>) -> Self {
        let mut mapper = v4::address_fields();
        mapper.extend(v4::exchange_fields());
        let spec = Spec::new("http:DownloadFile", 4, "Download a file", Kind::Action, Effect::Read)
            .describe("Downloads a file, so that a later module can send or keep it.")
            .parameters(v4::parameters())
            .mapper(mapper)
            .output(vec![
                Field::new("data", "Data", FieldKind::Buffer),
                Field::text("fileName", "File name"),
                Field::new("fileSize", "File size", FieldKind::Number),
                Field::new("statusCode", "Status code", FieldKind::Number),
                Field::new("headers", "Headers", FieldKind::Collection(Vec::new())),
            ])
            .synonyms(&["attachment", "fetch", "file", "get", "http", "image", "pdf", "picture"]);
        Self { spec, jars }
    }
}

#[async_trait]
impl Module for DownloadFile {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let mut request = v4::build(call, &self.jars)?;
        v4::sign_in(call, &mut request)?;
        let arriving = exchange::send(call, request, call.input.is_true("stopOnHttpError")).await?;
        let answer = answer::file(call, arriving).await?;
        let (name, size) = (answer::file_name(&answer.head), answer.size);
        let mut bundle = answer::version_4(answer);
        bundle.insert("fileName", name);
        bundle.insert("fileSize", i64::try_from(size).unwrap_or(i64::MAX));
        Ok(Outcome::bundle(bundle))
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, RecordedTransport, value};

    use super::*;

    #[tokio::test]
    async fn a_file_comes_with_its_name() {
        let network = RecordedTransport::new();
        network.answer(200, &[("Content-Disposition", "attachment; filename=\"a.csv\"")], "1,2");
        let mapper = value(r#"{"url":"https://files.example/x?y=1","queryParameters":[{"name":"z","value":"a b"}]}"#);
        let module = DownloadFile::new(Arc::default());
        let parameters = value(r#"{"authenticationType":"noAuth"}"#);
        let bundles = Bench::new(&network).bundles(&module, &parameters, &mapper).await.unwrap();
        assert_eq!(bundles[0].field("fileName").as_text(), Some("a.csv"));
        assert_eq!(bundles[0].field("data").type_name(), "buffer");
        assert_eq!(network.seen()[0].url, "https://files.example/x?y=1&z=a%20b");
    }
}
