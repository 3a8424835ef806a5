//! Where a request may go: the decision, without making it.
//!
//! Asked three times for each request: about the URL when the configuration is read, about a literal address
//! before sending, and about every address that a name resolves to. Never resolves anything itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::plugin::Pair;

/// What a connection is allowed beyond public addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Private, loopback, link-local and other addresses that are not public.
    pub private: bool,
}

/// Why a request may not go there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Not http or https.
    #[error("the scheme `{0}` is not allowed: use https or http")]
    Scheme(String),
    /// No host.
    #[error("the URL has no host")]
    NoHost,
    /// Credentials in the URL end up in logs.
    #[error("the URL has a user name or password: use the connection's secrets")]
    Credentials,
    /// An address that is not public.
    #[error("{address} is {what}: set `allow_private = true` on the connection if that is meant")]
    Address {
        /// Which.
        address: IpAddr,
        /// What kind.
        what: &'static str,
    },
    /// A plugin asked for a path that would leave the connection's URL.
    #[error("the plugin asked for the path `{0}`, which does not stay below the connection's URL")]
    Path(String),
}

/// Whether requests to `url` are allowed, as far as that can be said before its name is resolved.
///
/// # Errors
/// The first reason against it.
pub fn check_url(url: &Url, policy: Policy) -> Result<(), Denied> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Denied::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Denied::Credentials);
    }
    match url.host() {
        None => Err(Denied::NoHost),
        Some(Host::Domain(_)) => Ok(()),
        Some(Host::Ipv4(address)) => check_address(address.into(), policy),
        Some(Host::Ipv6(address)) => check_address(address.into(), policy),
    }
}

/// Whether `address` may be connected to.
///
/// # Errors
/// It is not public and the connection does not allow that.
pub fn check_address(address: IpAddr, policy: Policy) -> Result<(), Denied> {
    match not_public(address) {
        Some(what) if !policy.private => Err(Denied::Address { address, what }),
        _ => Ok(()),
    }
}

/// The connection's URL with a plugin's path and query appended.
///
/// # Errors
/// A path that does not stay below the connection's own.
pub fn join(base: &Url, path: &str, query: &[Pair]) -> Result<Url, Denied> {
    let escapes = path.contains(['?', '#', '\\'])
        || path.chars().any(char::is_control)
        || leaves(path)
        || (!path.is_empty() && !path.starts_with('/'));
    if escapes {
        return Err(Denied::Path(path.chars().take(200).collect()));
    }
    let mut url = base.clone();
    if !path.is_empty() {
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query.iter().map(|pair| (&pair.name, &pair.value)));
    }
    Ok(url)
}

/// Whether a segment of `path` means "here" or "above", for a peer that decodes dots or slashes as well.
fn leaves(path: &str) -> bool {
    let plain = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    plain.split('/').any(|segment| segment == "." || segment == "..")
}

/// What kind of address this is, unless it is a public one. Ranges as IANA's special-purpose registries list
/// them.
fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => not_public_v4(address),
        IpAddr::V6(address) => not_public_v6(address),
    }
}

fn not_public_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (0, _, _) => Some("an address of this network"),
        (10, _, _) | (172, 16..=31, _) | (192, 168, _) => Some("a private address"),
        (100, 64..=127, _) => Some("a carrier's internal address"),
        (127, _, _) => Some("this machine"),
        (169, 254, _) => Some("a link-local address, where cloud machines keep their credentials"),
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (198, 18..=19, _) => Some("a reserved address"),
        (192, 88, 99) => Some("a relay address"),
        (224..=239, _, _) => Some("a multicast address"),
        (240..=255, _, _) => Some("a reserved address"),
        _ => None,
    }
}

fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    // Another way to write an IPv4 address must not be a way around: mapped, compatible, NAT64, 6to4.
    let segments = address.segments();
    let tail = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        not_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("an address of this network"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("this machine"),
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => tail(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => tail(high, low),
        [0x64, 0xff9b, 1, ..] => Some("a private address"),
        [0x2002, high, low, ..] => tail(high, low),
        [0x100, 0, 0, 0, ..] => Some("a discard address"),
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Some("a reserved address"),
        [0x2001, 0..=0x01ff, ..] => Some("a reserved address"),
        [0xfc00..=0xfdff, ..] => Some("a private address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfec0..=0xfeff, ..] => Some("a private address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        [0x2000..=0x3fff, ..] => None,
        // Nothing else is given out, but some of it has meant an IPv4 address to somebody.
        _ => Some("a reserved address"),
    }
}
