//! Access tokens of OAuth 2.0 connections: fetched at the first call, kept in
//! memory until shortly before they end, and renewed once when one is refused.
//!
//! Nothing that is secret gets into an error: what a server says back is
//! cleared of the texts that it was sent.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rouage_model::{Certainty, Collection, ConnectionId, ErrorKind, ModuleError, Text, Value, json};
use rouage_sdk::http::{Arriving, Method, Redirects, Request, TransportError, parse_url, retry_after};
use rouage_sdk::{Call, Connection, Host, Outcome, Secret};

use super::{credentials, exchange, v3};

/// A token is renewed this long before it ends.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// How long a token lasts when the answer does not say.
const LIFETIME: i64 = 3600;
/// How long the token endpoint may take.
const TIMEOUT: Duration = Duration::from_secs(20);
/// How many rotated secrets are still taken for the same connection.
const KEPT_SECRETS: usize = 4;
/// How much of the token endpoint's words is shown.
const EXCERPT: usize = 300;

/// The tokens of all connections.
#[derive(Default)]
pub(super) struct Tokens {
    states: std::sync::Mutex<HashMap<ConnectionId, Arc<tokio::sync::Mutex<State>>>>,
}

/// What is known of one connection.
#[derive(Default)]
struct State {
    /// The connection's open fields that the rest belongs to.
    data: Value,
    /// The stored secret that the rest belongs to, and what it was rotated to.
    secrets: Vec<Secret>,
    /// The access token and when it ends.
    access: Option<(Text, Timestamp)>,
    /// Whether the newest secret is not stored yet.
    unsaved: bool,
}

impl Tokens {
    /// Sends the request with a token and makes the bundle of the answer.
    pub(super) async fn run(&self, call: &Call<'_>, request: Request) -> Result<Outcome, ModuleError> {
        let connection = connection_of(call)?;
        credentials::check_host(connection, &request.url)?;
        let token = self.get(call, connection).await?;
        let response = receive(call, &request, &token).await?;
        // A redirect to another origin went without the token.
        let head = response.head();
        if head.status != 401 || head.url.origin() != request.url.origin() {
            return hide_in(v3::outcome(call, response).await, &token);
        }
        self.forget(connection, &token).await;
        if !is_surely_refused(&request) {
            return hide_in(v3::outcome(call, response).await, &token);
        }
        let token = self.get(call, connection).await?;
        let response = receive(call, &request, &token).await?;
        hide_in(v3::outcome(call, response).await, &token)
    }

    /// A token that is valid for another minute at least.
    async fn get(&self, call: &Call<'_>, connection: &Connection) -> Result<Text, ModuleError> {
        let state = self.state(connection.id);
        // Whoever comes while a token is fetched waits here and finds it.
        let waited = tokio::time::timeout(limit(call), state.lock()).await;
        let mut state = waited.map_err(|_| unreachable_endpoint("another call waits for it too long"))?;
        state.belong_to(connection);
        state.save(connection.id, call.host).await;
        if let Some((token, end)) = &state.access
            && call.host.clock().now() < *end - MARGIN
        {
            return Ok(token.clone());
        }
        let token = state.fetch(call, connection).await?;
        state.save(connection.id, call.host).await;
        Ok(token)
    }

    /// Forgets a token that was refused, unless it was replaced meanwhile.
    async fn forget(&self, connection: &Connection, refused: &Text) {
        let state = self.state(connection.id);
        let mut state = state.lock().await;
        state.access.take_if(|(token, _)| token == refused);
    }

    fn state(&self, id: ConnectionId) -> Arc<tokio::sync::Mutex<State>> {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.entry(id).or_default().clone()
    }
}

impl State {
    /// Starts anew when the user changed the connection.
    fn belong_to(&mut self, connection: &Connection) {
        if self.data != connection.data || !self.secrets.contains(&connection.secret) {
            let secrets = vec![connection.secret.clone()];
            *self = Self { data: connection.data.clone(), secrets, ..Self::default() };
        }
    }

    /// Asks the token endpoint (RFC 6749 §4.4 and §6).
    async fn fetch(&mut self, call: &Call<'_>, connection: &Connection) -> Result<Text, ModuleError> {
        // The newest secret may be newer than the one this call began with.
        let mut connection = connection.clone();
        if let Some(newest) = self.secrets.last() {
            connection.secret = newest.clone();
        }
        let answer = exchange_grant(call, &connection).await?;
        // No await from here on: a rotated token must not get lost.
        self.rotate(&connection.secret, &answer);
        let token = Text::from(answer.field("access_token").as_text().unwrap_or_default());
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unreachable_endpoint("its answer holds no usable token"));
        }
        let end = call.host.clock().now().checked_add(SignedDuration::from_secs(lifetime(&answer)));
        self.access = Some((token.clone(), end.unwrap_or(Timestamp::MAX)));
        Ok(token)
    }

    fn rotate(&mut self, secret: &Secret, answer: &Value) {
        let old = secret.expose();
        let Some(token) = answer.field("refresh_token").as_text().filter(|token| !token.is_empty()) else { return };
        // Without a refresh token of its own the connection stays with the
        // client-credentials grant.
        let used = old.field("refresh_token").as_text().unwrap_or_default();
        if used.is_empty() || used == token {
            return;
        }
        let mut renewed: Collection = old.as_collection().cloned().unwrap_or_default();
        renewed.insert("refresh_token", token);
        self.secrets.push(Secret::new(renewed.into()));
        // Calls that began with an older one are long over.
        let surplus = self.secrets.len().saturating_sub(KEPT_SECRETS);
        self.secrets.drain(..surplus);
        self.unsaved = true;
    }

    /// Stores a rotated secret. A failure keeps it for the next call: the
    /// token in hand works all the same.
    async fn save(&mut self, id: ConnectionId, host: &dyn Host) {
        let Some(secret) = self.secrets.last().filter(|_| self.unsaved) else { return };
        match host.renew_secret(id, secret.clone()).await {
            Ok(()) => self.unsaved = false,
            Err(error) => {
                tracing::warn!(connection.id = %id, error.kind = %error.kind, "a renewed refresh token could not be stored yet");
            }
        }
    }
}

fn connection_of<'a>(call: &'a Call<'_>) -> Result<&'a Connection, ModuleError> {
    let missing = || ModuleError::new(ErrorKind::InvalidConfigurationError, "choose a connection for this module");
    let connection = call.connection.as_ref().ok_or_else(missing)?;
    if connection.kind != credentials::OAUTH2 {
        return Err(credentials::unusable(connection, &format!("it is of type {}", connection.kind)));
    }
    Ok(connection)
}

/// Whether a 401 means that nothing happened. Where a redirect of a request
/// that changes something is followed, the 401 may come from its target, after
/// the change was made.
fn is_surely_refused(request: &Request) -> bool {
    matches!(request.method, Method::GET | Method::HEAD) || request.redirects != Redirects::All
}

/// How long to wait for a token, so that the call's time does not end before
/// anything was sent: then it would be unknown whether something was.
fn limit(call: &Call<'_>) -> Duration {
    TIMEOUT.min(call.timeout / 2)
}

async fn receive(call: &Call<'_>, request: &Request, token: &str) -> Result<Arriving, ModuleError> {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| !name.trim().eq_ignore_ascii_case("authorization"));
    exchange::receive(call, request.secret_header("Authorization", format!("Bearer {token}"))).await
}

async fn exchange_grant(call: &Call<'_>, connection: &Connection) -> Result<Value, ModuleError> {
    let request = token_request(connection, limit(call))?;
    let answer = call.http.send(request).await.map_err(not_reached)?;
    let body = json::parse(&answer.body).unwrap_or_default();
    match answer.status {
        // Some services refuse with 200.
        200..=299 if body.field("access_token").as_text().is_some() || body.field("error").as_text().is_none() => {
            Ok(body)
        }
        408 | 500.. => Err(unreachable_endpoint(&format!("it answered {}", answer.status))),
        429 => {
            let wait = retry_after(&answer, call.host.clock().now());
            let text = "no access token from the token URL: it asks to slow down";
            Err(ModuleError::new(ErrorKind::RateLimitError, text).retry_after(wait))
        }
        status => Err(renew(connection, &refusal_text(&body, status))),
    }
}

fn token_request(connection: &Connection, timeout: Duration) -> Result<Request, ModuleError> {
    let text = |name: &str| credentials::field(connection, name);
    let address = text("token_url").ok_or_else(|| credentials::unusable(connection, "it has no token URL"))?;
    let url = parse_url(address).map_err(|error| credentials::unusable(connection, &error.to_string()))?;
    let mut form = match text("refresh_token") {
        Some(token) => vec![("grant_type", "refresh_token"), ("refresh_token", token)],
        None => vec![("grant_type", "client_credentials")],
    };
    if form.len() == 1 {
        form.extend(text("scope").map(|scope| ("scope", scope)));
    }
    form.extend(text("client_id").map(|id| ("client_id", id)));
    form.extend(text("client_secret").map(|secret| ("client_secret", secret)));
    let form: Vec<_> = form.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut request = Request::new(Method::POST, url).header("Accept", "application/json");
    v3::set_form(&mut request, &form);
    request.timeout = timeout;
    // The form carries the secret, which must not follow a redirect.
    request.redirects = Redirects::None;
    request.max_bytes = 1 << 20;
    Ok(request)
}

/// How many seconds the token lasts; some services write the number as text.
fn lifetime(answer: &Value) -> i64 {
    let field = answer.field("expires_in");
    let seconds = field.as_i64().or_else(|| field.as_text()?.trim().parse().ok());
    seconds.unwrap_or(LIFETIME).clamp(0, 86_400)
}

fn refusal_text(body: &Value, status: u16) -> String {
    let text = |name: &str| body.field(name).as_text().filter(|text| !text.is_empty());
    let said = text("error_description").or_else(|| text("error"));
    said.map_or_else(|| format!("the token URL answered {status}"), str::to_owned)
}

/// The user must act, and on which connection.
fn renew(connection: &Connection, reason: &str) -> ModuleError {
    let secrets = ["client_secret", "refresh_token"].map(|name| credentials::field(connection, name));
    let reason = secrets.into_iter().flatten().fold(reason.to_owned(), |text, secret| text.replace(secret, "…"));
    let reason: String = reason.chars().filter(|character| !character.is_control()).take(EXCERPT).collect();
    let text = format!("Renew the connection '{}' (Connections page): {reason}", connection.name);
    ModuleError::new(ErrorKind::AccountValidationError, text)
}

/// The error of the token request, of which nothing can have been applied.
fn not_reached(error: TransportError) -> ModuleError {
    let lost = matches!(error, TransportError::TimedOut { .. } | TransportError::Broken(_));
    let mut error = error.into_module_error("no access token from the token URL");
    error.certainty = Certainty::NotApplied;
    if lost {
        error.kind = ErrorKind::ConnectionError;
    }
    error
}

fn unreachable_endpoint(reason: &str) -> ModuleError {
    ModuleError::new(ErrorKind::ConnectionError, format!("no access token from the token URL: {reason}"))
}

/// A server may say back what it was sent.
fn hide_in(outcome: Result<Outcome, ModuleError>, token: &str) -> Result<Outcome, ModuleError> {
    outcome.map_err(|mut error| {
        error.message = error.message.replace(token, "…").into();
        error
    })
}
