//! `rouage eval`: JSON lines in, JSON lines out, one answer a question.

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;

use rouage_model::clock::SystemClock;
use rouage_model::{Collection, Value, json};

/// Answers until the input ends.
pub fn run() -> anyhow::Result<ExitCode> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout().lock();
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if !line.trim_ascii().is_empty() {
            writeln!(output, "{}", json::to_string(&answer(&line)))?;
            output.flush()?;
        }
        line.clear();
    }
    Ok(ExitCode::SUCCESS)
}

fn answer(line: &[u8]) -> Value {
    match json::parse(line) {
        Ok(question) => rouage_expr::probe(&question, &SystemClock),
        Err(error) => {
            let details = [("kind", "syntax".to_owned()), ("message", format!("the line is not JSON: {error}"))];
            Collection::from_iter([("error", Collection::from_iter(details))]).into()
        }
    }
}
