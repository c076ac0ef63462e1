//! Incomplete executions: what failed and was stored, and what a person can do
//! about it.

mod edit;
mod item;
mod list;
mod selected;
mod words;

use crate::Route;
use crate::routes::Permission::{Owner, SignedIn};

/// Their rows in the table of routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/incomplete", SignedIn, list::list),
        Route::post("/incomplete/selected", SignedIn, selected::act),
        Route::post("/incomplete/delete", SignedIn, selected::delete),
        Route::post("/incomplete/limits", Owner, selected::save_limits),
        Route::get("/incomplete/{id}", SignedIn, item::show),
        Route::post("/incomplete/{id}/settle", SignedIn, item::settle),
        Route::get("/incomplete/{id}/edit", SignedIn, edit::show),
        Route::post("/incomplete/{id}/edit", SignedIn, edit::run),
        Route::get("/incomplete/{id}/delete", SignedIn, item::ask_delete),
        Route::post("/incomplete/{id}/delete", SignedIn, item::delete),
    ]
}
