//! Checks the configuration: whether it exists, has mistakes, and is readable for the relay.

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use super::super::place::Place;
use crate::config::Config;
use crate::operate::api::doctor::Finding;
use crate::runtime::clock;

const ABOUT: &str = "configuration";

/// Checks the configuration, and returns it as far as it can be read.
pub(super) fn look(place: &Place, findings: &mut Vec<Finding>) -> Option<Config> {
    let Ok(path) = place.path() else {
        let fix = "create one with `tocsin init`, or name it with --config";
        findings.push(Finding::wrong(
            ABOUT,
            "there is no tocsin.toml here and no /etc/tocsin/tocsin.toml",
            fix,
        ));
        return None;
    };
    let name = path.display().to_string();
    let (config, mistakes) = match Config::inspect(&path) {
        Ok(read) => read,
        Err(error) => {
            findings.push(Finding::wrong(ABOUT, error.to_string(), "correct it, or run this as root"));
            return None;
        }
    };
    if mistakes.is_empty() {
        let (sources, actions) = (config.sources.len(), config.actions.len());
        findings.push(Finding::ok(
            ABOUT,
            format!("{name} has no mistake (sources: {sources}, actions: {actions})"),
        ));
    }
    for mistake in mistakes {
        findings.push(Finding::wrong(
            ABOUT,
            mistake.to_string(),
            format!("correct {name}; `tocsin check` lists the mistakes"),
        ));
    }
    // The text of each contains the fix.
    let warnings = [config.exposed(), config.invalid_certificates(clock::time_of_day())].concat();
    findings.extend(
        warnings
            .into_iter()
            .map(|warning| Finding { fix: None, ..Finding::warning(ABOUT, warning.to_string(), "") }),
    );
    findings.extend(config.unseen.iter().map(|unseen| {
        Finding::warning(
            ABOUT,
            unseen.to_string(),
            "run this as root or as the relay's user to check the rest",
        )
    }));
    findings.extend(unreadable(&config));
    Some(config)
}

/// The owner of the state directory, the relay's user, must be able to read the configuration.
fn unreadable(config: &Config) -> Option<Finding> {
    let (file, state) = (config.path.metadata().ok()?, config.state_dir.metadata().ok()?);
    if state.uid() == 0 || may_read(&file, state.uid(), state.gid()) {
        return None;
    }
    let name = config.path.display();
    let (mode, gid) = (file.permissions().mode() & 0o777, state.gid());
    Some(Finding::warning(
        ABOUT,
        format!(
            "{name} (mode {mode:o}) may not be readable for user {}, who owns the state directory",
            state.uid()
        ),
        format!("chgrp {gid} {name} && chmod 640 {name}"),
    ))
}

/// Whether a user whose only group is `gid` may read it.
fn may_read(file: &Metadata, uid: u32, gid: u32) -> bool {
    let mode = file.permissions().mode();
    match (file.uid() == uid, file.gid() == gid) {
        (true, _) => mode & 0o400 != 0,
        (false, true) => mode & 0o040 != 0,
        (false, false) => mode & 0o004 != 0,
    }
}
