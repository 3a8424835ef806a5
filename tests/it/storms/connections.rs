//! Connections that are opened and left, that drip, and that never read: a real request is answered meanwhile.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::{MEMORY_MAX, MIB, Storm, Times, alone, is_answered};
use crate::harness::{Relay, TOKEN, at, source};

/// Addresses that the connections of a storm come from; honest requests have another one.
const ADDRESSES: usize = 16;

/// One connection, from one of the storm's addresses.
fn connected(to: SocketAddr, number: usize) -> Option<TcpStream> {
    let last = u8::try_from(number % ADDRESSES + 1).ok()?;
    let from = SocketAddr::from(([127, 0, 1, last], 0));
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).ok()?;
    socket.bind(&from.into()).ok()?;
    socket.connect(&to.into()).ok()?;
    Some(socket.into())
}

/// Connections, or as many as the system gives.
fn open(
    address: SocketAddr,
    count: usize,
    first: impl Fn(usize) -> Vec<u8> + Copy + Send + Sync,
) -> Vec<TcpStream> {
    let parts = 8;
    thread::scope(|scope| {
        let part = |part: usize| {
            scope.spawn(move || {
                let connect = |number: usize| {
                    let mut stream = connected(address, number)?;
                    stream.set_nonblocking(true).ok()?;
                    // It may be closed already, to make room for another.
                    let _ = stream.write(&first(number));
                    Some(stream)
                };
                (part..count).step_by(parts).filter_map(connect).collect::<Vec<_>>()
            })
        };
        let parts: Vec<_> = (0..parts).map(part).collect();
        parts.into_iter().flat_map(|part| part.join().expect("it connects")).collect()
    })
}

#[test]
fn ten_thousand_idle_and_dripping_connections_delay_nobody() {
    let _alone = alone();
    let relay = Relay::start(&source("hook", "webhook"));
    let address = relay.address();
    is_answered(&relay, "the first", Duration::from_secs(20));
    let before = Times::at_rate(address, "before", 30, Duration::from_secs(2));
    let storm = open(address, 10_000, |number| match number % 3 {
        0 => Vec::new(),
        1 => format!("POST {} HTTP/1.1\r\nhost: tocsin\r\nx-drip: ", at("hook")).into_bytes(),
        _ => format!("POST {} HTTP/1.1\r\nhost: tocsin\r\ncontent-length: 1000\r\n\r\n{{", at("hook"))
            .into_bytes(),
    });
    eprintln!("{} connections were opened", storm.len());
    assert!(storm.len() > 9000, "{}", storm.len());
    let storm = Arc::new(storm);
    let dripping = Storm::of(1, move |_| {
        for mut stream in storm.iter() {
            let _ = stream.write(b"x");
        }
        thread::sleep(Duration::from_millis(100));
    });
    let during = Times::at_rate(address, "during", 30, Duration::from_secs(4));
    eprintln!("10,000 connections: before: {}", before.shown());
    eprintln!("10,000 connections: during: {}; peak {} MiB", during.shown(), relay.memory("VmHWM") / MIB);
    // A second where the machine has nothing else to do; nobody was answered when connections waited for a place.
    assert!(during.of_hundred(99) < Duration::from_secs(3) + before.of_hundred(99) * 2);
    assert!(relay.memory("VmHWM") < MEMORY_MAX / 2);
    dripping.stop();
}

#[test]
fn connections_that_pipeline_and_never_read_take_little_memory_and_are_ended() {
    let _alone = alone();
    let limits = "[limits]\nanswer_time = \"2s\"\nconnections_per_address = 2048\n";
    let relay = Relay::start(&format!("{limits}{}", source("hook", "webhook")));
    let address = relay.address();
    is_answered(&relay, "the first", Duration::from_secs(20));
    let before = relay.memory("VmRSS");
    let request =
        format!("OPTIONS /in/hook?token={TOKEN} HTTP/1.1\r\nhost: tocsin\r\ncontent-length: 0\r\n\r\n");
    let many = request.repeat(2000).into_bytes();
    let storm = open(address, 1024, |_| Vec::new());
    // Writes until the relay takes no more, since nothing of its answers is read.
    for _ in 0..3 {
        for mut stream in &storm {
            let _ = stream.write(&many);
        }
    }
    let took = is_answered(&relay, "meanwhile", Duration::from_secs(30));
    let peak = relay.memory("VmHWM");
    drop(storm);
    let after = settled(&relay, before * 3 / 2 + 64 * MIB);
    eprintln!(
        "1,024 connections that never read: a request took {took:?}, peak {} MiB, before {} MiB, after {} MiB",
        peak / MIB,
        before / MIB,
        after / MIB
    );
    assert!(peak < MEMORY_MAX / 2, "{} MiB", peak / MIB);
}

/// Waits until the relay has given memory back, for as long as that may take.
fn settled(relay: &Relay, bytes: u64) -> u64 {
    for _ in 0..600 {
        if relay.memory("VmRSS") < bytes {
            break;
        }
        is_answered(relay, "give back", Duration::from_secs(20));
        thread::sleep(Duration::from_millis(50));
    }
    relay.memory("VmRSS")
}
