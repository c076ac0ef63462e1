//! Google Sheets: rows, cells and sheets, with a Google account or with the
//! built-in spreadsheets.
//!
//! Every module makes calls of `model::sheets` and hands them to [`client`],
//! the only place that knows which of the two it is.
//!
//! To add a module: one file and one line in [`app`].

mod add_multiple_rows;
mod add_row;
mod add_sheet;
mod append;
mod cells;
mod choices;
mod clear_values;
mod client;
mod compare;
mod connection;
mod connector;
mod create_spreadsheet;
mod delete_row;
mod drive;
mod failure;
mod fields;
mod filter_rows;
mod get_cell;
mod get_sheet_content;
mod google;
mod list_sheets;
mod sort_key;
mod target;
mod tokens;
mod update_cell;
mod update_row;
mod watch_rows;

use std::sync::Arc;

use rouage_sdk::{App, Module};

/// The app.
pub fn app() -> App {
    let shared: Arc<client::Shared> = Arc::default();
    let modules: Vec<Arc<dyn Module>> = vec![
        Arc::new(add_multiple_rows::AddMultipleRows::new(&shared)),
        Arc::new(add_row::AddRow::new(&shared, 2)),
        Arc::new(add_row::AddRow::new(&shared, 3)),
        Arc::new(add_sheet::AddSheet::new(&shared)),
        Arc::new(clear_values::ClearValues::new(&shared)),
        Arc::new(create_spreadsheet::CreateSpreadsheet::new(&shared)),
        Arc::new(delete_row::DeleteRow::new(&shared)),
        Arc::new(filter_rows::FilterRows::new(&shared)),
        Arc::new(get_cell::GetCell::new(&shared)),
        Arc::new(get_sheet_content::GetSheetContent::new(&shared)),
        Arc::new(list_sheets::ListSheets::new(&shared)),
        Arc::new(update_cell::UpdateCell::new(&shared)),
        Arc::new(update_row::UpdateRow::new(&shared)),
        Arc::new(watch_rows::WatchRows::new(&shared)),
    ];
    App {
        name: "google-sheets",
        label: "Google Sheets",
        color: "#0f7b45",
        icon: "google-sheets",
        synonyms: &["gsheet", "gsheets", "sheet", "sheets", "spreadsheet", "excel", "xlsx", "table", "row", "column", "cell"],
        modules,
        connections: vec![connection::spec(&shared)],
    }
}
