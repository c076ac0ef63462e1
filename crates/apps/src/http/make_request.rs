//! `http:MakeRequest` version 4: make a request.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::cookies::Jars;
use super::{answer, exchange, v4};

pub(super) struct MakeRequest {
    spec: Spec,
    jars: Arc<Jars>,
}

impl MakeRequest {
    pub(super) fn new(jars: Arc<Jars>) -> Self {
        let spec = Spec::new("http:MakeRequest", 4, "Make a request", Kind::Action, Effect::Write)
            .takes_files()
            .describe("Asks or tells any service on the web through its API, and gives its answer.")
            .parameters(v4::parameters())
            .mapper(mapper())
            .output(vec![
                Field::new("data", "Data", FieldKind::Any),
                Field::new("statusCode", "Status code", FieldKind::Number),
                Field::new("headers", "Headers", FieldKind::Collection(Vec::new())),
            ])
            .synonyms(&[
                "api",
                "call",
                "chatgpt",
                "curl",
                "discord",
                "fetch",
                "get",
                "graphql",
                "openai",
                "post",
                "prestashop",
                "rest",
                "send data",
                "shop",
                "shopify",
                "slack",
                "sms",
                "stripe",
                "teams",
                "telegram",
                "url",
                "web",
                "whatsapp",
                "woocommerce",
            ]);
        Self { spec, jars }
    }
}

fn mapper() -> Vec<Field> {
    let mut fields = v4::address_fields();
    fields.insert(
        1,
        Field::new("method", "Method", FieldKind::Select(exchange::methods()))
            .required()
            .default("get")
            .help("GET reads, POST sends; the documentation of the service says which one it wants."),
    );
    fields.extend(v4::body_fields());
    fields.push(
        Field::boolean("parseResponse", "Parse response")
            .default("true")
            .help("Yes: the fields of a JSON or XML answer can be mapped one by one."),
    );
    fields.extend(v4::exchange_fields());
    fields
}

#[async_trait]
impl Module for MakeRequest {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        exchange::effect(call)
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let mut request = v4::build(call, &self.jars)?;
        v4::set_body(call, &mut request)?;
        v4::sign_in(call, &mut request)?;
        let arriving = exchange::send(call, request, call.input.is_true("stopOnHttpError")).await?;
        let answer = answer::read(call, arriving, call.input.is_true("parseResponse")).await?;
        Ok(Outcome::bundle(answer::version_4(answer)))
    }
}
