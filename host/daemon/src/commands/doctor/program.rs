//! Runs another program of the machine, for a few seconds at most.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The time limit of the program.
const PATIENCE: Duration = Duration::from_secs(5);
/// The interval of checks whether the program has ended.
const PAUSE: Duration = Duration::from_millis(10);
/// Bytes of the program's output: far more than the requested properties need, and less than a pipe's buffer.
const BYTES_MAX: u64 = 32 * 1024;

/// The output of the program; none if it is missing, fails, or takes too long.
pub(super) fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.env("LC_ALL", "C").spawn().ok()?;
    let began = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if began.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            Ok(None) | Err(_) => {
                // It may have ended meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    };
    let mut said = String::new();
    child.stdout.take()?.take(BYTES_MAX).read_to_string(&mut said).ok()?;
    status.success().then_some(said)
}

/// The value of a property in lines such as `NTPSynchronized=yes`.
pub(super) fn property<'a>(said: &'a str, name: &str) -> &'a str {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix('=');
    said.lines().find_map(value).unwrap_or_default()
}
