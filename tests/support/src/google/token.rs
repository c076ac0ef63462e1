//! The token endpoint: refresh tokens (RFC 6749 §6) and JWT assertions of
//! service accounts (RFC 7523). The assertion's claims are checked, its
//! signature is not.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use serde_json::{Value as Json, json};

use super::{Google, TokenFault};
use crate::lock;
use crate::server::reset;

/// Whom the test key belongs to.
pub(super) const SERVICE_ACCOUNT: &str = "robot@test.iam.gserviceaccount.com";

pub(super) async fn token(State(state): State<Arc<Mutex<Google>>>, body: String) -> Response {
    let delay = lock(&state).token_delay;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let field = |name: &str| {
        let found = url::form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let mut google = lock(&state);
    google.grants.push(field("grant_type"));
    match google.token_faults.pop_front() {
        Some(TokenFault::InvalidGrant) => return refused(),
        Some(TokenFault::ServerError(status)) => return server_error(status),
        Some(TokenFault::Reset) => return reset(),
        None => {}
    }
    let accepted = match field("grant_type").as_str() {
        "refresh_token" => field("refresh_token") == google.refresh_token,
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => is_ours(&field("assertion"), &google.url),
        _ => false,
    };
    if !accepted {
        return refused();
    }
    answer(&mut google)
}

fn answer(google: &mut Google) -> Response {
    let token = format!("access-{}", google.next());
    google.tokens.push(token.clone());
    let mut body = json!({
        "access_token": token,
        "expires_in": 3599,
        "scope": "https://www.googleapis.com/auth/spreadsheets",
        "token_type": "Bearer",
    });
    if google.rotates {
        google.refresh_token = format!("refresh-{}", google.next());
        body["refresh_token"] = Json::String(google.refresh_token.clone());
    }
    axum::Json(body).into_response()
}

fn is_ours(assertion: &str, url: &str) -> bool {
    let parts: Vec<&str> = assertion.split('.').collect();
    let [_, claims, _] = parts[..] else { return false };
    let Ok(claims) = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')) else {
        return false;
    };
    let claims: Json = serde_json::from_slice(&claims).unwrap_or_default();
    claims["iss"] == SERVICE_ACCOUNT && claims["aud"] == format!("{url}/token")
}

fn refused() -> Response {
    let body = json!({"error": "invalid_grant", "error_description": "Token has been expired or revoked."});
    (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
}

fn server_error(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({"error": "internal_failure", "error_description": "Backend error."});
    (status, axum::Json(body)).into_response()
}
