//! `rouage executions`: the latest runs, or one in detail.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use rouage_model::ScenarioId;
use rouage_store::executions::{Execution, Filter};
use rouage_store::{executions, journal};

use crate::config::Config;
use crate::data::{self, Access};
use crate::server;

/// Which executions.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print the journal of this execution.
    execution: Option<String>,
    /// Only those of this scenario.
    #[arg(long, value_name = "NUMBER")]
    scenario: Option<i64>,
    /// Only those that stand so: queued, running, waiting, in-doubt, success, warning, error, stopped.
    #[arg(long)]
    status: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 20)]
    limit: u32,
}

/// Lists, newest first.
pub async fn run(config: Config, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let data = data::open(&config, Access::Reading).await?;
    let team = server::default_team(&data).await?;
    if let Some(id) = &arguments.execution {
        let id = id.parse().with_context(|| format!("{id:?} is not the id of an execution"))?;
        executions::find(&data.store, team, id).await?.context("there is no such execution")?;
        for event in journal::events(&data.store, id).await? {
            println!("{}", event.encode());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let status = arguments.status.as_deref().map(str::parse).transpose().map_err(anyhow::Error::msg)?;
    let filter = Filter { scenario: arguments.scenario.map(ScenarioId), status, ..Filter::default() };
    let page = executions::list(&data.store, team, &filter, None, arguments.limit).await?;
    if page.items.is_empty() {
        println!("no executions");
    }
    page.items.iter().for_each(print);
    data.store.close().await;
    Ok(ExitCode::SUCCESS)
}

fn print(execution: &Execution) {
    let error = execution.error.as_deref().unwrap_or_default();
    println!(
        "{}  {:<9} {}  {}{}{error}",
        execution.id,
        execution.status,
        rouage_model::json::iso(execution.created_at),
        execution.scenario_name,
        if error.is_empty() { "" } else { ": " },
    );
}
