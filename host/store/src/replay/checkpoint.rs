//! The state that a replay begins with: nothing, or that of a backup.
//!
//! A backup is read to its end and checked before anything is replayed after it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use redb::{Database, ReadableDatabase};

use super::ReplayError;
use crate::backup::{BackupError, Checked, read_all, read_header};
use crate::block::{self, Link};
use crate::digest::{Digest, running};
use crate::error::Fault;
use crate::filling::Filling;
use crate::journal;
use crate::read::Snapshot;
use crate::state::Head;
use crate::tables;
use crate::{rows, state_digest};

/// Bytes of the file that are read at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// The state of a backup, as far as it is known without reading it again.
pub(super) struct Checkpoint {
    pub(super) head: Head,
    /// Records that had been set aside before the backup was made.
    pub(super) set_aside: usize,
}

/// Puts the state of the backup at `path` into `copy`, in which there is nothing yet, when the journal in `snapshot` goes
/// on from there.
pub(super) fn load(
    snapshot: &Snapshot,
    path: &Path,
    copy: &Database,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Checkpoint, ReplayError> {
    let refused = |error: BackupError| ReplayError::Backup { path: path.to_owned(), error };
    let open = || {
        let file = File::open(path).map_err(|error| refused(error.into()))?;
        Ok::<_, ReplayError>(BufReader::with_capacity(BUFFER_BYTES, file))
    };
    // What does not fit shows before all of it is read.
    let ends = read_header(open()?).map_err(refused)?.sequence;
    let (begins, last) = journal::ends(snapshot)?.unwrap_or((1, 0));
    if ends > last {
        return Err(ReplayError::Later { last, ends });
    }
    if ends.saturating_add(1) < begins {
        return Err(ReplayError::Gap { begins, ends });
    }
    let input = open()?;
    let progress = &mut |done, total: u64| progress(done, total + (last - ends));
    let digest = running(Digest::default());
    let mut filling = Filling::new(copy, &digest);
    // The last entry, with its key.
    let mut last = None;
    let mut set_aside = 0;
    let put = |table: tables::Definition, key: &[u8], value: &[u8]| -> Result<(), BackupError> {
        match table {
            tables::JOURNAL => last = Some((key.to_vec(), value.to_vec())),
            tables::SET_ASIDE => set_aside += 1,
            _ if table.is_state => filling.put(table, key, value)?,
            _ => {}
        }
        Ok(())
    };
    let checked = read_all(input, put, progress).map_err(refused)?;
    filling.finish()?;
    let head = head(copy, &checked, digest.get(), last)?;
    if !is_of(snapshot, &head)? {
        return Err(ReplayError::Foreign { ends });
    }
    Ok(Checkpoint { head, set_aside })
}

fn head(
    copy: &Database,
    checked: &Checked,
    digest: Digest,
    last: Option<(Vec<u8>, Vec<u8>)>,
) -> Result<Head, Fault> {
    let snapshot = Snapshot::of_copy(copy.begin_read()?);
    let meta = snapshot.table(tables::META)?;
    let counters = rows::get(&meta, tables::META, tables::META_COUNTERS)?.unwrap_or_default();
    debug_assert_eq!(state_digest::kept(&meta).ok(), Some(digest));
    let mut head = Head { counters, digest, ..Head::default() };
    if let Some((key, row)) = last {
        let first = rows::sequence(&key)?;
        let chain = block::end(first, &row).chain;
        head.at_row(Link { number: checked.header.sequence, chain }, (first, &row));
    }
    Ok(head)
}

/// Whether the journal in `snapshot` has the entry that `head` ends with, or goes on behind it.
fn is_of(snapshot: &Snapshot, head: &Head) -> Result<bool, Fault> {
    let end = head.link();
    // What cannot be read shows when it is replayed.
    Ok(end.number == 0
        || Link::before(snapshot, end.number.saturating_add(1))?.is_none_or(|link| link == end))
}
