//! Runs every file under `tests/cases` and compares what the run did with what
//! the file expects. `UPDATE_EXPECT=1` rewrites the expectation.
//!
//! A case has sections that begin with `== name`:
//! - `about`: the rule, in words;
//! - `blueprint`: JSON;
//! - `started`: the bundles of a pushed trigger, as a JSON array (else the
//!   first module is called);
//! - `answers`: one line a call, `<module>: <JSON array of bundles>`,
//!   `<module>: fail <Kind> <text>`, `retry <Kind> <text>`, `doubt` or
//!   `interrupt` (the time is over); the nth line of a module answers its nth
//!   call, the last one all that follow;
//! - `inputs`: the inputs of the run, as a JSON object;
//! - `initialisation`: the failure of a module before the start, as an answer;
//! - `options`: `operations=5`, `bundles=5`, `memory=5000`, `cycles=1`,
//!   `commit=fail`, `store=full`, `counters=kept`;
//! - `retry`: the operation to complete, then its answers, in the same form;
//! - `expect`: written by `UPDATE_EXPECT=1`.
//!
//! Every case is also cut after each of its events, replayed and continued: the
//! end must be the same.

#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failed test")]

mod support;

use std::path::{Path, PathBuf};

use support::case::Case;

#[test]
fn every_case_runs_as_it_says() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut failures = Vec::new();
    for path in paths() {
        let (name, case) = read(&path);
        let found = support::driver::report(&case, &name);
        if found == case.section("expect") {
            continue;
        }
        if update {
            std::fs::write(path, case.with_expectation(&found)).unwrap();
        } else {
            failures.push(format!("--- {name}: expected\n{}--- found\n{found}", case.section("expect")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_case_survives_the_failure_of_any_call() {
    for path in paths() {
        let (name, case) = read(&path);
        support::driver::check_failures(&case, &name);
    }
}

fn paths() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn read(path: &Path) -> (String, Case) {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    (name, Case::read(&std::fs::read_to_string(path).unwrap()))
}
