//! Says what time it is and what random numbers it was given.
//!
//! Never runs natively: the host's tests run it in the sandbox.
#![cfg(target_family = "wasm")]

#[path = "../../../guest.rs"]
pub mod guest;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

struct Guest;

impl guest::Sin for Guest {
    const ID: &'static str = "clock-random";

    fn commit(request: guest::Request) -> Result<guest::Decoded, guest::Refusal> {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_micros()).unwrap_or(0);
        let began = Instant::now();
        let mut work = request.body.len();
        for n in 0..100_000 {
            work = std::hint::black_box(work ^ n);
        }
        let elapsed = began.elapsed().as_nanos();
        let random = RandomState::new().hash_one(work);
        let order: HashMap<u32, u32> = (0..16).map(|n| (n, n)).collect();
        let order: Vec<String> = order.keys().map(u32::to_string).collect();
        guest::say(format!("wall {wall}; elapsed {elapsed}; random {random}; order {}", order.join(" ")))
    }
}

guest!(Guest);
