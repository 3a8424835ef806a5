//! Answers as many events as the body says.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "many-events";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        let count = String::from_utf8_lossy(&request.body).trim().parse().unwrap_or(0);
        Ok(guest::decoded((0..count).map(|n: u32| guest::event(n.to_string())).collect()))
    }
}

guest!(Guest);
