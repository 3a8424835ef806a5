//! A load of so many requests a second, whatever the answers take: each is due at its own time, and waits from then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::load::{Load, body, path};
use super::peer::Peer;

/// Connections, each of which waits for its answer before it goes on.
const CONNECTIONS: u64 = 64;

/// Sends `rate` requests a second for so long: the alert `first`, and those that follow it.
pub(crate) fn send(peer: &Peer, first: u64, rate: f64, duration: Duration) -> Load {
    let count = (rate * duration.as_secs_f64()) as u64;
    run(peer, first, count, Some(Duration::from_secs(1).div_f64(rate)))
}

/// Sends so many requests as fast as they are answered: the alert `first`, and those that follow it.
pub(crate) fn at_once(peer: &Peer, first: u64, count: u64) -> Load {
    run(peer, first, count, None)
}

fn run(peer: &Peer, first: u64, count: u64, every: Option<Duration>) -> Load {
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let (before, behind) = body(peer.kind);
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ",
        path(peer.kind)
    );
    let request = Arc::new(move |n: u64| {
        let body = format!("{before}{}{behind}", first + n);
        format!("{head}{}\r\n\r\n{body}", body.len())
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut waited = runtime.block_on(async {
        let tasks: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                let (next, request, address) = (Arc::clone(&next), Arc::clone(&request), peer.address);
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let (mut waited, mut answer) = (Vec::new(), vec![0; 16 * 1024]);
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= count {
                            return waited;
                        }
                        let due = match every {
                            Some(every) => began + every.mul_f64(n as f64),
                            None => Instant::now(),
                        };
                        tokio::time::sleep_until(due.into()).await;
                        stream.write_all(request(n).as_bytes()).await.unwrap();
                        let is_accepted = answered(&mut stream, &mut answer).await;
                        waited.push((due.elapsed(), is_accepted));
                    }
                })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        all
    });
    waited.sort();
    let at =
        |percent: usize| waited.get(waited.len() * percent / 100).map_or(Duration::ZERO, |(time, _)| *time);
    let accepted = waited.iter().filter(|(_, is_accepted)| *is_accepted).count() as u64;
    Load { accepted, failed: waited.len() as u64 - accepted, took: began.elapsed(), p50: at(50), p99: at(99) }
}

/// Reads one answer; whether it is 2xx.
async fn answered(stream: &mut TcpStream, buffer: &mut [u8]) -> bool {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await.unwrap();
        assert!(read > 0, "the connection was closed");
        filled += read;
        let text = String::from_utf8_lossy(&buffer[..filled]);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap() {
                return head.starts_with("HTTP/1.1 2");
            }
        }
    }
}
