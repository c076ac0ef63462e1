//! The pages, one file each: view struct, handler, tests.

pub mod connections;
pub mod datastores;
pub mod editor;
pub mod executions;
pub mod failures;
pub mod files;
pub mod folders;
pub mod functions;
pub mod history;
pub mod import;
pub mod incompletes;
pub mod inputs;
pub mod interface;
pub mod new_scenario;
pub mod notices;
pub mod options;
pub mod outbox;
pub mod panels;
pub mod relink;
pub mod retention;
pub mod scenario;
pub mod scenarios;
pub mod schedule;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod single;
pub mod spreadsheets;
pub mod start;
pub mod structures;
pub mod webhooks;

use crate::Route;

/// Rows that other files bring.
pub fn more() -> Vec<Route> {
    let own = [
        failures::routes(),
        files::routes(),
        folders::routes(),
        functions::routes(),
        incompletes::routes(),
        new_scenario::routes(),
        notices::routes(),
        options::routes(),
        spreadsheets::routes(),
        datastores::routes(),
        editor::routes(),
        structures::routes(),
        crate::sheets_api::routes(),
        crate::api::routes(),
        interface::routes(),
        inputs::routes(),
        schedule::routes(),
        start::routes(),
    ];
    own.into_iter().flatten().collect()
}
