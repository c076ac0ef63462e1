//! Built-in spreadsheets: the part of the Google Sheets v4 API that Rouage
//! speaks, answered from our own tables, and what the pages need of them.
//!
//! [`execute`] and [`read`] answer the calls of the API with Google's bodies
//! and Google's errors. An error of the API is the inner result and is found
//! before anything is written. The rest serves the pages and the import.
//!
//! Shape: a spreadsheet has sheets; a sheet has rows; a row is one JSON text
//! (`cell`). Empty rows are not stored, so that an append writes one row and
//! finds its place through the key, however long the sheet is.
//!
//! Absent on purpose: formulas are kept but not computed; there are no looks
//! (colours, widths, merges), no named ranges and no other locale than en-US.

mod batch;
mod book;
mod cell;
mod create;
mod dimensions;
mod entities;
mod format;
mod grid;
mod input;
mod input_rows;
mod pages;
mod read;
mod rows;
mod table;
pub mod tokens;
pub(crate) mod undo;
mod write;

use jiff::Timestamp;
use rouage_model::clock::Clock;
use rouage_model::sheets::{ApiError, Call};
use rouage_model::{ExecutionId, TeamId, Text, Value};
use sea_orm::{ConnectionTrait, EntityTrait};

pub use cell::Cell;
pub use format::{Kind, kind, moment};
pub use grid::{Edit, GridRow, search, set_cells, window};
pub use pages::{Listed, Spreadsheet, Tab, Wanted, create, delete, ensure, find, list, rename, restore};

use crate::{Change, Error, Store, WriteTx, transactions};
use write::Append;

/// Makes a call of the API. The inner result is what the caller of the API
/// gets; when it is an error, nothing was written.
pub async fn execute(
    tx: &mut WriteTx,
    team: TeamId,
    call: &Call,
    now: Timestamp,
) -> Result<Result<Value, ApiError>, Error> {
    execute_for(tx, team, call, now, None).await
}

/// [`execute`] for a run that may still take it back: what it needs for that is
/// noted in the same transaction.
pub(crate) async fn execute_for(
    tx: &mut WriteTx,
    team: TeamId,
    call: &Call,
    now: Timestamp,
    run: Option<ExecutionId>,
) -> Result<Result<Value, ApiError>, Error> {
    let clock = tx.clock().clone();
    let answer = execute_in(tx.db(), &*clock, team, call, now, run).await?;
    if let (true, Ok(answer)) = (call.is_write(), &answer) {
        tx.changed(change(call, answer));
    }
    Ok(answer)
}

/// The news that a successful call makes.
pub(crate) fn change(call: &Call, answer: &Value) -> Change {
    let id = call.spreadsheet().or_else(|| answer.field("spreadsheetId").as_text());
    Change::Spreadsheet(Text::from(id.unwrap_or_default()))
}

/// [`execute`] within any transaction, such as the group committer's; sends
/// no news.
pub(crate) async fn execute_in<C: ConnectionTrait>(
    db: &C,
    clock: &dyn Clock,
    team: TeamId,
    call: &Call,
    now: Timestamp,
    run: Option<ExecutionId>,
) -> Result<Result<Value, ApiError>, Error> {
    if let Call::Create { body } = call {
        return create::create(db, team, body, clock, now, run).await;
    }
    let id = call.spreadsheet().unwrap_or_default();
    let found =
        if call.is_write() { book::find_to_write(db, team, id).await? } else { book::find(db, team, id).await? };
    let Some(mut book) = found else { return Ok(Err(ApiError::not_found())) };
    let Some(run) = run else { return make(db, book, call, clock, now).await };
    let noted = undo::noted(db, book.number).await?.ok_or(Error::NotFound)?;
    transactions::sheets::note_call(db, run, &noted).await?;
    book.undo = Some((run, noted.clone()));
    let answer = make(db, book, call, clock, now).await?;
    if answer.is_ok() {
        transactions::sheets::note_done(db, run, &noted).await?;
    }
    Ok(answer)
}

/// Makes a call on a spreadsheet.
async fn make<C: ConnectionTrait>(
    db: &C,
    book: book::Book,
    call: &Call,
    clock: &dyn Clock,
    now: Timestamp,
) -> Result<Result<Value, ApiError>, Error> {
    match call {
        Call::Create { .. } | Call::Get { .. } => read::properties(db, &book).await.map(Ok),
        Call::Values { ranges, batch, render, dates, .. } => {
            read::values(db, &book, (ranges, *batch), (*render, *dates)).await
        }
        Call::Append { range, values, input, insert, .. } => {
            write::append(db, book, Append { range, values, input: *input, insert: *insert }, now).await
        }
        Call::Update { data, batch, input, .. } => write::update(db, book, (data, *batch), *input, now).await,
        Call::Clear { range, .. } => write::clear(db, book, range, now).await,
        Call::BatchUpdate { body, .. } => batch::update(db, book, body, clock, now).await,
    }
}

/// Answers a call that only reads, next to a writer that is at work. A call
/// that writes is refused as the caller's mistake.
pub async fn read(store: &Store, team: TeamId, call: &Call) -> Result<Result<Value, ApiError>, Error> {
    if call.is_write() {
        return Err(Error::Conflict("a call that writes was sent to the reader".to_owned()));
    }
    execute_in(store.reader(), &**store.clock(), team, call, store.now(), None).await
}

/// Where pages are reached from outside; empty when it was never said.
async fn base_url<C: ConnectionTrait>(db: &C) -> Result<String, Error> {
    let setting = crate::entities::settings::Entity::find_by_id(crate::settings::PUBLIC_URL).one(db).await?;
    Ok(setting.map(|setting| setting.text.trim_end_matches('/').to_owned()).unwrap_or_default())
}
