//! `http:ActionSendData` version 3: make a request.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Call, Effect, Kind, Module, Outcome, Spec};

use super::cookies::Jars;
use super::{exchange, v3};

pub(super) struct ActionSendData {
    spec: Spec,
    jars: Arc<Jars>,
}

impl ActionSendData {
    pub(super) fn new(jars: Arc<Jars>) -> Self {
        let spec = Spec::new("http:ActionSendData", 3, "Make a request (legacy)", Kind::Action, Effect::Write)
            .takes_files()
            .legacy()
            .describe("Sends any HTTP request and gives the answer.")
            .parameters(vec![v3::handle_errors()])
            .mapper(v3::mapper(true))
            .output(v3::output())
            .synonyms(&["api", "call", "curl", "fetch", "get", "post", "rest", "send"]);
        Self { spec, jars }
    }
}

#[async_trait]
impl Module for ActionSendData {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        exchange::effect(call)
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        v3::run(call, &self.jars, None).await
    }
}
