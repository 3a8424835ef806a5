//! Senders and plugins that take all they can get, and what it does to the others: how long they wait, how much memory
//! and disk it takes.
//!
//! Each test prints what it measured. Bounds are wide, since the machine has other work; ratios are within one run.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Relay, Request, at};

mod connections;
mod disk;
mod fair;
mod memory;

const MIB: u64 = 1 << 20;
/// The unit's own `MemoryMax=`.
const MEMORY_MAX: u64 = 2048 * MIB;

/// One storm at a time: each takes what the machine has.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long requests took.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Sends this many requests a second to the source `hook` for so long, whether or not the ones before are
    /// answered, and counts from the moment when each was to be sent. All of them have to succeed.
    pub(crate) fn at_rate(address: SocketAddr, name: &str, a_second: u32, span: Duration) -> Self {
        let senders = a_second / 3;
        let pause = Duration::from_secs(1) * senders / a_second;
        let start = Instant::now();
        let sender = |number: u32| {
            let name = name.to_owned();
            thread::spawn(move || {
                let mut times = Vec::new();
                let mut due = start + pause * number / senders;
                while due < start + span {
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let title = format!("{name} {number} {}", times.len());
                    let request = Request::json(&at("hook"), &json!({ "title": title }).to_string());
                    request.send(address).expect(200);
                    times.push(due.elapsed());
                    due += pause;
                }
                times
            })
        };
        let senders: Vec<_> = (0..senders).map(sender).collect();
        let mut times: Vec<Duration> =
            senders.into_iter().flat_map(|sender| sender.join().expect("all are answered")).collect();
        times.sort();
        Self(times)
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time within which so many of a hundred were answered.
    fn of_hundred(&self, part: usize) -> Duration {
        self.0[(self.0.len() * part / 100).min(self.0.len() - 1)]
    }

    pub(crate) fn shown(&self) -> String {
        let last = self.0[self.0.len() - 1];
        let count = self.0.len();
        format!(
            "{count} requests, p50 {:?}, p99 {:?}, longest {last:?}",
            self.of_hundred(50),
            self.of_hundred(99)
        )
    }
}

/// Something that goes on in threads until it is stopped.
struct Storm {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Storm {
    /// Does `one` again and again in so many threads.
    fn of(threads: usize, one: impl Fn(usize) + Clone + Send + 'static) -> Self {
        Self::spread(threads, Duration::ZERO, one)
    }

    /// The same, but its threads begin one after the other, the last one after `over`.
    fn spread(threads: usize, over: Duration, one: impl Fn(usize) + Clone + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let thread = |number: usize| {
            let begins = over.mul_f64(number as f64 / threads as f64);
            let (stop, one) = (Arc::clone(&stop), one.clone());
            thread::spawn(move || {
                thread::sleep(begins);
                while !stop.load(Ordering::Relaxed) {
                    one(number);
                }
            })
        };
        let threads = (0..threads).map(thread).collect();
        Self { stop, threads }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().expect("it goes on until it is stopped");
        }
    }
}

/// Checks that an honest request is answered soon, and says how soon.
fn is_answered(relay: &Relay, title: &str, within: Duration) -> Duration {
    let began = Instant::now();
    relay.post("hook", &json!({ "title": title }).to_string()).expect(200);
    let took = began.elapsed();
    assert!(took < within, "{title}: {took:?}");
    took
}
