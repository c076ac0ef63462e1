//! Asking whether something exists, when what is there is empty in its own way:
//! an empty list, a zero, a No. Make lets all of them pass, and few people mean it.

use rouage_expr::to_number;
use rouage_model::Value;

use super::readings::inner;
use super::suggest::{Better, Fact};

/// What to ask instead of `exist` or `notexist`.
pub fn instead(operator: &str, condition: &Value, seen: &[&Fact]) -> Option<Better> {
    let asks_for_presence = match operator {
        "exist" => true,
        "notexist" => false,
        _ => return None,
    };
    let lefts: Vec<&Value> = seen.iter().filter_map(|fact| fact.left.as_ref()).collect();
    let count = |is: fn(&Value) -> bool| lefts.iter().filter(|left| is(left)).count();
    let all = |is: fn(&Value) -> bool| {
        lefts.iter().any(|left| is(left)) && lefts.iter().all(|left| is(left) || is_none(left))
    };
    let effect = if asks_for_presence { "Exists lets it pass" } else { "Does not exist holds it back" };
    let within = |count: usize| {
        if seen.len() == 1 { "this bundle".to_owned() } else { format!("{count} of {} bundles", seen.len()) }
    };
    let by = |operator, right: &str, why: String| Better {
        right: Some(right.to_owned()),
        is_trap: true,
        ..Better::of(operator, why)
    };

    let empty = count(is_empty_list);
    if empty > 0 {
        let why = format!("This is a list, and it is empty in {}: {effect}. Compare how many it holds?", within(empty));
        return Some(by(if asks_for_presence { "array:greater" } else { "array:equal" }, "0", why));
    }
    if all(is_list) {
        let why = "This is a list: an empty one exists as well. Compare how many it holds?".to_owned();
        return Some(Better {
            is_trap: false,
            ..by(if asks_for_presence { "array:greater" } else { "array:equal" }, "0", why)
        });
    }
    let bare = count(is_empty_collection);
    if let Some(inner) = condition.field("a").as_text().and_then(inner).filter(|_| bare > 0) {
        let left = Some(format!("{{{{length(keys({inner}))}}}}"));
        let why = format!("This is a collection, and it is empty in {}: {effect}. Count its fields?", within(bare));
        return Some(Better {
            left,
            ..by(if asks_for_presence { "number:greater" } else { "number:equal" }, "0", why)
        });
    }
    let no = count(|value| matches!(value, Value::Boolean(false)));
    if no > 0 && all(is_boolean) {
        let why = format!("This is yes or no, and it is No in {}: {effect}. Ask whether it is Yes?", within(no));
        return Some(by(if asks_for_presence { "boolean:equal" } else { "boolean:notequal" }, "true", why));
    }
    let zero = count(is_zero);
    if asks_for_presence && zero > 0 && all(|value| to_number(value).is_some()) {
        let why =
            format!("This is a number, and it is 0 in {}: {effect}. Ask whether it is more than 0?", within(zero));
        return Some(by("number:greater", "0", why));
    }
    None
}

fn is_none(value: &Value) -> bool {
    value.is_nothing() || value.as_text() == Some("")
}

fn is_list(value: &Value) -> bool {
    value.as_array().is_some()
}

fn is_empty_list(value: &Value) -> bool {
    value.as_array().is_some_and(<[Value]>::is_empty)
}

fn is_empty_collection(value: &Value) -> bool {
    value.as_collection().is_some_and(|fields| fields.iter().next().is_none())
}

fn is_boolean(value: &Value) -> bool {
    matches!(value, Value::Boolean(_))
}

fn is_zero(value: &Value) -> bool {
    to_number(value).is_some_and(|number| number.as_f64() == 0.0)
}
