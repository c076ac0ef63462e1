//! Live pages: a stream that says "look again" when something changed. The
//! page then fetches itself and swaps its live parts, so that markup has one
//! owner and nothing is lost when a stream breaks.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::Path;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use rouage_model::{HookId, ScenarioId};
use rouage_store::{Change, executions, hooks, scenarios, sessions};
use tokio::sync::broadcast::error::RecvError;

use crate::render::{Execution, Page, Reply};
use crate::{App, PageError};

/// Changes closer together than this are one.
const PAUSE: Duration = Duration::from_millis(150);
/// Sessions are looked at again this often.
const RECHECK: Duration = Duration::from_secs(15);

/// `GET /executions/{id}/live`.
pub async fn execution(page: Page, Path(Execution(id)): Path<Execution>) -> Reply {
    executions::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    Ok(stream(page, move |change| matches!(change, Change::Execution(changed, _) if *changed == id)))
}

/// `GET /scenarios/{id}/live`.
pub async fn scenario(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    Ok(stream(page, move |change| match change {
        Change::Execution(_, scenario) | Change::Scenario(scenario) => *scenario == id,
        _ => false,
    }))
}

/// `GET /webhooks/{id}/live`.
pub async fn webhook(page: Page, Path(id): Path<HookId>) -> Reply {
    let hook = hooks::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    Ok(stream(page, move |change| match change {
        Change::Hook(changed) => *changed == id,
        Change::Execution(_, scenario) => Some(*scenario) == hook.scenario,
        _ => false,
    }))
}

fn stream(page: Page, wanted: impl Fn(&Change) -> bool + Send + 'static) -> Response {
    let token = page.principal.map(|principal| principal.token).unwrap_or_default();
    let events = changes(page.app, token, wanted);
    let keep_alive = KeepAlive::new().interval(RECHECK);
    Sse::new(events).keep_alive(keep_alive).into_response()
}

/// Ends when the session does.
fn changes(
    app: App,
    token: String,
    wanted: impl Fn(&Change) -> bool + Send + 'static,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let receiver = app.store().changes();
    let state = (app, token, wanted, receiver);
    stream::unfold(state, |(app, token, wanted, mut receiver)| async move {
        loop {
            let news = match tokio::time::timeout(RECHECK, receiver.recv()).await {
                // Something was missed, so it may have been ours.
                Ok(Ok(Change::Missed)) => true,
                Ok(Ok(change)) => wanted(&change),
                Ok(Err(RecvError::Lagged(_))) => true,
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => false,
            };
            if !news {
                if !is_signed_in(&app, &token).await {
                    return None;
                }
                continue;
            }
            tokio::time::sleep(PAUSE).await;
            while receiver.try_recv().is_ok() {}
            // A browser drops an event without data.
            let event = Event::default().event("changed").data("look again");
            return Some((Ok(event), (app, token, wanted, receiver)));
        }
    })
}

async fn is_signed_in(app: &App, token: &str) -> bool {
    matches!(sessions::find(app.store(), token).await, Ok(Some(_)))
}
