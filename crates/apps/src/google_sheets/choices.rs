//! What can be chosen in an open form: spreadsheets, sheets, columns.

use std::collections::HashSet;

use rouage_model::a1::{self, Range};
use rouage_model::sheets::{self, DateTimeRender, ValueRender};
use rouage_model::{ModuleError, Text, Value};
use rouage_sdk::{Call, FieldChoice, FieldChoices, FieldKind, LiveField, Values};

use super::client::{Client, Shared};
use super::{drive, target};

/// Columns that are offered when nothing says how many there are.
const USUAL_COLUMNS: usize = 26;

/// The choices of a field. Every module calls its fields the same.
pub(super) async fn of(
    shared: &Shared,
    call: &Call<'_>,
    field: &str,
    search: &str,
) -> Result<FieldChoices, ModuleError> {
    let form = if call.parameters.raw("spreadsheetId").is_nothing() { &call.input } else { &call.parameters };
    match field {
        "spreadsheetId" => spreadsheets(shared, call, search).await,
        "sheetId" | "sheet" => {
            let sheets = sheets(&shared.client(call)?, form).await?;
            Ok(FieldChoices::matching(sheets.iter().map(by_title).collect(), search))
        }
        "values" => Ok(FieldChoices::of_fields(columns(&shared.client(call)?, form).await?.fields(form))),
        "filter" | "orderBy" => {
            let mut choices = columns(&shared.client(call)?, form).await?.choices();
            choices.push(FieldChoice::new("__ROW_NUMBER__", "Row number"));
            Ok(FieldChoices::matching(choices, search))
        }
        other => Err(ModuleError::data(format!("there is nothing to choose for {other:?}: write the value"))),
    }
}

/// As [`of`] for a module that stores the number of a sheet, not its name.
pub(super) async fn by_number(
    shared: &Shared,
    call: &Call<'_>,
    field: &str,
    search: &str,
) -> Result<FieldChoices, ModuleError> {
    if field != "sheetId" {
        return of(shared, call, field, search).await;
    }
    let sheets = sheets(&shared.client(call)?, &call.input).await?;
    let choice = |sheet: &Sheet| FieldChoice::new(sheet.number.to_string(), sheet.title.to_string());
    Ok(FieldChoices::matching(sheets.iter().map(choice).collect(), search))
}

async fn spreadsheets(shared: &Shared, call: &Call<'_>, search: &str) -> Result<FieldChoices, ModuleError> {
    match &call.connection {
        Some(connection) => drive::spreadsheets(&*shared.account(connection, call.http)?, call, search).await,
        // The runtime lists what is its own.
        None => Err(ModuleError::data("choose the connection first")),
    }
}

struct Sheet {
    title: Text,
    number: i64,
}

fn by_title(sheet: &Sheet) -> FieldChoice {
    FieldChoice::new(sheet.title.to_string(), sheet.title.to_string())
}

async fn sheets(client: &Client<'_>, form: &Values) -> Result<Vec<Sheet>, ModuleError> {
    let id = chosen(form, "spreadsheetId", "spreadsheet").and_then(|_| target::spreadsheet(form))?;
    let answer = client.read(sheets::Call::Get { id }).await.map_err(|error| unreadable(&error))?;
    let sheets = answer.field("sheets").as_array().unwrap_or_default().iter();
    let read = |sheet: &Value| {
        let properties = sheet.field("properties");
        let title = properties.field("title").as_text()?.into();
        Some(Sheet { title, number: properties.field("sheetId").as_i64().unwrap_or_default() })
    };
    Ok(sheets.filter_map(read).collect())
}

/// The text of a field that must be filled in before another can be chosen.
fn chosen<'f>(form: &'f Values, field: &str, what: &str) -> Result<&'f str, ModuleError> {
    match form.text(field) {
        None => Err(ModuleError::data(format!("choose the {what} first"))),
        Some(text) if text.contains("{{") => Err(ModuleError::data(format!(
            "the {what} is mapped, so it is not known before the run: write the value here, or map it too"
        ))),
        Some(text) => Ok(text),
    }
}

/// Why a spreadsheet was not read, and what to do. The answers of Google and of
/// the built-in spreadsheets begin with their status.
fn unreadable(error: &ModuleError) -> ModuleError {
    let text = if error.message.starts_with("[404]") {
        "this spreadsheet does not exist, or its connection may not see it: choose another one".to_owned()
    } else if error.message.starts_with("[403]") {
        "the account of this connection may not see the spreadsheet: share it with the account, or choose another one"
            .to_owned()
    } else {
        format!("the spreadsheet could not be read: {}", error.message)
    };
    ModuleError { message: text.into(), ..error.clone() }
}

/// As [`unreadable`] for a range of a sheet. A sheet that is not there makes a
/// range that cannot be understood.
fn no_columns(error: &ModuleError, sheet: &str) -> ModuleError {
    if error.message.starts_with("[400]") {
        return ModuleError::data(format!("there is no sheet {sheet:?} in this spreadsheet: choose another one"));
    }
    unreadable(error)
}

/// The columns of a table, by what stands in its row of headers.
struct Columns {
    /// Index of the first one.
    first: u32,
    /// One text a column; empty where there is no header.
    headers: Vec<String>,
}

async fn columns(client: &Client<'_>, form: &Values) -> Result<Columns, ModuleError> {
    let id = chosen(form, "spreadsheetId", "spreadsheet").and_then(|_| target::spreadsheet(form))?;
    let sheet = chosen(form, "sheetId", "sheet")?;
    let table = target::table(form)?;
    let (first, last) = (table.first_column.unwrap_or(0), table.last_column);
    let range = Range { sheet: Some(sheet.to_owned()), ..table };
    let ranges = vec![range.to_string().into()];
    let (render, dates) = (ValueRender::Formatted, DateTimeRender::FormattedString);
    let answer = client.read(sheets::Call::Values { id, ranges, batch: false, render, dates }).await;
    let answer = answer.map_err(|error| no_columns(&error, sheet))?;
    let row = answer.field("values").as_array().and_then(|rows| rows.first()).and_then(Value::as_array);
    let has_headers = form.boolean("includesHeaders") != Some(false);
    let text = |cell: &Value| cell.as_text().map_or_else(|| shown(cell), str::to_owned).trim().to_owned();
    let mut headers: Vec<String> = row.unwrap_or_default().iter().map(text).collect();
    if !has_headers || headers.iter().all(String::is_empty) {
        let most = last.map_or(usize::MAX, |last| last.saturating_sub(first) as usize + 1);
        headers = vec![String::new(); headers.len().max(USUAL_COLUMNS).min(most)];
    }
    Ok(Columns { first, headers })
}

fn shown(cell: &Value) -> String {
    if cell.is_nothing() { String::new() } else { rouage_model::json::to_string(cell) }
}

impl Columns {
    /// Index, letters and name of each column. A header that stands twice is
    /// told apart by its letters.
    fn named(&self) -> impl Iterator<Item = (u32, String, String)> {
        let is_unique = |name: &String| self.headers.iter().filter(|other| *other == name).count() == 1;
        (self.first..).zip(&self.headers).map(move |(index, header)| {
            let letters = a1::column_letters(index);
            let label = match header {
                header if header.is_empty() => format!("Column {letters}"),
                header if is_unique(header) => header.clone(),
                header => format!("{header} ({letters})"),
            };
            (index, letters, label)
        })
    }

    fn choices(&self) -> Vec<FieldChoice> {
        self.named().map(|(_, letters, label)| FieldChoice::new(letters.clone(), label).note(letters)).collect()
    }

    /// One field for each column, under the key that the module's form asks for.
    fn fields(&self, form: &Values) -> Vec<LiveField> {
        let by_header = form.is_true("useColumnHeaders");
        let headers = self.headers.iter();
        let fields = self.named().zip(headers).map(|((index, _, label), header)| {
            let name = if by_header && !header.is_empty() { header.clone() } else { index.to_string() };
            LiveField::new(name, label, FieldKind::Any)
        });
        let mut fields: Vec<LiveField> = fields.collect();
        // A name can stand only once in a collection.
        let mut seen = HashSet::new();
        fields.retain(|field| seen.insert(field.name.clone()));
        fields
    }
}
