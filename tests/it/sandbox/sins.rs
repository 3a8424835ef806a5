//! One test for each guest that misbehaves when it is called.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tocsin_core::id::ReceiptId;
use tocsin_core::time::Timestamp;
use tocsin_sandbox::{CallErrorKind, Limits};

use super::*;

#[tokio::test]
async fn an_endless_loop_is_stopped_when_its_time_is_up() {
    let error = stopped(guests::ENDLESS_LOOP).await;
    assert_eq!(error.kind, CallErrorKind::Time);
    assert!(error.detail.contains("stopped after 300ms"), "{error}");
    // What it computes counts, not what it waits for a processor of a busy machine.
    assert!((300_000..30_000_000).contains(&error.took_us), "{}", error.took_us);
}

#[tokio::test]
async fn an_endless_loop_does_not_keep_other_tasks_of_its_thread_waiting() {
    // On a runtime of one thread, the second call runs while the first one spins.
    let looping = loaded(guests::ENDLESS_LOOP).await.with_limits(tight());
    let polite = loaded(guests::POLITE).await;
    let spinning = tokio::spawn(async move { decode(&looping, "body").await });
    tokio::task::yield_now().await;
    decode(&polite, "beside").await.expect("it has its turn");
    assert!(!spinning.is_finished(), "the loop was still running");
    assert_eq!(spinning.await.expect("no panic").expect_err("stopped").kind, CallErrorKind::Time);
}

#[tokio::test]
async fn a_guest_that_sleeps_in_the_host_is_stopped_when_its_time_is_up() {
    let error = stopped(guests::SLEEP).await;
    assert_eq!(error.kind, CallErrorKind::Time);
    assert!(error.to_string().contains("could not decode: it was stopped after 300ms"), "{error}");
}

#[tokio::test]
async fn memory_without_end_is_refused_by_name_and_number() {
    let error = stopped(guests::MEMORY_GROWTH).await;
    assert_eq!(error.kind, CallErrorKind::Memory);
    assert!(error.detail.contains("MiB of memory, 16 MiB is its limit"), "{error}");
}

#[tokio::test]
async fn a_panic_is_a_trap_with_its_message() {
    let error = stopped(guests::PANIC).await;
    assert_eq!(error.kind, CallErrorKind::Trap);
    assert!(error.detail.contains("panicked at"), "{error}");
    assert!(error.detail.contains("no rule for a body of 4 bytes"), "{error}");
}

#[tokio::test]
async fn an_exit_is_a_trap_with_its_code() {
    let error = stopped(guests::EXIT).await;
    assert_eq!(error.kind, CallErrorKind::Trap);
    assert!(error.detail.contains("it ended itself with exit code"), "{error}");
}

#[tokio::test]
async fn recursion_without_end_exhausts_the_guests_stack_and_not_the_hosts() {
    let error = stopped(guests::DEEP_RECURSION).await;
    assert_eq!(error.kind, CallErrorKind::Stack);
    assert!(error.detail.contains("its stack was exhausted"), "{error}");
}

#[tokio::test]
async fn an_answers_texts_are_lines_whatever_the_guest_wrote() {
    let plugin = loaded(guests::FORGER).await;
    let remark = decode(&plugin, "remark").await.expect("it answers").remarks.remove(0);
    let rejected = decode(&plugin, "reject").await.expect("it answers").rejected.remove(0);
    let ignored = decode(&plugin, "ignore").await.expect("it answers").ignored.expect("a reason");
    let failed = decode(&plugin, "panic").await.expect_err("it panics").to_string();
    for line in [remark, rejected.place, rejected.reason, ignored, failed] {
        let harmful = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}' | '\u{2066}');
        assert!(!line.contains(harmful) && line.chars().count() <= 1200, "{line:?}");
        assert!(line.contains("2026-01-01T00:00:00Z  INFO plugin in force"), "{line:?}");
    }
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_flood_of_output_neither_stops_the_guest_nor_fills_the_log() {
    let logged = Logged::default();
    let writer = logged.clone();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let listening = tracing::subscriber::set_default(log);
    // Another test's thread, which nobody listens to, may just have met the same places in the code.
    tracing::callsite::rebuild_interest_cache();
    assert_eq!(printed(guests::OUTPUT_FLOOD).await, "printed");
    drop(listening);
    let log = String::from_utf8(logged.0.lock().expect("no panic").clone()).expect("text");
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("plugin=\"output-flood\"")).collect();
    let bytes: usize = lines.iter().map(|line| line.matches('x').count()).sum();
    assert!((1..64 << 10).contains(&bytes), "{bytes} bytes of 6 million are logged");
    assert!(lines.iter().all(|line| line.contains("tocsin::plugin") && line.contains("version=\"1.0.0\"")));
    let cut = lines.last().expect("lines");
    assert!(cut.contains("log cut, in bytes") && cut.contains("dropped="), "{cut}");
}

#[tokio::test]
async fn a_result_of_20_mb_is_too_large() {
    let limits = Limits { memory_bytes: 128 << 20, decoded_bytes: 16 << 20, ..roomy() };
    let plugin = loaded(guests::HUGE_RESULT).await.with_limits(limits);
    let error = decode(&plugin, "body").await.expect_err("it is too large");
    assert_eq!(error.kind, CallErrorKind::Output);
    assert!(error.detail.contains("too much data"), "{error}");
}

#[tokio::test]
async fn a_result_of_20_mb_does_not_fit_into_little_memory() {
    assert_eq!(stopped(guests::HUGE_RESULT).await.kind, CallErrorKind::Memory);
}

#[tokio::test]
async fn ten_thousand_events_are_taken_and_one_more_is_not() {
    let plugin = loaded(guests::MANY_EVENTS).await;
    assert_eq!(decode(&plugin, "10000").await.expect("within the limit").events.len(), 10_000);
    let error = decode(&plugin, "10001").await.expect_err("beyond the limit");
    assert_eq!(error.kind, CallErrorKind::Output);
    assert!(error.detail.contains("10001 events, the limit is 10000"), "{error}");
}

#[tokio::test]
async fn there_is_no_network() {
    let expected = "connect: refused, listen: refused, bind: refused, resolve: refused";
    assert_eq!(printed(guests::SOCKET).await, expected);
}

#[tokio::test]
async fn there_are_no_files() {
    assert_eq!(
        printed(guests::FILE).await,
        "read: refused, write: refused, list: refused, relative: refused"
    );
}

#[tokio::test]
async fn there_is_no_environment() {
    assert_eq!(printed(guests::ENVIRONMENT).await, "variables: 0, arguments: 0, input: 0, home: None");
}

#[tokio::test]
async fn the_clock_stands_at_the_request_and_randomness_follows_from_its_id() {
    let plugin = loaded(guests::CLOCK_RANDOM).await;
    let say = async |seed: ReceiptId, at: Timestamp| {
        let request = SourceRequest { received_at: at, ..request("body") };
        let answer = plugin.decode(request, &[], seed).await.expect("it answers");
        answer.value.expect("it does not refuse").events[0].title.clone()
    };
    let first = say(seed(1), NOW).await;
    assert!(first.starts_with("wall 1795193400250000; elapsed 0; random "), "{first}");
    assert_eq!(say(seed(1), NOW).await, first);
    assert_ne!(say(seed(2), NOW).await, first);
    let before_1970 = say(seed(1), Timestamp::from_micros(-1)).await;
    assert!(before_1970.starts_with("wall 0; "), "{before_1970}");
}
