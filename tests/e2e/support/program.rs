//! The program: a folder to run it in, its commands, and a running server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use super::http::{Answer, Url, exchange, request};
use super::{PATIENCE, eventually};

/// What an execution is while it is not over.
const ACTIVE: [&str; 3] = ["queued", "running", "waiting"];

/// Where the data is.
pub enum Store {
    /// In a file of the data folder.
    Sqlite,
    /// In a database of a PostgreSQL server.
    Postgres(String),
}

/// A data folder, a port and the flags that every command gets.
pub struct Place {
    folder: TempDir,
    port: u16,
    flags: Vec<String>,
}

/// What an import printed.
#[derive(Debug)]
pub struct Imported {
    /// The number of the scenario.
    pub scenario: i64,
    /// The address of its webhook.
    pub hook: Url,
    /// All of it.
    pub report: String,
}

/// A server that is ready; killed when dropped.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// The link that makes the owner, while there is none.
    pub set_up_link: Option<String>,
    child: Child,
    // The program must be able to print on.
    _output: BufReader<ChildStdout>,
}

/// A port that nobody uses. Not one that the system gives away by itself, so
/// that a server finds its port free again after it was killed.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..2_000 {
        let start = u16::try_from(std::process::id() % 9_000).unwrap();
        let port = 21_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 9_000;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port was found");
}

impl Place {
    /// On SQLite, with further flags.
    pub fn new(flags: &[&str]) -> Self {
        Self::on(&Store::Sqlite, flags)
    }

    /// On a database, with further flags.
    pub fn on(store: &Store, flags: &[&str]) -> Self {
        let mut flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        if let Store::Postgres(url) = store {
            flags.extend(["--database".to_owned(), url.clone()]);
        }
        Self { folder: tempfile::tempdir().unwrap(), port: free_port(), flags }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file beside the data folder.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// What all servers of this place wrote to their log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// A command of the program.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rouage"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ROUAGE_")) {
            command.env_remove(name);
        }
        command.args(arguments).arg("--data").arg(self.data()).args(&self.flags);
        command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end, well or not.
    pub async fn output(&self, arguments: &[&str]) -> Output {
        let output = tokio::time::timeout(PATIENCE, self.command(arguments).output());
        output.await.unwrap_or_else(|_| panic!("rouage {arguments:?} does not end")).unwrap()
    }

    /// What a command printed that must end well.
    pub async fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        let (text, trouble) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "rouage {arguments:?}: {text}{trouble}");
        text.into_owned()
    }

    /// What a command said that must fail.
    pub async fn complaint(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        assert!(!output.status.success(), "rouage {arguments:?} went well");
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
    }

    /// Imports a blueprint and switches it on.
    pub async fn import(&self, file: &Path, set: &[&str]) -> Imported {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut arguments = vec!["import", file.to_str().unwrap(), "--on", "--listen", &listen];
        for link in set {
            arguments.extend(["--set", link]);
        }
        let report = self.run(&arguments).await;
        let hook = report.lines().find_map(|line| line.trim().strip_prefix("webhook: "));
        let scenario = report.split("is scenario ").nth(1).and_then(|rest| rest.lines().next());
        Imported {
            scenario: scenario.unwrap().parse().unwrap(),
            hook: Url::parse(hook.unwrap_or_else(|| panic!("no webhook in {report}"))),
            report,
        }
    }

    /// Imports one of the tests' own blueprints.
    pub async fn import_text(&self, name: &str, blueprint: &str) -> Imported {
        let file = self.file(&format!("{name}.json"), blueprint.as_bytes());
        self.import(&file, &[]).await
    }

    /// Starts the server; it is ready on return.
    pub async fn start(&self) -> Running {
        self.start_with(&[]).await
    }

    /// As [`Place::start`], with flags that only the server gets.
    pub async fn start_with(&self, flags: &[&str]) -> Running {
        self.launch(&format!("127.0.0.1:{}", self.port), flags).await
    }

    /// As [`Place::start`], on another address.
    pub async fn start_on(&self, listen: &str) -> Running {
        self.launch(listen, &[]).await
    }

    async fn launch(&self, listen: &str, flags: &[&str]) -> Running {
        let mut command = self.command(&["serve", "--listen", listen]);
        command.args(flags);
        self.start_as(command).await
    }

    /// Starts the server by a command of one's own; it is ready on return.
    pub async fn start_as(&self, command: Command) -> Running {
        let started = self.spawn(command).await;
        started.unwrap_or_else(|_| panic!("the server does not get ready:\n{}", self.log()))
    }

    /// The server, or how it ended before it was ready.
    async fn spawn(&self, mut command: Command) -> Result<Running, ExitStatus> {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let line = tokio::time::timeout(PATIENCE, address_line(&mut output)).await;
        let Some(line) = line.ok().flatten() else { return Err(child.wait().await.unwrap()) };
        let url = line.split(' ').rfind(|word| word.starts_with("http://")).unwrap().to_owned();
        let is_link = url.contains("/setup/");
        Ok(Running { address: Url::parse(&url).address, set_up_link: is_link.then_some(url), child, _output: output })
    }

    /// Starts the server so that it ends at a breakpoint, does something that
    /// leads there, and waits until it has ended.
    pub async fn break_at(&self, breakpoint: &str, flags: &[&str], lead: impl AsyncFnOnce(&Running)) {
        let listen = format!("127.0.0.1:{}", self.port);
        let mut command = self.command(&["serve", "--listen", &listen]);
        command.args(flags).env("ROUAGE_BREAK_AT", breakpoint);
        let status = match self.spawn(command).await {
            Err(status) => status,
            Ok(mut server) => {
                lead(&server).await;
                let ended = tokio::time::timeout(PATIENCE, server.child.wait()).await;
                ended.unwrap_or_else(|_| panic!("{breakpoint} was not hit:\n{}", self.log())).unwrap()
            }
        };
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        assert_eq!(signal, Some(6), "{breakpoint}: {status}\n{}", self.log());
    }

    /// The whole history, as the auditor reads it.
    pub async fn history(&self) -> String {
        self.run(&["executions", "--json", "--limit", "1000000"]).await
    }

    /// The executions that stand so, one line each.
    pub async fn executions(&self, status: &str) -> Vec<String> {
        let list = self.run(&["executions", "--limit", "500", "--status", status]).await;
        list.lines().filter(|line| *line != "no executions").map(str::to_owned).collect()
    }

    /// All executions, newest first.
    pub async fn all_executions(&self) -> Vec<String> {
        let list = self.run(&["executions", "--limit", "500"]).await;
        list.lines().filter(|line| *line != "no executions").map(str::to_owned).collect()
    }

    /// Waits until every execution is over, or in doubt.
    pub async fn idle(&self) {
        eventually("all runs are over", async || {
            // For those beyond the newest 500.
            for status in ACTIVE {
                if !self.executions(status).await.is_empty() {
                    return None;
                }
            }
            // In one look, for a run may pass from one status to another
            // between the looks above.
            let all = self.all_executions().await;
            let is_active = |line: &String| line.split_whitespace().nth(1).is_some_and(|word| ACTIVE.contains(&word));
            (!all.iter().any(is_active)).then_some(())
        })
        .await;
    }

    /// The journal of an execution whose line is given.
    pub async fn journal(&self, line: &str) -> Vec<serde_json::Value> {
        let id = line.split(' ').next().unwrap();
        let text = self.run(&["executions", id]).await;
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

async fn address_line(output: &mut BufReader<ChildStdout>) -> Option<String> {
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line.contains("http://") {
            return Some(line.trim().to_owned());
        }
    }
}

impl Running {
    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Ends it as a power cut would.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to end, and waits until it did.
    pub async fn terminate(mut self) -> ExitStatus {
        let id = self.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
        assert!(sent.success(), "process {id} is gone already");
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends when asked to").unwrap()
    }

    /// Sends it a signal, such as `STOP`.
    pub async fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status().await.unwrap();
        assert!(sent.success(), "the server is gone already");
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The most memory that it ever had, in MiB.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
    }

    /// An address on it.
    pub fn url(&self, target: &str) -> Url {
        Url { address: self.address, target: target.to_owned() }
    }
}

impl Imported {
    /// Posts JSON to the webhook.
    pub async fn post(&self, body: &[u8]) -> Answer {
        request("POST", &self.hook, &[("Content-Type", "application/json")], body).await
    }

    /// Posts JSON to a webhook that may be killed meanwhile.
    pub async fn try_post(&self, body: &[u8]) -> std::io::Result<Answer> {
        exchange("POST", &self.hook, &[("Content-Type", "application/json")], body).await
    }
}

/// Gives a command its input.
pub async fn run_with_input(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).await.unwrap();
    tokio::time::timeout(PATIENCE, child.wait_with_output()).await.expect("it ends").unwrap()
}
