//! The grid of the pages: windows of rows, search, and edits in place.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rouage_model::TeamId;
use rouage_model::sheets::ApiError;

use super::cell::Cell;
use super::rows::{self, SheetKey};
use super::{book, input_rows, write};
use crate::{Change, Error, Store, WriteTx};

/// A row of cells as stored; empty cells at the end are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct GridRow {
    /// Counts from 0.
    pub row: u32,
    /// From column A on.
    pub cells: Vec<Cell>,
}

/// A cell as somebody typed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Counts from 0.
    pub row: u32,
    /// Counts from 0.
    pub column: u32,
    /// As typed: numbers, dates and formulas are recognised.
    pub text: String,
}

/// Writes cells as they were typed and gives them as they are now. The grid
/// grows by what is needed. [`Error::NotFound`] without such a sheet;
/// [`Error::Conflict`] says what the sheet does not allow.
pub async fn set_cells(
    tx: &mut WriteTx,
    team: TeamId,
    (id, sheet_id): (&str, i64),
    edits: &[Edit],
) -> Result<Vec<Cell>, Error> {
    let mut book = book::find_to_write(tx.db(), team, id).await?.ok_or(Error::NotFound)?;
    let at = book.sheets.iter().position(|sheet| sheet.key.sheet_id == sheet_id).ok_or(Error::NotFound)?;
    let today = write::today(tx.now());
    let refused = |error: ApiError| Error::Conflict(error.message);
    let mut cells = Vec::with_capacity(edits.len());
    for edit in edits {
        let sheet = &mut book.sheets[at];
        sheet.rows = sheet.rows.max(edit.row.saturating_add(1));
        sheet.columns = sheet.columns.max(edit.column.saturating_add(1));
        cells.push(input_rows::typed(&edit.text, today).map_err(refused)?);
    }
    book.check_size().map_err(refused)?;
    let key = book.sheets[at].key;
    let mut changed: HashMap<u32, Vec<Cell>> = HashMap::new();
    for (edit, cell) in edits.iter().zip(&cells) {
        let row = match changed.entry(edit.row) {
            Entry::Occupied(row) => row.into_mut(),
            Entry::Vacant(place) => {
                let stored = rows::load(tx.db(), key, edit.row..=edit.row).await?;
                place.insert(stored.into_iter().next().map(|(_, cells)| cells).unwrap_or_default())
            }
        };
        input_rows::overlay(row, edit.column, vec![Some(cell.clone())]);
    }
    rows::save(tx.db(), key, changed.into_iter().collect()).await?;
    book.sheets[at].last_table = None;
    book::save_sheet(tx.db(), &book.sheets[at], at).await?;
    book::touch(tx.db(), &book, tx.now()).await?;
    tx.changed(Change::Spreadsheet(id.into()));
    Ok(cells)
}

/// The filled rows among `count` rows from `first` on; empty ones are left out.
pub async fn window(
    store: &Store,
    team: TeamId,
    (id, sheet_id): (&str, i64),
    (first, count): (u32, u32),
) -> Result<Vec<GridRow>, Error> {
    let Some(key) = sheet_key(store, team, id, sheet_id).await? else { return Ok(Vec::new()) };
    let last = first.saturating_add(count.max(1) - 1);
    let found = rows::load(store.reader(), key, first..=last).await?;
    Ok(found.into_iter().map(|(row, cells)| GridRow { row, cells }).collect())
}

/// The rows in which a cell shows `text`, letter case apart; at most `limit`.
pub async fn search(
    store: &Store,
    team: TeamId,
    (id, sheet_id): (&str, i64),
    (text, limit): (&str, usize),
) -> Result<Vec<GridRow>, Error> {
    let Some(key) = sheet_key(store, team, id, sheet_id).await? else { return Ok(Vec::new()) };
    let wanted = text.trim().to_lowercase();
    let mut hits = Vec::new();
    let mut from = 0;
    loop {
        let chunk = rows::load_chunk(store.reader(), key, from).await?;
        let Some((last, _)) = chunk.last() else { return Ok(hits) };
        from = last + 1;
        let done = rows::is_last_chunk(&chunk);
        let matches = |cells: &[Cell]| cells.iter().any(|cell| cell.shown().to_lowercase().contains(&wanted));
        hits.extend(chunk.into_iter().filter(|(_, cells)| matches(cells)).map(|(row, cells)| GridRow { row, cells }));
        if done || hits.len() >= limit {
            hits.truncate(limit);
            return Ok(hits);
        }
    }
}

async fn sheet_key(store: &Store, team: TeamId, id: &str, sheet_id: i64) -> Result<Option<SheetKey>, Error> {
    let Some(book) = book::find(store.reader(), team, id).await? else { return Ok(None) };
    Ok(book.sheets.iter().map(|sheet| sheet.key).find(|key| key.sheet_id == sheet_id))
}
