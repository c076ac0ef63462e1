//! A document that went through a browser comes back to the byte: what a
//! browser does to it, said in Rust, over arbitrary documents.

#![allow(clippy::unwrap_used, reason = "a test may end there")]

use proptest::prelude::*;
use rouage_model::{Collection, Number, Value, json, merge, reconcile, reconcile_with};

/// What `JSON.stringify(JSON.parse(text))` makes of it: numbers as doubles,
/// keys that are array indexes in front and in order.
fn through_a_browser(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            double if !double.is_finite() => Value::Null,
            0.0 => Value::from(0),
            double => Value::Number(Number::Float(double)),
        },
        Value::Array(items) => items.iter().map(through_a_browser).collect::<Vec<_>>().into(),
        Value::Collection(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            // Stable: the others keep their order.
            entries.sort_by_key(|(key, _)| array_index(key).unwrap_or(u32::MAX));
            let entries = entries.into_iter().map(|(key, value)| (key.clone(), through_a_browser(value)));
            entries.collect::<Collection>().into()
        }
        other => other.clone(),
    }
}

fn array_index(key: &str) -> Option<u32> {
    key.parse::<u32>().ok().filter(|index| index.to_string() == key && *index < u32::MAX)
}

/// As the server reads what the browser sends.
fn sent(value: &Value) -> Value {
    json::parse(json::to_string(&through_a_browser(value)).as_bytes()).unwrap()
}

fn numbers() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,25})",
        "-?(0|[1-9][0-9]{0,3})\\.[0-9]{1,20}",
        "-?[1-9](\\.[0-9]{1,4})?[eE][+-]?[0-9]{1,3}",
        Just("9007199254740993".to_owned()),
        Just("1e400".to_owned()),
        Just("-0".to_owned()),
        Just("1.50".to_owned()),
    ]
}

fn keys() -> impl Strategy<Value = String> {
    prop_oneof!["[a-e]", "[0-9]{1,2}", Just("id".to_owned()), Just("module".to_owned()), Just("__proto__".to_owned())]
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        numbers().prop_map(|digits| json::parse(digits.as_bytes()).unwrap()),
        "[a-z0-9]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 80, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((keys(), inner), 0..8)
                .prop_map(|entries| entries.into_iter().collect::<Collection>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn what_nobody_touched_comes_back_to_the_byte(document in documents()) {
        let back = reconcile(&document, sent(&document));
        prop_assert_eq!(json::to_string(&back), json::to_string(&document));
    }

    #[test]
    fn what_was_changed_is_what_was_sent(old in documents(), new in documents()) {
        // Whatever is kept of the old one, a browser sees what it sent.
        let sent = sent(&new);
        let kept = reconcile(&old, sent.clone());
        prop_assert_eq!(through_a_browser(&kept), through_a_browser(&sent));
    }

    #[test]
    fn an_undo_brings_back_what_was_deleted(document in documents(), between in documents()) {
        let draft = reconcile(&document, sent(&between));
        let back = reconcile_with(&draft, &document, sent(&document));
        // What the draft says the same counts first; its digits are as good.
        prop_assert_eq!(through_a_browser(&back), through_a_browser(&document));
        let untouched = reconcile_with(&document, &Value::Undefined, sent(&document));
        prop_assert_eq!(json::to_string(&untouched), json::to_string(&document));
    }

    #[test]
    fn a_merge_with_one_change_is_that_change(base in documents(), changed in documents()) {
        prop_assert_eq!(&merge(&base, &changed, &base), &changed);
        prop_assert_eq!(&merge(&base, &base, &changed), &changed);
    }
}
