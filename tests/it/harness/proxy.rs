//! A proxy on this machine, as companies have one: it forwards requests with a whole address and tunnels the others.
//!
//! Every name is this machine to it, so that a test can use names that nobody else resolves.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::receiver::{Recorded, read};

/// What it does with a request.
#[derive(Clone)]
pub(crate) enum Conduct {
    /// Forwards and tunnels.
    Works,
    /// As [`Self::Works`], if the request has this value of `Proxy-Authorization`.
    Wants(String),
    /// Answers every request with this.
    Answers(String),
}

struct Shared {
    requests: Mutex<Vec<Recorded>>,
    conduct: Conduct,
}

/// The proxy.
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Proxy {
    pub(crate) fn start(conduct: Conduct) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared { requests: Mutex::default(), conduct });
        let accepting = Arc::clone(&shared);
        // Ends with the process: a proxy is there for as long as its test.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&accepting);
                // Either side may hang up at any time.
                thread::spawn(move || stream.and_then(|stream| serve(&stream, &shared)));
            }
        });
        Self { address, shared }
    }

    /// Host and port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The keys of a table whose requests go through it, with what stands before the host.
    pub(crate) fn keys(&self, credentials: &str) -> String {
        format!("proxy = \"http://{credentials}{}\"\nproxy_allow_private = true\n", self.address)
    }

    /// What it was asked so far: `CONNECT host:port`, or the method and the whole address.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.requests().iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One request for each connection.
fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(request) = read(&mut BufReader::new(stream))? else { return Ok(()) };
    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let is_welcome = match &shared.conduct {
        Conduct::Works => true,
        Conduct::Wants(value) => request.header("proxy-authorization") == Some(value),
        Conduct::Answers(answer) => return say(stream, answer),
    };
    if !is_welcome {
        return say(
            stream,
            "HTTP/1.1 407 Said\r\nproxy-authenticate: Basic realm=\"p\"\r\ncontent-length: 0\r\n\r\n",
        );
    }
    match request.method.as_str() {
        "CONNECT" => tunnel(stream, here(&request.path)?),
        _ => forward(stream, &request),
    }
}

fn say(mut stream: &TcpStream, answer: &str) -> io::Result<()> {
    stream.write_all(answer.as_bytes())
}

/// A connection to the port of `host:port`, on this machine.
fn here(authority: &str) -> io::Result<TcpStream> {
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(80);
    TcpStream::connect((Ipv4Addr::LOCALHOST, port))
}

fn tunnel(client: &TcpStream, peer: TcpStream) -> io::Result<()> {
    say(client, "HTTP/1.1 200 Said\r\n\r\n")?;
    let (mut up, mut to_peer) = (client.try_clone()?, peer.try_clone()?);
    let upwards = thread::spawn(move || {
        io::copy(&mut up, &mut to_peer)?;
        to_peer.shutdown(Shutdown::Write)
    });
    let (mut from_peer, mut down) = (&peer, client);
    io::copy(&mut from_peer, &mut down)?;
    client.shutdown(Shutdown::Both)?;
    upwards.join().unwrap_or(Ok(()))
}

fn forward(mut client: &TcpStream, request: &Recorded) -> io::Result<()> {
    let rest = request.path.strip_prefix("http://").ok_or(io::ErrorKind::InvalidInput)?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let mut peer = here(authority)?;
    let mut head = format!("{} {path} HTTP/1.1\r\n", request.method);
    for (name, value) in request.headers.iter().filter(|(name, _)| !name.starts_with("proxy-")) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    peer.write_all(format!("{head}\r\n").as_bytes())?;
    peer.write_all(request.bytes())?;
    // There is no other request on this connection.
    peer.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    peer.read_to_end(&mut answer)?;
    let end = answer.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    client.write_all(&answer[..end])?;
    client.write_all(b"connection: close\r\n")?;
    client.write_all(&answer[end..])
}
