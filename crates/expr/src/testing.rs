//! What the unit tests of this crate share.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_model::{ModuleId, Stored, Value, tagged};

use crate::{Budget, Context, EvalError, Lookup, Random, Template};

struct Bundles(BTreeMap<i64, Value>);

impl Lookup for Bundles {
    fn bundle(&self, module: ModuleId) -> Option<&Value> {
        self.0.get(&module.0)
    }

    fn variable(&self, scope: &str, name: &str) -> Option<Value> {
        (scope == "scenario" && name == "name").then(|| Value::from("Orders"))
    }

    /// A file of so many times "é!".
    fn file(&self, file: &Stored) -> Result<Bytes, String> {
        Ok("é!".repeat(usize::try_from(file.size / 3).unwrap()).into())
    }
}

/// Runs with bundles given as tagged JSON, in UTC at noon of 2026-11-24.
pub(crate) fn with_bundles<T>(bundles: &str, run: impl FnOnce(&Context<'_>) -> T) -> T {
    let parsed = tagged::parse(bundles.as_bytes()).unwrap();
    let bundles = parsed.as_collection().unwrap().iter().map(|(id, value)| (id.parse().unwrap(), value.clone()));
    let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    run(&Context {
        lookup: &Bundles(bundles.collect()),
        now,
        timezone: &TimeZone::UTC,
        random: &Random::new(7),
        execution_id: None,
        budget: &Budget::default(),
    })
}

/// The value of a text without bundles.
pub(crate) fn evaluated(text: &str) -> Result<Value, EvalError> {
    with_bundles("{}", |context| Template::parse(text).unwrap().evaluate(context))
}
