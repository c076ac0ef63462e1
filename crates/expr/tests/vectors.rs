//! Every vector of `testdata/`: expressions and filters with the results that
//! Make's and Workfront's documents print or imply. A vector that does not
//! hold is listed with its reason, or this fails.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use rouage_expr::probe;
use rouage_model::clock::SimulatedClock;
use rouage_model::{Collection, Value, json, tagged};

/// Vectors that we answer differently on purpose.
const DIFFERENT: &[(&str, &str)] = &[];

fn vectors(name: &str) -> Vec<Value> {
    let path = format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(path).unwrap();
    json::parse(&text).unwrap().as_array().unwrap().to_vec()
}

fn text<'v>(vector: &'v Value, name: &str) -> &'v str {
    vector.field(name).as_text().unwrap_or_default()
}

/// What is wrong with the answer, if anything is.
fn disagreement(vector: &Value, answer: &Value) -> Option<String> {
    let shown = || Some(tagged::to_string(answer));
    let error = answer.field("error");
    if text(vector, "expected_type") == "error" {
        let contains = text(vector, "error_contains");
        return if error.field("message").as_text().is_some_and(|message| message.contains(contains)) {
            None
        } else {
            shown()
        };
    }
    if !error.is_nothing() {
        return shown();
    }
    let (expected, value) = (vector.field("expected"), answer.field("value"));
    let agrees = match text(vector, "expected_type") {
        "number-range" => in_range(expected, value),
        "text-regex" => {
            let pattern = fancy_regex::Regex::new(text(expected, "$regex")).unwrap();
            pattern.is_match(value.as_text().unwrap_or_default()).unwrap()
        }
        "number" => is_near(expected, value, vector.field("tolerance")),
        "date" => matches!(value, Value::Date(date) if json::iso(*date) == text(vector, "expected")),
        kind => answer.field("type").as_text() == Some(kind) && equal(&tagged::untag(expected), value),
    };
    if agrees { None } else { shown() }
}

fn in_range(expected: &Value, value: &Value) -> bool {
    let Value::Number(number) = value else { return false };
    let [least, most] = [0, 1].map(|at| match &expected.field("$range").as_array().unwrap()[at] {
        Value::Number(bound) => bound.as_f64(),
        _ => f64::NAN,
    });
    let number = number.as_f64();
    let exclusive = expected.field("max_exclusive").as_bool().unwrap_or(false);
    let whole = !expected.field("integer").as_bool().unwrap_or(false) || number.fract() == 0.0;
    whole && number >= least && if exclusive { number < most } else { number <= most }
}

fn is_near(expected: &Value, value: &Value, tolerance: &Value) -> bool {
    let (Value::Number(expected), Value::Number(value)) = (expected, value) else { return false };
    match tolerance {
        Value::Number(tolerance) => (expected.as_f64() - value.as_f64()).abs() <= tolerance.as_f64(),
        _ => expected.as_f64() == value.as_f64(),
    }
}

fn equal(expected: &Value, value: &Value) -> bool {
    match (expected, value) {
        (Value::Buffer(expected), Value::Buffer(value)) => expected.held() == value.held(),
        (Value::Text(expected), Value::Date(date)) => json::iso(*date) == expected.as_ref(),
        (Value::Array(expected), Value::Array(value)) => {
            expected.len() == value.len() && expected.iter().zip(value.iter()).all(|(a, b)| equal(a, b))
        }
        (Value::Collection(expected), Value::Collection(value)) => {
            expected.len() == value.len()
                && expected.iter().all(|(key, field)| value.get(key).is_some_and(|other| equal(field, other)))
        }
        _ => expected == value,
    }
}

fn check(name: &str) {
    let clock = SimulatedClock::new("2026-11-24T12:00:00Z".parse::<Timestamp>().unwrap(), 1);
    let different: BTreeMap<&str, &str> = DIFFERENT.iter().copied().collect();
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut failures = Vec::new();
    for vector in vectors(name) {
        let id = text(&vector, "id");
        let disagreement = disagreement(&vector, &probe(&vector, &clock));
        let group = format!("{} {}", text(&vector, "dialect"), text(&vector, "confidence"));
        let (passed, total) = counts.entry(group).or_default();
        *total += 1;
        *passed += usize::from(disagreement.is_none());
        match (disagreement, different.contains_key(id)) {
            (Some(answer), false) => failures.push(format!("{id} {}: {answer}", text(&vector, "expr"))),
            (None, true) => failures.push(format!("{id} is listed as different and is not")),
            _ => {}
        }
    }
    println!("{name}: {counts:?}");
    assert!(failures.is_empty(), "{} disagree:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn expressions_give_what_the_documents_say() {
    check("vectors.json");
}

#[test]
fn filters_decide_as_the_documents_say() {
    check("filter-vectors.json");
}

#[test]
fn a_wrong_answer_is_noticed() {
    let vector: Collection =
        [("expected_type", Value::from("number")), ("expected", Value::from(1))].into_iter().collect();
    let answer: Collection = [("type", Value::from("number")), ("value", Value::from(2))].into_iter().collect();
    assert!(disagreement(&vector.into(), &answer.into()).is_some());
}
