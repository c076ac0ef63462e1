//! `rouage demo`: the main job, shown. A fresh Rouage starts, imports the
//! example, switches it on, gets orders posted over real HTTP, and shows the
//! rows, mails and requests that came of them.

mod expect;
mod orders;
mod peer;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use rouage_model::{Collection, ScenarioId, Value};
use rouage_runtime::ImportRequest;
use rouage_store::users::{self, PasswordHash};
use rouage_store::{PageRequest, hooks, scenarios};
use tokio::net::TcpListener;

use crate::config::Config;
use crate::server::{self, Server};
use peer::Peer;

/// The example, also when the program runs far from its sources.
const BLUEPRINT: &[u8] = include_bytes!("../../../../examples/order-to-spreadsheet/blueprint.json");

/// How the demo ends.
#[derive(Debug, Args)]
pub struct Arguments {
    /// End after the orders arrived; succeed only if all came as expected.
    #[arg(long)]
    once: bool,
}

/// How long the orders may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the demo.
pub async fn run(mut config: Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let fresh = if config.data_is_given { None } else { Some(fresh_folder()?) };
    if let Some(folder) = &fresh {
        config.data.clone_from(folder);
    }
    if !config.listen_is_given && TcpListener::bind(&config.listen).await.is_err() {
        // Something else has the usual port: a demo can take any.
        "127.0.0.1:0".clone_into(&mut config.listen);
    }
    let outcome = show(&mut config, &arguments).await;
    if arguments.once
        && let Some(folder) = fresh
    {
        // A left-over folder in the temporary directory does no harm.
        let _ = std::fs::remove_dir_all(folder);
    }
    outcome
}

fn fresh_folder() -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("rouage-demo-{}", std::process::id()));
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    Ok(folder)
}

async fn show(config: &mut Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    step("Starting a program that plays the coupon service");
    let peer = Peer::start().await?;
    config.allow_net.push(peer.address.to_string());
    step(&format!("Starting Rouage with its data in {}", config.data.display()));
    let server = server::start(config).await?;
    step(&format!("Rouage answers at {}", server.public_url));
    let outcome = play(&server, &peer, config, arguments).await;
    server.stop().await;
    outcome
}

async fn play(server: &Server, peer: &Peer, config: &Config, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    sign_up(server).await?;
    let scenario = prepare(server, peer).await?;
    let orders = orders::all()?;
    let hook = hook_address(server, scenario).await?;
    step(&format!("Posting {} orders to {hook}", orders.len()));
    let before = expect::Before::look(server).await?;
    let posted = orders::post(config, &hook, &orders, server.data().store.changes()).await?;
    let arrived = expect::wait(server, scenario, &posted, &before, peer, PATIENCE).await?;
    expect::print(&arrived);
    print_links(server, scenario).await?;
    let complete = expect::judge(&arrived, &orders);
    for problem in &complete {
        println!("  ! {problem}");
    }
    if arguments.once {
        return Ok(if complete.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    println!("\nRouage stays up. Post an order yourself:");
    println!("  curl -H 'Content-Type: application/json' -d '{}' {hook}", orders::SMALL);
    println!("Ctrl-C ends it.");
    server::asked_to_end().await;
    Ok(ExitCode::SUCCESS)
}

/// Says what happens next.
fn step(text: &str) {
    println!("• {text}");
}

/// The demo's owner: a one-time link signs in, nobody needs the password.
async fn sign_up(server: &Server) -> anyhow::Result<()> {
    let store = &server.data().store;
    if users::count(store).await? > 0 {
        return Ok(());
    }
    let password = rouage_model::clock::token(server.data().clock.as_ref());
    let hash = PasswordHash::new(store, &password).await?;
    let mut tx = store.begin().await?;
    users::create(&mut tx, "demo@example.com", "Demo", &hash).await?;
    tx.commit().await?;
    Ok(())
}

/// Imports and switches on the example, or finds it from an earlier demo.
async fn prepare(server: &Server, peer: &Peer) -> anyhow::Result<ScenarioId> {
    let blueprint = example()?;
    let page = PageRequest { page: 1, size: 500 };
    let known = scenarios::list(&server.data().store, server.team, None, page).await?;
    let coupon_url = Value::text(format!("http://{}/used", peer.address));
    if let Some(known) = known.items.iter().find(|scenario| scenario.name == blueprint.name()) {
        step("The example is here from an earlier demo");
        let scenario = scenarios::find(&server.data().store, server.team, known.id).await?;
        let scenario = scenario.context("the example scenario is gone")?;
        let mut links = scenario.links.as_collection().cloned().unwrap_or_default();
        links.insert("5.url", coupon_url);
        let mut tx = server.data().store.begin().await?;
        scenarios::set_links(&mut tx, server.team, known.id, &links.into()).await?;
        tx.commit().await?;
        server.control.refresh().await;
        server.control.set_enabled(server.team, known.id, true).await?;
        return Ok(known.id);
    }
    step("Importing examples/order-to-spreadsheet/blueprint.json and switching it on");
    let links: Collection = [("5.url", coupon_url)].into_iter().collect();
    let imported = server.control.import(server.team, ImportRequest { blueprint, links }).await?;
    server.control.set_enabled(server.team, imported.scenario, true).await?;
    Ok(imported.scenario)
}

/// The example from the working folder, so that an edited one is used; else
/// the one inside the program.
fn example() -> anyhow::Result<rouage_model::Blueprint> {
    let path = Path::new("examples/order-to-spreadsheet/blueprint.json");
    match path.exists() {
        true => crate::import::read(path),
        false => Ok(rouage_model::Blueprint::parse(BLUEPRINT)?),
    }
}

async fn hook_address(server: &Server, scenario: ScenarioId) -> anyhow::Result<String> {
    let scenario = scenarios::find(&server.data().store, server.team, scenario).await?;
    let hook = scenario.and_then(|scenario| scenario.hook).context("the example has no webhook")?;
    let hook = hooks::find(&server.data().store, server.team, hook).await?;
    let Some(hook) = hook else { bail!("the example's webhook is gone") };
    Ok(server.address(&format!("/hook/{}", hook.token)))
}

async fn print_links(server: &Server, scenario: ScenarioId) -> anyhow::Result<()> {
    println!("\nSee for yourself (each link signs in once, within an hour):");
    let sheet = expect::spreadsheet_id()?;
    for (what, path) in [
        ("the scenario", format!("/scenarios/{scenario}")),
        ("its history", format!("/scenarios/{scenario}/history")),
        ("the spreadsheet", format!("/spreadsheets/{sheet}")),
        ("the outbox", "/outbox".to_owned()),
    ] {
        println!("  {what:<16} {}", server.web.one_time_link(&path));
    }
    Ok(())
}
