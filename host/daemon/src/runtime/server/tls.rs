//! TLS on the connections of a listener: the settings in force, the handshake, and a count of those that failed.
//!
//! A connection keeps the settings that were in force when it was accepted. A failed handshake is logged at level
//! `debug` only, because anybody can cause it. Knows neither the configuration nor what is served.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::{AlertDescription, Error, ServerConfig};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The answer to a request that came without TLS.
const PLAIN_HTTP: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\
                          content-length: 50\r\n\r\nThis port speaks https only. Write `https://…`.\n";
/// Bytes of such a request that are read after the answer, so that the system does not discard the answer.
const PLAIN_HTTP_BYTES: u64 = 64 * 1024;
/// For how long they are read.
const PLAIN_HTTP_TIME: Duration = Duration::from_secs(1);

/// Whether connections speak TLS, and how. May change at any time.
#[derive(Debug, Default)]
pub struct Security {
    in_force: RwLock<Option<Arc<ServerConfig>>>,
    failures: [AtomicU64; Failure::ALL.len()],
}

/// Why a handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Failure {
    /// The client's certificate is missing, or of another authority, or has expired.
    ClientCertificate,
    /// The client refused the listener's certificate, or another part of the handshake.
    RefusedByClient,
    /// A request without TLS.
    PlainHttp,
    /// The connection ended in the middle.
    Closed,
    /// The client took too long.
    Timeout,
    /// Anything else, such as an old version of TLS, or no TLS at all.
    Protocol,
}

impl Failure {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::ClientCertificate,
        Self::RefusedByClient,
        Self::PlainHttp,
        Self::Closed,
        Self::Timeout,
        Self::Protocol,
    ];

    /// The failure behind an error of a handshake.
    fn of(error: &io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(Error::NoCertificatesPresented | Error::InvalidCertificate(_)) => Self::ClientCertificate,
            // It leaves, and says so.
            Some(Error::AlertReceived(AlertDescription::CloseNotify | AlertDescription::UserCanceled)) => {
                Self::Closed
            }
            Some(Error::AlertReceived(_)) => Self::RefusedByClient,
            Some(_) => Self::Protocol,
            None => Self::Closed,
        }
    }
}

impl Security {
    /// Has every connection that is accepted from now on speak TLS in this way, or not at all.
    pub fn put_in_force(&self, tls: Option<ServerConfig>) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = tls.map(Arc::new);
    }

    /// How many handshakes failed in this way since the start.
    pub fn failures(&self, failure: Failure) -> u64 {
        self.failures[failure as usize].load(Ordering::Relaxed)
    }

    /// How a connection that is accepted now speaks TLS, if it does.
    pub(super) fn in_force(&self) -> Option<Arc<ServerConfig>> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The connection after its handshake, which may take `time`. None if it failed, and nothing is left to do.
    pub(super) async fn secured<S>(
        &self,
        tls: Arc<ServerConfig>,
        stream: S,
        time: Duration,
    ) -> Option<TlsStream<BufReader<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (failure, error) = match tokio::time::timeout(time, handshake(tls, stream)).await {
            Ok(Ok(secured)) => return secured,
            Ok(Err((failure, error))) => (failure, error),
            Err(late) => (Failure::Timeout, late.into()),
        };
        self.failures[failure as usize].fetch_add(1, Ordering::Relaxed);
        tracing::debug!(reason = <&str>::from(failure), %error, "a TLS handshake failed");
        None
    }
}

/// The secured connection. None if the client left without a word, as checks of a port do.
async fn handshake<S>(
    tls: Arc<ServerConfig>,
    stream: S,
) -> Result<Option<TlsStream<BufReader<S>>>, (Failure, io::Error)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // The first byte alone is looked at; then reads go past the buffer.
    let mut stream = BufReader::with_capacity(1, stream);
    match stream.fill_buf().await {
        Ok([]) | Err(_) => return Ok(None),
        // A method. A handshake begins with 22.
        Ok([first, ..]) if first.is_ascii_uppercase() => {
            let said = refuse(stream).await;
            return Err((
                Failure::PlainHttp,
                said.err().unwrap_or_else(|| io::ErrorKind::InvalidData.into()),
            ));
        }
        Ok(_) => {}
    }
    let secured = TlsAcceptor::from(tls).accept(stream).await;
    secured.map(Some).map_err(|error| (Failure::of(&error), error))
}

/// Answers a request without TLS.
async fn refuse<S>(mut stream: BufReader<S>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(PLAIN_HTTP.as_bytes()).await?;
    stream.shutdown().await?;
    let (mut rest, mut nowhere) = (stream.take(PLAIN_HTTP_BYTES), tokio::io::sink());
    tokio::time::timeout(PLAIN_HTTP_TIME, tokio::io::copy(&mut rest, &mut nowhere)).await??;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::tls;
    use super::*;

    #[test]
    fn the_answer_to_plain_http_has_the_length_that_it_says() {
        let (head, body) = PLAIN_HTTP.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{}", body.len());
    }

    #[test]
    fn each_failure_has_a_count_of_its_own() {
        for (index, failure) in Failure::ALL.into_iter().enumerate() {
            assert_eq!(failure as usize, index);
        }
    }

    #[tokio::test]
    async fn a_handshake_that_stalls_is_ended_and_a_peer_that_leaves_without_a_word_is_no_failure() {
        let (security, tls) = (Security::default(), Arc::new(tls().0));
        let counts = || Failure::ALL.map(|failure| security.failures(failure));
        let (ours, theirs) = tokio::io::duplex(1024);
        drop(theirs);
        assert!(security.secured(Arc::clone(&tls), ours, Duration::from_secs(60)).await.is_none());
        assert_eq!(counts(), [0; Failure::ALL.len()]);
        // The beginning of a first message.
        for said in [&b""[..], &[22, 3, 1, 1, 0, 1]] {
            let (ours, mut theirs) = tokio::io::duplex(1024);
            theirs.write_all(said).await.expect("there is room");
            assert!(security.secured(Arc::clone(&tls), ours, Duration::from_millis(50)).await.is_none());
        }
        assert_eq!(security.failures(Failure::Timeout), 2);
        assert_eq!(counts().iter().sum::<u64>(), 2);
    }
}
