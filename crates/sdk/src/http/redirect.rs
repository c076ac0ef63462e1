//! Which redirects are followed, and what follows them.

use ::http::Method;
use url::Url;

use super::{Body, Redirects, Request, Response, TransportError, parse_url};

/// How many redirects one request may take.
pub(super) const MAX_REDIRECTS: usize = 10;

/// What to do after an answer.
pub(super) enum Next {
    /// It is the answer.
    Stay,
    /// The request was changed to the next hop.
    Again,
}

/// Changes the request to the next hop when the answer is a redirect to follow.
pub(super) fn next(request: &mut Request, response: &Response) -> Result<Next, TransportError> {
    let safe = matches!(request.method, Method::GET | Method::HEAD);
    let follow = match request.redirects {
        Redirects::None => false,
        Redirects::SafeMethods => safe,
        Redirects::All => true,
    };
    let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
    let Some(location) = response.header("location").filter(|_| follow && is_redirect) else {
        return Ok(Next::Stay);
    };
    let target = resolve(&request.url, location)?;
    if !safe && !matches!(response.status, 307 | 308) {
        request.method = Method::GET;
        request.body = Body::Empty;
        request.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
    }
    if !same_origin(&request.url, &target) {
        drop_secrets(request);
    }
    request.url = target;
    Ok(Next::Again)
}

fn resolve(base: &Url, location: &str) -> Result<Url, TransportError> {
    let target = base
        .join(location.trim())
        .map_err(|error| TransportError::Broken(format!("redirected to an address that is not valid: {error}")))?;
    parse_url(target.as_str())
}

/// A secret for one host is none of another's business, nor of anyone who
/// listens after a step down to http.
fn same_origin(one: &Url, other: &Url) -> bool {
    one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
        && one.scheme() == other.scheme()
}

fn drop_secrets(request: &mut Request) {
    const NAMES: &[&str] = &["authorization", "cookie", "proxy-authorization"];
    request.secret_headers.0.clear();
    request.headers.retain(|(name, _)| !NAMES.iter().any(|secret| name.trim().eq_ignore_ascii_case(secret)));
}
