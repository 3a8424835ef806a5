//! The compiled guests of `tests/guests/`, as bytes to be dropped.

use std::fs;
use std::path::Path;

#[expect(dead_code, reason = "here are all of them; two say where the others are")]
mod paths {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

/// The component of the guest of this name.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    let beside = if name == "core-module" { paths::CORE_MODULE } else { paths::POLITE };
    let path = Path::new(beside).with_file_name(format!("guest_{}.wasm", name.replace('-', "_")));
    fs::read(&path).expect("the build script made it")
}
