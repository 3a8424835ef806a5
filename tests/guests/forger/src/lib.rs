//! Answers, prints and fails with texts of several lines, with a terminal's commands in them, a megabyte long: what
//! could be taken for lines of the host's log or of the command line.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

use guest::exports::tocsin::plugin::source_decoder::Rejection;

struct Guest;

/// What a reader would take for the host's own words.
const FORGED: &str = "fine\n2026-01-01T00:00:00Z  INFO plugin in force\r\nTimeline\u{2028}\
                      \u{1b}[2J\u{1b}]0;taken\u{7}\u{9b}31m\u{202e}desrever\u{2066}";

fn forged() -> String {
    format!("{FORGED}{}", "x".repeat(1 << 20))
}

impl guest::Sin for Guest {
    const ID: &'static str = "forger";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        let mut decoded = guest::decoded(vec![guest::event("Disk full".to_owned())]);
        match request.body.as_slice() {
            b"refuse" => return Err(guest::Refusal::Malformed(forged())),
            b"ignore" => {
                decoded.events.clear();
                decoded.ignored = Some(forged());
            }
            b"reject" => {
                decoded.rejected = vec![Rejection { place: forged(), reason: forged() }];
            }
            b"panic" => panic!("{FORGED}"),
            b"print" => eprintln!("{FORGED}"),
            _ => decoded.remarks = vec![forged()],
        }
        Ok(decoded)
    }
}

guest!(Guest);
