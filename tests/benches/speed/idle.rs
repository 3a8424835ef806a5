//! What a connection costs the relay over which nothing comes.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::peer::Peer;

/// Connections.
const CONNECTIONS: usize = 10_000;
/// Addresses that they come from: one may have no more than some hundred.
const ADDRESSES: usize = 16;
/// After which the relay's memory is looked at.
const REST: Duration = Duration::from_secs(3);

/// Prints it, for connections over which nothing came, and for those over which one request came.
pub(crate) fn run() {
    for (asks, what) in [(false, "nothing"), (true, "one request")] {
        let peer = Peer::of_sources_alone();
        // What the first connections cost once.
        drop(open(&peer, 100, asks));
        thread::sleep(REST);
        let before = peer.memory_bytes();
        let Ok(connections) = open(&peer, CONNECTIONS, asks) else {
            println!(
                "skipped: idle connections; {CONNECTIONS} files cannot be open at once here (`ulimit -n`)"
            );
            return;
        };
        thread::sleep(REST);
        let each = peer.memory_bytes().saturating_sub(before) / CONNECTIONS as u64;
        println!("{} connections over which {what} came: {each} bytes of memory each", connections.len());
    }
}

fn open(peer: &Peer, count: usize, asks: bool) -> io::Result<Vec<TcpStream>> {
    let open = |number: usize| {
        let last = u8::try_from(number % ADDRESSES + 1).map_err(io::Error::other)?;
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from(([127, 0, 1, last], 0)).into())?;
        socket.connect(&peer.address.into())?;
        let mut stream = TcpStream::from(socket);
        if asks {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n")?;
            assert!(stream.read(&mut [0; 4096])? > 0, "the connection was closed");
        }
        Ok(stream)
    };
    (0..count).map(open).collect()
}
