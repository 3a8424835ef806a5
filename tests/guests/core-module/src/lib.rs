//! A core module: what comes out of a build for wasm32-unknown-unknown that nobody made a component of.
//!
//! Never runs; the sandbox refuses it by its first bytes.
#![cfg(target_family = "wasm")]

/// Something to export.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> u32 {
    42
}
