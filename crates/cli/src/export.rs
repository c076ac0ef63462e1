//! `rouage export`: a scenario as the blueprint that it was imported from.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use rouage_model::{ScenarioId, json};
use rouage_store::{PageRequest, scenarios};

use crate::config::Config;
use crate::data::{self, Access};
use crate::server;

/// What to export.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The number of the scenario; without it all scenarios are listed.
    scenario: Option<i64>,
    /// Write to this file instead of the screen.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes one blueprint, or lists what there is.
pub async fn run(config: Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let data = data::open(&config, Access::Reading).await?;
    let team = server::default_team(&data).await?;
    let Some(id) = arguments.scenario else {
        let all = scenarios::list(&data.store, team, None, PageRequest { page: 1, size: 500 }).await?;
        for scenario in all.items {
            println!("{:>5}  {:<3}  {}", scenario.id, if scenario.enabled { "on" } else { "off" }, scenario.name);
        }
        return Ok(ExitCode::SUCCESS);
    };
    let scenario = scenarios::find(&data.store, team, ScenarioId(id)).await?;
    let scenario = scenario.with_context(|| format!("there is no scenario {id}; `rouage export` lists them"))?;
    let text = json::write(scenario.blueprint.document(), json::Style::Indented("    "));
    match arguments.output {
        Some(file) => std::fs::write(&file, text + "\n").with_context(|| format!("writing {}", file.display()))?,
        None => println!("{text}"),
    }
    data.store.close().await;
    Ok(ExitCode::SUCCESS)
}
