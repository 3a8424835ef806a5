//! How fast a relay is, and what that costs, through the real binary.
//!
//! `cargo bench -p tocsin-tests --bench speed` prints all; with `-- beside` and the like, a part:
//!
//! - `beside`: beside Alertmanager on the same machine in one run, one alert of 600 bytes a request, each about something
//!   else, one webhook for each. Needs `wrk`, and `prometheus-alertmanager` for the comparison. `TOCSIN_SECONDS` (10) says
//!   for how long each load goes on.
//! - `growth`: what an alert costs when there are few incidents, and when there are many: up to `TOCSIN_INCIDENTS`
//!   (1,000,000).
//! - `repeats`: how long requests wait while 100,000 repetitions are due at once.
//! - `idle`: what a connection costs over which nothing comes.
//!
//! Two processors or more: the load and the receiver share them with what is measured.
#![expect(clippy::unwrap_used, reason = "a measurement that cannot be made ends")]

use std::process::Command;

mod beside;
mod growth;
mod idle;
mod load;
mod paced;
mod peer;
mod receiver;
mod repeats;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("skipped: this only measures, with `cargo bench`");
        return;
    }
    let parts: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|one| !one.starts_with("--")).collect();
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seconds = number("TOCSIN_SECONDS").unwrap_or(10);
    let incidents = number("TOCSIN_INCIDENTS").unwrap_or(1_000_000);
    let all: [(&str, &dyn Fn()); 4] = [
        ("beside", &|| beside::run(seconds)),
        ("growth", &|| growth::run(incidents)),
        ("repeats", &|| repeats::run(seconds)),
        ("idle", &idle::run),
    ];
    if let Some(unknown) = parts.iter().find(|part| all.iter().all(|(name, _)| name != *part)) {
        println!("there is no part `{unknown}`: there are beside, growth, repeats and idle");
        return;
    }
    for (name, run) in all {
        if parts.is_empty() || parts.contains(&name) {
            run();
        }
    }
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}
