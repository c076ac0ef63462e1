//! The webhook entry: `/hook/<token>`.
//!
//! Limits first, then access, then the body; parsing is pure and lives beside.
//! A request is answered well only after it is stored. It knows no cookie and
//! no page.

mod access;
mod infer;
mod multipart;
mod parse;
mod rates;
mod reply;
mod sample;

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts as RequestParts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use jiff::tz::TimeZone;
use rouage_model::{Collection, Value};
use rouage_runtime::Reply as RunReply;
use rouage_runtime::{Control, DeliverError, Delivered, LiveHook};
use rouage_sdk::structure::{Extent, check};
use rouage_store::{Accept, AcceptOutcome, NewDelivery};

pub use infer::infer;
pub use multipart::parameter;
pub use rates::Rates;
pub use sample::sample;

use crate::{App, client};

/// Limits of webhooks; Make's numbers by default (decision D47). 0 = none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most requests for one webhook in `rate_window`.
    pub rate: u32,
    /// The window of `rate`.
    pub rate_window: Duration,
    /// Largest body in bytes.
    pub body: usize,
    /// How long a caller waits for a Webhook response (decision D44).
    pub response_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate: 300,
            rate_window: Duration::from_secs(10),
            body: 5 * 1024 * 1024,
            response_timeout: Duration::from_secs(180),
        }
    }
}

/// How long a sender may take for its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a request is turned away before anything is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: StatusCode,
    /// The body of the answer.
    pub text: String,
}

impl Refusal {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    fn invalid(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }
}

/// `* /hook/{token}`.
pub async fn receive(State(app): State<App>, Path(token): Path<String>, request: Request) -> Response {
    let Some(hook) = app.control().hook(&token) else { return reply::unknown() };
    if let Err(wait) = app.rates().take(hook.hook.id, app.clock().now()) {
        return reply::too_many(wait);
    }
    let (parts, body) = request.into_parts();
    match accept(&app, &hook, &parts, body).await {
        Ok(response) => response,
        Err(refusal) => reply::refused(&refusal),
    }
}

/// What looks like a webhook's address but is none gets the same answer.
pub async fn unknown() -> Response {
    reply::unknown()
}

async fn accept(app: &App, hook: &LiveHook, parts: &RequestParts, body: Body) -> Result<Response, Refusal> {
    let settings = &hook.hook.settings;
    if !hook.hook.enabled {
        return Err(Refusal::new(StatusCode::GONE, "Gone"));
    }
    let sender = client::address(&parts.extensions, &parts.headers, &app.parts().trusted_proxies);
    access::check(settings, sender, &parts.headers)?;
    let body = read_body(body, &parts.headers, app.parts().limits.body).await?;
    let delivery = describe(app, parts, &body, sender.to_string());
    let incoming = parse::Incoming {
        method: parts.method.as_str(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body,
    };
    let options = parse::Options { headers: settings.headers, method: settings.method, stringify: settings.stringify };
    let bundle = match parse::bundle(&incoming, options).and_then(|bundle| check_structure(hook, bundle)) {
        Ok(bundle) => bundle,
        Err(refusal) => {
            log_refusal(app, hook, delivery, &refusal).await;
            return Err(refusal);
        }
    };
    deliver(app.control(), hook, delivery, bundle, app.parts().limits).await
}

fn check_structure(hook: &LiveHook, bundle: Collection) -> Result<Collection, Refusal> {
    let Some(structure) = &hook.structure else { return Ok(bundle) };
    check(structure, &bundle, Extent::Whole, &TimeZone::UTC).map_err(|problems| {
        Refusal::invalid(format!("The data does not fit the data structure. {}", problems.join(" ")))
    })
}

async fn deliver(
    control: &Control,
    hook: &LiveHook,
    delivery: NewDelivery,
    bundle: Collection,
    limits: Limits,
) -> Result<Response, Refusal> {
    let sample = hook.hook.learning.then(|| infer(&bundle));
    let delivered = control.deliver(hook, delivery, vec![bundle.into()], sample).await.map_err(refuse)?;
    Ok(answer(hook, delivered, limits.response_timeout).await)
}

fn refuse(error: DeliverError) -> Refusal {
    match error {
        DeliverError::NobodyListens => {
            Refusal::new(StatusCode::GONE, "There is no scenario listening for this webhook.")
        }
        DeliverError::QueueFull => Refusal::invalid("Queue is full"),
        DeliverError::TooManyRuns => Refusal::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        DeliverError::Store(error) => {
            tracing::error!(%error, "a webhook's request could not be stored");
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "The request could not be stored. Send it again later.")
        }
    }
}

/// Waits for the scenario's own answer where there is one.
async fn answer(hook: &LiveHook, delivered: Delivered, timeout: Duration) -> Response {
    let accepted = || reply::accepted(hook.hook.settings.default_response.as_ref());
    let Some(waiting) = delivered.reply else { return accepted() };
    match tokio::time::timeout(timeout, waiting).await {
        Ok(Ok(RunReply::Response(response))) => reply::own(response),
        Ok(Ok(RunReply::Failed)) => {
            reply::refused(&Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "Scenario failed to complete."))
        }
        // The run ended without an answer, goes on elsewhere, or takes longer.
        Ok(Ok(RunReply::NoResponse) | Err(_)) | Err(_) => accepted(),
    }
}

async fn read_body(body: Body, headers: &HeaderMap, limit: usize) -> Result<Bytes, Refusal> {
    let too_large = || Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "Payload too large");
    let limit = if limit == 0 { usize::MAX } else { limit };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(too_large());
    }
    let read = tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, limit)).await;
    let read = read.map_err(|_| Refusal::new(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."))?;
    read.map_err(|error| {
        let cause = std::error::Error::source(&error);
        if cause.is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>()) {
            return too_large();
        }
        Refusal::invalid("The body could not be read.")
    })
}

/// The entry of the webhook's log. Secrets are left out.
fn describe(app: &App, parts: &RequestParts, body: &Bytes, ip: String) -> NewDelivery {
    let text = |name| parts.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    NewDelivery {
        received_at: app.clock().now(),
        method: parts.method.as_str().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parse::header_pairs(&parts.headers, parse::Show::ForLog),
        ip,
        size: body.len() as u64,
        content_type: text(header::CONTENT_TYPE).unwrap_or_default(),
    }
}

async fn log_refusal(app: &App, hook: &LiveHook, delivery: NewDelivery, refusal: &Refusal) {
    let outcome = AcceptOutcome::Refused { reason: refusal.text.clone() };
    let accept = Accept { team: hook.team, hook: hook.hook.id, delivery, outcome };
    if let Err(error) = app.store().accept(accept).await {
        tracing::warn!(%error, "a refused request could not be logged");
    }
}

/// A collection as the list of `{name, value}` that Make gives for headers.
fn pairs_value(pairs: Vec<(String, String)>) -> Value {
    let pair = |(name, value): (String, String)| {
        Value::from([("name", Value::from(name)), ("value", Value::from(value))].into_iter().collect::<Collection>())
    };
    pairs.into_iter().map(pair).collect::<Vec<_>>().into()
}
