//! Sleeps for an hour in a host call.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "sleep";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        std::thread::sleep(std::time::Duration::from_secs(3600));
        guest::say(request.method)
    }
}

guest!(Guest);
