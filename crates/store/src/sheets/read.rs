//! Reading cells: `values.get` and `values.batchGet`.

use rouage_model::sheets::{ApiError, DateTimeRender, ValueRender};
use rouage_model::{Collection, Text, Value};
use sea_orm::ConnectionTrait;

use super::book::{Book, Rect};
use super::cell::{self, Cell};
use super::rows::{self, Row};
use super::write::{Answer, allowed};
use crate::Error;

/// The values of ranges, as one `ValueRange` or as the answer of a batch.
pub(super) async fn values<C: ConnectionTrait>(
    db: &C,
    book: &Book,
    (ranges, batch): (&[Text], bool),
    (render, dates): (ValueRender, DateTimeRender),
) -> Answer {
    let mut found = Vec::with_capacity(ranges.len());
    for text in ranges {
        let (at, range) = allowed!(book.locate(text));
        let sheet = &book.sheets[at];
        let rect = allowed!(sheet.resolve(&range));
        let stored = rows::load(db, sheet.key, rect.first_row..=rect.last_row).await?;
        let values = window(stored, &rect, |cell| cell.render(render, dates));
        found.push(value_range(sheet.name(&rect), values));
    }
    if !batch {
        return Ok(found.pop().ok_or_else(|| ApiError::invalid("Missing required field: range")));
    }
    Ok(Ok(Collection::from_iter([
        ("spreadsheetId", Value::text(book.id.as_str())),
        ("valueRanges", Value::from(found)),
    ])
    .into()))
}

fn value_range(name: String, values: Vec<Vec<Value>>) -> Value {
    let mut range = Collection::from_iter([("range", Value::text(name)), ("majorDimension", Value::text("ROWS"))]);
    if !values.is_empty() {
        range.insert("values", values.into_iter().map(Value::from).collect::<Vec<Value>>());
    }
    range.into()
}

/// The rows of a range without what is empty at the end of each and of all.
fn window(stored: Vec<Row>, rect: &Rect, show: impl Fn(&Cell) -> Value) -> Vec<Vec<Value>> {
    let mut values: Vec<Vec<Value>> = Vec::new();
    for (row, cells) in stored {
        let end = cells.len().min(rect.last_column as usize + 1);
        let start = (rect.first_column as usize).min(end);
        let cells = cell::trimmed(&cells[start..end]);
        if cells.is_empty() {
            continue;
        }
        values.resize((row - rect.first_row) as usize, Vec::new());
        values.push(cells.iter().map(&show).collect());
    }
    values
}

/// The spreadsheet itself.
pub(super) async fn properties<C: ConnectionTrait>(db: &C, book: &Book) -> Result<Value, Error> {
    Ok(book.json(&super::base_url(db).await?))
}
