//! The network: reqwest over the guard.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ::http::header::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::upload::Upload;
use super::{Body, Chunks, Exchange, Request, Response, Transport, TransportError, tls};
use crate::guard::{ConnectError, Guard, Refusal};

/// How many sets of connections are kept.
const MAX_POOLS: usize = 64;
/// How long an unused connection is kept: less than common servers do, so that
/// a request is rarely written to a connection that is being closed.
const IDLE: Duration = Duration::from_secs(15);
/// How long connecting may take at most. A request whose time is shorter uses
/// the largest that fits, so that "never connected" is told from "no answer".
const CONNECT_LIMITS: &[u64] = &[10_000, 5_000, 2_000, 1_000, 400, 100];

pub(super) struct Network {
    guard: Guard,
    pools: Mutex<Vec<(PoolKey, reqwest::Client)>>,
}

/// Requests with equal keys share connections. The port is part of it because
/// reqwest's resolver is not told the port, and rules of the guard may name it;
/// the policy's generation, so that a change of policy starts afresh.
#[derive(Clone, PartialEq, Eq)]
struct PoolKey {
    port: u16,
    generation: u64,
    verify_tls: bool,
    ca: Option<Bytes>,
    decode: bool,
    connect_limit: u64,
}

impl Network {
    pub(super) fn new(guard: Guard) -> Self {
        Self { guard, pools: Mutex::new(Vec::new()) }
    }

    fn client(&self, request: &Request) -> Result<reqwest::Client, TransportError> {
        let key = PoolKey {
            port: request.url.port_or_known_default().unwrap_or(0),
            generation: self.guard.generation(),
            verify_tls: request.verify_tls,
            ca: request.ca.clone(),
            decode: request.accept_compressed,
            connect_limit: connect_limit(request.timeout),
        };
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = pools.iter().find(|(own, _)| *own == key) {
            return Ok(client.clone());
        }
        let client = self.build(&key)?;
        if pools.len() >= MAX_POOLS {
            pools.remove(0);
        }
        pools.push((key, client.clone()));
        Ok(client)
    }

    fn build(&self, key: &PoolKey) -> Result<reqwest::Client, TransportError> {
        let resolver = GuardedResolver { guard: self.guard.clone(), port: key.port };
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls::config(key.verify_tls, key.ca.as_deref())?)
            .dns_resolver(Arc::new(resolver))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .gzip(key.decode)
            .brotli(key.decode)
            .connect_timeout(Duration::from_millis(key.connect_limit))
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("Rouage/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| TransportError::InvalidRequest(chain(&error)))
    }
}

fn connect_limit(timeout: Duration) -> u64 {
    let timeout = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    let smallest = CONNECT_LIMITS.last().copied().unwrap_or(timeout);
    CONNECT_LIMITS.iter().copied().find(|limit| *limit < timeout).unwrap_or(smallest)
}

#[async_trait]
impl Transport for Network {
    async fn exchange(&self, request: &Request, headers: HeaderMap) -> Result<Exchange, TransportError> {
        let client = self.client(request)?;
        let mut builder = client.request(request.method.clone(), request.url.clone()).headers(headers);
        match &request.body {
            Body::Empty => {}
            Body::Bytes(bytes) => builder = builder.body(bytes.clone()),
            Body::Pieces(contents) => {
                let upload = Upload::new(contents.clone(), request.files.0.clone());
                builder = builder.body(reqwest::Body::wrap(upload));
            }
            // `Client::fetch` has turned forms into bytes or pieces.
            Body::Multipart(_) => {
                return Err(TransportError::InvalidRequest("the form was not encoded".to_owned()));
            }
        }
        let response = builder.send().await.map_err(classify)?;
        begin(response, request)
    }
}

/// The head of an answer, and its body to come.
fn begin(response: reqwest::Response, request: &Request) -> Result<Exchange, TransportError> {
    let limit = request.max_bytes;
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(TransportError::TooLarge(limit));
    }
    let status = response.status().as_u16();
    let headers = response.headers().iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let head = Response { status, headers, body: Bytes::new(), url: request.url.clone() };
    Ok(Exchange { head, body: Box::new(Incoming(response)) })
}

struct Incoming(reqwest::Response);

#[async_trait]
impl Chunks for Incoming {
    async fn chunk(&mut self) -> Result<Option<Bytes>, TransportError> {
        self.0.chunk().await.map_err(|error| TransportError::Broken(chain(&error)))
    }
}

/// What a failed request means: refused, surely not sent, or perhaps sent.
fn classify(error: reqwest::Error) -> TransportError {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(refusal) = inner.downcast_ref::<Refusal>() {
            return TransportError::Refused(refusal.clone());
        }
        if let Some(ConnectError::Refused(refusal)) = inner.downcast_ref::<ConnectError>() {
            return TransportError::Refused(refusal.clone());
        }
        source = inner.source();
    }
    if error.is_builder() {
        return TransportError::InvalidRequest(chain(&error));
    }
    if error.is_connect() {
        return TransportError::NotSent(chain(&error));
    }
    TransportError::Broken(chain(&error))
}

/// The innermost reasons of an error; the outer ones only repeat the address,
/// which may hold a secret.
fn chain(error: &reqwest::Error) -> String {
    let mut reasons: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(inner) = source {
        let reason = inner.to_string();
        if reasons.last().is_none_or(|last| !last.contains(&reason)) {
            reasons.push(reason);
        }
        source = inner.source();
    }
    if reasons.is_empty() { "the request could not be made".to_owned() } else { reasons.join(": ") }
}

struct GuardedResolver {
    guard: Guard,
    port: u16,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, port) = (self.guard.clone(), self.port);
        Box::pin(async move {
            let addresses = guard.resolve(name.as_str(), port).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
