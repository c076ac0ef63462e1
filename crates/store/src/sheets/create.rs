//! `spreadsheets.create`, and spreadsheets under an id of one's own.

use std::collections::HashSet;

use jiff::Timestamp;
use rouage_model::clock::Clock;
use rouage_model::sheets::ApiError;
use rouage_model::{ExecutionId, TeamId, Value};
use sea_orm::{ConnectionTrait, EntityTrait, NotSet, Set};

use super::batch::{self, sheet_from};
use super::book::{self, Book, Sheet};
use super::entities::spreadsheet;
use super::rows::SheetKey;
use super::write::{Answer, allowed};
use crate::{Error, transactions};

/// Rows of a new sheet.
pub(super) const ROWS: u32 = 1000;
/// Columns of a new sheet.
pub(super) const COLUMNS: u32 = 26;

/// An id in the form of Google's: 44 letters, digits, `-` and `_`.
pub(super) fn new_id(clock: &dyn Clock) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0; 43];
    clock.random(&mut random);
    let rest = random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 64)]));
    std::iter::once('1').chain(rest).collect()
}

/// `POST /v4/spreadsheets`.
pub(super) async fn create<C: ConnectionTrait>(
    db: &C,
    team: TeamId,
    body: &Value,
    clock: &dyn Clock,
    now: Timestamp,
    run: Option<ExecutionId>,
) -> Answer {
    let mut book = allowed!(from_body(body, new_id(clock), clock));
    insert(db, team, &mut book, now).await?;
    if let Some(run) = run {
        transactions::sheets::note_made(db, run, book.number).await?;
    }
    Ok(Ok(book.json(&super::base_url(db).await?)))
}

/// A spreadsheet with one empty sheet.
pub(super) fn empty(id: String, title: &str, sheet_title: &str) -> Book {
    Book {
        number: 0,
        id,
        title: title.to_owned(),
        locale: "en_US".to_owned(),
        time_zone: "Etc/GMT".to_owned(),
        created_at: 0,
        updated_at: 0,
        revision: 0,
        layout: 0,
        undo: None,
        sheets: vec![Sheet {
            key: SheetKey { spreadsheet: 0, sheet_id: 0 },
            title: sheet_title.to_owned(),
            rows: ROWS,
            columns: COLUMNS,
            last_table: None,
        }],
    }
}

fn from_body(body: &Value, id: String, clock: &dyn Clock) -> Result<Book, ApiError> {
    let properties = body.field("properties");
    let title = properties.field("title").as_text().unwrap_or("Untitled spreadsheet");
    let mut book = empty(id, title, "Sheet1");
    if let Some(locale) = properties.field("locale").as_text() {
        book.locale = locale.to_owned();
    }
    if let Some(zone) = properties.field("timeZone").as_text() {
        book.time_zone = zone.to_owned();
    }
    let wanted = body.field("sheets").as_array().unwrap_or_default();
    if !wanted.is_empty() {
        book.sheets.clear();
    }
    for (at, sheet) in wanted.iter().enumerate() {
        let place = format!("sheets[{at}]");
        let sheet = sheet_from(sheet.field("properties"), &book, &place, clock)?;
        book.sheets.push(sheet);
    }
    batch::check_unique(&book.sheets)?;
    book.check_size()?;
    Ok(book)
}

/// Writes a new spreadsheet and gives it its number.
pub(super) async fn insert<C: ConnectionTrait>(
    db: &C,
    team: TeamId,
    book: &mut Book,
    now: Timestamp,
) -> Result<(), Error> {
    let row = spreadsheet::ActiveModel {
        number: NotSet,
        team: Set(team.0),
        id: Set(book.id.clone()),
        title: Set(book.title.clone()),
        locale: Set(book.locale.clone()),
        time_zone: Set(book.time_zone.clone()),
        created_at: Set(now.as_microsecond()),
        updated_at: Set(now.as_microsecond()),
        deleted_at: Set(None),
        revision: Set(0),
        layout: Set(0),
    };
    book.number = spreadsheet::Entity::insert(row).exec(db).await?.last_insert_id;
    for (at, sheet) in book.sheets.iter_mut().enumerate() {
        sheet.key.spreadsheet = book.number;
        book::save_sheet(db, sheet, at).await?;
    }
    Ok(())
}

/// An id for a new sheet that no other has: 0 for the first, else a random one.
pub(super) fn new_sheet_id(sheets: &[Sheet], clock: &dyn Clock) -> i64 {
    let taken: HashSet<i64> = sheets.iter().map(|sheet| sheet.key.sheet_id).collect();
    if taken.is_empty() {
        return 0;
    }
    loop {
        let mut random = [0; 4];
        clock.random(&mut random);
        let id = i64::from(u32::from_le_bytes(random) >> 1);
        if !taken.contains(&id) {
            return id;
        }
    }
}
