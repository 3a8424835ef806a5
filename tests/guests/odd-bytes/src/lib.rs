//! Traps on a body that is no UTF-8.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "odd-bytes";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        let text = String::from_utf8(request.body).expect("senders write UTF-8");
        guest::say(text)
    }
}

guest!(Guest);
