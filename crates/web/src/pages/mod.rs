//! The pages, one file each: view struct, handler, tests.

pub mod connections;
pub mod executions;
pub mod import;
pub mod incompletes;
pub mod outbox;
pub mod panels;
pub mod scenario;
pub mod scenarios;
pub mod settings;
pub mod sign_in;
pub mod spreadsheets;
pub mod webhooks;

use crate::Route;

/// Rows that other files bring.
pub fn more() -> Vec<Route> {
    spreadsheets::routes().into_iter().chain(crate::sheets_api::routes()).collect()
}
