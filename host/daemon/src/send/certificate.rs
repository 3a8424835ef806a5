//! The certificate that a connection's peer shows, and until when it is valid.
//!
//! Sends neither a secret nor the path of the connection. Reaches what the relay itself would reach, in the same way.

use std::time::Duration;

use reqwest::tls::TlsInfo;
use tocsin_core::time::Timestamp;

use super::error::{SendError, failed};
use super::transport::How;
use crate::config::Connection;
use crate::runtime::validity;

/// What is known of a certificate that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It is valid until then.
    Until(Timestamp),
    /// The HTTP client does not show it, as for a tunnel through a proxy, or its dates are not where they should be.
    Unclear,
    /// It is trusted, but the peer does not answer, for this reason.
    Silent(String),
}

/// Asks the peer of `connection` for `/`, and returns what its certificate says. Reads nothing of the answer.
///
/// # Errors
/// It cannot be reached or is not trusted, also because its certificate is no longer valid.
pub(crate) async fn of(connection: &Connection, timeout: Duration) -> Result<Shown, SendError> {
    let mut url = connection.target.sample().clone();
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    // With the same limit, a connection that is not made would look like an answer that does not come.
    let how = How { timeout, ..How::of(connection) };
    how.check(&url).await?;
    let failed = |error| failed(error, how.proxy());
    let builder = how.builder().map_err(failed)?;
    let client = builder.connect_timeout(timeout / 2).tls_info(true).build().map_err(failed)?;
    let answer = match how.send(client.get(url)).await {
        Ok(answer) => answer,
        // Nothing is sent before the certificate was found right.
        Err(SendError::Network { words, may_have_arrived: true, .. }) => return Ok(Shown::Silent(words)),
        Err(error) => return Err(error),
    };
    let certificate = answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    let validity = certificate.and_then(validity::of);
    Ok(validity.map_or(Shown::Unclear, |validity| Shown::Until(validity.ends)))
}
