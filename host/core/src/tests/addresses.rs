//! Which addresses may be connected to.

use std::net::IpAddr;

use crate::egress::{Denied, Policy, check_address};

const PUBLIC_ONLY: Policy = Policy { private: false };
const ANYWHERE: Policy = Policy { private: true };

/// Addresses that are not public, with what they are.
const DENIED: [(&str, &str); 66] = [
    ("0.0.0.0", "an address of this network"),
    ("0.255.255.255", "an address of this network"),
    ("10.0.0.0", "a private address"),
    ("10.255.255.255", "a private address"),
    ("100.64.0.0", "a carrier's internal address"),
    ("100.127.255.255", "a carrier's internal address"),
    ("100.100.100.200", "a carrier's internal address"), // a cloud's metadata service
    ("127.0.0.1", "this machine"),
    ("127.255.255.255", "this machine"),
    ("169.254.0.0", "a link-local address, where cloud machines keep their credentials"),
    ("169.254.169.254", "a link-local address, where cloud machines keep their credentials"),
    ("169.254.170.2", "a link-local address, where cloud machines keep their credentials"),
    ("172.16.0.0", "a private address"),
    ("172.31.255.255", "a private address"),
    ("192.0.0.192", "a reserved address"), // another cloud's metadata service
    ("192.0.2.1", "a reserved address"),
    ("192.88.99.1", "a relay address"),
    ("192.168.0.0", "a private address"),
    ("192.168.255.255", "a private address"),
    ("198.18.0.0", "a reserved address"),
    ("198.19.255.255", "a reserved address"),
    ("198.51.100.1", "a reserved address"),
    ("203.0.113.1", "a reserved address"),
    ("224.0.0.1", "a multicast address"),
    ("239.255.255.255", "a multicast address"),
    ("240.0.0.0", "a reserved address"),
    ("255.255.255.255", "a reserved address"),
    ("::", "an address of this network"),
    ("::1", "this machine"),
    ("::2", "an address of this network"),
    // Other ways to write an IPv4 address: mapped, compatible, translated, NAT64, 6to4, Teredo.
    ("::ffff:127.0.0.1", "this machine"),
    ("::ffff:10.1.2.3", "a private address"),
    ("::ffff:169.254.169.254", "a link-local address, where cloud machines keep their credentials"),
    ("::ffff:0.0.0.0", "an address of this network"),
    ("::127.0.0.1", "this machine"),
    ("::10.0.0.1", "a private address"),
    ("::ffff:0:127.0.0.1", "a reserved address"),
    ("::ffff:0:8.8.8.8", "a reserved address"),
    ("64:ff9b::127.0.0.1", "this machine"),
    ("64:ff9b::a9fe:a9fe", "a link-local address, where cloud machines keep their credentials"),
    ("64:ff9b:1::1", "a private address"),
    ("64:ff9b:1:ffff::8.8.8.8", "a private address"),
    ("64:ff9b:2::1", "a reserved address"),
    ("64:ff9b:0:0:0:1::1", "a reserved address"),
    ("2002:7f00:1::", "this machine"),
    ("2002:a9fe:a9fe::1", "a link-local address, where cloud machines keep their credentials"),
    ("2002:c0a8:101::1", "a private address"),
    ("2001::1", "a reserved address"),
    ("2001:0:5ef5:79fd::1", "a reserved address"),
    ("2001:1ff:ffff::", "a reserved address"),
    ("2001:db8::1", "a reserved address"),
    ("3fff::1", "a reserved address"),
    ("3fff:fff:ffff::", "a reserved address"),
    ("100::1", "a discard address"),
    ("100:0:0:1::1", "a reserved address"),
    ("5f00::1", "a reserved address"),
    ("4000::1", "a reserved address"),
    ("fc00::1", "a private address"),
    ("fd00:ec2::254", "a private address"), // a cloud's metadata service
    ("fdff:ffff::1", "a private address"),
    ("fe80::1", "a link-local address"),
    ("febf::1", "a link-local address"),
    ("fec0::1", "a private address"),
    ("feff::1", "a private address"),
    ("ff02::1", "a multicast address"),
    ("ffff::1", "a multicast address"),
];

/// Neighbours of the ranges above, and addresses that are somebody's.
#[rustfmt::skip]
const ALLOWED: [&str; 34] = [
    "1.0.0.0", "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
    "191.255.255.255", "192.0.1.0", "192.0.3.0", "192.88.98.255", "192.88.100.0", "192.167.255.255",
    "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
    "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:200::1", "2001:4860:4860::8888",
    "2001:db7:ffff::1", "2001:db9::1", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "3fff:1000::1",
    "2003::1",
];

#[test]
fn an_address_that_is_not_public_is_denied_and_named() {
    for (text, what) in DENIED {
        let address: IpAddr = text.parse().expect(text);
        let denied = check_address(address, PUBLIC_ONLY);
        assert_eq!(denied, Err(Denied::Address { address, what }), "{text}");
    }
}

#[test]
fn a_public_address_is_allowed() {
    for text in ALLOWED {
        assert_eq!(check_address(text.parse().expect(text), PUBLIC_ONLY), Ok(()), "{text}");
    }
}

#[test]
fn a_connection_that_may_reach_private_addresses_reaches_all() {
    for text in DENIED.map(|(text, _)| text).into_iter().chain(ALLOWED) {
        assert_eq!(check_address(text.parse().expect(text), ANYWHERE), Ok(()), "{text}");
    }
}

#[test]
fn a_denial_says_what_to_do_if_it_was_meant() {
    let address = "127.0.0.1".parse().expect("an address");
    let denied = check_address(address, PUBLIC_ONLY).expect_err("it is this machine");
    let expected = "127.0.0.1 is this machine: set `allow_private = true` on the connection if that is meant";
    assert_eq!(denied.to_string(), expected);
}
