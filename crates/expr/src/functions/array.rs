//! Arrays, and collections as arrays.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use jiff::Timestamp;
use rouage_model::{Collection, Number, Text, Value, tagged};

use super::{Call, Outcome, Row, Run};
use crate::coerce::{TextWriter, measure};
use crate::error::EvalError;
use crate::operators::{compare_numbers, strictly_equal};
use crate::path;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = items();
    rows.extend(sets());
    rows.extend(orders());
    rows.extend(fields());
    rows
}

fn items() -> Vec<Row> {
    vec![
        Row {
            signature: "add(array; value1; [value2; ...])",
            help: "The array with values added at its end.",
            examples: &[("add(emptyarray; 6; 18)", "[6,18]")],
            run: Run::Eager(|call| {
                let items = call.array(0)?.iter().chain(call.rest(1)).cloned();
                Ok(items.collect::<Vec<_>>().into())
            }),
        },
        Row {
            signature: "first(array)",
            help: "The first item.",
            examples: &[("first(split(\"a,b\"; \",\"))", "\"a\"")],
            run: Run::Eager(|call| Ok(call.array(0)?.first().cloned().unwrap_or_default())),
        },
        Row {
            signature: "last(array)",
            help: "The last item.",
            examples: &[("last(split(\"a,b\"; \",\"))", "\"b\"")],
            run: Run::Eager(|call| Ok(call.array(0)?.last().cloned().unwrap_or_default())),
        },
        Row {
            signature: "join(array; separator)",
            help: "The items as one text with the separator between them.",
            examples: &[("join(add(emptyarray; 1; \"b\"); \" - \")", "\"1 - b\"")],
            run: Run::Eager(join),
        },
        Row {
            signature: "merge(array1; [array2; ...])",
            help: "The items of all arrays in one.",
            examples: &[("merge(split(\"a\"; \",\"); split(\"b,c\"; \",\"))", r#"["a","b","c"]"#)],
            run: Run::Eager(|call| {
                let items = call.values.iter().filter_map(Value::as_array).flatten().cloned();
                Ok(items.collect::<Vec<_>>().into())
            }),
        },
        Row {
            signature: "remove(array; value1; [value2; ...])",
            help: "The array without the given texts and numbers.",
            examples: &[("remove(split(\"a,b,c\"; \",\"); \"b\")", r#"["a","c"]"#)],
            run: Run::Eager(remove),
        },
        Row {
            signature: "slice(array; start; [end])",
            help: "The items from a position (from 0) up to another; negative positions count from the end.",
            examples: &[("slice(split(\"a,b,c\"; \",\"); 0; 2)", r#"["a","b"]"#)],
            run: Run::Eager(slice),
        },
        Row {
            signature: "flatten(array; [depth])",
            help: "The array with the items of inner arrays in their place, one level deep or more.",
            examples: &[("flatten(add(emptyarray; 1; add(emptyarray; 2; 3)))", "[1,2,3]")],
            run: Run::Eager(flatten),
        },
    ]
}

fn sets() -> Vec<Row> {
    vec![
        Row {
            signature: "arrayDiff(array1; array2)",
            help: "The items of the first array that are not in the second.",
            examples: &[("arrayDiff(split(\"a,b,c\"; \",\"); split(\"b,d\"; \",\"))", r#"["a","c"]"#)],
            run: Run::Eager(|call| difference(call, 0, 1).map(Value::from)),
        },
        Row {
            signature: "arrayIntersect(array1; array2)",
            help: "The items that are in both arrays.",
            examples: &[("arrayIntersect(split(\"a,b,c\"; \",\"); split(\"b,c,d\"; \",\"))", r#"["b","c"]"#)],
            run: Run::Eager(intersection),
        },
        Row {
            signature: "deduplicate(array)",
            help: "The array with each value once.",
            examples: &[("deduplicate(split(\"a,b,a\"; \",\"))", r#"["a","b"]"#)],
            run: Run::Eager(|call| unique(call, |item| identity(call, item))),
        },
        Row {
            signature: "distinct(array; [key])",
            help: "The array with each value once, or each value of a key.",
            examples: &[("distinct(add(emptyarray; 1; \"1\"; 2))", "[1,2]")],
            run: Run::Eager(distinct),
        },
    ]
}

fn orders() -> Vec<Row> {
    vec![
        Row {
            signature: "reverse(array)",
            help: "The items from last to first.",
            examples: &[("reverse(split(\"a,b\"; \",\"))", r#"["b","a"]"#)],
            run: Run::Eager(|call| Ok(call.array(0)?.iter().rev().cloned().collect::<Vec<_>>().into())),
        },
        Row {
            signature: "shuffle(array)",
            help: "The items in random order.",
            examples: &[],
            run: Run::Eager(shuffle),
        },
        Row {
            signature: "sort(array; [order]; [key])",
            help: "The items in order: asc, desc, asc ci or desc ci, by themselves or by a key.",
            examples: &[
                ("sort(split(\"b,A,a\"; \",\"))", r#"["A","a","b"]"#),
                ("sort(split(\"b,A,c\"; \",\"); \"desc ci\")", r#"["c","b","A"]"#),
            ],
            run: Run::Eager(sort),
        },
    ]
}

fn fields() -> Vec<Row> {
    vec![
        Row {
            signature: "keys(collection or array)",
            help: "The names of the fields.",
            examples: &[("keys(set(set(null; \"a\"; 1); \"b\"; 2))", r#"["a","b"]"#)],
            run: Run::Eager(|call| {
                Ok(match call.value(0) {
                    Value::Collection(collection) => collection.keys().cloned().map(Value::Text).collect::<Vec<_>>(),
                    Value::Array(items) => (0..items.len()).map(|at| Value::from(at.to_string())).collect(),
                    _ => Vec::new(),
                }
                .into())
            }),
        },
        Row {
            signature: "map(array; key; [filterKey]; [filterValues])",
            help: "The values of a key in all items, or in those where another key has one of the values.",
            examples: &[
                ("map(toArray(set(set(null; \"a\"; 1); \"b\"; 2)); \"value\")", "[1,2]"),
                ("map(toArray(set(set(null; \"a\"; 1); \"b\"; 2)); \"value\"; \"key\"; \"b,c\")", "[2]"),
            ],
            run: Run::Eager(map),
        },
        Row {
            signature: "toArray(collection)",
            help: "The fields as an array of collections with key and value.",
            examples: &[("toArray(set(null; \"a\"; 1))", r#"[{"key":"a","value":1}]"#)],
            run: Run::Eager(to_array),
        },
        Row {
            signature: "toCollection(array; key; value)",
            help: "A collection whose names and values are taken from two keys of the items.",
            examples: &[("toCollection(toArray(set(null; \"a\"; 1)); \"key\"; \"value\")", r#"{"a":1}"#)],
            run: Run::Eager(to_collection),
        },
    ]
}

fn join(call: &Call<'_>) -> Outcome {
    let separator = call.optional_text(1)?.unwrap_or_else(|| ",".into());
    let mut writer = TextWriter::new(call.context);
    for (at, item) in call.array(0)?.iter().enumerate() {
        if at > 0 {
            writer.push(&separator)?;
        }
        writer.value(item)?;
    }
    Ok(writer.finish())
}

fn is_primitive(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Collection(_))
}

fn remove(call: &Call<'_>) -> Outcome {
    let unwanted: Vec<&Value> = call.rest(1).iter().filter(|value| is_primitive(value)).collect();
    let items = call.array(0)?;
    call.context.budget.spend(items.len().saturating_mul(unwanted.len()))?;
    let kept = items.iter().filter(|item| !unwanted.iter().any(|unwanted| strictly_equal(item, unwanted)));
    Ok(kept.cloned().collect::<Vec<_>>().into())
}

/// Positions as of JavaScript's `slice`.
fn slice(call: &Call<'_>) -> Outcome {
    let items = call.array(0)?;
    let position = |number: i64| {
        let magnitude = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
        if number < 0 { items.len().saturating_sub(magnitude) } else { magnitude.min(items.len()) }
    };
    let start = position(call.integer(1)?.unwrap_or(0));
    let end = call.integer(2)?.map_or(items.len(), position);
    Ok(items.get(start..end).unwrap_or_default().to_vec().into())
}

fn flatten(call: &Call<'_>) -> Outcome {
    let depth = call.integer(1)?.unwrap_or(1).clamp(0, 500);
    let mut flat = Vec::new();
    flatten_into(call, call.array(0)?, depth, &mut flat)?;
    Ok(flat.into())
}

fn flatten_into(call: &Call<'_>, items: &[Value], depth: i64, flat: &mut Vec<Value>) -> Result<(), EvalError> {
    call.context.budget.spend(1 + items.len())?;
    call.context.budget.produce(size_of_val(items))?;
    for item in items {
        match item {
            Value::Array(inner) if depth > 0 => flatten_into(call, inner, depth - 1, flat)?,
            other => flat.push(other.clone()),
        }
    }
    Ok(())
}

/// A text that two values share exactly when they are equal, type included.
fn identity(call: &Call<'_>, value: &Value) -> Result<String, EvalError> {
    measure(value, call.context.budget, 0)?;
    Ok(match value {
        Value::Undefined | Value::Ignore | Value::Erase => "null".to_owned(),
        Value::Collection(collection) => {
            // Names in one order, as collections are equal in any.
            let mut entries: Vec<_> = collection.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            let sorted: Collection = entries.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
            tagged::to_string(&sorted.into())
        }
        other => tagged::to_string(other),
    })
}

fn identities(call: &Call<'_>, items: &[Value]) -> Result<HashSet<String>, EvalError> {
    items.iter().map(|item| identity(call, item)).collect()
}

/// The items of one array argument that are not in another.
pub(super) fn difference(call: &Call<'_>, from: usize, without: usize) -> Result<Vec<Value>, EvalError> {
    let unwanted = identities(call, call.array(without)?)?;
    let mut kept = Vec::new();
    for item in call.array(from)? {
        if !unwanted.contains(&identity(call, item)?) {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

fn intersection(call: &Call<'_>) -> Outcome {
    let mut wanted = identities(call, call.array(1)?)?;
    let mut kept = Vec::new();
    for item in call.array(0)? {
        if wanted.remove(&identity(call, item)?) {
            kept.push(item.clone());
        }
    }
    Ok(kept.into())
}

fn unique(call: &Call<'_>, identity: impl Fn(&Value) -> Result<String, EvalError>) -> Outcome {
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for item in call.array(0)? {
        if seen.insert(identity(item)?) {
            kept.push(item.clone());
        }
    }
    Ok(kept.into())
}

/// Collections are compared by content, anything else by its text.
fn distinct(call: &Call<'_>) -> Outcome {
    let key = call.optional_text(1)?.filter(|key| !key.is_empty());
    unique(call, |item| {
        let value = key.as_deref().map_or(item, |key| path::find(item, key));
        match value {
            Value::Array(_) | Value::Collection(_) | Value::Buffer(_) => identity(call, value),
            other if other.is_nothing() => Ok(String::from("\0")),
            other => call.text_of(other).map(|text| text.to_string()),
        }
    })
}

fn shuffle(call: &Call<'_>) -> Outcome {
    let mut items = call.array(0)?.to_vec();
    for at in (1..items.len()).rev() {
        let bound = u64::try_from(at + 1).unwrap_or(u64::MAX);
        let other = usize::try_from(call.context.random.next() % bound).unwrap_or(0);
        items.swap(at, other);
    }
    Ok(items.into())
}

/// The four orders; any other text in their place is the key.
fn sort(call: &Call<'_>) -> Outcome {
    let order = call.optional_text(1)?.unwrap_or_else(|| "asc".into());
    let (descending, ignore_case, key) = match order.trim() {
        "asc" | "" => (false, false, call.optional_text(2)?),
        "desc" => (true, false, call.optional_text(2)?),
        "asc ci" => (false, true, call.optional_text(2)?),
        "desc ci" => (true, true, call.optional_text(2)?),
        _ => (false, false, Some(order)),
    };
    let items = call.array(0)?;
    call.context.budget.spend(items.len().saturating_mul(4))?;
    let key = key.as_deref().filter(|key| !key.is_empty());
    let mut finder = path::Finder::new(key.unwrap_or_default());
    let keyed = items.iter().map(|item| {
        let value = if key.is_some() { finder.find(item) } else { item };
        Ok((sort_key(call, value, ignore_case)?, item))
    });
    let mut keyed = keyed.collect::<Result<Vec<_>, EvalError>>()?;
    match descending {
        true => keyed.sort_by(|(left, _), (right, _)| compare_keys(right, left)),
        false => keyed.sort_by(|(left, _), (right, _)| compare_keys(left, right)),
    }
    Ok(keyed.into_iter().map(|(_, item)| item.clone()).collect::<Vec<_>>().into())
}

/// By what an item is sorted: numbers, then dates, then texts, then the rest;
/// within a kind by value.
enum Key<'v> {
    Boolean(bool),
    Number(&'v Number),
    Date(Timestamp),
    Text(Cow<'v, str>),
    Buffer,
    Nothing,
}

impl Key<'_> {
    fn rank(&self) -> u8 {
        match self {
            Key::Boolean(_) => 0,
            Key::Number(_) => 1,
            Key::Date(_) => 2,
            Key::Text(_) => 3,
            Key::Buffer => 4,
            Key::Nothing => 5,
        }
    }
}

fn sort_key<'v>(call: &Call<'_>, value: &'v Value, ignore_case: bool) -> Result<Key<'v>, EvalError> {
    Ok(match value {
        Value::Boolean(boolean) => Key::Boolean(*boolean),
        Value::Number(number) => Key::Number(number),
        Value::Date(date) => Key::Date(*date),
        Value::Text(text) if ignore_case => Key::Text(Cow::Owned(text.to_lowercase())),
        Value::Text(text) => Key::Text(Cow::Borrowed(text)),
        Value::Array(_) | Value::Collection(_) => Key::Text(Cow::Owned(call.text_of(value)?.to_string())),
        Value::Buffer(_) => Key::Buffer,
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => Key::Nothing,
    })
}

fn compare_keys(left: &Key<'_>, right: &Key<'_>) -> Ordering {
    match (left, right) {
        (Key::Number(left), Key::Number(right)) => compare_numbers(left, right).unwrap_or(Ordering::Equal),
        (Key::Text(left), Key::Text(right)) => left.cmp(right),
        (Key::Date(left), Key::Date(right)) => left.cmp(right),
        (Key::Boolean(left), Key::Boolean(right)) => left.cmp(right),
        _ => left.rank().cmp(&right.rank()),
    }
}

/// Items without the key are skipped (decision D9). Filter values are compared
/// as texts; several are separated by commas.
fn map(call: &Call<'_>) -> Outcome {
    let items = call.array(0)?;
    let key = call.text(1)?;
    let filter = call.optional_text(2)?.filter(|filter| !filter.is_empty());
    let wanted: HashSet<Text> = match (&filter, call.value(3)) {
        (None, _) => HashSet::new(),
        (Some(_), Value::Array(values)) => values.iter().map(|value| call.text_of(value)).collect::<Result<_, _>>()?,
        (Some(_), value) => {
            let text = call.text_of(value)?;
            let parts = text.split(',').map(str::trim).map(Text::from);
            parts.chain(std::iter::once(text.clone())).collect()
        }
    };
    let mut values = Vec::with_capacity(if filter.is_none() { items.len() } else { 0 });
    let mut finder = path::Finder::new(&key);
    for item in items {
        if let Some(filter) = &filter
            && !call.text_of(path::find(item, filter)).is_ok_and(|text| wanted.contains(&text))
        {
            continue;
        }
        match finder.find(item) {
            Value::Undefined => {}
            value => values.push(value.clone()),
        }
    }
    Ok(values.into())
}

fn to_array(call: &Call<'_>) -> Outcome {
    let pair = |key: Value, value: &Value| Value::from(Collection::from_iter([("key", key), ("value", value.clone())]));
    Ok(match call.value(0) {
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, item)| pair(Value::from(at), item)).collect::<Vec<_>>()
        }
        _ => {
            let entries = call.collection(0)?.into_iter().flat_map(Collection::iter);
            entries.map(|(name, value)| pair(Value::Text(name.clone()), value)).collect()
        }
    }
    .into())
}

fn to_collection(call: &Call<'_>) -> Outcome {
    let (key, value) = (call.text(1)?, call.text(2)?);
    let mut collection = Collection::new();
    for item in call.array(0)? {
        let name = path::find(item, &key);
        if !name.is_nothing() {
            collection.insert(call.text_of(name)?, path::find(item, &value).clone());
        }
    }
    Ok(collection.into())
}
