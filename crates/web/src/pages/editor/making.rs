//! Things that a form needs and that are not there yet, made without leaving
//! the module; and when its scenario runs, in words.

use axum::Json;
use axum::extract::Path;
use rouage_model::schedule;
use rouage_model::{Collection, ScenarioId, Value, clock};
use rouage_store::datastores::{self, Settings};
use rouage_store::{scenarios, sheets};
use serde::Deserialize;

use super::answer::{Answer, Refusal, ok};
use crate::pages::scenario::checked_name;
use crate::pages::schedule::preview;
use crate::render::Page;
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{PageError, Route};

const MOST_COLUMNS: usize = 200;

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/editor/spreadsheets", SignedIn, make_spreadsheet),
        Route::post("/editor/datastores", SignedIn, make_datastore),
        Route::get("/scenarios/{id}/trigger.json", SignedIn, trigger),
    ]
}

/// A built-in spreadsheet with its first row.
#[derive(Deserialize)]
pub struct Spreadsheet {
    title: String,
    #[serde(default)]
    columns: Vec<String>,
}

/// `POST /editor/spreadsheets`.
pub async fn make_spreadsheet(page: Page, Json(new): Json<Spreadsheet>) -> Answer {
    let title = checked_name(new.title.trim())?;
    let columns: Vec<String> = new.columns.iter().map(|name| name.trim().to_owned()).collect();
    if columns.len() > MOST_COLUMNS {
        return Err(Refusal::invalid(t!(
            "A spreadsheet can begin with at most {most_columns} columns.",
            most_columns = MOST_COLUMNS
        )));
    }
    let id = clock::token(page.app.clock().as_ref());
    let mut tx = page.app.store().begin().await?;
    let wanted = sheets::Wanted { id: &id, title, sheet_title: "Sheet1", headers: &columns };
    sheets::ensure(&mut tx, page.app.team(), wanted).await?;
    tx.commit().await?;
    made([("id", id.as_str().into()), ("name", title.into()), ("sheet", "Sheet1".into())])
}

/// A data store that takes any record.
#[derive(Deserialize)]
pub struct Datastore {
    name: String,
}

/// `POST /editor/datastores`.
pub async fn make_datastore(page: Page, Json(new): Json<Datastore>) -> Answer {
    let name = checked_name(new.name.trim())?;
    let mut tx = page.app.store().begin().await?;
    let settings =
        Settings { name: name.to_owned(), structure: None, max_size: rouage_model::datastore::DEFAULT_MAX_SIZE };
    let id = datastores::create(&mut tx, page.app.team(), settings).await?;
    tx.commit().await?;
    made([("id", id.to_string().into()), ("name", name.into()), ("sheet", "".into())])
}

fn made(fields: [(&'static str, Value); 3]) -> Answer {
    ok(fields.into_iter().collect::<Collection>())
}

/// `GET /scenarios/{id}/trigger.json`: the schedule in words, and how far a
/// polling trigger has come. Both are of the live version.
pub async fn trigger(page: Page, Path(id): Path<ScenarioId>) -> Answer {
    let team = page.app.team();
    let scenario = scenarios::find(page.app.store(), team, id).await?.ok_or(PageError::NotFound)?;
    let zone = preview::zone(&scenario.timezone);
    // A scenario without a trigger, or with one that is only in the draft, has
    // no position yet.
    let polling = page.app.control().polling_trigger(team, id).await.ok().flatten();
    let (position, start) = polling.map_or((None, None), |found| (found.position, Some(found.start_words)));
    let body: Collection = [
        ("schedule", Value::from(schedule::describe(&scenario.scheduling, &zone))),
        ("timezone", scenario.timezone.as_str().into()),
        ("isByClock", scenario.scheduling.is_by_clock().into()),
        ("position", position.map_or(Value::Null, Value::from)),
        ("start", start.map_or(Value::Null, Value::from)),
    ]
    .into_iter()
    .collect();
    ok(body)
}
