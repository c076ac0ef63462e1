//! The end of a run, and what it means for its scenario.

use rouage_engine::{Step, Verdict};
use rouage_model::execution::Status;
use rouage_model::journal::Event;
use rouage_model::{ErrorKind, ModuleId};
use rouage_sdk::Spec;
use rouage_store::{Job, Update, connections, scenarios};

use super::{Drive, Next};
use crate::calls::account_fields;
use crate::core::Core;
use crate::journal::{Halt, Pen};
use crate::links;
use crate::replies::Reply;

/// Ends a run that cannot be driven, with the reason beside it.
pub(super) async fn give_up(core: &Core, job: &Job, pen: &mut Pen<'_>, reason: &str) -> Result<(), Halt> {
    let finished_at = core.clock.now();
    let error = Some(reason.to_owned());
    pen.flush(Update::Finished { status: Status::Error, error, operations: 0, finished_at, counts: true }).await?;
    core.replies.answer(job.execution, Reply::Failed);
    tracing::error!(execution.id = %job.execution, scenario.id = %job.scenario, reason, "run given up");
    Ok(())
}

/// What to add to a reason when a call has no answer.
pub(super) fn doubt(module: ModuleId) -> String {
    format!("; what module {module} was about to do may have happened")
}

impl Drive<'_> {
    /// Ends the run because a person asked for it.
    pub(super) async fn stop(&mut self) -> Result<(), Halt> {
        let (at, status, operations) = (self.now(), Status::Stopped, self.run.operations());
        let doubt = match self.run.next() {
            Step::Call(call) if call.called => doubt(call.module),
            _ => String::new(),
        };
        let error = format!("stopped by hand{doubt}");
        self.note_event(Event::Finished { at, status, error: None, operations })?;
        self.pen
            .flush(Update::Finished { status, error: Some(error), operations, finished_at: at, counts: false })
            .await?;
        self.core.replies.answer(self.job.execution, Reply::Failed);
        Ok(())
    }

    pub(super) async fn finish(&mut self, verdict: Verdict) -> Result<Next, Halt> {
        let (at, status, operations) = (self.now(), verdict.status, verdict.operations);
        let text = verdict.error.as_ref().map(|error| format!("{}: {}", error.kind, error.message));
        self.note_event(Event::Finished { at, status, error: verdict.error.clone(), operations })?;
        // A Rollback that the user put there is no sign of trouble (decision D60).
        let counts = !verdict.by_rollback;
        let update = Update::Finished { status, error: text.clone(), operations, finished_at: at, counts };
        let errors_in_a_row = self.pen.flush(update).await?;
        let reply = if status == Status::Error { Reply::Failed } else { Reply::NoResponse };
        self.core.replies.answer(self.job.execution, reply);
        tracing::debug!(execution.id = %self.job.execution, %status, "run ended");
        if let Some(problem) = self.reason_to_switch_off(&verdict, text, errors_in_a_row).await {
            self.switch_off(&problem).await;
        }
        Ok(Next::Leave)
    }

    /// Why the scenario must not go on by itself, in a sentence for people; and
    /// what to do.
    ///
    /// Make switches a scenario with an instant trigger off at its first error.
    /// We wait for `maxErrors` in a row as for any other scenario, so that a
    /// shop's orders are not refused because one of them was bad. A refused
    /// account is another matter: every run would fail (decision D61).
    async fn reason_to_switch_off(
        &mut self,
        verdict: &Verdict,
        text: Option<String>,
        errors_in_a_row: Option<u32>,
    ) -> Option<String> {
        if verdict.by_rollback {
            return None;
        }
        let refused = verdict.error.as_ref().is_some_and(|error| error.kind == ErrorKind::AccountValidationError);
        let refused = if refused { verdict.failed_module } else { self.refused_account };
        if let Some(module) = refused {
            let account = self.account_of(module).await;
            return Some(format!(
                "Switched off because {account} of module {module} was refused. Renew it on the Connections page, \
                 then switch the scenario on again."
            ));
        }
        let most = self.prepared.plan.settings().max_errors.max(1);
        let errors = errors_in_a_row.filter(|errors| *errors >= most)?;
        let times = if errors == 1 { "a run".to_owned() } else { format!("{errors} runs in a row") };
        Some(format!(
            "Switched off because {times} ended with an error, the last one with {}. Look at it in the history, mend \
             the cause, then switch the scenario on again.",
            text.unwrap_or_else(|| "no reason given".to_owned())
        ))
    }

    /// The account of a module as people know it.
    async fn account_of(&mut self, module: ModuleId) -> String {
        let planned = self.prepared.plan.module(module);
        let found = planned.and_then(|planned| self.core.registry.module(&planned.name, Some(planned.version)));
        let fields = |spec: &Spec| account_fields(spec).map(|(field, _, _)| field).collect::<Vec<_>>();
        let fields = found.map(|found| fields(found.spec())).unwrap_or_default();
        for id in fields.into_iter().filter_map(|field| links::get(&self.prepared.links, module, field)?.as_i64()) {
            let id = rouage_model::ConnectionId(id);
            if let Ok(Some(row)) = connections::find(&self.core.store, self.job.team, id).await {
                return format!("the account {:?}", row.name);
            }
        }
        "the account".to_owned()
    }

    /// A scenario that is off already, such as one that is tried out with Run
    /// once, is left alone. The run is over, so a failure here is only told.
    async fn switch_off(&mut self, problem: &str) {
        let (store, team, id) = (&self.core.store, self.job.team, self.job.scenario);
        let switched = async {
            if !scenarios::find(store, team, id).await?.is_some_and(|scenario| scenario.enabled) {
                return Ok(());
            }
            let mut tx = store.begin().await?;
            scenarios::set_enabled(&mut tx, team, id, false, Some(problem)).await?;
            tx.commit().await?;
            tracing::warn!(scenario.id = %id, "scenario switched off");
            self.core.hooks.reload(self.core).await
        };
        let switched: Result<(), rouage_store::Error> = switched.await;
        if let Err(error) = switched {
            tracing::error!(scenario.id = %id, %error, "the scenario could not be switched off");
        }
    }
}
