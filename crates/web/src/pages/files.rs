//! Stored files of bundles: only ever downloaded, piece by piece. What keeps a
//! browser from showing one itself are the headers of every answer (`guard`).

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rouage_model::{BlobId, Buffer, Content, Value};
use rouage_store::blobs;

use crate::render::{Page, Reply, download};
use crate::routes::Permission::SignedIn;
use crate::{PageError, Route};

/// Their row in the table of routes.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/files/{id}", SignedIn, show)]
}

/// Where a stored file is to be had; `None` for any other value.
pub fn link(value: &Value, name: Option<&str>) -> Option<String> {
    let Value::Buffer(Buffer { content: Content::Stored(file), .. }) = value else { return None };
    let query = name.map(|name| format!("?name={}", utf8_percent_encode(name, NON_ALPHANUMERIC)));
    Some(format!("/files/{}{}", file.id, query.unwrap_or_default()))
}

/// `GET /files/{id}?name=`.
pub async fn show(page: Page, Path(id): Path<String>) -> Reply {
    let id: BlobId = id.parse().map_err(|_| PageError::NotFound)?;
    let (store, team) = (page.app.store().clone(), page.app.team());
    let row = blobs::find(&store, team, id).await?.ok_or(PageError::NotFound)?;
    // A client that is slow holds up one piece and no more.
    let pieces = stream::try_unfold(0, move |number| {
        let store = store.clone();
        async move {
            let piece = blobs::piece(&store, team, id, number).await?;
            Ok::<_, rouage_store::Error>(piece.map(|piece| (piece, number + 1)))
        }
    });
    let name = match page.query.text("name") {
        "" => "file",
        name => name,
    };
    let mut response: Response = Body::from_stream(pieces).into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(row.file.size));
    Ok(download(name, "application/octet-stream", response))
}
