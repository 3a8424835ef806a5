//! Why a request has no answer, in text for people.
//!
//! Never shows a URL, since URLs hold secrets, nor a proxy's user name and password.

use tocsin_core::egress::Denied;

use crate::config::{Proxy, ProxyDenied};

/// Alerts of TLS that a peer sends instead of taking a request. In TLS 1.3 they come after the handshake, when the
/// request may be on its way.
const REFUSALS: [&str; 10] = [
    "AccessDenied",
    "BadCertificate",
    "CertificateExpired",
    "CertificateRequired",
    "CertificateRevoked",
    "CertificateUnknown",
    "DecryptError",
    "HandshakeFailure",
    "UnknownCA",
    "UnsupportedCertificate",
];

/// Why there is no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SendError {
    /// The peer could not be reached, or did not answer in time.
    #[error("{words}")]
    Network {
        /// What went wrong.
        words: String,
        /// Whether the request may have reached it: not when no connection was established.
        may_have_arrived: bool,
        /// Milliseconds within which another attempt would end in the same way, if that is known.
        after_ms: Option<u64>,
    },
    /// The egress policy forbids the address.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Nothing can be sent until an operator changes the configuration, the proxy or the token endpoint.
    #[error("{0}")]
    Misconfigured(String),
    /// The connection no longer exists.
    #[error("there is no connection `{0}` in the configuration")]
    NoConnection(String),
}

impl SendError {
    /// What it is, in a word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Network { .. } => "network",
            Self::Denied(_) => "denied",
            Self::Misconfigured(_) => "misconfigured",
            Self::NoConnection(_) => "no_connection",
        }
    }
}

impl From<ProxyDenied> for SendError {
    fn from(denied: ProxyDenied) -> Self {
        Self::Misconfigured(denied.to_string())
    }
}

/// The text of an error, without the URL: the operation and the last cause.
pub(super) fn failed(error: reqwest::Error, proxy: Option<&Proxy>) -> SendError {
    let error = error.without_url();
    let mut last: &dyn std::error::Error = &error;
    while let Some(cause) = last.source() {
        if let Some(denied) = cause.downcast_ref::<Denied>() {
            return denied.clone().into();
        }
        if let Some(denied) = cause.downcast_ref::<ProxyDenied>() {
            return denied.clone().into();
        }
        last = cause;
    }
    let tried = if error.is_connect() {
        "could not connect"
    } else if error.is_timeout() {
        "no answer in time"
    } else {
        "no complete answer"
    };
    let through = proxy.map_or_else(String::new, |proxy| format!(" through the proxy {}", proxy.place()));
    let last = last.to_string();
    let words = format!("{tried}{through}: {last}{}", advice(&last));
    let is_refused = REFUSALS.iter().any(|alert| last == format!("received fatal alert: {alert}"));
    let may_have_arrived = !error.is_connect() && !error.is_builder() && !is_refused;
    SendError::Network { words, may_have_arrived, after_ms: None }
}

/// The advice for a known error of the TLS library or the HTTP client.
fn advice(error: &str) -> &'static str {
    if error.contains("InvalidContentType") {
        " (the peer does not use TLS there: check whether the address must begin with http, and the port)"
    } else if error.contains("UnknownIssuer") || error.contains("CaUsedAsEndEntity") {
        " (no authority that Tocsin trusts has signed its certificate: name a file with the authority as `ca` of the \
         connection)"
    } else if error.contains("CertificateRequired") {
        " (the peer requires a certificate: set `client_certificate` of the connection)"
    } else if error.contains("HandshakeFailure") {
        " (the peer refuses the TLS handshake: check whether it requires a `client_certificate`)"
    } else if error.contains("proxy authorization required") {
        " (write the proxy's user name and password into `proxy`)"
    } else if error == "tunnel error: unsuccessful" {
        " (the proxy does not connect to the peer: check that it accepts the user name and password in `proxy` and allows \
         the peer's host and port)"
    } else {
        ""
    }
}
