//! The compiled guests of `tests/guests/`, as bytes to be dropped.

use std::fs;

#[expect(dead_code, reason = "here are all of them; most are for the sandbox's own tests")]
mod paths {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

pub(crate) use paths::*;

/// A guest's component.
pub(crate) fn guest(path: &str) -> Vec<u8> {
    fs::read(path).expect("the build script made it")
}
