//! `rouage import`: blueprints become scenarios, with Rouage's own webhook,
//! spreadsheets and outbox standing in.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use rouage_model::{Blueprint, Collection, TeamId, Value, json};
use rouage_runtime::{Control, ImportRequest, Imported, ReportStatus};
use url::Url;

use crate::config::Config;
use crate::data::{self, Access, Data};
use crate::server;

/// What to import.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Blueprint files, as exported from Make.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Switch the scenarios on.
    #[arg(long)]
    on: bool,
    /// Use this value for a field, as in 5.url=https://… or 2.__IMTCONN__=7; may be repeated
    #[arg(long = "set", value_name = "MODULE.FIELD=VALUE", value_parser = parse_link)]
    set: Vec<(String, Value)>,
}

/// `5.url=https://…`: the value is JSON when it can be read as such.
fn parse_link(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write it as MODULE.FIELD=VALUE")?;
    let (module, field) = name.split_once('.').ok_or("write it as MODULE.FIELD=VALUE")?;
    if module.parse::<i64>().is_err() || field.is_empty() {
        return Err(format!("{module:?} is not the number of a module"));
    }
    let value = json::parse(value.as_bytes()).unwrap_or_else(|_| Value::text(value));
    Ok((name.to_owned(), value))
}

/// The data folder, changed while no server runs on it.
struct Workshop {
    data: Data,
    team: TeamId,
    control: Control,
    public_url: Url,
}

/// Imports every file; those that fail are named, the others stay imported.
/// Runs nothing: what waits in the folder is the server's, whose settings
/// this command does not know.
pub async fn run(config: Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let data = data::open(&config, Access::Alone).await?;
    let team = server::default_team(&data).await?;
    let (control, public_url) = server::control_only(&config, &data)?;
    let workshop = Workshop { data, team, control, public_url };
    let mut failed = false;
    for file in &arguments.files {
        if let Err(error) = import(&workshop, file, &arguments).await {
            eprintln!("{}: {error:#}", file.display());
            failed = true;
        }
    }
    workshop.data.store.close().await;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn import(workshop: &Workshop, file: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let blueprint = read(file)?;
    let links: Collection = arguments.set.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let name = blueprint.name().to_owned();
    let (control, team) = (&workshop.control, workshop.team);
    let imported = control.import(team, ImportRequest { blueprint, links }).await?;
    println!("{}: {name:?} is scenario {}", file.display(), imported.scenario);
    print_report(workshop, &imported);
    if arguments.on {
        control.set_enabled(team, imported.scenario, true).await.context("it stays off")?;
        println!("  switched on");
    }
    Ok(())
}

/// Reads a blueprint file.
pub fn read(file: &Path) -> anyhow::Result<Blueprint> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(Blueprint::parse(&bytes)?)
}

fn print_report(workshop: &Workshop, imported: &Imported) {
    let address = |path: &str| format!("{}{path}", workshop.public_url.as_str().trim_end_matches('/'));
    for module in &imported.report.modules {
        let id = module.id.map_or("–".to_owned(), |id| id.to_string());
        let word = match module.status {
            ReportStatus::Same => "same",
            ReportStatus::Check => "please check",
            ReportStatus::Unavailable => "not available",
        };
        let reasons = module.problems.join("; ");
        println!("  {id:>4}  {:<32} {word}{}{reasons}", module.label, if reasons.is_empty() { "" } else { ": " });
    }
    for (id, title) in &imported.spreadsheets {
        println!("  built-in spreadsheet {title:?}: {}", address(&format!("/spreadsheets/{id}")));
    }
    if let Some((_, token)) = &imported.hook {
        println!("  webhook: {}", address(&format!("/hook/{token}")));
    }
}
