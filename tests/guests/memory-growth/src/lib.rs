//! Takes memory without end.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "memory-growth";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        let mut held = vec![request.body];
        loop {
            held.push(std::hint::black_box(vec![1; 1 << 20]));
            if held.len() == usize::MAX {
                return guest::say("never");
            }
        }
    }
}

guest!(Guest);
