//! Google Sheets: rows, cells and sheets, with a Google account or with the
//! built-in spreadsheets.
//!
//! Every module makes calls of `model::sheets` and hands them to [`client`],
//! the only place that knows which of the two it is. Not here: the triggers.
//!
//! To add a module: one file and one line in [`app`].

mod add_multiple_rows;
mod add_row;
mod add_sheet;
mod append;
mod cells;
mod clear_values;
mod client;
mod compare;
mod connector;
mod create_spreadsheet;
mod delete_row;
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

use std::sync::Arc;

use rouage_sdk::{App, ConnectionSpec, Field, FieldKind, Module};

/// The app.
pub fn app() -> App {
    let shared = Arc::default();
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
    ];
    App {
        name: "google-sheets",
        label: "Google Sheets",
        color: "#0f7b45",
        icon: "google-sheets",
        modules,
        connections: vec![connection()],
    }
}

/// A Google account. One of the secrets is enough: the key of a service
/// account, or a refresh token with its client.
fn connection() -> ConnectionSpec {
    let secret = |name, label, help| Field::new(name, label, FieldKind::Password).help(help);
    ConnectionSpec {
        kind: "google",
        label: "Google",
        help: "Paste the key file of a service account and share the spreadsheet with its e-mail address, or give a \
               refresh token with the client it was made for.",
        fields: vec![
            Field::text("client_id", "Client ID").help("The OAuth client of the refresh token."),
            Field::text("token_uri", "Token address").advanced().help("Google's, unless you use another server."),
            Field::text("api_root", "API address").advanced().help("Google's, unless you use another server."),
        ],
        secrets: vec![
            secret("service_account_key", "Service account key", "The whole JSON file."),
            secret("refresh_token", "Refresh token", "Used with the client ID and client secret."),
            secret("client_secret", "Client secret", "The OAuth client of the refresh token."),
            secret("access_token", "Fixed token", "For another server that speaks the Sheets API, such as Rouage.")
                .advanced(),
        ],
    }
}
