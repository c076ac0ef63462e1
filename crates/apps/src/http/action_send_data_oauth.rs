//! `http:ActionSendDataOAuth` version 3: make a request with an OAuth 2.0 token.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::ModuleError;
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::cookies::Jars;
use super::{credentials, exchange, oauth, v3};

pub(super) struct ActionSendDataOAuth {
    spec: Spec,
    jars: Arc<Jars>,
    tokens: oauth::Tokens,
}

impl ActionSendDataOAuth {
    pub(super) fn new(jars: Arc<Jars>) -> Self {
        let account = Field::new("account", "Connection", FieldKind::Connection(&[credentials::OAUTH2]));
        let label = "Make an OAuth 2.0 request";
        let spec = Spec::new("http:ActionSendDataOAuth", 3, label, Kind::Action, Effect::Write)
            .takes_files()
            .describe("Sends any HTTP request with an OAuth 2.0 access token and gives the answer.")
            .parameters(vec![
                account.required().help("Its token is sent only to the hosts that it is bound to."),
                v3::handle_errors(),
            ])
            .mapper(v3::mapper(false))
            .output(v3::output())
            .synonyms(&["api", "authentication", "bearer", "call", "curl", "fetch", "rest", "sign in", "token"]);
        Self { spec, jars, tokens: oauth::Tokens::default() }
    }
}

#[async_trait]
impl Module for ActionSendDataOAuth {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn effect(&self, call: &Call<'_>) -> Effect {
        exchange::effect(call)
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let request = v3::build(call, &self.jars)?;
        self.tokens.run(call, request).await
    }
}
