//! What stands before every handler: who is asking, where the form came from,
//! and the headers that keep a page closed.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use rouage_model::UserId;
use rouage_store::{sessions, users};
use url::Url;

use crate::words::t;
use crate::{App, PageError, Permission};

/// The name of the session cookie.
pub const SESSION_COOKIE: &str = "rouage_session";

/// No inline script or style, nothing from elsewhere, no frames around us.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A signed-in person.
#[derive(Clone)]
pub struct Principal {
    /// The person.
    pub user: users::User,
    /// The session's token, for ending it.
    pub token: String,
}

/// Enforces a row of the route table.
pub async fn enforce(State((app, permission)): State<(App, Permission)>, mut request: Request, next: Next) -> Response {
    if matches!(permission, Permission::Webhook | Permission::Token) {
        return next.run(request).await;
    }
    let token = cookie(request.headers(), SESSION_COOKIE).map(str::to_owned);
    if let Some(principal) = principal(&app, token).await {
        request.extensions_mut().insert(principal);
    }
    if let Some(refusal) = refusal(&app, permission, &request) {
        return closed(refusal);
    }
    if permission == Permission::Owner
        && !is_owner(&app, request.extensions().get::<Principal>().map(|principal| principal.user.id)).await
    {
        return closed(PageError::Forbidden(t!("Only the owner may do that.").into()).into_response());
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return closed(PageError::TooLarge(t!("What was sent is larger than this form takes.").into()).into_response());
    }
    closed(response)
}

async fn principal(app: &App, token: Option<String>) -> Option<Principal> {
    let token = token?;
    let session = sessions::find(app.store(), &token).await.ok()??;
    Some(Principal { user: session.user, token })
}

fn refusal(app: &App, permission: Permission, request: &Request) -> Option<Response> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read && !is_same_origin(request.headers(), &app.parts().public_url) {
        let text =
            t!("The form came from another site, so nothing was done. Open Rouage in its own tab and try again.");
        return Some(PageError::Forbidden(text.into()).into_response());
    }
    let principal = request.extensions().get::<Principal>();
    match (permission, principal) {
        (Permission::SignedIn | Permission::Owner, None) if is_read => {
            let here = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let here = percent_encoding::utf8_percent_encode(here, percent_encoding::NON_ALPHANUMERIC);
            Some(Redirect::to(&format!("/login?next={here}")).into_response())
        }
        (Permission::SignedIn | Permission::Owner, None) => {
            Some((StatusCode::UNAUTHORIZED, t!("Sign in first.")).into_response())
        }
        _ => None,
    }
}

/// The owner is who set the server up: the first user.
pub async fn is_owner(app: &App, user: Option<UserId>) -> bool {
    let users = users::list(app.store()).await.unwrap_or_default();
    user.is_some() && users.iter().map(|known| known.id).min() == user
}

/// Fetch Metadata first, `Origin` for browsers without it. A request with
/// neither does not come from a browser page.
fn is_same_origin(headers: &HeaderMap, public_url: &Url) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else { return true };
    let Ok(origin) = Url::parse(origin) else { return false };
    if origin.origin() == public_url.origin() {
        return true;
    }
    let host = text("host").unwrap_or_default();
    let authority = match (origin.host_str(), origin.port()) {
        (Some(name), Some(port)) => format!("{name}:{port}"),
        (Some(name), None) => name.to_owned(),
        (None, _) => return false,
    };
    authority.eq_ignore_ascii_case(host)
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Adds the closing headers unless the handler set its own.
fn closed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    response
}

/// Answers what is in no row; strangers are sent to the sign-in page before.
pub async fn unknown() -> Response {
    PageError::NotFound.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn forms_of_other_sites_are_refused() {
        let public: Url = "https://rouage.example".parse().unwrap();
        for (pairs, same) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "cross-site"), ("origin", "https://rouage.example")], false),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("origin", "https://rouage.example")], true),
            (vec![("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], true),
            (vec![("origin", "https://evil.example"), ("host", "rouage.example")], false),
            (vec![("origin", "null"), ("host", "null")], false),
            (vec![], true),
        ] {
            assert_eq!(is_same_origin(&headers(&pairs), &public), same, "{pairs:?}");
        }
    }

    #[test]
    fn cookies_are_found_by_exact_name() {
        let headers = headers(&[("cookie", "xrouage_session=1; rouage_session=abc; theme=dark")]);
        assert_eq!(cookie(&headers, SESSION_COOKIE), Some("abc"));
        assert_eq!(cookie(&headers, "nothing"), None);
    }
}
