//! The built program from outside: start, size, memory.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::procfs;

/// Prints what is seen of the program beside this one.
pub fn measure() -> anyhow::Result<()> {
    let program = program()?;
    println!("{}: {:.1} MB", program.display(), megabytes(std::fs::metadata(&program)?.len()));
    let folder = tempfile::tempdir()?;
    let address = free_address()?;
    let hook = import(&program, folder.path(), &address)?;
    start_on(folder.path(), &hook)
}

/// Starts the program on a folder, prints how soon it takes a request and what
/// it holds then, and ends it.
pub fn start_on(folder: &Path, hook: &str) -> anyhow::Result<()> {
    let (program, address) = (program()?, free_address()?);
    let start = Instant::now();
    let mut server = serve(&program, folder, &address)?;
    let outcome = first_accepted(&address, hook, start).and_then(|()| {
        std::thread::sleep(Duration::from_secs(3));
        let resident = procfs::memory(server.id(), "VmRSS")?;
        println!("resident memory when idle     {:>7.1} MB", megabytes(resident));
        Ok(())
    });
    server.kill()?;
    server.wait()?;
    outcome
}

#[expect(clippy::cast_precision_loss, reason = "sizes for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

fn program() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.parent().map(|folder| folder.join("rouage"));
    program.filter(|program| program.exists()).context("build the program first: cargo build --release")
}

fn free_address() -> anyhow::Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// The path of the example's webhook.
fn import(program: &Path, folder: &Path, address: &str) -> anyhow::Result<String> {
    let blueprint: PathBuf = [crate::EXAMPLE, "blueprint.json"].iter().collect();
    let output = Command::new(program)
        .args(["import", "--on", "--listen", address, "--data"])
        .arg(folder)
        .arg(blueprint)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let at = text.find("/hook/").with_context(|| format!("the import printed no webhook: {text}"))?;
    Ok(text[at..].split_whitespace().next().unwrap_or_default().to_owned())
}

fn serve(program: &Path, folder: &Path, address: &str) -> anyhow::Result<Child> {
    let mut command = Command::new(program);
    command.args(["serve", "--log", "error", "--listen", address, "--data"]).arg(folder);
    Ok(command.stdout(Stdio::null()).spawn()?)
}

/// Posts until the first order is accepted.
fn first_accepted(address: &str, hook: &str, start: Instant) -> anyhow::Result<()> {
    use std::io::{Read as _, Write as _};
    let body = std::fs::read(format!("{}/orders/pending_two_products.json", crate::EXAMPLE))?;
    while start.elapsed() < Duration::from_secs(20) {
        let Ok(mut stream) = TcpStream::connect(address) else {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        };
        write!(
            stream,
            "POST {hook} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )?;
        stream.write_all(&body)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if !answer.starts_with("HTTP/1.1 200") {
            bail!("the first order was answered {answer}");
        }
        println!("start to first accepted order {:>7.1} ms", start.elapsed().as_secs_f64() * 1000.0);
        return Ok(());
    }
    bail!("the program did not answer within 20 seconds")
}
