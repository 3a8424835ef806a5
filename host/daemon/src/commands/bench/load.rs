//! The sending side: keep-alive connections that send one request after another.
//!
//! Writes and reads HTTP by hand, so that the sender takes as little of the machine as it can.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

/// What came of it.
#[derive(Default)]
pub(super) struct Load {
    pub(super) accepted: u64,
    /// Other answers, by status.
    pub(super) others: BTreeMap<u16, u64>,
    took_us: Vec<u32>,
}

impl Load {
    /// The time that this many percent of the accepted requests took at most.
    pub(super) fn percentile_ms(&mut self, percent: usize) -> f64 {
        self.took_us.sort_unstable();
        let at = (self.took_us.len() * percent / 100).min(self.took_us.len().saturating_sub(1));
        f64::from(self.took_us.get(at).copied().unwrap_or(0)) / 1000.0
    }
}

/// Sends over `connections` connections until `until`; every request opens an incident of its own.
pub(super) async fn run(
    relay: SocketAddr,
    token: &str,
    connections: u64,
    until: Instant,
) -> anyhow::Result<Load> {
    let load = Rc::new(RefCell::new(Load::default()));
    let next = Rc::new(Cell::new(0u64));
    let local = LocalSet::new();
    let senders: Vec<_> = (0..connections)
        .map(|_| {
            let (load, next, token) = (Rc::clone(&load), Rc::clone(&next), token.to_owned());
            local.spawn_local(async move { sender(relay, &token, &load, &next, until).await })
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
    relay: SocketAddr,
    token: &str,
    load: &RefCell<Load>,
    next: &Cell<u64>,
    until: Instant,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(relay).await.context("connecting to the relay")?;
    stream.set_nodelay(true)?;
    let mut answer = Vec::with_capacity(1024);
    while Instant::now() < until {
        let number = next.get();
        next.set(number + 1);
        let began = Instant::now();
        stream.write_all(request(token, number).as_bytes()).await.context("sending")?;
        let status = read(&mut stream, &mut answer).await?;
        let took = u32::try_from(began.elapsed().as_micros()).unwrap_or(u32::MAX);
        let mut load = load.borrow_mut();
        if status == 200 {
            load.accepted += 1;
            load.took_us.push(took);
        } else {
            *load.others.entry(status).or_default() += 1;
        }
    }
    Ok(())
}

fn request(token: &str, number: u64) -> String {
    let body = format!(
        r#"{{"id":"bench-{number}","status":"trigger","severity":"high","title":"Disk almost full on db-{number}","message":"/var/lib/postgresql has 3 % of 400 GiB left and loses 1 GiB an hour. The archive command fails since the last rotation of credentials, so WAL segments pile up.","host":"db-{number}.example.org","team":"storage","region":"eu-west"}}"#
    );
    format!(
        "POST /in/bench?token={token} HTTP/1.1\r\nhost: relay\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads one answer and returns its status.
async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) -> anyhow::Result<u16> {
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
            return head.get(9..12).and_then(|status| status.parse().ok()).context("an answer's status");
        }
    }
}
