//! The main job in this process: how long from the webhook to the row, and how
//! many orders a second.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rouage_cli::config::Config;
use rouage_cli::server::{self, Server};
use rouage_model::{Blueprint, Collection, json};
use rouage_runtime::ImportRequest;
use rouage_store::{Change, executions};
use tokio::sync::broadcast;

use crate::EXAMPLE;
use crate::client::Client;

const WARM_UP: usize = 100;
const ONE_BY_ONE: usize = 1_000;
const TOGETHER: usize = 6_000;
const SENDERS: usize = 32;

/// Prints latency and throughput of the example in this process.
pub async fn measure() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::for_folder(folder.path(), "127.0.0.1:0")?;
    config.webhook_rate = 0;
    let server = server::start(&config).await?;
    // Rows only: mails and requests have their own costs.
    let path = import_rows_only(&server).await?;
    let order = std::fs::read(format!("{EXAMPLE}/orders/created_checkoutorder.json"))?;
    let address = server.public_url.socket_addrs(|| None)?[0];
    one_by_one(&server, address, &path, &order).await?;
    together(&server, address, &path, &order).await?;
    server.stop().await;
    Ok(())
}

/// The example without its second and third route.
async fn import_rows_only(server: &Server) -> anyhow::Result<String> {
    let bytes = std::fs::read(format!("{EXAMPLE}/blueprint.json")).context("run this from the top of the project")?;
    let mut root = json::to_serde(&json::parse(&bytes)?);
    root["flow"][1]["routes"].as_array_mut().context("the example has no routes")?.truncate(1);
    let blueprint = Blueprint::from_document(json::from_serde(&root))?;
    let request = ImportRequest { blueprint, links: Collection::new() };
    let imported = server.control.import(server.team, request).await?;
    server.control.set_enabled(server.team, imported.scenario, true).await?;
    let (_, token) = imported.hook.context("the example has no webhook")?;
    Ok(format!("/hook/{token}"))
}

/// Each order is sent when the row of the one before is on the disk.
async fn one_by_one(server: &Server, address: std::net::SocketAddr, path: &str, order: &[u8]) -> anyhow::Result<()> {
    let mut changes = server.data().store.changes();
    let mut client = Client::connect(address).await?;
    let (mut accepted, mut row) = (Vec::new(), Vec::new());
    for number in 0..WARM_UP + ONE_BY_ONE {
        let start = Instant::now();
        client.post(path, order).await?;
        let answered = start.elapsed();
        wait_for_row(&mut changes).await?;
        if number >= WARM_UP {
            accepted.push(answered);
            row.push(start.elapsed());
        }
    }
    println!("\n{ONE_BY_ONE} orders, one after another");
    print("  request to `200 Accepted`", &mut accepted);
    print("  request to committed row", &mut row);
    Ok(())
}

async fn wait_for_row(changes: &mut broadcast::Receiver<Change>) -> anyhow::Result<()> {
    loop {
        let change = tokio::time::timeout(Duration::from_secs(10), changes.recv()).await;
        match change.context("no row within 10 seconds")? {
            Ok(Change::Spreadsheet(_)) => return Ok(()),
            Ok(_) => {}
            Err(error) => bail!("the news were lost: {error}"),
        }
    }
}

/// Many senders at once; ends when every row is there.
async fn together(server: &Server, address: std::net::SocketAddr, path: &str, order: &[u8]) -> anyhow::Result<()> {
    let start = Instant::now();
    let senders = (0..SENDERS).map(|_| {
        let (path, order) = (path.to_owned(), order.to_vec());
        tokio::spawn(async move {
            let mut client = Client::connect(address).await?;
            let mut times = Vec::new();
            for _ in 0..TOGETHER / SENDERS {
                let start = Instant::now();
                client.post(&path, &order).await?;
                times.push(start.elapsed());
            }
            anyhow::Ok(times)
        })
    });
    let mut accepted = Vec::new();
    for sender in senders.collect::<Vec<_>>() {
        accepted.extend(sender.await??);
    }
    let all_accepted = start.elapsed();
    let store = &server.data().store;
    let scenario = rouage_model::ScenarioId(1);
    while executions::counts(store, server.team, scenario).await?.active() > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let all_rows = start.elapsed();
    println!("\n{} orders from {SENDERS} senders at once", accepted.len());
    print("  request to `200 Accepted`", &mut accepted);
    println!("  accepted a second           {:>8.0}", per_second(accepted.len(), all_accepted));
    println!("  rows a second               {:>8.0}", per_second(accepted.len(), all_rows));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]
fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn print(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    println!("{what:<28}  p50 {:>7.2} ms   p99 {:>7.2} ms", at(50), at(99));
}
