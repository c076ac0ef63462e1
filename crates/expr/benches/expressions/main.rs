//! How long expressions take, beside the same work in JavaScript on Node.
//!
//! `cargo bench -p rouage-expr` measures the rows with criterion, then runs
//! `peer.js` with the same bundles and prints both with their ratio. Node is
//! looked for on the path; for the rows with dates, moment is looked for in
//! the folder of `EXPR_PEER` (`npm install moment` there first). Without them
//! only our figures are printed.
//!
//! Two ways of evaluating JavaScript are shown, because products do it in both:
//! a function that V8 compiled once and optimised, and a script compiled once
//! and run in a context of its own, which is how a user's expression is kept
//! away from the program.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod peer;
mod rows;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_expr::{Budget, Context, Random, Template};
use rouage_model::Value;

use rows::{Bundles, ROWS};

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(40)
        .configure_from_args();
    evaluation(&mut criterion);
    parsing(&mut criterion);
    criterion.final_summary();
    if !std::env::args().any(|argument| ["--test", "--list", "--profile-time"].contains(&argument.as_str())) {
        peer::compare(&estimates());
    }
}

fn evaluation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evaluate");
    let zone = TimeZone::get(rows::ZONE).unwrap();
    for row in ROWS {
        let template = Template::parse(row.expression).unwrap();
        let bundles = Bundles::new(row);
        group.bench_function(row.name, |bencher| {
            bencher.iter(|| {
                bundles.turn();
                black_box(evaluate(&template, &bundles, &zone))
            });
        });
    }
    group.finish();
}

/// With a budget of its own, as every mapping of a run has.
fn evaluate(template: &Template, bundles: &Bundles, zone: &TimeZone) -> Value {
    let context = Context {
        lookup: bundles,
        now: Timestamp::UNIX_EPOCH,
        timezone: zone,
        random: &Random::new(1),
        execution_id: None,
        budget: &Budget::default(),
    };
    template.evaluate(&context).unwrap()
}

fn parsing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    let corpora = [("real", rows::real_expressions()), ("synthetic", rows::synthetic(rows::Language::Ours))];
    for (name, texts) in corpora {
        let bytes: usize = texts.iter().map(String::len).sum();
        group.throughput(Throughput::Bytes(u64::try_from(bytes).unwrap()));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for text in &texts {
                    black_box(Template::parse(text).unwrap());
                }
            });
        });
    }
    group.finish();
}

/// The medians that criterion has just written, in nanoseconds, by row.
fn estimates() -> Vec<(String, f64)> {
    // This program lies in `<target>/release/deps`.
    let program = std::env::current_exe().unwrap();
    let results = program.ancestors().nth(3).unwrap().join("criterion");
    let median = |group: &str, name: &str| {
        let text = std::fs::read(results.join(group).join(name).join("new/estimates.json")).ok()?;
        serde_json::from_slice::<serde_json::Value>(&text).ok()?["median"]["point_estimate"].as_f64()
    };
    let evaluated = ROWS.iter().filter_map(|row| Some((row.name.to_owned(), median("evaluate", row.name)?)));
    let parsed =
        ["real", "synthetic"].into_iter().filter_map(|name| Some((format!("parse {name}"), median("parse", name)?)));
    evaluated.chain(parsed).collect()
}
