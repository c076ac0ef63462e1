//! Runs that were taken over: one of them may have brought the process down,
//! and will do so again.
//!
//! Many others were in progress then, and are as suspect. So each beginning of
//! such a run is noted; whoever ends in order loses the note, and so does
//! whoever got further. One that ended with the process at the same place twice
//! runs among few others from then on, and is set aside when that was its end
//! as well: then it was nearly alone (fault case F11).

use std::time::Duration;

use rouage_store::Job;
use tokio::sync::OwnedSemaphorePermit;

use crate::core::Core;
use crate::journal::Halt;

/// How many suspects run at a time.
pub const AT_ONCE: usize = 4;
/// From this beginning on at the same place a run is suspect.
const SUSPECT: u32 = 2;
/// The last beginning at the same place.
const MOST: u32 = 3;
/// After this long a suspect no longer holds up the others: what brings a
/// process down mostly does so at once.
const PROBATION: Duration = Duration::from_secs(10);

/// A run that is watched, if it is.
pub struct Trial(Option<OwnedSemaphorePermit>);

/// Waits until a suspect may run. To be called before it takes a slot: waiting
/// suspects would otherwise hold up everybody else.
pub async fn admit(core: &Core, job: &Job) -> Result<Trial, Halt> {
    if job.takeovers == 0 {
        return Ok(Trial::unwatched());
    }
    if core.held.was_refused(job.execution, job.fence) {
        // It was left in order after its last beginning here.
        core.store.end_trial(job).await?;
        return Ok(Trial::unwatched());
    }
    let beginning = core.store.trials(job.execution).await? + 1;
    Ok(Trial(match (SUSPECT..=MOST).contains(&beginning) {
        // An error means that the runtime closes, and nothing is begun then.
        true => core.trials.clone().acquire_owned().await.ok(),
        false => None,
    }))
}

/// Notes the beginning of a run that was taken over, when its turn has come;
/// or says why it is not begun again.
pub async fn begin(core: &Core, job: &Job, events: usize) -> Result<Result<(), String>, Halt> {
    if job.takeovers == 0 {
        return Ok(Ok(()));
    }
    let before = core.store.trials(job.execution).await?;
    if before >= MOST {
        let text = format!("set aside: the program ended {} times at this place of the run", before + 1);
        return Ok(Err(text));
    }
    core.store.begin_trial(job, events).await?;
    Ok(Ok(()))
}

impl Trial {
    /// Of a run that is no suspect, or only ends.
    pub fn unwatched() -> Self {
        Self(None)
    }

    /// Holds the place among the suspects for a while.
    pub async fn watch<T>(self, going: impl Future<Output = T>) -> T {
        let Some(permit) = self.0 else { return going.await };
        let mut going = std::pin::pin!(going);
        match tokio::time::timeout(PROBATION, &mut going).await {
            Ok(outcome) => outcome,
            Err(_) => {
                drop(permit);
                going.await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;
    use rouage_model::clock::{self, SharedClock, SystemClock};
    use rouage_model::execution::Origin;
    use rouage_model::scenario::Scheduling;
    use rouage_model::{Blueprint, Value, Version};
    use rouage_sdk::{Registry, guard, http};
    use rouage_store::{Lineage, NewExecution, Options, Store, scenarios, teams};

    use super::*;
    use crate::core::Parts;

    async fn core(folder: &tempfile::TempDir) -> Arc<Core> {
        let clock: SharedClock = Arc::new(SystemClock);
        let url = format!("sqlite://{}/rouage.db", folder.path().display());
        let node = clock::uuid(clock.as_ref());
        let store = Store::open(Options { url, node, clock: clock.clone(), key: [7; 32] }).await.unwrap();
        Core::new(Parts {
            store,
            registry: Registry::new(Vec::new()),
            http: http::Client::new(guard::Guard::default()),
            clock,
            public_url: "http://rouage.test".parse().unwrap(),
            workers: 2,
            module_timeout: Duration::from_secs(30),
            queue_limit: 100,
            limits: crate::Limits::default(),
        })
    }

    /// A run whose process has vanished.
    async fn taken_over(core: &Core) -> Job {
        let mut tx = core.store.begin().await.unwrap();
        let team = teams::ensure_default(&mut tx).await.unwrap();
        let new = scenarios::NewScenario {
            name: "Test".into(),
            blueprint: Arc::new(Blueprint::parse(br#"{"name":"Test","flow":[]}"#).unwrap()),
            links: Value::Undefined,
            scheduling: Scheduling::default(),
        };
        let scenario = scenarios::create(&mut tx, team, new).await.unwrap();
        tx.commit().await.unwrap();
        let new = NewExecution {
            id: clock::execution_id(core.clock.as_ref()),
            team,
            scenario,
            version: Version(1),
            origin: Origin::Webhook,
            bundles: None,
            inputs: Value::Undefined,
            lineage: Lineage::None,
            leased: true,
            created_at: core.clock.now(),
        };
        core.store.start(new).await.unwrap();
        core.store.release_stale().await.unwrap();
        let job = core.store.claim(1, SignedDuration::from_mins(1)).await.unwrap().remove(0);
        core.held.hold(&job);
        job
    }

    async fn is_set_aside(core: &Core, job: &Job) -> bool {
        let _trial = admit(core, job).await.unwrap();
        begin(core, job, 1).await.unwrap().is_err()
    }

    #[tokio::test]
    async fn a_run_that_the_store_refused_has_not_brought_the_process_down() {
        let folder = tempfile::tempdir().unwrap();
        let core = core(&folder).await;
        let job = taken_over(&core).await;
        for _ in 0..2 * MOST {
            assert!(!is_set_aside(&core, &job).await);
            core.held.refused(job.execution, job.fence);
        }
        // Where nothing was refused, each beginning is a death.
        core.held.hold(&job);
        let deaths =
            [is_set_aside(&core, &job).await, is_set_aside(&core, &job).await, is_set_aside(&core, &job).await];
        assert_eq!(deaths, [false, false, true]);
    }
}
