//! Accepts connections and serves HTTP/1.1 on them, within bounds: so many connections, so long for a header.
//!
//! Knows nothing of what is served.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower_service::Service;

use crate::quiet;

/// Connections at the same time; further ones wait in the system's backlog.
const CONNECTIONS_MAX: usize = 1024;
/// How long a sender may take for a request's head, and between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Headers of a request. More than any route takes, so that a route can say what is wrong and count it.
const HEADERS_MAX: usize = 1000;
/// The pause after the system gave no connection, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The other end of a request's connection: an extension of every request that came over TCP.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Something that connections come from.
pub trait Listener: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next one, and who is at its other end.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, Option<Peer>)>> + Send;
}

impl Listener for TcpListener {
    type Stream = tokio::net::TcpStream;

    async fn accept(&self) -> io::Result<(Self::Stream, Option<Peer>)> {
        let (stream, peer) = Self::accept(self).await?;
        // Answers are small and whole: waiting to fill a packet only delays them.
        stream.set_nodelay(true)?;
        Ok((stream, Some(Peer(peer.ip()))))
    }
}

impl Listener for UnixListener {
    type Stream = tokio::net::UnixStream;

    async fn accept(&self) -> io::Result<(Self::Stream, Option<Peer>)> {
        Ok((Self::accept(self).await?.0, None))
    }
}

/// Serves `router` on `listener` until `stop` turns true, then lets requests under way finish within `grace`.
pub async fn serve<L: Listener>(
    listener: L,
    router: Router,
    mut stop: watch::Receiver<bool>,
    grace: Duration,
) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    while !*stop.borrow() {
        let accepted = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            _ = stop.changed() => break,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let router = router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            // A router is always ready.
            router.clone().call(request)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_headers(HEADERS_MAX)
            // Some senders close their side as soon as they have said everything.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is the sender's to notice: it got no answer.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("stopping with requests under way; they were not answered");
    }
}

/// What the log calls it.
const NOT_ACCEPTED: &str = "a connection could not be accepted";

type Accepted<S> = (S, Option<Peer>, OwnedSemaphorePermit);

async fn accept<L: Listener>(listener: &L, connections: &Arc<Semaphore>) -> Option<Accepted<L::Stream>> {
    let place = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            quiet::over(NOT_ACCEPTED);
            Some((stream, peer, place))
        }
        Err(error) => {
            quiet::error(NOT_ACCEPTED, &error);
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
