//! Computes without end.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "endless-loop";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        let mut n = request.body.len() as u64;
        loop {
            n = std::hint::black_box(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            if n == 0 && std::hint::black_box(false) {
                return guest::say("never");
            }
        }
    }
}

guest!(Guest);
