//! Ends its process, with a code.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "exit";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        std::process::exit(if request.body.is_empty() { 3 } else { 4 })
    }
}

guest!(Guest);
