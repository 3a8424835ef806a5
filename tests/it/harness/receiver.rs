//! A peer on this machine: it records what it gets, and answers what the test says.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use tokio::net::TcpSocket;

use super::{PATIENCE, until};

/// A request that it got.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) at: Instant,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// The body as it came, if it is no text.
    pub(crate) protobuf: Vec<u8>,
}

/// What it does about a request.
pub(crate) enum Reply {
    /// Status, headers, body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Hangs up without a word.
    Cut,
}

type Script = dyn Fn(&Recorded, usize) -> Reply + Send + Sync;

struct Shared {
    requests: Mutex<Vec<Recorded>>,
    script: Mutex<Arc<Script>>,
    /// How it speaks TLS, if it does.
    tls: Option<Arc<ServerConfig>>,
}

/// The peer.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// A port that is taken and not listened on.
    closed: Mutex<Option<TcpSocket>>,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }

    pub(crate) fn body(status: u16, body: &str) -> Self {
        Self::Answer(status, Vec::new(), body.to_owned())
    }

    /// What Slack says, and what any other peer takes for a success as well.
    pub(crate) fn ok() -> Self {
        Self::body(200, "ok")
    }
}

impl Recorded {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as it came.
    pub(super) fn bytes(&self) -> &[u8] {
        if self.protobuf.is_empty() { self.body.as_bytes() } else { &self.protobuf }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| unreachable!("{error}: {}", self.body))
    }

    /// What happened, by the webhook action's own document.
    pub(crate) fn kind(&self) -> String {
        self.json()["change"]["kind"].as_str().expect("a change").to_owned()
    }

    /// Of which incident, by the webhook action's own document.
    pub(crate) fn title(&self) -> String {
        self.json()["incident"]["title"].as_str().expect("a title").to_owned()
    }
}

impl Receiver {
    /// One that answers every request with `ok`.
    pub(crate) fn start() -> Self {
        let receiver = Self::down();
        receiver.listen();
        receiver
    }

    /// One that answers every request with what `script` says of it and its number, from 0.
    pub(crate) fn scripted(script: impl Fn(&Recorded, usize) -> Reply + Send + Sync + 'static) -> Self {
        let receiver = Self::start();
        receiver.script(script);
        receiver
    }

    /// One that speaks TLS like this, and answers every request with `ok`.
    pub(crate) fn secure(tls: Arc<ServerConfig>) -> Self {
        let receiver = Self::unstarted(Some(tls));
        receiver.listen();
        receiver
    }

    /// One that is not there yet: connections to it are refused.
    pub(crate) fn down() -> Self {
        Self::unstarted(None)
    }

    fn unstarted(tls: Option<Arc<ServerConfig>>) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        let address = socket.local_addr().expect("its address");
        let script: Arc<Script> = Arc::new(|_, _| Reply::ok());
        let shared = Arc::new(Shared { requests: Mutex::default(), script: Mutex::new(script), tls });
        Self { address, shared, closed: Mutex::new(Some(socket)) }
    }

    /// Comes up.
    pub(crate) fn listen(&self) {
        let socket = self.closed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let socket = socket.expect("it comes up once");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let listening = runtime.block_on(async { socket.listen(128)?.into_std() });
        let listener = listening.expect("nobody else has the port");
        listener.set_nonblocking(false).expect("a listener that waits");
        let shared = Arc::clone(&self.shared);
        // Ends with the process: a receiver is there for as long as its test.
        thread::spawn(move || accept(&listener, &shared));
    }

    /// From now on, answers what `script` says.
    pub(crate) fn script(&self, script: impl Fn(&Recorded, usize) -> Reply + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(script);
    }

    pub(crate) fn url(&self, path: &str) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it got so far.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it has got this many requests, and returns them; more are a failure.
    pub(crate) fn wait(&self, count: usize) -> Vec<Recorded> {
        let what = format!("the receiver got {count} requests");
        let requests = until(&what, || Some(self.requests()).filter(|requests| requests.len() >= count));
        assert_eq!(requests.len(), count, "{requests:#?}");
        requests
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // A relay that was killed leaves connections in the middle of a request.
            let _ = stream.and_then(|stream| connected(stream, &shared));
        });
    }
}

fn connected(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match &shared.tls {
        None => serve(stream, shared),
        Some(tls) => {
            let session = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
            serve(StreamOwned::new(session, stream), shared)
        }
    }
}

fn serve(stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        let script = Arc::clone(&shared.script.lock().unwrap_or_else(PoisonError::into_inner));
        let number = {
            let mut requests = shared.requests.lock().unwrap_or_else(PoisonError::into_inner);
            requests.push(request.clone());
            requests.len() - 1
        };
        match script(&request, number) {
            Reply::Cut => return Ok(()),
            Reply::Answer(status, headers, body) => {
                let mut answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in headers {
                    answer.push_str(&format!("{name}: {value}\r\n"));
                }
                reader.get_mut().write_all(format!("{answer}\r\n{body}").as_bytes())?;
            }
        }
    }
    Ok(())
}

/// The next request, or none when the other side is done.
pub(super) fn read(reader: &mut impl BufRead) -> io::Result<Option<Recorded>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value);
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let is_protobuf = headers.contains(&("content-type".to_owned(), "application/x-protobuf".to_owned()));
    let text = String::from_utf8_lossy(&body).into_owned();
    let protobuf = if is_protobuf { body } else { Vec::new() };
    Ok(Some(Recorded { at: Instant::now(), method, path, headers, body: text, protobuf }))
}

/// Something that a script waits for until its test opens it.
#[derive(Default)]
pub(crate) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn open(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    pub(crate) fn wait(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever forgets to open it has failed already.
        drop(self.opened.wait_timeout_while(open, PATIENCE, |open| !*open));
    }
}
