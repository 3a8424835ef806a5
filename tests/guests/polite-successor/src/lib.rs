//! A later version of `polite` that wants more: a subscription is confirmed at a host of its own.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::exports::tocsin::plugin::description::Guest for Guest {
    fn describe() -> guest::PluginInfo {
        let mut info = guest::describe("polite");
        info.version = "2.0.0".to_owned();
        if let Some(source) = &mut info.source {
            source.confirm_hosts = vec!["confirm.example.com".to_owned()];
        }
        info
    }
}

impl guest::exports::tocsin::plugin::source_decoder::Guest for Guest {
    fn decode(
        _request: guest::Request,
        _settings: Vec<guest::tocsin::plugin::types::Setting>,
    ) -> Result<guest::Decoded, guest::Refusal> {
        guest::say("the successor")
    }
}

guest::export!(Guest with_types_in guest);
