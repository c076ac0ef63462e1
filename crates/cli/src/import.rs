//! `rouage import`: blueprints become scenarios, with Rouage's own webhook,
//! spreadsheets and outbox standing in.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use rouage_model::{Blueprint, Collection, Value, json};
use rouage_runtime::{ImportRequest, Imported, ReportStatus};

use crate::config::Config;
use crate::server::{self, Server};

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

/// Imports every file; those that fail are named, the others stay imported.
pub async fn run(config: Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let mut quiet = config.clone();
    // The pages are not needed: any free port will do.
    "127.0.0.1:0".clone_into(&mut quiet.listen);
    if quiet.public_url.is_none() {
        quiet.public_url = Some(format!("http://{}", config.listen).parse()?);
    }
    let server = server::start(&quiet).await?;
    let mut failed = false;
    for file in &arguments.files {
        if let Err(error) = import(&server, file, &arguments).await {
            eprintln!("{}: {error:#}", file.display());
            failed = true;
        }
    }
    server.stop().await;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn import(server: &Server, file: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let blueprint = read(file)?;
    let links: Collection = arguments.set.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    let name = blueprint.name().to_owned();
    let imported = server.control.import(server.team, ImportRequest { blueprint, links }).await?;
    println!("{}: {name:?} is scenario {}", file.display(), imported.scenario);
    print_report(server, &imported);
    if arguments.on {
        server.control.set_enabled(server.team, imported.scenario, true).await.context("it stays off")?;
        println!("  switched on");
    }
    Ok(())
}

/// Reads a blueprint file.
pub fn read(file: &Path) -> anyhow::Result<Blueprint> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(Blueprint::parse(&bytes)?)
}

fn print_report(server: &Server, imported: &Imported) {
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
        println!("  built-in spreadsheet {title:?}: {}", server.address(&format!("/spreadsheets/{id}")));
    }
    if let Some((_, token)) = &imported.hook {
        println!("  webhook: {}", server.address(&format!("/hook/{token}")));
    }
}
