//! Notices: what people must hear of, on every page until somebody has read it.

use axum::extract::Path;
use rouage_store::notices;

use crate::Route;
use crate::render::{self, Form, Page, Reply};
use crate::routes::Permission::SignedIn;

/// Notices on one page; what is beyond comes when those are read.
const MOST: u32 = 3;

/// A notice in the frame of a page.
#[derive(Debug, Clone)]
pub struct NoticeView {
    /// Its number.
    pub id: String,
    /// What happened and what to do.
    pub text: String,
    /// The scenario's page; may be empty.
    pub link: String,
}

/// Their row in the table of routes.
pub fn routes() -> Vec<Route> {
    vec![Route::post("/notices/{id}/read", SignedIn, read)]
}

/// Those that nobody has read. A page is shown without them when they cannot
/// be read.
pub async fn unread(page: &Page) -> Vec<NoticeView> {
    if page.principal.is_none() {
        return Vec::new();
    }
    let found = notices::unread(page.app.store(), page.app.team(), MOST).await.unwrap_or_default();
    let view = |notice: notices::Notice| NoticeView {
        id: notice.id.to_string(),
        text: notice.text,
        link: notice.scenario.map(|id| format!("/scenarios/{id}")).unwrap_or_default(),
    };
    found.into_iter().map(view).collect()
}

/// `POST /notices/{id}/read`.
pub async fn read(page: Page, Path(id): Path<i64>, Form(form): Form) -> Reply {
    let mut tx = page.app.store().begin().await?;
    notices::mark_read(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    render::see(form.text("back"))
}
