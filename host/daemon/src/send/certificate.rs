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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// It is valid until then.
    Until(Timestamp),
    /// The HTTP client does not show it, as for a tunnel through a proxy, or its dates are not where they should be.
    Unclear,
}

/// Asks the peer of `connection` for the head of `/`, and returns what its certificate says.
///
/// # Errors
/// It cannot be reached or is not trusted, also because its certificate is no longer valid.
pub(crate) async fn of(connection: &Connection, timeout: Duration) -> Result<Shown, SendError> {
    let mut url = connection.target.sample().clone();
    url.set_path("/");
    url.set_query(None);
    url.set_fragment(None);
    let how = How { timeout, ..How::of(connection) };
    how.check(&url).await?;
    let failed = |error| failed(error, how.proxy());
    let client = how.builder().and_then(|builder| builder.tls_info(true).build()).map_err(failed)?;
    let answer = client.head(url).send().await.map_err(failed)?;
    let certificate = answer.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
    let validity = certificate.and_then(validity::of);
    Ok(validity.map_or(Shown::Unclear, |validity| Shown::Until(validity.ends)))
}
