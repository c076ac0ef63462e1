//! Data stores: tables of records by key, for scenarios and for people.
//!
//! [`execute`] and [`read`] answer [`Call`]s with the bodies that the calls
//! describe; a refusal is the inner result and is found before anything is
//! written. The rest serves the pages.
//!
//! Every write first takes the row of its data store, so that two writers at
//! once neither exceed its size nor lose each other's records. That row also
//! counts the writes; a record carries the count of its last one, which is how
//! a rollback sees that somebody else was there ([`crate::transactions`]).
//!
//! A record's data is tagged JSON, version 1, fixture in `tests/compat.rs`.

mod browse;
mod pages;
mod records;
mod transfer;

use rouage_model::datastore::Call;
use rouage_model::sheets::ApiError;
use rouage_model::{Collection, DatastoreId, ExecutionId, TeamId, Value};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

pub use browse::{Browse, Order, browse};
pub use pages::{Datastore, Settings, create, delete, find, list, update, used_by};
pub use records::Record;
pub use transfer::{import, some};

use crate::entities::{datastore_records as rows, datastores};
use crate::{Error, Store, WriteTx};

/// What a call comes to: the inner result is for who made it.
type Answer<T> = Result<Result<T, ApiError>, Error>;

/// Records read at once by [`Call::Scan`].
const SCAN_RECORDS: u64 = 500;
/// Bytes of records after which a scan stops for the moment.
const SCAN_BYTES: i64 = 4 * 1024 * 1024;

/// Passes a refusal on as the inner result.
macro_rules! allowed {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Ok(Err(error)),
        }
    };
}
pub(crate) use allowed;

/// The refusals, under names that the runtime turns into Make's error types.
pub mod refusals {
    use rouage_model::sheets::ApiError;

    /// There is no such data store or record.
    pub const NOT_FOUND: &str = "NOT_FOUND";
    /// The key is taken: DuplicateDataError.
    pub const ALREADY_EXISTS: &str = "ALREADY_EXISTS";
    /// The data store is full: OutOfSpaceError.
    pub const OUT_OF_SPACE: &str = "OUT_OF_SPACE";
    /// The record does not fit.
    pub const INVALID: &str = "INVALID_ARGUMENT";

    pub(crate) fn not_found(message: impl Into<String>) -> ApiError {
        ApiError { code: 404, status: NOT_FOUND, message: message.into() }
    }

    pub(crate) fn exists(key: &str) -> ApiError {
        let message = format!("there is a record with the key {key:?} already; overwriting was not allowed");
        ApiError { code: 409, status: ALREADY_EXISTS, message }
    }

    pub(crate) fn full(name: &str) -> ApiError {
        let message = format!("the data store {name:?} is full; make it larger on its page, or take records away");
        ApiError { code: 507, status: OUT_OF_SPACE, message }
    }
}

/// Makes a call that writes. `run` is the execution that may still take it
/// back: what it needs for that is noted in the same transaction.
pub async fn execute(tx: &mut WriteTx, team: TeamId, call: &Call, run: Option<ExecutionId>) -> Answer<Value> {
    if !call.is_write() {
        return Err(Error::Conflict("a call that reads was sent to the writer".to_owned()));
    }
    let Some(store) = take(tx.db(), team, call.store()).await? else {
        return Ok(Err(gone()));
    };
    let mut writer = records::Writer::new(tx, store, run).await?;
    let answer = match call {
        Call::Add { key, data, overwrite, .. } => writer.add(key.as_deref(), data, *overwrite).await?,
        Call::Update { key, data, upsert, arrays, .. } => writer.update(key, data, *upsert, *arrays).await?,
        Call::Delete { key, .. } => Ok(writer.delete(key).await?),
        _ => Ok(writer.delete_all().await?),
    };
    let answer = allowed!(answer);
    writer.finish().await?;
    Ok(Ok(answer))
}

/// Makes a call that reads, next to a writer that is at work.
pub async fn read(store: &Store, team: TeamId, call: &Call) -> Answer<Value> {
    let db = store.reader();
    let id = call.store();
    let found = datastores::Entity::find_by_id(id.0).filter(datastores::Column::TeamId.eq(team.0)).one(db).await?;
    let Some(found) = found else { return Ok(Err(gone())) };
    match call {
        Call::Get { key, .. } => {
            let record = records::find(db, id, key).await?;
            Ok(Ok(record.map(Record::into_value).unwrap_or_default()))
        }
        Call::Scan { after, .. } => {
            let (records, next) = scan(db, id, *after).await?;
            let records: Vec<Value> = records.into_iter().map(Record::into_scanned).collect();
            Ok(Ok(Collection::from_iter([("records", Value::from(records)), ("next", Value::from(next))]).into()))
        }
        Call::Count { .. } => Ok(Ok(Collection::from_iter([("count", found.records)]).into())),
        _ => Err(Error::Conflict("a call that writes was sent to the reader".to_owned())),
    }
}

fn gone() -> ApiError {
    refusals::not_found("the data store does not exist any more: choose another one on the scenario's Set-up tab")
}

/// The row of a data store, and nobody else writes to it until the end of the
/// transaction.
async fn take<C: ConnectionTrait>(db: &C, team: TeamId, id: DatastoreId) -> Result<Option<datastores::Model>, Error> {
    let one = datastores::Entity::find_by_id(id.0).filter(datastores::Column::TeamId.eq(team.0));
    Ok(one.lock_exclusive().one(db).await?)
}

/// Some records after a place, in the order they were added; and where to go
/// on, unless that was all.
async fn scan<C: ConnectionTrait>(db: &C, id: DatastoreId, after: i64) -> Result<(Vec<Record>, Option<i64>), Error> {
    use rows::Column::{DatastoreId as Store, Id, Size};
    let following = || rows::Entity::find().filter(Store.eq(id.0)).filter(Id.gt(after)).order_by_asc(Id);
    let sizes = following().select_only().columns([Id, Size]).limit(SCAN_RECORDS);
    let sizes: Vec<(i64, i32)> = sizes.into_tuple().all(db).await?;
    let mut bytes = 0;
    let fits = |size: &&(i64, i32)| {
        let before = bytes;
        bytes += i64::from(size.1);
        before < SCAN_BYTES
    };
    let taken = sizes.iter().take_while(fits).count();
    let Some((last, _)) = sizes[..taken].last().copied() else { return Ok((Vec::new(), None)) };
    let is_end = taken == sizes.len() && (sizes.len() as u64) < SCAN_RECORDS;
    let found = following().filter(Id.lte(last)).all(db).await?;
    let records = found.into_iter().map(Record::try_from).collect::<Result<_, _>>()?;
    Ok((records, (!is_end).then_some(last)))
}
