//! The fault cases, by their numbers in `fault-cases.md`: a test `f12_…` is
//! fault case F12. What the tests of the crates show better than a whole
//! program is named in `tests/faults.rs`, which has a line for every number.
//!
//! The auditor of `rouage-test-support` judges wherever requests went out.

mod breakpoints;
mod changes;
mod databases;
mod disk;
mod load;
mod targets;
mod wire;

use std::sync::Arc;

use rouage_test_support::auditor::{Answer, Auditor, Promise, REQUEST};
use serde_json::{Value as Json, json};

use crate::postgres;
use crate::support::{Imported, Place, Store};

/// A scenario of modules behind a webhook.
pub fn scenario(name: &str, settings: &Json, modules: &[Json]) -> String {
    let webhook =
        json!({"id": 1, "module": "gateway:CustomWebHook", "version": 1, "parameters": {"hook": 1, "maxResults": 1}});
    let mut scenario =
        json!({"roundtrips": 1, "maxErrors": 1000, "autoCommit": true, "dlq": false, "sequential": false});
    for (name, value) in settings.as_object().unwrap() {
        scenario[name] = value.clone();
    }
    let flow: Vec<_> = std::iter::once(webhook).chain(modules.iter().cloned()).collect();
    json!({"name": name, "flow": flow, "metadata": {"instant": true, "scenario": scenario}}).to_string()
}

/// Tells the target the key: a write that nobody can look up.
pub fn tell(id: u32, target: &str) -> Json {
    json!({"id": id, "module": "http:ActionSendData", "version": 3, "parameters": {"handleErrors": true},
        "mapper": {"url": format!("{target}/"), "method": "post", "bodyType": "raw",
            "contentType": "application/json", "data": "{\"key\":\"{{1.key}}\"}"}})
}

/// Asks the target something.
pub fn ask(id: u32, target: &str) -> Json {
    json!({"id": id, "module": "http:ActionSendData", "version": 3, "parameters": {"handleErrors": true},
        "mapper": {"url": format!("{target}/ask"), "method": "get"}})
}

/// What a request with this key carries.
pub fn body(key: &str) -> Vec<u8> {
    json!({"key": key}).to_string().into_bytes()
}

/// A place with one scenario, and who judges it.
pub struct World {
    pub auditor: Arc<Auditor>,
    pub place: Place,
    pub hook: Imported,
}

impl World {
    /// On SQLite: every request is told to the target.
    pub async fn new(flags: &[&str]) -> Self {
        Self::on(&Store::Sqlite, flags, &json!({})).await
    }

    /// The same on a database and with settings of the scenario.
    pub async fn on(store: &Store, flags: &[&str], settings: &Json) -> Self {
        Self::with(store, flags, |target| scenario("Tell", settings, &[tell(2, target), ask(3, target)])).await
    }

    /// With a scenario of one's own, given the target's address.
    pub async fn with(store: &Store, flags: &[&str], blueprint: impl FnOnce(&str) -> String) -> Self {
        let auditor = Arc::new(Auditor::start().await);
        let mut all = vec!["--allow-net", "127.0.0.1", "--webhook-rate", "0"];
        all.extend(flags);
        let place = Place::on(store, &all);
        let hook = place.import_text("scenario", &blueprint(&auditor.target.url())).await;
        Self { auditor, place, hook }
    }

    /// Sends a request with this key.
    pub async fn send(&self, key: &str) -> Answer {
        let url = format!("http://{}{}", self.hook.hook.address, self.hook.hook.target);
        self.auditor.send(&url, ("", key), &body(key)).await
    }

    /// How often the target heard of a key.
    pub fn told(&self, key: &str) -> usize {
        let effects = self.auditor.ledger().effects;
        effects.iter().filter(|effect| effect.kind == REQUEST && effect.key == key).count()
    }

    /// Waits until all is over, and judges.
    pub async fn judge(&self, promise: &Promise) {
        self.place.idle().await;
        let verdict = self.auditor.judge(&self.place.history().await, promise);
        println!("{verdict}");
        verdict.expect_kept();
    }
}

/// One request to the target for each key.
pub fn told_once() -> Promise {
    Promise::of(&[REQUEST])
}

/// SQLite, and PostgreSQL where there is one.
pub async fn databases() -> Vec<Store> {
    let mut stores = vec![Store::Sqlite];
    stores.extend(postgres::new_database().await.map(Store::Postgres));
    stores
}
