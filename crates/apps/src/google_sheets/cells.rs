//! Mapped values as cells, and the columns that mapped names stand for.

use rouage_model::a1::Range;
use rouage_model::sheets::{self, DateTimeRender, ValueInput, ValueRender};
use rouage_model::{Collection, ModuleError, Text, Value, json};
use rouage_sdk::Values;

use super::client::Client;
use super::target;

/// Google's limit on the columns of a sheet.
const MAX_COLUMNS: u32 = 18_278;

/// A value as a cell. Nothing and empty text leave the cell as it is, `erase`
/// empties it; what is no simple value becomes text by Make's rules.
pub(super) fn cell(value: &Value) -> Value {
    match value {
        Value::Undefined | Value::Null | Value::Ignore => Value::Null,
        Value::Text(text) if text.is_empty() => Value::Null,
        Value::Erase => Value::text(""),
        Value::Boolean(_) | Value::Number(_) | Value::Text(_) => value.clone(),
        other => Value::text(text(other)),
    }
}

/// Lists are joined with commas (decision D5), dates are ISO 8601.
fn text(value: &Value) -> String {
    match value {
        Value::Undefined | Value::Null | Value::Ignore | Value::Erase => String::new(),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Date(date) => json::iso(*date),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Buffer(buffer) => String::from_utf8_lossy(buffer.held()).into_owned(),
        Value::Collection(_) => json::to_string(value),
    }
}

/// Whether a cell is written at all.
pub(super) fn is_left(cell: &Value) -> bool {
    cell.is_nothing()
}

/// A row out of `values`, from column 0 to the last one given. Keys are column
/// indices (`"0"` is A), or names of headers with `useColumnHeaders`.
pub(super) async fn row(client: &Client<'_>, input: &Values) -> Result<Vec<Value>, ModuleError> {
    const NONE: &[(u32, Value)] = &[];
    let Some(values) = input.collection("values") else { return Ok(Vec::new()) };
    let cells = columns(client, input, values).await?;
    let width = cells.iter().map(|(column, _)| column + 1).max().unwrap_or(0);
    let mut row = vec![Value::Null; width as usize];
    for (column, value) in if width == 0 { NONE } else { &cells } {
        row[*column as usize] = value.clone();
    }
    Ok(row)
}

async fn columns(client: &Client<'_>, input: &Values, values: &Collection) -> Result<Vec<(u32, Value)>, ModuleError> {
    let by_name = input.is_true("useColumnHeaders") || values.keys().any(|key| key.parse::<u32>().is_err());
    let headers = if by_name && !values.is_empty() { headers(client, input).await? } else { Vec::new() };
    let mut cells = Vec::with_capacity(values.len());
    let mut problems = Vec::new();
    for (key, value) in values.iter() {
        match column_of(key, &headers) {
            Some(column) if column < MAX_COLUMNS => cells.push((column, cell(value))),
            // A name without a value changes nothing, so it needs no column.
            None if is_left(&cell(value)) => {}
            _ => problems.push(format!("{key:?} is neither a column index nor a header").into()),
        }
    }
    if problems.is_empty() {
        return Ok(cells);
    }
    let mut error = ModuleError::data(format!("{} column(s) are not in the sheet", problems.len()));
    error.details = problems;
    Err(error)
}

/// A header of that name wins over an index, so that a column headed `2024` is found.
fn column_of(key: &str, headers: &[Text]) -> Option<u32> {
    let position = |matches: &dyn Fn(&str) -> bool| headers.iter().position(|header| matches(header));
    let named = position(&|header| header == key).or_else(|| position(&|header| header.trim() == key.trim()));
    named.and_then(|column| u32::try_from(column).ok()).or_else(|| key.trim().parse().ok())
}

/// The headers of the table, with empty ones in front for the columns before it.
async fn headers(client: &Client<'_>, input: &Values) -> Result<Vec<Text>, ModuleError> {
    let table = target::table(input)?;
    let first = table.first_column.unwrap_or(0);
    let range = Range { sheet: Some(target::sheet(input, "sheetId")?.to_owned()), ..table };
    let answer = client.read(values_call(target::spreadsheet(input)?, &range, input)).await?;
    let row = answer.field("values").as_array().and_then(|rows| rows.first()).and_then(Value::as_array);
    let empty = std::iter::repeat_n(Text::from(""), first as usize);
    Ok(empty.chain(row.unwrap_or_default().iter().map(|header| text(header).into())).collect())
}

/// A read of one range, rendered as the module's settings say.
pub(super) fn values_call(id: Text, range: &Range, input: &Values) -> sheets::Call {
    let render = match input.text("valueRenderOption") {
        Some("UNFORMATTED_VALUE") => ValueRender::Unformatted,
        Some("FORMULA") => ValueRender::Formula,
        _ => ValueRender::Formatted,
    };
    let dates = match input.text("dateTimeRenderOption") {
        Some("SERIAL_NUMBER") => DateTimeRender::SerialNumber,
        _ => DateTimeRender::FormattedString,
    };
    sheets::Call::Values { id, ranges: vec![range.to_string().into()], batch: false, render, dates }
}

/// How the module's settings say that input is understood.
pub(super) fn value_input(input: &Values) -> ValueInput {
    if input.text("valueInputOption") == Some("RAW") { ValueInput::Raw } else { ValueInput::UserEntered }
}

/// A row of Google's answer as a bundle: `"0"`, `"1"`, … from the given index.
pub(super) fn bundle(row: &[Value], first: u32) -> Collection {
    let mut bundle = Collection::with_capacity(row.len() + 5);
    for (offset, value) in (first..).zip(row) {
        bundle.insert(offset.to_string(), value.clone());
    }
    bundle
}

/// The rows of a values answer.
pub(super) fn rows(answer: &Value) -> Vec<&[Value]> {
    let rows = answer.field("values").as_array().unwrap_or_default();
    rows.iter().map(|row| row.as_array().unwrap_or_default()).collect()
}

/// Whether every cell is empty.
pub(super) fn is_blank(row: &[Value]) -> bool {
    row.iter().all(|cell| cell.is_nothing() || cell.as_text() == Some(""))
}

/// The bundle of a search without a result (decision D66).
pub(super) fn nothing_found() -> Vec<Value> {
    vec![Collection::from_iter([("__IMTLENGTH__", 0)]).into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_leaves_a_cell_and_erase_clears_it() {
        for nothing in [Value::Undefined, Value::Null, Value::Ignore, Value::text("")] {
            assert!(is_left(&cell(&nothing)), "{nothing:?}");
        }
        assert_eq!(cell(&Value::Erase), Value::text(""));
        assert!(!is_left(&cell(&Value::Erase)));
        assert_eq!(cell(&Value::from(vec![Value::from(1), Value::text("b")])), Value::text("1,b"));
    }

    #[test]
    fn a_header_that_is_a_number_is_found_by_name() {
        let headers: Vec<Text> = vec!["Name".into(), "7".into()];
        assert_eq!(column_of("7", &headers), Some(1));
        assert_eq!(column_of("7", &[]), Some(7));
        assert_eq!(column_of(" Name ", &headers), Some(0));
        assert_eq!(column_of("Other", &headers), None);
    }
}
