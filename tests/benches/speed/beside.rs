//! The relay beside Alertmanager: at its highest load, at half of it, and when a queue that waited leaves.

use std::thread;
use std::time::{Duration, Instant};

use super::is_installed;
use super::load::{self, Load};
use super::paced;
use super::peer::{Kind, Peer};
use super::receiver::Receiver;

/// For how long nothing may arrive until the rest is given up.
const PATIENCE: Duration = Duration::from_secs(15);
/// Alerts that wait when it is measured how fast they leave.
const QUEUE: u64 = 30_000;

/// What came of one load on one peer.
struct Measured {
    load: Load,
    /// Deliveries while the load went on.
    during: u64,
    /// Deliveries a second after it.
    after: f64,
    delivered: u64,
    /// Processor time of the peer: for each alert that was accepted until the load ended, and with its delivery.
    accepted_us: f64,
    whole_us: f64,
    memory_before: u64,
    memory: u64,
}

/// Prints all of it. Each load goes on for so many seconds.
pub(crate) fn run(seconds: u64) {
    queue();
    if !is_installed("wrk") {
        println!("skipped: the highest load and half of it, since wrk is not installed");
        return;
    }
    let has_peer = is_installed("prometheus-alertmanager");
    if !has_peer {
        println!("skipped: the comparison, since prometheus-alertmanager is not installed");
    }
    let mut highest: f64 = 0.0;
    for connections in [32, 256] {
        let other = has_peer.then(|| measure(Kind::Alertmanager, connections, seconds));
        let own = measure(Kind::Tocsin, connections, seconds);
        highest = highest.max(own.load.rate());
        if let Some(other) = other {
            println!(
                "{connections} connections: {:.2} × accepted, {:.2} × delivered meanwhile",
                own.load.rate() / other.load.rate(),
                own.during as f64 / other.during as f64
            );
        }
    }
    half(highest / 2.0, seconds);
}

/// The highest load over so many connections.
fn measure(kind: Kind, connections: u32, seconds: u64) -> Measured {
    let receiver = Receiver::start();
    let peer = Peer::start(kind, &receiver);
    let (memory_before, computed) = (peer.memory(), peer.computed());
    let load = load::highest(&peer, connections, seconds);
    let during = receiver.count();
    let accepted_cost = peer.computed().saturating_sub(computed);
    let (began, (delivered, last)) = (Instant::now(), drain(&receiver, load.accepted));
    let after = (delivered - during) as f64 / last.saturating_duration_since(began).as_secs_f64().max(0.001);
    let each = |cost: Duration| cost.as_secs_f64() * 1e6 / load.accepted as f64;
    let (accepted_us, whole_us) = (each(accepted_cost), each(peer.computed().saturating_sub(computed)));
    let measured = Measured {
        during,
        after,
        delivered,
        accepted_us,
        whole_us,
        memory_before,
        memory: peer.memory(),
        load,
    };
    measured.print(kind, connections);
    measured
}

impl Measured {
    fn print(&self, kind: Kind, connections: u32) {
        let Self { load, during, after, delivered, accepted_us, whole_us, memory_before, memory } = self;
        println!(
            "{kind:?}, {connections} connections: {:.0} accepted/s ({}, {} not), p50 {:.1?}, p99 {:.1?}; {:.0} delivered/s \
             meanwhile, {after:.0}/s after it, {delivered} in all; {accepted_us:.0} µs of processor an alert until the load \
             ended, {whole_us:.0} µs with its delivery; {memory_before} MB before, {memory} MB after",
            load.rate(),
            load.accepted,
            load.failed,
            load.p50,
            load.p99,
            *during as f64 / load.took.as_secs_f64(),
        );
    }
}

/// Waits until so many were delivered, or no more come. How many, and when the last of them came.
pub(crate) fn drain(receiver: &Receiver, wanted: u64) -> (u64, Instant) {
    let (mut count, mut at) = (receiver.count(), Instant::now());
    while count < wanted && at.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(5));
        let now = receiver.count();
        if now > count {
            (count, at) = (now, Instant::now());
        }
    }
    (count, at)
}

/// Half of the highest load: how long one in a hundred waits for its answer, and whether deliveries keep pace.
fn half(rate: f64, seconds: u64) {
    let receiver = Receiver::start();
    let peer = Peer::start(Kind::Tocsin, &receiver);
    let computed = peer.computed();
    let load = paced::send(&peer, 0, rate, Duration::from_secs(seconds));
    let during = receiver.count();
    let cost = peer.computed().saturating_sub(computed);
    println!(
        "Tocsin, {rate:.0} requests/s: {:.0} accepted/s, p50 {:.1?}, p99 {:.1?}; delivered meanwhile {:.2} of them; {:.0} µs of \
         processor an alert with its delivery",
        load.rate(),
        load.p50,
        load.p99,
        during as f64 / load.accepted as f64,
        cost.as_secs_f64() * 1e6 / load.accepted as f64,
    );
}

/// How fast a queue leaves that waited for its receiver.
fn queue() {
    let receiver = Receiver::start();
    receiver.hold();
    let peer = Peer::start(Kind::Tocsin, &receiver);
    let load = paced::at_once(&peer, 0, QUEUE).accepted;
    let (began, computed) = (Instant::now(), peer.computed());
    receiver.release();
    let (delivered, last) = drain(&receiver, load);
    let took = last.saturating_duration_since(began).as_secs_f64();
    println!(
        "Tocsin, a waiting queue of {load}: {:.0} delivered/s over 32 connections, {delivered} in all; {:.0} µs of processor each",
        delivered as f64 / took,
        peer.computed().saturating_sub(computed).as_secs_f64() * 1e6 / delivered as f64,
    );
}
