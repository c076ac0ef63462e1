//! The kill loop: the program under load is killed every two seconds, for
//! minutes, and the auditor judges at the end. Prints what there was to judge
//! and every law that was broken; ends with an error when one was.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use rouage_test_support::auditor::{Answer, Auditor, Promise, REQUEST};
use rouage_test_support::http::Answer as Scripted;
use serde_json::json;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

const SENDERS: usize = 4;
/// Runs in progress at once, so that no kill can cut off more calls.
const WORKERS: usize = 16;
/// How long the backlog may take to drain when nothing kills any more.
const PATIENCE: Duration = Duration::from_secs(300);

/// What was asked for.
struct Options {
    time: Duration,
    every: Duration,
    program: PathBuf,
    database: Option<String>,
}

impl Options {
    fn read(arguments: &[String]) -> anyhow::Result<Self> {
        let beside = std::env::current_exe()?.parent().map(|folder| folder.join("rouage")).unwrap_or_default();
        let mut options =
            Self { time: Duration::from_secs(600), every: Duration::from_secs(2), program: beside, database: None };
        for pair in arguments.chunks(2) {
            let [name, value] = pair else { bail!("{} needs a value", pair[0]) };
            match name.as_str() {
                "--minutes" => options.time = Duration::from_secs_f64(60.0 * value.parse::<f64>()?),
                "--every" => options.every = Duration::from_secs_f64(value.parse()?),
                "--program" => options.program = value.into(),
                "--database" => options.database = Some(value.clone()),
                other => bail!("there is no option {other}: --minutes, --every, --program, --database"),
            }
        }
        ensure!(options.program.exists(), "build the program first: cargo build --release");
        Ok(options)
    }
}

/// Kills, restarts, and judges.
pub async fn run(arguments: &[String]) -> anyhow::Result<()> {
    let options = Options::read(arguments)?;
    let folder = tempfile::tempdir()?;
    let auditor = Arc::new(Auditor::start().await);
    // Slow enough that a kill often falls into a request.
    auditor.target.usually(Scripted::Late(Duration::from_millis(5)));
    let site = Site { options: &options, folder: folder.path(), listen: free_address()? };
    let hook = site.import(&blueprint(&auditor.target.url())).await?;
    let is_over = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    let number = Arc::new(AtomicUsize::new(0));
    for _ in 0..SENDERS {
        senders.spawn(send(auditor.clone(), hook.clone(), number.clone(), is_over.clone()));
    }
    let (start, mut kills) = (Instant::now(), 0);
    while start.elapsed() < options.time {
        let mut server = site.serve()?;
        tokio::time::sleep(options.every).await;
        ensure!(server.try_wait()?.is_none(), "the program ended by itself");
        server.kill().await?;
        kills += 1;
        if kills % 15 == 0 {
            println!("{:>5} s  {kills} kills, {} accepted", start.elapsed().as_secs(), auditor.accepted());
        }
    }
    let _server = site.serve()?;
    is_over.store(true, Ordering::Relaxed);
    while let Some(sender) = senders.join_next().await {
        sender?;
    }
    let drained = site.drain().await?;
    let promise = Promise { doubts: kills * WORKERS, accepted: kills * 5, ..Promise::of(&[REQUEST]) };
    let verdict = auditor.judge(&site.history().await?, &promise);
    println!("{kills} kills; the backlog was gone {:.1} s after the last start", drained.as_secs_f64());
    println!("{verdict}");
    ensure!(verdict.violations.is_empty(), "{} violations", verdict.violations.len());
    println!("all laws were kept");
    Ok(())
}

/// Sends one request after the other, each with a key of its own.
async fn send(auditor: Arc<Auditor>, hook: String, number: Arc<AtomicUsize>, is_over: Arc<AtomicBool>) {
    while !is_over.load(Ordering::Relaxed) {
        let key = format!("k{}", number.fetch_add(1, Ordering::Relaxed));
        let body = json!({"key": key}).to_string();
        let answer = auditor.send(&hook, (&key, &key), body.as_bytes()).await;
        let pause = if answer == Answer::Accepted { 3 } else { 20 };
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

fn blueprint(target: &str) -> String {
    json!({"name": "Tell", "flow": [
        {"id": 1, "module": "gateway:CustomWebHook", "version": 1, "parameters": {"hook": 1, "maxResults": 1}},
        {"id": 2, "module": "http:ActionSendData", "version": 3, "parameters": {"handleErrors": true},
            "mapper": {"url": format!("{target}/"), "method": "post", "bodyType": "raw",
                "contentType": "application/json", "data": "{\"key\":\"{{1.key}}\"}"}}],
        "metadata": {"instant": true, "scenario":
            {"roundtrips": 1, "maxErrors": 1000, "autoCommit": true, "dlq": false, "sequential": false}}})
    .to_string()
}

fn free_address() -> anyhow::Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// The program and its folder.
struct Site<'a> {
    options: &'a Options,
    folder: &'a Path,
    listen: String,
}

impl Site<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.options.program);
        command.args(arguments).arg("--data").arg(self.folder.join("data")).args(["--listen", &self.listen]);
        let workers = WORKERS.to_string();
        command.args(["--allow-net", "127.0.0.1", "--webhook-rate", "0", "--webhook-queue", "0"]);
        command.args(["--log", "error", "--workers", &workers]).kill_on_drop(true);
        if let Some(database) = &self.options.database {
            command.args(["--database", database]);
        }
        command
    }

    async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command(arguments).output().await?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "rouage {arguments:?}: {complaint}");
        Ok(String::from_utf8(output.stdout)?)
    }

    fn serve(&self) -> anyhow::Result<Child> {
        Ok(self.command(&["serve"]).stdout(Stdio::null()).spawn()?)
    }

    /// Imports a blueprint; the address of its webhook.
    async fn import(&self, blueprint: &str) -> anyhow::Result<String> {
        let file = self.folder.join("blueprint.json");
        std::fs::write(&file, blueprint)?;
        let printed = self.run(&["import", "--on", file.to_str().context("the folder is no text")?]).await?;
        let hook = printed.lines().find_map(|line| line.trim().strip_prefix("webhook: "));
        Ok(hook.context("the import printed no webhook")?.to_owned())
    }

    /// Waits until no run goes on; how long that took.
    async fn drain(&self) -> anyhow::Result<Duration> {
        let start = Instant::now();
        for status in ["queued", "running", "waiting", "queued", "running"] {
            while !self.run(&["executions", "--limit", "1", "--status", status]).await?.starts_with("no executions") {
                ensure!(start.elapsed() < PATIENCE, "runs are {status} for {} s", PATIENCE.as_secs());
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        Ok(start.elapsed())
    }

    async fn history(&self) -> anyhow::Result<String> {
        self.run(&["executions", "--json", "--limit", "100000000"]).await
    }
}
