//! Accepts connections and serves HTTP/1.1 on them, within bounds: so many connections, so long for a header, so long
//! for reading an answer.
//!
//! Accepts at once, whatever the other connections do: where there are too many, the idlest is closed. Knows nothing
//! of what is served.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rustix::net::sockopt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tower_service::Service;

use crate::runtime::trouble;

mod connections;
mod stream;

use connections::Connection;
pub use connections::{Activity, Bounds, Connections, Doing};
use stream::ReadInTime;

/// Connections at the same time on a listener of this machine's own users.
const LOCAL_CONNECTIONS_MAX: usize = 256;
/// Bytes of a request's head, and what is read ahead of a connection.
const BUFFER_BYTES: usize = 64 * 1024;
/// Bytes that the system keeps of what comes over each connection: more only holds what is not read.
const RECEIVE_BYTES: usize = 192 * 1024;
/// The same of what is sent: answers are small.
const SEND_BYTES: usize = 32 * 1024;
/// Connections that may wait to be accepted, as far as the system allows.
const BACKLOG: i32 = 4096;
/// Files that are open beside connections: the store, plugins, sockets to peers.
const FILES_BESIDE: usize = 256;
/// How long a sender may take for a request's head, and between two requests.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Headers of a request. More than any route takes, so that a route can say what is wrong and count it.
const HEADERS_MAX: usize = 1000;
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

/// The other end of a connection, as far as the system knows.
#[derive(Clone, Copy, Debug)]
pub enum OtherEnd {
    /// An address.
    Address(IpAddr),
    /// A user of this machine.
    User(u32),
    /// Unknown.
    Unknown,
}

impl OtherEnd {
    fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::User(_) | Self::Unknown => None,
        }
    }
}

/// Something that connections come from.
pub trait Listener: Send + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next one, and who is at its other end.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, OtherEnd)>> + Send;
}

impl Listener for TcpListener {
    type Stream = tokio::net::TcpStream;

    async fn accept(&self) -> io::Result<(Self::Stream, OtherEnd)> {
        let (stream, peer) = Self::accept(self).await?;
        // Answers are small and whole: waiting to fill a packet only delays them.
        stream.set_nodelay(true)?;
        Ok((stream, OtherEnd::Address(peer.ip())))
    }
}

impl Listener for UnixListener {
    type Stream = tokio::net::UnixStream;

    async fn accept(&self) -> io::Result<(Self::Stream, OtherEnd)> {
        let stream = Self::accept(self).await?.0;
        // The kernel recorded the user when the connection was made (SO_PEERCRED).
        let user = stream.peer_cred().map_or(OtherEnd::Unknown, |user| OtherEnd::User(user.uid()));
        Ok((stream, user))
    }
}

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

/// Sets a listener up for many connections: what waits to be accepted, and what the system keeps of each.
///
/// # Errors
/// The system refuses it.
pub fn prepare(listener: &TcpListener) -> io::Result<()> {
    sockopt::set_socket_send_buffer_size(listener, SEND_BYTES)?;
    sockopt::set_socket_recv_buffer_size(listener, RECEIVE_BYTES)?;
    rustix::net::listen(listener, BACKLOG)?;
    Ok(())
}

/// Serves `router` on `listener`, to this machine's own users, until `stop` turns true; then lets requests under way
/// finish within `grace`.
pub async fn serve<L: Listener>(listener: L, router: Router, stop: watch::Receiver<bool>, grace: Duration) {
    let bounds = Bounds {
        connections: LOCAL_CONNECTIONS_MAX,
        per_address: LOCAL_CONNECTIONS_MAX,
        proxies: Vec::new(),
        answer_time: HEAD_TIMEOUT,
    };
    serve_within(Connections::new(bounds), listener, router, stop, grace).await;
}

/// Serves `router` on `listener`, whose connections are among `connections`; otherwise as [`serve`].
pub async fn serve_within<L: Listener>(
    connections: Arc<Connections>,
    listener: L,
    router: Router,
    mut stop: watch::Receiver<bool>,
    grace: Duration,
) {
    let graceful = GracefulShutdown::new();
    let mut last = 0;
    loop {
        let accepted = if *stop.borrow() {
            // Closing the listener would refuse connections that the system has already accepted.
            last += 1;
            tokio::select! {
                biased;
                accepted = accept(&listener, &connections), if last <= BACKLOG => accepted,
                () = std::future::ready(()) => break,
            }
        } else {
            tokio::select! {
                accepted = accept(&listener, &connections) => accepted,
                _ = stop.changed() => None,
            }
        };
        let Some((stream, peer, open)) = accepted else { continue };
        let service = Answering { router: router.clone(), peer, activity: open.activity() };
        let service = service_fn(move |request| service.clone().answer(request));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_headers(HEADERS_MAX)
            .max_buf_size(BUFFER_BYTES)
            // Some senders close their side as soon as they have said everything.
            .half_close(true)
            .serve_connection(TokioIo::new(ReadInTime::new(stream, connections.answer_time())), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                // A connection that breaks is the sender's to notice: it got no answer.
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                },
                () = open.is_to_close() => tracing::debug!("a connection was closed to make room for another"),
            }
        });
    }
    drop(listener);
    // A connection without a request yet would be closed at once, but its request may be on the way.
    tokio::time::sleep(ON_THE_WAY).await;
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("a closed listener leaves requests unanswered that took too long");
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
