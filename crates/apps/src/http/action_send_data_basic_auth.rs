//! `http:ActionSendDataBasicAuth` version 3: make a request with a stored user name and password.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::cookies::Jars;
use super::{credentials, exchange, v3};

/// The parameter that holds the key.
const KEY: &str = "key";

pub(super) struct ActionSendDataBasicAuth {
    spec: Spec,
    jars: Arc<Jars>,
}

impl ActionSendDataBasicAuth {
    pub(super) fn new(jars: Arc<Jars>) -> Self {
        let key = Field::new(KEY, "Credentials", FieldKind::Keychain(&[credentials::BASIC]));
        let label = "Make a request with Basic auth (legacy)";
        let spec = Spec::new("http:ActionSendDataBasicAuth", 3, label, Kind::Action, Effect::Write)
            .takes_files()
            .legacy()
            .describe("Sends any HTTP request with a stored user name and password and gives the answer.")
            .parameters(vec![key.required().help("Sent only to the hosts that it is bound to."), v3::handle_errors()])
            .mapper(v3::mapper(false))
            .output(v3::output())
            .synonyms(&["api", "authentication", "call", "curl", "fetch", "rest", "sign in"]);
        Self { spec, jars }
    }
}

#[async_trait]
impl Module for ActionSendDataBasicAuth {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        exchange::effect(call)
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        v3::run(call, &self.jars, Some(KEY)).await
    }
}
