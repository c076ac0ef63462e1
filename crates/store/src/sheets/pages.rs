//! Spreadsheets as the pages list them and an import makes them ready.

use std::collections::HashMap;

use jiff::Timestamp;
use rouage_model::TeamId;
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::book::{self, Book};
use super::cell::Cell;
use super::create as creation;
use super::entities::{sheet, spreadsheet};
use super::rows::{self, SheetKey};
use crate::text::{instant, like, micros};
use crate::{Change, Error, Page, PageRequest, Store, WriteTx};

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Up to which row its sheets are filled, all sheets together.
    pub rows: u64,
    /// How many sheets there are.
    pub sheets: usize,
    /// When anything in it changed last.
    pub updated_at: Timestamp,
}

/// A spreadsheet without its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spreadsheet {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Such as `en_US`.
    pub locale: String,
    /// Such as `Europe/Paris`.
    pub time_zone: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When anything in it changed last.
    pub updated_at: Timestamp,
    /// The tabs in order; at least one.
    pub sheets: Vec<Tab>,
}

/// A sheet of a spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Its id, unique in the spreadsheet.
    pub sheet_id: i64,
    /// Its title.
    pub title: String,
    /// The size of the grid.
    pub rows: u32,
    /// The size of the grid.
    pub columns: u32,
    /// How many rows are filled, counted to the last filled one.
    pub filled_rows: u32,
}

/// The spreadsheets of a team whose title contains `search`, last changed first.
pub async fn list(store: &Store, team: TeamId, search: &str, page: PageRequest) -> Result<Page<Listed>, Error> {
    let db = store.reader();
    let mut found = spreadsheet::Entity::find()
        .filter(spreadsheet::Column::Team.eq(team.0))
        .filter(spreadsheet::Column::DeletedAt.is_null());
    if !search.trim().is_empty() {
        let title = Expr::expr(Func::lower(Expr::col(spreadsheet::Column::Title)));
        found = found.filter(title.like(sea_orm::sea_query::LikeExpr::new(like(search)).escape('\\')));
    }
    let total = found.clone().count(db).await?;
    let found = found
        .order_by_desc(spreadsheet::Column::UpdatedAt)
        .order_by_desc(spreadsheet::Column::Number)
        .limit(page.limit())
        .offset(page.offset())
        .all(db)
        .await?;
    let mut sizes = sizes(store, found.iter().map(|row| row.number).collect()).await?;
    let items = found.into_iter().map(|row| {
        let (sheets, rows) = sizes.remove(&row.number).unwrap_or_default();
        Listed { id: row.id, title: row.title, rows, sheets, updated_at: instant(row.updated_at) }
    });
    Ok(Page::new(page, total, items.collect()))
}

/// Sheets and filled rows by number of the spreadsheet.
async fn sizes(store: &Store, numbers: Vec<i64>) -> Result<HashMap<i64, (usize, u64)>, Error> {
    let keys: Vec<(i64, i64)> = sheet::Entity::find()
        .filter(sheet::Column::Spreadsheet.is_in(numbers))
        .select_only()
        .columns([sheet::Column::Spreadsheet, sheet::Column::SheetId])
        .into_tuple()
        .all(store.reader())
        .await?;
    let mut sizes = HashMap::new();
    for (spreadsheet, sheet_id) in keys {
        let last = rows::last(store.reader(), SheetKey { spreadsheet, sheet_id }).await?;
        let size: &mut (usize, u64) = sizes.entry(spreadsheet).or_default();
        size.0 += 1;
        size.1 += last.map_or(0, |last| u64::from(last) + 1);
    }
    Ok(sizes)
}

/// A spreadsheet; `None` when there is none or it was deleted.
pub async fn find(store: &Store, team: TeamId, id: &str) -> Result<Option<Spreadsheet>, Error> {
    let Some(book) = book::find(store.reader(), team, id).await? else { return Ok(None) };
    let mut sheets = Vec::with_capacity(book.sheets.len());
    for sheet in book.sheets {
        let last = rows::last(store.reader(), sheet.key).await?;
        sheets.push(Tab {
            sheet_id: sheet.key.sheet_id,
            title: sheet.title,
            rows: sheet.rows,
            columns: sheet.columns,
            filled_rows: last.map_or(0, |last| last + 1),
        });
    }
    Ok(Some(Spreadsheet {
        id: book.id,
        title: book.title,
        locale: book.locale,
        time_zone: book.time_zone,
        created_at: instant(book.created_at),
        updated_at: instant(book.updated_at),
        sheets,
    }))
}

/// A new spreadsheet with one sheet; gives its id.
pub async fn create(tx: &mut WriteTx, team: TeamId, title: &str) -> Result<String, Error> {
    let id = creation::new_id(&**tx.clock());
    let mut book = creation::empty(id.clone(), title, "Sheet1");
    creation::insert(tx.db(), team, &mut book, tx.now()).await?;
    tx.changed(Change::Spreadsheet(id.as_str().into()));
    Ok(id)
}

/// A spreadsheet that an import is to make ready: under an id that is given.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The id that the blueprint names.
    pub id: &'a str,
    /// Its title, when it has to be made.
    pub title: &'a str,
    /// The sheet that the blueprint names.
    pub sheet_title: &'a str,
    /// The first row of that sheet, when the sheet has to be made.
    pub headers: &'a [String],
}

/// Makes sure that the spreadsheet and the sheet are there. What is there is
/// left as it is; a deleted spreadsheet comes back.
pub async fn ensure(tx: &mut WriteTx, team: TeamId, wanted: Wanted<'_>) -> Result<(), Error> {
    restore(tx, team, wanted.id).await?;
    match book::find_to_write(tx.db(), team, wanted.id).await? {
        None => {
            let mut book = creation::empty(wanted.id.to_owned(), wanted.title, wanted.sheet_title);
            fit_headers(&mut book, 0, wanted.headers);
            creation::insert(tx.db(), team, &mut book, tx.now()).await?;
            write_headers(tx, book.sheets[0].key, wanted.headers).await?;
        }
        Some(book) if book.position(wanted.sheet_title).is_some() => return Ok(()),
        Some(mut book) => {
            let mut sheet = creation::empty(String::new(), "", wanted.sheet_title).sheets.remove(0);
            sheet.key =
                SheetKey { spreadsheet: book.number, sheet_id: creation::new_sheet_id(&book.sheets, &**tx.clock()) };
            book.sheets.push(sheet);
            let at = book.sheets.len() - 1;
            fit_headers(&mut book, at, wanted.headers);
            book::save_sheet(tx.db(), &book.sheets[at], at).await?;
            book::touch(tx.db(), &book, tx.now()).await?;
            write_headers(tx, book.sheets[at].key, wanted.headers).await?;
        }
    }
    tx.changed(Change::Spreadsheet(wanted.id.into()));
    Ok(())
}

fn fit_headers(book: &mut Book, at: usize, headers: &[String]) {
    let sheet = &mut book.sheets[at];
    let wanted = u32::try_from(headers.len()).unwrap_or(0);
    sheet.columns = Ord::clamp(wanted, sheet.columns, book::MAX_COLUMNS);
}

async fn write_headers(tx: &WriteTx, key: SheetKey, headers: &[String]) -> Result<(), Error> {
    let cells: Vec<Cell> = headers.iter().map(|header| Cell::text(header.as_str())).collect();
    rows::save(tx.db(), key, vec![(0, cells)]).await
}

/// Changes the title. [`Error::NotFound`] when there is no such spreadsheet.
pub async fn rename(tx: &mut WriteTx, team: TeamId, id: &str, title: &str) -> Result<(), Error> {
    let mut book = book::find_to_write(tx.db(), team, id).await?.ok_or(Error::NotFound)?;
    title.clone_into(&mut book.title);
    book::save(tx.db(), &book, tx.now()).await?;
    tx.changed(Change::Spreadsheet(id.into()));
    Ok(())
}

/// Takes it out of sight; [`restore`] brings it back. Gives whether it was there.
pub async fn delete(tx: &mut WriteTx, team: TeamId, id: &str) -> Result<bool, Error> {
    let now = micros(tx.now());
    mark(tx, team, id, Some(now)).await
}

/// Undoes [`delete`]. Gives whether there was something to undo.
pub async fn restore(tx: &mut WriteTx, team: TeamId, id: &str) -> Result<bool, Error> {
    mark(tx, team, id, None).await
}

async fn mark(tx: &mut WriteTx, team: TeamId, id: &str, deleted_at: Option<i64>) -> Result<bool, Error> {
    let deleted = spreadsheet::Column::DeletedAt;
    let before = if deleted_at.is_some() { deleted.is_null() } else { deleted.is_not_null() };
    let row =
        spreadsheet::ActiveModel { deleted_at: Set(deleted_at), number: ActiveValue::NotSet, ..Default::default() };
    let result = spreadsheet::Entity::update_many()
        .set(row)
        .filter(spreadsheet::Column::Team.eq(team.0))
        .filter(spreadsheet::Column::Id.eq(id))
        .filter(before)
        .exec(tx.db())
        .await?;
    if result.rows_affected > 0 {
        tx.changed(Change::Spreadsheet(id.into()));
    }
    Ok(result.rows_affected > 0)
}
