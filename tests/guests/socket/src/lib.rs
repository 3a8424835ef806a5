//! Tries to connect, to bind and to look up a name, and says what came of it.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "socket";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        let connected = TcpStream::connect("127.0.0.1:80").map(|_| ());
        let listening = TcpListener::bind("127.0.0.1:0").map(|_| ());
        let bound = UdpSocket::bind("127.0.0.1:0").map(|_| ());
        let found = "localhost:80".to_socket_addrs().map(|_| ());
        drop(request);
        let outcomes = [("connect", connected), ("listen", listening), ("bind", bound), ("resolve", found)];
        let words: Vec<String> = outcomes
            .into_iter()
            .map(|(what, outcome)| match outcome {
                Ok(()) => format!("{what}: reached"),
                Err(_) => format!("{what}: refused"),
            })
            .collect();
        guest::say(words.join(", "))
    }
}

guest!(Guest);
