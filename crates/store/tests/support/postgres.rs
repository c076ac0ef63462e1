//! A PostgreSQL server for tests: the one that `ROUAGE_TEST_POSTGRES` names,
//! or a private one in a temporary folder, started as an ordinary user.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{ConnectOptions, Executor};

/// A running server. The shell that holds it ends it when its input closes,
/// that is when this process ends, however it ends.
struct Server {
    url: String,
    _leash: Option<ChildStdin>,
}

/// The address of a new, empty database; `None` (and a plain word about it)
/// where there is no PostgreSQL. In CI that is a failure.
pub async fn new_database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(find_or_start).as_ref()?;
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("rouage_test_{}_{number}", std::process::id());
    let mut admin = connect(&server.url).await;
    admin.execute(sea_orm::sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (before, query) = server.url.split_once('?').map_or((server.url.as_str(), ""), |(url, query)| (url, query));
    let base = before.rsplit_once('/').unwrap().0;
    Some(format!("{base}/{name}?{query}"))
}

async fn connect(url: &str) -> sea_orm::sqlx::PgConnection {
    let options: PgConnectOptions = url.parse().unwrap();
    for _ in 0..200 {
        if let Ok(connection) = options.connect().await {
            return connection;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the PostgreSQL server at {url} does not answer");
}

fn find_or_start() -> Option<Server> {
    if let Ok(url) = std::env::var("ROUAGE_TEST_POSTGRES") {
        return Some(Server { url, _leash: None });
    }
    let Some(binaries) = binaries() else {
        let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!in_ci, "no PostgreSQL: set ROUAGE_TEST_POSTGRES or install its server");
        eprintln!("SKIPPED: no PostgreSQL found, its half of the storage tests does not run");
        return None;
    };
    Some(start(&binaries))
}

/// The folder with `initdb` and `postgres`.
fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    folders.into_iter().rev().find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}

fn start(binaries: &Path) -> Server {
    let folder = tempfile::Builder::new().prefix("rouage-pg-").tempdir().unwrap().keep();
    let user = ordinary_user();
    if let Some(user) = &user {
        let status = Command::new("chown").arg(user).arg(&folder).status().unwrap();
        assert!(status.success(), "the folder of the server cannot be given away");
    }
    let script = format!(
        "cd {folder} && {binaries}/initdb -D {folder}/data -U rouage -A trust -E UTF8 --locale=C.UTF-8 -N >{folder}/log 2>&1 \
         && {{ {binaries}/postgres -D {folder}/data -k {folder} -c listen_addresses= -c fsync=off \
         -c max_connections=400 >>{folder}/log 2>&1 & read -r _; kill -INT $!; wait; rm -rf {folder}/*; rmdir {folder}; }}",
        folder = folder.display(),
        binaries = binaries.display(),
    );
    let mut command = match &user {
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups", "sh", "-c"]);
            command
        }
        None => {
            let mut command = Command::new("sh");
            command.arg("-c");
            command
        }
    };
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let leash = child.stdin.take();
    let url = format!("postgres://rouage@localhost/postgres?host={}", folder.display());
    wait_for(&mut child, &folder);
    Server { url, _leash: leash }
}

fn wait_for(child: &mut std::process::Child, folder: &Path) {
    for _ in 0..600 {
        if folder.join(".s.PGSQL.5432").exists() {
            return;
        }
        if let Some(status) = child.try_wait().unwrap() {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            let _ = std::io::stderr().write_all(log.as_bytes());
            panic!("PostgreSQL did not start: {status}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("PostgreSQL did not start within 30 s");
}

/// PostgreSQL refuses to run as root: then somebody else runs it.
fn ordinary_user() -> Option<String> {
    let id = Command::new("id").arg("-u").output().unwrap();
    if String::from_utf8_lossy(&id.stdout).trim() != "0" {
        return None;
    }
    let has_postgres = Command::new("id").arg("postgres").output().is_ok_and(|output| output.status.success());
    Some(if has_postgres { "postgres" } else { "nobody" }.to_owned())
}
