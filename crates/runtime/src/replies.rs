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

    /// Forgets callers that do not wait any more. Their runs may end on another
    /// node, or not for a long time.
    pub fn forget_gone(&self) {
        self.map().retain(|_, sender| !sender.is_closed());
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.map().len()
    }

    fn map(&self) -> std::sync::MutexGuard<'_, HashMap<ExecutionId, oneshot::Sender<Reply>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::clock::{SystemClock, execution_id};

    #[test]
    fn callers_that_went_away_are_forgotten_and_the_others_hear() {
        let (replies, waits, gone) = (Replies::default(), execution_id(&SystemClock), execution_id(&SystemClock));
        let (mut waiting, hung_up) = (replies.wait(waits), replies.wait(gone));
        drop(hung_up);
        replies.forget_gone();
        assert_eq!(replies.len(), 1);
        assert!(replies.answer(waits, Reply::NoResponse) && !replies.answer(gone, Reply::NoResponse));
        assert!(matches!(waiting.try_recv(), Ok(Reply::NoResponse)));
        assert!(!replies.answer(waits, Reply::Failed) && replies.len() == 0);
    }
}
