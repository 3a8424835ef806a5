//! Takes bodies of two megabytes, answers with the status of a header, and asks for the address in another header to
//! be opened.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

use guest::exports::tocsin::plugin::description::Guest as Describes;
use guest::exports::tocsin::plugin::source_decoder::{Guest as Decodes, Reply};
use guest::tocsin::plugin::types::Setting;
use guest::{Decoded, PluginInfo, Refusal, Request};

struct Guest;

impl Describes for Guest {
    fn describe() -> PluginInfo {
        let mut info = guest::describe("asks-to-confirm");
        if let Some(source) = &mut info.source {
            source.body_limit = Some(2 * 1024 * 1024);
            source.confirm_hosts = vec!["localhost".to_owned(), "hooks.*.example.com".to_owned()];
        }
        info
    }
}

impl Decodes for Guest {
    fn decode(request: Request, _settings: Vec<Setting>) -> Result<Decoded, Refusal> {
        let header = |name: &str| {
            request.headers.iter().find(|header| header.name == name).map(|header| header.value.clone())
        };
        let status = header("x-status").and_then(|status| status.parse().ok());
        let mut decoded = guest::decoded(vec![guest::event(format!("{} bytes", request.body.len()))]);
        decoded.reply = status.map(|status| Reply { status, headers: Vec::new(), body: Vec::new() });
        decoded.confirm = header("x-confirm");
        if decoded.confirm.is_some() {
            decoded.events.clear();
            decoded.ignored = Some("a subscription to be confirmed".to_owned());
        }
        Ok(decoded)
    }
}

guest::export!(Guest with_types_in guest);
