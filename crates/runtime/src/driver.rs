//! Drives one execution as far as it goes now.

use jiff::Timestamp;
use rouage_engine::{Call as EngineCall, Parked, Run, Sleep, Step, Verdict};
use rouage_model::execution::{IncompleteReason, Status};
use rouage_model::journal::Event;
use rouage_model::sheets::ApiError;
use rouage_model::{Certainty, ErrorKind, ModuleError, Text, Value};
use rouage_sdk::{Call, Effect, Module, OutboxMail, Outcome, Prepared as PreparedCall, Settled, Staged, StagedEffect};
use rouage_store::mails::Attachment;
use rouage_store::{Job, NewIncomplete, NewMail, StagedWrite, StoreEffect, Update};

use crate::backoff;
use crate::calls;
use crate::core::Core;
use crate::host::RuntimeHost;
use crate::journal::{Halt, Pen};
use crate::plans::Prepared;
use crate::replies::Reply;

/// A run taken over this often has probably brought the process down itself.
const MOST_TAKEOVERS: u32 = 10;

/// One execution in this process.
struct Drive<'a> {
    core: &'a Core,
    job: &'a Job,
    prepared: &'a Prepared,
    run: Run,
    pen: Pen<'a>,
    /// What was noted with the last `Called`.
    note: Value,
}

/// Whether the driver goes on after a step.
enum Next {
    GoOn,
    Leave,
}

/// Drives the job until it ends, waits or cannot go on.
pub async fn drive(core: &Core, mut job: Job) -> Result<(), Halt> {
    let events = match job.events.take() {
        Some(events) => events,
        None => rouage_store::journal::events(&core.store, job.execution).await?,
    };
    let written = events.len();
    let Some(prepared) = core.plans.get(core, job.team, job.scenario, job.version).await? else {
        let mut pen = Pen::new(&core.store, job.execution, job.scenario, job.fence, written);
        return give_up(core, &job, &mut pen, "the scenario of this run does not exist any more").await;
    };
    let note = last_note(&events);
    let context = prepared.context(core, job.execution, job.scenario);
    let pen = Pen::new(&core.store, job.execution, job.scenario, job.fence, written);
    let run = match Run::replay(prepared.plan.clone(), context, events) {
        Ok(run) => run,
        Err(divergence) => {
            let mut pen = pen;
            return give_up(core, &job, &mut pen, &format!("the run cannot be resumed: {divergence}")).await;
        }
    };
    let mut drive = Drive { core, job: &job, prepared: &prepared, run, pen, note };
    if job.takeovers > MOST_TAKEOVERS {
        let text = format!("set aside: the program ended {} times while it ran this", job.takeovers);
        return give_up(core, &job, &mut drive.pen, &text).await;
    }
    loop {
        if job.stop_requested || core.lanes.is_stopped(job.execution) {
            return drive.stop().await;
        }
        if let Next::Leave = drive.step().await? {
            return Ok(());
        }
    }
}

fn last_note(events: &[Event]) -> Value {
    let note = events.iter().rev().find_map(|event| match event {
        Event::Called { note, .. } => Some(note.clone()),
        _ => None,
    });
    note.unwrap_or_default()
}

/// Ends a run that cannot be driven, with the reason in its history.
async fn give_up(core: &Core, job: &Job, pen: &mut Pen<'_>, reason: &str) -> Result<(), Halt> {
    let finished_at = core.clock.now();
    let error = Some(reason.to_owned());
    pen.flush(Update::Finished { status: Status::Error, error, operations: 0, finished_at }).await?;
    core.replies.answer(job.execution, Reply::Failed);
    tracing::error!(execution.id = %job.execution, scenario.id = %job.scenario, reason, "run given up");
    Ok(())
}

impl Drive<'_> {
    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }

    async fn step(&mut self) -> Result<Next, Halt> {
        match self.run.next() {
            Step::NotStarted => self.note_event(Event::Started { at: self.now(), bundles: None }),
            Step::Call(call) => self.call(call).await,
            Step::Sleep(sleep) => self.sleep(sleep).await,
            Step::Park(parked) => self.park(parked).await,
            Step::Commit => self.note_event(Event::Committed { at: self.now() }),
            Step::Rollback => self.note_event(Event::RolledBack { at: self.now() }),
            Step::Finish(verdict) => self.finish(verdict).await,
            Step::Finished => Ok(Next::Leave),
        }
    }

    /// Ends the run because a person asked for it.
    async fn stop(&mut self) -> Result<(), Halt> {
        let (finished_at, operations) = (self.now(), self.run.operations());
        let error = Some("stopped by hand".to_owned());
        self.pen.flush(Update::Finished { status: Status::Stopped, error, operations, finished_at }).await?;
        self.core.replies.answer(self.job.execution, Reply::Failed);
        Ok(())
    }

    fn note_event(&mut self, event: Event) -> Result<Next, Halt> {
        self.pen.note(&mut self.run, event)?;
        Ok(Next::GoOn)
    }

    async fn wait_until(&mut self, until: Timestamp) -> Result<Next, Halt> {
        self.pen.flush(Update::Waiting { until }).await?;
        self.core.wake.notify_one();
        Ok(Next::Leave)
    }

    async fn sleep(&mut self, sleep: Sleep) -> Result<Next, Halt> {
        let (operation, module) = (sleep.operation, sleep.module);
        match sleep.until {
            Some(until) if until <= self.now() => {
                self.note_event(Event::Returned { at: self.now(), operation, module, bundles: Vec::new() })
            }
            Some(until) => self.wait_until(until).await,
            None => {
                let at = self.now();
                let until = at.saturating_add(jiff::SignedDuration::from_secs(i64::from(sleep.seconds)));
                let until = until.unwrap_or(Timestamp::MAX);
                self.note_event(Event::Sleeping { at, until, operation, module })
            }
        }
    }

    async fn park(&mut self, parked: Parked) -> Result<Next, Halt> {
        let at = self.now();
        let event = Event::Parked {
            at,
            operation: parked.operation,
            module: parked.module,
            error: parked.error.clone(),
        };
        let incomplete = NewIncomplete {
            team: self.job.team,
            scenario: self.job.scenario,
            execution: self.job.execution,
            operation: parked.operation,
            module: parked.module,
            reason: IncompleteReason::Error,
            error: parked.error,
            state: Value::Undefined,
            retry_at: parked.retry.and_then(|retry| {
                at.checked_add(jiff::SignedDuration::from_mins(i64::from(retry.interval_minutes))).ok()
            }),
        };
        let finish = Box::new(move |_: Result<Value, ApiError>| event);
        self.pen.stage(&mut self.run, StagedWrite { effect: StoreEffect::Incomplete(incomplete), finish }).await?;
        Ok(Next::GoOn)
    }

    async fn finish(&mut self, verdict: Verdict) -> Result<Next, Halt> {
        let at = self.now();
        let error = verdict.error.as_ref().map(|error| format!("{}: {}", error.kind, error.message));
        self.pen.note(
            &mut self.run,
            Event::Finished {
                at,
                status: verdict.status,
                error: verdict.error,
                operations: verdict.operations,
            },
        )?;
        let update =
            Update::Finished { status: verdict.status, error, operations: verdict.operations, finished_at: at };
        self.pen.flush(update).await?;
        let reply = if verdict.status == Status::Error { Reply::Failed } else { Reply::NoResponse };
        self.core.replies.answer(self.job.execution, reply);
        tracing::debug!(execution.id = %self.job.execution, status = %verdict.status, "run ended");
        Ok(Next::Leave)
    }

    async fn call(&mut self, request: EngineCall) -> Result<Next, Halt> {
        if let Some(due) = request.not_before.filter(|due| *due > self.now()) {
            return self.wait_until(due).await;
        }
        let core = self.core;
        let Some(module) = core.registry.module(&request.name, Some(request.version)).cloned() else {
            let text = format!("{} version {} is not part of this program", request.name, request.version);
            return self.failed(&request, ModuleError::new(ErrorKind::InvalidConfigurationError, text));
        };
        let host = RuntimeHost { core, team: self.job.team, execution: self.job.execution };
        let note = if request.called { self.note.clone() } else { Value::Undefined };
        let call = match calls::build(&host, self.prepared, &request, module.as_ref(), note).await {
            Ok(call) => call,
            Err(error) => return self.failed(&request, error),
        };
        let effect = module.effect(&call);
        if request.called && effect == Effect::Write {
            return self.settle(&request, module.as_ref(), &call).await;
        }
        self.make(&request, module.as_ref(), call, effect).await
    }

    /// Makes the call and notes what came of it.
    async fn make(
        &mut self,
        request: &EngineCall,
        module: &dyn Module,
        mut call: Call<'_>,
        effect: Effect,
    ) -> Result<Next, Halt> {
        let mut prepared = PreparedCall::default();
        if effect == Effect::Write {
            prepared = match module.prepare(&call).await {
                Ok(prepared) => prepared,
                Err(error) => return self.failed_call(request, module, &call, error).await,
            };
            call.note = prepared.note.clone();
            self.note = prepared.note.clone();
            let called = Event::Called {
                at: self.now(),
                operation: request.operation,
                module: request.module,
                attempt: request.attempt,
                note: prepared.note.clone(),
            };
            self.pen.note(&mut self.run, called)?;
            self.pen.flush(Update::None).await?;
        }
        if effect == Effect::Read {
            // A read may take long: what is known by now is written first.
            self.pen.flush(Update::None).await?;
        }
        let next = match calls::run(module, &call).await {
            Ok(Outcome::Bundles(bundles)) => self.returned(request, bundles),
            Ok(Outcome::Staged(staged)) => self.stage(request, staged).await,
            Err(error) => self.failed_call(request, module, &call, error).await,
        };
        if prepared.guard.is_some() {
            // The guard keeps others from the target until this answer is kept.
            self.pen.flush(Update::None).await?;
        }
        next
    }

    fn returned(&mut self, request: &EngineCall, bundles: Vec<Value>) -> Result<Next, Halt> {
        let (operation, module) = (request.operation, request.module);
        self.note_event(Event::Returned { at: self.now(), operation, module, bundles })
    }

    fn failed(&mut self, request: &EngineCall, error: ModuleError) -> Result<Next, Halt> {
        let (operation, module) = (request.operation, request.module);
        self.note_event(Event::Failed { at: self.now(), operation, module, error })
    }

    /// A failure: again later, settled, or final.
    async fn failed_call(
        &mut self,
        request: &EngineCall,
        module: &dyn Module,
        call: &Call<'_>,
        error: ModuleError,
    ) -> Result<Next, Halt> {
        if error.certainty == Certainty::MaybeApplied && error.kind.is_retriable() {
            match module.settle(call).await {
                Ok(Settled::Happened(bundles)) => return self.returned(request, bundles),
                Ok(Settled::DidNotHappen) => {
                    let error = ModuleError { certainty: Certainty::NotApplied, ..error };
                    return self.retry_or_fail(request, error);
                }
                Ok(Settled::Unknown) | Err(_) => return self.failed(request, error),
            }
        }
        self.retry_or_fail(request, error)
    }

    fn retry_or_fail(&mut self, request: &EngineCall, error: ModuleError) -> Result<Next, Halt> {
        let at = self.now();
        let Some(until) = backoff::next_attempt(&error, request.attempt, at) else {
            return self.failed(request, error);
        };
        tracing::warn!(
            execution.id = %self.job.execution, module.id = %request.module, attempt = request.attempt,
            kind = %error.kind, "call failed and will be made again"
        );
        let (operation, module, attempt) = (request.operation, request.module, request.attempt);
        self.note_event(Event::Retrying { at, until, operation, module, attempt, error })
    }

    /// A call without an answer after a crash: look, and if nobody can tell,
    /// ask the user (decision D65).
    async fn settle(&mut self, request: &EngineCall, module: &dyn Module, call: &Call<'_>) -> Result<Next, Halt> {
        let at = self.now();
        let (operation, id, attempt) = (request.operation, request.module, request.attempt);
        match module.settle(call).await {
            Ok(Settled::Happened(bundles)) => self.returned(request, bundles),
            Ok(Settled::DidNotHappen) => {
                let error = ModuleError::new(
                    ErrorKind::ConnectionError,
                    "the program ended during this call; it was checked that nothing happened, so it is made again",
                );
                self.note_event(Event::Retrying { at, until: at, operation, module: id, attempt, error })
            }
            Err(error) if error.kind.is_retriable() => {
                // Cannot look now: look again in a minute.
                let until = at.saturating_add(jiff::SignedDuration::from_mins(1)).unwrap_or(Timestamp::MAX);
                self.wait_until(until).await
            }
            Ok(Settled::Unknown) | Err(_) => {
                self.pen.flush(Update::InDoubt).await?;
                self.core.replies.answer(self.job.execution, Reply::Failed);
                tracing::warn!(execution.id = %self.job.execution, module.id = %id, "effect in doubt");
                Ok(Next::Leave)
            }
        }
    }

    /// An effect in our own store, in the transaction of its `Returned` event.
    async fn stage(&mut self, request: &EngineCall, staged: Staged) -> Result<Next, Halt> {
        let effect = match staged.effect {
            StagedEffect::Sheets(call) => StoreEffect::Sheets(call),
            StagedEffect::Mail(mail) => StoreEffect::Mail(self.new_mail(request, mail)),
        };
        let (at, operation, module, finish) = (self.now(), request.operation, request.module, staged.finish);
        let finish = Box::new(move |answer: Result<Value, ApiError>| {
            let bundles = answer.map_err(|error| api_error(&error)).and_then(finish);
            match bundles {
                Ok(bundles) => Event::Returned { at, operation, module, bundles },
                Err(error) => Event::Failed { at, operation, module, error },
            }
        });
        self.pen.stage(&mut self.run, StagedWrite { effect, finish }).await?;
        Ok(Next::GoOn)
    }

    fn new_mail(&self, request: &EngineCall, mail: OutboxMail) -> NewMail {
        let texts = |texts: Vec<Text>| texts.iter().map(ToString::to_string).collect();
        NewMail {
            team: self.job.team,
            execution: self.job.execution,
            operation: request.operation,
            from: mail.from.to_string(),
            to: texts(mail.to),
            cc: texts(mail.cc),
            bcc: texts(mail.bcc),
            subject: mail.subject.to_string(),
            text: mail.text.map(|text| text.to_string()),
            html: mail.html.map(|html| html.to_string()),
            message_id: mail.message_id.to_string(),
            raw: mail.raw,
            attachments: mail
                .attachments
                .into_iter()
                .map(|(name, media_type, size)| Attachment {
                    name: name.to_string(),
                    media_type: media_type.to_string(),
                    size,
                })
                .collect(),
        }
    }
}

/// An error of the built-in spreadsheets, as Google's would be treated.
fn api_error(error: &ApiError) -> ModuleError {
    let kind = if error.code >= 500 { ErrorKind::ConnectionError } else { ErrorKind::DataError };
    ModuleError::new(kind, format!("[{}] {}", error.code, error.message))
}
