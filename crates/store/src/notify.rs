//! News between the nodes of a PostgreSQL: LISTEN and NOTIFY.
//!
//! News is a courtesy. It is sent after the commit, may be lost while a
//! connection is down ([`Change::Missed`] says so), and nothing that must
//! happen depends on it: workers also look for jobs by themselves.

use std::collections::HashSet;
use std::sync::Weak;

use rouage_model::{ConnectionId, ExecutionId, HookId, ScenarioId};
use sea_orm::sqlx::postgres::{PgListener, PgPool};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::sync::{broadcast, mpsc};
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::Error;
use crate::store::{Change, Shared};

const CHANNEL: &str = "rouage";
/// PostgreSQL takes payloads of less than 8000 bytes.
const PAYLOAD: usize = 7000;
/// News that waits to be sent; more is dropped.
pub(crate) const QUEUE: usize = 8192;

/// Starts to listen; ends when the pool is closed.
pub(crate) async fn listen(
    pool: &PgPool,
    node: Uuid,
    changes: broadcast::Sender<Change>,
) -> Result<AbortHandle, Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    let pool = pool.clone();
    let task = tokio::spawn(async move {
        let node = node.to_string();
        while !pool.is_closed() {
            match listener.try_recv().await {
                Ok(Some(notification)) => {
                    for change in read(notification.payload(), &node) {
                        // An error means that nobody listens.
                        let _ = changes.send(change);
                    }
                }
                Ok(None) => drop(changes.send(Change::Missed)),
                Err(error) => {
                    tracing::warn!(%error, "news of other nodes is interrupted");
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
            }
        }
    });
    Ok(task.abort_handle())
}

/// Sends news to the other nodes until the store is gone.
pub(crate) async fn tell(shared: Weak<Shared>, mut news: mpsc::Receiver<Change>) {
    let mut batch = Vec::new();
    while news.recv_many(&mut batch, 512).await > 0 {
        let Some(shared) = shared.upgrade() else { return };
        for payload in payloads(&shared.node.to_string(), batch.drain(..)) {
            let sql = "SELECT pg_notify($1, $2)";
            let statement = Statement::from_sql_and_values(DbBackend::Postgres, sql, [CHANNEL.into(), payload.into()]);
            if let Err(error) = shared.pools.writer.query_one_raw(statement).await {
                tracing::debug!(%error, "other nodes were not told");
            }
        }
    }
}

/// The node on the first line, then one change a line; each change once.
fn payloads(node: &str, changes: impl Iterator<Item = Change>) -> Vec<String> {
    let mut told = HashSet::new();
    let mut payloads: Vec<String> = Vec::new();
    for line in changes.map(|change| write(&change)) {
        if line.is_empty() || line.len() > PAYLOAD - 64 || !told.insert(line.clone()) {
            continue;
        }
        match payloads.last_mut() {
            Some(payload) if payload.len() + line.len() < PAYLOAD => {
                payload.push('\n');
                payload.push_str(&line);
            }
            _ => payloads.push(format!("{node}\n{line}")),
        }
    }
    payloads
}

fn write(change: &Change) -> String {
    match change {
        Change::Execution(id, scenario) => format!("execution {id} {scenario}"),
        Change::Hook(id) => format!("hook {id}"),
        Change::Scenario(id) => format!("scenario {id}"),
        Change::Draft(id) => format!("draft {id}"),
        Change::Connection(id) => format!("connection {id}"),
        Change::Spreadsheet(id) => format!("spreadsheet {id}"),
        Change::Stop(id) => format!("stop {id}"),
        Change::Mail => "mail".to_owned(),
        Change::Jobs => "jobs".to_owned(),
        Change::Missed => String::new(),
    }
}

/// What another node tells; nothing when it is this node itself.
fn read(payload: &str, node: &str) -> Vec<Change> {
    match payload.split_once('\n') {
        Some((from, lines)) if from != node => lines.lines().filter_map(read_line).collect(),
        _ => Vec::new(),
    }
}

/// A line of a newer node that is not understood is left out.
fn read_line(line: &str) -> Option<Change> {
    let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
    Some(match kind {
        "execution" => {
            let (id, scenario) = rest.split_once(' ')?;
            Change::Execution(id.parse::<ExecutionId>().ok()?, scenario.parse::<ScenarioId>().ok()?)
        }
        "hook" => Change::Hook(rest.parse::<HookId>().ok()?),
        "scenario" => Change::Scenario(rest.parse::<ScenarioId>().ok()?),
        "draft" => Change::Draft(rest.parse::<ScenarioId>().ok()?),
        "connection" => Change::Connection(rest.parse::<ConnectionId>().ok()?),
        "spreadsheet" => Change::Spreadsheet(rest.into()),
        "stop" => Change::Stop(rest.parse::<ExecutionId>().ok()?),
        "mail" => Change::Mail,
        "jobs" => Change::Jobs,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_comes_back_once_and_not_to_its_sender() {
        let execution = Change::Execution(ExecutionId(Uuid::from_u128(7)), ScenarioId(3));
        let changes = vec![
            execution,
            Change::Hook(HookId(1)),
            Change::Scenario(ScenarioId(2)),
            Change::Draft(ScenarioId(2)),
            Change::Connection(ConnectionId(4)),
            Change::Spreadsheet("abc".into()),
            Change::Stop(ExecutionId(Uuid::from_u128(8))),
            Change::Mail,
            Change::Jobs,
        ];
        let payloads = payloads("me", changes.iter().cloned().chain([Change::Jobs, Change::Missed]));
        assert_eq!(payloads.len(), 1);
        assert_eq!(read(&payloads[0], "you"), changes);
        assert!(read(&payloads[0], "me").is_empty());
    }

    #[test]
    fn much_news_is_cut_into_payloads_that_fit() {
        let many = (0..1000).map(|number| Change::Execution(ExecutionId(Uuid::from_u128(number)), ScenarioId(1)));
        let payloads = payloads("me", many);
        assert!(payloads.len() > 1 && payloads.iter().all(|payload| payload.len() < 8000));
        assert_eq!(payloads.iter().map(|payload| read(payload, "you").len()).sum::<usize>(), 1000);
    }
}
