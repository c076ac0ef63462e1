//! The order of found records.

use std::cmp::Ordering;

use rouage_model::value::Number;
use rouage_model::{Text, Value, json};

/// What a record is sorted by: one entry for each sort rule.
pub(super) struct Rule {
    /// A field, or the key.
    pub(super) field: Text,
    pub(super) is_descending: bool,
}

impl Rule {
    /// The rules of a `sort` field: `[{key, order: 1 or -1}]`.
    pub(super) fn all(sort: &[Value]) -> Vec<Self> {
        let rule = |rule: &Value| {
            let field = rule.field("key").as_text().filter(|field| !field.is_empty())?.into();
            let is_descending = match rule.field("order") {
                Value::Text(order) => matches!(order.trim(), "-1" | "desc" | "descending"),
                order => order.as_i64() == Some(-1),
            };
            Some(Self { field, is_descending })
        };
        sort.iter().filter_map(rule).collect()
    }
}

/// Compares two values of one field. What is missing comes first; numbers
/// before texts before everything else; values of a kind by their own order.
pub(super) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => numbers(left, right),
        (Value::Text(left), Value::Text(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        _ if rank(left) != rank(right) => rank(left).cmp(&rank(right)),
        _ => json::to_string(left).cmp(&json::to_string(right)),
    }
}

fn numbers(left: &Number, right: &Number) -> Ordering {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => left.as_f64().total_cmp(&right.as_f64()),
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        nothing if nothing.is_nothing() => 0,
        Value::Number(_) => 1,
        Value::Text(_) => 2,
        Value::Boolean(_) => 3,
        Value::Date(_) => 4,
        _ => 5,
    }
}
