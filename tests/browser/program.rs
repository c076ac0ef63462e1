//! A running `rouage` with its own data folder, ended when the test ends.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// The process and what it printed when it was ready.
pub struct Program {
    folder: TempDir,
    process: Child,
    // Kept open: the program may go on printing.
    _output: BufReader<ChildStdout>,
    /// Its address, such as `http://127.0.0.1:40001`.
    pub url: String,
    /// The links it printed, in order.
    pub links: Vec<String>,
}

impl Program {
    /// A fresh server without users; its one link is the set-up link.
    pub fn serve() -> Self {
        Self::start("serve", folder())
    }

    /// The demo; its links sign in to the scenario, the history, the
    /// spreadsheet and the outbox.
    pub fn demo() -> Self {
        Self::start("demo", folder())
    }

    /// Ends it as a power cut would, and serves the same data again.
    pub fn kill_and_serve(mut self) -> Self {
        self.end();
        let folder = std::mem::replace(&mut self.folder, folder());
        Self::start("serve", folder)
    }

    /// Where scripts may leave files for the next script.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder().join("log.txt")).unwrap_or_default()
    }

    fn start(command: &str, folder: TempDir) -> Self {
        let log = File::options().create(true).append(true).open(folder.path().join("log.txt"));
        let mut process = Command::new(env!("CARGO_BIN_EXE_rouage"))
            .args([command, "--listen", "127.0.0.1:0", "--allow-net", "127.0.0.1", "--data"])
            .arg(folder.path().join("data"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("ROUAGE_LOG", "info")
            .env_remove("ROUAGE_DATABASE")
            .env_remove("ROUAGE_PUBLIC_URL")
            .stdout(Stdio::piped())
            .stderr(log.expect("the log can be written"))
            .spawn()
            .expect("the program starts");
        let mut output = BufReader::new(process.stdout.take().expect("its output is piped"));
        let last = if command == "demo" { "Ctrl-C ends it." } else { "http://" };
        let links = links(&mut output, last);
        let first = links.first().unwrap_or_else(|| {
            let log = std::fs::read_to_string(folder.path().join("log.txt")).unwrap_or_default();
            panic!("{command} ended before it was ready: {log}")
        });
        let url = first.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        Self { folder, process, _output: output, url, links }
    }

    fn end(&mut self) {
        self.process.kill().expect("it still ran");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("rouage-browser-").tempdir().expect("a folder can be made")
}

/// The links printed up to the line that holds `last`.
fn links(output: &mut impl std::io::BufRead, last: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in output.lines() {
        let line = line.expect("the program prints text");
        let words = line.split_whitespace();
        links.extend(words.filter(|word| word.starts_with("http://")).map(str::to_owned));
        if line.contains(last) {
            break;
        }
    }
    // The demo names other addresses beside the links that sign in.
    if links.iter().any(|link| link.contains("/auto/")) {
        links.retain(|link| link.contains("/auto/"));
    }
    links
}
