//! The same rows on Node, and the table of both.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::rows::{self, Language, ROWS};

/// Prints our medians beside Node's, with the ratios.
pub fn compare(ours: &[(String, f64)]) {
    let theirs = match run() {
        Ok(theirs) => theirs,
        Err(reason) => {
            println!("\nNode is not measured: {reason}");
            Value::Null
        }
    };
    println!("\n{:24} {:>12} {:>12} {:>7} {:>12} {:>7}", "row", "Rouage", "V8 function", "ratio", "V8 script", "ratio");
    for (name, nanoseconds) in ours {
        let of = |way: &str| theirs[way][name].as_f64();
        let cell = |way: &str| of(way).map_or("-".to_owned(), shown);
        let ratio = |way: &str| of(way).map_or("-".to_owned(), |theirs| format!("{:.2}", theirs / nanoseconds));
        println!(
            "{name:24} {:>12} {:>12} {:>7} {:>12} {:>7}",
            shown(*nanoseconds),
            cell("function"),
            ratio("function"),
            cell("script"),
            ratio("script")
        );
    }
    let megabytes = |texts: &[String]| texts.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    for (name, texts) in [("real", rows::real_expressions()), ("synthetic", rows::synthetic(Language::Ours))] {
        if let Some((_, nanoseconds)) = ours.iter().find(|(row, _)| *row == format!("parse {name}")) {
            println!("parse {name}: {:.1} MB/s", megabytes(&texts) / (nanoseconds / 1e9));
        }
    }
    if let Some(nanoseconds) = theirs["function"]["parse synthetic"].as_f64() {
        println!(
            "V8 compiles synthetic: {:.1} MB/s",
            megabytes(&rows::synthetic(Language::JavaScript)) / (nanoseconds / 1e9)
        );
    }
    println!("a ratio above 1 means that Rouage is that many times as fast");
}

fn shown(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 10_000.0 => format!("{small:.1} ns"),
        middle if middle < 10_000_000.0 => format!("{:.1} us", middle / 1e3),
        large => format!("{:.1} ms", large / 1e6),
    }
}

fn run() -> Result<Value, String> {
    let rows: Vec<Value> = ROWS
        .iter()
        .map(|row| json!({ "name": row.name, "javascript": row.javascript, "bundles": rows::turns(row.items) }))
        .collect();
    let task = json!({ "rows": rows, "parse": rows::synthetic(Language::JavaScript) });
    let mut node = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/expressions/peer.js"))
        .env("TZ", rows::ZONE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("node does not start ({error})"))?;
    let mut stdin = node.stdin.take().ok_or("node has no input")?;
    stdin.write_all(task.to_string().as_bytes()).map_err(|error| error.to_string())?;
    drop(stdin);
    let output = node.wait_with_output().map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|error| format!("its answer cannot be read ({error})"))
}
