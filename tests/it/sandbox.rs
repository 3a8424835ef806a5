//! The sandbox against guests that mean harm or are broken: every one of `tests/guests/` has a test in here,
//! or the build fails.

mod calls;
mod interpreted;
mod loading;
mod sins;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use tocsin_core::event::EventChange;
use tocsin_core::id::{Id, Kind};
use tocsin_core::plugin::{Decoded, Pair, SourceRequest};
use tocsin_core::time::Timestamp;
use tocsin_sandbox::{CallError, Limits, LoadError, Plugin, Sandbox, SandboxConfig};

use crate::harness::sandbox_config as usual;

/// Paths of the compiled guests. One that no test names is dead code, and dead code is an error here.
#[deny(dead_code)]
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

/// When the tests' requests come in: 2026-11-20T16:50:00.25Z.
const NOW: Timestamp = Timestamp::from_micros(1_795_193_400_250_000);

/// One sandbox for all tests, so that each of them also shows that the others leave nothing behind.
static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| {
    let config = SandboxConfig { pool_size: 8, ..usual() };
    Sandbox::new(config).expect("this machine runs components")
});

/// Limits that no good call meets, however busy the machine is.
fn roomy() -> Limits {
    Limits { wall: Duration::from_secs(30), ..Limits::default() }
}

/// Limits that end a bad call soon.
fn tight() -> Limits {
    Limits { wall: Duration::from_millis(300), memory_bytes: 16 << 20, ..Limits::default() }
}

fn bytes(guest: &str) -> Vec<u8> {
    std::fs::read(guest).expect("the build script made it")
}

async fn load(guest: &str) -> Result<Plugin, LoadError> {
    let name = Path::new(guest).file_name().expect("a file").to_string_lossy();
    SANDBOX.load_with(&name, bytes(guest), roomy()).await
}

async fn loaded(guest: &str) -> Plugin {
    load(guest).await.expect("it is a plugin")
}

fn request(body: &str) -> SourceRequest {
    SourceRequest {
        method: "POST".to_owned(),
        path: "/path".to_owned(),
        query: vec![Pair::new("q", "query")],
        headers: vec![Pair::new("x-header", "header")],
        body: body.as_bytes().to_vec(),
        received_at: NOW,
    }
}

fn seed<K: Kind>(n: u128) -> Id<K> {
    Id::new(NOW, n)
}

async fn decode(plugin: &Plugin, body: &str) -> Result<Decoded, CallError> {
    let answer = plugin.decode(request(body), &[], seed(1)).await?;
    Ok(answer.value.expect("the guest does not refuse"))
}

/// What a guest says in its only event's title.
async fn printed(guest: &str) -> String {
    let decoded = decode(&loaded(guest).await, "body").await.expect("it answers");
    assert_eq!(decoded.events.len(), 1);
    assert_eq!(decoded.events[0].change, EventChange::Trigger);
    decoded.events[0].title.clone()
}

/// The error of a guest's call, after which another guest's call must be as good as ever.
async fn stopped(guest: &str) -> CallError {
    let plugin = loaded(guest).await.with_limits(tight());
    let error = decode(&plugin, "body").await.expect_err("it is stopped");
    let id = Path::new(guest).file_stem().expect("a file").to_string_lossy();
    assert_eq!(format!("guest_{}", error.plugin.replace('-', "_")), id);
    assert_eq!(error.version, "1.0.0");
    assert_eq!(error.digest.len(), 64);
    let after = decode(&loaded(guests::POLITE).await, "after").await.expect("the next call is not disturbed");
    assert_eq!(after.events[0].key, "after");
    error
}
