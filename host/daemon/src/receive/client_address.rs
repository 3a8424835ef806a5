//! Where a request comes from: the connection's other end, or what trusted proxies say.
//!
//! Believes a header only as far as the chain of trusted proxies reaches: anybody can write one.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The header that proxies append to (MDN, "X-Forwarded-For").
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the sender: going back from the connection's other end, the first that is no trusted proxy. None
/// when a trusted proxy does not say whom it speaks for in a way that can be read: it is not the proxy itself.
pub(crate) fn address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<IpAddr> {
    let values = headers.get_all(FORWARDED_FOR).iter();
    let texts: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let hops: Vec<&str> = texts
        .iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        // RFC 9110, 5.6.1: an empty element of a list is none.
        .filter(|hop| !hop.is_empty())
        .collect();
    let mut address = peer.to_canonical();
    for hop in hops.iter().rev() {
        if !trusted.iter().any(|network| network.contains(&address)) {
            break;
        }
        address = hop_address(hop)?.to_canonical();
    }
    Some(address)
}

/// The address of a hop. Some proxies write the port after it, and then brackets around an IPv6 address.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    hop.parse().ok().or_else(with_port).or_else(in_brackets)
}

/// Whether `address` is in one of the networks, or there are none. One that is not known is in none.
pub(super) fn is_allowed(address: Option<IpAddr>, networks: &[IpNet]) -> bool {
    let is_in = |address: IpAddr| networks.iter().any(|network| network.contains(&address));
    networks.is_empty() || address.is_some_and(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_as(peer: &str, forwarded: &str) -> String {
        let forwarded = axum::http::HeaderValue::from_bytes(forwarded.as_bytes()).unwrap();
        let headers = HeaderMap::from_iter([(axum::http::HeaderName::from_static(FORWARDED_FOR), forwarded)]);
        let trusted = ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let address = address(peer.parse().unwrap(), &headers, &trusted);
        address.map_or("unknown".to_owned(), |address| address.to_string())
    }

    #[test]
    fn the_header_of_a_stranger_is_not_believed() {
        assert_eq!(seen_as("203.0.113.9", "198.51.100.1"), "203.0.113.9");
    }

    #[test]
    fn a_trusted_proxy_says_who_it_speaks_for() {
        assert_eq!(seen_as("127.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(seen_as("::ffff:127.0.0.1", "198.51.100.1"), "198.51.100.1");
    }

    #[test]
    fn what_a_sender_wrote_in_front_of_the_proxies_is_not_believed() {
        assert_eq!(seen_as("127.0.0.1", "10.0.0.7, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
    }

    #[test]
    fn behind_several_proxies_the_rightmost_that_is_not_trusted_counts() {
        for (forwarded, expected) in [
            ("198.51.100.1, 10.0.0.2, 10.0.0.3", "198.51.100.1"),
            ("10.9.9.9, 203.0.113.7, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("198.51.100.1,, 10.0.0.2 ,", "198.51.100.1"),
            ("198.51.100.1:4711, 10.0.0.2:443", "198.51.100.1"),
            ("[2001:db8::7]:4711, 10.0.0.2", "2001:db8::7"),
            ("[2001:db8::7], 10.0.0.2", "2001:db8::7"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            // A client inside the trusted networks may write what it likes before itself: it must not be there.
            ("203.0.113.7, 10.0.0.99, 10.0.0.2", "203.0.113.7"),
            ("10.0.0.99, 10.0.0.2", "10.0.0.99"),
            ("", "127.0.0.1"),
        ] {
            assert_eq!(seen_as("127.0.0.1", forwarded), expected, "{forwarded}");
        }
    }

    #[test]
    fn a_hop_that_cannot_be_read_is_nobody_and_not_the_proxy() {
        for hop in [
            "unknown",
            "_hidden",
            "198.51.100.1/32",
            "198.51.100.1 10.0.0.2",
            "\u{fffd}",
            "1e9",
            "for=1.2.3.4",
        ] {
            assert_eq!(seen_as("127.0.0.1", &format!("198.51.100.1, {hop}")), "unknown", "{hop}");
            // What a sender wrote before an address that counts does not matter.
            assert_eq!(seen_as("127.0.0.1", &format!("{hop}, 198.51.100.1")), "198.51.100.1", "{hop}");
        }
    }

    #[test]
    fn only_addresses_of_the_allowed_networks_are_let_in() {
        let networks = ["203.0.113.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let address = |text: &str| Some(text.parse().unwrap());
        assert!(is_allowed(address("203.0.113.200"), &networks));
        assert!(is_allowed(address("2001:db8::1"), &networks));
        assert!(!is_allowed(address("203.0.114.1"), &networks));
        assert!(!is_allowed(None, &networks));
        assert!(is_allowed(address("203.0.114.1"), &[]) && is_allowed(None, &[]));
    }
}
