//! `GET /scenarios/{id}/items`: what can be mapped in the draft. The answer has
//! a tag, so that asking again costs little while nothing has changed.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::IntoResponse;
use rouage_model::ScenarioId;

use super::answer::Answer;
use crate::Route;
use crate::render::Page;
use crate::routes::Permission::SignedIn;

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/scenarios/{id}/items", SignedIn, show)]
}

async fn show(page: Page, Path(id): Path<ScenarioId>, headers: HeaderMap) -> Answer {
    let knowledge = page.app.control().knowledge(page.app.team(), id).await?;
    let content = knowledge.json();
    let tag = HeaderValue::from_str(&format!("\"{:016x}\"", hash(&content)));
    let tag = tag.unwrap_or(HeaderValue::from_static("\"\""));
    let fixed = [
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (header::ETAG, tag.clone()),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    Ok((fixed, content.to_string()).into_response())
}

/// FNV-1a: tells contents apart, no more.
pub fn hash(content: &str) -> u64 {
    content.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
