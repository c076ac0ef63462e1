//! Which spreadsheet and which sheet a module is about, as Make stores it.

use rouage_model::a1::{self, Range};
use rouage_model::{Collection, ModuleError, Text, Value};
use rouage_sdk::Values;

/// The last column that is read when the blueprint names no table.
const LAST_COLUMN: &str = "CZ";

/// A spreadsheet's id. Pick modes store a path of folders with a slash in
/// front, map mode the bare id; a link from the browser is understood too.
pub(super) fn spreadsheet(input: &Values) -> Result<Text, ModuleError> {
    let given = input.text("spreadsheetId").unwrap_or_default().trim();
    if given.is_empty() {
        return Err(ModuleError::data("no spreadsheet is chosen; choose one in the module's settings"));
    }
    let linked = given.split_once("/spreadsheets/d/").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
    let id = linked.unwrap_or_else(|| given.trim_end_matches('/').rsplit('/').next().unwrap_or_default());
    // An id becomes part of an address: `..` would lead elsewhere.
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if plain { Ok(id.into()) } else { Err(ModuleError::data(format!("{given:?} is not the id of a spreadsheet"))) }
}

/// The name of the sheet in a field.
pub(super) fn sheet<'a>(input: &'a Values, field: &str) -> Result<&'a str, ModuleError> {
    input.text(field).ok_or_else(|| ModuleError::data("no sheet is chosen; choose one in the module's settings"))
}

/// The row with the headers, and the columns of the table: `A1:CZ1`.
pub(super) fn table(input: &Values) -> Result<Range, ModuleError> {
    let text = input.text("tableFirstRow").map_or_else(|| format!("A1:{LAST_COLUMN}1"), |text| text.trim().to_owned());
    let range = Range::parse(&text).map_err(ModuleError::data)?;
    if range.first_row.is_none() || range.sheet.is_some() {
        return Err(ModuleError::data(format!("{text:?} is not a row of headers such as A1:Z1")));
    }
    Ok(range)
}

/// A range of cells on a sheet. A sheet that the range names itself wins.
pub(super) fn on_sheet(sheet: &str, cells: &str) -> Result<Range, ModuleError> {
    let range = Range::parse(cells.trim()).map_err(ModuleError::data)?;
    let has_cells = range.first_column.is_some() || range.first_row.is_some();
    if !has_cells {
        return Err(ModuleError::data(format!("{cells:?} is not a cell or a range such as B2 or A1:D25")));
    }
    Ok(Range { sheet: range.sheet.or_else(|| Some(sheet.to_owned())), ..range })
}

/// One row of a sheet between two columns.
pub(super) fn row_range(sheet: &str, row: u32, first: u32, last: u32) -> Text {
    let range = Range {
        sheet: Some(sheet.to_owned()),
        first_row: Some(row),
        last_row: Some(row),
        first_column: Some(first),
        last_column: Some(last),
    };
    // Always written with both corners: `B2:B2` and `B2` are the same to Google.
    range.to_string().into()
}

/// A row number as people count, from a field; the answer counts from 0.
pub(super) fn row_number(input: &Values, field: &str) -> Result<u32, ModuleError> {
    let number = input.integer(field).and_then(|number| u32::try_from(number).ok());
    number.and_then(|number| number.checked_sub(1)).ok_or_else(|| {
        ModuleError::data(format!("the row number must be 1 or more, but it is {}", shown(input.raw(field))))
    })
}

fn shown(value: &Value) -> String {
    if value.is_nothing() { "empty".to_owned() } else { rouage_model::json::to_string(value) }
}

/// The sheet and first row (from 0) of a range that Google answered.
pub(super) fn first_row(range: &Value) -> (Option<Text>, Option<u32>) {
    let range = range.as_text().and_then(|text| Range::parse(text).ok()).unwrap_or_default();
    (range.sheet.map(Text::from), range.first_row)
}

/// Column 0 for `A`, from a letter or an index text as Make stores both.
pub(super) fn column(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| a1::column_index(text))
}

/// The id and the title of a sheet, out of Google's spreadsheet.
pub(super) fn properties<'a>(spreadsheet: &'a Value, title: &str) -> Option<&'a Collection> {
    let sheets = spreadsheet.field("sheets").as_array().unwrap_or_default();
    let mut properties = sheets.iter().filter_map(|sheet| sheet.field("properties").as_collection());
    properties.find(|properties| properties.get("title").and_then(Value::as_text) == Some(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Result<Text, ModuleError> {
        spreadsheet(&Collection::from_iter([("spreadsheetId", text)]).into())
    }

    #[test]
    fn the_id_is_the_last_part_of_the_path() {
        for text in
            ["abc-1_2", "/abc-1_2", "/folder/abc-1_2", "https://docs.google.com/spreadsheets/d/abc-1_2/edit#gid=0"]
        {
            assert_eq!(&*id(text).unwrap(), "abc-1_2", "{text}");
        }
        for text in ["", "/", "..", "/a/..", "a b", "{{1.id}}"] {
            assert!(id(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_row_range_names_its_sheet() {
        assert_eq!(&*row_range("My sheet", 4, 1, 3), "'My sheet'!B5:D5");
        assert_eq!(&*row_range("Orders", 0, 2, 2), "Orders!C1");
    }
}
