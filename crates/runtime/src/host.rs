//! What a running module may ask of Rouage.

use std::sync::Arc;

use async_trait::async_trait;
use rouage_model::structure::Structure;
use rouage_model::{Clock, ConnectionId, ErrorKind, ExecutionId, ModuleError, TeamId, Value, datastore, sheets};
use rouage_sdk::{Files, Host, Secret, StructureOf, WebhookResponse, subscenario};
use rouage_store::{datastores, structures};

use crate::core::Core;
use crate::driver::staged::module_error;
use crate::files::TeamFiles;
use crate::replies::Reply;
use crate::subscenarios;

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

    async fn read_datastore(&self, call: datastore::Call) -> Result<Value, ModuleError> {
        let answer = datastores::read(&self.core.store, self.team, &call).await;
        answer.map_err(|error| unreachable_store(&error))?.map_err(|error| module_error(&error))
    }

    async fn structure(&self, of: StructureOf) -> Result<Option<Structure>, ModuleError> {
        let (store, team) = (&self.core.store, self.team);
        let id = match of {
            StructureOf::Id(id) => Some(id),
            StructureOf::Datastore(id) => {
                let found = datastores::find(store, team, id).await.map_err(|error| unreachable_store(&error))?;
                found.ok_or_else(|| gone("data store"))?.structure
            }
        };
        let Some(id) = id else { return Ok(None) };
        let found = structures::find(store, team, id).await.map_err(|error| unreachable_store(&error))?;
        found.map(|row| Some(row.structure)).ok_or_else(|| gone("data structure"))
    }

    async fn plan_child(&self, request: subscenario::Request) -> Result<subscenario::Child, ModuleError> {
        subscenarios::plan(self, request).await
    }

    async fn child(&self, child: ExecutionId) -> Result<subscenario::State, ModuleError> {
        subscenarios::state(self.core, self.team, child).await.map_err(subscenarios::unreadable)
    }

    fn files(&self) -> Arc<dyn Files> {
        TeamFiles::new(self.core.store.clone(), self.team, Some(self.execution), self.core.limits.file_bytes)
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

pub(crate) fn unreachable_store(error: &rouage_store::Error) -> ModuleError {
    ModuleError::new(ErrorKind::ConnectionError, format!("Rouage's own store did not answer: {error}"))
}

fn gone(what: &str) -> ModuleError {
    let text = format!("the {what} does not exist any more: choose another one on the Set-up tab");
    ModuleError::new(ErrorKind::InvalidConfigurationError, text)
}
