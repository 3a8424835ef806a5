//! How long requests wait for their answers while repetitions of many incidents are due at once.

use std::thread;
use std::time::{Duration, Instant};

use super::beside::drain;
use super::paced;
use super::peer::Peer;
use super::receiver::Receiver;

/// Incidents that are open.
const OPEN: u64 = 100_000;
/// After which time each is told again. All of them are made, and told, within it.
const REPEAT: Duration = Duration::from_secs(180);
/// Requests a second that come meanwhile.
const RATE: f64 = 500.0;

/// Prints it. Requests come for so many seconds.
pub(crate) fn run(seconds: u64) {
    let receiver = Receiver::start();
    let mut peer = Peer::with_repeats(&receiver, REPEAT);
    let load = paced::at_once(&peer, 0, OPEN);
    let made = Instant::now();
    let (told, _) = drain(&receiver, load.accepted);
    let duration = Duration::from_secs(seconds);
    let before = paced::send(&peer, OPEN, RATE, duration);
    // While it is down, the time of all of them comes.
    peer.stop();
    thread::sleep((REPEAT + Duration::from_secs(2)).saturating_sub(made.elapsed()));
    let earlier = receiver.count();
    peer.restart();
    let during = paced::send(&peer, 2 * OPEN, RATE, duration);
    println!(
        "{} open incidents, {told} told: p99 {:.1?} at {RATE:.0} requests/s; {:.1?} while all repetitions are due, {:.2} times \
         ({} of them told meanwhile)",
        load.accepted,
        before.p99,
        during.p99,
        during.p99.as_secs_f64() / before.p99.as_secs_f64(),
        receiver.count() - earlier,
    );
}
