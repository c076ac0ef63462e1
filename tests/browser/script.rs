//! Runs a script beside this file with node, or says why that is not possible.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::program::Program;

const CHROMIUM: &str = "/usr/bin/chromium";

/// A script and its extra variables.
pub struct Script {
    file: &'static str,
    variables: Vec<(String, String)>,
}

impl Script {
    /// The script, or nothing where the tools are missing.
    pub fn new(file: &'static str) -> Option<Self> {
        static MISSING: OnceLock<Option<String>> = OnceLock::new();
        let missing = MISSING.get_or_init(|| missing().err());
        let Some(reason) = missing else { return Some(Self { file, variables: Vec::new() }) };
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_ci, "browser tests cannot run: {reason}");
        // Straight to the console: what a passing test prints is swallowed.
        let _ = writeln!(std::io::stderr(), "SKIPPED: browser test {file}: {reason}");
        None
    }

    /// Hands the script one more variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((format!("ROUAGE_TEST_{name}"), value.to_owned()));
        self
    }

    /// Runs it against the program; its complaints are the test's.
    pub fn run(self, program: &Program) {
        let output = Command::new("node")
            .arg(here().join(self.file))
            .env("ROUAGE_TEST_URL", &program.url)
            .env("ROUAGE_TEST_LINKS", program.links.join(" "))
            .env("ROUAGE_TEST_FOLDER", program.folder())
            .env("ROUAGE_TEST_CHROMIUM", CHROMIUM)
            .env("ROUAGE_TEST_SCREENSHOTS", screenshots())
            .envs(self.variables)
            .stdin(Stdio::null())
            .output()
            .expect("node starts");
        print!("{}", String::from_utf8_lossy(&output.stdout));
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}:\n{complaint}\nThe program's log:\n{}", self.file, program.log());
    }
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

/// `screenshots/` in the target folder.
fn screenshots() -> PathBuf {
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    temporary.parent().unwrap_or(temporary).join("screenshots")
}

/// Installs the packages of the scripts if need be.
fn missing() -> Result<(), String> {
    if !Path::new(CHROMIUM).exists() {
        return Err(format!("there is no {CHROMIUM} (Debian: apt-get install chromium)"));
    }
    if !runs("node", &["--version"]) {
        return Err("there is no node (20 or later)".into());
    }
    if here().join("node_modules/playwright-core/package.json").exists() {
        return Ok(());
    }
    if runs("npm", &["ci"]) { Ok(()) } else { Err("npm ci failed in tests/browser".into()) }
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(here()).stdin(Stdio::null()).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
