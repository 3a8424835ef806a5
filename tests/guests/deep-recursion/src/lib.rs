//! Calls itself without end.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

#[inline(never)]
fn deeper(n: u64) -> u64 {
    let frame = std::hint::black_box([n; 32]);
    if std::hint::black_box(n) == u64::MAX { n } else { deeper(n + 1) + frame[7] }
}

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "deep-recursion";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        guest::say(deeper(request.body.len() as u64).to_string())
    }
}

guest!(Guest);
