//! What every part of the runtime shares.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use rouage_model::clock::SharedClock;
use rouage_sdk::{Registry, http};
use rouage_store::Store;
use tokio::sync::Notify;
use url::Url;

use crate::hooks::HookCache;
use crate::plans::PlanCache;
use crate::replies::Replies;
use crate::worker::Lanes;

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
    pub plans: PlanCache,
    pub hooks: HookCache,
    pub replies: Replies,
    pub lanes: Lanes,
    /// Jobs in this process: running or in a lane.
    pub held: AtomicUsize,
    /// Rung when there may be something to claim.
    pub wake: Notify,
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
            plans: PlanCache::default(),
            hooks: HookCache::default(),
            replies: Replies::default(),
            lanes: Lanes::default(),
            held: AtomicUsize::new(0),
            wake: Notify::new(),
        })
    }

    /// The address of a scenario's page.
    pub fn scenario_url(&self, scenario: rouage_model::ScenarioId) -> String {
        format!("{}/scenarios/{scenario}", self.public_url.as_str().trim_end_matches('/'))
    }
}
