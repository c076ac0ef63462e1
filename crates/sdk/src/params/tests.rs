//! What modules get to see of what was mapped.

use jiff::tz::TimeZone;
use rouage_model::{Collection, Value, json};

use super::validate;
use crate::spec::{Field, FieldKind};
use crate::testing::value;

fn fields() -> Vec<Field> {
    vec![
        Field::text("name", "Name").required(),
        Field::new("count", "Count", FieldKind::UnsignedInteger).default("40"),
        Field::boolean("on", "On"),
        Field::new("method", "Method", FieldKind::Select(vec![("", "None"), ("get", "GET")])),
        Field::new("url", "URL", FieldKind::Url),
        Field::new("when", "When", FieldKind::Date),
        Field::new(
            "rows",
            "Rows",
            FieldKind::Array(vec![
                Field::text("key", "Key").required(),
                Field::new("value", "Value", FieldKind::Number),
            ]),
        ),
        Field::new("tags", "Tags", FieldKind::Array(vec![Field::text("", "")])),
        Field::new("inner", "Inner", FieldKind::Collection(vec![Field::new("n", "N", FieldKind::Integer)])),
        Field::new("any", "Any", FieldKind::Any),
    ]
}

fn check(given: &str) -> Result<String, Vec<String>> {
    match validate(&fields(), &value(given), &TimeZone::UTC) {
        Ok(values) => Ok(json::to_string(&values.to_value())),
        Err(error) => Err(error.details.iter().map(ToString::to_string).collect()),
    }
}

#[test]
fn values_are_coerced_defaults_filled_in_and_unknown_fields_kept() {
    let given = r#"{"later":{"x":[1]},"name":5,"on":"false","method":"GET","url":" https://a.example ",
        "rows":{"key":true,"value":"1.5","extra":null},"tags":["a",2,null],"inner":{"n":"7"}}"#;
    let expected = r#"{"later":{"x":[1]},"name":"5","on":false,"method":"get","url":"https://a.example","rows":[{"key":"true","value":1.5,"extra":null}],"tags":["a","2",null],"inner":{"n":7},"count":40}"#;
    assert_eq!(check(given).unwrap(), expected);
}

#[test]
fn every_problem_is_told_in_make_s_words() {
    let given = r#"{"count":-1,"method":"brew","url":"ftp://a","when":"tomorrow","rows":[{"value":"x"},{"key":"k"}],
        "inner":"text"}"#;
    let expected = [
        "Invalid integer in parameter 'count'.",
        "Prohibited value in parameter 'method'.",
        "Invalid URL in parameter 'url'.",
        "Invalid timestamp in parameter 'when'.",
        "Invalid number in parameter 'rows[1].value'.",
        "Missing value of required parameter 'rows[1].key'.",
        "Invalid collection in parameter 'inner'.",
        "Missing value of required parameter 'name'.",
    ];
    assert_eq!(check(given).unwrap_err(), expected);
}

#[test]
fn empty_texts_are_missing_where_no_text_is_expected() {
    let given = r#"{"name":"x","count":"","on":"","method":"","url":"","when":"","rows":"","inner":"","any":""}"#;
    assert_eq!(check(given).unwrap(), r#"{"name":"x","count":40,"on":false,"method":"","url":"","any":""}"#);
    assert_eq!(check(r#"{"name":""}"#).unwrap_err(), ["Missing value of required parameter 'name'."]);
}

#[test]
fn ignored_fields_vanish_and_erased_ones_are_seen() {
    let given = Collection::from_iter([
        ("name", Value::text("x")),
        ("count", Value::Ignore),
        ("url", Value::Erase),
        ("unknown", Value::Ignore),
        ("tags", Value::from(vec![Value::Ignore, Value::text("a")])),
    ]);
    let values = validate(&fields(), &given.into(), &TimeZone::UTC).unwrap();
    assert_eq!(values.raw("url"), &Value::Erase);
    assert_eq!(values.integer("count"), Some(40));
    assert_eq!(values.all().get("unknown"), None);
    assert_eq!(values.array("tags"), [Value::text("a")]);
}

#[test]
fn dates_are_read_in_the_given_time_zone() {
    let given = Collection::from_iter([("name", "x"), ("when", "2026-07-01 12:00:00")]);
    let prague = TimeZone::get("Europe/Prague").unwrap();
    let values = validate(&fields(), &given.into(), &prague).unwrap();
    assert_eq!(values.raw("when"), &Value::Date("2026-07-01T10:00:00Z".parse().unwrap()));
}

#[test]
fn only_a_collection_or_nothing_is_input() {
    assert!(validate(&[], &Value::Undefined, &TimeZone::UTC).is_ok());
    assert!(validate(&[], &Value::text("x"), &TimeZone::UTC).is_err());
}

#[test]
fn what_is_hidden_need_not_be_filled_in() {
    let kinds = vec![("none", "None"), ("key", "Key")];
    let fields = vec![
        Field::new("sign_in", "Sign-in", FieldKind::Select(kinds)).default("none"),
        Field::text("key", "Key").required().shown("sign_in", &["key"]),
    ];
    let missing = |given: &str| validate(&fields, &value(given), &TimeZone::UTC).is_err();
    assert!(!missing("{}") && !missing(r#"{"sign_in":"none","key":null}"#));
    assert!(missing(r#"{"sign_in":"key"}"#) && missing(r#"{"sign_in":"key","key":""}"#));
    assert!(!missing(r#"{"sign_in":"key","key":"k"}"#));
}

#[test]
fn the_field_that_stands_for_the_whole_form_is_no_field_of_that_name() {
    let fields = vec![Field::new("", "Fields", FieldKind::Collection(Vec::new())).dynamic().required()];
    let checked = validate(&fields, &value(r#"{"":1,"a":"x"}"#), &TimeZone::UTC).unwrap();
    assert_eq!(json::to_string(&checked.to_value()), r#"{"":1,"a":"x"}"#);
}
