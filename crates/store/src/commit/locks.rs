//! Takes the rows that the staged effects of a batch will write to, in one
//! order. Two nodes that took them as their requests came would wait for each
//! other, and modules would fail for it. SQLite has one writer and needs none of
//! this.
//!
//! The order: data stores, spreadsheets, counters, each by its key. A rollback
//! outside of a batch takes them in the same one ([`crate::transactions`]).

use std::collections::BTreeSet;

use sea_orm::sea_query::Value as Column;
use sea_orm::{ConnectionTrait, DbBackend};
use uuid::Uuid;

use super::statements::Given;
use super::{Request, StoreEffect};
use crate::Error;
use crate::store::WriteTx;

const DATASTORES: &str = "SELECT id FROM datastores WHERE id IN (SELECT id FROM given) OR id IN \
     (SELECT l.target FROM undo_log l JOIN given ON l.execution_id = given.run WHERE l.kind = 'record') \
     ORDER BY id FOR UPDATE";
const SPREADSHEETS: &str = "SELECT number FROM spreadsheets WHERE id IN (SELECT id FROM given) OR number IN \
     (SELECT l.target FROM undo_log l JOIN given ON l.execution_id = given.run \
     WHERE l.kind IN ('sheet-call', 'sheet-made')) ORDER BY number FOR UPDATE";
/// Advisory ones: the row of a counter may not be there yet.
const COUNTERS: &str = "SELECT pg_advisory_xact_lock(key) FROM \
     (SELECT DISTINCT hashtextextended(id, 0) AS key FROM given ORDER BY key) AS keys";

/// What a batch will write to, each once.
#[derive(Default)]
pub(super) struct Targets {
    datastores: BTreeSet<i64>,
    spreadsheets: BTreeSet<String>,
    counters: BTreeSet<String>,
    /// Runs whose notes say it.
    rollbacks: BTreeSet<Uuid>,
}

impl Targets {
    pub(super) fn of(requests: &[Request]) -> Self {
        let mut targets = Self::default();
        for request in requests {
            if let Request::Append(entry, _) = request {
                entry.staged.iter().for_each(|staged| targets.add(&staged.effect));
            }
        }
        targets
    }

    fn add(&mut self, effect: &StoreEffect) {
        match effect {
            StoreEffect::Revocable { effect, .. } => self.add(effect),
            StoreEffect::Datastore(call) => {
                self.datastores.insert(call.store().0);
            }
            StoreEffect::Sheets(call) => self.spreadsheets.extend(call.spreadsheet().map(ToOwned::to_owned)),
            StoreEffect::Counter { scenario, module } => {
                self.counters.insert(format!("counter {scenario} {module}"));
            }
            StoreEffect::Rollback { execution } => {
                self.rollbacks.insert(execution.0);
            }
            // Rows that only their own run writes to.
            StoreEffect::Mail(_)
            | StoreEffect::Incomplete(_)
            | StoreEffect::Position(_)
            | StoreEffect::Start(_)
            | StoreEffect::Commit { .. } => {}
        }
    }
}

/// Takes them until the transaction ends.
pub(super) async fn take(tx: &WriteTx, targets: Targets) -> Result<(), Error> {
    if tx.backend() != DbBackend::Postgres {
        return Ok(());
    }
    run(tx, DATASTORES, &["bigint", "uuid"], targets.datastores, &targets.rollbacks).await?;
    run(tx, SPREADSHEETS, &["text", "uuid"], targets.spreadsheets, &targets.rollbacks).await?;
    run(tx, COUNTERS, &["text", "uuid"], targets.counters, &BTreeSet::new()).await
}

async fn run<K>(
    tx: &WriteTx,
    sql: &str,
    types: &'static [&'static str],
    keys: BTreeSet<K>,
    runs: &BTreeSet<Uuid>,
) -> Result<(), Error>
where
    Option<K>: Into<Column>,
{
    if keys.is_empty() && runs.is_empty() {
        return Ok(());
    }
    let mut given = Given::new(tx.backend(), "id, run", types);
    for key in keys {
        given.row([Some(key).into(), None::<Uuid>.into()]);
    }
    for run in runs {
        given.row([None::<K>.into(), Some(*run).into()]);
    }
    tx.db().query_all_raw(given.then(sql)).await?;
    Ok(())
}
