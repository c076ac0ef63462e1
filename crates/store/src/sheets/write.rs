//! Writing cells: append, update, clear.

use jiff::Timestamp;
use rouage_model::a1::{self, Range};
use rouage_model::sheets::{ApiError, InsertData, ValueInput};
use rouage_model::{Collection, Text, Value};
use sea_orm::ConnectionTrait;

use super::book::{self, Book, Rect};
use super::cell::Cell;
use super::input_rows::{self, Entered};
use super::rows::{self, Row, SheetKey};
use super::table;
use crate::{Error, transactions};

/// The inner result is what the caller of the API gets.
pub(super) type Answer<T = Value> = Result<Result<T, ApiError>, Error>;

/// Passes an API error on as the inner result.
macro_rules! allowed {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(error) => return Ok(Err(error)),
        }
    };
}
pub(super) use allowed;

/// The day that completes typed days without a year.
pub(super) fn today(now: Timestamp) -> jiff::civil::Date {
    jiff::tz::Offset::UTC.to_datetime(now).date()
}

/// How an append is to be made.
pub(super) struct Append<'a> {
    pub(super) range: &'a str,
    pub(super) values: &'a [Vec<Value>],
    pub(super) input: ValueInput,
    pub(super) insert: InsertData,
}

/// `values.append`.
pub(super) async fn append<C: ConnectionTrait>(db: &C, mut book: Book, request: Append<'_>, now: Timestamp) -> Answer {
    let (at, range) = allowed!(book.locate(request.range));
    let rect = allowed!(book.sheets[at].resolve(&range));
    let entered = allowed!(input_rows::rows(request.values, request.input, today(now)));
    let key = book.sheets[at].key;
    let last = rows::last(db, key).await?;
    let table = table::find(db, &book.sheets[at], &rect, last).await?;
    let start = table.map_or((rect.first_row, rect.first_column), |table| (table.last_row + 1, table.first_column));
    let target = place(start, &entered);
    let inserted = if request.insert == InsertData::InsertRows { height(&entered) } else { 0 };
    allowed!(grow(&mut book, at, &target, inserted));
    book.sheets[at].last_table = noted(table.as_ref(), &target, &entered, last);
    if inserted > 0 && last.is_some_and(|last| last >= start.0) {
        if let Some((run, noted)) = &book.undo {
            transactions::sheets::note_whole(db, *run, noted).await?;
        }
        book.layout += 1;
        rows::shift(db, key, start.0, inserted.into()).await?;
    }
    let summary = summary(&book, at, &target, &entered);
    let untouched = last.is_none_or(|last| last < start.0) || inserted > 0;
    note(db, &book, key, start.0, &entered).await?;
    put(db, key, start, entered, untouched).await?;
    book::save_sheet(db, &book.sheets[at], at).await?;
    book::touch(db, &book, now).await?;
    let mut answer = Collection::from_iter([("spreadsheetId", Value::text(book.id.as_str()))]);
    if let Some(table) = table {
        answer.insert("tableRange", book.sheets[at].name(&table));
    }
    answer.insert("updates", summary.value);
    Ok(Ok(answer.into()))
}

fn height(entered: &[Entered]) -> u32 {
    u32::try_from(entered.len()).unwrap_or(u32::MAX)
}

/// The cells that the entered rows cover; at least one cell.
fn place((row, column): (u32, u32), entered: &[Entered]) -> Rect {
    let width = entered.iter().map(Vec::len).max().unwrap_or(0).max(1);
    Rect {
        first_row: row,
        first_column: column,
        last_row: row.saturating_add(height(entered).max(1) - 1),
        last_column: column.saturating_add(u32::try_from(width).unwrap_or(u32::MAX) - 1),
    }
}

/// Makes room in the grid for an append.
fn grow(book: &mut Book, at: usize, target: &Rect, inserted: u32) -> Result<(), ApiError> {
    let sheet = &mut book.sheets[at];
    sheet.rows = sheet.rows.saturating_add(inserted).max(target.last_row.saturating_add(1));
    sheet.columns = sheet.columns.max(target.last_column.saturating_add(1));
    book.check_size()
}

/// The table after an append, when it is sure without looking: it was the last
/// thing in the sheet and every new row continues it.
fn noted(table: Option<&Rect>, target: &Rect, entered: &[Entered], last: Option<u32>) -> Option<Rect> {
    let filled = |row: &Entered| row.iter().flatten().any(|cell| !cell.is_empty());
    let table = table?;
    let at_the_end = last == Some(table.last_row) && target.last_column <= table.last_column;
    (at_the_end && entered.iter().all(filled)).then(|| Rect { last_row: target.last_row.max(table.last_row), ..*table })
}

/// Notes the rows that are about to be written, for a run that may take it back.
async fn note<C: ConnectionTrait>(
    db: &C,
    book: &Book,
    key: SheetKey,
    first: u32,
    entered: &[Entered],
) -> Result<(), Error> {
    let Some((run, noted)) = &book.undo else { return Ok(()) };
    if entered.is_empty() {
        return Ok(());
    }
    let last = first.saturating_add(height(entered) - 1);
    transactions::sheets::note_rows(db, *run, noted, key.sheet_id, first..=last).await
}

/// Writes entered rows. `untouched` says that there is nothing yet in them.
async fn put<C: ConnectionTrait>(
    db: &C,
    key: SheetKey,
    (row, column): (u32, u32),
    entered: Vec<Entered>,
    untouched: bool,
) -> Result<(), Error> {
    let last = row.saturating_add(height(&entered).saturating_sub(1));
    let stored = if untouched { Vec::new() } else { rows::load(db, key, row..=last).await? };
    let mut stored = stored.into_iter().peekable();
    let mut written: Vec<Row> = Vec::with_capacity(entered.len());
    for (at, entered) in (row..).zip(entered) {
        let mut cells = stored.next_if(|(stored, _)| *stored == at).map(|(_, cells)| cells).unwrap_or_default();
        input_rows::overlay(&mut cells, column, entered);
        written.push((at, cells));
    }
    if untouched {
        written.retain(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
    }
    rows::save(db, key, written).await
}

/// What one range's update came to.
struct Summary {
    value: Value,
    rows: usize,
    columns: usize,
    cells: usize,
}

fn summary(book: &Book, at: usize, target: &Rect, entered: &[Entered]) -> Summary {
    let rows = entered.iter().filter(|row| row.iter().any(Option::is_some)).count();
    let cells = entered.iter().flatten().filter(|cell| cell.is_some()).count();
    let width = entered.iter().map(Vec::len).max().unwrap_or(0);
    let columns =
        (0..width).filter(|column| entered.iter().any(|row| row.get(*column).is_some_and(Option::is_some))).count();
    let mut value = Collection::from_iter([
        ("spreadsheetId", Value::text(book.id.as_str())),
        ("updatedRange", Value::text(book.sheets[at].name(target))),
    ]);
    // Google leaves zeros out.
    if cells > 0 {
        value.insert("updatedRows", rows);
        value.insert("updatedColumns", columns);
        value.insert("updatedCells", cells);
    }
    Summary { value: value.into(), rows, columns, cells }
}

/// Ranges and the rows to write to them; whether the answer is that of a batch.
pub(super) type Data<'a> = (&'a [(Text, Vec<Vec<Value>>)], bool);

/// `values.update`, and `values.batchUpdate` when `batch`.
pub(super) async fn update<C: ConnectionTrait>(
    db: &C,
    mut book: Book,
    (data, batch): Data<'_>,
    input: ValueInput,
    now: Timestamp,
) -> Answer {
    // Everything is checked before anything is written.
    let mut updates = Vec::with_capacity(data.len());
    for (text, values) in data {
        let (at, range) = allowed!(book.locate(text));
        let entered = allowed!(input_rows::rows(values, input, today(now)));
        let target = allowed!(fit(&book, at, &range, &entered));
        updates.push((at, target, entered));
    }
    let mut summaries = Vec::with_capacity(updates.len());
    for (at, target, entered) in updates {
        forget_table(db, &mut book, at, &target, &entered).await?;
        summaries.push((at, summary(&book, at, &target, &entered)));
        note(db, &book, book.sheets[at].key, target.first_row, &entered).await?;
        put(db, book.sheets[at].key, (target.first_row, target.first_column), entered, false).await?;
    }
    book::touch(db, &book, now).await?;
    if !batch {
        return Ok(Ok(summaries.pop().map(|(_, summary)| summary.value).unwrap_or_default()));
    }
    Ok(Ok(batch_answer(&book, &summaries)))
}

fn batch_answer(book: &Book, summaries: &[(usize, Summary)]) -> Value {
    let total = |count: fn(&Summary) -> usize| summaries.iter().map(|(_, summary)| count(summary)).sum::<usize>();
    let mut sheets: Vec<usize> = summaries.iter().map(|(at, _)| *at).collect();
    sheets.sort_unstable();
    sheets.dedup();
    Collection::from_iter([
        ("spreadsheetId", Value::text(book.id.as_str())),
        ("totalUpdatedRows", Value::from(total(|summary| summary.rows))),
        ("totalUpdatedColumns", Value::from(total(|summary| summary.columns))),
        ("totalUpdatedCells", Value::from(total(|summary| summary.cells))),
        ("totalUpdatedSheets", Value::from(sheets.len())),
        ("responses", Value::from(summaries.iter().map(|(_, summary)| summary.value.clone()).collect::<Vec<_>>())),
    ])
    .into()
}

/// Where an update goes. It must fit the range as written, and the grid.
fn fit(book: &Book, at: usize, range: &Range, entered: &[Entered]) -> Result<Rect, ApiError> {
    let sheet = &book.sheets[at];
    let start = (range.first_row.unwrap_or(0), range.first_column.unwrap_or(0));
    let target = place(start, entered);
    // A single cell, such as `B2`, is only the corner where writing begins.
    let corner =
        range.first_row.is_some() && (range.first_row, range.first_column) == (range.last_row, range.last_column);
    if !corner {
        let within = || Range { sheet: Some(sheet.title.clone()), ..range.clone() }.to_string();
        if range.last_row.is_some_and(|last| target.last_row > last) {
            let row = range.last_row.unwrap_or(0) + 2;
            return Err(outside(&within(), &format!("row [{row}]")));
        }
        if range.last_column.is_some_and(|last| target.last_column > last) {
            let column = a1::column_letters(range.last_column.unwrap_or(0) + 1);
            return Err(outside(&within(), &format!("column [{column}]")));
        }
    }
    if target.last_row >= sheet.rows || target.last_column >= sheet.columns {
        return Err(sheet.beyond(&target));
    }
    Ok(target)
}

fn outside(within: &str, place: &str) -> ApiError {
    ApiError::invalid(format!("Requested writing within range [{within}], but tried writing to {place}"))
}

/// An update that only fills cells of the noted table leaves it where it is;
/// after any other one the next append has to look.
async fn forget_table<C: ConnectionTrait>(
    db: &C,
    book: &mut Book,
    at: usize,
    target: &Rect,
    entered: &[Entered],
) -> Result<(), Error> {
    let sheet = &mut book.sheets[at];
    let Some(table) = sheet.last_table else { return Ok(()) };
    let within = table.contains(target.first_row, target.first_column)
        && table.contains(target.last_row, target.last_column)
        && entered.iter().flatten().flatten().all(|cell| !cell.is_empty());
    if within {
        return Ok(());
    }
    sheet.last_table = None;
    book::save_sheet(db, sheet, at).await
}

/// `values.clear`.
pub(super) async fn clear<C: ConnectionTrait>(db: &C, mut book: Book, range: &str, now: Timestamp) -> Answer {
    let (at, range) = allowed!(book.locate(range));
    let rect = allowed!(book.sheets[at].resolve(&range));
    if let Some((run, noted)) = &book.undo {
        let rows = rect.first_row..=rect.last_row;
        transactions::sheets::note_filled_rows(db, *run, noted, book.sheets[at].key.sheet_id, rows).await?;
    }
    blank(db, book.sheets[at].key, &rect, book.sheets[at].columns).await?;
    book.sheets[at].last_table = None;
    book::save_sheet(db, &book.sheets[at], at).await?;
    book::touch(db, &book, now).await?;
    Ok(Ok(Collection::from_iter([
        ("spreadsheetId", Value::text(book.id.as_str())),
        ("clearedRange", Value::text(book.sheets[at].name(&rect))),
    ])
    .into()))
}

async fn blank<C: ConnectionTrait>(db: &C, key: SheetKey, rect: &Rect, columns: u32) -> Result<(), Error> {
    if rect.first_column == 0 && rect.last_column + 1 >= columns {
        return rows::erase(db, key, rect.first_row..=rect.last_row).await;
    }
    let mut stored = rows::load(db, key, rect.first_row..=rect.last_row).await?;
    for (_, cells) in &mut stored {
        let end = cells.len().min(rect.last_column as usize + 1);
        let start = (rect.first_column as usize).min(end);
        cells[start..end].fill(Cell::Empty);
    }
    rows::save(db, key, stored).await
}
