//! `rouage executions`: the latest runs, or one in detail.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use rouage_model::{ScenarioId, Value, json};
use rouage_store::executions::{Execution, Filter};
use rouage_store::{executions, journal};

use crate::config::Config;
use crate::data::{self, Access, Data};
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
    /// Print each as one line of JSON, with its journal.
    #[arg(long)]
    json: bool,
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
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut after, mut missing) = (None, arguments.limit);
    while missing > 0 {
        let page = executions::list(&data.store, team, &filter, after, missing).await?;
        for execution in &page.items {
            match arguments.json {
                true => writeln!(out, "{}", in_full(&data, execution).await?)?,
                false => print(&mut out, execution)?,
            }
        }
        missing = missing.saturating_sub(u32::try_from(page.items.len()).unwrap_or(u32::MAX));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if missing == arguments.limit && !arguments.json {
        writeln!(out, "no executions")?;
    }
    out.flush()?;
    data.store.close().await;
    Ok(ExitCode::SUCCESS)
}

/// An execution and its journal in one line.
async fn in_full(data: &Data, execution: &Execution) -> anyhow::Result<String> {
    let events = journal::events(&data.store, execution.id).await?;
    let journal: Vec<String> = events.iter().map(|event| event.encode()).collect();
    let text = |text: &str| json::to_string(&Value::from(text));
    Ok(format!(
        r#"{{"id":{},"scenario":{},"status":{},"origin":{},"createdAt":{},"error":{},"journal":[{}]}}"#,
        text(&execution.id.to_string()),
        execution.scenario,
        text(execution.status.as_str()),
        text(execution.origin.as_str()),
        text(&json::iso(execution.created_at)),
        text(execution.error.as_deref().unwrap_or_default()),
        journal.join(","),
    ))
}

fn print(out: &mut impl Write, execution: &Execution) -> std::io::Result<()> {
    let error = execution.error.as_deref().unwrap_or_default();
    writeln!(
        out,
        "{}  {:<9} {}  {}{}{error}",
        execution.id,
        execution.status,
        json::iso(execution.created_at),
        execution.scenario_name,
        if error.is_empty() { "" } else { ": " },
    )
}
