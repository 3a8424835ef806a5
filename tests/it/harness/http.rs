//! Requests by hand, so that a test can send what no client would.
//!
//! One request for each connection; the answer is read until it is whole or the relay closes it.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use super::PATIENCE;

/// A request.
#[derive(Clone)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    keeps_open: bool,
}

/// What the relay answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { method, target, headers: Vec::new(), body: Vec::new(), keeps_open: false }
    }

    /// A POST of this JSON.
    pub(crate) fn json(target: &str, body: &str) -> Self {
        Self::new("POST", target).header("content-type", "application/json").body(body)
    }

    /// A POST of this form.
    pub(crate) fn form(target: &str, body: &str) -> Self {
        Self::new("POST", target).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Leaves the connection open for another one.
    pub(crate) fn keep_open(mut self) -> Self {
        self.keeps_open = true;
        self
    }

    fn head(&self, to: SocketAddr, framing: &str) -> Vec<u8> {
        let after = if self.keeps_open { "keep-alive" } else { "close" };
        let mut head =
            format!("{} {} HTTP/1.1\r\nhost: {to}\r\nconnection: {after}\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        format!("{head}{framing}\r\n\r\n").into_bytes()
    }

    /// Sends it with its length.
    pub(crate) fn send(&self, to: SocketAddr) -> Answer {
        self.try_send(to).expect("the relay answers")
    }

    /// Sends it to a relay that may be stopping or gone.
    pub(crate) fn try_send(&self, to: SocketAddr) -> Option<Answer> {
        exchange(to, &self.whole(to), false)
    }

    pub(super) fn whole(&self, to: SocketAddr) -> Vec<u8> {
        let mut bytes = self.head(to, &format!("content-length: {}", self.body.len()));
        bytes.extend(&self.body);
        bytes
    }

    /// Sends it in pieces whose sum the head does not say.
    pub(crate) fn send_chunked(&self, to: SocketAddr) -> Answer {
        let mut bytes = self.head(to, "transfer-encoding: chunked");
        for piece in self.body.chunks(1000) {
            bytes.extend(format!("{:x}\r\n", piece.len()).bytes());
            bytes.extend(piece);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"0\r\n\r\n");
        exchange(to, &bytes, false).expect("the relay answers")
    }

    /// Sends the head alone, which promises this many bytes.
    pub(crate) fn promise(&self, length: usize, to: SocketAddr) -> Answer {
        exchange(to, &self.head(to, &format!("content-length: {length}")), false).expect("the relay answers")
    }

    /// Sends it, and closes its side of the connection before the answer.
    pub(crate) fn send_and_close(&self, to: SocketAddr) -> Option<Answer> {
        exchange(to, &self.whole(to), true)
    }

    /// Sends it to the relay's control socket.
    pub(crate) fn send_over(&self, socket: &Path) -> Answer {
        self.try_send_over(socket).expect("the relay answers")
    }

    /// Sends it to the control socket of a relay that may be gone.
    pub(crate) fn try_send_over(&self, socket: &Path) -> Option<Answer> {
        let mut stream = UnixStream::connect(socket).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        stream.write_all(&self.whole(SocketAddr::from(([127, 0, 0, 1], 0)))).ok()?;
        answer(stream)
    }

    /// Sends it, and is gone before the answer.
    pub(crate) fn abandon(&self, to: SocketAddr) {
        let mut stream = TcpStream::connect(to).expect("the relay listens");
        stream.write_all(&self.whole(to)).expect("the relay reads");
    }

    /// Promises twice the body and hangs up in the middle.
    pub(crate) fn truncate(&self, to: SocketAddr) -> Option<Answer> {
        let mut bytes = self.head(to, &format!("content-length: {}", 2 * self.body.len()));
        bytes.extend(&self.body);
        exchange(to, &bytes, true)
    }
}

fn exchange(to: SocketAddr, bytes: &[u8], hang_up: bool) -> Option<Answer> {
    let mut stream = TcpStream::connect(to).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    if hang_up {
        stream.write_all(bytes).ok()?;
        stream.shutdown(Shutdown::Write).ok()?;
        return answer(&mut stream);
    }
    exchange_over(&mut stream, bytes)
}

/// Sends these bytes, and reads the answer.
pub(super) fn exchange_over(stream: &mut (impl Read + Write), bytes: &[u8]) -> Option<Answer> {
    stream.write_all(bytes).ok()?;
    answer(stream)
}

/// Reads an answer until it is whole or the other side closes the connection.
fn answer(mut stream: impl Read) -> Option<Answer> {
    let mut answer = Vec::new();
    // ChromeDriver leaves the connection open, whatever it was asked.
    while !is_whole(&answer) {
        let mut piece = [0; 16 * 1024];
        match stream.read(&mut piece).ok()? {
            0 => break,
            length => answer.extend_from_slice(&piece[..length]),
        }
    }
    Answer::parse(&answer)
}

/// Whether all of an answer that says its length is there.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let lines = String::from_utf8_lossy(&answer[..head]).to_lowercase();
    let length = lines.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|length| length.trim().parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= head + 4 + length)
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| line.split_once(':').map(|(n, v)| (n.to_lowercase(), v.trim().to_owned()));
        let headers: Vec<_> = lines.filter_map(header).collect();
        let answer = Self { status, headers, body: body.to_owned() };
        // An answer that was cut short is none.
        let whole = answer.header("content-length").is_none_or(|length| length == body.len().to_string());
        whole.then_some(answer)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| unreachable!("{error}: {}", self.body))
    }

    /// Checks the status, showing the answer when it is another.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// Checks that it is a problem document of this status, and returns its detail.
    pub(crate) fn problem(self, status: u16) -> String {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let document = answer.json();
        assert_eq!(document["status"], status);
        assert!(document["title"].is_string(), "{document}");
        document["detail"].as_str().expect("a detail").to_owned()
    }

    /// The id of the receipt that it names.
    pub(crate) fn receipt(&self) -> String {
        self.json()["receipt"].as_str().expect("a receipt").to_owned()
    }
}
