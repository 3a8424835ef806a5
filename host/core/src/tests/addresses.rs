//! Which addresses may be connected to.

use std::net::IpAddr;

use crate::egress::{Denied, Policy, check_address};

const PUBLIC_ONLY: Policy = Policy { private: false, link_local: false };
const PRIVATE_TOO: Policy = Policy { private: true, link_local: false };
const LINK_LOCAL_TOO: Policy = Policy { private: false, link_local: true };

/// Addresses that are not public, with what they are.
const DENIED: [(&str, &str); 55] = [
    ("0.0.0.0", "an address of this network"),
    ("0.255.255.255", "an address of this network"),
    ("10.0.0.0", "a private address"),
    ("10.255.255.255", "a private address"),
    ("100.64.0.0", "a carrier's internal address"),
    ("100.127.255.255", "a carrier's internal address"),
    ("127.0.0.1", "this machine"),
    ("127.255.255.255", "this machine"),
    ("172.16.0.0", "a private address"),
    ("172.31.255.255", "a private address"),
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
    ("::ffff:0.0.0.0", "an address of this network"),
    ("::127.0.0.1", "this machine"),
    ("::10.0.0.1", "a private address"),
    ("::ffff:0:127.0.0.1", "a reserved address"),
    ("::ffff:0:8.8.8.8", "a reserved address"),
    ("64:ff9b::127.0.0.1", "this machine"),
    ("64:ff9b:1::1", "a private address"),
    ("64:ff9b:1:ffff::8.8.8.8", "a private address"),
    ("64:ff9b:2::1", "a reserved address"),
    ("64:ff9b:0:0:0:1::1", "a reserved address"),
    ("2002:7f00:1::", "this machine"),
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
    ("fdff:ffff::1", "a private address"),
    ("fec0::1", "a private address"),
    ("feff::1", "a private address"),
    ("ff02::1", "a multicast address"),
    ("ffff::1", "a multicast address"),
];

/// Addresses that `allow_private` alone does not allow: link-local ones, and those where clouds hand out a machine's
/// credentials (AWS, Google Cloud, Alibaba Cloud, Oracle Cloud, Azure), in every way to write them.
#[rustfmt::skip]
const LINK_LOCAL: [&str; 21] = [
    "169.254.0.0", "169.254.255.255", "169.254.169.254", "169.254.170.2", "::ffff:169.254.169.254",
    "::169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fe80::1", "febf::1", "fe80::a9fe:a9fe",
    "100.100.100.200", "::ffff:100.100.100.200", "64:ff9b::100.100.100.200", "192.0.0.192", "::ffff:192.0.0.192",
    "168.63.129.16", "::ffff:168.63.129.16", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254",
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
        assert_eq!(denied, Err(Denied::Address { address, what, setting: "allow_private" }), "{text}");
    }
}

#[test]
fn a_public_address_is_allowed() {
    for text in ALLOWED {
        assert_eq!(check_address(text.parse().expect(text), PUBLIC_ONLY), Ok(()), "{text}");
    }
}

#[test]
fn a_connection_that_may_reach_private_addresses_reaches_all_but_link_local_ones() {
    for text in DENIED.map(|(text, _)| text).into_iter().chain(ALLOWED) {
        assert_eq!(check_address(text.parse().expect(text), PRIVATE_TOO), Ok(()), "{text}");
    }
}

#[test]
fn a_link_local_or_metadata_address_has_a_permission_of_its_own() {
    for text in LINK_LOCAL {
        let address = text.parse().expect(text);
        for policy in [PUBLIC_ONLY, PRIVATE_TOO] {
            let denied = check_address(address, policy).expect_err(text);
            assert!(
                matches!(denied, Denied::Address { setting: "allow_link_local", .. }),
                "{text}: {denied}"
            );
        }
        assert_eq!(check_address(address, LINK_LOCAL_TOO), Ok(()), "{text}");
    }
    for text in DENIED.map(|(text, _)| text) {
        assert!(check_address(text.parse().expect(text), LINK_LOCAL_TOO).is_err(), "{text}");
    }
}

#[test]
fn a_denial_says_what_to_do_if_it_was_meant() {
    let address = "127.0.0.1".parse().expect("an address");
    let denied = check_address(address, PUBLIC_ONLY).expect_err("it is this machine");
    let expected = "127.0.0.1 is this machine: set `allow_private = true` on the connection if that is meant";
    assert_eq!(denied.to_string(), expected);
}
