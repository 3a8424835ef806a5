//! The sending side: keep-alive connections that send one request after another.
//!
//! Writes and reads HTTP by hand, so that the sender takes as little of the machine as it can.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::body::Bodies;

/// Characters of the first answer that was none of acceptance, for the report.
const ANSWER_CHARS_MAX: usize = 500;

/// What to send, and where to.
pub(super) struct Target {
    pub(super) relay: SocketAddr,
    pub(super) token: &'static str,
    pub(super) bodies: Bodies,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Load {
    pub(super) accepted: u64,
    /// Other answers, by status.
    pub(super) others: BTreeMap<u16, u64>,
    /// The body of the first of those.
    pub(super) first_other: Option<String>,
    took_us: Vec<u32>,
    sent: u64,
    body_bytes: u64,
}

impl Load {
    /// Bytes of a body, on average.
    pub(super) fn body_bytes_usual(&self) -> u64 {
        self.body_bytes.checked_div(self.sent).unwrap_or(0)
    }

    /// The time that this many percent of the accepted requests took at most.
    pub(super) fn percentile_ms(&mut self, percent: usize) -> f64 {
        self.took_us.sort_unstable();
        let at = (self.took_us.len() * percent / 100).min(self.took_us.len().saturating_sub(1));
        f64::from(self.took_us.get(at).copied().unwrap_or(0)) / 1000.0
    }
}

/// Sends over `connections` connections until `until`; every request opens an incident of its own.
pub(super) async fn run(target: Target, connections: u64, until: Instant) -> anyhow::Result<Load> {
    let target = Rc::new(target);
    let load = Rc::new(RefCell::new(Load::default()));
    let next = Rc::new(Cell::new(0u64));
    let local = LocalSet::new();
    let senders: Vec<_> = (0..connections)
        .map(|_| {
            let (load, next, target) = (Rc::clone(&load), Rc::clone(&next), Rc::clone(&target));
            local.spawn_local(async move { sender(&target, &load, &next, until).await })
        })
        .collect();
    local
        .run_until(async {
            for sender in senders {
                sender.await.context("a sender")??;
            }
            anyhow::Ok(())
        })
        .await?;
    Ok(load.take())
}

async fn sender(
    target: &Target,
    load: &RefCell<Load>,
    next: &Cell<u64>,
    until: Instant,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(target.relay).await.context("connecting to the relay")?;
    stream.set_nodelay(true)?;
    let mut answer = Vec::with_capacity(1024);
    while Instant::now() < until {
        let number = next.get();
        next.set(number + 1);
        let body = target.bodies.of(number);
        let request = request(target, &body);
        let began = Instant::now();
        stream.write_all(request.as_bytes()).await.context("sending")?;
        let (status, said) = read(&mut stream, &mut answer).await?;
        let took = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
        let mut load = load.borrow_mut();
        load.sent += 1;
        load.body_bytes += body.len() as u64;
        if status == 200 {
            load.accepted += 1;
            load.took_us.push(took);
        } else {
            *load.others.entry(status).or_default() += 1;
            load.first_other.get_or_insert_with(|| said.chars().take(ANSWER_CHARS_MAX).collect());
        }
    }
    Ok(())
}

fn request(target: &Target, body: &str) -> String {
    format!(
        "POST /in/bench?token={} HTTP/1.1\r\nhost: relay\r\ncontent-type: {}\r\ncontent-length: {}\r\n\r\n{body}",
        target.token,
        target.bodies.content_type(),
        body.len()
    )
}

/// Reads one answer and returns its status and body.
async fn read<'a>(stream: &mut TcpStream, answer: &'a mut Vec<u8>) -> anyhow::Result<(u16, Cow<'a, str>)> {
    answer.clear();
    loop {
        let read = stream.read_buf(answer).await.context("reading an answer")?;
        anyhow::ensure!(read > 0, "the relay closed a connection");
        let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end]).context("an answer's head")?;
        let length: usize = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse().ok())
            .context("an answer without content-length")?;
        if answer.len() >= end + 4 + length {
            let status =
                head.get(9..12).and_then(|status| status.parse().ok()).context("an answer's status")?;
            return Ok((status, String::from_utf8_lossy(&answer[end + 4..])));
        }
    }
}
