//! Records as a CSV file: out, and in from one. Types follow the data
//! structure; an import is made whole or not at all.

use askama::Template;
use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Path, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::stream;
use jiff::tz::TimeZone;
use rouage_model::structure::{Field, Kind, Structure};
use rouage_model::{Collection, DatastoreId, TeamId, Text, Value, json, tagged};
use rouage_sdk::structure::{Extent, check};
use rouage_store::Store;
use rouage_store::datastores::{self, Record};

use super::{find, structure_of};
use crate::PageError;
use crate::render::{self, Layout, Page, Reply, download};
use crate::words;
use crate::words::{filters, t};

/// The largest file that is read.
pub(super) const MAX_FILE: usize = 25 * 1024 * 1024;
/// The most records of one file.
const MOST_RECORDS: usize = 100_000;
/// The most problems that are told of one file.
const MOST_PROBLEMS: usize = 50;
/// The column of the key.
const KEY: &str = "key";
/// Begins a formula when a spreadsheet program opens the file.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// `GET /datastores/{id}/export.csv`.
pub(super) async fn export(page: Page, Path(id): Path<DatastoreId>) -> Reply {
    let found = find(&page, id).await?;
    let (store, team) = (page.app.store().clone(), page.app.team());
    let columns = columns(&store, team, id, structure_of(&page, &found).await?).await?;
    let head = line(std::iter::once(KEY.to_owned()).chain(columns.iter().cloned())).map_err(PageError::internal)?;
    let head = [b"\xEF\xBB\xBF".to_vec(), head].concat();
    // Some records at a time, however many there are.
    let begin = (store, columns, Some(0), Some(head));
    let parts = stream::try_unfold(begin, move |(store, columns, after, head)| async move {
        if let Some(head) = head {
            return Ok(Some((Bytes::from(head), (store, columns, after, None))));
        }
        let Some(after) = after else { return Ok(None) };
        let (records, next) = datastores::some(&store, team, id, after).await.map_err(std::io::Error::other)?;
        let mut part = Vec::new();
        for record in records {
            part.extend(row(&record, &columns)?);
        }
        Ok::<_, std::io::Error>(Some((Bytes::from(part), (store, columns, next, None))))
    });
    Ok(download(&format!("{}.csv", found.name), "text/csv; charset=utf-8", Body::from_stream(parts)))
}

/// The fields of the structure; and those that records have besides.
async fn columns(
    store: &Store,
    team: TeamId,
    id: DatastoreId,
    structure: Option<Structure>,
) -> Result<Vec<String>, PageError> {
    let is_strict = structure.as_ref().is_some_and(|structure| structure.strict);
    let fields = structure.into_iter().flat_map(|structure| structure.fields);
    let mut columns: Vec<String> = fields.map(|field| field.name.to_string()).collect();
    let mut after = if is_strict { None } else { Some(0) };
    while let Some(from) = after {
        let (records, next) = datastores::some(store, team, id, from).await?;
        for name in records.iter().flat_map(|record| record.data.keys()) {
            if !columns.iter().any(|column| column.as_str() == name.as_ref()) {
                columns.push(name.to_string());
            }
        }
        after = next;
    }
    Ok(columns)
}

fn line(cells: impl Iterator<Item = String>) -> Result<Vec<u8>, std::io::Error> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells.map(|cell| guarded(&cell))).map_err(std::io::Error::other)?;
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}

fn row(record: &Record, columns: &[String]) -> Result<Vec<u8>, std::io::Error> {
    let cells = columns.iter().map(|column| record.data.get(column).map(cell).unwrap_or_default());
    line(std::iter::once(record.key.clone()).chain(cells))
}

/// A value as text that the import reads back.
fn cell(value: &Value) -> String {
    match value {
        nothing if nothing.is_nothing() => String::new(),
        Value::Text(text) => text.to_string(),
        Value::Date(date) => json::iso(*date),
        other => tagged::to_string(other),
    }
}

/// An apostrophe keeps a spreadsheet program from computing what is text.
fn guarded(cell: &str) -> String {
    let is_digits = cell.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
    let is_number = is_digits && cell.parse::<f64>().is_ok();
    let is_formula = cell.trim_start_matches('\'').starts_with(FORMULA);
    if is_formula && !is_number { format!("'{cell}") } else { cell.to_owned() }
}

/// Back from [`guarded`].
fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        _ => cell,
    }
}

#[derive(Template)]
#[template(path = "datastores/import.html")]
struct ImportPage {
    layout: Layout,
    id: String,
    store: String,
    columns: String,
    problems: Vec<String>,
    most: String,
}

async fn import_page(page: &Page, id: DatastoreId, problems: Vec<String>) -> Reply {
    let store = find(page, id).await?;
    let structure = structure_of(page, &store).await?;
    let fields = structure.map(|structure| structure.fields).unwrap_or_default();
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_ref()).collect();
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = ImportPage {
        layout: page.layout(t!("Import into {name}", name = store.name), "datastores").await,
        id: id.to_string(),
        store: store.name,
        columns: names.join(", "),
        problems,
        most: words::bytes(MAX_FILE as u64),
    };
    Ok(render::page(status, &view))
}

/// `GET /datastores/{id}/import`.
pub(super) async fn show_import(page: Page, Path(id): Path<DatastoreId>) -> Reply {
    import_page(&page, id, Vec::new()).await
}

/// `POST /datastores/{id}/import`.
pub(super) async fn import(page: Page, Path(id): Path<DatastoreId>, request: Request) -> Reply {
    let store = find(&page, id).await?;
    let structure = structure_of(&page, &store).await?;
    let zone = page.times().await.zone;
    let read = match file(request).await {
        Ok(file) => records(&file, structure.as_ref(), &zone),
        Err(problem) => Err(vec![problem]),
    };
    let (lines, records) = match read {
        Ok(read) => read,
        Err(problems) => return import_page(&page, id, problems).await,
    };
    let mut tx = page.app.store().begin().await?;
    match datastores::import(&mut tx, page.app.team(), id, &records).await? {
        Ok(()) => tx.commit().await?,
        Err(problems) => {
            drop(tx);
            let named = |(at, text): (usize, String)| {
                t!("Line {line}: {text}", line = lines.get(at).unwrap_or(&0), text = text)
            };
            return import_page(&page, id, problems.into_iter().map(named).collect()).await;
        }
    }
    render::see(&format!("/datastores/{id}?notice=imported-records"))
}

/// The file of the form.
async fn file(request: Request) -> Result<Bytes, String> {
    let too_large = |_| {
        t!(
            "The file is too large or did not arrive; files of up to {size} are read.",
            size = words::bytes(MAX_FILE as u64)
        )
    };
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| t!("Choose a file.").to_owned())?;
    while let Some(field) = form.next_field().await.map_err(too_large)? {
        if field.name() == Some("file") {
            let content = field.bytes().await.map_err(too_large)?;
            return if content.is_empty() { Err(t!("The file is empty.").to_owned()) } else { Ok(content) };
        }
    }
    Err(t!("Choose a file.").to_owned())
}

type Read = (Vec<u64>, Vec<(Option<Text>, Collection)>);

/// The records of a file with their lines, or everything that does not fit.
fn records(file: &[u8], structure: Option<&Structure>, zone: &TimeZone) -> Result<Read, Vec<String>> {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let text = std::str::from_utf8(file).map_err(|_| vec![t!("The file is not text in UTF-8.").to_owned()])?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(text)).flexible(false).from_reader(text.as_bytes());
    let columns: Vec<Column> = match reader.headers() {
        Ok(head) => head.iter().map(|name| Column::new(name, structure)).collect(),
        Err(error) => return Err(vec![sentence(&error)]),
    };
    let (mut lines, mut read, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                problems.push(sentence(&error));
                break;
            }
        };
        let line = row.position().map_or(0, csv::Position::line);
        match record(&row, &columns, structure, zone) {
            Ok(record) => {
                lines.push(line);
                read.push(record);
            }
            Err(misfits) => {
                problems.extend(misfits.iter().map(|misfit| told(line, misfit, &columns, &row)));
            }
        }
        if read.len() > MOST_RECORDS {
            problems.push(t!(
                "The file has more than {most_records} records. Split it into several files.",
                most_records = MOST_RECORDS
            ));
        }
        if problems.len() >= MOST_PROBLEMS || read.len() > MOST_RECORDS {
            break;
        }
    }
    if problems.is_empty() { Ok((lines, read)) } else { Err(problems) }
}

/// Characters of a cell that a problem quotes.
const QUOTED: usize = 40;

/// What does not fit, with its column and what stands there.
fn told(line: u64, misfit: &str, columns: &[Column], row: &csv::StringRecord) -> String {
    let path = misfit.split_once("parameter '").and_then(|(_, rest)| rest.split_once('\'')).map(|(path, _)| path);
    let name = path.map(|path| path.split(['.', '[']).next().unwrap_or(path));
    let Some((at, column)) = columns.iter().enumerate().find(|(_, column)| Some(column.name.as_ref()) == name) else {
        return t!("Line {line}: {misfit}", line = line, misfit = misfit);
    };
    let (head, cell) = (&column.head, row.get(at).unwrap_or_default());
    let found = words::cut(cell, QUOTED);
    if cell.is_empty() {
        return t!("Line {line}, column “{head}”: it is empty, and a value is required.", line = line, head = head);
    }
    if misfit.starts_with("Prohibited value") {
        return t!(
            "Line {line}, column “{head}”: “{found}” is not one of the allowed values.",
            line = line,
            head = head,
            found = found
        );
    }
    match column.kind {
        Kind::Number => {
            t!("Line {line}, column “{head}”: “{found}” is not a number.", line = line, head = head, found = found)
        }
        Kind::Date => {
            t!("Line {line}, column “{head}”: “{found}” is not a date.", line = line, head = head, found = found)
        }
        Kind::Boolean => {
            t!(
                "Line {line}, column “{head}”: “{found}” is neither true nor false.",
                line = line,
                head = head,
                found = found
            )
        }
        _ => t!(
            "Line {line}, column “{head}”: {misfit} It says “{found}”.",
            line = line,
            head = head,
            misfit = misfit,
            found = found
        ),
    }
}

/// Spreadsheet programs of half of Europe write semicolons.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or_default();
    let count = |delimiter: char| head.matches(delimiter).count();
    [(';', b';'), ('\t', b'\t')].into_iter().find(|(sign, _)| count(*sign) > count(',')).map_or(b',', |(_, byte)| byte)
}

fn sentence(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            t!(
                "Line {line}: it has {number}, and the first line has {expected_len}.",
                line = line,
                number = words::count(*len, "cell"),
                expected_len = expected_len
            )
        }
        _ => t!("This is not a CSV file: {error}.", error = error),
    }
}

/// A column of the file.
struct Column {
    /// As the file has it.
    head: String,
    name: Text,
    is_key: bool,
    kind: Kind,
    has_simple_items: bool,
}

impl Column {
    /// By the raw name of a field, else by its label.
    fn new(head: &str, structure: Option<&Structure>) -> Self {
        let head = unguarded(head.trim());
        let fields = structure.map_or(&[][..], |structure| &structure.fields);
        let labelled = || fields.iter().find(|field| field.label.eq_ignore_ascii_case(head));
        let field: Option<&Field> = fields.iter().find(|field| field.name.as_ref() == head).or_else(labelled);
        Self {
            head: head.to_owned(),
            name: field.map_or_else(|| head.into(), |field| field.name.clone()),
            is_key: field.is_none() && head.eq_ignore_ascii_case(KEY),
            kind: field.map_or(Kind::Text, |field| field.kind),
            has_simple_items: field.is_some_and(|field| field.item().is_some()),
        }
    }

    /// A cell, before the structure makes its type of it.
    fn value(&self, cell: &str) -> Result<Value, Text> {
        let value = self.read(cell)?;
        // A handle in a record would outlive the run whose file it is.
        if value.has_stored_file() {
            return Err(t!("{name} names the file of a run.", name = self.name).into());
        }
        Ok(value)
    }

    fn read(&self, cell: &str) -> Result<Value, Text> {
        let broken = |error: json::Error| {
            t!("parameter '{name}' is not valid JSON: {error}.", name = self.name, error = error).into()
        };
        match self.kind {
            Kind::Array if self.has_simple_items && !cell.trim_start().starts_with('[') => {
                Ok(cell.split(',').map(|item| Value::text(item.trim())).collect::<Vec<_>>().into())
            }
            Kind::Array | Kind::Collection => tagged::parse(cell.as_bytes()).map_err(broken),
            Kind::Buffer if cell.starts_with('{') => tagged::parse(cell.as_bytes()).map_err(broken),
            Kind::Any => Ok(tagged::parse(cell.as_bytes()).unwrap_or_else(|_| Value::text(cell))),
            _ => Ok(Value::text(cell)),
        }
    }
}

fn record(
    row: &csv::StringRecord,
    columns: &[Column],
    structure: Option<&Structure>,
    zone: &TimeZone,
) -> Result<(Option<Text>, Collection), Vec<Text>> {
    let (mut key, mut data, mut problems) = (None, Collection::new(), Vec::new());
    for (column, cell) in columns.iter().zip(row) {
        let cell = unguarded(cell);
        if cell.is_empty() {
            continue;
        }
        if column.is_key && key.is_none() {
            key = Some(cell.into());
            continue;
        }
        match column.value(cell) {
            Ok(value) => data.insert(column.name.clone(), value),
            Err(problem) => problems.push(problem),
        }
    }
    if let Some(structure) = structure {
        match check(structure, &data, Extent::Whole, zone) {
            Ok(checked) => data = checked,
            Err(misfits) => problems.extend(misfits),
        }
    }
    if problems.is_empty() { Ok((key, data)) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structure() -> Structure {
        let text =
            br#"[{"name":"n","label":"Number","type":"number"},{"name":"tags","type":"array","spec":{"type":"text"}},
            {"name":"at","type":"date"},{"name":"t","type":"text"}]"#;
        Structure::parse(&json::parse(text).unwrap()).unwrap()
    }

    fn read(file: &str) -> Result<Vec<String>, Vec<String>> {
        let (_, read) = records(file.as_bytes(), Some(&structure()), &TimeZone::UTC)?;
        Ok(read.into_iter().map(|(key, data)| format!("{key:?} {}", tagged::to_string(&data.into()))).collect())
    }

    #[test]
    fn cells_take_the_types_of_the_structure() {
        let expected = [
            r#"Some("a") {"n":1.5,"tags":["x","y"],"at":{"$date":"2026-01-02T00:00:00.000Z"}}"#,
            r#"None {"t":"=1+1"}"#,
        ];
        assert_eq!(
            read("\u{FEFF}Key,number,tags,at,t\r\na,1.5,\"x, y\",2026-01-02,\r\n,,,,'=1+1\r\n").unwrap(),
            expected
        );
        assert_eq!(read("key;n\nb;2\n").unwrap(), [r#"Some("b") {"n":2}"#]);
    }

    #[test]
    fn problems_are_told_by_line() {
        let problems = read("key,n,at\na,x,soon\nb,1,2026-01-01\nc,y,\n").unwrap_err();
        assert_eq!(
            problems,
            [
                "Line 2, column “n”: “x” is not a number.",
                "Line 2, column “at”: “soon” is not a date.",
                "Line 4, column “n”: “y” is not a number."
            ]
        );
        assert!(read("key,n\na\n").unwrap_err()[0].starts_with("Line 2: it has 1 cell"));
    }

    #[test]
    fn what_goes_out_comes_back() {
        for text in ["=1+1", "'=x", "-5", "+49 30", "plain", "'quoted"] {
            assert_eq!(unguarded(&guarded(text)), text);
        }
        assert_eq!(guarded("-5"), "-5");
    }
}
