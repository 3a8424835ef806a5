//! Calls the end of a problem by another key than its beginning.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "two-keys";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        let mut event = guest::event("A check".to_owned());
        if request.body.starts_with(b"up") {
            event.change = guest::Change::Resolve;
            event.key = "check-over".to_owned();
        }
        Ok(guest::decoded(vec![event]))
    }
}

guest!(Guest);
