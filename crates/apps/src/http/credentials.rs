//! Stored keys: user name and password, an API key, or an OAuth 2.0 client.
//!
//! A key says which hosts it is for. It is put into a request only when the
//! request goes to one of them, so that an imported blueprint cannot point a
//! key at somebody else's server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rouage_model::{ErrorKind, ModuleError, Value};
use rouage_sdk::http::Request;
use rouage_sdk::{Call, Connection, ConnectionSpec, Field, FieldKind};
use url::Url;

pub(super) const BASIC: &str = "basicauth";
pub(super) const API_KEY: &str = "apikeyauth";
pub(super) const OAUTH2: &str = "oauth2";

/// The types of keys.
pub(super) fn specs() -> Vec<ConnectionSpec> {
    vec![
        ConnectionSpec {
            kind: API_KEY,
            label: "API key",
            help: "You find the key in the settings of the service; its documentation says the header's name.",
            fields: vec![
                Field::new(
                    "placement",
                    "Placement",
                    FieldKind::Select(vec![("header", "In a header"), ("query", "In the query string")]),
                )
                .required()
                .default("header")
                .help("Where the service expects the key."),
                Field::text("name", "Parameter name")
                    .required()
                    .default("X-API-Key")
                    .help("The name of the header or of the query parameter, such as Authorization."),
                hosts_field(),
            ],
            secrets: vec![
                Field::new("value", "Key", FieldKind::Password)
                    .required()
                    .help("As it is sent, with a prefix such as \"Bearer \" when the service wants one."),
            ],
            test: None,
        },
        ConnectionSpec {
            kind: BASIC,
            label: "Basic auth",
            help: "The user name and password that the service gave you for its API.",
            fields: vec![Field::text("username", "User name").required(), hosts_field()],
            secrets: vec![Field::new("password", "Password", FieldKind::Password)],
            test: None,
        },
        oauth2_spec(),
    ]
}

fn oauth2_spec() -> ConnectionSpec {
    ConnectionSpec {
        kind: OAUTH2,
        label: "OAuth 2.0",
        help: "Register a client (often called an app) with the service; it shows the id and the secret, and its documentation the token URL.",
        fields: vec![
            Field::new("token_url", "Token URL", FieldKind::Url)
                .required()
                .help("Where the service gives out access tokens."),
            Field::text("client_id", "Client ID").required(),
            Field::text("scope", "Scope")
                .help("Separated by spaces, for the client-credentials grant; a refresh token has its own."),
            hosts_field(),
        ],
        secrets: vec![
            Field::new("client_secret", "Client secret", FieldKind::Password),
            Field::new("refresh_token", "Refresh token", FieldKind::Password)
                .help("Leave empty for the client-credentials grant."),
        ],
        test: None,
    }
}

fn hosts_field() -> Field {
    Field::text("hosts", "Hosts")
        .required()
        .help("The key is sent to these hosts only, separated by commas: api.example.com, *.example.org, or * for any.")
}

/// Puts the key of `parameter` into the request.
pub(super) fn apply(call: &Call<'_>, parameter: &str, request: &mut Request) -> Result<(), ModuleError> {
    let Some(key) = call.keychain(parameter) else {
        return Err(ModuleError::new(ErrorKind::InvalidConfigurationError, "choose a key for this module"));
    };
    check_host(key, &request.url)?;
    match key.kind.as_str() {
        BASIC => apply_basic(key, request),
        API_KEY => apply_api_key(key, request),
        other => Err(unusable(key, &format!("it is of type {other}"))),
    }
}

pub(super) fn check_host(key: &Connection, url: &Url) -> Result<(), ModuleError> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default();
    let hosts = hosts(key.data.field("hosts"));
    if hosts.iter().any(|pattern| matches_host(pattern, host, port)) {
        return Ok(());
    }
    let bound = if hosts.is_empty() { "no host yet".to_owned() } else { hosts.join(", ") };
    Err(ModuleError::new(
        ErrorKind::InvalidConfigurationError,
        format!(
            "the key {:?} is not sent to {host}: it is bound to {bound}; if {host} may have it, add the host to the key",
            key.name
        ),
    ))
}

fn hosts(value: &Value) -> Vec<String> {
    let texts: Vec<&str> = match value {
        Value::Text(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_text).collect(),
        _ => Vec::new(),
    };
    let words = texts.into_iter().flat_map(|text| text.split([',', ';', ' ', '\n']));
    words.map(|word| word.trim().to_ascii_lowercase()).filter(|word| !word.is_empty()).collect()
}

/// `host`, `host:port`, `*.domain` or `*`.
fn matches_host(pattern: &str, host: &str, port: Option<u16>) -> bool {
    if pattern == "*" {
        return true;
    }
    let (pattern, wanted) = match pattern.rsplit_once(':').map(|(name, port)| (name, port.parse::<u16>())) {
        Some((name, Ok(port))) => (name, Some(port)),
        _ => (pattern, None),
    };
    if wanted.is_some() && wanted != port {
        return false;
    }
    let host = host.trim_end_matches('.');
    match pattern.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')),
        None => host == pattern,
    }
}

fn apply_basic(key: &Connection, request: &mut Request) -> Result<(), ModuleError> {
    let user = field(key, "username").unwrap_or_default();
    let password = field(key, "password").unwrap_or_default();
    if user.is_empty() && password.is_empty() {
        return Err(unusable(key, "it has no user name and no password"));
    }
    set_basic(request, user, password);
    Ok(())
}

fn apply_api_key(key: &Connection, request: &mut Request) -> Result<(), ModuleError> {
    let value = field(key, "value").ok_or_else(|| unusable(key, "it has no value"))?;
    let name = field(key, "name").ok_or_else(|| unusable(key, "it has no parameter name"))?;
    if field(key, "placement") == Some("query") {
        request.url.query_pairs_mut().append_pair(name, value);
    } else {
        request.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        request.secret_headers.0.push((name.to_owned(), value.to_owned()));
    }
    Ok(())
}

/// Sets `Authorization: Basic …`, replacing one that was mapped.
pub(super) fn set_basic(request: &mut Request, user: &str, password: &str) {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    request.secret_headers.0.push(("Authorization".to_owned(), format!("Basic {encoded}")));
}

/// A text of the key, open or secret; `None` when it is empty.
pub(super) fn field<'a>(key: &'a Connection, name: &str) -> Option<&'a str> {
    let open = key.data.field(name).as_text();
    open.or_else(|| key.secret.expose().field(name).as_text()).filter(|text| !text.is_empty())
}

pub(super) fn unusable(key: &Connection, reason: &str) -> ModuleError {
    ModuleError::new(ErrorKind::InvalidConfigurationError, format!("the key {:?} cannot be used: {reason}", key.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_match_whole_names_and_subdomains() {
        for (pattern, host, fits) in [
            ("api.example.com", "api.example.com", true),
            ("api.example.com", "api.example.com.", true),
            ("api.example.com", "evil-api.example.com", false),
            ("api.example.com", "api.example.com.evil.com", false),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "notexample.com", false),
            ("api.example.com:8443", "api.example.com", false),
            ("api.example.com:443", "api.example.com", true),
            ("*", "anything", true),
        ] {
            assert_eq!(matches_host(pattern, host, Some(443)), fits, "{pattern} {host}");
        }
    }
}
