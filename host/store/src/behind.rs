//! Writes of a commit that are made in the background, while the next commits go into the log.
//!
//! To whoever reads, they are made: a read finds them. On disk, those before a sync come about before those after it, so
//! that a crash leaves what a crash during the commit would have left. Never makes a write by itself: [`crate::medium`]
//! does.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Writes that no sync is between, by offset. No two of them overlap.
#[derive(Debug, Default)]
pub(crate) struct Group {
    writes: BTreeMap<u64, Arc<[u8]>>,
    /// Bytes of the longest.
    longest: u64,
    /// Whether a sync follows.
    syncs: bool,
}

impl Group {
    /// The writes, in the order of their offsets.
    pub(crate) fn writes(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.writes.iter().map(|(offset, bytes)| (*offset, &**bytes))
    }

    /// Those that touch `length` bytes from `offset`.
    fn touching(&self, offset: u64, length: u64) -> impl Iterator<Item = (u64, &Arc<[u8]>)> {
        let from = offset.saturating_sub(self.longest);
        let near = self.writes.range(from..offset.saturating_add(length));
        near.map(|(at, bytes)| (*at, bytes)).filter(move |(at, bytes)| at + bytes.len() as u64 > offset)
    }

    /// Whether this write may be one of the group: in place of one that is there, or apart from all.
    fn takes(&self, offset: u64, length: usize) -> bool {
        !self.syncs
            && self.touching(offset, length as u64).all(|(at, bytes)| (at, bytes.len()) == (offset, length))
    }
}

/// What is kept for later, and what is on its way.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    /// In their order.
    groups: Vec<Arc<Group>>,
}

#[derive(Debug, Default)]
enum Phase {
    /// Writes are made at once.
    #[default]
    Idle,
    /// A commit is made, whose writes are kept.
    Keeping,
    /// What was kept is being made.
    UnderWay,
    /// It could not be made, and nothing more is.
    Failed(io::ErrorKind, String),
}

impl Behind {
    /// From now on, writes are kept. Waits for those that are under way.
    ///
    /// # Errors
    /// They could not be made.
    pub(crate) fn begin(&self) -> io::Result<()> {
        self.settled()?.phase = Phase::Keeping;
        Ok(())
    }

    /// Keeps a write; whether it does. If not, it is to be made at once, which waits for those that are under way.
    ///
    /// # Errors
    /// They could not be made.
    pub(crate) fn keep(&self, offset: u64, data: &[u8]) -> io::Result<bool> {
        let mut state = self.settled()?;
        if !matches!(state.phase, Phase::Keeping) {
            return Ok(false);
        }
        if !state.groups.last().is_some_and(|group| group.takes(offset, data.len())) {
            state.groups.push(Arc::default());
        }
        // Nobody else holds the group while writes are kept.
        if let Some(group) = state.groups.last_mut().and_then(Arc::get_mut) {
            group.longest = group.longest.max(data.len() as u64);
            group.writes.insert(offset, data.into());
        }
        Ok(true)
    }

    /// Keeps a sync; whether it does. If not, it is to be made at once.
    ///
    /// # Errors
    /// As [`Behind::keep`].
    pub(crate) fn keep_sync(&self) -> io::Result<bool> {
        let mut state = self.settled()?;
        if !matches!(state.phase, Phase::Keeping) {
            return Ok(false);
        }
        if state.groups.is_empty() {
            // Of what was done at once before: a longer file.
            state.groups.push(Arc::default());
        }
        if let Some(group) = state.groups.last_mut().and_then(Arc::get_mut) {
            group.syncs = true;
        }
        Ok(true)
    }

    /// The commit is complete: what is to be made now. [`Behind::end`] has to follow.
    pub(crate) fn take(&self) -> Vec<Arc<Group>> {
        let mut state = self.lock();
        state.phase = Phase::UnderWay;
        state.groups.clone()
    }

    /// What was taken is made, or is not.
    pub(crate) fn end(&self, made: io::Result<()>) {
        let mut state = self.lock();
        state.phase = match made {
            Ok(()) => {
                state.groups.clear();
                Phase::Idle
            }
            Err(error) => Phase::Failed(error.kind(), error.to_string()),
        };
        self.ended.notify_all();
    }

    /// Nothing of what is kept, or could not be made, is wanted any more. Waits for what is under way.
    pub(crate) fn give_up(&self) {
        let mut state = self.wait();
        *state = State::default();
    }

    /// Whether writes are kept.
    pub(crate) fn is_keeping(&self) -> bool {
        matches!(self.lock().phase, Phase::Keeping)
    }

    /// Whether nothing is under way.
    ///
    /// # Errors
    /// It could not be made.
    pub(crate) fn is_idle(&self) -> io::Result<bool> {
        let state = self.lock();
        check(&state)?;
        Ok(matches!(state.phase, Phase::Idle))
    }

    /// Waits until everything is made.
    ///
    /// # Errors
    /// It could not be made.
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.settled().map(|_| ())
    }

    /// The writes that touch `length` bytes from `offset`, the oldest first. Those that are made in the meantime say the
    /// same as the file.
    pub(crate) fn over(&self, offset: u64, length: u64) -> Vec<(u64, Arc<[u8]>)> {
        let state = self.lock();
        let touching = state.groups.iter().flat_map(|group| group.touching(offset, length));
        touching.map(|(at, bytes)| (at, Arc::clone(bytes))).collect()
    }

    /// The state when nothing is under way.
    fn settled(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.wait();
        check(&state)?;
        Ok(state)
    }

    fn wait(&self) -> MutexGuard<'_, State> {
        let is_under_way = |state: &mut State| matches!(state.phase, Phase::UnderWay);
        self.ended.wait_while(self.lock(), is_under_way).unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing of it is left half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check(state: &State) -> io::Result<()> {
    match &state.phase {
        Phase::Failed(kind, words) => Err(io::Error::new(*kind, words.clone())),
        Phase::Idle | Phase::Keeping | Phase::UnderWay => Ok(()),
    }
}

/// Lays `writes` over `out`, which is what the file has from `offset` on.
pub(crate) fn lay_over(out: &mut [u8], offset: u64, writes: &[(u64, Arc<[u8]>)]) {
    for (at, bytes) in writes {
        let (from, skipped) = (at.saturating_sub(offset), offset.saturating_sub(*at));
        let (Ok(from), Ok(skipped)) = (usize::try_from(from), usize::try_from(skipped)) else { continue };
        let (Some(out), Some(bytes)) = (out.get_mut(from..), bytes.get(skipped..)) else { continue };
        let length = out.len().min(bytes.len());
        out[..length].copy_from_slice(&bytes[..length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(behind: &Behind, file: &[u8], offset: u64, length: usize) -> Vec<u8> {
        let mut out = file[offset as usize..][..length].to_vec();
        lay_over(&mut out, offset, &behind.over(offset, length as u64));
        out
    }

    #[test]
    fn a_read_finds_what_was_written_last_wherever_it_begins() {
        let behind = Behind::default();
        behind.begin().unwrap();
        let mut file = vec![b'.'; 64];
        let expected = |offset: usize, bytes: &[u8], file: &mut Vec<u8>| {
            file[offset..offset + bytes.len()].copy_from_slice(bytes);
        };
        let old = file.clone();
        for (offset, bytes) in [
            (8, &b"aaaaaaaa"[..]),
            (16, b"bbbb"),
            (8, b"cccccccc"),
            (12, b"dd"),
            (0, b"eeeeeeeeee"),
            (40, b"f"),
        ] {
            assert!(behind.keep(offset, bytes).unwrap());
            expected(offset as usize, bytes, &mut file);
            if offset == 8 {
                assert!(behind.keep_sync().unwrap());
            }
            for from in 0..60 {
                for length in [1, 4, 64 - from] {
                    assert_eq!(read(&behind, &old, from as u64, length), &file[from..from + length]);
                }
            }
        }
        // Made in the order of the groups, the writes come to the same.
        let mut made = old;
        for group in behind.take() {
            for (offset, bytes) in group.writes() {
                expected(offset as usize, bytes, &mut made);
            }
        }
        assert_eq!(made, file);
    }

    #[test]
    fn what_could_not_be_made_is_an_error_of_whatever_is_written_next_until_it_is_given_up() {
        let behind = Behind::default();
        assert!(!behind.keep(0, b"at once").unwrap());
        behind.begin().unwrap();
        assert!(behind.keep(0, b"later").unwrap());
        assert_eq!(behind.take().len(), 1);
        assert!(!behind.is_idle().unwrap());
        behind.end(Err(io::ErrorKind::StorageFull.into()));
        assert_eq!(behind.keep(0, b"more").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(behind.begin().unwrap_err().kind(), io::ErrorKind::StorageFull);
        behind.give_up();
        assert!(behind.is_idle().unwrap());
        assert_eq!(behind.over(0, 5), []);
    }
}
