//! The stored rows of one sheet. A row without a filled cell is not stored.

use std::ops::RangeInclusive;

use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set};

use super::cell::{self, Cell};
use super::entities::row::{ActiveModel, Column, Entity};
use crate::Error;

/// Which sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SheetKey {
    pub(super) spreadsheet: i64,
    pub(super) sheet_id: i64,
}

/// A row: where, and its cells.
pub(super) type Row = (u32, Vec<Cell>);

/// Rows read or written in one statement; below SQLite's limit of parameters.
const CHUNK: usize = 2_000;

fn of(key: SheetKey) -> Select<Entity> {
    Entity::find().filter(Column::Spreadsheet.eq(key.spreadsheet)).filter(Column::SheetId.eq(key.sheet_id))
}

/// A stored index. Only shifting uses negative ones, within a transaction.
fn index(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}

/// The stored rows of a range, in order.
pub(super) async fn load<C: ConnectionTrait>(
    db: &C,
    key: SheetKey,
    range: RangeInclusive<u32>,
) -> Result<Vec<Row>, Error> {
    let found: Vec<(i64, String)> = of(key)
        .filter(Column::RowIndex.between(i64::from(*range.start()), i64::from(*range.end())))
        .select_only()
        .columns([Column::RowIndex, Column::Cells])
        .order_by_asc(Column::RowIndex)
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().map(|(at, cells)| (index(at), cell::decode(&cells))).collect())
}

/// Up to a chunk of stored rows from `from` on, in order. Fewer than
/// [`is_last_chunk`] allows means that there are no more.
pub(super) async fn load_chunk<C: ConnectionTrait>(db: &C, key: SheetKey, from: u32) -> Result<Vec<Row>, Error> {
    let found: Vec<(i64, String)> = of(key)
        .filter(Column::RowIndex.gte(i64::from(from)))
        .select_only()
        .columns([Column::RowIndex, Column::Cells])
        .order_by_asc(Column::RowIndex)
        .limit(CHUNK as u64)
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().map(|(at, cells)| (index(at), cell::decode(&cells))).collect())
}

/// Whether nothing follows this chunk.
pub(super) fn is_last_chunk(chunk: &[Row]) -> bool {
    chunk.len() < CHUNK
}

/// The stored rows of a range from its end, at most `limit`.
pub(super) async fn load_backwards<C: ConnectionTrait>(
    db: &C,
    key: SheetKey,
    range: RangeInclusive<u32>,
    limit: u64,
) -> Result<Vec<Row>, Error> {
    let found: Vec<(i64, String)> = of(key)
        .filter(Column::RowIndex.between(i64::from(*range.start()), i64::from(*range.end())))
        .select_only()
        .columns([Column::RowIndex, Column::Cells])
        .order_by_desc(Column::RowIndex)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().map(|(at, cells)| (index(at), cell::decode(&cells))).collect())
}

/// The last row that holds something.
pub(super) async fn last<C: ConnectionTrait>(db: &C, key: SheetKey) -> Result<Option<u32>, Error> {
    let found: Option<i64> = of(key)
        .select_only()
        .column(Column::RowIndex)
        .order_by_desc(Column::RowIndex)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.map(index))
}

/// Writes whole rows; a row that became empty is taken away.
pub(super) async fn save<C: ConnectionTrait>(db: &C, key: SheetKey, rows: Vec<Row>) -> Result<(), Error> {
    let (empty, filled): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|(_, cells)| cell::trimmed(cells).is_empty());
    for chunk in empty.chunks(CHUNK) {
        let gone = chunk.iter().map(|(at, _)| i64::from(*at));
        Entity::delete_many()
            .filter(Column::Spreadsheet.eq(key.spreadsheet))
            .filter(Column::SheetId.eq(key.sheet_id))
            .filter(Column::RowIndex.is_in(gone))
            .exec(db)
            .await?;
    }
    for chunk in filled.chunks(CHUNK) {
        let replace = OnConflict::columns([Column::Spreadsheet, Column::SheetId, Column::RowIndex])
            .update_column(Column::Cells)
            .to_owned();
        Entity::insert_many(chunk.iter().map(|row| active(key, row)))
            .on_conflict(replace)
            .exec_without_returning(db)
            .await?;
    }
    Ok(())
}

fn active(key: SheetKey, (at, cells): &Row) -> ActiveModel {
    ActiveModel {
        spreadsheet: Set(key.spreadsheet),
        sheet_id: Set(key.sheet_id),
        row_index: Set(i64::from(*at)),
        cells: Set(cell::encode(cells)),
    }
}

/// Takes rows away and leaves the gap.
pub(super) async fn erase<C: ConnectionTrait>(db: &C, key: SheetKey, range: RangeInclusive<u32>) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Spreadsheet.eq(key.spreadsheet))
        .filter(Column::SheetId.eq(key.sheet_id))
        .filter(Column::RowIndex.between(i64::from(*range.start()), i64::from(*range.end())))
        .exec(db)
        .await?;
    Ok(())
}

/// Moves all rows from `from` on by `by`. In two steps over negative numbers,
/// because both databases check the key row by row.
pub(super) async fn shift<C: ConnectionTrait>(db: &C, key: SheetKey, from: u32, by: i64) -> Result<(), Error> {
    let row = || Expr::col(Column::RowIndex);
    let steps =
        [(row().gte(i64::from(from)), Expr::value(-1 - by).sub(row())), (row().lt(0), Expr::value(-1_i64).sub(row()))];
    for (which, moved) in steps {
        Entity::update_many()
            .col_expr(Column::RowIndex, moved)
            .filter(Column::Spreadsheet.eq(key.spreadsheet))
            .filter(Column::SheetId.eq(key.sheet_id))
            .filter(which)
            .exec(db)
            .await?;
    }
    Ok(())
}

/// Changes every row.
pub(super) async fn rewrite<C: ConnectionTrait>(
    db: &C,
    key: SheetKey,
    change: impl Fn(&mut Vec<Cell>),
) -> Result<(), Error> {
    let mut from = 0;
    loop {
        let mut chunk = load_chunk(db, key, from).await?;
        let last_chunk = is_last_chunk(&chunk);
        let Some((last, _)) = chunk.last() else { return Ok(()) };
        from = last + 1;
        for (_, cells) in &mut chunk {
            change(cells);
        }
        save(db, key, chunk).await?;
        if last_chunk {
            return Ok(());
        }
    }
}

/// Takes all rows of a sheet away.
pub(super) async fn erase_all<C: ConnectionTrait>(db: &C, key: SheetKey) -> Result<(), Error> {
    Entity::delete_many()
        .filter(Column::Spreadsheet.eq(key.spreadsheet))
        .filter(Column::SheetId.eq(key.sheet_id))
        .exec(db)
        .await?;
    Ok(())
}
