//! Calling a module: once, again later, or not before it is known what became
//! of the last time.

use jiff::SignedDuration;
use rouage_engine::{Call as EngineCall, Treatment};
use rouage_model::execution::Origin;
use rouage_model::journal::Event;
use rouage_model::{Certainty, ErrorKind, ExecutionId, ModuleError, Value};
use rouage_sdk::{Call, Effect, Module, Outcome, Prepared as PreparedCall, Settled};
use rouage_store::{Job, Update, breakpoint};

use super::{Drive, Next, later};
use crate::core::Core;
use crate::host::RuntimeHost;
use crate::journal::Halt;
use crate::replies::Reply;
use crate::{backoff, calls, schedule};

impl Drive<'_> {
    pub(super) async fn call(&mut self, request: EngineCall) -> Result<Next, Halt> {
        if let Some(due) = request.not_before.filter(|due| *due > self.now()) {
            return self.wait_until(due).await;
        }
        let core = self.core;
        let Some(module) = core.registry.module(&request.name, Some(request.version)).cloned() else {
            let text = format!("{} version {} is not part of this program", request.name, request.version);
            let error = ModuleError::new(ErrorKind::InvalidConfigurationError, text);
            return self.not_callable(&request, error).await;
        };
        let host = RuntimeHost { core, team: self.job.team, execution: self.job.execution };
        let call = match calls::build(&host, self.prepared, &request, module.as_ref()).await {
            Ok(call) => Call { execution: self.effect_of(&request), ..call },
            Err(error) => return self.not_callable(&request, error).await,
        };
        // Only a `Write` is written down as called.
        if request.called {
            return self.settle(&request, module.as_ref(), &call).await;
        }
        self.make(&request, module.as_ref(), call).await
    }

    /// The run whose effect this is: an idempotent call that is retried is the
    /// same one, also for the other side.
    fn effect_of(&self, request: &EngineCall) -> ExecutionId {
        let resumed = self.resumed.filter(|resumed| resumed.operation == request.operation && !resumed.is_edited);
        resumed.map_or(self.job.execution, |resumed| resumed.origin)
    }

    /// Nothing was sent now. What was sent before a crash stays in doubt.
    async fn not_callable(&mut self, request: &EngineCall, error: ModuleError) -> Result<Next, Halt> {
        if request.called {
            return self.leave_in_doubt(request).await;
        }
        self.failed(request, error)
    }

    /// Makes the call and notes what came of it.
    async fn make(&mut self, request: &EngineCall, module: &dyn Module, mut call: Call<'_>) -> Result<Next, Halt> {
        let effect = module.effect(&call);
        let mut prepared = PreparedCall::default();
        if effect == Effect::Write {
            // It may wait long for its turn; nothing is sent yet.
            let Some(answer) = unless_stopped(self.core, self.job, calls::prepare(module, &call)).await else {
                return Ok(Next::GoOn);
            };
            prepared = match answer {
                Ok(prepared) => prepared,
                Err(error) => {
                    schedule::after_failure(self.core, self.job, error.kind).await;
                    return self.retry_or_fail(request, error);
                }
            };
            if let Some(child) = prepared.child.take() {
                return self.start_child(request, prepared.note, child).await;
            }
            call.note = prepared.note.clone();
            self.note_called(request, prepared.note.clone())?;
        }
        // A read may take long: what is known by now is written first.
        if matches!(effect, Effect::Read | Effect::Write) || self.owes_answer && effect != Effect::Pure {
            self.flush().await?;
        }
        let answer = match effect {
            Effect::Pure | Effect::Read => unless_stopped(self.core, self.job, calls::run(module, &call)).await,
            // What it did must not be lost.
            Effect::Idempotent | Effect::Write => Some(calls::run(module, &call).await),
        };
        let Some(answer) = answer else { return Ok(Next::GoOn) };
        breakpoint::pass(if effect == Effect::Write { "answer-received" } else { "answer-read" });
        if let Err(error) = &answer {
            schedule::after_failure(self.core, self.job, error.kind).await;
        }
        let next = match answer {
            Ok(Outcome::Bundles(bundles)) => self.returned(request, bundles)?,
            Ok(Outcome::Polled { bundles, position }) => self.polled(request, &call, bundles, position).await?,
            Ok(Outcome::Staged(staged)) => self.stage(request, staged).await?,
            Err(error) if effect == Effect::Write => self.failed_write(request, module, &call, error).await?,
            // Without an effect, or with one that is made once however often
            // it is called: repeating does no harm.
            Err(error) => self.retry_or_fail(request, ModuleError { certainty: Certainty::NotApplied, ..error })?,
        };
        self.owes_answer |= effect == Effect::Write;
        if prepared.guard.is_some() {
            // The guard keeps others from the target until this answer is kept.
            self.flush().await?;
        }
        Ok(next)
    }

    fn note_called(&mut self, request: &EngineCall, note: Value) -> Result<Next, Halt> {
        let (operation, module, attempt) = (request.operation, request.module, request.attempt);
        self.note_event(Event::Called { at: self.now(), operation, module, attempt, note })
    }

    fn returned(&mut self, request: &EngineCall, bundles: Vec<Value>) -> Result<Next, Halt> {
        let (operation, module) = (request.operation, request.module);
        self.note_event(Event::Returned { at: self.now(), operation, module, bundles })
    }

    fn failed(&mut self, request: &EngineCall, error: ModuleError) -> Result<Next, Halt> {
        self.attempts = request.attempt;
        let (operation, module) = (request.operation, request.module);
        self.note_event(Event::Failed { at: self.now(), operation, module, error })
    }

    /// A `Write` failed: when it may have happened, look before anything else.
    async fn failed_write(
        &mut self,
        request: &EngineCall,
        module: &dyn Module,
        call: &Call<'_>,
        error: ModuleError,
    ) -> Result<Next, Halt> {
        if error.certainty == Certainty::NotApplied {
            return self.retry_or_fail(request, error);
        }
        match calls::settle(module, call).await {
            Ok(Settled::Happened(bundles)) => self.returned(request, bundles),
            Ok(Settled::Pending(child)) => self.wait_for(child).await,
            Ok(Settled::Failed(error)) => self.failed(request, error),
            Ok(Settled::DidNotHappen) => {
                self.retry_or_fail(request, ModuleError { certainty: Certainty::NotApplied, ..error })
            }
            Ok(Settled::Unknown) | Err(_) => self.failed(request, error),
        }
    }

    /// A failure that may be repeated: in place when it would end the run, see
    /// [`backoff`]. The first module of a scheduled run has nothing to lose: it
    /// ends, and the schedule pauses (source: `make-semantics.md` §4.5).
    pub(super) fn retry_or_fail(&mut self, request: &EngineCall, error: ModuleError) -> Result<Next, Halt> {
        let at = self.now();
        let first = self.run.plan().first_module().map(|first| first.id);
        let comes_again = self.job.origin == Origin::Schedule && first == Some(request.module);
        if comes_again || self.run.treatment(&error) != Treatment::Ends {
            return self.failed(request, error);
        }
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
        match calls::settle(module, call).await {
            Ok(Settled::Happened(bundles)) => self.returned(request, bundles),
            Ok(Settled::Pending(child)) => self.wait_for(child).await,
            Ok(Settled::Failed(error)) => self.failed(request, error),
            Ok(Settled::DidNotHappen) => {
                let error = ModuleError::new(
                    ErrorKind::ConnectionError,
                    "the program ended during this call; it was checked that nothing happened, so it is made again",
                );
                self.note_event(Event::Retrying { at, until: at, operation, module: id, attempt, error })
            }
            // Cannot look now: look again in a minute.
            Err(error) if error.kind.is_retriable() => self.wait_until(later(at, SignedDuration::from_mins(1))).await,
            Ok(Settled::Unknown) | Err(_) => self.leave_in_doubt(request).await,
        }
    }

    async fn leave_in_doubt(&mut self, request: &EngineCall) -> Result<Next, Halt> {
        self.pen.flush(Update::InDoubt).await?;
        self.core.replies.answer(self.job.execution, Reply::Failed);
        tracing::warn!(execution.id = %self.job.execution, module.id = %request.module, "effect in doubt");
        Ok(Next::Leave)
    }
}

/// Does something that leaves nothing behind, unless the run is to stop
/// meanwhile; what is asked of it is then looked at before the next step.
async fn unless_stopped<T>(core: &Core, job: &Job, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        outcome = work => Some(outcome),
        () = core.held.until_signal(job.execution, job.fence) => None,
    }
}
