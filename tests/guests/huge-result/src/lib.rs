//! Answers a title of 20 MB.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "huge-result";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        guest::say("x".repeat(20_000_000 + request.body.len()))
    }
}

guest!(Guest);
