//! Live runs that failed and that nobody has looked at yet: whoever looks or
//! says so is not told of them any more.

use axum::extract::Path;
use rouage_model::ScenarioId;
use rouage_store::scenarios::{self, Failing};
use rouage_store::{PageRequest, executions};

use crate::Route;
use crate::render::{self, Page, Reply, Times};
use crate::routes::Permission::SignedIn;
use crate::words::Moment;

/// Scenarios on the page; what is beyond comes when those were looked at.
const MOST: u32 = 50;

/// A scenario with such runs.
pub struct Failed {
    /// Its id.
    pub scenario: String,
    /// Its name.
    pub name: String,
    /// How many runs.
    pub count: u64,
    /// When the last one ended.
    pub at: Option<Moment>,
    /// Why the last one failed; may be empty.
    pub error: String,
}

/// Their rows in the table of routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/scenarios/{id}/failures", SignedIn, look),
        Route::post("/scenarios/{id}/failures/seen", SignedIn, seen),
    ]
}

/// What is to be looked at, and how many scenarios are not listed.
pub async fn list(page: &Page, times: &Times) -> Result<(Vec<Failed>, u64), crate::PageError> {
    let (store, team) = (page.app.store(), page.app.team());
    let found = scenarios::failing(store, team, PageRequest { page: 1, size: MOST }).await?;
    let more = found.total.saturating_sub(found.items.len() as u64);
    let mut listed = Vec::new();
    for Failing { id, name, failures, last_at } in found.items {
        let wanted = executions::Filter {
            scenario: Some(id),
            status: Some(rouage_model::execution::Status::Error),
            ..executions::Filter::default()
        };
        let last = executions::list(store, team, &wanted, None, 1).await?.items.pop();
        listed.push(Failed {
            scenario: id.to_string(),
            name,
            count: failures,
            at: last_at.map(|at| times.moment(at)),
            error: last.and_then(|run| run.error).as_deref().map(rouage_runtime::brief_of_raw).unwrap_or_default(),
        });
    }
    Ok((listed, more))
}

/// `GET /scenarios/{id}/failures`: the history, with what failed.
async fn look(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    note(&page, id).await?;
    render::see(&format!("/scenarios/{id}/history?status=error"))
}

/// `POST /scenarios/{id}/failures/seen`.
async fn seen(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    note(&page, id).await?;
    render::see("/incomplete")
}

async fn note(page: &Page, id: ScenarioId) -> Result<(), crate::PageError> {
    let mut tx = page.app.store().begin().await?;
    scenarios::see_failures(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    Ok(())
}
