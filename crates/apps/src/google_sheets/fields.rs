//! Fields that several modules share, named as in Make's blueprints.

use rouage_sdk::{Field, FieldKind};

/// The account. Empty means the built-in spreadsheets.
pub(super) fn connection() -> Field {
    Field::new("__IMTCONN__", "Connection", FieldKind::Connection(&["google"]))
        .help("A Google account, or none for the built-in spreadsheets.")
}

fn options(name: &'static str, label: &'static str, options: &[(&'static str, &'static str)]) -> Field {
    Field::new(name, label, FieldKind::Select(options.to_vec()))
}

/// How the spreadsheet was chosen; kept for Make, not needed here.
pub(super) fn mode() -> Field {
    Field::text("mode", "Search Method").advanced()
}

/// As [`mode`], under the name that the range modules use.
pub(super) fn select() -> Field {
    Field::text("select", "Search Method").advanced()
}

/// The drive that it was picked from; kept for Make.
pub(super) fn from() -> Field {
    Field::text("from", "Drive").advanced()
}

/// The spreadsheet.
pub(super) fn spreadsheet() -> Field {
    Field::new("spreadsheetId", "Spreadsheet", FieldKind::Spreadsheet).required()
}

/// The sheet, by name.
pub(super) fn sheet() -> Field {
    Field::new("sheetId", "Sheet Name", FieldKind::Sheet).required()
}

/// Whether the first row holds headers.
pub(super) fn includes_headers() -> Field {
    Field::boolean("includesHeaders", "Table contains headers").default("true")
}

/// The row of the headers.
pub(super) fn table_first_row() -> Field {
    Field::text("tableFirstRow", "Row with headers")
        .help("The row with the headers and the columns of the table, such as A1:Z1.")
}

/// Whether `values` is keyed by header.
pub(super) fn use_column_headers() -> Field {
    Field::boolean("useColumnHeaders", "Use column headers as IDs").advanced()
}

/// The cells of a row by column index.
pub(super) fn values() -> Field {
    Field::new("values", "Values", FieldKind::Collection(Vec::new())).help("Column A is 0, column B is 1, and so on.")
}

/// How input is understood.
pub(super) fn value_input() -> Field {
    options(
        "valueInputOption",
        "Value input option",
        &[("USER_ENTERED", "As if a person had typed it"), ("RAW", "As it is")],
    )
    .default("USER_ENTERED")
    .advanced()
}

/// Where new rows go.
pub(super) fn insert_data() -> Field {
    options(
        "insertDataOption",
        "Insert data option",
        &[("INSERT_ROWS", "Insert new rows"), ("OVERWRITE", "Into the empty rows below")],
    )
    .default("INSERT_ROWS")
    .advanced()
}

/// Kept for Make: new rows take the format of the row above either way.
pub(super) fn insert_unformatted() -> Field {
    Field::boolean("insertUnformatted", "Unformatted").advanced()
}

/// How values are read.
pub(super) fn value_render() -> Field {
    options(
        "valueRenderOption",
        "Value render option",
        &[("FORMATTED_VALUE", "As shown"), ("UNFORMATTED_VALUE", "The value behind it"), ("FORMULA", "The formula")],
    )
    .default("FORMATTED_VALUE")
    .advanced()
}

/// How dates are read.
pub(super) fn date_render() -> Field {
    options(
        "dateTimeRenderOption",
        "Date and time render option",
        &[("FORMATTED_STRING", "As text"), ("SERIAL_NUMBER", "As a serial number")],
    )
    .default("FORMATTED_STRING")
    .advanced()
}

/// A row by its number.
pub(super) fn row_number() -> Field {
    Field::new("rowNumber", "Row number", FieldKind::UnsignedInteger).required()
}

/// What Google says about written cells.
pub(super) fn updates() -> Field {
    Field::new(
        "updates",
        "Updates",
        FieldKind::Collection(vec![
            Field::text("spreadsheetId", "Spreadsheet ID"),
            Field::text("updatedRange", "Updated range"),
            Field::new("updatedRows", "Updated rows", FieldKind::Integer),
            Field::new("updatedColumns", "Updated columns", FieldKind::Integer),
            Field::new("updatedCells", "Updated cells", FieldKind::Integer),
        ]),
    )
}

/// The output of a module that reads rows.
pub(super) fn row_output() -> Vec<Field> {
    vec![
        Field::new("__IMTLENGTH__", "Total number of bundles", FieldKind::Integer),
        Field::new("__IMTINDEX__", "Bundle order position", FieldKind::Integer),
        Field::new("__ROW_NUMBER__", "Row number", FieldKind::Integer),
        Field::text("__SPREADSHEET_ID__", "Spreadsheet ID"),
        Field::text("__SHEET__", "Sheet"),
    ]
}
