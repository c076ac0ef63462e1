//! Measures the program on this machine. Everything is durable: default
//! settings, a real SQLite file, real HTTP over loopback. Prints tables; asserts
//! nothing.
//!
//! Build the program first (`cargo build --release`), then
//! `cargo run --release -p rouage-bench -- [COMMAND]` from the top of the
//! project:
//!
//! - nothing: how long from the webhook to the row, how many orders a second,
//!   how soon the program answers after its start, what it holds when idle.
//! - `scenarios [--seconds N] [--only s1,s2,s3] [--node-red DIR]`: three
//!   scenarios beside the physical limits, and beside Node-RED when it was
//!   installed in DIR (`npm install node-red`).
//! - `faults [--minutes N] [--every SECONDS] [--database URL]`: the kill loop,
//!   with the auditor's verdict.
//! - `grow [--runs N]`: the start, the pages and the disk with a long history.

mod bare;
mod blueprints;
mod client;
mod faults;
mod grow;
mod load;
mod orders;
mod process;
mod procfs;
mod scenarios;
mod subjects;
mod target;

use std::path::Path;

use anyhow::{Context as _, bail};

const EXAMPLE: &str = "examples/order-to-spreadsheet";

fn main() -> anyhow::Result<()> {
    // Another provider set before would do as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.first().map(String::as_str) {
        None => {
            process::measure()?;
            runtime.block_on(orders::measure())
        }
        Some("scenarios") => runtime.block_on(scenarios::measure(scenarios::Options::read(&arguments[1..])?)),
        Some("grow") => runtime.block_on(grow::measure(&arguments[1..])),
        Some("faults") => runtime.block_on(faults::run(&arguments[1..])),
        Some("bare") => {
            let address = arguments.get(1).context("bare needs an address")?.parse()?;
            runtime.block_on(bare::serve(address, arguments.get(2).map(Path::new)))
        }
        Some(other) => bail!("there is no command {other:?}: scenarios, grow, faults, or nothing"),
    }
}
