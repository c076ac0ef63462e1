//! What is measured: processes of their own, so that their processor time is
//! theirs alone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::client::Client;
use crate::{blueprints, procfs};

/// A server that runs. It ends with this value.
pub struct Subject {
    /// What it is called in the table.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// The paths of S1, S2 and S3 that it has.
    pub paths: [Option<String>; 3],
    /// What it keeps, and where.
    pub folder: tempfile::TempDir,
    child: Child,
}

impl Subject {
    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has done what it was asked: until it hardly uses the
    /// processor any more.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let (mut before, patience) = (procfs::cpu(self.process())?, Instant::now() + Duration::from_secs(30));
        while Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = procfs::cpu(self.process())?;
            if now - before <= Duration::from_millis(10) {
                break;
            }
            before = now;
        }
        Ok(())
    }

    async fn answers(mut self) -> anyhow::Result<Self> {
        let patience = Instant::now() + Duration::from_secs(60);
        let path = self.paths.iter().flatten().next().context("it has no path")?.clone();
        while Instant::now() < patience {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended by itself: {status}", self.name);
            }
            if let Ok(mut client) = Client::connect(self.address).await
                && client.post(&path, b"{\"order_id\":1}").await.is_ok()
            {
                return Ok(self);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("{} does not answer at {}{path}", self.name, self.address)
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn beside(name: &str) -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.parent().map(|folder| folder.join(name));
    program.filter(|program| program.exists()).context("build the program first: cargo build --release")
}

/// The built program with the three scenarios, in default settings but for the
/// limits of webhooks.
pub async fn rouage(target: SocketAddr) -> anyhow::Result<Subject> {
    let (program, folder, address) = (beside("rouage")?, tempfile::tempdir()?, free_address()?);
    let host = target.to_string();
    let blueprints = [blueprints::s1(), blueprints::s2(&host), blueprints::s3()];
    let mut paths = [None, None, None];
    for (blueprint, path) in blueprints.iter().zip(&mut paths) {
        let file = folder.path().join("blueprint.json");
        std::fs::write(&file, blueprint.to_string())?;
        let output =
            Command::new(&program).args(["import", "--on", "--data"]).arg(folder.path()).arg(&file).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let at = text.find("/hook/").with_context(|| {
            format!("the import printed no webhook: {text}{}", String::from_utf8_lossy(&output.stderr))
        })?;
        *path = text[at..].split_whitespace().next().map(ToOwned::to_owned);
    }
    let mut command = Command::new(&program);
    command
        .args(["serve", "--log", "error", "--webhook-rate", "0", "--webhook-queue", "0", "--allow-net", "127.0.0.1"])
        .args(["--listen", &address.to_string(), "--data"])
        .arg(folder.path());
    let child = command.stdout(Stdio::null()).spawn()?;
    Subject { name: "Rouage", address, paths, folder, child }.answers().await
}

/// One of the two bare servers.
pub async fn bare(name: &'static str, path: &str) -> anyhow::Result<Subject> {
    let (folder, address) = (tempfile::tempdir()?, free_address()?);
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", &address.to_string()]).arg(folder.path());
    let child = command.spawn()?;
    Subject { name, address, paths: [Some(path.to_owned()), None, None], folder, child }.answers().await
}

/// Node-RED out of the folder in which `npm install node-red` was run.
pub async fn node_red(installed: &Path, target: SocketAddr) -> anyhow::Result<Subject> {
    let (folder, address) = (tempfile::tempdir()?, free_address()?);
    std::fs::write(folder.path().join("flows.json"), blueprints::node_red(&target.to_string()).to_string())?;
    let settings = serde_json::json!({
        "flowFile": "flows.json", "uiPort": address.port(), "uiHost": "127.0.0.1", "credentialSecret": "bench",
        "telemetry": {"enabled": false, "updateNotification": false},
        "externalModules": {"palette": {"allowInstall": false}},
        "editorTheme": {"tours": false, "palette": {"catalogues": []}},
        "logging": {"console": {"level": "error", "metrics": false, "audit": false}}});
    std::fs::write(folder.path().join("settings.js"), format!("module.exports = {settings};\n"))?;
    let mut command = Command::new("node");
    command.arg(installed.join("node_modules/node-red/red.js")).arg("-u").arg(folder.path());
    let child = command.env("NODE_ENV", "production").current_dir(installed).stdout(Stdio::null()).spawn()?;
    let paths = ["s1", "s2", "s3"].map(|name| Some(format!("/hook/{name}")));
    Subject { name: "Node-RED", address, paths, folder, child }.answers().await
}
