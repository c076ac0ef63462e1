//! How fast bundles flow when nothing has to be waited for, how much memory a
//! long run takes, and the same flows in Node-RED's runtime.
//!
//! `cargo bench -p rouage-engine` prints our figures. With the folder of an
//! installation in `NODE_RED` (`npm install node-red` there first) and Node on
//! the path it runs `node_red.js` too and prints both with their ratio. One
//! core each. Asserts nothing.

#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod flow;
mod peer;

use std::time::{Duration, Instant};

use flow::Flow;

/// How long each flow is measured; the best of the runs counts.
const TIME: Duration = Duration::from_secs(3);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--test" || argument == "--list") {
        return;
    }
    let mut figures = Vec::new();
    for flow in flow::ALL {
        let (operations, rate) = measured(flow);
        println!("{:<40} {operations:>9} operations a run  {:>7.3} million a second", flow.title, rate / 1e6);
        figures.push((flow.name, rate));
    }
    memory();
    peer::compare(&figures);
}

/// Operations of a run, and the most that were done in a second.
fn measured(flow: &Flow) -> (u32, f64) {
    let plan = flow.plan();
    let (start, mut best, mut operations) = (Instant::now(), 0.0_f64, 0);
    while start.elapsed() < TIME {
        let bundles = flow.bundles();
        let run = Instant::now();
        operations = flow::drive(&plan, bundles);
        best = best.max(f64::from(operations) / run.elapsed().as_secs_f64());
    }
    (operations, best)
}

/// What a run holds at most, by the number of bundles that it has finished.
fn memory() {
    for repeats in [100, 1_000, 10_000] {
        let plan = flow::repeating(repeats);
        let mut operations = 0;
        let counted = allocation_counter::measure(|| operations = flow::drive(&plan, vec![flow::order(0)]));
        println!(
            "{repeats:>6} bundles in one run: {:>6} bytes at most at a time, {:>5.2} allocations an operation",
            counted.bytes_max,
            f64::from(u32::try_from(counted.count_total).unwrap()) / f64::from(operations)
        );
    }
}
