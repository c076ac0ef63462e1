//! Which addresses are not public, and which of them the administrator allows.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::LazyLock;

use ipnet::IpNet;
use url::Host;

/// What the administrator allows beyond public addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    allow: Vec<AllowRule>,
}

/// One allowed host or range, on one port or on all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowRule {
    target: Target,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Network(IpNet),
    Name(String),
}

/// A text that is not an allow rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an address, a range such as 10.0.0.0/8 or a host name, with or without :port")]
pub struct RuleError {
    text: String,
}

impl FromStr for AllowRule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let error = || RuleError { text: text.to_owned() };
        let trimmed = text.trim();
        if let Some(network) = parse_network(trimmed) {
            return Ok(Self { target: Target::Network(network), port: None });
        }
        let (host, port) = split_port(trimmed).ok_or_else(error)?;
        if let Some(network) = parse_network(host) {
            return Ok(Self { target: Target::Network(network), port });
        }
        match Host::parse(host.trim_end_matches('.')) {
            Ok(Host::Domain(name)) => Ok(Self { target: Target::Name(name), port }),
            _ => Err(error()),
        }
    }
}

/// `10.0.0.0/8`, `10.0.0.5`, `fd00::1`, with or without brackets.
fn parse_network(text: &str) -> Option<IpNet> {
    let text = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(IpNet::from(address.to_canonical()));
    }
    text.parse().ok()
}

/// The text before a `:port`, and the port.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    match text.rsplit_once(':') {
        Some((host, port)) => Some((host, Some(port.parse().ok()?))),
        None => Some((text, None)),
    }
}

impl Policy {
    /// From rules such as `10.0.0.5`, `10.0.0.0/8:443`, `[fd00::1]:25` and
    /// `db.internal`. Reports every rule that is none.
    pub fn parse(rules: &[String]) -> Result<Self, Vec<RuleError>> {
        let (good, bad): (Vec<_>, Vec<_>) = rules.iter().map(|rule| rule.parse()).partition(Result::is_ok);
        if !bad.is_empty() {
            return Err(bad.into_iter().filter_map(Result::err).collect());
        }
        Ok(Self { allow: good.into_iter().flatten().collect() })
    }

    pub(super) fn allows_name(&self, name: &str, port: u16) -> bool {
        self.allow.iter().any(|rule| rule.fits_port(port) && matches!(&rule.target, Target::Name(own) if own == name))
    }

    pub(super) fn allows_address(&self, address: IpAddr, port: u16) -> bool {
        self.allow
            .iter()
            .any(|rule| rule.fits_port(port) && matches!(rule.target, Target::Network(net) if net.contains(&address)))
    }
}

impl AllowRule {
    fn fits_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

/// What is not public, and what to call it. Source: the IANA special-purpose
/// address registries. IPv4-mapped IPv6 addresses are judged as IPv4.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("0.0.0.0/8", "this machine"),
    ("10.0.0.0/8", "a private network"),
    ("100.64.0.0/10", "a carrier's shared network"),
    ("127.0.0.0/8", "this machine"),
    ("169.254.0.0/16", "a link-local network, where cloud metadata lives"),
    ("172.16.0.0/12", "a private network"),
    ("192.0.0.0/24", "a reserved network"),
    ("192.0.2.0/24", "a documentation network"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.168.0.0/16", "a private network"),
    ("198.18.0.0/15", "a benchmarking network"),
    ("198.51.100.0/24", "a documentation network"),
    ("203.0.113.0/24", "a documentation network"),
    ("224.0.0.0/4", "a multicast group"),
    ("240.0.0.0/4", "a reserved network"),
    ("::1/128", "this machine"),
    ("::/96", "this machine or an IPv4 address in disguise"),
    ("64:ff9b::/96", "an IPv4 address behind NAT64"),
    ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
    ("100::/64", "a discard network"),
    ("2001::/23", "a reserved network"),
    ("2001:db8::/32", "a documentation network"),
    ("2002::/16", "an IPv4 address in 6to4"),
    ("3fff::/20", "a documentation network"),
    ("5f00::/16", "a reserved network"),
    ("fc00::/7", "a private network"),
    ("fe80::/10", "a link-local network"),
    ("fec0::/10", "a private network"),
    ("ff00::/8", "a multicast group"),
];

pub(super) static REFUSED_NETWORKS: LazyLock<Vec<(IpNet, &str)>> = LazyLock::new(|| {
    let parse = |network: &str| network.parse().expect("the table holds only ranges, as the tests of this file check");
    REFUSED.iter().map(|(network, name)| (parse(network), *name)).collect()
});

/// What a canonical address is when it is not public.
pub(super) fn refused_because(address: IpAddr) -> Option<&'static str> {
    REFUSED_NETWORKS.iter().find(|(network, _)| network.contains(&address)).map(|(_, name)| *name)
}
