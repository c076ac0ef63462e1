//! The requests of a `batchUpdate` about rows and columns: what they do to the
//! size of a sheet, and the step that its cells need.

use rouage_model::Value;
use rouage_model::sheets::ApiError;

use super::batch::{Step, invalid, number, sheet_at};
use super::book::Book;

/// Rows or columns.
fn is_rows(body: &Value, place: &str) -> Result<bool, ApiError> {
    match body.field("dimension").as_text() {
        Some("ROWS") => Ok(true),
        Some("COLUMNS") => Ok(false),
        _ => Err(invalid(place, "No dimension specified.")),
    }
}

/// `startIndex` and `endIndex`, which must follow it.
fn span(range: &Value, place: &str) -> Result<(u32, u32), ApiError> {
    let (start, end) = (number(range.field("startIndex"), place)?, number(range.field("endIndex"), place)?);
    if end <= start {
        let reason = format!("endIndex[{end}] must be greater than startIndex[{start}]");
        return Err(invalid(&format!("{place}.range"), reason));
    }
    Ok((start, end))
}

/// `insertDimension`.
pub(super) fn insert(book: &mut Book, steps: &mut Vec<Step>, range: &Value, place: &str) -> Result<(), ApiError> {
    let at = sheet_at(book, range, place)?;
    let rows = is_rows(range, place)?;
    let (start, end) = span(range, place)?;
    let sheet = &mut book.sheets[at];
    let count = if rows { &mut sheet.rows } else { &mut sheet.columns };
    if start > *count {
        let reason = format!("range.startIndex[{start}] must be at most the grid size ({count})");
        return Err(invalid(place, reason));
    }
    *count += end - start;
    let step = if rows { Step::InsertRows } else { Step::InsertColumns };
    steps.push(step(sheet.key, start, end));
    Ok(())
}

/// `appendDimension`.
pub(super) fn append(book: &mut Book, body: &Value, place: &str) -> Result<(), ApiError> {
    let at = sheet_at(book, body, place)?;
    let rows = is_rows(body, place)?;
    let length = number(body.field("length"), place)?;
    if length == 0 {
        return Err(invalid(place, "length must be greater than 0"));
    }
    let sheet = &mut book.sheets[at];
    let count = if rows { &mut sheet.rows } else { &mut sheet.columns };
    *count += length;
    Ok(())
}

/// `deleteDimension`.
pub(super) fn delete(book: &mut Book, steps: &mut Vec<Step>, range: &Value, place: &str) -> Result<(), ApiError> {
    let at = sheet_at(book, range, place)?;
    let rows = is_rows(range, place)?;
    let (start, end) = span(range, place)?;
    let sheet = &mut book.sheets[at];
    let (name, count) = if rows { ("row", &mut sheet.rows) } else { ("column", &mut sheet.columns) };
    if start >= *count {
        return Err(invalid(
            place,
            format!(
                "Cannot delete a {name} that doesn't exist. Tried to delete {name} index {start} but there are only {count} {name}s."
            ),
        ));
    }
    let end = end.min(*count);
    if end - start == *count {
        return Err(invalid(place, format!("You can't delete all the {name}s on the sheet.")));
    }
    *count -= end - start;
    let step = if rows { Step::DeleteRows } else { Step::DeleteColumns };
    steps.push(step(sheet.key, start, end));
    Ok(())
}
