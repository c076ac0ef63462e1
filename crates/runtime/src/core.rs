//! What every part of the runtime shares.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rouage_model::clock::SharedClock;
use rouage_sdk::{Registry, http};
use rouage_store::Store;
use tokio::sync::{Notify, Semaphore};
use url::Url;

use crate::driver::Opened;
use crate::endings::Endings;
use crate::held::Held;
use crate::hooks::HookCache;
use crate::knowledge;
use crate::lanes::Lanes;
use crate::limits::Limits;
use crate::listening::Listening;
use crate::plans::PlanCache;
use crate::replies::Replies;

/// What the program gives the runtime.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// The apps.
    pub registry: Registry,
    /// The guarded way out.
    pub http: http::Client,
    /// Time and randomness.
    pub clock: SharedClock,
    /// Where people reach this server.
    pub public_url: Url,
    /// How many runs may be in progress at once.
    pub workers: usize,
    /// How long one module may take.
    pub module_timeout: Duration,
    /// Most requests that wait for one webhook; 0 = no limit.
    pub queue_limit: u64,
    /// What one run may use, and what is kept of it.
    pub limits: Limits,
}

/// The shared state.
pub struct Core {
    pub store: Store,
    pub registry: Registry,
    pub http: http::Client,
    pub clock: SharedClock,
    pub public_url: Url,
    pub workers: usize,
    pub module_timeout: Duration,
    pub queue_limit: u64,
    pub limits: Limits,
    pub plans: PlanCache,
    pub hooks: HookCache,
    /// Scenarios that wait for one request (Run once).
    pub listening: Listening,
    pub replies: Replies,
    pub endings: Endings,
    pub lanes: Lanes,
    pub held: Held,
    /// What is known of drafts.
    pub knowledge: knowledge::Cache,
    /// Accounts that can be opened.
    pub opened: Opened,
    /// Jobs in this process that run or are about to; those that wait in a
    /// lane are none, so that one lane cannot take the room of all scenarios.
    pub busy: AtomicUsize,
    /// Room for the runs in progress.
    pub slots: Arc<Semaphore>,
    /// Room for runs that may have brought the process down.
    pub trials: Arc<Semaphore>,
    /// Jobs may be waiting in the store: new ones must not overtake them.
    pub has_backlog: AtomicBool,
    /// No new runs begin.
    pub closing: AtomicBool,
    /// Runs are given back before their next step.
    pub handing_back: AtomicBool,
    /// Rung when there may be something to claim.
    pub wake: Notify,
    /// Rung when an incomplete execution may be due.
    pub retries: Notify,
    /// A scenario changed since the schedules were looked through.
    pub schedule_changed: AtomicBool,
    /// Rung when a slot or the queue of a webhook may have changed.
    pub schedule_wake: Notify,
}

impl Core {
    /// Builds the state; nothing runs yet.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            store: parts.store,
            registry: parts.registry,
            http: parts.http,
            clock: parts.clock,
            public_url: parts.public_url,
            workers: parts.workers.max(1),
            module_timeout: parts.module_timeout,
            queue_limit: parts.queue_limit,
            limits: parts.limits,
            plans: PlanCache::default(),
            hooks: HookCache::default(),
            listening: Listening::default(),
            replies: Replies::default(),
            endings: Endings::default(),
            lanes: Lanes::default(),
            held: Held::default(),
            knowledge: knowledge::Cache::default(),
            opened: Opened::default(),
            busy: AtomicUsize::new(0),
            slots: Arc::new(Semaphore::new(parts.workers.max(1))),
            trials: Arc::new(Semaphore::new(crate::driver::SUSPECTS_AT_ONCE)),
            has_backlog: AtomicBool::new(true),
            closing: AtomicBool::new(false),
            handing_back: AtomicBool::new(false),
            wake: Notify::new(),
            retries: Notify::new(),
            schedule_changed: AtomicBool::new(true),
            schedule_wake: Notify::new(),
        })
    }

    /// Whether the runtime is ending.
    pub fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// The address of a scenario's page.
    pub fn scenario_url(&self, scenario: rouage_model::ScenarioId) -> String {
        format!("{}/scenarios/{scenario}", self.public_url.as_str().trim_end_matches('/'))
    }
}
