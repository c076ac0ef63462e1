//! Stored files: written and read piece by piece, so that no file is ever in
//! memory as a whole.
//!
//! A file belongs to a team and never changes once it is whole. It is kept as
//! long as a journal or a waiting request names it: whoever writes an event
//! that names a file writes a reference in the same transaction (`refer`), so
//! replays, retries and called scenarios keep the files alive that they were
//! given. What nobody names goes: at once when the last run that named it was
//! deleted, after a day when nobody ever did ([`unreferenced`]).

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rouage_model::buffer::PIECE;
use rouage_model::{BlobId, ExecutionId, Stored, TeamId, Value, clock};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set, Statement,
};
use uuid::Uuid;

use crate::entities::{blob_chunks, blob_references, blobs, deliveries};
use crate::text::{column, count, instant, micros};
use crate::{Error, Store, WriteTx};

/// How long a file is kept that no journal names: its run may be about to.
pub const GRACE: SignedDuration = SignedDuration::from_hours(24);
/// Pieces that one transaction deletes.
const PIECES: i32 = 16;
/// Nobody names the file. A request is deleted in several places; its reference
/// counts only while it is there.
const UNNAMED: &str = "NOT EXISTS (SELECT 1 FROM blob_references r WHERE r.blob_id = blobs.id AND \
     (r.execution_id IS NOT NULL OR EXISTS (SELECT 1 FROM deliveries d WHERE d.id = r.delivery_id)))";

/// A file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRow {
    /// The handle.
    pub file: Stored,
    /// Who wrote it; `None` for the file of a request that arrived.
    pub execution: Option<ExecutionId>,
    /// When it was begun.
    pub created_at: Timestamp,
}

/// Begins a file. It has no content and cannot be read until [`finish`].
pub async fn create(store: &Store, team: TeamId, execution: Option<ExecutionId>) -> Result<BlobId, Error> {
    let id = BlobId(clock::execution_id(store.clock().as_ref()).0);
    let row = blobs::ActiveModel {
        id: Set(id.0),
        team_id: Set(team.0),
        execution_id: Set(execution.map(|execution| execution.0)),
        size: Set(0),
        is_whole: Set(false),
        is_released: Set(false),
        created_at: Set(micros(store.now())),
    };
    let tx = store.begin().await?;
    blobs::Entity::insert(row).exec_without_returning(tx.db()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Writes the piece with this number, from 0. Every piece but the last has the
/// length [`PIECE`]. A transaction of its own, so that whoever writes the
/// journal waits for one piece at most.
pub async fn append(store: &Store, id: BlobId, piece: u64, data: &[u8]) -> Result<(), Error> {
    if data.len() > PIECE {
        return Err(Error::Conflict(format!("a piece of a file has {} bytes, more than {PIECE}", data.len())));
    }
    let row = blob_chunks::ActiveModel { blob_id: Set(id.0), seq: Set(number(piece)), data: Set(data.to_vec()) };
    let tx = store.begin().await?;
    blob_chunks::Entity::insert(row).exec_without_returning(tx.db()).await?;
    tx.commit().await
}

/// Says that the file is whole.
pub async fn finish(store: &Store, id: BlobId, size: u64) -> Result<(), Error> {
    let row = blobs::ActiveModel { size: Set(column(size)), is_whole: Set(true), ..Default::default() };
    let tx = store.begin().await?;
    let one = blobs::Column::Id.eq(id.0).and(blobs::Column::IsWhole.eq(false));
    crate::one_row(blobs::Entity::update_many().set(row).filter(one).exec(tx.db()).await?.rows_affected)?;
    tx.commit().await
}

/// A file of the team, if it is whole.
pub async fn find(store: &Store, team: TeamId, id: BlobId) -> Result<Option<BlobRow>, Error> {
    let find = blobs::Entity::find_by_id(id.0).filter(blobs::Column::TeamId.eq(team.0));
    let row = find.filter(blobs::Column::IsWhole.eq(true)).one(store.reader()).await?;
    Ok(row.map(|row| BlobRow {
        file: Stored { id, size: count(row.size) },
        execution: row.execution_id.map(ExecutionId),
        created_at: instant(row.created_at),
    }))
}

/// One piece of a whole file of the team, from 0; `None` after the last one,
/// or when there is no such file.
pub async fn piece(store: &Store, team: TeamId, id: BlobId, piece: u64) -> Result<Option<Bytes>, Error> {
    let of_team = Query::select()
        .column(blobs::Column::Id)
        .from(blobs::Entity)
        .cond_where(
            blobs::Column::Id.eq(id.0).and(blobs::Column::TeamId.eq(team.0)).and(blobs::Column::IsWhole.eq(true)),
        )
        .take();
    let row = blob_chunks::Entity::find_by_id((id.0, number(piece)))
        .filter(blob_chunks::Column::BlobId.in_subquery(of_team))
        .one(store.reader())
        .await?;
    Ok(row.map(|row| row.data.into()))
}

fn number(piece: u64) -> i32 {
    i32::try_from(piece).unwrap_or(i32::MAX)
}

/// Whether a stored text may name a file; a cheap look before [`named`].
pub(crate) fn may_name_files(text: &str) -> bool {
    // As `model::tagged` writes it.
    text.contains("\"$file\"")
}

/// The files that values name, each once.
pub(crate) fn named<'v>(values: impl IntoIterator<Item = &'v Value>) -> Vec<Uuid> {
    let mut ids = BTreeSet::new();
    for value in values {
        value.stored_files(&mut |file| {
            ids.insert(file.id.0);
        });
    }
    ids.into_iter().collect()
}

/// Who names a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holder {
    Execution(Uuid),
    Delivery(i64),
}

/// The row that keeps a file as long as its holder is there.
pub(crate) fn reference(blob: Uuid, holder: Holder) -> blob_references::ActiveModel {
    let (execution, delivery) = match holder {
        Holder::Execution(id) => (Some(id), None),
        Holder::Delivery(id) => (None, Some(id)),
    };
    blob_references::ActiveModel {
        blob_id: Set(blob),
        execution_id: Set(execution),
        delivery_id: Set(delivery),
        ..Default::default()
    }
}

/// Notes who names which files, in the transaction in which they do.
pub(crate) async fn refer(tx: &WriteTx, rows: Vec<blob_references::ActiveModel>) -> Result<(), Error> {
    for rows in rows.chunks(1_000) {
        blob_references::Entity::insert_many(rows.to_vec()).exec_without_returning(tx.db()).await?;
    }
    Ok(())
}

/// Lets go of what executions, and the requests that started them, name. To be
/// called while those rows are still there.
pub(crate) async fn release(tx: &WriteTx, executions: &[Uuid]) -> Result<(), Error> {
    use blob_references::Column::{BlobId as Blob, DeliveryId, ExecutionId as Execution};
    let requests = Query::select()
        .column(deliveries::Column::Id)
        .from(deliveries::Entity)
        .cond_where(deliveries::Column::ExecutionId.is_in(executions.iter().copied()))
        .take();
    let theirs = Execution.is_in(executions.iter().copied()).or(DeliveryId.in_subquery(requests));
    let named: Vec<Uuid> = blob_references::Entity::find()
        .filter(theirs.clone())
        .select_only()
        .column(Blob)
        .distinct()
        .into_tuple()
        .all(tx.db())
        .await?;
    if named.is_empty() {
        return Ok(());
    }
    blob_references::Entity::delete_many().filter(theirs).exec(tx.db()).await?;
    let these = blobs::Column::Id.is_in(named);
    blobs::Entity::update_many()
        .col_expr(blobs::Column::IsReleased, Expr::value(true))
        .filter(these)
        .exec(tx.db())
        .await?;
    Ok(())
}

/// Files that nobody names: those that were let go, and those that are older
/// than [`GRACE`].
pub async fn unreferenced(store: &Store, limit: u32) -> Result<Vec<BlobId>, Error> {
    let before = store.now().checked_sub(GRACE).unwrap_or(Timestamp::MIN);
    let ids: Vec<Uuid> = blobs::Entity::find()
        .filter(blobs::Column::IsReleased.eq(true).or(blobs::Column::CreatedAt.lt(micros(before))))
        .filter(Expr::cust(UNNAMED))
        .order_by_asc(blobs::Column::CreatedAt)
        .limit(u64::from(limit))
        .select_only()
        .column(blobs::Column::Id)
        .into_tuple()
        .all(store.reader())
        .await?;
    Ok(ids.into_iter().map(BlobId).collect())
}

/// Deletes some pieces of a file, the last ones first, and with the last of
/// them the file. Gives whether there is nothing more to delete: it is gone, or
/// somebody names it since it was found [`unreferenced`].
pub async fn delete_some(store: &Store, id: BlobId) -> Result<bool, Error> {
    let tx = store.begin().await?;
    // So that nobody reads half of it.
    let gone = blobs::ActiveModel { is_whole: Set(false), ..Default::default() };
    let unnamed = blobs::Entity::update_many().set(gone).filter(blobs::Column::Id.eq(id.0));
    if unnamed.filter(Expr::cust(UNNAMED)).exec(tx.db()).await?.rows_affected == 0 {
        return Ok(true);
    }
    let last: Option<Option<i32>> = blob_chunks::Entity::find()
        .filter(blob_chunks::Column::BlobId.eq(id.0))
        .select_only()
        .column_as(blob_chunks::Column::Seq.max(), "last")
        .into_tuple()
        .one(tx.db())
        .await?;
    let first = last.flatten().map_or(0, |last| last + 1 - PIECES);
    let these = blob_chunks::Column::BlobId.eq(id.0).and(blob_chunks::Column::Seq.gte(first));
    blob_chunks::Entity::delete_many().filter(these).exec(tx.db()).await?;
    let is_gone = first <= 0;
    if is_gone {
        blob_references::Entity::delete_many().filter(blob_references::Column::BlobId.eq(id.0)).exec(tx.db()).await?;
        blobs::Entity::delete_by_id(id.0).exec(tx.db()).await?;
    }
    tx.commit().await?;
    Ok(is_gone)
}

/// How many files there are and how many bytes they have, those too that are
/// not whole.
pub async fn usage(store: &Store) -> Result<(u64, u64), Error> {
    let backend = match store.shared.pools.backend {
        DbBackend::Postgres => "OCTET_LENGTH",
        _ => "LENGTH",
    };
    let sql = format!(
        "SELECT CAST(COUNT(DISTINCT blob_id) AS BIGINT) AS files, \
         CAST(COALESCE(SUM({backend}(data)), 0) AS BIGINT) AS bytes FROM blob_chunks"
    );
    let statement = Statement::from_string(store.shared.pools.backend, sql);
    let row = store.reader().query_one_raw(statement).await?;
    let Some(row) = row else { return Ok((0, 0)) };
    Ok((count(row.try_get_by("files")?), count(row.try_get_by("bytes")?)))
}
