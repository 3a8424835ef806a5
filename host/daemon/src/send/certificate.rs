//! Checks the certificate of a connection's peer, and how long it is valid.
//!
//! Sends neither a secret nor the path of the connection. Takes the same way to the peer as the relay.

use std::time::Duration;

use reqwest::tls::TlsInfo;
use tocsin_core::time::Timestamp;

use super::error::{SendError, failed};
use super::transport::How;
use crate::config::Connection;
use crate::runtime::validity;

/// The findings about a trusted certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// The certificate is valid until this time.
    Until(Timestamp),
    /// The HTTP client does not expose the certificate, as in a tunnel through a proxy, or its dates cannot be read.
    Unclear,
    /// The certificate is trusted, but the peer does not answer, for this reason.
    Silent(String),
}

/// Sends `GET /` to the peer of `connection`, and returns the findings about its certificate. Does not read the answer.
///
/// # Errors
/// The peer cannot be reached or is not trusted, for example because its certificate has expired.
pub(crate) async fn of(connection: &Connection, timeout: Duration) -> Result<Shown, SendError> {
    let mut url = connection.target.sample().clone();
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    // With the same limit for both, a failed connection would look like a missing answer.
    let how = How { timeout, ..How::of(connection) };
    how.check(&url).await?;
    let failed = |error| failed(error, how.proxy());
    let builder = how.builder().map_err(failed)?;
    let client = builder.connect_timeout(timeout / 2).tls_info(true).build().map_err(failed)?;
    let answer = match how.send(client.get(url)).await {
        Ok(answer) => answer,
        // The client sends nothing before it has accepted the certificate.
        Err(SendError::Network { words, may_have_arrived: true, .. }) => return Ok(Shown::Silent(words)),
        Err(error) => return Err(error),
    };
    let certificate = answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    let validity = certificate.and_then(validity::of);
    Ok(validity.map_or(Shown::Unclear, |validity| Shown::Until(validity.ends)))
}
