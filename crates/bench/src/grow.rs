//! How the program stands with a long history: what it takes on the disk, how
//! soon it answers after its start, and what it holds then.

use std::time::Instant;

use anyhow::{Context as _, bail};
use rouage_cli::config::Config;
use rouage_cli::server::{self, Server};
use rouage_model::execution::{Origin, Status};
use rouage_model::journal::Event;
use rouage_model::{Blueprint, Collection, HookId, ScenarioId, Value, Version, clock, json};
use rouage_runtime::ImportRequest;
use rouage_store::{Accept, AcceptOutcome, Append, Lineage, NewDelivery, NewExecution, Update};

use crate::blueprints;
use crate::process;

/// Requests at once while the history is written.
const WRITERS: u64 = 256;

/// Fills a data folder through the store and measures the start on it.
pub async fn measure(arguments: &[String]) -> anyhow::Result<()> {
    let runs: u64 = match arguments {
        [] => 1_000_000,
        [name, runs] if name == "--runs" => runs.parse()?,
        _ => bail!("grow takes --runs N"),
    };
    let folder = tempfile::tempdir()?;
    let config = Config::for_folder(folder.path(), "127.0.0.1:0")?;
    let server = server::start(&config).await?;
    let blueprint = Blueprint::parse(blueprints::s1().to_string().as_bytes())?;
    let imported = server.control.import(server.team, ImportRequest { blueprint, links: Collection::new() }).await?;
    server.control.set_enabled(server.team, imported.scenario, true).await?;
    let (hook, token) = imported.hook.context("the scenario has no webhook")?;
    let start = Instant::now();
    write(&server, imported.scenario, hook, runs).await?;
    println!("{runs} runs written in {:.0} s", start.elapsed().as_secs_f64());
    server.stop().await;
    let size: u64 =
        std::fs::read_dir(folder.path())?.filter_map(|entry| entry.ok()?.metadata().ok()).map(|one| one.len()).sum();
    println!("{:.0} bytes a run on the disk, indexes included", per(size, runs));
    // The second start finds the file in the memory of the system.
    for _ in 0..2 {
        process::start_on(folder.path(), &format!("/hook/{token}"))?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "sizes for people")]
fn per(size: u64, runs: u64) -> f64 {
    size as f64 / runs.max(1) as f64
}

async fn write(server: &Server, scenario: ScenarioId, hook: HookId, runs: u64) -> anyhow::Result<()> {
    let order = json::parse(br#"{"order_id":100000000,"email":"a@example.com","status":"completed"}"#)?;
    let writers = (0..WRITERS).map(|writer| {
        let order = order.clone();
        async move {
            for _ in (writer..runs).step_by(usize::try_from(WRITERS)?) {
                one(server, scenario, hook, order.clone()).await?;
            }
            anyhow::Ok(())
        }
    });
    futures_util::future::try_join_all(writers).await?;
    Ok(())
}

/// A run as the webhook and the worker leave it.
async fn one(server: &Server, scenario: ScenarioId, hook: HookId, order: Value) -> anyhow::Result<()> {
    let store = &server.data().store;
    let (at, id) = (store.clock().now(), clock::execution_id(store.clock().as_ref()));
    let delivery = NewDelivery {
        received_at: at,
        method: "POST".into(),
        query: String::new(),
        headers: vec![("content-type".into(), "application/json".into())],
        ip: "127.0.0.1".into(),
        size: 70,
        content_type: "application/json".into(),
    };
    let execution = NewExecution {
        id,
        team: server.team,
        scenario,
        version: Version(1),
        origin: Origin::Webhook,
        bundles: Some(vec![order]),
        inputs: Value::Undefined,
        lineage: Lineage::None,
        leased: true,
        created_at: at,
    };
    let accept = Accept { team: server.team, hook, delivery, outcome: AcceptOutcome::Run { execution } };
    let job = store.accept(accept).await?.job.context("no job")?;
    let (status, operations) = (Status::Success, 1);
    let update = Update::Finished {
        status,
        error: None,
        operations,
        finished_at: at,
        counts: true,
        name: None,
        is_check: false,
        is_confidential: false,
        is_told: true,
        retried: None,
    };
    let events = vec![Event::Finished { at, status, error: None, operations }];
    store
        .append(Append { execution: id, scenario, fence: job.fence, first_seq: 1, events, staged: None, update })
        .await?;
    Ok(())
}
