//! Reports the written configuration and the next steps.

use std::path::Path;

use super::draft::Draft;
use super::file::Made;
use crate::commands::out::say;
use crate::operate::api::init::Written;
use crate::operate::api::status::Checked;
use crate::operate::curl;

/// The configuration that the package's unit uses.
const OF_UNIT: &str = "/etc/tocsin/tocsin.toml";
/// The package's unit.
const UNIT: &str = "/usr/lib/systemd/system/tocsin.service";

/// The result of `tocsin init`.
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

/// The next commands: run the relay, list incidents, find problems.
fn next(config: &str) -> Vec<String> {
    if config == OF_UNIT && Path::new(UNIT).exists() {
        return vec![
            "systemctl reload-or-restart tocsin".to_owned(),
            "tocsin incidents list".to_owned(),
            "tocsin doctor".to_owned(),
        ];
    }
    ["serve", "incidents list", "doctor"]
        .map(|command| format!("tocsin {command} --config {config}"))
        .to_vec()
}

/// Prints what was written.
pub(super) fn wrote(written: &Written) {
    if let Some(before) = &written.before {
        say!("\nthe previous {} contained only comments; it is now {before}", written.config);
    } else {
        say!("");
    }
    say!("wrote {} (mode {})", written.config, written.mode);
}

/// Prints how to send the first alert.
pub(super) fn invite(written: &Written) {
    say!("\nThe address for senders (the token is a secret):\n  {}", written.url);
    let mut next = written.next.iter();
    if let Some(run) = next.next() {
        say!("\nNext, run the relay:\n  {run}");
    }
    match &written.curl {
        Some(curl) => say!("\nSend it a sample alert from another terminal:\n  {curl}"),
        None => say!("\nSend an alert to the address above."),
    }
    say!("\nShow the incident, and find the problem if there is none:");
    next.for_each(|command| say!("  {command}"));
}

/// Prints the remaining steps.
pub(super) fn advise(written: &Written) {
    if written.to_fill_in.is_empty() {
        say!("\nCorrect these problems, then run: tocsin check --config {}", written.config);
        return;
    }
    say!("\nFill in the required settings (the file has them as comments):");
    written.to_fill_in.iter().for_each(|path| say!("  {path}"));
    say!("Then run: tocsin check --config {}", written.config);
}
