//! Whatever a value is, it comes back from the journal as it was: dates,
//! buffers, exact digits, and the four ways of having nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::Timestamp;
use proptest::prelude::*;
use rouage_model::journal::Event;
use rouage_model::value::{Buffer, Number};
use rouage_model::{Collection, ModuleId, OperationId, Value, tagged};

/// Such a double comes back as an integer of the same digits, which is the
/// same number.
fn is_large_and_whole(float: f64) -> bool {
    float.is_finite() && float.fract() == 0.0 && float.abs() > 9_007_199_254_740_992.0 && float.abs() < 1e21
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Undefined),
        Just(Value::Null),
        Just(Value::Ignore),
        Just(Value::Erase),
        Just(Value::text("")),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("NaN equals nothing", |float| !float.is_nan() && !is_large_and_whole(*float))
            .prop_map(Value::from),
        "[1-9][0-9]{20,40}".prop_map(|digits| Value::Number(Number::Exact(digits.into()))),
        ".{0,12}".prop_map(Value::from),
        (-377_705_000_000_000_i64..253_402_200_000_000, 0_i64..1_000_000).prop_map(|(milliseconds, nanoseconds)| {
            let instant = Timestamp::from_millisecond(milliseconds).unwrap();
            Value::Date(instant + jiff::SignedDuration::from_nanos(nanoseconds))
        }),
        (proptest::collection::vec(any::<u8>(), 0..20), proptest::option::of("utf8|latin1|base64"))
            .prop_map(|(bytes, encoding)| Value::Buffer(Buffer::new(bytes).encoded(encoding.map(Into::into)))),
    ]
}

/// Names as people and tags write them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![".{0,6}", "[$](date|buffer|undefined|ignore|erase|number|collection|x)"]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((name(), inner), 0..5)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<Collection>())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_comes_back_from_tagged_json(value in value()) {
        let text = tagged::to_string(&value);
        let back = tagged::parse(text.as_bytes()).unwrap();
        // The text is compared as well: it tells the order of names, too.
        prop_assert_eq!(tagged::to_string(&back), text);
        prop_assert_eq!(back, value);
    }

    #[test]
    fn every_value_comes_back_from_an_event(value in value(), input in value()) {
        let at = "2026-11-24T12:00:00Z".parse().unwrap();
        let bundle: Value = [("field", value)].into_iter().collect::<Collection>().into();
        let inputs: Value = [("input", input)].into_iter().collect::<Collection>().into();
        for event in [
            Event::Started { at, bundles: Some(vec![bundle.clone()]), inputs },
            Event::Returned { at, operation: OperationId(1), module: ModuleId(2), bundles: vec![bundle.clone()] },
            Event::Called { at, operation: OperationId(1), module: ModuleId(2), attempt: 1, note: bundle },
        ] {
            prop_assert_eq!(Event::decode(event.encode().as_bytes()).unwrap(), event);
        }
    }
}
