//! Choices, and fields of collections.

use rouage_model::{Collection, Value};

use super::{Call, LazyCall, Outcome, Row, Run};
use crate::coerce::{to_text, truthy};
use crate::error::EvalError;
use crate::{files, operators, path};

/// Deeper paths are refused, so that nobody can build what nobody can take apart.
const DEEPEST: usize = 64;

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            signature: "get(object or array; path)",
            help: "The value at a path; names are separated by dots and the first item of an array is 1.",
            examples: &[
                ("get(split(\"a,b\"; \",\"); 2)", "\"b\""),
                ("get(split(\"a,b\"; \",\"); -1)", "\"b\""),
                ("get(set(null; \"a.b\"; 7); \"a.b\")", "7"),
            ],
            run: Run::Eager(get),
        },
        Row {
            signature: "set(object; path; value)",
            help: "A copy of the collection or array with the value set at a path.",
            examples: &[("set(null; \"a.b\"; 1)", r#"{"a":{"b":1}}"#)],
            run: Run::Eager(set),
        },
        Row {
            signature: "if(expression; value1; value2)",
            help: "The first value if the expression is true, otherwise the second.",
            examples: &[("if(1 = 1; \"A\"; \"B\")", "\"A\""), ("if(1 = 2; \"A\"; \"B\")", "\"B\"")],
            run: Run::Lazy(if_),
        },
        Row {
            signature: "ifempty(value1; value2)",
            help: "The first value unless it is missing, null or empty text, otherwise the second.",
            examples: &[
                ("ifempty(\"A\"; \"B\")", "\"A\""),
                ("ifempty(\"\"; \"B\")", "\"B\""),
                ("ifempty(0; \"B\")", "0"),
                ("ifempty(emptyarray; \"B\")", "[]"),
            ],
            run: Run::Lazy(ifempty),
        },
        Row {
            signature: "switch(expression; value1; result1; [value2; result2; ...]; [else])",
            help: "The result that belongs to the first value equal to the expression, otherwise the last one.",
            examples: &[
                ("switch(\"B\"; \"A\"; 1; \"B\"; 2; \"C\"; 3)", "2"),
                ("switch(\"X\"; \"A\"; 1; \"B\"; 2; 9)", "9"),
            ],
            run: Run::Lazy(switch),
        },
        Row {
            signature: "omit(collection; key1; [key2; ...])",
            help: "The collection without the given keys.",
            examples: &[("omit(set(set(null; \"a\"; 1); \"b\"; 2); \"a\")", r#"{"b":2}"#)],
            run: Run::Eager(omit),
        },
        Row {
            signature: "pick(collection; key1; [key2; ...])",
            help: "The collection with only the given keys.",
            examples: &[("pick(set(set(null; \"a\"; 1); \"b\"; 2); \"a\"; \"c\")", r#"{"a":1}"#)],
            run: Run::Eager(pick),
        },
        Row {
            signature: "equal(value1; value2)",
            help: "Whether the two values are equal, by the rule of the operator =.",
            examples: &[("equal(\"a\"; \"a\")", "true"), ("equal(\"a\"; \"b\")", "false")],
            run: Run::Eager(|call| {
                operators::equal_within(call.value(0), call.value(1), call.context.budget).map(Value::Boolean)
            }),
        },
    ]
}

fn get(call: &Call<'_>) -> Outcome {
    match (call.value(0), call.value(1)) {
        (_, path) if path.is_nothing() => Ok(Value::Undefined),
        (Value::Array(items), Value::Number(index)) => {
            Ok(index.as_i64().map_or(Value::Undefined, |index| path::item(items, index).clone()))
        }
        (value, path) => Ok(path::get(value, &call.text_of(path)?)),
    }
}

fn set(call: &Call<'_>) -> Outcome {
    let text = call.text(1)?;
    let whole = call.value(0).get(&text).is_some();
    let names: Vec<&str> = if whole { vec![&text] } else { path::segments(&text).collect() };
    if names.is_empty() || names.len() > DEEPEST {
        return Err(EvalError::of_range(format!("a path has 1 to {DEEPEST} names")));
    }
    path::set(call.value(0), &names, call.value(2).clone()).map_err(EvalError::of_type)
}

fn if_(call: &LazyCall<'_>) -> Outcome {
    if truthy(&call.value(0)?) { call.value(1) } else { call.value(2) }
}

/// Decision D3.
fn ifempty(call: &LazyCall<'_>) -> Outcome {
    let value = call.value(0)?;
    if value.is_nothing() || value.as_text() == Some("") { call.value(1) } else { Ok(value) }
}

/// Values are compared as texts; what has no text is compared as it is.
fn switch(call: &LazyCall<'_>) -> Outcome {
    let value = call.value(0)?;
    let wanted = text_or_none(&value, call)?;
    let mut at = 1;
    while at + 1 < call.arguments.len() {
        let candidate = call.value(at)?;
        let equal = match (&wanted, text_or_none(&candidate, call)?) {
            (Some(wanted), Some(candidate)) => *wanted == candidate,
            _ => operators::equal_within(&value, &candidate, call.context.budget)?,
        };
        if equal {
            return call.value(at + 1);
        }
        at += 2;
    }
    call.value(at)
}

/// The text of a value that has a short one.
fn text_or_none(value: &Value, call: &LazyCall<'_>) -> Result<Option<rouage_model::Text>, EvalError> {
    call.context.budget.spend(1)?;
    Ok(match value {
        Value::Array(_) | Value::Collection(_) => None,
        value => to_text(&files::operand(value.clone(), call.context)?).ok(),
    })
}

/// The names given as arguments, or within arrays that are.
fn keys(call: &Call<'_>) -> Result<Vec<rouage_model::Text>, EvalError> {
    let values = call.rest(1).iter().flat_map(|value| value.as_array().unwrap_or(std::slice::from_ref(value)));
    values.map(|value| call.text_of(value)).collect()
}

fn omit(call: &Call<'_>) -> Outcome {
    let keys = keys(call)?;
    let Some(collection) = call.collection(0)? else {
        return Ok(Value::Null);
    };
    call.context.budget.spend(collection.len().saturating_mul(keys.len()))?;
    let kept = collection.iter().filter(|(name, _)| !keys.contains(name));
    Ok(kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Collection>().into())
}

fn pick(call: &Call<'_>) -> Outcome {
    let keys = keys(call)?;
    let Some(collection) = call.collection(0)? else {
        return Ok(Value::Null);
    };
    let picked = keys.into_iter().filter_map(|key| collection.get(&key).cloned().map(|value| (key, value)));
    Ok(picked.collect::<Collection>().into())
}
