//! Describes itself without end.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::exports::tocsin::plugin::description::Guest for Guest {
    fn describe() -> guest::PluginInfo {
        let mut n = 1_u64;
        loop {
            n = std::hint::black_box(n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            if n == 0 && std::hint::black_box(false) {
                return guest::describe("slow-description");
            }
        }
    }
}

impl guest::exports::tocsin::plugin::source_decoder::Guest for Guest {
    fn decode(
        _request: guest::Request,
        _settings: Vec<guest::tocsin::plugin::types::Setting>,
    ) -> Result<guest::Decoded, guest::Refusal> {
        guest::say("never")
    }
}

guest::export!(Guest with_types_in guest);
