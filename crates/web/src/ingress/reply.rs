//! Answers of webhooks. What a scenario answers is served in a sandbox, so
//! that a script in it is not a script of ours (attack case A21).

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use rouage_sdk::WebhookResponse;
use rouage_store::hooks::DefaultResponse;

use super::Refusal;

/// Headers that a scenario may not set: those of the connection, and those
/// that would act on our own pages.
const RESERVED: &[&str] = &[
    "connection",
    "content-length",
    "content-security-policy",
    "clear-site-data",
    "keep-alive",
    "service-worker-allowed",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-content-type-options",
];

/// 404, the same for everything that is no webhook.
pub fn unknown() -> Response {
    text(StatusCode::NOT_FOUND, "There is no webhook at this address.")
}

/// The refusal's status and text.
pub fn refused(refusal: &Refusal) -> Response {
    text(refusal.status, &refusal.text)
}

/// 429 with the seconds to wait, at least one.
pub fn too_many(wait: Duration) -> Response {
    let mut response = text(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
    let seconds = wait.as_millis().div_ceil(1000).max(1);
    if let Ok(seconds) = HeaderValue::from_str(&seconds.to_string()) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// 200 `Accepted`, or what the webhook's owner wants instead.
pub fn accepted(own_default: Option<&DefaultResponse>) -> Response {
    match own_default {
        None => text(StatusCode::OK, "Accepted"),
        Some(wanted) => own(WebhookResponse {
            status: wanted.status,
            headers: wanted.headers.clone(),
            body: wanted.body.clone().into(),
        }),
    }
}

/// What a scenario answers.
pub fn own(response: WebhookResponse) -> Response {
    // Below 200 are interim answers, which would leave the caller waiting.
    let status = StatusCode::from_u16(response.status).ok().filter(|status| status.as_u16() >= 200);
    let mut answer = Response::new(Body::from(response.body));
    *answer.status_mut() = status.unwrap_or(StatusCode::OK);
    for (name, value) in &response.headers {
        let (Ok(name), Ok(value)) = (name.trim().parse::<HeaderName>(), HeaderValue::from_str(value)) else { continue };
        if !RESERVED.contains(&name.as_str()) {
            answer.headers_mut().append(name, value);
        }
    }
    closed(answer)
}

fn text(status: StatusCode, body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    closed(response)
}

fn closed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_s_answer_is_in_a_sandbox_and_sets_no_cookies() {
        let headers = [
            ("Content-Type", "text/html"),
            ("Set-Cookie", "rouage_session=x"),
            ("Content-Security-Policy", "default-src *"),
            ("X-A", "1"),
            ("X-A", "2"),
            ("X-Bad", "a\r\nSet-Cookie: y=1"),
            ("Bad name", "1"),
        ];
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let response = own(WebhookResponse { status: 201, headers, body: "<script>".into() });
        assert_eq!(response.status(), 201);
        let headers = response.headers();
        assert_eq!(headers["content-type"], "text/html");
        assert_eq!(headers["content-security-policy"], "sandbox");
        assert_eq!(headers.get_all("x-a").iter().count(), 2);
        assert!(!headers.contains_key("set-cookie") && !headers.contains_key("x-bad"));
    }

    #[test]
    fn odd_statuses_do_not_break_the_line() {
        for status in [100, 199, 0, 1000] {
            let response = own(WebhookResponse { status, headers: Vec::new(), body: "".into() });
            assert_eq!(response.status(), 200);
        }
        assert_eq!(too_many(Duration::from_millis(10)).headers()["retry-after"], "1");
        assert_eq!(too_many(Duration::from_millis(2_001)).headers()["retry-after"], "3");
    }
}
