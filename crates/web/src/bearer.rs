//! Programs show an API token of the team as their bearer token.

use axum::http::{HeaderMap, header};
use rouage_model::TeamId;
use rouage_store::sheets::tokens;

use crate::App;

/// The team whose token a request shows; `None` when it shows none that is
/// valid.
pub async fn team(app: &App, headers: &HeaderMap) -> Result<Option<TeamId>, rouage_store::Error> {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        shown.and_then(|shown| shown.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match token {
        Some((_, token)) => tokens::verify(app.store(), token.trim()).await,
        None => Ok(None),
    }
}
