//! What was written, and what to do next.

use std::path::Path;

use super::super::curl;
use super::draft::Draft;
use super::file::Made;
use crate::commands::out::say;
use crate::operate::api::init::Written;
use crate::operate::api::status::Checked;

/// Where the package's unit looks for the configuration.
const OF_UNIT: &str = "/etc/tocsin/tocsin.toml";
/// The package's unit.
const UNIT: &str = "/usr/lib/systemd/system/tocsin.service";

/// What `tocsin init` answers.
pub(super) fn written(path: &Path, draft: &Draft, made: Made, checked: Checked) -> Written {
    let config = path.display().to_string();
    let sample = |example| curl::line(&curl::address(&draft.local_url(), &draft.token, example), example);
    Written {
        mode: format!("{:04o}", made.mode),
        before: made.before.map(|before| before.display().to_string()),
        source: draft.source().to_owned(),
        connection: draft.connection().to_owned(),
        action: draft.action(),
        url: format!("{}?token={}", draft.public_url(), draft.token),
        curl: draft.example().map(sample),
        to_fill_in: draft.to_fill_in(),
        checked,
        next: next(&config),
        config,
    }
}

/// The next commands: run the relay, see what came in, see what is wrong.
fn next(config: &str) -> Vec<String> {
    if config == OF_UNIT && Path::new(UNIT).exists() {
        return vec![
            "systemctl restart tocsin".to_owned(),
            "tocsin incidents list".to_owned(),
            "tocsin doctor".to_owned(),
        ];
    }
    ["serve", "incidents list", "doctor"]
        .map(|command| format!("tocsin {command} --config {config}"))
        .to_vec()
}

/// Says what was written.
pub(super) fn wrote(written: &Written) {
    if let Some(before) = &written.before {
        say!("\n{} had comments alone; it is called {before} now", written.config);
    } else {
        say!("");
    }
    say!("wrote {} (mode {})", written.config, written.mode);
}

/// Says how to send the first alert.
pub(super) fn invite(written: &Written) {
    say!("\nSenders send to (the token is a secret):\n  {}", written.url);
    let mut next = written.next.iter();
    if let Some(run) = next.next() {
        say!("\nNext, run the relay:\n  {run}");
    }
    match &written.curl {
        Some(curl) => say!("\nand send it a sample alert, from another terminal:\n  {curl}"),
        None => say!("\nand send an alert to the address above."),
    }
    say!("\nWhat came of it, and what is wrong if nothing did:");
    next.for_each(|command| say!("  {command}"));
}

/// Says what is left to do.
pub(super) fn advise(written: &Written) {
    if written.to_fill_in.is_empty() {
        say!("\nCorrect what the check says, then: tocsin check --config {}", written.config);
        return;
    }
    say!("\nFill in what is required (the lines are there as comments):");
    written.to_fill_in.iter().for_each(|path| say!("  {path}"));
    say!("then: tocsin check --config {}", written.config);
}
