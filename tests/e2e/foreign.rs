//! A foreign Google client on the built-in spreadsheets.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::support::{Browser, Place};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gspread_works_as_with_google() {
    let Some(python) = python().await else { return };
    let place = Place::new(&[]);
    let server = place.start().await;
    let browser = Browser::open(&server).await;
    let token = browser.api_token().await;
    let made = browser.post("/spreadsheets", &[("title", "For gspread")]).await.expect(303);
    let location = made.header("location").unwrap();
    let id = location.trim_start_matches("/spreadsheets/").split('?').next().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign/gspread_check.py");
    let mut command = Command::new(python);
    command.arg(script).args([&format!("http://{}", server.address), &token, id]);
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("ok"), "{said}");
}

/// A Python that has gspread. In CI one is made; elsewhere it is only used
/// where it is.
async fn python() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gspread");
    let own_python = own.join("bin/python");
    for python in [PathBuf::from("python3"), own_python.clone()] {
        if succeeds(&python, &["-c", "import gspread"]).await {
            return Some(python);
        }
    }
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        assert!(
            succeeds(Path::new("python3"), &["-m", "venv", own.to_str().unwrap()]).await,
            "no venv: install python3-venv"
        );
        assert!(succeeds(&own_python, &["-m", "pip", "install", "-q", "gspread"]).await, "pip cannot install gspread");
        return Some(own_python);
    }
    eprintln!("SKIPPED: no Python with gspread found, the check with a foreign Google client does not run");
    None
}

async fn succeeds(program: &Path, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().await.is_ok_and(|output| output.status.success())
}
