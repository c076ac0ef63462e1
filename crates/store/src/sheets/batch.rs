//! `spreadsheets.batchUpdate`: sheets come and go, rows and columns too.
//!
//! The requests are first played on a copy of the properties, which gives the
//! steps for the cells; only when all of them are allowed is anything written.

use jiff::Timestamp;
use rouage_model::clock::Clock;
use rouage_model::sheets::ApiError;
use rouage_model::{Collection, Value};
use sea_orm::ConnectionTrait;

use super::book::{self, Book, MAX_CELLS, Sheet};
use super::cell::Cell;
use super::create::{COLUMNS, ROWS, new_sheet_id};
use super::dimensions;
use super::rows::{self, SheetKey};
use super::write::{Answer, allowed};
use crate::{Error, transactions};

/// A change to the cells of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    InsertRows(SheetKey, u32, u32),
    DeleteRows(SheetKey, u32, u32),
    InsertColumns(SheetKey, u32, u32),
    DeleteColumns(SheetKey, u32, u32),
    DeleteSheet(SheetKey),
}

/// `POST /v4/spreadsheets/{id}:batchUpdate`.
pub(super) async fn update<C: ConnectionTrait>(
    db: &C,
    mut book: Book,
    body: &Value,
    clock: &dyn Clock,
    now: Timestamp,
) -> Answer {
    let requests = body.field("requests").as_array().unwrap_or_default();
    if requests.is_empty() {
        return Ok(Err(ApiError::invalid("Must specify at least one request.")));
    }
    let mut steps = Vec::new();
    let mut replies = Vec::with_capacity(requests.len());
    for (at, request) in requests.iter().enumerate() {
        replies.push(allowed!(play(&mut book, &mut steps, request, at, clock)));
        allowed!(book.check_size());
    }
    if let Some((run, noted)) = &book.undo {
        transactions::sheets::note_whole(db, *run, noted).await?;
    }
    book.layout += 1;
    for step in steps {
        apply(db, step).await?;
    }
    for (position, sheet) in book.sheets.iter_mut().enumerate() {
        sheet.last_table = None;
        book::save_sheet(db, sheet, position).await?;
    }
    book::save(db, &book, now).await?;
    Ok(Ok(Collection::from_iter([("spreadsheetId", Value::text(book.id.as_str())), ("replies", Value::from(replies))])
        .into()))
}

async fn apply<C: ConnectionTrait>(db: &C, step: Step) -> Result<(), Error> {
    match step {
        Step::InsertRows(key, start, end) => rows::shift(db, key, start, i64::from(end) - i64::from(start)).await,
        Step::DeleteRows(key, start, end) => {
            rows::erase(db, key, start..=end - 1).await?;
            rows::shift(db, key, end, i64::from(start) - i64::from(end)).await
        }
        Step::InsertColumns(key, start, end) => rows::rewrite(db, key, |cells| insert_columns(cells, start, end)).await,
        Step::DeleteColumns(key, start, end) => {
            let within = |cells: &Vec<Cell>| (start as usize).min(cells.len())..(end as usize).min(cells.len());
            rows::rewrite(db, key, |cells| drop(cells.drain(within(cells)))).await
        }
        Step::DeleteSheet(key) => book::delete_sheet(db, key).await,
    }
}

fn insert_columns(cells: &mut Vec<Cell>, start: u32, end: u32) {
    let start = start as usize;
    if start < cells.len() {
        let gap = std::iter::repeat_n(Cell::Empty, end as usize - start);
        cells.splice(start..start, gap);
    }
}

/// Plays one request on the properties; gives its reply.
fn play(
    book: &mut Book,
    steps: &mut Vec<Step>,
    request: &Value,
    at: usize,
    clock: &dyn Clock,
) -> Result<Value, ApiError> {
    let Some((name, body)) = request.as_collection().and_then(|fields| fields.iter().next()) else {
        return Err(ApiError::invalid(format!("Invalid requests[{at}]: No request set.")));
    };
    let place = format!("requests[{at}].{name}");
    match name.as_ref() {
        "addSheet" => return add_sheet(book, body, &place, clock),
        "deleteSheet" => delete_sheet(book, steps, body, &place)?,
        "insertDimension" => dimensions::insert(book, steps, body.field("range"), &place)?,
        "appendDimension" => dimensions::append(book, body, &place)?,
        "deleteDimension" => dimensions::delete(book, steps, body.field("range"), &place)?,
        "updateSheetProperties" => update_sheet(book, steps, body, &place)?,
        "updateSpreadsheetProperties" => update_spreadsheet(book, body, &place)?,
        _ => {
            return Err(ApiError::invalid(format!(
                "Invalid requests[{at}]: the built-in spreadsheets of Rouage do not know {name}."
            )));
        }
    }
    Ok(Value::empty_collection())
}

pub(super) fn invalid(place: &str, reason: impl std::fmt::Display) -> ApiError {
    ApiError::invalid(format!("Invalid {place}: {reason}"))
}

/// A count or index; 0 when it is not said.
pub(super) fn number(value: &Value, place: &str) -> Result<u32, ApiError> {
    match value {
        Value::Undefined | Value::Null => Ok(0),
        _ => value
            .as_i64()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| u64::from(*number) <= MAX_CELLS)
            .ok_or_else(|| invalid(place, "a count is not a whole number in range")),
    }
}

/// The sheet with the id in `sheetId`; 0 when it is not said.
pub(super) fn sheet_at(book: &Book, body: &Value, place: &str) -> Result<usize, ApiError> {
    let id = body.field("sheetId").as_i64().unwrap_or(0);
    let found = book.sheets.iter().position(|sheet| sheet.key.sheet_id == id);
    found.ok_or_else(|| invalid(place, format!("No grid with id: {id}")))
}

/// A new sheet by its properties.
pub(super) fn sheet_from(properties: &Value, book: &Book, place: &str, clock: &dyn Clock) -> Result<Sheet, ApiError> {
    let grid = properties.field("gridProperties");
    let size = |name: &str, usual: u32| match grid.field(name) {
        Value::Undefined | Value::Null => Ok(usual),
        given => number(given, place).map(|count| count.max(1)),
    };
    let title = match properties.field("title").as_text() {
        Some(title) => title.to_owned(),
        None => free_title(book),
    };
    let sheet_id = match properties.field("sheetId").as_i64() {
        Some(id) if (0..=i64::from(i32::MAX)).contains(&id) => id,
        Some(_) => return Err(invalid(place, "sheetId must be a non-negative 32-bit number")),
        None => new_sheet_id(&book.sheets, clock),
    };
    Ok(Sheet {
        key: SheetKey { spreadsheet: book.number, sheet_id },
        title,
        rows: size("rowCount", ROWS)?,
        columns: size("columnCount", COLUMNS)?,
        last_table: None,
    })
}

fn free_title(book: &Book) -> String {
    let mut number = book.sheets.len() + 1;
    loop {
        let title = format!("Sheet{number}");
        if book.position(&title).is_none() {
            return title;
        }
        number += 1;
    }
}

/// Titles and ids must differ.
pub(super) fn check_unique(sheets: &[Sheet]) -> Result<(), ApiError> {
    for (at, sheet) in sheets.iter().enumerate() {
        if sheet.title.is_empty() {
            return Err(ApiError::invalid("The sheet name cannot be empty."));
        }
        let before = &sheets[..at];
        if before.iter().any(|other| other.title.to_lowercase() == sheet.title.to_lowercase()) {
            return Err(ApiError::invalid(taken(&sheet.title)));
        }
        if before.iter().any(|other| other.key.sheet_id == sheet.key.sheet_id) {
            return Err(ApiError::invalid(format!("A sheet with the id {} already exists.", sheet.key.sheet_id)));
        }
    }
    Ok(())
}

fn taken(title: &str) -> String {
    format!("A sheet with the name \"{title}\" already exists. Please enter another name.")
}

fn add_sheet(book: &mut Book, body: &Value, place: &str, clock: &dyn Clock) -> Result<Value, ApiError> {
    let properties = body.field("properties");
    let sheet = sheet_from(properties, book, place, clock)?;
    let position = match properties.field("index") {
        Value::Undefined | Value::Null => book.sheets.len(),
        index => (number(index, place)? as usize).min(book.sheets.len()),
    };
    let reply = sheet.json(position);
    book.sheets.insert(position, sheet);
    check_unique(&book.sheets).map_err(|error| invalid(place, error.message))?;
    let added = Collection::from_iter([("properties", reply)]);
    Ok(Collection::from_iter([("addSheet", added)]).into())
}

fn delete_sheet(book: &mut Book, steps: &mut Vec<Step>, body: &Value, place: &str) -> Result<(), ApiError> {
    let at = sheet_at(book, body, place)?;
    if book.sheets.len() == 1 {
        return Err(invalid(place, "You can't remove all the sheets in a document."));
    }
    steps.push(Step::DeleteSheet(book.sheets.remove(at).key));
    Ok(())
}

fn update_sheet(book: &mut Book, steps: &mut Vec<Step>, body: &Value, place: &str) -> Result<(), ApiError> {
    let properties = body.field("properties");
    let at = sheet_at(book, properties, place)?;
    let fields = fields(body, place)?;
    let named = |name: &str| listed(&fields, name);
    if named("title") {
        let title = properties.field("title").as_text().unwrap_or_default();
        title.clone_into(&mut book.sheets[at].title);
        check_unique(&book.sheets).map_err(|error| invalid(place, error.message))?;
    }
    let grid = properties.field("gridProperties");
    for (name, rows) in [("rowCount", true), ("columnCount", false)] {
        if named(&format!("gridProperties.{name}")) && !grid.field(name).is_nothing() {
            resize(&mut book.sheets[at], steps, rows, number(grid.field(name), place)?.max(1));
        }
    }
    if named("index") && !properties.field("index").is_nothing() {
        let position = (number(properties.field("index"), place)? as usize).min(book.sheets.len() - 1);
        let sheet = book.sheets.remove(at);
        book.sheets.insert(position, sheet);
    }
    Ok(())
}

/// Cells beyond the new size go.
fn resize(sheet: &mut Sheet, steps: &mut Vec<Step>, rows: bool, size: u32) {
    let count = if rows { &mut sheet.rows } else { &mut sheet.columns };
    if size < *count {
        let step = if rows { Step::DeleteRows } else { Step::DeleteColumns };
        steps.push(step(sheet.key, size, *count));
    }
    *count = size;
}

fn update_spreadsheet(book: &mut Book, body: &Value, place: &str) -> Result<(), ApiError> {
    let properties = body.field("properties");
    let fields = fields(body, place)?;
    let targets = [("title", &mut book.title), ("locale", &mut book.locale), ("timeZone", &mut book.time_zone)];
    for (name, target) in targets {
        if let Some(text) = properties.field(name).as_text().filter(|_| listed(&fields, name)) {
            text.clone_into(target);
        }
    }
    Ok(())
}

/// The field mask: `a,b.c,d(e,f)` as full paths. Fields that only concern the
/// looks of a sheet are accepted and have no effect.
fn fields(body: &Value, place: &str) -> Result<Vec<String>, ApiError> {
    let text = body.field("fields").as_text().unwrap_or_default();
    if text.is_empty() {
        let reason = "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)";
        return Err(invalid(place, reason));
    }
    let mut paths = Vec::new();
    let mut parent = String::new();
    for part in text.split(',') {
        let (opened, inner) = part.split_once('(').map_or((None, part), |(name, inner)| (Some(name), inner));
        if let Some(name) = opened {
            parent = format!("{}.", name.trim());
        }
        paths.push(format!("{parent}{}", inner.trim_end_matches(')').trim()));
        if part.contains(')') {
            parent.clear();
        }
    }
    Ok(paths)
}

fn listed(fields: &[String], name: &str) -> bool {
    let covers = |field: &str| {
        field == "*" || field == name || name.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'))
    };
    fields.iter().any(|field| covers(field))
}

#[cfg(test)]
mod tests {
    use rouage_model::clock::SimulatedClock;
    use rouage_model::json;

    use super::super::book::tests::book;
    use super::*;

    fn run(book: &mut Book, request: &str) -> Result<(Value, Vec<Step>), String> {
        let clock = SimulatedClock::new(Timestamp::UNIX_EPOCH, 1);
        let mut steps = Vec::new();
        let request = json::parse(request.as_bytes()).unwrap();
        let reply = play(book, &mut steps, &request, 0, &clock).map_err(|error| error.message)?;
        Ok((reply, steps))
    }

    #[test]
    fn sheets_come_and_go() {
        let mut book = book(&["Sheet1"]);
        let (reply, _) =
            run(&mut book, r#"{"addSheet":{"properties":{"title":"New","sheetId":7,"index":0}}}"#).unwrap();
        assert_eq!(
            json::to_string(&reply),
            r#"{"addSheet":{"properties":{"sheetId":7,"title":"New","index":0,"sheetType":"GRID","gridProperties":{"rowCount":1000,"columnCount":26}}}}"#
        );
        run(&mut book, r#"{"addSheet":{}}"#).unwrap();
        let titles: Vec<&str> = book.sheets.iter().map(|sheet| sheet.title.as_str()).collect();
        assert_eq!(titles, ["New", "Sheet1", "Sheet3"]);
        let (_, steps) = run(&mut book, r#"{"deleteSheet":{"sheetId":7}}"#).unwrap();
        assert_eq!(steps, [Step::DeleteSheet(SheetKey { spreadsheet: 1, sheet_id: 7 })]);
    }

    #[test]
    fn rows_and_columns_come_and_go() {
        let mut book = book(&["Sheet1"]);
        let key = book.sheets[0].key;
        for (request, step) in [
            (
                r#"{"insertDimension":{"range":{"dimension":"ROWS","startIndex":2,"endIndex":4}}}"#,
                Step::InsertRows(key, 2, 4),
            ),
            (
                r#"{"deleteDimension":{"range":{"sheetId":0,"dimension":"ROWS","endIndex":1}}}"#,
                Step::DeleteRows(key, 0, 1),
            ),
            (
                r#"{"insertDimension":{"range":{"dimension":"COLUMNS","startIndex":1,"endIndex":2}}}"#,
                Step::InsertColumns(key, 1, 2),
            ),
            (
                r#"{"updateSheetProperties":{"properties":{"gridProperties":{"columnCount":5}},"fields":"title2,gridProperties(rowCount,columnCount)"}}"#,
                Step::DeleteColumns(key, 5, 27),
            ),
        ] {
            assert_eq!(run(&mut book, request).unwrap().1, [step], "{request}");
        }
        run(&mut book, r#"{"appendDimension":{"dimension":"ROWS","length":10}}"#).unwrap();
        assert_eq!((book.sheets[0].rows, book.sheets[0].columns), (1011, 5));
    }

    #[test]
    fn what_is_not_possible_says_why_as_google_does() {
        let mut book = book(&["Sheet1"]);
        for (request, message) in [
            (
                r#"{"addSheet":{"properties":{"title":"SHEET1"}}}"#,
                "Invalid requests[0].addSheet: A sheet with the name \"SHEET1\" already exists. Please enter another name.",
            ),
            (r#"{"deleteSheet":{"sheetId":5}}"#, "Invalid requests[0].deleteSheet: No grid with id: 5"),
            (
                r#"{"deleteSheet":{}}"#,
                "Invalid requests[0].deleteSheet: You can't remove all the sheets in a document.",
            ),
            (
                r#"{"deleteDimension":{"range":{"dimension":"ROWS","startIndex":1000,"endIndex":1001}}}"#,
                "Invalid requests[0].deleteDimension: Cannot delete a row that doesn't exist. Tried to delete row index 1000 but there are only 1000 rows.",
            ),
            (
                r#"{"deleteDimension":{"range":{"dimension":"ROWS","startIndex":0,"endIndex":1000}}}"#,
                "Invalid requests[0].deleteDimension: You can't delete all the rows on the sheet.",
            ),
            (
                r#"{"insertDimension":{"range":{"dimension":"ROWS","startIndex":3,"endIndex":3}}}"#,
                "Invalid requests[0].insertDimension.range: endIndex[3] must be greater than startIndex[3]",
            ),
            (
                r#"{"updateSheetProperties":{"properties":{"title":"X"}}}"#,
                "Invalid requests[0].updateSheetProperties: At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)",
            ),
            (
                r#"{"mergeCells":{}}"#,
                "Invalid requests[0]: the built-in spreadsheets of Rouage do not know mergeCells.",
            ),
            (r"{}", "Invalid requests[0]: No request set."),
            (
                r#"{"appendDimension":{"dimension":"ROWS","length":-1}}"#,
                "Invalid requests[0].appendDimension: a count is not a whole number in range",
            ),
        ] {
            let mut copy = book.clone();
            assert_eq!(run(&mut copy, request).unwrap_err(), message);
        }
        run(&mut book, r#"{"appendDimension":{"dimension":"ROWS","length":9000000}}"#).unwrap();
        assert!(book.check_size().is_err());
    }
}
