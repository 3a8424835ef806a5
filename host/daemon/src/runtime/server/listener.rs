//! What connections come from: TCP with the address at the other end, or a Unix socket with the user.

use std::io;
use std::net::IpAddr;

use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

/// Bytes that the system keeps of what comes over each connection: more only holds what is not read.
const RECEIVE_BYTES: usize = 192 * 1024;
/// The same of what is sent: answers are small.
const SEND_BYTES: usize = 32 * 1024;
/// Connections that may wait to be accepted, as far as the system allows.
pub(super) const BACKLOG: i32 = 4096;

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
    pub(super) fn address(self) -> Option<IpAddr> {
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
