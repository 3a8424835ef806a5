//! The relay's own backups in their directory: found, counted, deleted.
//!
//! A file is one of them if it has the name that the relay gives and says inside that the relay made it by itself.

use std::fs::File;
use std::io::BufReader;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tocsin_core::time::Timestamp;
use tocsin_store::{Digest, read_header};

use crate::shared::backups::Made;

/// What the relay's own backups are called, around the time.
const NAME: (&str, &str) = ("tocsin-", ".backup");

/// A backup in the directory.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    path: PathBuf,
    pub(super) at: Timestamp,
    bytes: u64,
    sequence: u64,
    digest: Digest,
}

impl Kept {
    pub(super) fn into_made(self) -> Made {
        let Self { path, at, bytes, sequence, digest } = self;
        Made { path, at, bytes, sequence, digest }
    }
}

/// The name of the backup that is made at `at`, such as `tocsin-20261120T165000.250Z.backup`.
pub(super) fn name(at: Timestamp) -> String {
    let text = Timestamp::from_micros(at.micros() / 1000 * 1000).to_string();
    let plain: String = text.chars().filter(|c| !matches!(c, '-' | ':' | 'Z')).collect();
    let (seconds, rest) = plain.split_once('.').unwrap_or((&plain, ""));
    format!("{}{seconds}.{rest:0<3}Z{}", NAME.0, NAME.1)
}

/// Whether `name` is one that [`name`] makes.
fn is_name(name: &str) -> bool {
    let time = name.strip_prefix(NAME.0).and_then(|rest| rest.strip_suffix(NAME.1));
    time.is_some_and(|time| {
        time.len() == "20261120T165000.250Z".len()
            && time.bytes().enumerate().all(|(place, byte)| match place {
                8 => byte == b'T',
                15 => byte == b'.',
                19 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            })
    })
}

/// Makes the directory, and removes what an attempt that was killed left there.
pub(super) fn prepare(directory: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .with_context(|| format!("making the directory {}", directory.display()))?;
    for name in names(directory).context("looking for earlier backups")? {
        if name.strip_suffix(".partial").is_some_and(is_name) {
            // The store's lock has shown that this relay is the only one of its state.
            let path = directory.join(name);
            std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        }
    }
    Ok(())
}

fn names(directory: &Path) -> std::io::Result<Vec<String>> {
    let entries = std::fs::read_dir(directory)?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

/// The relay's own backups, the oldest first. A file that cannot be read is none of them.
pub(super) fn all(directory: &Path) -> Vec<Kept> {
    let names = names(directory).unwrap_or_default();
    let read = |name: String| {
        let path = directory.join(&name);
        let about = std::fs::symlink_metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
        let header = read_header(BufReader::new(File::open(&path).ok()?)).ok()?;
        let at = header.about.at;
        let kept = Kept { path, at, bytes: about.len(), sequence: header.sequence, digest: header.digest };
        header.about.is_scheduled.then_some(kept)
    };
    let mut all: Vec<Kept> = names.into_iter().filter(|name| is_name(name)).filter_map(read).collect();
    all.sort_by(|one, other| (one.at, &one.path).cmp(&(other.at, &other.path)));
    all
}

/// The entry of the journal behind which each of `all` ends or goes on; 0 when there is none.
pub(super) fn sequence(all: &[Kept]) -> u64 {
    all.iter().map(|kept| kept.sequence).min().unwrap_or(0)
}

/// The oldest of the relay's own backups that a journal from entry `begins` to entry `last` goes on from.
pub(super) fn checkpoint(directory: &Path, (begins, last): (u64, u64)) -> Option<PathBuf> {
    let fits = |kept: &Kept| kept.sequence.saturating_add(1) >= begins && kept.sequence <= last;
    all(directory).into_iter().find(fits).map(|kept| kept.path)
}

/// Deletes the oldest beyond `keep`.
pub(super) fn thin_out(directory: &Path, keep: usize) -> anyhow::Result<()> {
    let all = all(directory);
    for old in &all[..all.len().saturating_sub(keep)] {
        std::fs::remove_file(&old.path).with_context(|| format!("deleting {}", old.path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relays_names_are_told_from_those_that_people_give() {
        for micros in [0, 1_763_650_000_250_123, 1_763_650_000_000_000, 1_763_650_000_007_000] {
            let name = name(Timestamp::from_micros(micros));
            assert!(is_name(&name), "{name}");
        }
        assert_eq!(name(Timestamp::from_micros(1_763_650_000_250_123)), "tocsin-20251120T144640.250Z.backup");
        for other in [
            "tocsin-before-upgrade.backup",
            "tocsin-20251120T144640.250Z.backup.partial",
            "tocsin-20251120T144640Z.backup",
            "my-tocsin-20251120T144640.250Z.backup",
            "tocsin-20251120T144640.250Z.backup~",
        ] {
            assert!(!is_name(other), "{other}");
        }
    }
}
