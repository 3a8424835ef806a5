//! Bodies that are large, many and never end, within the memory that the unit allows.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{MEMORY_MAX, MIB, alone, is_answered};
use crate::harness::{Relay, Request, at, settings, source};

/// Bodies of a megabyte that fill the store's cache, of a 32nd of the relay's memory.
const FILLING: usize = 96;

/// A relay under the unit's memory, with this source beside the honest one, and the memory that it has when it has been
/// in use and is quiet again. In use means: it has kept more requests than its store's cache holds, and has decoded
/// bodies of a megabyte eight at a time, as a relay of some days has.
fn relay(tables: &str) -> (Relay, u64) {
    let limits = "[limits]\nmemory = \"2GiB\"\nconnections_per_address = 4096\n";
    let relay = Relay::start(&format!("{limits}{}{tables}", source("hook", "webhook")));
    is_answered(&relay, "the first", Duration::from_secs(20));
    let (address, idle) = (relay.address(), relay.memory("VmRSS"));
    let body = json!({ "title": "In use", "filling": "x".repeat(1_000_000) }).to_string();
    let request = Request::json(&at("hook"), &body);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..FILLING / 8).for_each(|_| drop(request.send(address).expect(200))));
        }
    });
    let before = quiet(&relay, 0);
    eprintln!("{} MiB after the start, {} MiB after it was in use", idle / MIB, before / MIB);
    (relay, before)
}

/// The memory that the relay has once it has given back what it does not need: less than `enough`, or the same for
/// five seconds; after a minute at the latest. A small request a second has it work as a relay does.
fn quiet(relay: &Relay, enough: u64) -> u64 {
    let (began, mut least) = (Instant::now(), relay.memory("VmRSS"));
    let mut fell = Instant::now();
    while least > enough
        && fell.elapsed() < Duration::from_secs(5)
        && began.elapsed() < Duration::from_secs(60)
    {
        is_answered(relay, "give back", Duration::from_secs(20));
        thread::sleep(Duration::from_secs(1));
        let now = relay.memory("VmRSS");
        if now < least - MIB {
            (least, fell) = (now, Instant::now());
        }
    }
    least
}

/// Prints what a storm did, and checks that the relay stayed within its memory and, once it is quiet, has no more than
/// half again as much as `before`.
fn report(relay: &Relay, name: &str, before: u64, began: Instant, answers: &[u16]) {
    let took = is_answered(relay, name, Duration::from_secs(20));
    let (peak, at_once, ended) = (relay.memory("VmHWM"), relay.memory("VmRSS"), Instant::now());
    let after = quiet(relay, before);
    let times = |bytes: u64| bytes as f64 / before as f64;
    eprintln!(
        "{name}: {:.2} times as much memory at once, {:.2} times after {:.1?}",
        times(at_once),
        times(after),
        ended.elapsed()
    );
    let count = |status: u16| answers.iter().filter(|answer| **answer == status).count();
    eprintln!(
        "{name}: {:?}; 200: {}, 503: {}, others: {}; peak {} MiB, before {} MiB, after {} MiB; a request took {took:?}",
        ended - began,
        count(200),
        count(503),
        answers.len() - count(200) - count(503),
        peak / MIB,
        before / MIB,
        after / MIB,
    );
    assert!(peak < MEMORY_MAX, "{} MiB", peak / MIB);
    assert!(after * 2 <= before * 3, "{} MiB, and {} MiB before", after / MIB, before / MIB);
}

#[test]
fn a_thousand_bodies_of_a_megabyte_through_a_program_fit_into_the_memory_of_the_unit() {
    let _alone = alone();
    let program = r#"jq = '''{title: "Many", key: "many", message: ([paths] | length | tostring)}'''"#;
    let tables = format!("{}{}", source("heavy", "webhook"), settings("sources.heavy", program));
    let (relay, before) = relay(&tables);
    let (address, began) = (relay.address(), Instant::now());
    let rows: Vec<_> =
        (0..16_000).map(|number| json!({ "name": format!("disk-{number}"), "free": number })).collect();
    let body = json!({ "rows": rows, "filling": "x".repeat(400_000) }).to_string();
    assert!((900_000..1 << 20).contains(&body.len()), "{}", body.len());
    let request = Request::json(&at("heavy"), &body);
    let senders: Vec<_> = (0..1000)
        .map(|_| {
            let request = request.clone();
            thread::Builder::new()
                .stack_size(256 * 1024)
                .spawn(move || request.try_send(address).map_or(0, |answer| answer.status))
                .expect("a thread")
        })
        .collect();
    let answers: Vec<u16> = senders.into_iter().map(|sender| sender.join().expect("it ends")).collect();
    assert!(answers.contains(&200), "{answers:?}");
    report(&relay, "1,000 bodies of 1 MB", before, began, &answers);
}

/// Sends the head of a request with a body of `declared` bytes and `sent` bytes of it, in one thread for some of the
/// connections; returns those that are still open.
fn partial(relay: &Relay, count: usize, declared: usize, sent: usize) -> Vec<TcpStream> {
    let address = relay.address();
    let head = format!("POST {} HTTP/1.1\r\nhost: tocsin\r\ncontent-length: {declared}\r\n\r\n", at("heavy"));
    let piece = vec![b'x'; 256 * 1024];
    let one = || {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_write_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(head.as_bytes()).ok()?;
        let mut left = sent;
        while left > 0 {
            let length = left.min(piece.len());
            stream.write_all(&piece[..length]).ok()?;
            left -= length;
        }
        Some(stream)
    };
    thread::scope(|scope| {
        let part = |part: usize| {
            scope.spawn(move || (part..count).step_by(16).filter_map(|_| one()).collect::<Vec<_>>())
        };
        let parts: Vec<_> = (0..16).map(part).collect();
        parts.into_iter().flat_map(|part| part.join().expect("it ends")).collect()
    })
}

/// What the connections were answered meanwhile, without waiting for more.
fn answers(connections: &mut [TcpStream]) -> Vec<u16> {
    let status = |stream: &mut TcpStream| {
        let mut answer = [0; 64];
        stream.set_nonblocking(true).ok()?;
        let length = stream.read(&mut answer).ok()?;
        let text = String::from_utf8_lossy(&answer[..length]).into_owned();
        text.split(' ').nth(1)?.parse().ok()
    };
    connections.iter_mut().filter_map(status).collect()
}

#[test]
fn two_hundred_bodies_of_sixty_megabytes_that_never_end_fit_into_the_memory_of_the_unit() {
    let _alone = alone();
    let (relay, before) = relay(&format!("{}body_limit = \"60MiB\"\n", source("heavy", "webhook")));
    let began = Instant::now();
    let mut storm = partial(&relay, 200, 60 << 20, 59 << 20);
    let answered = answers(&mut storm);
    eprintln!("{} of 200 were sent whole but for their end", storm.len());
    is_answered(&relay, "meanwhile", Duration::from_secs(20));
    drop(storm);
    report(&relay, "200 bodies of 60 MB that never end", before, began, &answered);
}

#[test]
fn a_thousand_partial_bodies_forty_times_over_fit_into_the_memory_of_the_unit() {
    let _alone = alone();
    let (relay, before) = relay(&source("heavy", "webhook"));
    let began = Instant::now();
    let mut answered = Vec::new();
    for _ in 0..40 {
        let mut storm = partial(&relay, 1010, 1 << 20, 100_000);
        answered.extend(answers(&mut storm));
        for stream in storm {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
    report(&relay, "1,010 partial bodies forty times", before, began, &answered);
}
