//! A client that speaks TLS to the relay: one connection, for as many requests as a test wants.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::http::{Answer, exchange_over};
use super::{PATIENCE, Request};

/// A connection after its handshake, as far as the client is concerned.
pub(crate) struct Secure {
    to: SocketAddr,
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Secure {
    pub(crate) fn connect(to: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<Self> {
        let socket = TcpStream::connect(to)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::IpAddress(to.ip().into());
        let session = ClientConnection::new(Arc::clone(tls), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(session, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { to, stream })
    }

    /// The certificate that the relay showed.
    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        let chain = self.stream.conn.peer_certificates().expect("the handshake is over");
        chain.first().expect("a certificate").clone().into_owned()
    }

    /// What was agreed on to speak inside TLS.
    pub(crate) fn protocol(&self) -> Option<&[u8]> {
        self.stream.conn.alpn_protocol()
    }

    /// The answer to a request, unless the relay closes the connection.
    pub(crate) fn ask(&mut self, request: &Request) -> Option<Answer> {
        exchange_over(&mut self.stream, &request.whole(self.to))
    }
}
