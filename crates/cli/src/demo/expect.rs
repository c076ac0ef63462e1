//! What must have come of the orders, and what did.

use std::time::Duration;

use anyhow::{Context as _, bail};
use rouage_model::sheets::{Call, DateTimeRender, ValueRender};
use rouage_model::{ModuleId, ScenarioId, Value, sheets};
use rouage_store::{PageRequest, executions, mails};
use tokio::time::Instant;

use super::orders::{Order, Posted};
use super::peer::Peer;
use crate::server::Server;

const ADD_ROW: ModuleId = ModuleId(3);
const ORDER_COLUMN: usize = 4;

/// How things stood before the orders were posted.
pub struct Before {
    rows: usize,
    mails: u64,
}

/// What came of one order.
pub struct Arrived {
    posted: Posted,
    /// The cells of each row with its number.
    rows: Vec<Vec<String>>,
    mails: usize,
    requests: usize,
}

impl Before {
    /// Counts rows and messages.
    pub async fn look(server: &Server) -> anyhow::Result<Self> {
        Ok(Self { rows: rows(server).await?.len(), mails: mails_total(server).await? })
    }
}

/// The spreadsheet of the example.
pub fn spreadsheet_id() -> anyhow::Result<String> {
    let blueprint = super::example()?;
    let module = blueprint.module(ADD_ROW).context("the example has no module 3")?;
    let id = module.mapper().field("spreadsheetId").as_text().unwrap_or_default();
    Ok(id.trim_start_matches('/').to_owned())
}

async fn rows(server: &Server) -> anyhow::Result<Vec<Vec<String>>> {
    let call = Call::Values {
        id: spreadsheet_id()?.into(),
        ranges: vec!["Orders!A2:Z".into()],
        batch: false,
        render: ValueRender::Formatted,
        dates: DateTimeRender::FormattedString,
    };
    let answer: Result<Value, sheets::ApiError> =
        rouage_store::sheets::read(&server.data().store, server.team, &call).await?;
    let answer = answer?;
    let rows = answer.field("values").as_array().unwrap_or_default();
    let texts = |row: &Value| {
        row.as_array().unwrap_or_default().iter().map(|cell| cell.as_text().unwrap_or_default().to_owned()).collect()
    };
    Ok(rows.iter().map(texts).collect())
}

async fn mails_total(server: &Server) -> anyhow::Result<u64> {
    let page = PageRequest { page: 1, size: 1 };
    Ok(mails::list(&server.data().store, server.team, None, page).await?.total)
}

/// Waits until every run of the scenario is over, then gathers.
pub async fn wait(
    server: &Server,
    scenario: ScenarioId,
    posted: &[Posted],
    before: &Before,
    peer: &Peer,
    patience: Duration,
) -> anyhow::Result<Vec<Arrived>> {
    let deadline = Instant::now() + patience;
    let store = &server.data().store;
    loop {
        let counts = executions::counts(store, server.team, scenario).await?;
        if counts.active() == 0 {
            break;
        }
        if Instant::now() > deadline {
            bail!("{} runs are not over after {} seconds", counts.active(), patience.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    gather(server, posted, before, peer).await
}

async fn gather(server: &Server, posted: &[Posted], before: &Before, peer: &Peer) -> anyhow::Result<Vec<Arrived>> {
    let rows = rows(server).await?.split_off(before.rows);
    let new_mails = mails_total(server).await? - before.mails;
    let page = PageRequest { page: 1, size: 500 };
    let mails = mails::list(&server.data().store, server.team, None, page).await?.items;
    let mails = &mails[..usize::try_from(new_mails).unwrap_or(0).min(mails.len())];
    let requests = peer.received();
    let arrived = posted.iter().map(|posted| {
        let number = posted.id.to_string();
        let own = |row: &&Vec<String>| row.get(ORDER_COLUMN) == Some(&number);
        Arrived {
            posted: *posted,
            rows: rows.iter().filter(own).cloned().collect(),
            mails: mails.iter().filter(|mail| mail.subject.contains(&number)).count(),
            requests: requests.iter().filter(|body| body.field("order").as_i64() == Some(posted.id)).count(),
        }
    });
    Ok(arrived.collect())
}

/// Prints the table of rows.
pub fn print(arrived: &[Arrived]) {
    println!("\n  The rows that arrived in the spreadsheet:\n");
    for arrived in arrived {
        for row in &arrived.rows {
            println!("  {}", row.join(" │ "));
        }
    }
    println!("\n  {:<8} {:>12} {:>12}  {:<5} {:<7}", "order", "accepted in", "row after", "mail", "request");
    for arrived in arrived {
        println!(
            "  {:<8} {:>12} {:>12}  {:<5} {:<7}",
            arrived.posted.id,
            milliseconds(Some(arrived.posted.answered_in)),
            milliseconds(arrived.posted.row_after),
            yes_or_no(arrived.mails),
            yes_or_no(arrived.requests),
        );
    }
}

fn milliseconds(duration: Option<Duration>) -> String {
    duration.map_or("–".to_owned(), |duration| format!("{:.1} ms", duration.as_secs_f64() * 1000.0))
}

fn yes_or_no(count: usize) -> String {
    match count {
        0 => "–".to_owned(),
        1 => "yes".to_owned(),
        many => format!("{many}×"),
    }
}

/// Everything that is not as it must be.
pub fn judge(arrived: &[Arrived], orders: &[Order]) -> Vec<String> {
    let mut problems = Vec::new();
    for order in orders {
        let Some(arrived) = arrived.iter().find(|arrived| arrived.posted.id == order.id()) else {
            problems.push(format!("order {} was not accepted", order.id()));
            continue;
        };
        let mut must = |what: &str, wanted: usize, found: usize| {
            if wanted != found {
                problems.push(format!("order {}: {wanted} {what} expected, {found} found", order.id()));
            }
        };
        must("rows", 1, arrived.rows.len());
        must("mails", usize::from(order.wants_mail()), arrived.mails);
        must("requests", usize::from(order.wants_request()), arrived.requests);
        let buyer = order.value.field("last_name").as_text();
        if arrived.rows.first().and_then(|row| row.first()).map(String::as_str) != buyer {
            problems.push(format!("order {}: the row does not begin with the buyer's name", order.id()));
        }
    }
    problems
}
