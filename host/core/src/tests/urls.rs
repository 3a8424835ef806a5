//! Which URLs a connection may have.

use url::Url;

use crate::egress::{Denied, Policy, check_url};

const PUBLIC_ONLY: Policy = Policy { private: false, link_local: false };
const ANYWHERE: Policy = Policy { private: true, link_local: true };

fn url(text: &str) -> Url {
    Url::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn denied(text: &str) -> Denied {
    check_url(&url(text), PUBLIC_ONLY).expect_err(text)
}

#[test]
fn http_and_https_with_a_name_or_a_public_address_are_allowed() {
    for text in [
        "https://hooks.slack.com/services/T/B/X",
        "http://example.org",
        "HTTPS://EXAMPLE.ORG:8443/?a=b#c",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://bücher.example/",
        // Names are looked at again, when it is known what they resolve to.
        "http://localhost:8080/",
        "http://metadata.google.internal/",
    ] {
        assert_eq!(check_url(&url(text), PUBLIC_ONLY), Ok(()), "{text}");
    }
}

#[test]
fn another_scheme_is_denied_by_name_whatever_the_connection_allows() {
    for (text, scheme) in [
        ("ftp://example.org/", "ftp"),
        ("file:///etc/passwd", "file"),
        ("gopher://example.org/", "gopher"),
        ("ws://example.org/", "ws"),
        ("data:text/plain,x", "data"),
        ("javascript:alert(1)", "javascript"),
        ("unix:/run/docker.sock", "unix"),
        ("mailto:somebody@example.org", "mailto"),
    ] {
        assert_eq!(denied(text), Denied::Scheme(scheme.to_owned()), "{text}");
        assert_eq!(check_url(&url(text), ANYWHERE), Err(Denied::Scheme(scheme.to_owned())), "{text}");
    }
}

#[test]
fn credentials_are_denied_whatever_the_connection_allows() {
    for text in [
        "https://user@example.org/",
        "https://user:password@example.org/",
        "https://:password@example.org/",
        "https://hooks.slack.com@example.org/",
        "https://hooks.slack.com%2f@example.org/",
    ] {
        assert_eq!(denied(text), Denied::Credentials, "{text}");
        assert_eq!(check_url(&url(text), ANYWHERE), Err(Denied::Credentials), "{text}");
    }
}

#[test]
fn an_address_in_an_odd_spelling_is_the_same_address() {
    for text in [
        "http://127.0.0.1/",
        "http://127.0.0.1./",
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0X7F.0.0.1/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://00000177.0x0.0.1/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.0.1/",
        "http://①②⑦.⓪.⓪.①/",
        "http://127。0。0。1/",
        "http:\\\\127.0.0.1\\x",
        "http:127.0.0.1",
        "http://127.0.0.1:80\\@example.org/",
        "http://\t127.0.\n0.1/",
    ] {
        let Denied::Address { address, what, .. } = denied(text) else {
            panic!("{text}: expected an address")
        };
        assert_eq!((address.to_string().as_str(), what), ("127.0.0.1", "this machine"), "{text}");
        assert_eq!(check_url(&url(text), ANYWHERE), Ok(()), "{text}");
    }
}

#[test]
fn an_ipv6_address_is_looked_at_like_any_other() {
    for (text, expected) in [
        ("http://[::1]/", "this machine"),
        ("http://[0:0:0:0:0:0:0:1]/", "this machine"),
        ("http://[::ffff:127.0.0.1]/", "this machine"),
        ("http://[::ffff:7f00:1]/", "this machine"),
        ("http://[64:ff9b::7f00:1]/", "this machine"),
        ("http://[fe80::1]/", "a link-local address, where cloud machines keep their credentials"),
        ("http://[fd00:ec2::254]/", "an address where a cloud answers about this machine"),
        ("http://[fd00:ec3::254]/", "a private address"),
    ] {
        assert!(matches!(denied(text), Denied::Address { what, .. } if what == expected), "{text}");
    }
}

#[test]
fn the_metadata_service_is_denied_in_every_number() {
    for text in
        ["http://169.254.169.254/", "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/"]
    {
        let Denied::Address { address, .. } = denied(text) else { panic!("{text}: expected an address") };
        assert_eq!(address.to_string(), "169.254.169.254", "{text}");
    }
}
