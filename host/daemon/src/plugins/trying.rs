//! Files that the relay died over: a mark on the disk while a file is tried, and what marks that were left say.
//!
//! A file that was never in force is skipped after one death; one that was, after three, since then something else is
//! likely to have ended the relay. Never marks what comes with the relay.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::runtime::folder::Folder;

/// The marks: the files that are being tried.
const TRYING: &str = "trying.json";
/// The files that the relay died over.
const DEATHS: &str = "deaths.json";
/// Deaths after which a file is skipped that was never in force.
const UNPROVEN: u32 = 1;
/// Deaths after which a file is skipped that was in force.
const PROVEN: u32 = 3;

/// A file that is being tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    file: String,
    digest: String,
}

/// How often the relay died while it tried each file, by digest.
#[derive(Debug)]
pub(super) struct Trying {
    folder: Folder,
    deaths: Mutex<BTreeMap<String, u32>>,
    marks: Mutex<Vec<Mark>>,
}

/// A mark that is taken away when this is dropped.
pub(super) struct Marked<'a> {
    trying: &'a Trying,
    mark: Mark,
}

impl Trying {
    /// Reads what is known, and counts the mark that an earlier process left.
    pub(super) fn open(folder: &Folder) -> Self {
        let mut deaths: BTreeMap<String, u32> = folder.read(DEATHS).unwrap_or_else(|error| {
            tracing::error!(%error, "the record of files that the relay died over cannot be read and begins anew");
            BTreeMap::new()
        });
        // A command that only looks may see the marks of a relay that runs.
        let marks: Vec<Mark> =
            if folder.is_writable() { folder.read(TRYING).unwrap_or_default() } else { Vec::new() };
        for Mark { file, digest } in &marks {
            let count = deaths.entry(digest.clone()).or_default();
            *count = count.saturating_add(1);
            tracing::error!(file, digest, count = *count, "the relay ended while it tried this plugin file");
        }
        if !marks.is_empty()
            && let Err(error) = folder.write(DEATHS, &deaths).and_then(|()| folder.remove(TRYING))
        {
            tracing::error!(%error, "the record of files that the relay died over cannot be written");
        }
        Self { folder: folder.clone(), deaths: Mutex::new(deaths), marks: Mutex::default() }
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
        let mut marks = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        marks.push(mark.clone());
        if let Err(error) = self.folder.write(TRYING, &*marks) {
            marks.pop();
            return Err(error);
        }
        Ok(Marked { trying: self, mark })
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
        let mut marks = self.trying.marks.lock().unwrap_or_else(PoisonError::into_inner);
        let place = marks.iter().position(|mark| *mark == self.mark);
        place.map(|place| marks.swap_remove(place));
        let folder = &self.trying.folder;
        let written = if marks.is_empty() { folder.remove(TRYING) } else { folder.write(TRYING, &*marks) };
        if let Err(error) = written {
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
        let folder = Folder::new(state.path(), "plugin-records", true);
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
        // Two at once: the mark of one does not go with the other's.
        let trying = Trying::open(&folder);
        let (one, other) =
            (trying.begin("a.wasm", "1").expect("marked"), trying.begin("b.wasm", "2").expect("marked"));
        drop(one);
        std::mem::forget(other);
        let trying = Trying::open(&folder);
        assert!(
            trying.refusal("a.wasm", "1", false).is_none() && trying.refusal("b.wasm", "2", false).is_some()
        );
        assert!(trying.forget("bad").expect("written"));
        assert!(!trying.forget("bad").expect("nothing to do"));
        let trying = Trying::open(&folder);
        assert_eq!(trying.refusal("a.wasm", "bad", false), None);
        assert!(trying.refusal("b.wasm", "other", false).is_some(), "that is another file");
    }
}
