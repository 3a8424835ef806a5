//! What the tests of the real binary share: a relay in a folder of its own, receivers whose answers a test
//! scripts, requests by hand, the command line.
//!
//! Waits only by polling a condition until a deadline. Never uses a fixed port, a shared state or the network
//! beyond loopback.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

mod authority;
mod collector;
mod config;
mod guests;
mod http;
mod proxy;
mod receiver;
mod relay;
mod running;
mod site;
mod store;
mod tls;

pub(crate) use authority::{Authority, Certificate};
pub(crate) use collector::{Span, spans};
pub(crate) use config::{TOKEN, action, connection, settings, source};
pub(crate) use guests::guest;
pub(crate) use http::{Answer, Request};
pub(crate) use proxy::{Conduct, Proxy};
pub(crate) use receiver::{Gate, Receiver, Recorded, Reply};
pub(crate) use relay::{Relay, at};
pub(crate) use running::Running;
pub(crate) use site::{Ran, Site, sandbox_config};
pub(crate) use store::database;
pub(crate) use tls::Secure;

/// How long anything may take before a test gives up: far longer than it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(10);

/// Waits until `look` finds something, and returns it.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain until {what}");
        thread::sleep(PAUSE);
    }
}

/// Set where everything is installed that a test needs, as `.ci/run` does: there, a test that is skipped fails.
const SKIPS_FAIL: &str = "TOCSIN_SKIPS_FAIL";

/// Says that something was not tested, for lack of a program that can be had; fails where it must be there.
pub(crate) fn skipped(what: &str) {
    assert!(
        std::env::var_os(SKIPS_FAIL).is_none(),
        "skipped {what}. {SKIPS_FAIL} is set: install it, or add it to `.ci/run`"
    );
    absent(what);
}

/// Says, past the capture of what tests print, that something was not tested for lack of files that are not part of
/// this repository, or of a right that this machine does not give: nothing installs either.
pub(crate) fn absent(what: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}");
}

/// Who did something with `--as`, as it is recorded: the claim, and the system's user who made it.
pub(crate) fn claimed(name: &str) -> String {
    let user = std::process::Command::new("id").arg("-un").output().expect("a command of every system");
    format!("{name} ({})", String::from_utf8_lossy(&user.stdout).trim())
}

/// Printable text of so many bytes, without a quotation mark, that compression makes smaller by a sixth alone; another one
/// for each `seed`.
pub(crate) fn noise(seed: u64, bytes: usize) -> String {
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    let printable = (b'#'..=b'~').filter(|byte| *byte != b'\\').map(char::from).collect::<Vec<_>>();
    let at = |state: u64| printable.get((state >> 33) as usize % printable.len()).copied();
    let first = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::successors(Some(first), next).skip(1).take(bytes).filter_map(at).collect()
}
