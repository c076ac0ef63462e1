//! The runs that this process has: their leases, and what is asked of them
//! from outside.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rouage_model::ExecutionId;
use rouage_store::{Fence, Job};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What the driver of a run must know before its next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A person asked to stop it.
    Stop,
    /// The lease went to somebody else: nothing may follow.
    Lost,
}

/// All of them, by execution.
#[derive(Default)]
pub struct Held(Mutex<HashMap<ExecutionId, Holding>>);

struct Holding {
    fence: Fence,
    signal: watch::Sender<Option<Signal>>,
    /// How often the store refused it here.
    refusals: u32,
    driver: Option<AbortHandle>,
}

impl Held {
    /// From now on the lease is renewed.
    pub fn hold(&self, job: &Job) {
        let holding = Holding { fence: job.fence, signal: watch::Sender::new(None), refusals: 0, driver: None };
        self.map().insert(job.execution, holding);
    }

    /// Ends that. The execution may have been leased to us again meanwhile;
    /// the newer lease stays.
    pub fn release(&self, execution: ExecutionId, fence: Fence) {
        let mut map = self.map();
        if map.get(&execution).is_some_and(|holding| holding.fence == fence) {
            map.remove(&execution);
        }
    }

    /// Notes the task that drives it.
    pub fn driven_by(&self, execution: ExecutionId, fence: Fence, driver: AbortHandle) {
        self.change(execution, fence, |holding| holding.driver = Some(driver));
    }

    /// Counts a refusal of the store; how many there were before.
    pub fn refused(&self, execution: ExecutionId, fence: Fence) -> u32 {
        let mut before = 0;
        self.change(execution, fence, |holding| {
            before = holding.refusals;
            holding.refusals += 1;
        });
        before
    }

    /// Whether the store refused it here under this lease.
    pub fn was_refused(&self, execution: ExecutionId, fence: Fence) -> bool {
        self.map().get(&execution).is_some_and(|holding| holding.fence == fence && holding.refusals > 0)
    }

    /// Makes the driver of a run in this process end it before its next step.
    pub fn ask_to_stop(&self, execution: ExecutionId) {
        if let Some(holding) = self.map().get_mut(&execution) {
            holding.signal.send_if_modified(|signal| signal.replace(signal.unwrap_or(Signal::Stop)).is_none());
        }
    }

    /// Makes the driver of a run leave it as it is before its next step.
    pub fn lose(&self, execution: ExecutionId, fence: Fence) {
        self.change(execution, fence, |holding| {
            holding.signal.send_replace(Some(Signal::Lost));
        });
    }

    /// What is asked of a run.
    pub fn signal(&self, execution: ExecutionId, fence: Fence) -> Option<Signal> {
        self.map().get(&execution).filter(|holding| holding.fence == fence).and_then(|holding| *holding.signal.borrow())
    }

    /// Waits until something is asked of a run; for ever when it is not held.
    pub async fn until_signal(&self, execution: ExecutionId, fence: Fence) {
        let holding =
            self.map().get(&execution).filter(|holding| holding.fence == fence).map(|one| one.signal.subscribe());
        let Some(mut signal) = holding else { return std::future::pending().await };
        // The sender goes with the lease, and then nothing is asked any more.
        if signal.wait_for(Option::is_some).await.is_err() {
            std::future::pending().await
        }
    }

    /// Every lease.
    pub fn leases(&self) -> Vec<(ExecutionId, Fence)> {
        self.map().iter().map(|(execution, holding)| (*execution, holding.fence)).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.map().is_empty()
    }

    /// Ends all drivers where they are, as the end of the process would.
    pub fn abort(&self) {
        for driver in self.map().values().filter_map(|holding| holding.driver.as_ref()) {
            driver.abort();
        }
    }

    fn change(&self, execution: ExecutionId, fence: Fence, change: impl FnOnce(&mut Holding)) {
        if let Some(holding) = self.map().get_mut(&execution).filter(|holding| holding.fence == fence) {
            change(holding);
        }
    }

    fn map(&self) -> MutexGuard<'_, HashMap<ExecutionId, Holding>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rouage_model::clock::{SystemClock, execution_id};
    use rouage_model::{ScenarioId, TeamId, Version};

    fn job(execution: ExecutionId, fence: i64) -> Job {
        Job {
            execution,
            team: TeamId(1),
            scenario: ScenarioId(1),
            version: Version(1),
            origin: rouage_model::execution::Origin::Webhook,
            fence: Fence(fence),
            takeovers: 0,
            stop_requested: false,
            events: None,
        }
    }

    #[test]
    fn the_end_of_an_older_lease_leaves_the_newer_one() {
        let (held, execution) = (Held::default(), execution_id(&SystemClock));
        held.hold(&job(execution, 1));
        held.hold(&job(execution, 2));
        held.release(execution, Fence(1));
        held.lose(execution, Fence(1));
        assert_eq!(held.leases(), [(execution, Fence(2))]);
        assert_eq!(held.signal(execution, Fence(2)), None);
        held.release(execution, Fence(2));
        assert!(held.is_empty());
    }

    #[test]
    fn a_lost_lease_weighs_more_than_a_wish_to_stop() {
        let (held, execution) = (Held::default(), execution_id(&SystemClock));
        held.hold(&job(execution, 1));
        held.ask_to_stop(execution);
        assert_eq!(held.signal(execution, Fence(1)), Some(Signal::Stop));
        held.lose(execution, Fence(1));
        held.ask_to_stop(execution);
        assert_eq!(held.signal(execution, Fence(1)), Some(Signal::Lost));
    }
}
