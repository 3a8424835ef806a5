//! Where a request comes from: the connection's other end, or what trusted proxies say.
//!
//! Believes a header only as far as the chain of trusted proxies reaches: anybody can write one.

use std::net::IpAddr;

use ipnet::IpNet;
use tocsin_core::plugin::Pair;

/// The header that proxies append to (MDN, "X-Forwarded-For").
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the sender: going back from the connection's other end, the first that is no trusted proxy.
pub(super) fn address(peer: IpAddr, headers: &[Pair], trusted: &[IpNet]) -> IpAddr {
    let hops: Vec<&str> = headers
        .iter()
        .filter(|pair| pair.name == FORWARDED_FOR)
        .flat_map(|pair| pair.value.split(','))
        .map(str::trim)
        .collect();
    let mut address = peer.to_canonical();
    for hop in hops.iter().rev() {
        if !trusted.iter().any(|network| network.contains(&address)) {
            break;
        }
        // What cannot be read was not written by a proxy that is trusted.
        let Ok(before) = hop.parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

/// Whether `address` is in one of the networks, or there are none.
pub(super) fn is_allowed(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.is_empty() || networks.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_as(peer: &str, forwarded: &str) -> String {
        let headers = [Pair::new(FORWARDED_FOR, forwarded)];
        let trusted = ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        address(peer.parse().unwrap(), &headers, &trusted).to_string()
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
    fn an_unreadable_hop_ends_the_chain() {
        assert_eq!(seen_as("127.0.0.1", "198.51.100.1, unknown"), "127.0.0.1");
    }

    #[test]
    fn only_addresses_of_the_allowed_networks_are_let_in() {
        let networks = ["203.0.113.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        assert!(is_allowed("203.0.113.200".parse().unwrap(), &networks));
        assert!(is_allowed("2001:db8::1".parse().unwrap(), &networks));
        assert!(!is_allowed("203.0.114.1".parse().unwrap(), &networks));
        assert!(is_allowed("203.0.114.1".parse().unwrap(), &[]));
    }
}
