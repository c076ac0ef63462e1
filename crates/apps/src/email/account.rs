//! What SMTP and IMAP accounts have in common: where the server is, how the
//! connection is protected, who signs in.

use std::sync::Arc;

use rouage_model::{ErrorKind, ModuleError};
use rouage_sdk::Connection;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    None,
    StartTls,
    Tls,
}

/// The ports of a protocol when a connection names none.
pub(super) struct Ports {
    pub(super) none: u16,
    pub(super) starttls: u16,
    pub(super) tls: u16,
}

/// An account as the connection describes it.
pub(super) struct Account<'a> {
    pub(super) connection: &'a Connection,
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) security: Security,
    /// A certificate that is trusted besides the public ones, as PEM.
    pub(super) authority: Option<&'a str>,
    /// May be empty.
    pub(super) user: &'a str,
    pub(super) password: &'a str,
}

impl<'a> Account<'a> {
    pub(super) fn new(connection: &'a Connection, ports: &Ports) -> Result<Self, ModuleError> {
        let data = |name: &str| connection.data.field(name).as_text().unwrap_or_default().trim();
        let (security, usual_port) = match data("security") {
            "none" => (Security::None, ports.none),
            "tls" => (Security::Tls, ports.tls),
            _ => (Security::StartTls, ports.starttls),
        };
        let host = data("host");
        if host.is_empty() {
            return Err(renew(connection, "it names no host"));
        }
        let port = match connection.data.field("port") {
            nothing if nothing.is_nothing() => usual_port,
            port => port
                .as_i64()
                .or_else(|| port.as_text()?.trim().parse().ok())
                .and_then(|port| u16::try_from(port).ok())
                .ok_or_else(|| renew(connection, "its port is not a number up to 65535"))?,
        };
        let password = connection.secret.expose().field("password").as_text().unwrap_or_default();
        let authority = Some(data("ca")).filter(|pem| !pem.is_empty());
        Ok(Self { connection, host, port, security, authority, user: data("user"), password })
    }

    /// `host:port`, for people.
    pub(super) fn server(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// How the connection is protected, for people.
    pub(super) fn encryption(&self) -> &'static str {
        match self.security {
            Security::None => "without encryption",
            Security::StartTls => "encrypted with STARTTLS",
            Security::Tls => "encrypted with TLS",
        }
    }
}

/// The user has to look at the connection.
pub(super) fn renew(connection: &Connection, reason: &str) -> ModuleError {
    let name = &connection.name;
    let text =
        format!("the mail account '{name}' was refused: {reason}. Renew the connection '{name}' (Connections page)");
    ModuleError::new(ErrorKind::AccountValidationError, text)
}

/// TLS over a connection, checked by the public roots and the account's own.
pub(super) async fn encrypt(account: &Account<'_>, stream: TcpStream) -> Result<TlsStream<TcpStream>, ModuleError> {
    let host = account.host;
    let failed = |reason: String| ModuleError::new(ErrorKind::ConnectionError, format!("no TLS with {host}: {reason}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(roots(account)?)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(error.to_string()))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    stream.map_err(|error| failed(error.to_string()))
}

fn roots(account: &Account<'_>) -> Result<RootCertStore, ModuleError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = account.authority {
        let unusable = || renew(account.connection, "its certificate is not PEM");
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.map_err(|_| unusable())?).map_err(|_| unusable())?;
        }
    }
    Ok(roots)
}
