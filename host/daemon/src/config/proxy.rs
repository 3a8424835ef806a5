//! `proxy` and `proxy_allow_private` of `[egress]` and of connections: the proxy that requests go through.
//!
//! The address contains user name and password, so no error shows it. Errors show only host and port.

use std::net::IpAddr;

use axum::http::Uri;
use percent_encoding::percent_decode_str;
use tocsin_core::egress::{Denied, Policy, check_address};
use url::{Host, Url};

use super::reader::Reader;
use super::secret::Secret;

const PROXY: &str = "proxy";
pub(super) const ALLOW_PRIVATE: &str = "proxy_allow_private";
/// The error for an invalid address.
const EXPECTED: &str = "is not the address of a proxy: write `http://host:port` or `https://host:port`, with \
                        `user:password@` before the host if the proxy asks for them";
const NOT_HERE: &str = "a proxy cannot be there";
const UNLESS_MEANT: &str = "set `proxy_allow_private = true` beside `proxy` if that is meant";

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Without user name and password.
    url: Url,
    credentials: Option<Credentials>,
    allow_private: bool,
}

/// The proxy's credentials, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Credentials {
    user: Secret,
    password: Option<Secret>,
}

/// A forbidden address of a proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proxy's address {address} is {what}: {remedy}")]
pub struct ProxyDenied {
    address: IpAddr,
    what: &'static str,
    remedy: &'static str,
}

/// The proxy of a table, if it has one. An empty text and `false` mean no proxy.
pub(super) fn read(reader: &mut Reader, allow_private: bool) -> Option<Proxy> {
    if reader.is_boolean(PROXY) {
        if reader.boolean(PROXY) == Some(true) {
            reader.problem(PROXY, "is true: write the proxy's address, or `false` for no proxy");
        }
        return None;
    }
    let given = reader.secret(PROXY)?;
    if !given.is_seen() || given.is_blank() {
        return None;
    }
    let proxy = Proxy::parse(given.reveal().trim(), allow_private);
    if proxy.is_none() {
        reader.problem(PROXY, EXPECTED);
    }
    proxy
}

/// Whether a table sets its proxy.
pub(super) fn is_named(reader: &Reader) -> bool {
    reader.has(PROXY)
}

/// Reports a proxy with a literal address that is not allowed.
pub(super) fn check(reader: &Reader, proxy: &Proxy) {
    reader.checked(PROXY, proxy.check_literal());
}

impl Proxy {
    fn parse(text: &str, allow_private: bool) -> Option<Self> {
        let mut url = Url::parse(text).ok()?;
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_bare {
            return None;
        }
        let decoded = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
        let user = Secret::new(decoded(url.username())?);
        let password = match url.password() {
            Some(password) => Some(Secret::new(decoded(password)?)),
            None => None,
        };
        let is_open = user.is_blank() && password.is_none();
        let credentials = (!is_open).then_some(Credentials { user, password });
        url.set_username("").ok()?;
        url.set_password(None).ok()?;
        // The HTTP client parses it as this type, and would bypass a proxy that it cannot parse.
        url.as_str().parse::<Uri>().ok()?;
        Some(Self { url, credentials, allow_private })
    }

    /// The same proxy with another rule for private addresses.
    pub(super) fn with_private(self, allow_private: bool) -> Self {
        Self { allow_private, ..self }
    }

    /// Its address, without user name and password.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Host and port, for messages.
    pub fn place(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// `user:password` for HTTP Basic, if the proxy needs it.
    pub fn credentials(&self) -> Option<Secret> {
        let Credentials { user, password } = self.credentials.as_ref()?;
        let password = password.as_ref().map_or("", Secret::reveal);
        Some(Secret::new(format!("{}:{password}", user.reveal())))
    }

    /// The part of its credentials that is a secret: the password, or the user name if there is no password.
    pub fn secret(&self) -> Option<&Secret> {
        let Credentials { user, password } = self.credentials.as_ref()?;
        Some(password.as_ref().unwrap_or(user))
    }

    /// Checks that the proxy may have this `address`.
    ///
    /// # Errors
    /// The address is not allowed. The connection's `allow_private` does not count: it concerns the destination.
    pub fn check(&self, address: IpAddr) -> Result<(), ProxyDenied> {
        let policy = Policy { private: self.allow_private, link_local: false };
        match check_address(address, policy) {
            Err(Denied::Address { address, what, .. }) => {
                let may_be_private = Policy { private: true, link_local: false };
                let is_private = check_address(address, may_be_private).is_ok();
                let remedy = if is_private { UNLESS_MEANT } else { NOT_HERE };
                Err(ProxyDenied { address, what, remedy })
            }
            Err(_) | Ok(()) => Ok(()),
        }
    }

    /// Checks the proxy's address, if it is literal.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_literal(&self) -> Result<(), ProxyDenied> {
        match self.url.host() {
            Some(Host::Ipv4(address)) => self.check(address.into()),
            Some(Host::Ipv6(address)) => self.check(address.into()),
            Some(Host::Domain(_)) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(text: &str) -> Proxy {
        Proxy::parse(text, false).unwrap_or_else(|| unreachable!("{text} is a proxy"))
    }

    #[test]
    fn user_and_password_are_taken_out_of_the_address_and_decoded() {
        let proxy = proxy("http://jane:hunter%40%3A2@proxy.example.org:3128");
        assert_eq!(proxy.url().as_str(), "http://proxy.example.org:3128/");
        assert_eq!(proxy.place(), "proxy.example.org:3128");
        assert_eq!(proxy.credentials().expect("some").reveal(), "jane:hunter@:2");
        assert_eq!(proxy.secret().expect("one").reveal(), "hunter@:2");
        assert!(!format!("{proxy:?}").contains("hunter"), "{proxy:?}");
    }

    #[test]
    fn a_user_name_alone_counts_as_the_secret() {
        let proxy = proxy("https://of-the-account@proxy.example.org");
        assert_eq!(proxy.credentials().expect("some").reveal(), "of-the-account:");
        assert_eq!(proxy.secret().expect("one").reveal(), "of-the-account");
        assert_eq!(proxy.place(), "proxy.example.org:443");
    }

    #[test]
    fn what_is_no_address_of_a_proxy_is_not_taken_for_one() {
        for text in [
            "proxy.example.org:3128",
            "jane:word@proxy.example.org:3128",
            "socks5://proxy.example.org:1080",
            "http://",
            "http://proxy.example.org/path",
            "http://proxy.example.org/?query",
            "http://jane:%ff@proxy.example.org",
        ] {
            assert_eq!(Proxy::parse(text, false), None, "{text}");
        }
    }

    #[test]
    fn a_private_address_needs_its_own_permission_and_a_link_local_one_has_none() {
        for (text, what) in [
            ("http://127.0.0.1:3128", "this machine"),
            ("http://10.0.0.8:3128", "a private address"),
            ("http://[fd12::8]:3128", "a private address"),
        ] {
            let denied = proxy(text).check_literal().expect_err(text).to_string();
            assert!(denied.contains(what) && denied.contains("`proxy_allow_private = true`"), "{denied}");
            assert_eq!(proxy(text).with_private(true).check_literal(), Ok(()), "{text}");
        }
        for text in ["http://169.254.169.254:80", "http://[fd00:ec2::254]", "http://[::ffff:169.254.0.1]"] {
            let denied = proxy(text).with_private(true).check_literal().expect_err(text).to_string();
            assert!(denied.ends_with("a proxy cannot be there"), "{denied}");
            assert_eq!(proxy(text).check_literal().expect_err(text).to_string(), denied);
        }
        assert_eq!(proxy("http://93.184.216.34:3128").check_literal(), Ok(()));
        assert_eq!(proxy("http://proxy.example.org").check_literal(), Ok(()));
    }
}
