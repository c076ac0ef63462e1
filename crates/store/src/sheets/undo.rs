//! What `transactions` must know of a spreadsheet to take back a run's work.
//! A run may wait over an update of the program, so the properties it notes
//! have a fixture, `undo-v1.jsonl`.

use std::ops::RangeInclusive;

use rouage_model::{Collection, Value};
use sea_orm::{ActiveValue, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::entities::{row, sheet, spreadsheet};
use crate::Error;

/// A spreadsheet at a moment, without its rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Noted {
    pub(crate) number: i64,
    pub(crate) id: String,
    /// Counts its changes.
    pub(crate) revision: i64,
    /// Counts the changes that move rows, columns or sheets.
    pub(crate) layout: i64,
    /// Titles and sizes, for [`restore`].
    pub(crate) properties: Value,
}

/// How it is now; `None` when it is gone.
pub(crate) async fn noted<C: ConnectionTrait>(db: &C, number: i64) -> Result<Option<Noted>, Error> {
    let found =
        spreadsheet::Entity::find_by_id(number).filter(spreadsheet::Column::DeletedAt.is_null()).one(db).await?;
    let Some(book) = found else { return Ok(None) };
    let sheets = sheet::Entity::find()
        .filter(sheet::Column::Spreadsheet.eq(number))
        .order_by_asc(sheet::Column::Position)
        .all(db)
        .await?;
    let sheets = sheets.into_iter().map(|sheet| {
        Value::from(Collection::from_iter([
            ("id", Value::from(sheet.sheet_id)),
            ("title", sheet.title.into()),
            ("rows", sheet.row_count.into()),
            ("columns", sheet.column_count.into()),
        ]))
    });
    let properties = Collection::from_iter([
        ("title", Value::from(book.title)),
        ("locale", book.locale.into()),
        ("timeZone", book.time_zone.into()),
        ("sheets", sheets.collect::<Vec<_>>().into()),
    ]);
    let (revision, layout) = (book.revision, book.layout);
    Ok(Some(Noted { number, id: book.id, revision, layout, properties: properties.into() }))
}

/// The stored rows of a range, as text.
pub(crate) async fn raw_rows<C: ConnectionTrait>(
    db: &C,
    number: i64,
    sheet_id: i64,
    rows: RangeInclusive<u32>,
) -> Result<Vec<(i64, String)>, Error> {
    let found = row::Entity::find()
        .filter(row::Column::Spreadsheet.eq(number))
        .filter(row::Column::SheetId.eq(sheet_id))
        .filter(row::Column::RowIndex.between(i64::from(*rows.start()), i64::from(*rows.end())))
        .select_only()
        .columns([row::Column::RowIndex, row::Column::Cells])
        .order_by_asc(row::Column::RowIndex);
    Ok(found.into_tuple().all(db).await?)
}

/// Takes it away as if it had never been.
pub(crate) async fn remove<C: ConnectionTrait>(db: &C, number: i64) -> Result<(), Error> {
    empty(db, number).await?;
    spreadsheet::Entity::delete_by_id(number).exec(db).await?;
    Ok(())
}

async fn empty<C: ConnectionTrait>(db: &C, number: i64) -> Result<(), Error> {
    row::Entity::delete_many().filter(row::Column::Spreadsheet.eq(number)).exec(db).await?;
    sheet::Entity::delete_many().filter(sheet::Column::Spreadsheet.eq(number)).exec(db).await?;
    Ok(())
}

/// Puts its properties and sheets back, without rows.
pub(crate) async fn restore<C: ConnectionTrait>(db: &C, number: i64, properties: &Value) -> Result<(), Error> {
    empty(db, number).await?;
    let text = |value: &Value, name: &str| value.field(name).as_text().unwrap_or_default().to_owned();
    let book = spreadsheet::ActiveModel {
        number: ActiveValue::Unchanged(number),
        title: Set(text(properties, "title")),
        locale: Set(text(properties, "locale")),
        time_zone: Set(text(properties, "timeZone")),
        ..Default::default()
    };
    spreadsheet::Entity::update(book).exec(db).await?;
    let sheets = properties.field("sheets").as_array().unwrap_or_default();
    for (position, properties) in (0_i64..).zip(sheets) {
        let whole = |name: &str| properties.field(name).as_i64().unwrap_or(0);
        let sheet = sheet::ActiveModel {
            spreadsheet: Set(number),
            sheet_id: Set(whole("id")),
            title: Set(text(properties, "title")),
            position: Set(position),
            row_count: Set(whole("rows")),
            column_count: Set(whole("columns")),
            last_table: Set(None),
        };
        sheet::Entity::insert(sheet).exec_without_returning(db).await?;
    }
    Ok(())
}
