//! The same flows in Node-RED's runtime.

use std::process::Command;

/// Runs `node_red.js` where Node-RED is installed, and prints both rates.
pub fn compare(figures: &[(&str, f64)]) {
    let Some(folder) = std::env::var_os("NODE_RED") else {
        println!("Node-RED was not measured: give the folder of its installation in NODE_RED");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/flows/node_red.js");
    let output = match Command::new("node").arg(script).current_dir(&folder).output() {
        Ok(output) if output.status.success() => output,
        Ok(output) => return println!("Node-RED failed: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => return println!("Node-RED was not measured: node cannot be started: {error}"),
    };
    // One line a flow: its name and operations a second.
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split_whitespace();
        let (Some(name), Some(rate)) = (words.next(), words.next().and_then(|rate| rate.parse::<f64>().ok())) else {
            continue;
        };
        match figures.iter().find(|(ours, _)| *ours == name) {
            Some((_, ours)) => println!(
                "{name:<10} Rouage {:>7.3} million a second, Node-RED {:>7.3}: {:>5.1} times as many",
                ours / 1e6,
                rate / 1e6,
                ours / rate
            ),
            None => println!("Node-RED {line}"),
        }
    }
}
