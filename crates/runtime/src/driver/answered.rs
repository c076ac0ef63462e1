//! Whether the caller of a webhook got its answer before the run failed.

use rouage_engine::Verdict;
use rouage_model::execution::Status;
use rouage_model::journal::Event;

use super::Drive;
use crate::hooks::RESPONSE;
use crate::journal::Halt;

impl Drive<'_> {
    /// An error after the Webhook response does not count against the
    /// scenario: its caller knows nothing of it (source: `make-semantics.md`
    /// §1.4).
    pub(super) async fn has_answered(&mut self, verdict: &Verdict) -> Result<bool, Halt> {
        let plan = &self.prepared.plan;
        if verdict.status != Status::Error || !plan.contains(RESPONSE) {
            return Ok(false);
        }
        // What happened in it decides, so that must be written.
        self.pen.flush(rouage_store::Update::None).await?;
        let events = rouage_store::journal::events(&self.core.store, self.job.execution).await?;
        Ok(events.iter().any(|event| match event {
            Event::Returned { module, .. } => {
                plan.module(*module).is_some_and(|module| module.name.as_ref() == RESPONSE)
            }
            _ => false,
        }))
    }
}
