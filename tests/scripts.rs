//! The scripts of the pages: their types, and their unit tests by node's own
//! runner. Needs Node.js 20, as the build does; without it (`WEB_ASSETS=none`)
//! the tests say so and pass, but not with `CI=true`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

#[test]
fn the_types_of_the_scripts_fit() {
    run(&["run", "check"]);
}

#[test]
fn the_unit_tests_of_the_scripts_pass() {
    run(&["test"]);
}

fn run(arguments: &[&str]) {
    if !is_ready() {
        return;
    }
    let output = Command::new("npm").args(arguments).current_dir(web()).stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "npm {arguments:?}:\n{said}");
}

fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web")
}

/// Whether node and the packages are there; installs these if need be, once.
fn is_ready() -> bool {
    static READY: OnceLock<bool> = OnceLock::new();
    *READY.get_or_init(|| {
        let runs = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).current_dir(web()).stdin(Stdio::null()).stdout(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let ready = runs("node", &["--version"])
            && (web().join("node_modules/typescript").exists() || runs("npm", &["ci", "--ignore-scripts"]));
        if !ready {
            assert!(!std::env::var("CI").is_ok_and(|value| value == "true"), "the scripts cannot be tested: no node");
            let _ = writeln!(std::io::stderr(), "SKIPPED: tests of the scripts: node and npm are needed");
        }
        ready
    })
}
