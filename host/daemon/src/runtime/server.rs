//! Accepts connections and serves HTTP/1.1 on them, over TLS if there is a certificate, within bounds: so many
//! connections, so long for a handshake and for a header, so long for reading an answer.
//!
//! Accepts at once, whatever the other connections do: where there are too many, the idlest is closed. Knows nothing
//! of what is served.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower_service::Service;

use crate::runtime::trouble;

mod connections;
mod listener;
mod stream;
mod tls;

use connections::Connection;
pub use connections::{Activity, Bounds, Connections, Doing};
use listener::BACKLOG;
pub use listener::{Listener, OtherEnd, prepare};
use stream::ReadInTime;
pub use tls::{Failure, Security};

/// Connections at the same time on a listener of this machine's own users.
const LOCAL_CONNECTIONS_MAX: usize = 256;
/// Bytes of a request's head, and what is read ahead of a connection.
const BUFFER_BYTES: usize = 64 * 1024;
/// Files that are open beside connections: the store, plugins, sockets to peers.
const FILES_BESIDE: usize = 256;
/// How long a sender may take for a handshake, for a request's head, and between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Headers of a request. More than any route takes, so that a route can say what is wrong and count it.
const HEADERS_MAX: usize = 1000;
/// When the listener closes, how long handshakes under way may take.
const HANDSHAKES_END: Duration = Duration::from_secs(1);
/// When the listener closes, how long a connection just accepted may take to send its first bytes.
const ON_THE_WAY: Duration = Duration::from_millis(100);
/// The pause after the system gave no connection, for want of file descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The other end of a request's connection: an extension of every request that came over TCP.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// The id of the system user at the other end: an extension of every request over a Unix socket.
#[derive(Clone, Copy, Debug)]
pub struct LocalUser(pub u32);

/// Lets the process open as many files as the system lets it, and says how many connections that is at most.
pub fn raise_open_files() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Where it may not be raised, what there is has to do.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let files = getrlimit(Resource::Nofile)
        .current
        .map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    files.saturating_sub(FILES_BESIDE).max(1)
}

/// What listeners serve, and how.
#[derive(Clone)]
pub struct Serving {
    /// The routes.
    pub router: Router,
    /// Which connections there may be; several listeners may share them.
    pub connections: Arc<Connections>,
    /// Whether connections speak TLS; several listeners may share it.
    pub security: Arc<Security>,
    /// How long requests under way may take after the end.
    pub grace: Duration,
}

/// Serves `router` on `listener` in plain HTTP, to this machine's own users, until `stop` turns true; then lets
/// requests under way finish within `grace`.
pub async fn serve<L: Listener>(listener: L, router: Router, stop: watch::Receiver<bool>, grace: Duration) {
    let bounds = Bounds {
        connections: LOCAL_CONNECTIONS_MAX,
        per_address: LOCAL_CONNECTIONS_MAX,
        proxies: Vec::new(),
        answer_time: HEAD_TIMEOUT,
    };
    let (connections, security) = (Connections::new(bounds), Arc::default());
    Serving { router, connections, security, grace }.on(listener, stop).await;
}

impl Serving {
    /// Serves on `listener` until `stop` turns true; then lets requests under way finish.
    pub async fn on<L: Listener>(self, listener: L, mut stop: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
        // Every handshake under way has a receiver.
        let handshakes = watch::Sender::new(());
        let mut last = 0;
        loop {
            let accepted = if *stop.borrow() {
                // Closing the listener would refuse connections that the system has already accepted.
                last += 1;
                tokio::select! {
                    biased;
                    accepted = accept(&listener, &self.connections), if last <= BACKLOG => accepted,
                    () = std::future::ready(()) => break,
                }
            } else {
                tokio::select! {
                    accepted = accept(&listener, &self.connections) => accepted,
                    _ = stop.changed() => None,
                }
            };
            let Some((stream, peer, open)) = accepted else { continue };
            let stream = ReadInTime::new(stream, self.connections.answer_time());
            let answering = Answering { router: self.router.clone(), peer, activity: open.activity() };
            let answered = self.answered(stream, answering, graceful.watcher(), &handshakes);
            tokio::spawn(async move {
                tokio::select! {
                    () = answered => {}
                    () = open.is_to_close() => tracing::debug!("a connection was closed to make room for another"),
                }
            });
        }
        drop(listener);
        // What goes on for longer is given up, as the sender is gone.
        let _ = tokio::time::timeout(HANDSHAKES_END, handshakes.closed()).await;
        drop(handshakes);
        // A connection without a request yet would be closed at once, but its request may be on the way.
        tokio::time::sleep(ON_THE_WAY).await;
        if tokio::time::timeout(self.grace, graceful.shutdown()).await.is_err() {
            tracing::warn!("a closed listener leaves requests unanswered that took too long");
        }
    }

    /// Answers the requests of a connection, after its handshake if listeners speak TLS now.
    fn answered<S>(
        &self,
        stream: S,
        answering: Answering,
        watcher: Watcher,
        handshakes: &watch::Sender<()>,
    ) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let tls =
            self.security.in_force().map(|tls| (tls, Arc::clone(&self.security), handshakes.subscribe()));
        async move {
            let Some((tls, security, mut wanted)) = tls else { return answering.all(stream, watcher).await };
            let secured = tokio::select! {
                secured = security.secured(tls, stream, HEAD_TIMEOUT) => secured,
                // The sender is gone.
                _ = wanted.changed() => None,
            };
            drop(wanted);
            if let Some(stream) = secured {
                answering.all(stream, watcher).await;
            }
        }
    }
}

/// What answers the requests of one connection.
#[derive(Clone)]
struct Answering {
    router: Router,
    peer: OtherEnd,
    activity: Activity,
}

impl Answering {
    /// Answers every request of a connection.
    async fn all<S>(self, stream: S, watcher: Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(move |request| self.clone().answer(request));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_headers(HEADERS_MAX)
            .max_buf_size(BUFFER_BYTES)
            // Some senders close their side as soon as they have said everything.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        // A connection that breaks is the sender's to notice: it got no answer.
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    async fn answer(mut self, mut request: hyper::Request<Incoming>) -> Result<Response, Infallible> {
        match self.peer {
            OtherEnd::Address(address) => drop(request.extensions_mut().insert(Peer(address))),
            OtherEnd::User(user) => drop(request.extensions_mut().insert(LocalUser(user))),
            OtherEnd::Unknown => {}
        }
        self.activity.is_paced().await;
        self.activity.is(Doing::Receiving);
        request.extensions_mut().insert(self.activity.clone());
        // A router is always ready.
        let answer = self.router.call(request).await;
        self.activity.is(Doing::Nothing);
        answer
    }
}

/// What the log calls it.
const NOT_ACCEPTED: &str = "a connection could not be accepted";
/// The same of one for which no other could be closed.
const REFUSED: &str = "a connection was refused, since all others are at work";

type Accepted<S> = (S, OtherEnd, Connection);

async fn accept<L: Listener>(listener: &L, connections: &Arc<Connections>) -> Option<Accepted<L::Stream>> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            trouble::over(NOT_ACCEPTED);
            let Some(open) = connections.admit(peer.address()) else {
                trouble::error(REFUSED, &"raise `limits.connections` or `limits.connections_per_address`");
                return None;
            };
            trouble::over(REFUSED);
            Some((stream, peer, open))
        }
        Err(error) => {
            trouble::error(NOT_ACCEPTED, &error);
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

#[cfg(test)]
mod tests;
