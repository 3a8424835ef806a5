//! A relay that is stopped for a while by SIGSTOP, as by a debugger or a frozen container: no source is reported as
//! silent for it, and no wait begins anew.

use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use serde_json::json;
use tocsin_core::time::Timestamp;

use crate::harness::{Receiver, Relay, Reply, action, connection, source, until};

/// How long the source may be silent, and how long the delivery waits for its second attempt.
const WAIT: Duration = Duration::from_secs(2);
/// How long the process is stopped.
const STOPPED: Duration = Duration::from_millis(2600);

/// A time in UTC, so that texts have the order of the times.
fn sortable(time: &str) -> String {
    let time = time.trim_end_matches('Z');
    if time.contains('.') { time.to_owned() } else { format!("{time}.") }
}

fn now() -> Timestamp {
    let since = UNIX_EPOCH.elapsed().expect("it is after 1970").as_micros();
    Timestamp::from_micros(i64::try_from(since).expect("a time"))
}

/// Stops the process for a while, and returns when it went on. The pause is real: nothing sets the clock of another
/// process.
fn stop_for_a_while(relay: &Relay) -> (Instant, Timestamp) {
    relay.signal("STOP");
    until("the process is stopped", || (relay.process_state()? == 'T').then_some(()));
    let end = Instant::now() + STOPPED;
    while Instant::now() < end {
        thread::sleep(end.saturating_duration_since(Instant::now()));
    }
    assert_eq!(relay.process_state(), Some('T'));
    let resumed = (Instant::now(), now());
    relay.signal("CONT");
    resumed
}

#[test]
fn a_process_that_was_stopped_reports_no_source_as_silent_and_stretches_no_wait() {
    let receiver = Receiver::scripted(|_, number| Reply::status(if number == 0 { 503 } else { 200 }));
    let relay = Relay::start(&format!(
        "[retry]\nfirst = \"2s\"\nlongest = \"2s\"\n\n{}heartbeat = \"2s\"\n{}{}filter = 'title == \"disk\"'\n",
        source("hook", "webhook"),
        connection("out", "webhook", &receiver.url("/hook")),
        action("tell", "out"),
    ));
    let disk = json!({ "title": "disk", "id": "disk" }).to_string();
    relay.post("hook", &disk).expect(200);
    until("the first attempt failed", || {
        let deliveries = relay.list(&["deliveries", "list"]);
        let delivery = deliveries.first()?;
        (delivery["attempts"] == 1 && delivery["state"] == "due").then_some(())
    });
    // The source speaks once more, right before the stop.
    relay.post("hook", &disk).expect(200);
    let (resumed, resumed_at) = stop_for_a_while(&relay);
    let got = receiver.wait(2);
    let late = got[1].at.saturating_duration_since(resumed);
    assert!(late < WAIT, "the second attempt was due during the stop, and came {late:?} after it");
    // The source has the whole of its time again, and is reported when that is over.
    let silent = until("the source is silent", || {
        let incidents = relay.list(&["incidents", "list"]);
        incidents.into_iter().find(|incident| incident["title"] == "No request at source hook")
    });
    let opened = silent["opened_at"].as_str().expect("a time");
    let soonest = resumed_at.plus_ms(u64::try_from(WAIT.as_millis()).expect("a short time")).to_string();
    assert!(sortable(opened) >= sortable(&soonest), "reported at {opened}, and not from {soonest} on");
    assert!(relay.log().contains("for a while no request could be received"), "{}", relay.log());
}
