//! What holds for every text and every expression: nothing panics, nothing
//! takes more than its budget, and equal runs give equal values.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use rouage_expr::{
    Budget, Context, EvalErrorKind, Filter, Lookup, Mapping, Random, Target, Template, coerce, functions,
};
use rouage_model::{ModuleId, Value, json, tagged};

struct Sample(Value);

impl Lookup for Sample {
    fn bundle(&self, _: ModuleId) -> Option<&Value> {
        Some(&self.0)
    }

    fn variable(&self, _: &str, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}

fn sample() -> Sample {
    let text = r#"{"t":"Žluťoučký 😀 kůň <b>x</b> 12.5","n":-3.5,"i":9007199254740993,"big":1e300,"z":0,"b":true,
        "nil":null,"e":"","d":{"$date":"2026-03-29T01:30:00.000Z"},"x":{"$buffer":"00ff41"},"far":{"$date":"9999-12-30T22:00:00Z"},
        "a":[3,"b",null,{"k":1,"v":"w"},[1,[2]],"b"],"o":{"a.b":1,"a":{"b":2}},"$1":"7","f":"YYYY-MM-DD[x]","re":"/(a+)+$/g"}"#;
    Sample(tagged::parse(text.as_bytes()).unwrap())
}

fn run<T>(budget: &Budget, seed: u64, evaluate: impl FnOnce(&Context<'_>) -> T) -> T {
    let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    evaluate(&Context {
        lookup: &sample(),
        now,
        timezone: &TimeZone::get("Europe/Prague").unwrap(),
        random: &Random::new(seed),
        execution_id: None,
        budget,
    })
}

fn operand() -> impl Strategy<Value = String> {
    let fields = [
        "t", "n", "i", "big", "z", "b", "nil", "e", "d", "x", "far", "a", "o", "`$1`", "f", "re", "a[]", "a[-1].k",
        "o.a.b", "none",
    ];
    let words = ["now", "true", "null", "emptyarray", "emptystring", "ignore", "erase", "pi", "newline", "random"];
    let texts = [
        "\"\"",
        "\"a\"\"b\"",
        "\"/(a|b)+?/gi\"",
        "\"YYYY-MM-DDTHH:mm:ss.SSSZ\"",
        "\"gggg-ww dddd Do\"",
        "\"2026-02-30\"",
        "\",\"",
        "'x'",
        "\"a.b\"",
        "\"desc ci\"",
    ];
    prop_oneof![
        proptest::sample::select(fields.to_vec()).prop_map(|field| format!("1.{field}")),
        proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        proptest::sample::select(texts.to_vec()).prop_map(str::to_owned),
        any::<i32>().prop_map(|number| number.to_string()),
        (-40_i64..40).prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
    ]
}

fn expression() -> impl Strategy<Value = String> {
    let names: Vec<&str> = functions().iter().map(|function| function.name).collect();
    let operators = ["+", "-", "*", "/", "%", "=", "!=", "<", ">=", "&", "|", "++"];
    operand().prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            4 => (proptest::sample::select(names.clone()), proptest::collection::vec(inner.clone(), 0..5))
                .prop_map(|(name, arguments)| format!("{name}({})", arguments.join("; "))),
            1 => (inner.clone(), proptest::sample::select(operators.to_vec()), inner.clone())
                .prop_map(|(left, operator, right)| format!("({left} {operator} {right})")),
            1 => inner.clone().prop_map(|inner| format!("!{inner}")),
            1 => inner.prop_map(|inner| format!("1.a[{inner}]")),
        ]
    })
}

/// A few seconds on a desk, about a minute in CI. `PROPTEST_CASES` decides
/// when it is set.
fn config() -> ProptestConfig {
    let cases = if std::env::var_os("CI").is_some() { 30_000 } else { 250 };
    let standard = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { standard.cases } else { cases };
    ProptestConfig { cases, failure_persistence: None, ..standard }
}

/// An expression of a real blueprint with a few of its bytes changed.
fn damaged() -> impl Strategy<Value = String> {
    let path = format!("{}/testdata/real-expressions.txt", env!("CARGO_MANIFEST_DIR"));
    let lines: Vec<String> = std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    let damage = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 0..6);
    (proptest::sample::select(lines), damage).prop_map(|(line, damage)| {
        let parsed = json::parse(line.as_bytes()).unwrap();
        let mut bytes = format!("{{{{{}}}}}", parsed.as_text().unwrap()).into_bytes();
        for (at, byte, how) in damage {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn damaged_expressions_and_any_bytes_do_no_harm(damaged in damaged(), bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = String::from_utf8_lossy(&bytes).into_owned();
        for text in [damaged, format!("{{{{{bytes}}}}}"), bytes] {
            match Template::parse(&text) {
                Ok(template) => {
                    let budget = Budget::new(10_000, 100_000);
                    let _ = run(&budget, 1, |context| template.evaluate(context));
                    prop_assert!(budget.steps_left() <= 10_000 && budget.bytes_left() <= 100_000);
                }
                Err(error) => {
                    prop_assert!(error.at <= text.chars().count());
                    prop_assert!(!error.message.is_empty());
                }
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_position(text in "\\PC*|[{}()\\[\\];,.\"'`+*/<=>!&|%0-9a-z\\s-]{0,60}") {
        for text in [text.clone(), format!("{{{{{text}}}}}")] {
            match Template::parse(&text) {
                Ok(template) => {
                    prop_assert_eq!(template.source(), &text);
                    let _ = run(&Budget::default(), 1, |context| template.evaluate(context));
                }
                Err(error) => prop_assert!(error.at <= text.chars().count()),
            }
        }
    }

    #[test]
    fn any_expression_is_read_and_evaluated_the_same_each_time(expression in expression()) {
        let text = format!("{{{{{expression}}}}}");
        let template = Template::parse(&text).expect("the grammar makes only expressions");
        let evaluate = || run(&Budget::default(), 7, |context| template.evaluate(context));
        let (first, second) = (evaluate(), evaluate());
        prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
        if let Ok(value) = first {
            for target in [Target::Text, Target::Number, Target::Date, Target::Boolean, Target::Buffer, Target::Array] {
                let _ = coerce(&value, target, &TimeZone::UTC);
            }
        }
        let in_text = Template::parse(&format!("a{text}b{text}")).expect("as before");
        let _ = run(&Budget::default(), 7, |context| in_text.evaluate(context));
    }

    #[test]
    fn no_expression_takes_more_than_its_budget(expression in expression(), steps in 0_u64..60, bytes in 0_u64..400) {
        let template = Template::parse(&format!("{{{{{expression}}}}}")).expect("the grammar makes only expressions");
        let budget = Budget::new(steps, bytes);
        match run(&budget, 7, |context| template.evaluate(context)) {
            Err(error) if error.kind == EvalErrorKind::Budget => {
                prop_assert!(budget.steps_left() == 0 || budget.bytes_left() == 0);
            }
            _ => {}
        }
        prop_assert!(budget.steps_left() <= steps && budget.bytes_left() <= bytes);
    }

    #[test]
    fn any_filter_decides(left in operand(), right in operand(), operator in "(text|number|date|time|semver|array|boolean|exist|x)(:(not)?(equal|contain|startwith|endwith|pattern|less|greater|lessorequal))?(:ci)?") {
        let quoted = |operand: &str| Value::from(format!("{{{{{operand}}}}}"));
        let condition: rouage_model::Collection =
            [("a", quoted(&left)), ("o", Value::from(operator)), ("b", quoted(&right))].into_iter().collect();
        let (filter, _) = Filter::compile(&Value::from(vec![Value::from(vec![condition.into()])]));
        let passes = run(&Budget::default(), 7, |context| filter.passes(context));
        let explained = run(&Budget::default(), 7, |context| filter.explain(context));
        prop_assert_eq!(passes, explained.map(|explanation| explanation.passed));
    }
}

#[test]
fn hostile_expressions_meet_the_budget() {
    let doubling = (0..60).fold("1.t".to_owned(), |inner, _| format!("replace({inner}; \"/./g\"; \"$&$&\")"));
    let joined = format!("join(split({}; \"\"); 1.t + 1.t + 1.t)", "1.t + ".repeat(4000) + "1.t");
    let padded =
        format!("replace({}; \"a\"; {0})", format!("({})", "\"aaaaaaaaaaaaaaaaaaaa\" + ".repeat(20_000) + "\"a\""));
    for hostile in [doubling, joined, padded] {
        let template = Template::parse(&format!("{{{{{hostile}}}}}")).unwrap();
        let outcome = run(&Budget::default(), 1, |context| template.evaluate(context));
        assert_eq!(outcome.unwrap_err().kind, EvalErrorKind::Budget);
    }
}

#[test]
fn values_that_share_their_parts_cannot_be_written_without_bound() {
    let doubled = (0..60).fold(Value::from("ab"), |inner, _| Value::from(vec![inner.clone(), inner]));
    assert!(rouage_expr::to_text(&doubled).is_err());
    let mapper = json::parse(br#"{"x":"{{toString(1)}} and {{`1`}}"}"#).unwrap();
    struct Doubled(Value);
    impl Lookup for Doubled {
        fn bundle(&self, _: ModuleId) -> Option<&Value> {
            Some(&self.0)
        }
        fn variable(&self, _: &str, _: &str) -> Option<Value> {
            None
        }
    }
    let (mapping, _) = Mapping::compile(&mapper);
    let error = mapping
        .evaluate(&Context {
            lookup: &Doubled(doubled),
            now: Timestamp::UNIX_EPOCH,
            timezone: &TimeZone::UTC,
            random: &Random::new(0),
            execution_id: None,
            budget: &Budget::default(),
        })
        .unwrap_err();
    assert_eq!(error.error.kind, EvalErrorKind::Budget);
}

#[test]
fn values_that_share_their_parts_cannot_be_compared_without_bound() {
    let doubled = || (0..60).fold(Value::from("ab"), |inner, _| Value::from(vec![inner.clone(), inner]));
    let bundle: rouage_model::Collection = [("a", doubled()), ("b", doubled())].into_iter().collect();
    for expression in [
        "1.a = 1.b",
        "contains(1.a; 1.b)",
        "switch(1.a; 1.b; 1)",
        "in(1.a; 1.b)",
        "sort(1.a)",
        "flatten(1.a; 99)",
        "distinct(1.a)",
    ] {
        let template = Template::parse(&format!("{{{{{expression}}}}}")).unwrap();
        let outcome = template.evaluate(&Context {
            lookup: &Sample(bundle.clone().into()),
            now: Timestamp::UNIX_EPOCH,
            timezone: &TimeZone::UTC,
            random: &Random::new(0),
            execution_id: None,
            budget: &Budget::default(),
        });
        assert_eq!(outcome.unwrap_err().kind, EvalErrorKind::Budget, "{expression}");
    }
}

#[test]
fn hostile_patterns_end_and_long_texts_are_not_looked_around_in() {
    let replaced = |length: usize, pattern: &str| {
        let bundle: rouage_model::Collection = [("t", "a".repeat(length))].into_iter().collect();
        let template = Template::parse(&format!("{{{{length(replace(1.t; \"{pattern}\"; \"bb\"))}}}}")).unwrap();
        template.evaluate(&Context {
            lookup: &Sample(bundle.into()),
            now: Timestamp::UNIX_EPOCH,
            timezone: &TimeZone::UTC,
            random: &Random::new(0),
            execution_id: None,
            budget: &Budget::default(),
        })
    };
    for pattern in ["/(?=[^x]*y)a/g", "/(a+)+$b/g", "/^(a|aa)+b\\1/", "/((a?){30}){30}b/"] {
        assert!(replaced(2000, pattern).is_err() || replaced(2000, pattern) == Ok(Value::from(2000)), "{pattern}");
    }
    assert_eq!(replaced(40_000, "/(?=y)a/g").unwrap_err().kind, EvalErrorKind::Range);
    assert_eq!(replaced(40_000, "/a/g"), Ok(Value::from(80_000)));
}

/// Everything that can be repeated, a hundred thousand times: reading takes
/// time in proportion, else this test would not end.
#[test]
fn long_texts_are_read_in_time_that_grows_with_them() {
    const MANY: usize = 100_000;
    let long = |start: &str, part: &str, end: &str| format!("{start}{}{end}", part.repeat(MANY));
    for text in [
        long("", "{{", "}}"),
        long("{{", "1+", "1}}"),
        long("{{1", " and 1", "}}"),
        long("{{1", "=1", "}}"),
        long("{{\"a\"", "+\"a\"", "}}"),
        long("", "{{1.n}}", ""),
        long("{{\"", "\"\"", "\"}}"),
        long("{{upper(", ";", ")}}"),
        long("{{1", ".a", "}}"),
        long("{{1.a", "[]", "}}"),
        long("{{", "(", "}}"),
        long("{{", "!", "1}}"),
        long("{{1 + ", "/", "}}"),
        long("{{1.`", "a", "`}}"),
        long("{{", "1", "}}"),
        long("{{", " ", "}}"),
    ] {
        if let Ok(template) = Template::parse(&text) {
            let _ = (template.references(), template.unknown_names(), template.is_volatile());
            let _ = run(&Budget::default(), 1, |context| template.evaluate(context));
        }
    }
}
