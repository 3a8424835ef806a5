//! Tries to read, write and list files, and says what came of it.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

use std::fs;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "file";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        let read = fs::read("/etc/passwd").map(|_| ());
        let written = fs::write("/tmp/guest", &request.body);
        let listed = fs::read_dir("/").map(|_| ());
        let relative = fs::read("Cargo.toml").map(|_| ());
        let outcomes = [("read", read), ("write", written), ("list", listed), ("relative", relative)];
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
