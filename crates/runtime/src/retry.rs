//! From the journal to a run: the one way for the driver, the history and
//! decisions.
//!
//! A retry has no beginning of its own: it begins where another run parked an
//! operation, in the state that the other run had there. So that run is built
//! up first, in the same way, as it may be a retry itself.

use std::sync::Arc;

use rouage_engine::{Divergence, Limits, Run, RunContext};
use rouage_model::execution::{IncompleteReason, Origin, Status};
use rouage_model::journal::Event;
use rouage_model::{Certainty, ExecutionId, IncompleteId, ModuleError, OperationId, ScenarioId, TeamId, Version};
use rouage_store::executions::Execution;
use rouage_store::incompletes::{self, Ended, Retried};
use rouage_store::{Error, Job, Lineage, executions, journal, lineages};

use crate::backoff;
use crate::core::Core;
use crate::plans::Prepared;

/// The run to build.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    pub execution: ExecutionId,
    pub team: TeamId,
    pub scenario: ScenarioId,
    pub version: Version,
    pub origin: Origin,
}

impl From<&Job> for Subject {
    fn from(job: &Job) -> Self {
        let Job { execution, team, scenario, version, origin, .. } = *job;
        Self { execution, team, scenario, version, origin }
    }
}

impl From<&Execution> for Subject {
    fn from(run: &Execution) -> Self {
        Self { execution: run.id, team: run.team, scenario: run.scenario, version: run.version, origin: run.origin }
    }
}

/// Where a retry goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// The run that parked the operation.
    pub origin: ExecutionId,
    /// That operation; it has the same number in the retry.
    pub operation: OperationId,
    /// What is retried.
    pub incomplete: IncompleteId,
    /// The module was edited.
    pub is_edited: bool,
    /// It goes on with all that an interrupted run had still before it, and not
    /// with one bundle: what fails in it is less than it was.
    pub is_whole: bool,
}

impl Resumed {
    /// Whether something that fails in the retry is what it is there to retry.
    pub fn is_again(&self, operation: OperationId) -> bool {
        self.operation == operation && !self.is_whole
    }
}

/// Whether the rest of a run was stored at this operation because its time was
/// over.
fn was_interrupted_at(events: &[Event], operation: OperationId) -> bool {
    let after = events.iter().skip_while(|event| !matches!(event, Event::Interrupted { .. }));
    after.into_iter().any(|event| matches!(event, Event::Parked { operation: at, .. } if *at == operation))
}

/// A run before its first event.
pub struct Beginning {
    pub run: Run,
    pub prepared: Arc<Prepared>,
    /// Set for retries.
    pub resumed: Option<Resumed>,
}

/// Why there is no run, for people.
pub type Impossible = String;

/// The run as it is before the first of its events. The limits hold for it and
/// for those that it comes from.
pub async fn beginning(core: &Core, subject: Subject, limits: Limits) -> Result<Result<Beginning, Impossible>, Error> {
    // What it is a retry of, down to the run that is none.
    let mut chain = vec![(subject, None)];
    let mut at = subject;
    while at.origin == Origin::Retry {
        let Lineage::Retry { origin, operation, incomplete } = lineages::find(&core.store, at.execution).await? else {
            return Ok(Err("it is not known what it is a retry of".to_owned()));
        };
        let Some(parent) = executions::find(&core.store, at.team, origin).await? else {
            return Ok(Err("the run that it goes on with is not in the history any more".to_owned()));
        };
        let is_edited = parent.version != at.version;
        if let Some((_, resumed)) = chain.last_mut() {
            *resumed = Some(Resumed { origin, operation, incomplete, is_edited, is_whole: false });
        }
        at = Subject::from(&parent);
        chain.push((at, None));
    }
    let Some(prepared) = plan(core, at).await? else { return Ok(Err(GONE.to_owned())) };
    let context = RunContext { limits, ..prepared.context(core, at.execution, at.scenario, at.origin) };
    let mut built = Beginning { run: Run::new(prepared.plan.clone(), context), prepared, resumed: None };
    while let Some((parent, _)) = chain.pop() {
        let Some((child, Some(mut resumed))) = chain.last().copied() else { return Ok(Ok(built)) };
        let events = journal::events(&core.store, parent.execution).await?;
        resumed.is_whole = was_interrupted_at(&events, resumed.operation);
        let run = match built.run.retried(events, resumed.operation) {
            Ok(Some(run)) => run,
            Ok(None) => return Ok(Err(format!("the run before it did not store operation {}", resumed.operation))),
            Err(divergence) => return Ok(Err(cannot_resume(&divergence))),
        };
        built = Beginning { run, prepared: built.prepared, resumed: Some(resumed) };
        if resumed.is_edited {
            let Some(prepared) = plan(core, child).await? else { return Ok(Err(GONE.to_owned())) };
            let Some(run) = built.run.edited(prepared.plan.clone()) else {
                return Ok(Err("the edited scenario has other modules than the run that it goes on with".to_owned()));
            };
            built = Beginning { run, prepared, resumed: Some(resumed) };
        }
    }
    Ok(Ok(built))
}

/// The run as it is after these events of its own.
pub async fn rebuild(
    core: &Core,
    subject: Subject,
    limits: Limits,
    events: impl IntoIterator<Item = Event>,
) -> Result<Result<Beginning, Impossible>, Error> {
    let mut built = match beginning(core, subject, limits).await? {
        Ok(built) => built,
        Err(impossible) => return Ok(Err(impossible)),
    };
    for event in events {
        if let Err(divergence) = built.run.apply(&event) {
            return Ok(Err(cannot_resume(&divergence)));
        }
    }
    Ok(Ok(built))
}

const GONE: &str = "the scenario of this run does not exist any more";

fn cannot_resume(divergence: &Divergence) -> Impossible {
    format!("the run cannot be resumed: {divergence}")
}

async fn plan(core: &Core, subject: Subject) -> Result<Option<Arc<Prepared>>, Error> {
    core.plans.get(core, subject.team, subject.scenario, subject.version).await
}

/// What the end of a retry means for what it retried. `verdict` is how the run
/// ended by itself; `None` when it was stopped or given up.
pub async fn ended(
    core: &Core,
    job: &Job,
    resumed: Resumed,
    verdict: Option<(Status, Option<&ModuleError>)>,
) -> Result<Retried, Error> {
    let events = journal::events(&core.store, job.execution).await?;
    let Some(item) = incompletes::find(&core.store, job.team, resumed.incomplete).await? else {
        return Ok(Retried { incomplete: resumed.incomplete, end: Ended::Left });
    };
    let again = events.iter().rev().find_map(|event| match event {
        Event::Parked { operation, error, .. } if resumed.is_again(*operation) => Some(error.clone()),
        _ => None,
    });
    let end = match (again, verdict) {
        (Some(error), _) => failed(core, &item, error, Certainty::NotApplied),
        (None, Some((Status::Success | Status::Warning, _))) => Ended::Resolved,
        // What it had done before it ended must not be done twice blindly.
        (None, Some((_, error))) => {
            let error = error.cloned().unwrap_or_else(|| item.error.clone());
            let certainty =
                if got_past(&events, resumed.operation) { Certainty::MaybeApplied } else { error.certainty };
            failed(core, &item, error, certainty)
        }
        (None, None) if got_past(&events, resumed.operation) => {
            failed(core, &item, item.error.clone(), Certainty::MaybeApplied)
        }
        (None, None) => Ended::Left,
    };
    Ok(Retried { incomplete: resumed.incomplete, end })
}

/// The same for a run that cannot be driven; nothing when it is no retry.
pub async fn given_up(core: &Core, job: &Job) -> Result<Option<Retried>, Error> {
    let Lineage::Retry { origin, operation, incomplete } = lineages::find(&core.store, job.execution).await? else {
        return Ok(None);
    };
    let is_whole = was_interrupted_at(&journal::events(&core.store, origin).await?, operation);
    let resumed = Resumed { origin, operation, incomplete, is_edited: false, is_whole };
    ended(core, job, resumed, None).await.map(Some)
}

fn failed(core: &Core, item: &incompletes::Incomplete, error: ModuleError, certainty: Certainty) -> Ended {
    if certainty == Certainty::MaybeApplied || error.certainty == Certainty::MaybeApplied {
        return Ended::Failed { error, reason: IncompleteReason::MayHaveHappened, retry_at: None };
    }
    let retry_at = backoff::next_retry(item.policy, &error, item.automatic, core.clock.now());
    Ended::Failed { error, reason: IncompleteReason::Error, retry_at }
}

/// Whether a retry did, or may have done, more than fail at the operation that
/// it repeats.
fn got_past(events: &[Event], operation: OperationId) -> bool {
    let failed = events.iter().any(|event| matches!(event, Event::Failed { operation: at, .. } if *at == operation));
    is_unanswered(events, operation)
        || events.iter().any(|event| match event {
            Event::Started { bundles, .. } => bundles.is_some(),
            Event::Returned { operation: at, .. } => *at >= operation,
            // Where the operation itself failed, these are of its error route.
            Event::Called { operation: at, .. } => *at > operation,
            Event::Failed { operation: at, error, .. } => {
                *at > operation && !failed || *at >= operation && error.certainty == Certainty::MaybeApplied
            }
            _ => false,
        })
}

/// Whether the last call of the operation, or of one after it, has no answer:
/// it may have happened.
fn is_unanswered(events: &[Event], operation: OperationId) -> bool {
    let last = events.iter().rev().find_map(|event| match event {
        Event::Called { operation: at, .. } => Some((*at, true)),
        Event::Returned { operation: at, .. }
        | Event::Failed { operation: at, .. }
        | Event::Retrying { operation: at, .. } => Some((*at, false)),
        _ => None,
    });
    last.is_some_and(|(at, is_open)| is_open && at >= operation)
}

#[cfg(test)]
mod tests {
    use rouage_model::{ErrorKind, ModuleId};

    use super::*;

    fn event(kind: &str, operation: u32) -> Event {
        let (at, operation, module) = (jiff::Timestamp::UNIX_EPOCH, OperationId(operation), ModuleId(2));
        let error = ModuleError::new(ErrorKind::DataError, "refused");
        match kind {
            "called" => Event::Called { at, operation, module, attempt: 1, note: rouage_model::Value::Undefined },
            "returned" => Event::Returned { at, operation, module, bundles: Vec::new() },
            "retrying" => Event::Retrying { at, until: at, operation, module, attempt: 1, error },
            "in doubt" => Event::Failed { at, operation, module, error: error.maybe_applied() },
            _ => Event::Failed { at, operation, module, error },
        }
    }

    #[test]
    fn a_retry_got_past_its_operation_when_something_did_or_may_have_happened() {
        let check = |events: &[(&str, u32)], expected: bool| {
            let events: Vec<Event> = events.iter().map(|(kind, operation)| event(kind, *operation)).collect();
            assert_eq!(got_past(&events, OperationId(3)), expected, "{events:?}");
        };
        check(&[], false);
        check(&[("called", 3), ("failed", 3)], false);
        check(&[("called", 3), ("retrying", 3)], false);
        check(&[("called", 3)], true);
        check(&[("called", 3), ("retrying", 3), ("called", 3)], true);
        check(&[("called", 3), ("in doubt", 3)], true);
        check(&[("called", 3), ("returned", 3)], true);
        check(&[("failed", 4)], true);
        // The error route of the operation.
        check(&[("failed", 3), ("failed", 4)], false);
        check(&[("failed", 3), ("called", 4), ("failed", 4)], true);
        check(&[("failed", 3), ("returned", 4)], true);
    }
}
