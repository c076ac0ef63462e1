//! Access tokens of one Google connection: kept until shortly before they end,
//! and fetched by one caller at a time while the others wait for the same one.
//!
//! Errors keep apart what yup-oauth2 mixes: a grant that Google ended (the user
//! must act) and a token endpoint that is down (worth another try).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rouage_model::{Certainty, Collection, ErrorKind, ModuleError, Text, Value, json};
use rouage_sdk::http::{self, Redirects, Request};
use rouage_sdk::{Connection, Host, Secret};
use url::Url;
use yup_oauth2::error::AuthErrorCode;
use yup_oauth2::{CustomHyperClientBuilder, ServiceAccountAuthenticator, ServiceAccountKey};

use super::connector;

/// Where refresh tokens are exchanged unless the connection says otherwise.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// What a service account asks for: to use spreadsheets, and to list them.
const SCOPES: &[&str] =
    &["https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive.metadata.readonly"];
/// A token is renewed this long before it ends.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// How long Google's tokens last when the answer does not say.
const LIFETIME: i64 = 3600;
/// How long the token endpoint may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How many rotated secrets are still taken for the same connection.
const KEPT_SECRETS: usize = 4;

/// How a connection gets its tokens.
enum Grant {
    /// One token that never changes: another server that speaks Sheets v4.
    Fixed,
    /// A stored refresh token.
    Refresh { token_uri: Url, client_id: String, client_secret: String },
    /// The key file of a service account.
    ServiceAccount(Box<ServiceAccountKey>),
}

#[derive(Default)]
struct State {
    /// The access token and when it ends.
    access: Option<(Text, Timestamp)>,
    refresh: Text,
    /// A rotated secret that is not stored yet.
    unsaved: Option<Secret>,
}

/// The token source of a connection.
pub(super) struct Tokens {
    connection: Connection,
    grant: Grant,
    http: http::Client,
    state: tokio::sync::Mutex<State>,
    /// The secret it was made from, and what it was rotated to since.
    secrets: std::sync::Mutex<Vec<Secret>>,
}

impl Tokens {
    pub(super) fn new(connection: &Connection, http: &http::Client) -> Result<Self, ModuleError> {
        let secret = connection.secret.expose();
        let text = |name: &str| secret.field(name).as_text().filter(|text| !text.is_empty());
        let mut state = State::default();
        let grant = if let Some(key) = text("service_account_key") {
            Grant::ServiceAccount(Box::new(service_account_key(connection, key)?))
        } else if let Some(token) = text("refresh_token") {
            state.refresh = token.into();
            refresh_grant(connection, text("client_secret").unwrap_or_default())?
        } else if let Some(token) = text("access_token") {
            state.access = Some((token.into(), Timestamp::MAX));
            Grant::Fixed
        } else {
            return Err(renew(connection, "it holds no key and no token"));
        };
        let secrets = std::sync::Mutex::new(vec![connection.secret.clone()]);
        Ok(Self { connection: connection.clone(), grant, http: http.clone(), state: state.into(), secrets })
    }

    /// Whether the connection, as stored now, is the one this was made from.
    pub(super) fn serves(&self, connection: &Connection) -> bool {
        let secrets = self.secrets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.connection.data == connection.data && secrets.contains(&connection.secret)
    }

    /// The connection.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A token that is valid for another minute at least.
    pub(super) async fn get(&self, host: &dyn Host) -> Result<Text, ModuleError> {
        // Whoever comes while a token is fetched waits here and finds it.
        let mut state = self.state.lock().await;
        self.save(&mut state, host).await;
        if let Some((token, end)) = &state.access
            && (*end == Timestamp::MAX || host.clock().now() < *end - MARGIN)
        {
            return Ok(token.clone());
        }
        self.renew(&mut state, host).await
    }

    /// Asks for a new token even when there is a valid one, and says in words
    /// what came of it. A fixed token is only said to be there.
    pub(super) async fn test(&self, host: &dyn Host) -> Result<String, ModuleError> {
        let owner = match &self.grant {
            Grant::Fixed => {
                let text = "This connection holds a fixed token only, for which nothing can be asked here. \
                            It is tried at its first use.";
                return Ok(text.to_owned());
            }
            Grant::ServiceAccount(key) => format!("the service account {}", key.client_email),
            Grant::Refresh { client_id, .. } if client_id.is_empty() => "a client without an id".to_owned(),
            Grant::Refresh { client_id, .. } => format!("the client {client_id}"),
        };
        let mut state = self.state.lock().await;
        self.save(&mut state, host).await;
        self.renew(&mut state, host).await?;
        Ok(format!("The key works: token received for {owner}."))
    }

    async fn renew(&self, state: &mut State, host: &dyn Host) -> Result<Text, ModuleError> {
        let fetched = tokio::time::timeout(TIMEOUT, self.fetch(state, host)).await;
        let token = fetched.unwrap_or_else(|_| Err(unreachable_endpoint("no answer in time")))?;
        self.save(state, host).await;
        Ok(token)
    }

    /// Forgets a token that was refused, unless it was replaced meanwhile.
    /// `false` when there is no way to get another.
    pub(super) async fn invalidate(&self, refused: &Text) -> bool {
        if matches!(self.grant, Grant::Fixed) {
            return false;
        }
        let mut state = self.state.lock().await;
        if state.access.as_ref().is_some_and(|(token, _)| token == refused) {
            state.access = None;
        }
        true
    }

    async fn fetch(&self, state: &mut State, host: &dyn Host) -> Result<Text, ModuleError> {
        let (token, lifetime) = match &self.grant {
            Grant::Fixed => return Err(renew(&self.connection, "its token is no longer accepted")),
            Grant::ServiceAccount(key) => (self.assert(key).await?, LIFETIME),
            Grant::Refresh { token_uri, client_id, client_secret } => {
                let answer = self.exchange(token_uri, client_id, client_secret, &state.refresh).await?;
                // No await from here to `unsaved`: a rotated token must not get lost.
                self.rotate(state, &answer);
                let token = answer.field("access_token").as_text().unwrap_or_default();
                (Text::from(token), answer.field("expires_in").as_i64().unwrap_or(LIFETIME))
            }
        };
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unreachable_endpoint("its answer holds no usable token"));
        }
        let end = host.clock().now().checked_add(SignedDuration::from_secs(lifetime.clamp(0, 86_400)));
        state.access = Some((token.clone(), end.unwrap_or(Timestamp::MAX)));
        Ok(token)
    }

    fn rotate(&self, state: &mut State, answer: &Value) {
        let Some(token) = answer.field("refresh_token").as_text() else { return };
        if token.is_empty() || token == &*state.refresh {
            return;
        }
        state.refresh = token.into();
        let mut secrets = self.secrets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let newest = secrets.last().map(|secret| secret.expose().clone()).unwrap_or_default();
        let mut renewed: Collection = newest.as_collection().cloned().unwrap_or_default();
        renewed.insert("refresh_token", token);
        let renewed = Secret::new(renewed.into());
        secrets.push(renewed.clone());
        // Calls that began with an older one are long over.
        let old = secrets.len().saturating_sub(KEPT_SECRETS);
        secrets.drain(..old);
        state.unsaved = Some(renewed);
    }

    /// Stores a rotated secret. A failure keeps it for the next call: the
    /// token in hand works all the same.
    async fn save(&self, state: &mut State, host: &dyn Host) {
        let Some(secret) = state.unsaved.clone() else { return };
        match host.renew_secret(self.connection.id, secret).await {
            Ok(()) => state.unsaved = None,
            Err(error) => {
                tracing::warn!(connection.id = %self.connection.id, error.kind = %error.kind, "a renewed refresh token could not be stored yet");
            }
        }
    }

    /// Exchanges the refresh token (RFC 6749 §6).
    async fn exchange(&self, uri: &Url, id: &str, secret: &str, token: &str) -> Result<Value, ModuleError> {
        let mut request = Request::new(::http::Method::POST, uri.clone())
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(refresh_form(id, secret, token));
        request.timeout = TIMEOUT;
        request.redirects = Redirects::None;
        request.max_bytes = 1 << 20;
        let answer = self.http.send(request).await.map_err(not_reached)?;
        let body = json::parse(&answer.body).unwrap_or_default();
        match answer.status {
            200..=299 => Ok(body),
            429 => Err(ModuleError::new(ErrorKind::RateLimitError, "Google's token endpoint asks to slow down")),
            400..=499 => Err(renew(&self.connection, &refusal_text(&body, answer.status))),
            status => Err(unreachable_endpoint(&format!("it answered {status}"))),
        }
    }

    /// Signs in with a service account's key (RFC 7523).
    async fn assert(&self, key: &ServiceAccountKey) -> Result<Text, ModuleError> {
        let client = CustomHyperClientBuilder::from(connector::client(connector::connector(self.http.guard())?));
        let authenticator = ServiceAccountAuthenticator::with_client(key.clone(), client).build().await;
        let authenticator = authenticator
            .map_err(|error| renew(&self.connection, &format!("the service account key is not usable: {error}")))?;
        let token =
            authenticator.force_refreshed_token(SCOPES).await.map_err(|error| self.assertion_error(&error))?;
        Ok(token.token().unwrap_or_default().into())
    }

    fn assertion_error(&self, error: &yup_oauth2::Error) -> ModuleError {
        match error {
            yup_oauth2::Error::AuthError(refused) => match &refused.error {
                // A 5xx with a JSON body arrives here too, under a name of its own.
                AuthErrorCode::Other(name) if name != "invalid_client_id" => unreachable_endpoint(name),
                _ => {
                    let text = refused.error_description.clone().unwrap_or_else(|| refused.error.as_str().to_owned());
                    renew(&self.connection, &text)
                }
            },
            yup_oauth2::Error::UserError(text) => renew(&self.connection, text),
            other => unreachable_endpoint(&other.to_string()),
        }
    }
}

fn service_account_key(connection: &Connection, text: &str) -> Result<ServiceAccountKey, ModuleError> {
    let unusable = |reason: String| renew(connection, &format!("the service account key is not usable: {reason}"));
    // The parser's words may quote the key, so only its place is told.
    let key: ServiceAccountKey = serde_json::from_str(text)
        .map_err(|error| unusable(format!("not a key file, at line {} column {}", error.line(), error.column())))?;
    // The library panics on an address that is none.
    key.token_uri.parse::<Url>().map_err(|error| unusable(format!("token_uri: {error}")))?;
    key.token_uri.parse::<::http::Uri>().map_err(|error| unusable(format!("token_uri: {error}")))?;
    Ok(key)
}

fn refresh_grant(connection: &Connection, client_secret: &str) -> Result<Grant, ModuleError> {
    let data = |name: &str| connection.data.field(name).as_text().filter(|text| !text.is_empty());
    let token_uri = data("token_uri").unwrap_or(TOKEN_URI);
    let token_uri = token_uri.parse().map_err(|error| renew(connection, &format!("token_uri: {error}")))?;
    let client_id = data("client_id").unwrap_or_default().to_owned();
    Ok(Grant::Refresh { token_uri, client_id, client_secret: client_secret.to_owned() })
}

fn refresh_form(client_id: &str, client_secret: &str, refresh_token: &str) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", refresh_token);
    form.append_pair("client_id", client_id).append_pair("client_secret", client_secret);
    form.finish()
}

fn refusal_text(body: &Value, status: u16) -> String {
    let name = body.field("error").as_text().unwrap_or_default();
    match body.field("error_description").as_text() {
        Some(description) if !name.is_empty() => format!("{name}: {description}"),
        _ if !name.is_empty() => name.to_owned(),
        _ => format!("the token endpoint answered {status}"),
    }
}

/// The user must act, and on which connection.
pub(super) fn renew(connection: &Connection, reason: &str) -> ModuleError {
    let name = &connection.name;
    let text =
        format!("Google refused the connection '{name}': {reason}. Renew the connection '{name}' (Connections page)");
    ModuleError::new(ErrorKind::AccountValidationError, text)
}

/// The error of the request, of which nothing can have been applied: a token
/// may be asked for again.
fn not_reached(error: http::TransportError) -> ModuleError {
    let mut error = error.into_module_error("no token from Google's token endpoint");
    error.certainty = Certainty::NotApplied;
    error
}

fn unreachable_endpoint(reason: &str) -> ModuleError {
    let text = format!("no token from Google's token endpoint: {reason}");
    ModuleError::new(ErrorKind::ConnectionError, text)
}
