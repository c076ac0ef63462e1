//! An expression is compiled once; evaluating it allocates only for what is
//! new. Counted by an allocator that counts.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_expr::{Budget, Context, Filter, Lookup, Mapping, Random, Template};
use rouage_model::{ModuleId, Value, json};

struct Bundle(Value);

impl Lookup for Bundle {
    fn bundle(&self, _: ModuleId) -> Option<&Value> {
        Some(&self.0)
    }

    fn variable(&self, _: &str, _: &str) -> Option<Value> {
        None
    }
}

/// How many allocations a second evaluation makes; the first one may fill
/// caches of the thread.
fn allocations<T>(evaluate: impl Fn(&Context<'_>) -> T) -> u64 {
    let bundle = json::parse(
        br#"{"id":7,"name":"Jana","total":12.5,"paid":true,"note":null,"empty":"","created":"2026-11-24T12:00:00Z",
        "customer":{"address":{"city":"Praha","zip":"110 00"}},"items":[{"name":"a","price":1},{"name":"b","price":2}]}"#,
    );
    let lookup = Bundle(bundle.unwrap());
    let (random, budget) = (Random::new(1), Budget::default());
    let context = Context {
        lookup: &lookup,
        now: Timestamp::UNIX_EPOCH,
        timezone: &TimeZone::UTC,
        random: &random,
        execution_id: None,
        budget: &budget,
    };
    drop(evaluate(&context));
    allocation_counter::measure(|| drop(evaluate(&context))).count_total
}

fn of(text: &str) -> u64 {
    let template = Template::parse(text).unwrap();
    allocations(|context| template.evaluate(context).unwrap())
}

#[test]
fn what_exists_already_is_not_allocated_again() {
    for text in [
        "{{1.customer.address.city}}",
        "{{1.items[2].name}}",
        "{{1.items[-1]}}",
        "{{1.items}}",
        "{{1.missing.deeper}}",
        "{{`1`}}",
        "plain text",
        "{{\"constant\"}}",
        "{{emptyarray}}",
        "{{if(1.total > 10 & 1.paid; 1.name; 1.customer)}}",
        "{{ifempty(1.note; 1.name)}}",
        "{{1.note | 1.name}}",
        "{{switch(1.name; \"Petr\"; 1; \"Jana\"; 2; 3)}}",
        "{{1.total * 1.id + 0.1 - 3 / 4}}",
        "{{1.name = \"Jana\"}}",
        "{{1.customer != 1.items}}",
        "{{contains(1.name; \"an\")}}",
        "{{length(1.items) + length(1.name)}}",
        "{{first(1.items)}}",
        "{{get(1.customer; \"address.city\")}}",
        "{{round(1.total)}}",
        "{{addDays(now; 3)}}",
        "{{now}}",
    ] {
        assert_eq!(of(text), 0, "{text}");
    }
}

#[test]
fn what_is_new_is_allocated_once() {
    for (text, most) in [
        ("{{1.name}} of {{1.customer.address.city}}, {{1.total}}, {{1.id}}: {{1.paid}}", 1),
        ("{{1.name + \" \" + 1.customer.address.zip}}", 2),
        // The items and the shared place that holds them.
        ("{{map(1.items; \"name\")}}", 2),
        ("{{reverse(1.items)}}", 2),
    ] {
        assert!((1..=most).contains(&of(text)), "{text}: {}", of(text));
    }
}

#[test]
fn deciding_a_filter_allocates_nothing() {
    let conditions =
        br#"[[{"a":"{{1.total}}","o":"number:greater","b":"10"},{"a":"{{1.name}}","o":"text:equal","b":"Jana"},
        {"a":"{{1.items}}","o":"array:greater","b":"1"},{"a":"{{1.note}}","o":"notexist"},
        {"a":"{{1.created}}","o":"date:less","b":"2027-01-01"}]]"#;
    let (filter, problems) = Filter::compile(&json::parse(conditions).unwrap());
    assert!(problems.is_empty());
    assert_eq!(allocations(|context| assert!(filter.passes(context).unwrap())), 0);
}

#[test]
fn a_mapper_without_expressions_is_shared() {
    let mapper = br#"{"to":[{"address":"a@b"}],"deep":{"x":[1,2,{"y":"text"}]}}"#;
    let (mapping, _) = Mapping::compile(&json::parse(mapper).unwrap());
    assert_eq!(allocations(|context| mapping.evaluate(context).unwrap()), 0);
}
