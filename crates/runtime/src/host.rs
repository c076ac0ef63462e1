//! What a running module may ask of Rouage.

use async_trait::async_trait;
use rouage_model::{Clock, ConnectionId, ErrorKind, ExecutionId, ModuleError, TeamId, Value, sheets};
use rouage_sdk::{Host, Secret, WebhookResponse};

use crate::core::Core;
use crate::replies::Reply;

/// The host of one call.
pub struct RuntimeHost<'a> {
    /// Everything shared.
    pub core: &'a Core,
    /// The team of the scenario.
    pub team: TeamId,
    /// The run.
    pub execution: ExecutionId,
}

#[async_trait]
impl Host for RuntimeHost<'_> {
    fn clock(&self) -> &dyn Clock {
        self.core.clock.as_ref()
    }

    async fn read_sheets(&self, call: sheets::Call) -> Result<Value, sheets::ApiError> {
        let answer = rouage_store::sheets::read(&self.core.store, self.team, &call).await;
        answer.unwrap_or_else(|error| {
            Err(sheets::ApiError { code: 503, status: "UNAVAILABLE", message: error.to_string() })
        })
    }

    async fn respond(&self, response: WebhookResponse) -> bool {
        self.core.replies.answer(self.execution, Reply::Response(response))
    }

    async fn renew_secret(&self, connection: ConnectionId, secret: Secret) -> Result<(), ModuleError> {
        let kept = async {
            let mut tx = self.core.store.begin().await?;
            rouage_store::connections::set_secret(&mut tx, self.team, connection, secret.expose()).await?;
            tx.commit().await
        };
        kept.await.map_err(|error| {
            ModuleError::new(ErrorKind::UnexpectedError, format!("the renewed token could not be stored: {error}"))
        })
    }
}
