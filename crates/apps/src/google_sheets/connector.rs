//! How Google's client gets out: over the guard, which resolves and checks
//! every address, with TLS on top. Never a connection of the library's own.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rouage_model::{ErrorKind, ModuleError};
use rouage_sdk::guard::{ConnectError, Guard};
use tokio::net::TcpStream;
use tower::Service;

/// Idle connections are closed before Google's front ends close them, so that
/// a write rarely meets a connection that is already gone.
const IDLE: Duration = Duration::from_secs(50);

/// What the hub and the token exchange connect with.
pub(super) type Connector = HttpsConnector<Guarded>;

/// Plain connections to checked addresses.
#[derive(Debug, Clone)]
pub(super) struct Guarded(Guard);

impl Service<Uri> for Guarded {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let guard = self.0.clone();
        Box::pin(async move {
            let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
            guard.connect(uri.host().unwrap_or_default(), port).await.map(TokioIo::new)
        })
    }
}

/// A connector over the guard.
pub(super) fn connector(guard: &Guard) -> Result<Connector, ModuleError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(provider)
        .map_err(|error| ModuleError::new(ErrorKind::RuntimeError, format!("TLS is not available: {error}")))?;
    Ok(builder.https_or_http().enable_http1().enable_http2().wrap_connector(Guarded(guard.clone())))
}

/// A pooled client for one kind of body.
pub(super) fn client<B>(connector: Connector) -> legacy::Client<Connector, B>
where
    B: http_body::Body + Send,
    B::Data: Send,
{
    legacy::Client::builder(TokioExecutor::new())
        .pool_idle_timeout(IDLE)
        .pool_timer(hyper_util::rt::TokioTimer::new())
        .build(connector)
}
