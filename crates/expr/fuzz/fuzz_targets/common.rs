//! What both targets share: a bundle with a value of every type, and one
//! evaluation under a budget that must hold.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_expr::{Budget, Context, Lookup, Random, Template};
use rouage_model::{ModuleId, Value, tagged};

const BUNDLE: &str = r#"{"t":"Žluťoučký 😀 <b>x</b> 12.5","n":-3.5,"i":9007199254740993,"big":1e300,"z":0,"b":true,
    "nil":null,"e":"","d":{"$date":"2026-03-29T01:30:00.000Z"},"x":{"$buffer":"00ff41"},
    "a":[3,"b",null,{"k":1,"v":"w"},[1,[2]],"b"],"o":{"a.b":1,"a":{"b":2}},"f":"YYYY-MM-DD[x]","re":"/(a+)+$/g"}"#;

struct Sample(Value);

impl Lookup for Sample {
    fn bundle(&self, _: ModuleId) -> Option<&Value> {
        Some(&self.0)
    }

    fn variable(&self, _: &str, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

/// Reads a text and, if it can be read, evaluates it within a budget.
pub fn run(text: &str, steps: u64, bytes: u64) {
    let template = match Template::parse(text) {
        Ok(template) => template,
        Err(error) => return assert!(error.at <= text.chars().count()),
    };
    let sample = Sample(tagged::parse(BUNDLE.as_bytes()).expect("the bundle is JSON"));
    let budget = Budget::new(steps, bytes);
    let _ = template.evaluate(&Context {
        lookup: &sample,
        now: Timestamp::UNIX_EPOCH,
        timezone: &TimeZone::UTC,
        random: &Random::new(7),
        execution_id: None,
        budget: &budget,
    });
    assert!(budget.steps_left() <= steps && budget.bytes_left() <= bytes);
}
