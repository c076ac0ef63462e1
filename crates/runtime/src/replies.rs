//! Callers that wait for a Webhook response.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rouage_model::ExecutionId;
use rouage_sdk::WebhookResponse;
use tokio::sync::oneshot;

/// What a waiting caller gets.
#[derive(Debug)]
pub enum Reply {
    /// The first Webhook response of the run.
    Response(WebhookResponse),
    /// The run ended with an error before it answered (decision D45).
    Failed,
    /// The run ended without an answer.
    NoResponse,
}

/// The callers of this process, by execution. After a crash they are gone,
/// and so are their connections.
#[derive(Default)]
pub struct Replies(Mutex<HashMap<ExecutionId, oneshot::Sender<Reply>>>);

impl Replies {
    /// Lets a caller wait.
    pub fn wait(&self, execution: ExecutionId) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        self.map().insert(execution, sender);
        receiver
    }

    /// Answers; `false` when nobody waits (any more).
    pub fn answer(&self, execution: ExecutionId, reply: Reply) -> bool {
        let sender = self.map().remove(&execution);
        sender.is_some_and(|sender| sender.send(reply).is_ok())
    }

    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<ExecutionId, oneshot::Sender<Reply>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
