//! Where a request may go: the decision, without making it.
//!
//! Asked three times for each request: about the URL when the configuration is read, about a literal address
//! before sending, and about every address that a name resolves to. Never resolves anything itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::path::{self, PathFault};
use crate::plugin::Pair;

/// What a connection is allowed beyond public addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Private, loopback and other addresses that are not public.
    pub private: bool,
    /// Link-local addresses and those where clouds hand out a machine's credentials. `private` does not include
    /// them.
    pub link_local: bool,
}

const LINK_LOCAL: &str = "a link-local address, where cloud machines keep their credentials";
const METADATA: &str = "an address where a cloud answers about this machine";
/// Characters of a path that a refusal shows.
const PATH_CHARS: usize = 200;

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
    #[error("{address} is {what}: set `{setting} = true` on the connection if that is meant")]
    Address {
        /// Which.
        address: IpAddr,
        /// What kind.
        what: &'static str,
        /// What would allow it.
        setting: &'static str,
    },
    /// A plugin asked for a path that would leave the connection's URL.
    #[error("the plugin asked for the path `{0}`, which does not stay below the connection's URL")]
    Path(String),
    /// A plugin asked for a path that leads somewhere else at some servers.
    #[error("the plugin asked for the path `{path}`, which {fault}")]
    Misleading {
        /// Which, as far as it is shown.
        path: String,
        /// What is wrong with it.
        fault: PathFault,
    },
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
    let (what, is_allowed, setting) = match (link_local(address), not_public(address)) {
        (Some(what), _) => (what, policy.link_local, "allow_link_local"),
        (None, Some(what)) => (what, policy.private, "allow_private"),
        (None, None) => return Ok(()),
    };
    if is_allowed { Ok(()) } else { Err(Denied::Address { address, what, setting }) }
}

/// The connection's URL with a plugin's path and query appended.
///
/// # Errors
/// A path that does not stay below the connection's own.
pub fn join(base: &Url, path: &str, query: &[Pair]) -> Result<Url, Denied> {
    let shown = || path.chars().take(PATH_CHARS).collect();
    let escapes = path.contains(['?', '#', '\\'])
        || path.chars().any(char::is_control)
        || (!path.is_empty() && !path.starts_with('/'));
    if escapes {
        return Err(Denied::Path(shown()));
    }
    path::check(path).map_err(|fault| Denied::Misleading { path: shown(), fault })?;
    let mut url = base.clone();
    if !path.is_empty() {
        url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query.iter().map(|pair| (&pair.name, &pair.value)));
    }
    Ok(url)
}

/// What kind of link-local address this is, or of one where a cloud answers about the machine, unless it is neither:
/// [RFC 3927](https://www.rfc-editor.org/rfc/rfc3927) and 4291, and what the clouds' documentations of their metadata
/// services name. Some of them are private or public addresses otherwise.
fn link_local(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => link_local_v4(address),
        IpAddr::V6(address) => match address.segments() {
            [0xfe80..=0xfebf, ..] => Some(LINK_LOCAL),
            [0xfd00, 0x0ec2, ..] | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254] => Some(METADATA),
            _ => embedded_v4(address).and_then(link_local_v4),
        },
    }
}

fn link_local_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [169, 254, ..] => Some(LINK_LOCAL),
        [100, 100, 100, 200] | [192, 0, 0, 192] | [168, 63, 129, 16] => Some(METADATA),
        _ => None,
    }
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
        (169, 254, _) => Some(LINK_LOCAL),
        (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (198, 18..=19, _) => Some("a reserved address"),
        (192, 88, 99) => Some("a relay address"),
        (224..=239, _, _) => Some("a multicast address"),
        (240..=255, _, _) => Some("a reserved address"),
        _ => None,
    }
}

fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    let segments = address.segments();
    if let Some(address) = embedded_v4(address) {
        return not_public_v4(address);
    }
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("an address of this network"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("this machine"),
        [0x64, 0xff9b, 1, ..] => Some("a private address"),
        [0x100, 0, 0, 0, ..] => Some("a discard address"),
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Some("a reserved address"),
        [0x2001, 0..=0x01ff, ..] => Some("a reserved address"),
        [0xfc00..=0xfdff, ..] => Some("a private address"),
        [0xfe80..=0xfebf, ..] => Some(LINK_LOCAL),
        [0xfec0..=0xfeff, ..] => Some("a private address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        [0x2000..=0x3fff, ..] => None,
        // Nothing else is given out, but some of it has meant an IPv4 address to somebody.
        _ => Some("a reserved address"),
    }
}

/// The IPv4 address that another way to write it holds: mapped, compatible, NAT64, 6to4. None of them must be a way
/// around.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => return None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Some(Ipv4Addr::new(a, b, c, d))
}
