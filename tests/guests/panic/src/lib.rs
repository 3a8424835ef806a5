//! Panics, and says why.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "panic";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        panic!("no rule for a body of {} bytes", request.body.len())
    }
}

guest!(Guest);
