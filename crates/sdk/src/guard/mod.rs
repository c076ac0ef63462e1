//! The one way out: which addresses a module may reach, and the connector
//! that holds to it.
//!
//! Modules run with what users and strangers sent, so every connection they
//! open is checked here: HTTP, SMTP, Google. A name is resolved once, *every*
//! address it has is checked, and the connection goes to a checked address, so
//! that neither odd spellings nor a name that changes its mind get through.
//! Public addresses are allowed; the others only when the administrator
//! allows them by name. This file must stay the only place that decides.

mod policy;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rouage_model::{ErrorKind, ModuleError};
use tokio::net::TcpStream;
use url::{Host, Url};

pub use policy::{AllowRule, Policy, RuleError};

/// How long resolving a name may take.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one address may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Checks and opens connections. Cloning shares the policy.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    policy: Arc<RwLock<(u64, Arc<Policy>)>>,
}

impl Guard {
    /// A guard with a policy.
    pub fn new(policy: Policy) -> Self {
        Self { policy: Arc::new(RwLock::new((0, Arc::new(policy)))) }
    }

    /// Changes the policy for all clones, from the next connection on.
    pub fn set_policy(&self, policy: Policy) {
        let mut current = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        *current = (current.0 + 1, Arc::new(policy));
    }

    /// Counts the changes, so that connections kept from before are not used.
    pub(crate) fn generation(&self) -> u64 {
        self.policy.read().unwrap_or_else(PoisonError::into_inner).0
    }

    fn policy(&self) -> Arc<Policy> {
        self.policy.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    /// Whether the URL may be called, as far as it shows without resolving
    /// its host. Every resolved address is checked again.
    pub fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Scheme(url.scheme().to_owned()));
        }
        let port = url.port_or_known_default().unwrap_or(0);
        match url.host() {
            None => Err(Refusal::NoHost),
            Some(Host::Domain(_)) => Ok(()),
            Some(Host::Ipv4(address)) => self.check(&address.to_string(), address.into(), port),
            Some(Host::Ipv6(address)) => self.check(&address.to_string(), address.into(), port),
        }
    }

    /// Whether a URL that somebody writes would be refused, as far as its host
    /// says so by itself; what is mapped may follow the host.
    pub fn foresee(&self, written: &str) -> Option<Refusal> {
        let (scheme, rest) = written.trim().split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next().filter(|authority| !authority.contains("{{"))?;
        let url = Url::parse(&format!("{scheme}://{authority}")).ok()?;
        let port = url.port_or_known_default()?;
        let Some(Host::Domain(name)) = url.host() else {
            return self.check_url(&url).err().filter(|refusal| matches!(refusal, Refusal::Address { .. }));
        };
        let name = bare_name(name);
        if name != "localhost" && !name.ends_with(".localhost") {
            return None;
        }
        let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])];
        let refusals = loopback.map(|address| self.check(&name, address, port).err());
        refusals.iter().all(Option::is_some).then(|| refusals.into_iter().flatten().next()).flatten()
    }

    /// The addresses of a host, all of them checked: one that is refused
    /// refuses the host.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
        let name = bare_name(host);
        let failed = |reason: String| ConnectError::Resolve { host: name.clone(), reason };
        let lookup = tokio::time::timeout(RESOLVE_TIMEOUT, tokio::net::lookup_host((name.as_str(), port)));
        let found = lookup.await.map_err(|_| failed("no answer in time".to_owned()))?;
        let addresses: Vec<SocketAddr> = found.map_err(|error| failed(error.to_string()))?.collect();
        if addresses.is_empty() {
            return Err(failed("it has no address".to_owned()));
        }
        self.check_all(&name, &addresses, port)?;
        Ok(addresses)
    }

    /// Connects to the first checked address that accepts.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, ConnectError> {
        let mut reason = String::new();
        for address in self.resolve(host, port).await? {
            match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Small writes of request heads must not wait for an acknowledgement.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "could not turn off Nagle's algorithm");
                    }
                    return Ok(stream);
                }
                Ok(Err(error)) => reason = error.to_string(),
                Err(_) => reason = "no answer in time".to_owned(),
            }
        }
        Err(ConnectError::Connect { host: host.to_owned(), port, reason })
    }

    fn check_all(&self, name: &str, addresses: &[SocketAddr], port: u16) -> Result<(), Refusal> {
        addresses.iter().try_for_each(|address| self.check(name, address.ip(), port))
    }

    fn check(&self, host: &str, address: IpAddr, port: u16) -> Result<(), Refusal> {
        let address = address.to_canonical();
        let Some(rule) = policy::refused_because(address) else {
            return Ok(());
        };
        let policy = self.policy();
        if policy.allows_address(address, port) || policy.allows_name(host, port) {
            return Ok(());
        }
        Err(Refusal::Address { host: host.to_owned(), address, rule })
    }
}

/// Why a connection is not made. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Neither `http` nor `https`.
    Scheme(String),
    /// A URL that names no host.
    NoHost,
    /// The host has an address that is not public and not allowed.
    Address {
        /// The host as it was asked for.
        host: String,
        /// The address that is refused.
        address: IpAddr,
        /// What the address is, such as "a private network".
        rule: &'static str,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Scheme(scheme) => write!(f, "only http:// and https:// addresses can be called, not {scheme}:"),
            Refusal::NoHost => f.write_str("the address names no host"),
            Refusal::Address { host, address, rule } => {
                write!(f, "calling {host} is refused")?;
                if *host != address.to_string() {
                    write!(f, ": its address is {address}")?;
                }
                write!(
                    f,
                    " ({rule}); an administrator can allow it with --allow-net {address}, or allow_net in rouage.toml"
                )
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// The address that was refused and what it is, when the text of an error is
/// that of [`Refusal::Address`]: errors are kept as texts.
pub fn refused_address(text: &str) -> Option<(&str, &str)> {
    let (before, after) = text.split_once("); an administrator can allow it with --allow-net ")?;
    let (_, rule) = before.rsplit_once(" (")?;
    // What a server answered begins with its status.
    let is_ours = before.contains("calling ") && !text.starts_with('[');
    Some((after.split(',').next()?, rule)).filter(|_| is_ours)
}

impl From<Refusal> for ModuleError {
    fn from(refusal: Refusal) -> Self {
        ModuleError::new(ErrorKind::DataError, refusal.to_string())
    }
}

/// Why there is no connection. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not allowed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The name has no address.
    #[error("the name {host} could not be resolved: {reason}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver says.
        reason: String,
    },
    /// Nobody accepted the connection.
    #[error("no connection to {host}:{port}: {reason}")]
    Connect {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// What the last address said.
        reason: String,
    },
}

impl From<ConnectError> for ModuleError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Refused(refusal) => refusal.into(),
            other => ModuleError::new(ErrorKind::ConnectionError, other.to_string()),
        }
    }
}

/// Lower case, without brackets, the final dot and a zone id: a zone chooses
/// one of our own interfaces, which is never what a module may do.
fn bare_name(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    let host = host.split('%').next().unwrap_or(host);
    host.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
