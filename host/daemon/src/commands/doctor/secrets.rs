//! Checks the managed secrets: whether they can be decrypted, and who may read the two files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::config::{Config, KeySource};
use crate::operate::api::doctor::Finding;

const ABOUT: &str = "secrets";
/// The permissions of group and others.
const NOT_OWNER: u32 = 0o077;
/// The permissions of others alone: a group may be meant to read a key in /etc.
const OTHERS: u32 = 0o007;

/// Checks the store, if there is one.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let opened = match config.vault.open() {
        Ok(None) => return Vec::new(),
        Ok(Some(opened)) => opened,
        // The text contains the fix. If the configuration uses a secret, this is one of its mistakes as well.
        Err(error) => return vec![Finding { fix: None, ..Finding::warning(ABOUT, error.to_string(), "") }],
    };
    let count = opened.list().len();
    let mut findings = vec![match (opened.locked(), opened.key_source()) {
        (Some(error), _) => Finding { fix: None, ..Finding::warning(ABOUT, error.to_string(), "") },
        (None, Some(key)) => {
            Finding::ok(ABOUT, format!("managed secrets can be decrypted (secrets: {count}; key: {key})"))
        }
        (None, None) => Finding::ok(ABOUT, format!("managed secrets: {count}")),
    }];
    findings.extend(exposed(&config.vault.path(), NOT_OWNER));
    findings.extend(match opened.key_source() {
        Some(KeySource::Made(path)) => exposed(path, NOT_OWNER),
        Some(KeySource::File(path)) => exposed(path, OTHERS),
        Some(KeySource::Credential(_)) | None => None,
    });
    findings
}

fn exposed(path: &Path, denied: u32) -> Option<Finding> {
    let mode = path.metadata().ok()?.permissions().mode() & 0o777;
    let name = path.display();
    (mode & denied != 0).then(|| {
        let fix = if denied == NOT_OWNER { "chmod 600" } else { "chmod o=" };
        let found = format!("{name} has mode {mode:o}: other users can access it");
        Finding::warning(ABOUT, found, format!("{fix} {name}"))
    })
}
