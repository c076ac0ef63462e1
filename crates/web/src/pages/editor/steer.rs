//! The acts of the editor's bar that are not of the draft: the name, on and
//! off, and the bar itself in its latest words.

use axum::body::Bytes;
use axum::extract::Path;
use axum::http::StatusCode;
use rouage_model::{Collection, ScenarioId, Value, json};
use rouage_store::scenarios;

use super::answer::{Answer, Refusal, ok};
use super::{draft, head};
use crate::Route;
use crate::pages::scenario::checked_name;
use crate::pages::start;
use crate::render::Page;
use crate::routes::Permission::SignedIn;
use crate::words::t;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/scenarios/{id}/edit/state", SignedIn, state),
        Route::post("/scenarios/{id}/edit/rename", SignedIn, rename),
        Route::post("/scenarios/{id}/edit/switch", SignedIn, switch),
    ]
}

/// `GET /scenarios/{id}/edit/state`.
async fn state(page: Page, Path(id): Path<ScenarioId>) -> Answer {
    answer(&page, id).await
}

async fn answer(page: &Page, id: ScenarioId) -> Answer {
    let (scenario, draft) = draft::load(page, id).await?;
    let mut about = Collection::from_iter([("scenario", head::of(page, &scenario, &draft).await?.to_value())]);
    about.insert("isChanged", draft.is_changed);
    ok(about)
}

fn read(body: &Bytes) -> Result<Value, Refusal> {
    json::parse_bounded(body).map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, t!("What was sent cannot be read: {error}.", error = error))
    })
}

/// `POST /scenarios/{id}/edit/rename`: `{name}`.
async fn rename(page: Page, Path(id): Path<ScenarioId>, body: Bytes) -> Answer {
    let body = read(&body)?;
    let name = checked_name(body.field("name").as_text().unwrap_or_default().trim())?;
    let mut tx = page.app.store().begin().await?;
    scenarios::rename(&mut tx, page.app.team(), id, name).await?;
    tx.commit().await?;
    page.app.control().refresh().await;
    answer(&page, id).await
}

/// `POST /scenarios/{id}/edit/switch`: `{on}`. Where its trigger starts is
/// asked on a page of its own, which `open` names.
async fn switch(page: Page, Path(id): Path<ScenarioId>, body: Bytes) -> Answer {
    let on = read(&body)?.field("on").as_bool() == Some(true);
    let (store, team) = (page.app.store(), page.app.team());
    let scenario = scenarios::find(store, team, id).await?.ok_or_else(Refusal::missing)?;
    if on && start::is_open(&page, &scenario).await? {
        return ok(Collection::from_iter([("open", format!("/scenarios/{id}/start?on=1"))]));
    }
    page.app.control().set_enabled(team, id, on).await?;
    answer(&page, id).await
}
