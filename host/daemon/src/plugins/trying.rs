//! Files that the relay died over: a mark on the disk while a file is tried, and what the marks that were left say.
//!
//! A file that was never in force is skipped after one death; one that was, after three, since then something else is
//! likely to have ended the relay. Never marks what comes with the relay.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::records::Folder;

/// The mark: the file that is being tried.
const TRYING: &str = "trying.json";
/// The files that the relay died over.
const DEATHS: &str = "deaths.json";
/// Deaths after which a file is skipped that was never in force.
const UNPROVEN: u32 = 1;
/// Deaths after which a file is skipped that was in force.
const PROVEN: u32 = 3;

/// A file that is being tried.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    file: String,
    digest: String,
}

/// How often the relay died while it tried each file, by digest.
#[derive(Debug)]
pub(super) struct Trying {
    folder: Folder,
    deaths: Mutex<BTreeMap<String, u32>>,
}

/// A mark that is taken away when this is dropped.
pub(super) struct Marked<'a> {
    folder: &'a Folder,
}

impl Trying {
    /// Reads what is known, and counts the mark that an earlier process left.
    pub(super) fn open(folder: &Folder) -> Self {
        let mut deaths: BTreeMap<String, u32> = folder.read(DEATHS).unwrap_or_else(|error| {
            tracing::error!(%error, "the record of files that the relay died over cannot be read and begins anew");
            BTreeMap::new()
        });
        // A command that only looks may see the mark of a relay that runs.
        if folder.is_writable()
            && let Ok(Some(Mark { file, digest })) = folder.read::<Option<Mark>>(TRYING)
        {
            let count = deaths.entry(digest.clone()).or_default();
            *count = count.saturating_add(1);
            tracing::error!(file, digest, times = *count, "the relay ended while it tried this plugin file");
            let kept = folder.write(DEATHS, &deaths).and_then(|()| folder.remove(TRYING));
            if let Err(error) = kept {
                tracing::error!(%error, "the record of files that the relay died over cannot be written");
            }
        }
        Self { folder: folder.clone(), deaths: Mutex::new(deaths) }
    }

    /// Why a file is not tried, if it is not.
    pub(super) fn refusal(&self, file: &str, digest: &str, is_proven: bool) -> Option<String> {
        let deaths = self.lock().get(digest).copied().unwrap_or_default();
        let limit = if is_proven { PROVEN } else { UNPROVEN };
        (deaths >= limit).then(|| {
            format!(
                "the relay ended while it tried this file, so it is skipped: replace the file, or have it tried again \
                 with `tocsin plugins approve {file}`"
            )
        })
    }

    /// Marks a file as being tried. Returns when the mark is on the disk.
    pub(super) fn begin(&self, file: &str, digest: &str) -> io::Result<Marked<'_>> {
        let mark = Mark { file: file.to_owned(), digest: digest.to_owned() };
        self.folder.write(TRYING, &mark)?;
        Ok(Marked { folder: &self.folder })
    }

    /// Forgets the deaths over a file: it was tried to the end, or an operator has it tried again. Whether there were
    /// any.
    pub(super) fn forget(&self, digest: &str) -> io::Result<bool> {
        let mut deaths = self.lock();
        if deaths.remove(digest).is_none() {
            return Ok(false);
        }
        self.folder.write(DEATHS, &*deaths).map(|()| true)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.deaths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Marked<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.folder.remove(TRYING) {
            tracing::error!(%error, "the mark of a plugin file that was tried cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that ends while it tries the file.
    fn die_over(folder: &Folder, digest: &str) {
        std::mem::forget(Trying::open(folder).begin("a.wasm", digest).expect("marked"));
    }

    #[test]
    fn a_file_that_was_never_in_force_is_skipped_after_one_death_and_one_that_was_after_three() {
        let state = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(state.path(), true);
        drop(Trying::open(&folder).begin("a.wasm", "fine").expect("marked"));
        assert_eq!(Trying::open(&folder).refusal("a.wasm", "fine", false), None, "it was tried to the end");
        die_over(&folder, "bad");
        for deaths in 1..=3 {
            let trying = Trying::open(&folder);
            let why = trying.refusal("a.wasm", "bad", false).expect("it is skipped");
            assert!(why.contains("tocsin plugins approve a.wasm"), "{why}");
            assert_eq!(trying.refusal("a.wasm", "bad", true).is_some(), deaths == 3, "{deaths}");
            die_over(&folder, if deaths == 3 { "other" } else { "bad" });
        }
        let trying = Trying::open(&folder);
        assert!(trying.forget("bad").expect("written"));
        assert!(!trying.forget("bad").expect("nothing to do"));
        let trying = Trying::open(&folder);
        assert_eq!(trying.refusal("a.wasm", "bad", false), None);
        assert!(trying.refusal("b.wasm", "other", false).is_some(), "that is another file");
    }
}
