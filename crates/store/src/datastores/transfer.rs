//! Many records at once: out to a file, in from one.

use super::records::{Record, Writer};
use super::take;
use crate::{Error, Store, WriteTx};
use rouage_model::{Collection, DatastoreId, TeamId, Text};

/// Records written in one statement; both databases allow their parameters.
const CHUNK: usize = 500;
/// The most problems that are told of one file.
const MOST_PROBLEMS: usize = 50;

/// Some records after a place, in the order they were added, and the place to
/// go on from; 0 is the beginning, `None` the end.
pub async fn some(
    store: &Store,
    team: TeamId,
    id: DatastoreId,
    after: i64,
) -> Result<(Vec<Record>, Option<i64>), Error> {
    if super::find(store, team, id).await?.is_none() {
        return Err(Error::NotFound);
    }
    super::scan(store.reader(), id, after).await
}

/// Adds records; those whose key is taken are replaced. All or none: when any
/// is refused the transaction must be dropped, and the inner error names each
/// by its place in the list.
pub async fn import(
    tx: &mut WriteTx,
    team: TeamId,
    id: DatastoreId,
    records: &[(Option<Text>, Collection)],
) -> Result<Result<(), Vec<(usize, String)>>, Error> {
    let store = take(tx.db(), team, id).await?.ok_or(Error::NotFound)?;
    let mut writer = Writer::new(tx, store, None).await?;
    let mut problems = Vec::new();
    for (number, chunk) in records.chunks(CHUNK).enumerate() {
        let refused = writer.put_all(chunk).await?;
        problems.extend(refused.into_iter().map(|(at, problem)| (number * CHUNK + at, problem)));
        if problems.len() >= MOST_PROBLEMS {
            break;
        }
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    writer.finish().await?;
    Ok(Ok(()))
}
