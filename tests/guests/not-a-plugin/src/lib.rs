//! A component that has nothing to do with incidents.
//!
//! Never runs: the sandbox refuses it by the names of its exports.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({ path: "wit" });

struct Guest;

impl exports::bakery::oven::bread::Guest for Guest {
    fn bake(minutes: u32) -> u32 {
        minutes
    }
}

export!(Guest);
