//! Prints four megabytes on each stream, and then answers.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "output-flood";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        for n in 0..40_000 {
            println!("line {n} of {}: {}", request.method, "x".repeat(80));
            eprintln!("error {n} of {}: {}", request.method, "x".repeat(80));
        }
        guest::say("printed")
    }
}

guest!(Guest);
