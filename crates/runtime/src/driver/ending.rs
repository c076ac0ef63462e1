//! The end of a run, and what it means for its scenario.

use rouage_engine::{Step, Verdict};
use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::{Certainty, ErrorKind, ModuleError, ModuleId};
use rouage_sdk::{Field, Spec, subscenario};
use rouage_store::incompletes::Retried;
use rouage_store::{Job, Update, connections, notices, retention, scenarios, transactions};

use super::{Drive, Next};
use crate::calls::account_fields;
use crate::core::Core;
use crate::journal::{Halt, Pen};
use crate::links;
use crate::replies::Reply;
use crate::treatment::{self, Consequence, consequence};
use crate::{backoff, catalogue_entries, retry, told};

/// Ends a run that cannot be driven, with the reason beside it.
pub(super) async fn give_up(core: &Core, job: &Job, pen: &mut Pen<'_>, reason: &str) -> Result<(), Halt> {
    let finished_at = core.clock.now();
    let error = Some(reason.to_owned());
    // Before the end, so that a crash in between leaves nothing behind.
    transactions::abandon(&core.store, job.execution, job.fence).await?;
    // What happened in it decides, so that must be written.
    pen.flush(Update::None).await?;
    let retried = retry::given_up(core, job).await?;
    // When it cannot be read this is done again: what is confidential must not
    // stay. Of a scenario that is gone nothing is known.
    let prepared = core.plans.get(core, job.team, job.scenario, job.version).await?;
    let settings = prepared.as_ref().map(|prepared| prepared.plan.settings());
    let update = Update::Finished {
        status: Status::Error,
        error,
        operations: 0,
        finished_at,
        counts: !is_try(job),
        is_told: !is_try(job),
        name: None,
        is_check: false,
        is_confidential: settings.is_some_and(|settings| settings.confidential),
        retried,
    };
    let errors_in_a_row = pen.flush(update).await?;
    core.replies.answer(job.execution, Reply::Failed);
    core.endings.tell(job.execution, Status::Error, Some(reason), None);
    tracing::error!(execution.id = %job.execution, scenario.id = %job.scenario, reason, "run given up");
    if let Some(problem) = settings.and_then(|settings| too_many(errors_in_a_row, settings.max_errors, reason)) {
        switch_off(core, job, &problem).await;
    }
    Ok(())
}

/// Ends a run that is not begun again because it brings the process down. Others
/// of its scenario would do the same.
pub(super) async fn set_aside(core: &Core, job: &Job, pen: &mut Pen<'_>, reason: &str) -> Result<(), Halt> {
    give_up(core, job, pen, reason).await?;
    switch_off(core, job, &format!("Switched off because a run was {reason}. {MEND}")).await;
    Ok(())
}

const MEND: &str = "Look at it in the history, mend the cause, then switch the scenario on again.";

/// Why a scenario must not go on after so many errors in a row.
fn too_many(errors_in_a_row: Option<u32>, most: u32, last: &str) -> Option<String> {
    let errors = errors_in_a_row.filter(|errors| *errors >= most.max(1))?;
    let times = if errors == 1 { "a run".to_owned() } else { format!("{errors} runs in a row") };
    Some(format!("Switched off because {times} ended with an error. The last one: {} {MEND}", ended(last)))
}

/// A text as the end of a sentence.
fn ended(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
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
            Step::Call(call) if subscenario::child_of(&call.note).is_some() => {
                format!("; the scenario that module {} called goes on", call.module)
            }
            Step::Call(call) if call.called => doubt(call.module),
            _ => String::new(),
        };
        let error = format!("stopped by hand{doubt}");
        if !self.prepared.plan.settings().auto_commit {
            transactions::abandon(&self.core.store, self.job.execution, self.job.fence).await?;
        }
        let retried = self.retried(None).await?;
        self.note_event(Event::Finished { at, status, error: None, operations })?;
        let update = Update::Finished {
            status,
            error: Some(error.clone()),
            operations,
            finished_at: at,
            counts: false,
            is_told: false,
            name: self.run.name().map(ToString::to_string),
            is_check: false,
            is_confidential: self.prepared.plan.settings().confidential,
            retried,
        };
        self.pen.flush(update).await?;
        self.keep_confidence().await;
        self.core.replies.answer(self.job.execution, Reply::Failed);
        self.core.endings.tell(self.job.execution, status, Some(&error), None);
        Ok(())
    }

    pub(super) async fn finish(&mut self, verdict: Verdict) -> Result<Next, Halt> {
        let (at, status, operations) = (self.now(), verdict.status, verdict.operations);
        let text = self.text_of(&verdict, told::raw).or_else(|| self.set_aside_bundles());
        let retried = self.retried(Some((status, verdict.error.as_ref()))).await?;
        let has_answered = self.has_answered(&verdict).await?;
        self.note_event(Event::Finished { at, status, error: verdict.error.clone(), operations })?;
        // A Rollback that the user put there is no sign of trouble (decision D60).
        let counts = !verdict.by_rollback && !has_answered && !is_try(self.job);
        let update = Update::Finished {
            status,
            error: text.clone(),
            operations,
            finished_at: at,
            counts,
            // What was retried is told of as an incomplete execution.
            is_told: !verdict.by_rollback && !is_try(self.job) && retried.is_none(),
            name: verdict.name.as_ref().map(ToString::to_string),
            is_check: status == Status::Success && self.run.is_check_run(),
            is_confidential: self.prepared.plan.settings().confidential,
            retried,
        };
        let errors_in_a_row = self.pen.flush(update).await?;
        let reply = if status == Status::Error { Reply::Failed } else { Reply::NoResponse };
        self.core.replies.answer(self.job.execution, reply);
        self.core.endings.tell(self.job.execution, status, text.as_deref(), verdict.outputs.as_ref());
        tracing::debug!(execution.id = %self.job.execution, %status, "run ended");
        self.keep_confidence().await;
        if let Some(problem) = self.reason_to_switch_off(&verdict, errors_in_a_row).await {
            self.switch_off(&problem).await;
        }
        Ok(Next::Leave)
    }

    /// Why a run that went on ended with a warning: bundles were stored.
    fn set_aside_bundles(&self) -> Option<String> {
        let (module, _) = self.parked.last().filter(|_| !self.prepared.plan.settings().confidential)?;
        let last = self.last_parked.as_ref().map(|error| told::brief(error, &self.fields_of(*module)));
        let last = last.unwrap_or_default();
        Some(match self.parked.len() {
            1 => format!("A bundle was set aside at module {module}. {last}"),
            count => format!("{count} bundles were set aside, the last one at module {module}. {last}"),
        })
    }

    /// The error of a run in words that name fields by their labels.
    fn text_of(&self, verdict: &Verdict, words: fn(&ModuleError, &[Field]) -> String) -> Option<String> {
        let error = verdict.error.as_ref()?;
        let fields = verdict.failed_module.map(|module| self.fields_of(module)).unwrap_or_default();
        Some(words(error, &fields))
    }

    fn fields_of(&self, module: ModuleId) -> Vec<Field> {
        let planned = self.prepared.plan.module(module);
        let entry = planned
            .and_then(|planned| catalogue_entries::entry(&self.core.registry, &planned.name, Some(planned.version)));
        entry.iter().flat_map(|entry| entry.fields()).map(|(field, _)| field.clone()).collect()
    }

    /// Takes the bundles of a confidential run away. When that fails now, it
    /// is made good in the background.
    async fn keep_confidence(&mut self) {
        if !self.prepared.plan.settings().confidential {
            return;
        }
        if let Err(error) = retention::remove_bundles(&self.core.store, self.job.execution).await {
            tracing::warn!(execution.id = %self.job.execution, %error, "its bundles are removed later");
        }
    }

    /// What the end means for what this run retried.
    async fn retried(&mut self, verdict: Option<(Status, Option<&ModuleError>)>) -> Result<Option<Retried>, Halt> {
        let Some(resumed) = self.resumed else { return Ok(None) };
        // What happened in it decides, so that must be written.
        self.flush().await?;
        Ok(Some(retry::ended(self.core, self.job, resumed, verdict).await?))
    }

    /// The errors that nothing handled, and where they arose.
    fn kinds(&self, verdict: &Verdict) -> Vec<(ModuleId, ErrorKind)> {
        let last = verdict.error.as_ref().filter(|_| !verdict.by_rollback).zip(verdict.failed_module);
        let last = last.map(|(error, module)| (module, error.kind));
        self.parked.iter().copied().chain(last).collect()
    }

    /// Why the scenario must not go on by itself, in a sentence for people; and
    /// what to do.
    ///
    /// Make switches a scenario with an instant trigger off at its first error.
    /// We wait for `maxErrors` in a row as for any other scenario, so that a
    /// shop's orders are not refused because one of them was bad. A refused
    /// account is another matter: every run would fail (decision D61).
    async fn reason_to_switch_off(&mut self, verdict: &Verdict, errors_in_a_row: Option<u32>) -> Option<String> {
        let is_well = verdict.error.is_none() && self.parked.is_empty() && errors_in_a_row.is_none();
        // The last one reads the database, which no run that ended well needs.
        if verdict.by_rollback || is_well || self.is_of_the_past().await {
            return None;
        }
        for (module, kind) in self.kinds(verdict) {
            match consequence(kind) {
                Consequence::RenewAccount => {
                    let account = self.account_of(module).await;
                    return Some(format!(
                        "Switched off because {account} of module {module} was refused. Renew it on the Connections \
                         page, then switch the scenario on again."
                    ));
                }
                Consequence::SwitchesOff => return Some(treatment::sentence(kind, &format!("module {module}"))),
                Consequence::Counts | Consequence::Pauses => {}
            }
        }
        if verdict.error.as_ref().is_some_and(|error| self.was_tried_to_the_end(error)) {
            return Some(format!(
                "Switched off because a module failed {} times in two days. The last time: {} Look at it in the \
                 history, then switch the scenario on again.",
                backoff::ATTEMPTS,
                ended(&self.text_of(verdict, told::brief).unwrap_or_default())
            ));
        }
        let most = self.prepared.plan.settings().max_errors;
        let last = self.text_of(verdict, told::brief);
        too_many(errors_in_a_row, most, last.as_deref().unwrap_or("no reason was given"))
    }

    /// Whether it ran another version than the live one, of which its end says
    /// nothing.
    async fn is_of_the_past(&mut self) -> bool {
        let found = scenarios::find(&self.core.store, self.job.team, self.job.scenario).await;
        found.ok().flatten().is_some_and(|live| live.version != self.job.version)
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

    /// Whether the error was the last of all attempts in place.
    fn was_tried_to_the_end(&self, error: &ModuleError) -> bool {
        error.kind.is_retriable() && error.certainty == Certainty::NotApplied && self.attempts > backoff::ATTEMPTS
    }

    pub(super) async fn switch_off(&mut self, problem: &str) {
        switch_off(self.core, self.job, problem).await;
    }
}

/// Whether the run tries what is not published: the live scenario stays as it is,
/// whatever comes of it.
fn is_try(job: &Job) -> bool {
    job.version.0 < 0 && job.origin != Origin::Retry
}

/// A scenario that is off already, such as one that is tried out with Run once,
/// is left alone. A failure here is only told.
async fn switch_off(core: &Core, job: &Job, problem: &str) {
    if is_try(job) {
        return;
    }
    let (store, team, id) = (&core.store, job.team, job.scenario);
    let switched = async {
        let Some(scenario) = scenarios::find(store, team, id).await?.filter(|scenario| scenario.enabled) else {
            return Ok(());
        };
        let mut tx = store.begin().await?;
        scenarios::set_enabled(&mut tx, team, id, false, Some(problem)).await?;
        notices::give(&mut tx, team, Some(id), &format!("“{}”: {problem}", scenario.name)).await?;
        tx.commit().await?;
        tracing::warn!(scenario.id = %id, "scenario switched off");
        core.hooks.reload(core).await
    };
    let switched: Result<(), rouage_store::Error> = switched.await;
    if let Err(error) = switched {
        tracing::error!(scenario.id = %id, %error, "the scenario could not be switched off");
    }
}
