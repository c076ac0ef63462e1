//! Fields that several modules share, named as in Make's blueprints.

use rouage_sdk::{Field, FieldKind};

/// The account. Empty means the built-in spreadsheets.
pub(super) fn connection() -> Field {
    Field::new("__IMTCONN__", "Connection", FieldKind::Connection(&["google"]))
        .help("A Google account, or the built-in spreadsheets of Rouage.")
}

fn options(name: &'static str, label: &'static str, options: &[(&'static str, &'static str)]) -> Field {
    Field::new(name, label, FieldKind::Select(options.to_vec()))
}

/// How the spreadsheet was chosen; kept for Make, not needed here.
pub(super) fn mode() -> Field {
    search_method("mode")
}

/// As [`mode`], under the name that the range modules use.
pub(super) fn select() -> Field {
    search_method("select")
}

/// The default is the one with which Make stores a bare id, as we do.
fn search_method(name: &'static str) -> Field {
    let methods = [
        ("select", "Search by path"),
        ("list", "Search by path"),
        ("fromAll", "Select from all"),
        ("map", "Enter manually"),
    ];
    options(name, "Search Method", &methods)
        .not_offering(if name == "mode" { &["list"] } else { &["select"] })
        .default("fromAll")
        .advanced()
        .help("Kept for Make, where it says how the spreadsheet is chosen. Here it makes no difference.")
}

/// The drive that it was picked from; kept for Make.
pub(super) fn from() -> Field {
    options("from", "Drive", &[("drive", "My drive"), ("share", "Shared with me"), ("team", "Google shared drive")])
        .advanced()
        .help("Kept for Make, where it says in which drive the spreadsheet is. Here it makes no difference.")
}

/// The spreadsheet.
pub(super) fn spreadsheet() -> Field {
    Field::new("spreadsheetId", "Spreadsheet", FieldKind::Spreadsheet)
        .required()
        .help("Choose it from the list, or paste its address or id.")
}

/// The sheet, by name.
pub(super) fn sheet() -> Field {
    Field::new("sheetId", "Sheet Name", FieldKind::Sheet).required().help("The tab at the bottom of the spreadsheet.")
}

/// Whether the first row holds headers.
pub(super) fn includes_headers() -> Field {
    Field::boolean("includesHeaders", "Table contains headers")
        .default("true")
        .help("Yes: the first row says what each column is for.")
}

/// The row of the headers.
pub(super) fn table_first_row() -> Field {
    Field::text("tableFirstRow", "Row with headers")
        .advanced()
        .help("The row with the headers and the columns of the table, such as A1:Z1. Empty means A1:CZ1.")
}

/// Whether `values` is keyed by header.
pub(super) fn use_column_headers() -> Field {
    Field::boolean("useColumnHeaders", "Use column headers as IDs")
        .default("false")
        .advanced()
        .help("Yes: values stay with their header when somebody moves a column.")
}

/// The cells of a row by column index.
pub(super) fn values() -> Field {
    Field::new("values", "Values", FieldKind::Collection(Vec::new()))
        .dynamic()
        .help("One field for each column. Columns that you leave empty stay empty, or as they are.")
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
    .help("As if typed: 1/2/2026 becomes a date and =SUM(A1:A9) a formula.")
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
    .help("Where a new row goes when something stands below the table.")
}

/// Kept for Make: new rows take the format of the row above either way.
pub(super) fn insert_unformatted() -> Field {
    Field::boolean("insertUnformatted", "Unformatted")
        .default("false")
        .advanced()
        .help("Kept for Make. Here a new row looks like the row above.")
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
    .help("As shown: 12.50 EUR. The value behind it: 12.5.")
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
    .help("How dates are given when the value behind them is read.")
}

/// A row by its number.
pub(super) fn row_number() -> Field {
    Field::new("rowNumber", "Row number", FieldKind::UnsignedInteger)
        .required()
        .help("Usually mapped from a module that found the row, such as Search Rows.")
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
