//! The HTTP client of modules.
//!
//! Every request passes the [`Guard`], also each hop of a redirect; secrets do
//! not follow a redirect to another host; answers have a size limit that
//! counts decoded bytes, and a request has one time limit from name resolution
//! to the last byte. Proxy variables of the environment are ignored.
//!
//! An error says whether the request may have reached the other side, because
//! that decides whether repeating it is safe.

mod arriving;
mod error;
mod multipart;
mod redirect;
mod tls;
mod transport;
mod upload;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use ::http::Method;
use ::http::Uri;
use ::http::header::{HeaderMap, HeaderName, HeaderValue};
use async_trait::async_trait;
use bytes::Bytes;
use reqwest::cookie::CookieStore;
use rouage_model::{Buffer, Content};
use tokio::time::Instant;
use url::Url;

pub use arriving::{Arriving, Chunks, Exchange, Whole};
pub use error::{TransportError, error_for_status, retry_after};
pub use multipart::Part;

use crate::files::Files;
use crate::guard::Guard;

/// The limit of an answer unless a request sets another: 64 MiB.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// The time limit unless a request sets another; Make's default.
pub const TIMEOUT: Duration = Duration::from_secs(40);

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Headers in order. Those that frame the message or the connection
    /// (`Content-Length`, `Connection`, …) are left to the client.
    pub headers: Vec<(String, String)>,
    /// Headers that carry a secret: never sent to another host by a redirect
    /// and not printed.
    pub secret_headers: SecretHeaders,
    /// The body.
    pub body: Body,
    /// Where the stored files in the body are read.
    pub files: BodyFiles,
    /// From name resolution to the last byte of the answer.
    pub timeout: Duration,
    /// Which redirects to follow.
    pub redirects: Redirects,
    /// How many decoded bytes the answer may have.
    pub max_bytes: u64,
    /// `false` accepts any certificate.
    pub verify_tls: bool,
    /// Certificates, as PEM, that are trusted besides the public ones.
    pub ca: Option<Bytes>,
    /// Where cookies are kept and taken from.
    pub cookies: Option<Arc<Jar>>,
    /// Ask for a compressed answer and decode it.
    pub accept_compressed: bool,
}

/// Headers that do not print.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretHeaders(pub Vec<(String, String)>);

impl fmt::Debug for SecretHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// What a request carries.
#[derive(Debug, Clone, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes; the caller sets `Content-Type`.
    Bytes(Bytes),
    /// A form with files; the client sets `Content-Type`.
    Multipart(Vec<Part>),
    /// Bytes and stored files one after the other; the caller sets
    /// `Content-Type`. Files are read piece by piece as they are sent.
    Pieces(Vec<Content>),
}

impl Body {
    /// The bytes of a buffer, or its file.
    pub fn of(buffer: &Buffer) -> Self {
        match &buffer.content {
            Content::Inline(bytes) => Body::Bytes(bytes.clone()),
            Content::Stored(_) => Body::Pieces(vec![buffer.content.clone()]),
        }
    }
}

/// Where the stored files of a body are read.
#[derive(Clone, Default)]
pub struct BodyFiles(pub Option<Arc<dyn Files>>);

impl fmt::Debug for BodyFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyFiles")
    }
}

/// Which redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redirects {
    /// None: the redirect itself is the answer.
    None,
    /// Those that answer GET and HEAD.
    #[default]
    SafeMethods,
    /// All. A request that is not GET or HEAD becomes GET, except for 307 and
    /// 308.
    All,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers in order; repeated ones are repeated.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Bytes,
    /// Where the answer came from, after redirects.
    pub url: Url,
}

impl Response {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Every header of this name.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Request {
    /// A request without a body and with the defaults.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            secret_headers: SecretHeaders::default(),
            body: Body::Empty,
            files: BodyFiles::default(),
            timeout: TIMEOUT,
            redirects: Redirects::default(),
            max_bytes: MAX_BYTES,
            verify_tls: true,
            ca: None,
            cookies: None,
            accept_compressed: true,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a header that carries a secret.
    #[must_use]
    pub fn secret_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.secret_headers.0.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    /// Whether a header of this name is set.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.iter().chain(&self.secret_headers.0).any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// The headers as they are sent.
    fn header_map(&self) -> Result<HeaderMap, TransportError> {
        let mut map = HeaderMap::new();
        for (name, value) in self.headers.iter().chain(&self.secret_headers.0) {
            let (name, value) = parse_header(name, value)?;
            if name == ::http::header::HOST {
                check_host(&self.url, &value)?;
            } else if !is_framing(&name) {
                map.append(name, value);
            }
        }
        Ok(map)
    }
}

fn parse_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), TransportError> {
    let invalid = |what: &str| TransportError::InvalidRequest(format!("header {name:?} {what}"));
    let parsed_name: HeaderName = name.trim().parse().map_err(|_| invalid("is not a valid header name"))?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes())
        .map_err(|_| invalid("has a line break or another control character in its value"))?;
    Ok((parsed_name, value))
}

/// A `Host` other than that of the address would send the request to a site
/// that the guard has not seen.
fn check_host(url: &Url, value: &HeaderValue) -> Result<(), TransportError> {
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    if value.as_bytes().eq_ignore_ascii_case(authority.as_bytes()) {
        return Ok(());
    }
    Err(TransportError::InvalidRequest(format!("the header Host must be {authority}, as in the address, or absent")))
}

/// Headers that follow from the message or the connection, not from the caller.
fn is_framing(name: &HeaderName) -> bool {
    const NAMES: &[&str] = &[
        "connection",
        "content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    NAMES.contains(&name.as_str())
}

/// A URL out of text that a user wrote or mapped. Line breaks and other control
/// characters are refused rather than dropped, which is what browsers do.
pub fn parse_url(text: &str) -> Result<Url, TransportError> {
    let text = text.trim();
    let invalid =
        |reason: String| TransportError::InvalidRequest(format!("the address {text:?} is not valid: {reason}"));
    if text.chars().any(char::is_control) {
        return Err(invalid("it contains a line break or another control character".to_owned()));
    }
    let url = Url::parse(text).map_err(|error| invalid(error.to_string()))?;
    // The client writes the request line from a `Uri`, which is stricter.
    url.as_str().parse::<Uri>().map_err(|error| invalid(error.to_string()))?;
    Ok(url)
}

/// Cookies of one run.
#[derive(Default)]
pub struct Jar(reqwest::cookie::Jar);

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jar(…)")
    }
}

impl Jar {
    /// The `Cookie` header for an address.
    pub fn header(&self, url: &Url) -> Option<String> {
        self.0.cookies(url).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// Keeps what an answer sets.
    pub fn keep(&self, response: &Response) {
        let cookies: Vec<HeaderValue> = response
            .header_values("set-cookie")
            .filter_map(|value| HeaderValue::from_bytes(value.as_bytes()).ok())
            .collect();
        self.0.set_cookies(&mut cookies.iter(), &response.url);
    }
}

/// Makes one exchange: no redirect, no cookie. Implemented over the network
/// and by [`crate::testing::RecordedTransport`].
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends the request, whose body is not a form any more, and gives the
    /// answer when its head is there.
    async fn exchange(&self, request: &Request, headers: HeaderMap) -> Result<Exchange, TransportError>;
}

/// The way out of where nothing may go out.
struct Closed;

#[async_trait]
impl Transport for Closed {
    async fn exchange(&self, _request: &Request, _headers: HeaderMap) -> Result<Exchange, TransportError> {
        Err(TransportError::NotSent("nothing is sent here".to_owned()))
    }
}

/// The client. Cloning shares its connections.
#[derive(Clone)]
pub struct Client {
    guard: Guard,
    transport: Arc<dyn Transport>,
}

impl Client {
    /// A client over the network.
    pub fn new(guard: Guard) -> Self {
        Self { transport: Arc::new(transport::Network::new(guard.clone())), guard }
    }

    /// A client over another transport, with a guard that allows only public
    /// addresses.
    pub fn with_transport(transport: Arc<dyn Transport>) -> Self {
        Self { guard: Guard::default(), transport }
    }

    /// A client that sends nothing: whatever is asked of it is refused.
    pub fn closed() -> Self {
        Self::with_transport(Arc::new(Closed))
    }

    /// The guard, for connections that are not HTTP.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Sends a request and follows redirects as it says.
    pub async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.fetch(request).await?.collect().await
    }

    /// The same, but gives the answer when its head is there; the body comes
    /// with [`Arriving::chunk`], within the time of the request.
    pub async fn fetch(&self, request: Request) -> Result<Arriving, TransportError> {
        let (deadline, limit) = (Instant::now() + request.timeout, request.max_bytes);
        let exchange = match tokio::time::timeout_at(deadline, self.follow(request)).await {
            Ok(result) => result?,
            Err(_) => return Err(TransportError::TimedOut { sent: true }),
        };
        Ok(Arriving::new(exchange, limit, deadline))
    }

    async fn follow(&self, mut request: Request) -> Result<Exchange, TransportError> {
        multipart::encode(&mut request);
        for _ in 0..=redirect::MAX_REDIRECTS {
            let exchange = self.hop(&request).await?;
            match redirect::next(&mut request, &exchange.head)? {
                redirect::Next::Stay => return Ok(exchange),
                redirect::Next::Again => {}
            }
        }
        Err(TransportError::Broken(format!("more than {} redirects", redirect::MAX_REDIRECTS)))
    }

    async fn hop(&self, request: &Request) -> Result<Exchange, TransportError> {
        self.guard.check_url(&request.url)?;
        let mut headers = request.header_map()?;
        if let Some(jar) = &request.cookies {
            add_cookies(&mut headers, jar, &request.url)?;
        }
        let exchange = self.transport.exchange(request, headers).await?;
        if let Some(jar) = &request.cookies {
            jar.keep(&exchange.head);
        }
        Ok(exchange)
    }
}

fn add_cookies(headers: &mut HeaderMap, jar: &Jar, url: &Url) -> Result<(), TransportError> {
    let Some(kept) = jar.header(url) else {
        return Ok(());
    };
    let own = headers.get(::http::header::COOKIE).and_then(|value| value.to_str().ok());
    let cookies = own.map_or(kept.clone(), |own| format!("{own}; {kept}"));
    let (name, value) = parse_header("cookie", &cookies)?;
    headers.insert(name, value);
    Ok(())
}

#[cfg(test)]
mod tests;
